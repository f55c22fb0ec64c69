"""The posts of an import: held against the present, remembered between the check and the press, and
stored, all by a few statements."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from scheduler import admission, events, import_rows, rules
from scheduler.contents import Words
from scheduler.import_rows import RowProblem
from scheduler.media import StoredMedia
from scheduler.models import Account, Delivery, Post
from scheduler.post_errors import Unfit, UnknownAccount, WrongTime
from scheduler.post_rows import (
    PRIORITY_BULK,
    NewPost,
    delivery_row,
    place_of,
    post_row,
    store_media,
)
from scheduler.runtime import Runtime
from scheduler.sql import clean
from scheduler.states import PostState, State
from scheduler.walltime import shown

# Others must be answered within three seconds while a large file is checked.
_SLICE = 10
_BATCH = 500
_LIVE = (State.PUBLISHED, State.POSTED_MANUALLY)

#: Hears how many steps of how many are done.
Progress = Callable[[int, int], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Item:
    """A post of an import, and the row that it stands in."""

    row: int
    new: NewPost


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A post as it will be stored, with its deliveries and files."""

    post: Post
    deliveries: Sequence[Delivery]
    media: Sequence[StoredMedia]
    due_at: datetime
    #: Approvers are asked about it.
    is_held: bool = False


async def judge(
    runtime: Runtime, items: Sequence[Item], connected: Sequence[Account], progress: Progress
) -> tuple[list[tuple[Item, Drawn]], list[RowProblem]]:
    """The posts as they would be stored, and what is wrong with them at this moment."""
    now, problems = runtime.clock.now(), list[RowProblem]()
    demands = await _Demands.known(items)
    drawn: list[tuple[Item, Drawn]] = []
    for number, item in enumerate(items):
        await breathe(number)
        await progress(number, len(items))
        there = [each for each in connected if each.id in item.new.account_ids]
        wrong = await _problems(runtime, item, there, now)
        problems += wrong
        if not wrong:
            drawn.append((item, _draw_up(runtime, item, there, demands, now)))
    return drawn, problems + await repeated(runtime, drawn, connected)


def _draw_up(
    runtime: Runtime, item: Item, there: Sequence[Account], demands: _Demands, now: datetime
) -> Drawn:
    new = item.new
    assert new.due_at is not None
    post = post_row(new, new.due_at, now)
    files = [runtime.media.media(each) for each in new.media]
    rows = [delivery_row(post, account, new, files, new.due_at, now) for account in there]
    is_held = demands.of_all or any(account.needs_approval for account in there)
    if is_held:
        for row in rows:
            row.state, row.next_attempt_at = State.HELD, None
        look_at = rules.look_at(now, new.due_at, demands.remind)
        post.update_from_dict({"state": PostState.SUBMITTED, "review_at": look_at})
    return Drawn(post=post, deliveries=rows, media=new.media, due_at=new.due_at, is_held=is_held)


@dataclass(frozen=True, kw_only=True)
class _Demands:
    """Whether every post of an author needs an approval, and when approvers are reminded."""

    of_all: bool
    remind: timedelta

    @classmethod
    async def known(cls, items: Sequence[Item]) -> _Demands:
        if not items:
            return cls(of_all=False, remind=timedelta())
        new = items[0].new
        minutes = (await rules.rules_of(new.workspace_id)).remind_minutes
        return cls(
            of_all=await rules.is_demanded(new.workspace_id, new.author, ()),
            remind=timedelta(minutes=minutes),
        )


async def store(connection: BaseDBAsyncClient, drawn: Sequence[Drawn], now: datetime) -> None:
    """Stores posts inside the caller's transaction. Without a card each: a thousand messages would
    say what the one about the import says. A post's card comes with the first thing that happens
    to it."""
    made = [each.post for each in drawn]
    await Post.bulk_create(made, batch_size=_BATCH, using_db=connection)
    for each in drawn:
        if each.media:
            await store_media(connection, each.post, each.media)
    await Delivery.bulk_create(rows_of(drawn), batch_size=_BATCH, using_db=connection)
    await events.record(connection, [_event(each, now) for each in drawn])


def _event(drawn: Drawn, now: datetime) -> dict[str, Any]:
    post = drawn.post
    asked = {"notice": "review", "data": {"revision": post.revision}} if drawn.is_held else {}
    return {
        "workspace_id": post.workspace_id,
        "post_id": post.id,
        "kind": "post.submitted" if drawn.is_held else "post.scheduled",
        "actor": post.author,
        "at": now,
        **asked,
    }


async def _problems(
    runtime: Runtime, item: Item, there: Sequence[Account], now: datetime
) -> list[RowProblem]:
    new = item.new
    assert new.due_at is not None
    try:
        admission.check_time(new.due_at, now)
        if len(there) < len(new.account_ids):
            raise UnknownAccount("One of the accounts is not connected any more.")
        targets = [(each.platform, place_of(each, new.places)) for each in there]
        unfit = admission.problems(runtime, new.words, new.media, targets)
        if unfit:
            raise Unfit(unfit)
        await admission.make_fit(runtime, new.media, {each.platform for each in there})
    except WrongTime as error:
        return [RowProblem(row=item.row, column="time", text=str(error))]
    except UnknownAccount as error:
        return [RowProblem(row=item.row, column="accounts", text=str(error))]
    except Unfit as error:
        return [
            RowProblem(
                row=item.row,
                column=import_rows.column_of(problem.field, platform, new.words),
                text=problem.text,
            )
            for platform, found in error.problems.items()
            for problem in found
        ]
    return []


async def repeated(
    runtime: Runtime, drawn: Sequence[tuple[Item, Drawn]], connected: Sequence[Account]
) -> list[RowProblem]:
    """What is said twice: within the file, and of what is scheduled or went out already."""
    rows = [
        (item, delivery)
        for item, each in drawn
        if not item.new.means_it_twice
        for delivery in each.deliveries
    ]
    names = {each.id: f"{each.platform}:@{each.username}" for each in connected}
    earlier = await admission.said(runtime, [delivery for _, delivery in rows])
    window = timedelta(hours=runtime.settings.duplicate_hours)
    before: dict[tuple[int, str], list[tuple[int, Delivery]]] = defaultdict(list)
    problems: dict[int, RowProblem] = {}
    for number, (item, row) in enumerate(rows):
        said = before[row.account_id, row.digest]
        twin = next((at for at, one in said if abs(one.due_at - row.due_at) < window), None)
        said.append((item.row, row))
        if twin is not None:
            text = f"It says the same as row {twin:,} at {names[row.account_id]}."
        elif number in earlier:
            text = _said_before(earlier[number], names[row.account_id], item.new.timezone)
        else:
            continue
        text += " Change the text, or write “yes” into a column “twice” if you mean it."
        problems.setdefault(item.row, RowProblem(row=item.row, column="text", text=text))
    return list(problems.values())


def _said_before(found: Delivery, name: str, zone: str) -> str:
    when = shown(found.due_at, zone)
    stands = f"went out on {when}" if found.state in _LIVE else f"is planned for {when}"
    return f"It says the same as a post at {name} that {stands}."


def rows_of(drawn: Iterable[Drawn]) -> list[Delivery]:
    """The deliveries of posts."""
    return [row for each in drawn for row in each.deliveries]


def kept(item: Item) -> dict[str, Any]:
    """What is remembered of it, as JSON; `item_of` reads it again."""
    new = item.new
    assert new.due_at is not None
    return {
        "row": item.row,
        **new.words.columns(),
        "accounts": list(new.account_ids),
        "due_at": new.due_at.isoformat(),
        "timezone": new.timezone,
        "media": [asdict(replace(file, name=clean(file.name))) for file in new.media],
        "twice": new.means_it_twice,
    }


def item_of(memory: dict[str, Any], workspace_id: int, author: str) -> Item:
    """A post as `kept` remembered it."""
    words = ("text", "link", "title", "first_comment", "variants")
    new = NewPost(
        workspace_id=workspace_id,
        author=author,
        words=Words(**{name: memory[name] for name in words}),
        account_ids=tuple(memory["accounts"]),
        timezone=memory["timezone"],
        due_at=datetime.fromisoformat(memory["due_at"]),
        media=tuple(StoredMedia(**file) for file in memory["media"]),
        means_it_twice=memory["twice"],
        priority=PRIORITY_BULK,
    )
    return Item(row=memory["row"], new=new)


async def breathe(number: int) -> None:
    """Lets others have a turn every few rows."""
    if number % _SLICE == 0:
        await asyncio.sleep(0)
