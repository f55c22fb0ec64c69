"""What people do with series: repeat a post, change all that is to come, leave one out, pause,
resume, stop. Single occurrences are ordinary posts, changed like any other.

Every verb changes the series first, then deliveries, then posts; its revision makes whatever a
dispatcher read before powerless.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError
from tortoise.expressions import F, Q

from scheduler import admission, deliveries, drafting, events, occurrences, recurrence, states
from scheduler.contents import Words
from scheduler.database import transaction
from scheduler.deliveries import Step
from scheduler.media import StoredMedia
from scheduler.models import Account, Card, Delivery, MediaFile, Post, Series
from scheduler.post_errors import PostError, TooLate, Unfit
from scheduler.post_rows import Ref, new_id, note, place_of
from scheduler.recurrence import Rule
from scheduler.runtime import Runtime
from scheduler.states import CHANGEABLE, PostState

MOVED_ON = "This series has moved on since that button was shown. The list shows how it stands now."


class NoSuchSeries(PostError):
    """There is no such series in this workspace."""

    def __init__(self) -> None:
        super().__init__("There is no such series in this workspace any more.")


@dataclass(frozen=True, kw_only=True)
class SeriesRef:
    """A series, seen from the workspace of the person who acts (`actor`, a Slack user id)."""

    workspace_id: int
    series_id: str
    actor: str


@dataclass(frozen=True, kw_only=True)
class NewSeries:
    """What a person wants repeated."""

    workspace_id: int
    author: str
    words: Words
    account_ids: tuple[int, ...]
    rule: Rule
    media: tuple[StoredMedia, ...] = ()
    places: Mapping[int, str] = field(default_factory=dict)
    #: Where it was given ahead, so that what is sent twice is stored once.
    id: str = ""
    #: That of the draft with this id that becomes the series; 0 when there is none.
    draft_revision: int = 0


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A series with what people want to know of it: its accounts, and its next occurrences, each
    with the post that was made of it, if one was."""

    series: Series
    accounts: tuple[Account, ...]
    coming: tuple[tuple[datetime, str], ...]

    @property
    def next_key(self) -> str:
        """By which the next occurrence is known."""
        return f"{self.coming[0][0].timestamp():.0f}" if self.coming else ""


async def begin(runtime: Runtime, new: NewSeries) -> Series:
    """Stores a series and makes its first posts; a draft is used up by it. Raises `WrongRule`,
    `WrongTime`, `UnknownAccount`, `Unfit`, or, when the draft or the id is not what it was,
    `Changed`, `Gone` or `TooLate`; nothing is stored then."""
    now = runtime.clock.now()
    recurrence.check(new.rule, now)
    first = recurrence.next_after(new.rule, now)
    assert first is not None
    admission.check_time(first.at, now)
    accounts = await admission.usable_accounts(new.workspace_id, new.account_ids)
    await _check_fit(runtime, new.words, new.media, accounts, new.places)
    series = Series(
        id=new.id or new_id(),
        workspace_id=new.workspace_id,
        author=new.author,
        **new.words.columns(),
        media=[asdict(file) for file in new.media],
        account_ids=list(new.account_ids),
        places={str(id_): place for id_, place in new.places.items()},
        rule=new.rule.column(),
        next_day=first.day.isoformat(),
        next_at=first.at,
        created_at=now,
        updated_at=now,
    )
    try:
        async with transaction() as connection:
            await series.save(using_db=connection, force_create=True)
            if new.draft_revision:
                draft = Ref(workspace_id=new.workspace_id, post_id=series.id, actor=new.author)
                await drafting.use_up(connection, draft, new.draft_revision, now)
            await _record(connection, series, "series.begun", new.author, now)
    except IntegrityError as error:
        raise TooLate(f"This is repeated already. `{series.id}` is not stored twice.") from error
    await occurrences.make_due(runtime, series.id)
    return await Series.get(id=series.id)


async def find(workspace_id: int, series_id: str) -> Series:
    """A series of this workspace. Raises `NoSuchSeries`."""
    series = await Series.get_or_none(id=series_id, workspace_id=workspace_id)
    if series is None:
        raise NoSuchSeries
    return series


async def going_on(
    runtime: Runtime, workspace_id: int, *, limit: int = 10
) -> tuple[list[Shown], int]:
    """The first series of a workspace that nobody ended and that are not over, the soonest first,
    and how many there are in all."""
    now = runtime.clock.now()
    is_left = Q(next_at__isnull=False) | Q(last_at__gt=now) | Q(paused_at__isnull=False)
    left = Series.filter(is_left, workspace_id=workspace_id, ended_at__isnull=True)
    first = await left.order_by("next_at", "created_at").limit(limit)
    found = [await show(each, now) for each in first]
    return sorted(found, key=lambda each: (not each.coming, each.coming[:1])), await left.count()


async def show(series: Series, now: datetime, number: int = 3) -> Shown:
    """A series as it stands."""
    made = [(post.due_at, post.id) for post in await _made(series, now) if post.due_at]
    left = number - len(made)
    if series.next_at is not None and left > 0:
        after = max(now, series.next_at - timedelta(seconds=1))
        rule = Rule.of(series.rule)
        made += [(each.at, "") for each in recurrence.first_few(rule, after, left)]
    accounts = await Account.filter(id__in=series.account_ids).order_by("platform", "username")
    return Shown(series=series, accounts=tuple(accounts), coming=tuple(made[:number]))


async def skip_next(runtime: Runtime, ref: SeriesRef, key: str) -> None:
    """Leaves out the next occurrence, known by its `next_key`. Raises `NoSuchSeries`, or `TooLate`
    when it is another one by now."""
    series = await find(ref.workspace_id, ref.series_id)
    now = runtime.clock.now()
    shown = await show(series, now, 1)
    if not shown.coming or shown.next_key != key or series.paused_at or series.ended_at:
        raise TooLate(MOVED_ON)
    at, post_id = shown.coming[0]
    async with transaction() as connection:
        await _change(connection, series, now, {})
        if post_id:
            withdrawn = await _withdraw(connection, series, [post_id], ref.actor, now)
            if not withdrawn:
                raise TooLate(MOVED_ON)
        else:
            turn = occurrences.turn_of(series)
            assert turn is not None
            await Series.filter(id=series.id).using_db(connection).update(**turn.rest)
        if series.next_at is not None:
            # The one after it is made at once, however far ahead it is.
            await Series.filter(id=series.id).using_db(connection).update(last_at=None)
        data = {"at": at.isoformat()}
        await _record(connection, series, "series.skipped", ref.actor, now, data)
    await occurrences.make_due(runtime, series.id)


async def pause(runtime: Runtime, ref: SeriesRef) -> None:
    """Makes no posts for now, and takes back those that have not begun to go out. Raises
    `NoSuchSeries`, or `TooLate`."""
    await _halt(runtime, ref, "paused_at", "series.paused")


async def stop(runtime: Runtime, ref: SeriesRef) -> None:
    """Ends a series, and takes back the posts of it that have not begun to go out. Raises
    `NoSuchSeries`, or `TooLate`."""
    await _halt(runtime, ref, "ended_at", "series.stopped")


async def resume(runtime: Runtime, ref: SeriesRef) -> None:
    """Goes on with the next occurrence that is still to come. Raises `NoSuchSeries`, or
    `TooLate`."""
    series = await find(ref.workspace_id, ref.series_id)
    now = runtime.clock.now()
    if series.paused_at is None or series.ended_at is not None:
        raise TooLate(MOVED_ON)
    news = {"paused_at": None, "trouble": "", "retry_at": None, **_from_now(series, now)}
    async with transaction() as connection:
        await _change(connection, series, now, news)
        await _record(connection, series, "series.resumed", ref.actor, now)
    await occurrences.make_due(runtime, series.id)


async def edit_all(runtime: Runtime, ref: SeriesRef, words: Words, rule: Rule) -> int:
    """Changes all occurrences of which nothing has begun to go out; those that somebody changed on
    their own stay as they are. Returns how many those are. Raises `NoSuchSeries`, `TooLate`,
    `WrongRule`, `WrongTime`, `UnknownAccount` or `Unfit`."""
    series = await find(ref.workspace_id, ref.series_id)
    now = runtime.clock.now()
    if series.ended_at is not None:
        raise TooLate(MOVED_ON)
    recurrence.check(rule, now)
    accounts = await admission.usable_accounts(series.workspace_id, series.account_ids)
    places = {int(id_): place for id_, place in series.places.items()}
    await _check_fit(runtime, words, occurrences.files(series), accounts, places)
    made = await _made(series, now)
    own = [post for post in made if await _is_changed(series, post)]
    follow = [post.id for post in made if post not in own]
    news = {**words.columns(), "rule": rule.column(), "trouble": "", "retry_at": None}
    async with transaction() as connection:
        await _change(connection, series, now, news)
        await _withdraw(connection, series, follow, ref.actor, now, taken_back=True)
        # From the first on: days of which a post was made already are passed over.
        first = recurrence.next_after(rule, now)
        assert first is not None
        cursor = {"next_day": first.day.isoformat(), "next_at": first.at, "last_at": None}
        await Series.filter(id=series.id).using_db(connection).update(**cursor)
        await _record(connection, series, "series.changed", ref.actor, now)
    await occurrences.make_due(runtime, series.id)
    return len(own)


async def _halt(runtime: Runtime, ref: SeriesRef, column: str, kind: str) -> None:
    series = await find(ref.workspace_id, ref.series_id)
    now = runtime.clock.now()
    if series.ended_at is not None or (column == "paused_at" and series.paused_at is not None):
        raise TooLate(MOVED_ON)
    ahead = [post.id for post in await _made(series, now)]
    async with transaction() as connection:
        await _change(connection, series, now, {column: now})
        await _withdraw(connection, series, ahead, ref.actor, now, taken_back=True)
        await _record(connection, series, kind, ref.actor, now)


async def _change(
    connection: BaseDBAsyncClient, series: Series, now: datetime, news: dict[str, Any]
) -> None:
    """Changes a series if it is still as it was read. Raises `TooLate`."""
    same = Series.filter(id=series.id, revision=series.revision, ended_at__isnull=True)
    made = same.filter(next_day=series.next_day) if series.next_day else same
    changed = {**news, "revision": F("revision") + 1, "updated_at": now}
    if not await made.using_db(connection).update(**changed):
        raise TooLate(MOVED_ON)


async def _made(series: Series, now: datetime) -> list[Post]:
    """The posts that were made of a series and have not begun to go out, the soonest first."""
    made = Post.filter(series_id=series.id, occurrence__isnull=False, due_at__gt=now)
    return await made.exclude(state=PostState.CANCELLED).order_by("due_at", "id")


async def _withdraw(
    connection: BaseDBAsyncClient,
    series: Series,
    post_ids: Sequence[str],
    actor: str,
    now: datetime,
    *,
    taken_back: bool = False,
) -> int:
    """Calls off posts of a series as far as nothing of them has begun to go out; returns how many.
    The day of one that is `taken_back` is free for another post. A card tells of it where there is
    one."""
    rows = await Delivery.filter(post_id__in=list(post_ids)).using_db(connection).order_by("id")
    steps = [
        Step(
            move=states.CANCEL,
            id=row.id,
            fence=row.fence,
            values={"next_attempt_at": None},
            actor=actor,
        )
        for row in rows
        if row.state in CHANGEABLE
    ]
    moved = await deliveries.apply(connection, steps, now)
    whole = [
        post_id
        for post_id in post_ids
        if all(row.id in moved for row in rows if row.post_id == post_id)
    ]
    carded = {card.post_id for card in await Card.filter(post_id__in=whole).using_db(connection)}
    news: dict[str, Any] = {"state": PostState.CANCELLED, "updated_at": now}
    news |= {"occurrence": None} if taken_back else {}
    for post_id in whole:
        await Post.filter(id=post_id).using_db(connection).update(**news)
        gone = Post(id=post_id, workspace_id=series.workspace_id)
        notice = "card" if post_id in carded else None
        await note(connection, gone, "post.cancelled", actor, now, notice=notice)
    return len(whole)


async def _is_changed(series: Series, post: Post) -> bool:
    """Whether somebody changed an occurrence on its own."""
    assert post.occurrence is not None
    planned = recurrence.on(Rule.of(series.rule), date.fromisoformat(post.occurrence))
    media = await MediaFile.filter(post_id=post.id).order_by("position")
    return (
        Words.of(post) != occurrences.words(series)
        or planned is None
        or planned.at != post.due_at
        or [file.key for file in media] != [file.key for file in occurrences.files(series)]
    )


def _from_now(series: Series, now: datetime) -> dict[str, Any]:
    """The columns that let a series go on with what is still to come."""
    first = recurrence.next_after(Rule.of(series.rule), now)
    return {
        "next_day": first.day.isoformat() if first else None,
        "next_at": first.at if first else None,
        "last_at": None,
    }


async def _check_fit(
    runtime: Runtime,
    words: Words,
    media: Sequence[StoredMedia],
    accounts: Sequence[Account],
    places: Mapping[int, str],
) -> None:
    targets = [(account.platform, place_of(account, places)) for account in accounts]
    unfit = admission.problems(runtime, words, media, targets)
    if unfit:
        raise Unfit(unfit)
    await admission.make_fit(runtime, media, {account.platform for account in accounts})


async def _record(
    connection: BaseDBAsyncClient,
    series: Series,
    kind: str,
    actor: str,
    now: datetime,
    data: Mapping[str, Any] | None = None,
) -> None:
    event = {
        "workspace_id": series.workspace_id,
        "post_id": "",
        "kind": kind,
        "actor": actor,
        "data": {"series": series.id, **(data or {})},
        "at": now,
    }
    await events.record(connection, [event])
