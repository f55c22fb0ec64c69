"""What people do with posts. Every function is one step that either happens whole or not at all.

A `Ref` names the post together with the workspace of whoever asks, so that an id from another
workspace finds nothing. Who may do what is decided before, in `bot.permissions`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from scheduler import (
    admission,
    circuits,
    contents,
    deliveries,
    drafting,
    free_slots,
    rules,
    spending,
    states,
    turns,
)
from scheduler.contents import Words, stored
from scheduler.database import transaction
from scheduler.deliveries import Step
from scheduler.drafting import NewDraft as NewDraft
from scheduler.drafting import Plan as Plan
from scheduler.drafting import delete_draft as delete_draft
from scheduler.drafting import save_draft as save_draft
from scheduler.media import StoredMedia
from scheduler.models import Account, Delivery, MediaFile, Post, Series
from scheduler.post_errors import Changed as Changed
from scheduler.post_errors import Gone as Gone
from scheduler.post_errors import NoSuchPost as NoSuchPost
from scheduler.post_errors import OverBudget as OverBudget
from scheduler.post_errors import PostError as PostError
from scheduler.post_errors import SaidBefore as SaidBefore
from scheduler.post_errors import TooLate as TooLate
from scheduler.post_errors import Unfit as Unfit
from scheduler.post_errors import UnknownAccount as UnknownAccount
from scheduler.post_errors import WrongTime as WrongTime
from scheduler.post_rows import PRIORITIES as PRIORITIES
from scheduler.post_rows import PRIORITY_BULK as PRIORITY_BULK
from scheduler.post_rows import PRIORITY_NOW as PRIORITY_NOW
from scheduler.post_rows import PRIORITY_SCHEDULED as PRIORITY_SCHEDULED
from scheduler.post_rows import NewPost as NewPost
from scheduler.post_rows import Ref as Ref
from scheduler.post_rows import delivery_row, note, post_row, store_media
from scheduler.post_rows import new_id as new_id
from scheduler.post_rows import place_of as place_of
from scheduler.post_steps import Found as Found
from scheduler.post_steps import (
    asks_anew,
    hold_step,
    is_removed,
    rearm_step,
    submit,
    wake,
    why_not,
)
from scheduler.runtime import Runtime
from scheduler.sql import clean
from scheduler.states import CHANGEABLE, Move, PostState, State

# What would go out at its time, or waits for approvals: another time needs an approval. What went
# wrong was approved as it is.
_AT_ITS_TIME = CHANGEABLE - states.NEEDS_PERSON - {State.PARKED, State.RETRYING}


async def schedule(runtime: Runtime, new: NewPost) -> Post:
    """Stores a post with one delivery for each account, due at its time; a draft becomes that post.
    Where it needs an approval, it is submitted and held.

    Raises `WrongTime` (`SlotTaken` when somebody was faster), `UnknownAccount`, `Unfit`,
    `OverBudget`, `SaidBefore`, or, when the draft or the id is not what it was, `Changed`, `Gone`
    or `TooLate`, or `NotNow` when the series has moved on; nothing is stored then.
    """
    now = runtime.clock.now()
    for chosen in [*new.slots.values(), *([new.due_at] if new.due_at else [])]:
        admission.check_time(chosen, now)
    accounts = await admission.usable_accounts(new.workspace_id, new.account_ids)
    targets = [(account.platform, place_of(account, new.places)) for account in accounts]
    unfit = admission.problems(runtime, new.words, new.media, targets)
    if unfit:
        raise Unfit(unfit)
    await admission.make_fit(runtime, new.media, {account.platform for account in accounts})
    due = {each.id: new.slots.get(each.id) or new.due_at or now for each in accounts}
    post = post_row(new, min(due.values()), now)
    files = [runtime.media.media(each) for each in new.media]
    rows = [delivery_row(post, account, new, files, due[account.id], now) for account in accounts]
    await admission.check_budget(runtime, rows)
    if not new.means_it_twice:
        await admission.check_not_said(runtime, rows, accounts)
    asks = await rules.is_demanded(new.workspace_id, new.author, accounts)
    # In the name of a publisher, anybody could pass by those who approve.
    asks = asks or (not new.is_vouched and await rules.has_approvers(new.workspace_id))
    if asks:
        await _hold_back(post, rows, post.due_at if new.due_at or new.slots else None, now)
    try:
        async with transaction() as connection:
            await free_slots.hold(connection, new.slots)
            if new.turn:
                await turns.take(connection, new.turn)
            if new.revision:
                await drafting.turn_into(connection, post, new.revision)
            else:
                await post.save(using_db=connection, force_create=True)
            await store_media(connection, post, new.media)
            await Delivery.bulk_create(rows, using_db=connection)
            if asks:
                await submit(connection, post, new.author, now)
            else:
                notice = "card" if turns.is_near(new.turn, now) else None
                await note(connection, post, "post.scheduled", new.author, now, notice=notice)
    except IntegrityError as error:
        raise await drafting.why_not_stored(post.workspace_id, post.id, error) from error
    wake(runtime, min(due.values()))
    return post


async def reschedule(runtime: Runtime, ref: Ref, due_at: datetime, timezone: str) -> None:
    """Moves all deliveries that have not begun to publish to another time, failed and missed ones
    included. Where the new time needs an approval, what waited is held and approvers are asked.
    Raises `NoSuchPost`, `WrongTime`, `TooLate`."""
    admission.check_time(due_at, runtime.clock.now())
    await _rearm(runtime, ref, due_at, PRIORITY_SCHEDULED, timezone=timezone)


async def publish_now(
    runtime: Runtime, ref: Ref, delivery_ids: Collection[int] | None = None
) -> None:
    """Makes deliveries due at once: those given, or all that wait, failed or were missed.
    Attempts count anew, and a platform for which one waited is tested. What waited and needs an
    approval for that goes out as soon as it is approved. Raises `NoSuchPost`, `TooLate`."""
    await _rearm(runtime, ref, runtime.clock.now(), PRIORITY_NOW, only=delivery_ids)


async def edit(
    runtime: Runtime, ref: Ref, words: Words, *, media: Sequence[StoredMedia] | None = None
) -> None:
    """Changes the content of a post of which nothing has begun to go out; its time stays.
    `media` replaces the files when it is given. Where the new content needs an approval, all of it
    is held and approvers are asked. Raises `NoSuchPost`, `Unfit`, `TooLate`."""
    found = await find(ref.workspace_id, ref.post_id)
    if any(delivery.state not in CHANGEABLE for delivery in found.deliveries):
        raise TooLate(why_not(found, "edited"))
    files = list(media) if media is not None else [stored(file) for file in found.media]
    targets = {(d.platform, d.place) for d in found.deliveries}
    unfit = admission.problems(runtime, words, files, targets)
    if unfit:
        raise Unfit(unfit)
    if media is not None:
        await admission.make_fit(runtime, files, {d.platform for d in found.deliveries})
    now = runtime.clock.now()
    laid_out = await _laid_out_anew(runtime, found, words, files)
    asks = await asks_anew(found, ref)
    # What failed stays so, unless it must not be tried again with a text that nobody approved.
    waiting = [d for d in found.deliveries if asks or d.state not in states.NEEDS_PERSON]
    steps = [
        hold_step(d, d.due_at, d.priority, ref.actor)
        if asks
        else rearm_step(d, d.due_at, d.priority, files, ref.actor, now)
        for d in waiting
    ]
    review = await rules.asks(ref.workspace_id, found.post.due_at, now) if asks else {}
    # Every verb changes the deliveries before the post: in another order two of them would wait
    # for each other.
    async with transaction() as connection:
        if await deliveries.apply(connection, steps, now) != {d.id for d in waiting}:
            raise TooLate("This post has begun to go out, so its text cannot change any more.")
        for id_, columns in laid_out.items():
            await Delivery.filter(id=id_).using_db(connection).update(**columns)
        await (
            Post.filter(id=found.post.id)
            .using_db(connection)
            .update(**words.columns(), **review, revision=F("revision") + 1, updated_at=now)
        )
        if media is not None:
            await MediaFile.filter(post_id=found.post.id).using_db(connection).delete()
            await store_media(connection, found.post, files)
        await note(connection, found.post, "post.edited", ref.actor, now, notice="card")
        if asks:
            await submit(connection, found.post, ref.actor, now)
    wake(runtime, now)


async def cancel(runtime: Runtime, ref: Ref) -> None:
    """Calls off whatever has not begun to go out. Raises `NoSuchPost`, `TooLate` when nothing of
    the post can be called off any more."""
    found = await find(ref.workspace_id, ref.post_id)
    now = runtime.clock.now()
    async with transaction() as connection:
        moved = await _move(connection, found, states.CANCEL, {"next_attempt_at": None}, ref, now)
        if not moved and found.deliveries:
            raise TooLate(why_not(found, "cancelled"))
        await (
            Post.filter(id=found.post.id)
            .using_db(connection)
            .update(state=PostState.CANCELLED, review_at=None, updated_at=now)
        )
        await note(connection, found.post, "post.cancelled", ref.actor, now, notice="card")


async def mark_posted(runtime: Runtime, ref: Ref, delivery_id: int, permalink: str) -> None:
    """Notes that a person posted it by hand. Raises `NoSuchPost`, `TooLate`."""
    now = runtime.clock.now()
    values = {"permalink": clean(permalink), "published_at": now, "next_attempt_at": None}
    await _move_one(runtime, ref, delivery_id, states.POST_MANUALLY, values, "marked as posted")


async def confirm_live(runtime: Runtime, ref: Ref, delivery_id: int, permalink: str) -> None:
    """The author saw an unconfirmed delivery on the platform. Raises `NoSuchPost`, `TooLate`."""
    values = {
        "remote_id": "",
        "permalink": clean(permalink),
        "published_at": runtime.clock.now(),
        "next_attempt_at": None,
    }
    await _move_one(runtime, ref, delivery_id, states.CONFIRM, values, "confirmed")


async def deny_live(runtime: Runtime, ref: Ref, delivery_id: int) -> None:
    """The author looked and an unconfirmed delivery is not there: publish it now. Raises
    `NoSuchPost`, `TooLate`."""
    now = runtime.clock.now()
    values = {"due_at": now, "next_attempt_at": now, "attempts": 0, "priority": PRIORITY_NOW}
    await _move_one(runtime, ref, delivery_id, states.DENY, values, "published again")
    wake(runtime, now)


async def skip_unconfirmed(runtime: Runtime, ref: Ref, delivery_id: int) -> None:
    """The author leaves an unconfirmed delivery as it is. Raises `NoSuchPost`, `TooLate`."""
    values = {"next_attempt_at": None}
    await _move_one(runtime, ref, delivery_id, states.SKIP, values, "skipped")


async def find(workspace_id: int, post_id: str) -> Found:
    """A post of this workspace with its deliveries, accounts and media. Raises `NoSuchPost`."""
    return (await gather([await find_alone(workspace_id, post_id)]))[0]


async def find_alone(workspace_id: int, post_id: str) -> Post:
    """A post of this workspace, without all that hangs on it. Raises `NoSuchPost`."""
    post = await Post.get_or_none(id=post_id, workspace_id=workspace_id)
    if post is None:
        raise NoSuchPost
    return post


async def gather(found: Sequence[Post]) -> list[Found]:
    """Posts with their deliveries, accounts and media, by a few statements however many they
    are."""
    ids = [post.id for post in found]
    all_rows = await Delivery.filter(post_id__in=ids).order_by("id") if ids else []
    rows = [row for row in all_rows if not is_removed(row)]
    files = await MediaFile.filter(post_id__in=ids).order_by("position") if ids else []
    accounts = await Account.filter(id__in=list({row.account_id for row in rows})) if rows else []
    known = {account.id: account for account in accounts}
    repeated = list({post.series_id for post in found if post.series_id})
    series = await Series.filter(id__in=repeated) if repeated else []
    of_post: dict[str, list[Delivery]] = {}
    media: dict[str, list[MediaFile]] = {}
    series_by_id = {each.id: each for each in series}
    for row in rows:
        of_post.setdefault(row.post_id, []).append(row)
    for file in files:
        media.setdefault(file.post_id, []).append(file)
    return [
        Found(
            post=post,
            deliveries=tuple(of_post.get(post.id, ())),
            accounts={row.account_id: known[row.account_id] for row in of_post.get(post.id, ())},
            media=tuple(media.get(post.id, ())),
            series=series_by_id.get(post.series_id or ""),
        )
        for post in found
    ]


async def drafts(workspace_id: int, author: str, *, limit: int = 10) -> list[Found]:
    """The drafts of an author, those that were changed last first."""
    query = Post.filter(workspace_id=workspace_id, author=author, state=PostState.DRAFT)
    return await gather(await query.order_by("-updated_at", "id").limit(limit))


async def last_accounts(workspace_id: int, author: str) -> tuple[int, ...]:
    """The accounts to which an author's newest post goes or went."""
    newest = await (
        Post.filter(workspace_id=workspace_id, author=author)
        .exclude(state=PostState.DRAFT)
        .order_by("-created_at")
        .first()
    )
    rows = await Delivery.filter(post_id=newest.id, part=0).order_by("id") if newest else []
    return tuple(row.account_id for row in rows if not is_removed(row))


async def recent(workspace_id: int, *, author: str | None = None, limit: int = 10) -> list[Found]:
    """The newest posts of a workspace, or of one author, newest first."""
    query = Post.filter(workspace_id=workspace_id)
    if author is not None:
        query = query.filter(author=author)
    return await gather(await query.order_by("-created_at").limit(limit))


async def _laid_out_anew(
    runtime: Runtime, found: Found, words: Words, media: Sequence[StoredMedia]
) -> dict[int, dict[str, Any]]:
    """The columns of each delivery that follow from its content. Raises `OverBudget`."""
    files = [runtime.media.media(each) for each in media]
    columns: dict[int, dict[str, Any]] = {}
    for row in found.deliveries:
        content = words.content(row.platform, files, place=row.place)
        price = spending.price(row.platform, content)
        if price > row.price:
            await admission.check_month(runtime, row.platform, price - row.price, row.due_at)
        columns[row.id] = {"digest": content.digest, "price": price}
    return columns


async def _rearm(
    runtime: Runtime,
    ref: Ref,
    due: datetime,
    priority: int,
    *,
    timezone: str | None = None,
    only: Collection[int] | None = None,
) -> None:
    found = await find(ref.workspace_id, ref.post_id)
    now = runtime.clock.now()
    files = [stored(file) for file in found.media]
    chosen = [d for d in found.deliveries if only is None or d.id in only]
    held = [d for d in chosen if d.state in _AT_ITS_TIME] if await asks_anew(found, ref) else []
    if held:
        # "Now" means as soon as it is approved.
        post_due = None if priority == PRIORITY_NOW else due
        review = await rules.asks(ref.workspace_id, post_due, now)
        review |= {"due_at": post_due}
    steps = [
        hold_step(d, due, priority, ref.actor)
        if d in held
        else rearm_step(d, due, priority, files, ref.actor, now)
        for d in chosen
    ]
    async with transaction() as connection:
        moved = await deliveries.apply(connection, steps, now)
        if not moved or not moved >= {d.id for d in held}:
            raise TooLate(why_not(found, "rescheduled"))
        if due <= now:
            for platform in sorted({d.platform for d in chosen if d.state is State.PARKED}):
                await circuits.probe_now(connection, platform, now)
        news: dict[str, Any] = {
            "due_at": due,
            "updated_at": now,
            "state": PostState.SCHEDULED,
            "revision": F("revision") + 1,
        }
        news |= review if held else {}
        if timezone is not None:
            news["timezone"] = timezone
        await Post.filter(id=found.post.id).using_db(connection).update(**news)
        await note(connection, found.post, "post.rescheduled", ref.actor, now, notice="card")
        if held:
            await submit(connection, found.post, ref.actor, now)
    wake(runtime, due)


async def _hold_back(
    post: Post, rows: Sequence[Delivery], due: datetime | None, now: datetime
) -> None:
    """Makes a new post one that waits for approvals. Without a time it goes out as soon as it has
    them."""
    for row in rows:
        row.state, row.next_attempt_at = State.HELD, None
    asks = await rules.asks(post.workspace_id, due, now)
    post.update_from_dict({**asks, "due_at": due})


async def _move_one(
    runtime: Runtime, ref: Ref, delivery_id: int, move: Move, values: dict[str, Any], done: str
) -> None:
    found = await find(ref.workspace_id, ref.post_id)
    delivery = next((d for d in found.deliveries if d.id == delivery_id), None)
    if delivery is None:
        raise NoSuchPost
    step = Step(
        move=move,
        id=delivery.id,
        fence=delivery.fence,
        values=values,
        actor=ref.actor,
        successor=await _followed(runtime, delivery, move),
    )
    if not await runtime.ledger.move(step):
        raise TooLate(why_not(await find(ref.workspace_id, ref.post_id), done, delivery_id))


async def _followed(runtime: Runtime, delivery: Delivery, move: Move) -> dict[str, Any] | None:
    """The part that follows one which a person found to be live."""
    if move is not states.CONFIRM:
        return None
    return await contents.successor(runtime, delivery, runtime.clock.now())


async def _move(
    connection: BaseDBAsyncClient,
    found: Found,
    move: Move,
    values: dict[str, Any],
    ref: Ref,
    now: datetime,
) -> set[int]:
    steps = [
        Step(move=move, id=d.id, fence=d.fence, values=values, actor=ref.actor)
        for d in found.deliveries
    ]
    return await deliveries.apply(connection, steps, now)
