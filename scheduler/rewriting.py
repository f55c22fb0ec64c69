"""Another version of a whole post, of which nothing has begun to go out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tortoise.expressions import F

from scheduler import admission, deliveries, free_slots, posts, rules, states
from scheduler.database import transaction
from scheduler.deliveries import Step
from scheduler.models import Account, Delivery, MediaFile, Post
from scheduler.post_errors import Changed, TooLate, Unfit
from scheduler.post_rows import (
    PRIORITY_NOW,
    NewPost,
    Ref,
    delivery_row,
    note,
    place_of,
    post_row,
    store_media,
)
from scheduler.post_steps import (
    REMOVED,
    Found,
    asks_anew,
    hold_step,
    rearm_step,
    submit,
    wake,
    why_not,
)
from scheduler.runtime import Runtime
from scheduler.states import CHANGEABLE, State

_Pair = tuple[Delivery, Delivery]


async def rewrite(runtime: Runtime, ref: Ref, new: NewPost) -> Post:
    """Puts `new` in the place of a post as it was read in revision `new.revision`: words, files,
    accounts, places and time, in one step. Accounts that are left out get nothing, failed
    deliveries are tried again at the new time. Where it needs an approval, all of it is held.

    Raises `NoSuchPost`, `TooLate` when anything of it has begun to go out, `Changed` when somebody
    else was first, and as `posts.schedule` does; nothing is changed then.
    """
    now = runtime.clock.now()
    found = await posts.find(ref.workspace_id, ref.post_id)
    _check_open(found, new.revision)
    accounts, rows = await _admitted(runtime, found, new, now)
    stay, fresh, left_out = _sorted(found, rows)
    asks = await asks_anew(found, ref)
    asks = asks or await rules.is_demanded(ref.workspace_id, ref.actor, accounts)
    post_due = None if asks and not (new.due_at or new.slots) else min(row.due_at for row in rows)
    news: dict[str, Any] = {
        **new.words.columns(),
        "state": states.PostState.SCHEDULED,
        "due_at": post_due,
        "timezone": new.timezone,
        "updated_at": now,
        "review_at": None,
        **(await rules.asks(ref.workspace_id, post_due, now) if asks else {}),
    }
    steps = [*_steps(stay, new, ref, now, asks=asks), *_cancelled(left_out, ref)]
    if asks:
        for row in fresh:
            row.state, row.next_attempt_at = State.HELD, None
    # Every verb changes the deliveries before the post: in another order two of them would wait
    # for each other.
    async with transaction() as connection:
        await free_slots.hold(connection, new.slots)
        if await deliveries.apply(connection, steps, now) != {step.id for step in steps}:
            raise TooLate(why_not(await posts.find(ref.workspace_id, ref.post_id), "edited"))
        for old, row in stay:
            columns = {"place": row.place, "digest": row.digest, "price": row.price}
            await Delivery.filter(id=old.id).using_db(connection).update(**columns)
        gone = [each.id for each in left_out]
        if gone:
            await Delivery.filter(id__in=gone).using_db(connection).update(kind=REMOVED)
        same = Post.filter(id=found.post.id, revision=new.revision).using_db(connection)
        if not await same.update(**news, revision=F("revision") + 1):
            raise Changed((await _stored(found)).revision)
        await MediaFile.filter(post_id=found.post.id).using_db(connection).delete()
        await store_media(connection, found.post, new.media)
        await Delivery.bulk_create(fresh, using_db=connection)
        await note(connection, found.post, "post.edited", ref.actor, now, notice="card")
        if asks:
            await submit(connection, found.post, ref.actor, now)
    wake(runtime, min(row.due_at for row in rows))
    return await _stored(found)


def _check_open(found: Found, revision: int) -> None:
    if not found.deliveries or any(d.state not in CHANGEABLE for d in found.deliveries):
        raise TooLate(why_not(found, "edited"))
    if found.post.revision != revision:
        raise Changed(found.post.revision)


async def _admitted(
    runtime: Runtime, found: Found, new: NewPost, now: datetime
) -> tuple[list[Account], list[Delivery]]:
    """The accounts of the new version, and what their deliveries would be if they were new."""
    for chosen in [*new.slots.values(), *([new.due_at] if new.due_at else [])]:
        admission.check_time(chosen, now)
    accounts = await admission.usable_accounts(new.workspace_id, new.account_ids)
    targets = [(account.platform, place_of(account, new.places)) for account in accounts]
    if unfit := admission.problems(runtime, new.words, new.media, targets):
        raise Unfit(unfit)
    await admission.make_fit(runtime, new.media, {account.platform for account in accounts})
    due = {each.id: new.slots.get(each.id) or new.due_at or now for each in accounts}
    post = post_row(new, min(due.values()), now)
    post.id = found.post.id
    files = [runtime.media.media(each) for each in new.media]
    rows = [delivery_row(post, account, new, files, due[account.id], now) for account in accounts]
    await admission.check_budget(runtime, rows, instead_of=found.deliveries)
    if not new.means_it_twice:
        await admission.check_not_said(runtime, rows, accounts)
    return accounts, rows


def _sorted(
    found: Found, rows: Sequence[Delivery]
) -> tuple[list[_Pair], list[Delivery], list[Delivery]]:
    """The deliveries that stay, each with what it becomes, those that are new, and those whose
    account was left out."""
    there = {each.account_id: each for each in found.deliveries}
    wanted = {row.account_id for row in rows}
    stay = [(there[row.account_id], row) for row in rows if row.account_id in there]
    fresh = [row for row in rows if row.account_id not in there]
    return stay, fresh, [each for each in found.deliveries if each.account_id not in wanted]


def _steps(
    stay: Sequence[_Pair], new: NewPost, ref: Ref, now: datetime, *, asks: bool
) -> list[Step]:
    priority = PRIORITY_NOW if new.due_at is None and not new.slots else new.priority
    return [
        hold_step(old, row.due_at, priority, ref.actor)
        if asks
        else rearm_step(old, row.due_at, priority, new.media, ref.actor, now)
        for old, row in stay
    ]


def _cancelled(left_out: Sequence[Delivery], ref: Ref) -> list[Step]:
    values = {"next_attempt_at": None}
    return [
        Step(move=states.CANCEL, id=each.id, fence=0, values=values, actor=ref.actor)
        for each in left_out
    ]


async def _stored(found: Found) -> Post:
    return await Post.get(id=found.post.id)
