"""What people do with posts. Every function is one step that either happens whole or not at all.

A `Ref` names the post together with the workspace of whoever asks, so that an id from another
workspace finds nothing. Who may do what is decided before, in `bot.permissions`.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import F

from publishers import Media, Problem, get
from scheduler import circuits, contents, deliveries, events, spending, states, versions
from scheduler.backoff import stage_at
from scheduler.contents import Words, stored
from scheduler.conversion import ConversionFailed
from scheduler.database import transaction
from scheduler.deliveries import Step
from scheduler.media import StoredMedia, facts_of
from scheduler.models import Account, Delivery, MediaFile, Post
from scheduler.runtime import Runtime
from scheduler.spending import Month, dollars
from scheduler.sql import clean
from scheduler.states import CHANGEABLE, Move, PostState, Role, State

PRIORITY_NOW, PRIORITY_SCHEDULED, PRIORITY_BULK = 0, 5, 9
PRIORITIES = (PRIORITY_NOW, PRIORITY_SCHEDULED, PRIORITY_BULK)
# Further ahead is a slip of the finger.
FURTHEST = timedelta(days=5 * 366)
# No letters that are mistaken for digits; ten of these 31 are nearly 50 bits.
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


class PostError(Exception):
    """Something that cannot be done. The message is for the person who asked."""


class NoSuchPost(PostError):
    """There is no such post in this workspace."""

    def __init__(self) -> None:
        super().__init__("There is no such post in this workspace. Check its id.")


class TooLate(PostError):
    """The post has moved on; what was asked is no longer possible."""


class WrongTime(PostError):
    """The time cannot be used."""


class UnknownAccount(PostError):
    """An account is missing, disconnected or in another workspace."""


class Unfit(PostError):
    """The content does not fit an account. `problems` by platform."""

    def __init__(self, problems: dict[str, list[Problem]]) -> None:
        self.problems = problems
        super().__init__(" ".join(problem.text for found in problems.values() for problem in found))


class SaidBefore(PostError):
    """The same post goes, or went, to the same account at about the same time."""

    def __init__(self, account: Account, due_at: datetime, state: State) -> None:
        self.account, self.due_at, self.state = account, due_at, state
        super().__init__(
            f"@{account.username} has the same post already. Change the text, or say that you mean "
            "it twice."
        )


class OverBudget(PostError):
    """The post costs more than the month has left."""

    def __init__(self, platform: str, cost: int, month: Month) -> None:
        label = get(platform).label
        super().__init__(
            f"This would cost {dollars(cost)} on {label}, and of this month's "
            f"{dollars(month.budget)} only {dollars(month.left)} is left. Leave out the link, "
            "choose a day of another month, or ask whoever runs Postbot to raise "
            f"{platform.upper()}_MONTHLY_BUDGET."
        )


@dataclass(frozen=True, kw_only=True)
class Ref:
    """A post, seen from the workspace of the person who acts (`actor`, a Slack user id)."""

    workspace_id: int
    post_id: str
    actor: str


@dataclass(frozen=True, kw_only=True)
class NewPost:
    """What a person filled in. `due_at` is `None` for "now"."""

    workspace_id: int
    author: str
    words: Words
    account_ids: tuple[int, ...]
    timezone: str
    due_at: datetime | None = None
    media: tuple[StoredMedia, ...] = ()
    #: Where within an account it goes, by account id; else where posts to it go by default.
    places: Mapping[int, str] = field(default_factory=dict)
    #: The same post to the same account at about the same time is meant.
    means_it_twice: bool = False
    priority: int = PRIORITY_SCHEDULED


@dataclass(frozen=True, kw_only=True)
class Found:
    """A post with all that a person may want to see of it."""

    post: Post
    deliveries: tuple[Delivery, ...]
    accounts: dict[int, Account]
    media: tuple[MediaFile, ...]

    @property
    def summary(self) -> states.Summary:
        """How the post stands; a comment below it does not count."""
        counted = [d.state for d in self.deliveries if d.role is not Role.COMMENT]
        return states.summarize(self.post.state, counted)


def problems(
    runtime: Runtime,
    words: Words,
    media: Sequence[StoredMedia],
    targets: Collection[tuple[str, str]],
) -> dict[str, list[Problem]]:
    """Why this will not fit, by platform; platforms without a problem are left out. `targets` are
    platforms, each with the place within an account where the post goes. Files are judged as they
    will be when they were made fit."""
    files = [runtime.media.media(stored) for stored in media]
    found: dict[str, list[Problem]] = {}
    for platform, place in sorted(set(targets)):
        fit = [versions.fitted(file, platform).media for file in files]
        unfit = get(platform).check(words.content(platform, fit, place=place))
        known = found.get(platform, [])
        found[platform] = [*known, *(problem for problem in unfit if problem not in known)]
    return {platform: list_ for platform, list_ in found.items() if list_}


def notes(runtime: Runtime, media: Sequence[StoredMedia], platforms: Collection[str]) -> list[str]:
    """What will be done to these files for these platforms, a sentence each."""
    files = [runtime.media.media(stored) for stored in media]
    return [
        change
        for platform in sorted(set(platforms))
        for file in files
        for change in versions.fitted(file, platform).changes
    ]


def place_of(account: Account, places: Mapping[int, str]) -> str:
    """Where within an account a post goes."""
    return places.get(account.id) or str(account.defaults.get("place", ""))


async def schedule(runtime: Runtime, new: NewPost) -> Post:
    """Stores a post with one delivery for each account, due at its time.

    Raises `WrongTime`, `UnknownAccount`, `Unfit`, `OverBudget` or `SaidBefore`; nothing is stored
    then.
    """
    now = runtime.clock.now()
    due = new.due_at or now
    if new.due_at is not None:
        check_time(new.due_at, now)
    accounts = await _usable_accounts(new.workspace_id, new.account_ids)
    targets = [(account.platform, place_of(account, new.places)) for account in accounts]
    unfit = problems(runtime, new.words, new.media, targets)
    if unfit:
        raise Unfit(unfit)
    await _make_fit(runtime, new.media, {account.platform for account in accounts})
    post = _post(new, due, now)
    files = [runtime.media.media(each) for each in new.media]
    rows = [_delivery(post, account, new, files, due, now) for account in accounts]
    await _check_budget(runtime, rows, due)
    if not new.means_it_twice:
        await _check_not_said(runtime, rows, accounts)
    async with transaction() as connection:
        await post.save(using_db=connection, force_create=True)
        await _store_media(connection, post, new.media)
        await Delivery.bulk_create(rows, using_db=connection)
        await _note(connection, post, "post.scheduled", new.author, now, notice="card")
    _wake(runtime, due)
    return post


async def reschedule(runtime: Runtime, ref: Ref, due_at: datetime, timezone: str) -> None:
    """Moves all deliveries that have not begun to publish to another time, failed and missed ones
    included. Raises `NoSuchPost`, `WrongTime`, `TooLate`."""
    check_time(due_at, runtime.clock.now())
    await _rearm(runtime, ref, due_at, PRIORITY_SCHEDULED, timezone=timezone)


async def publish_now(
    runtime: Runtime, ref: Ref, delivery_ids: Collection[int] | None = None
) -> None:
    """Makes deliveries due at once: those given, or all that wait, failed or were missed.
    Attempts count anew, and a platform for which one waited is tested. Raises `NoSuchPost`,
    `TooLate`."""
    await _rearm(runtime, ref, runtime.clock.now(), PRIORITY_NOW, only=delivery_ids)


async def edit(
    runtime: Runtime, ref: Ref, words: Words, *, media: Sequence[StoredMedia] | None = None
) -> None:
    """Changes the content of a post of which nothing has begun to go out; its time stays.
    `media` replaces the files when it is given. Raises `NoSuchPost`, `Unfit`, `TooLate`."""
    found = await find(ref.workspace_id, ref.post_id)
    if any(delivery.state not in CHANGEABLE for delivery in found.deliveries):
        raise TooLate(_why_not(found, "edited"))
    files = list(media) if media is not None else [stored(file) for file in found.media]
    unfit = problems(runtime, words, files, {(d.platform, d.place) for d in found.deliveries})
    if unfit:
        raise Unfit(unfit)
    if media is not None:
        await _make_fit(runtime, files, {d.platform for d in found.deliveries})
    now = runtime.clock.now()
    laid_out = await _laid_out_anew(runtime, found, words, files)
    waiting = [d for d in found.deliveries if d.state not in states.NEEDS_PERSON]
    steps = [_rearm_step(d, d.due_at, d.priority, files, ref.actor, now) for d in waiting]
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
            .update(**words.columns(), revision=F("revision") + 1, updated_at=now)
        )
        if media is not None:
            await MediaFile.filter(post_id=found.post.id).using_db(connection).delete()
            await _store_media(connection, found.post, files)
        await _note(connection, found.post, "post.edited", ref.actor, now, notice="card")
    _wake(runtime, now)


async def cancel(runtime: Runtime, ref: Ref) -> None:
    """Calls off whatever has not begun to go out. Raises `NoSuchPost`, `TooLate` when nothing of
    the post can be called off any more."""
    found = await find(ref.workspace_id, ref.post_id)
    now = runtime.clock.now()
    async with transaction() as connection:
        moved = await _move(connection, found, states.CANCEL, {"next_attempt_at": None}, ref, now)
        if not moved and found.deliveries:
            raise TooLate(_why_not(found, "cancelled"))
        await (
            Post.filter(id=found.post.id)
            .using_db(connection)
            .update(state=PostState.CANCELLED, updated_at=now)
        )
        await _note(connection, found.post, "post.cancelled", ref.actor, now, notice="card")


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
    _wake(runtime, now)


async def skip_unconfirmed(runtime: Runtime, ref: Ref, delivery_id: int) -> None:
    """The author leaves an unconfirmed delivery as it is. Raises `NoSuchPost`, `TooLate`."""
    values = {"next_attempt_at": None}
    await _move_one(runtime, ref, delivery_id, states.SKIP, values, "skipped")


async def find(workspace_id: int, post_id: str) -> Found:
    """A post of this workspace with its deliveries, accounts and media. Raises `NoSuchPost`."""
    post = await Post.get_or_none(id=post_id, workspace_id=workspace_id)
    if post is None:
        raise NoSuchPost
    rows = await Delivery.filter(post_id=post_id).order_by("id")
    accounts = await Account.filter(id__in=[row.account_id for row in rows])
    media = await MediaFile.filter(post_id=post_id).order_by("position")
    return Found(
        post=post,
        deliveries=tuple(rows),
        accounts={account.id: account for account in accounts},
        media=tuple(media),
    )


async def recent(workspace_id: int, *, author: str | None = None, limit: int = 10) -> list[Found]:
    """The newest posts of a workspace, or of one author, newest first."""
    query = Post.filter(workspace_id=workspace_id)
    if author is not None:
        query = query.filter(author=author)
    return [
        await find(workspace_id, post.id)
        for post in await query.order_by("-created_at").limit(limit)
    ]


def check_time(due_at: datetime, now: datetime) -> None:
    """Raises `WrongTime` for a time that has passed or is absurdly far away."""
    if due_at <= now:
        raise WrongTime("That time has already passed. Choose a later one, or publish now.")
    if due_at - now > FURTHEST:
        raise WrongTime("That is more than five years away. Choose an earlier time.")


async def _usable_accounts(workspace_id: int, ids: Sequence[int]) -> list[Account]:
    if not ids:
        raise UnknownAccount("Choose at least one account to post to.")
    found = await Account.filter(id__in=list(ids), workspace_id=workspace_id).order_by("id")
    if len(found) != len(set(ids)):
        raise UnknownAccount("One of the accounts is no longer there. Choose again.")
    for account in found:
        if account.health == "disconnected":
            raise UnknownAccount(
                f"@{account.username} was disconnected meanwhile. Connect it again or choose "
                "another account."
            )
    return found


def _post(new: NewPost, due: datetime, now: datetime) -> Post:
    return Post(
        id="".join(secrets.choice(_ALPHABET) for _ in range(10)),
        workspace_id=new.workspace_id,
        author=new.author,
        **new.words.columns(),
        state=PostState.SCHEDULED,
        due_at=due,
        timezone=new.timezone,
        created_at=now,
        updated_at=now,
    )


def _delivery(
    post: Post,
    account: Account,
    new: NewPost,
    files: Sequence[Media],
    due: datetime,
    now: datetime,
) -> Delivery:
    place = place_of(account, new.places)
    content = new.words.content(account.platform, files, place=place)
    return Delivery(
        workspace_id=new.workspace_id,
        post_id=post.id,
        account_id=account.id,
        platform=account.platform,
        place=place,
        digest=content.digest,
        price=spending.price(account.platform, content),
        due_at=due,
        next_attempt_at=stage_at(due, [media.kind for media in new.media]),
        priority=PRIORITY_NOW if new.due_at is None else new.priority,
        since=now,
    )


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
            await _check_month(runtime, row.platform, price - row.price, row.due_at)
        columns[row.id] = {"digest": content.digest, "price": price}
    return columns


async def _check_budget(runtime: Runtime, rows: Sequence[Delivery], due: datetime) -> None:
    for platform in sorted({row.platform for row in rows}):
        cost = sum(row.price for row in rows if row.platform == platform)
        await _check_month(runtime, platform, cost, due)


async def _check_month(runtime: Runtime, platform: str, cost: int, due: datetime) -> None:
    if cost and spending.budget(runtime, platform):
        month = await spending.month(runtime, platform, due)
        if cost > month.left:
            raise OverBudget(platform, cost, month)


async def _check_not_said(
    runtime: Runtime, rows: Sequence[Delivery], accounts: Sequence[Account]
) -> None:
    window = timedelta(hours=runtime.settings.duplicate_hours)
    if not window:
        return
    for row, account in zip(rows, accounts, strict=True):
        same = Delivery.filter(account_id=row.account_id, digest=row.digest).exclude(
            state__in=[State.CANCELLED, State.FAILED, State.MISSED]
        )
        near = same.filter(due_at__gt=row.due_at - window, due_at__lt=row.due_at + window)
        if found := await near.order_by("-due_at").first():
            raise SaidBefore(account, found.due_at, found.state)


async def _store_media(
    connection: BaseDBAsyncClient, post: Post, media: Sequence[StoredMedia]
) -> None:
    await MediaFile.bulk_create(
        [
            MediaFile(
                post_id=post.id,
                position=position,
                name=clean(file.name)[:255],
                key=file.key,
                size=file.size,
                sha256=file.sha256,
                **facts_of(file),
                alt_text=clean(file.alt_text),
                slack_file_id=file.slack_file_id,
            )
            for position, file in enumerate(media)
        ],
        using_db=connection,
    )


async def _make_fit(
    runtime: Runtime, media: Sequence[StoredMedia], platforms: Collection[str]
) -> None:
    """Makes what the platforms take of these files now, while somebody waits who can mend them.
    Raises `Unfit`."""
    files = [runtime.media.media(stored) for stored in media]
    for platform in sorted(platforms):
        for file in files:
            try:
                await versions.make_all(runtime, [file], platform)
            except (ConversionFailed, FileNotFoundError) as error:
                problem = Problem(field="media", text=_unmade(file.name, platform))
                raise Unfit({platform: [problem]}) from error


def _unmade(name: str, platform: str) -> str:
    return (
        f"{name} cannot be made fit for {get(platform).label}; it may be damaged. Save it as JPEG "
        "and add it again."
    )


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
    async with transaction() as connection:
        steps = [_rearm_step(d, due, priority, files, ref.actor, now) for d in chosen]
        if not await deliveries.apply(connection, steps, now):
            raise TooLate(_why_not(found, "rescheduled"))
        if due <= now:
            for platform in sorted({d.platform for d in chosen if d.state is State.PARKED}):
                await circuits.probe_now(connection, platform, now)
        news: dict[str, Any] = {"due_at": due, "updated_at": now, "state": PostState.SCHEDULED}
        if timezone is not None:
            news["timezone"] = timezone
        await Post.filter(id=found.post.id).using_db(connection).update(**news)
        await _note(connection, found.post, "post.rescheduled", ref.actor, now, notice="card")
    _wake(runtime, due)


def _rearm_step(
    delivery: Delivery,
    due: datetime,
    priority: int,
    files: Sequence[StoredMedia],
    actor: str,
    now: datetime,
) -> Step:
    values = {
        "due_at": due,
        "next_attempt_at": max(stage_at(due, [file.kind for file in files]), now),
        "attempts": 0,
        "priority": priority,
        "kind": "",
    }
    return Step(move=states.REARM, id=delivery.id, fence=0, values=values, actor=actor)


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
        raise TooLate(_why_not(await find(ref.workspace_id, ref.post_id), done, delivery_id))


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


async def _note(
    connection: BaseDBAsyncClient,
    post: Post,
    kind: str,
    actor: str,
    now: datetime,
    *,
    notice: str | None,
) -> None:
    event = {
        "workspace_id": post.workspace_id,
        "post_id": post.id,
        "kind": kind,
        "actor": actor,
        "at": now,
        "notice": notice,
    }
    await events.record(connection, [event])


def _why_not(found: Found, done: str, delivery_id: int | None = None) -> str:
    relevant = [d for d in found.deliveries if delivery_id in (None, d.id)]
    known = {d.state for d in relevant}
    if known & {State.PUBLISHING, State.UNCONFIRMED}:
        return (
            f"It may already be out, so it cannot be {done} now. Its card will say what happened."
        )
    word = " and ".join(sorted(state.value.replace("_", " ") for state in known)) or "gone"
    return f"This was handled already (it is {word}), so nothing was changed."


def _wake(runtime: Runtime, due: datetime) -> None:
    if due <= runtime.clock.now():
        runtime.due_now.set()
