"""Many posts from one file: checked first, then scheduled, all of them or none.

A check stores nothing but what it found to be in order (`Import`), under an id. Whoever presses the
button for that id again, at the same moment or after a crash, schedules nothing a second time: the
row that says "done" is written in the transaction that stores the posts.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from publishers import get
from scheduler import accounts, admission, import_rows, posts, sheets
from scheduler.contents import Words
from scheduler.database import transaction
from scheduler.fetching import name_of
from scheduler.import_rows import Planned
from scheduler.import_rows import RowProblem as RowProblem
from scheduler.media import StoredMedia, UnusableMedia
from scheduler.models import Account, Delivery, Import
from scheduler.post_errors import OverBudget, PostError, Unfit, UnknownAccount, WrongTime
from scheduler.posts import PRIORITY_BULK, Drawn, NewPost
from scheduler.runtime import Runtime
from scheduler.sheets import MOST_BYTES as MOST_BYTES
from scheduler.sheets import Unreadable as Unreadable
from scheduler.shelf import ShelfFailed
from scheduler.sql import clean
from scheduler.states import State
from scheduler.walltime import shown

#: Files are kept for a day without a post; long before that the time of many posts is over.
GOOD_FOR = timedelta(hours=6)
MOST_FILES = 200
_FETCHED_AT_ONCE = 4
_FETCH_SECONDS = 900.0
# Others must be answered within three seconds while a large file is checked.
_SLICE = 10
_LIVE = (State.PUBLISHED, State.POSTED_MANUALLY)

#: Hears how many steps of how many are done.
Progress = Callable[[int, int], Awaitable[None]]


class NotAsChecked(PostError):
    """Something has changed since the check; nothing was scheduled."""

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        self.problems = problems
        first = problems[0]
        more = f" And {len(problems) - 1} more." if len(problems) > 1 else ""
        super().__init__(
            f"Nothing was scheduled, because something has changed since the check. Row "
            f"{first.row:,}: {first.text}{more} Import the file again to see all of it."
        )


class DoneBefore(PostError):
    """The posts of this import were scheduled already."""

    def __init__(self, made: Import) -> None:
        self.made = made
        super().__init__(
            f"This was done already: {_were(made.posts)} scheduled from “{made.name}”, and nothing "
            "was scheduled a second time."
        )


class NoSuchImport(PostError):
    """It is unknown, of somebody else, or too old."""

    def __init__(self) -> None:
        super().__init__(
            "This check is too old to be used, so nothing was scheduled. Import the file again."
        )


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a check found. `import_id` is empty when nothing can be scheduled; `posts` is how many
    can be; `obstacles` are sentences about the file as a whole, each of which stops all of it;
    `costs` are thousandths of a US dollar by platform."""

    name: str
    rows: int
    posts: int = 0
    import_id: str = ""
    problems: Sequence[RowProblem] = ()
    obstacles: Sequence[str] = ()
    costs: dict[str, int] = field(default_factory=dict)
    by_account: dict[str, int] = field(default_factory=dict)
    first: datetime | None = None
    last: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Scheduled:
    """What came of an import: how many posts, and when the first and the last are due."""

    name: str
    posts: int
    first: datetime
    last: datetime


@dataclass(frozen=True, kw_only=True)
class _Item:
    """A post of an import, and the row that it stands in."""

    row: int
    new: NewPost


def template(connected: Sequence[Account], now: datetime) -> str:
    """A file to begin with, for a workspace with these accounts."""
    columns = ("text", *import_rows.WANTED, "timezone", "link", "media", "alt_text")
    rows = import_rows.example_rows(connected, (now + timedelta(days=7)).date())
    return sheets.write(columns, rows).decode("utf-8-sig").replace("\r\n", "\n")


def counted(number: int) -> str:
    return "1 post" if number == 1 else f"{number:,} posts"


def _were(number: int) -> str:
    return f"{counted(number)} {'was' if number == 1 else 'were'}"


async def check(
    runtime: Runtime,
    *,
    workspace_id: int,
    user_id: str,
    zone: str,
    name: str,
    content: bytes,
    progress: Progress,
) -> Report:
    """Finds everything that is wrong with a file, and remembers what is not. Raises
    `Unreadable`."""
    sheet = await asyncio.to_thread(
        sheets.read, content, known=import_rows.known_columns(), wanted=import_rows.WANTED
    )
    connected = await accounts.connected(workspace_id)
    now, problems, planned = runtime.clock.now(), list[RowProblem](), list[Planned]()
    for number, row in enumerate(sheet.rows):
        await _breathe(number)
        made, wrong = import_rows.read(row, connected, zone=zone, now=now)
        problems += wrong
        planned += [made] if made else []
    files = await _fetch_all(runtime, planned, progress)
    items = []
    for each in planned:
        new, wrong = _with_files(each, files, workspace_id, user_id)
        problems += wrong
        items += [_Item(row=each.row, new=new)] if new else []
    drawn, wrong = await _judge(runtime, items, connected, progress)
    problems += wrong
    refused = {problem.row for problem in problems}
    good = [(item, each) for item, each in drawn if item.row not in refused]
    obstacles = await _obstacles(runtime, [each for _, each in good])
    report = _report(name, len(sheet.rows), good, connected)
    ordered = sorted(problems, key=lambda problem: problem.row)
    report = replace(report, problems=ordered, obstacles=obstacles)
    if not good or obstacles:
        return report
    kept = await _keep(runtime, workspace_id, user_id, name, [item for item, _ in good])
    return replace(report, import_id=kept.id)


async def schedule(
    runtime: Runtime, *, workspace_id: int, import_id: str, actor: str, progress: Progress
) -> Scheduled:
    """Schedules all posts of a check, or none. Raises `DoneBefore`, `NoSuchImport`,
    `NotAsChecked` or `OverBudget`; nothing is stored then."""
    found = await Import.get_or_none(id=import_id, workspace_id=workspace_id, user_id=actor)
    now = runtime.clock.now()
    if found is None:
        raise NoSuchImport
    if found.done_at is not None:
        raise DoneBefore(found)
    if now - found.checked_at > GOOD_FOR:
        raise NoSuchImport
    try:
        drawn = await _still_good(runtime, found, progress)
    except (NotAsChecked, OverBudget):
        # Somebody else may have scheduled just these posts meanwhile.
        if await Import.filter(id=found.id, done_at__isnull=False).exists():
            raise DoneBefore(found) from None
        raise
    async with transaction() as connection:
        mine = Import.filter(id=found.id, done_at__isnull=True).using_db(connection)
        if not await mine.update(done_at=now, plan=[]):
            raise DoneBefore(found)
        # Without a card each: a thousand messages would say what the one about the import says.
        # A post's card comes with the first thing that happens to it.
        await posts.store(connection, drawn, now, notice=None)
    due = [each.due_at for each in drawn]
    return Scheduled(name=found.name, posts=len(drawn), first=min(due), last=max(due))


async def _still_good(runtime: Runtime, found: Import, progress: Progress) -> list[Drawn]:
    """The posts of a check, held against the present. Raises `NotAsChecked` or `OverBudget`."""
    items = [_item(kept, found.workspace_id, found.user_id) for kept in found.plan]
    connected = await accounts.connected(found.workspace_id)
    judged, problems = await _judge(runtime, items, connected, progress)
    if problems:
        raise NotAsChecked(problems)
    drawn = [each for _, each in judged]
    await _check_budget(runtime, drawn)
    return drawn


async def _fetch_all(
    runtime: Runtime, planned: Sequence[Planned], progress: Progress
) -> dict[str, StoredMedia | str]:
    """Every file that a row names, once, or the sentence that says why it cannot be posted."""
    urls = list(dict.fromkeys(url for each in planned for url in each.media))
    slots, done = asyncio.Semaphore(_FETCHED_AT_ONCE), 0

    async def fetch(url: str) -> StoredMedia | str:
        nonlocal done
        async with slots:
            try:
                found: StoredMedia | str = await runtime.media.add(
                    runtime.fetcher.chunks(url), name=name_of(url)
                )
            except (UnusableMedia, ShelfFailed) as error:
                found = str(error)
        done += 1
        await progress(done, len(urls))
        return found

    most = f"This is one file too many: {MOST_FILES} is the most for one import. Split the file."
    found: dict[str, StoredMedia | str] = dict.fromkeys(urls[MOST_FILES:], most)
    tasks = {url: asyncio.create_task(fetch(url)) for url in urls[:MOST_FILES]}
    if tasks:
        await asyncio.wait(tasks.values(), timeout=_FETCH_SECONDS)
    for url, task in tasks.items():
        if task.done():
            found[url] = task.result()
        else:
            task.cancel()
            found[url] = f"“{name_of(url)}” took too long. Import the row again later."
    return found


def _with_files(
    each: Planned, files: dict[str, StoredMedia | str], workspace_id: int, user_id: str
) -> tuple[NewPost | None, list[RowProblem]]:
    found = [files[url] for url in each.media]
    wrong = [text for text in found if isinstance(text, str)]
    if wrong:
        return None, [RowProblem(row=each.row, column="media", text=text) for text in wrong]
    media = [
        replace(file, alt_text=alt_text)
        for file, alt_text in zip(found, each.alt_texts, strict=True)
        if isinstance(file, StoredMedia)
    ]
    return NewPost(
        workspace_id=workspace_id,
        author=user_id,
        words=each.words,
        account_ids=each.account_ids,
        timezone=each.timezone,
        due_at=each.due_at,
        media=tuple(media),
        means_it_twice=each.twice,
        priority=PRIORITY_BULK,
    ), []


async def _judge(
    runtime: Runtime, items: Sequence[_Item], connected: Sequence[Account], progress: Progress
) -> tuple[list[tuple[_Item, Drawn]], list[RowProblem]]:
    """The posts as they would be stored, and what is wrong with them at this moment."""
    now, problems = runtime.clock.now(), list[RowProblem]()
    drawn: list[tuple[_Item, Drawn]] = []
    for number, item in enumerate(items):
        await _breathe(number)
        await progress(number, len(items))
        there = [each for each in connected if each.id in item.new.account_ids]
        wrong = await _problems(runtime, item, there, now)
        problems += wrong
        if not wrong:
            drawn.append((item, posts.draw_up(runtime, item.new, there, now)))
    return drawn, problems + await _repeated(runtime, drawn, connected)


async def _problems(
    runtime: Runtime, item: _Item, there: Sequence[Account], now: datetime
) -> list[RowProblem]:
    new = item.new
    assert new.due_at is not None
    try:
        admission.check_time(new.due_at, now)
        if len(there) < len(new.account_ids):
            raise UnknownAccount("One of the accounts is not connected any more.")
        targets = [(each.platform, posts.place_of(each, new.places)) for each in there]
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


async def _repeated(
    runtime: Runtime, drawn: Sequence[tuple[_Item, Drawn]], connected: Sequence[Account]
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


async def _obstacles(runtime: Runtime, drawn: Sequence[Drawn]) -> list[str]:
    try:
        await _check_budget(runtime, drawn)
    except OverBudget as error:
        return [str(error)]
    return []


async def _check_budget(runtime: Runtime, drawn: Sequence[Drawn]) -> None:
    """Raises `OverBudget` when the posts of one month together cost more than it has left."""
    costs: dict[tuple[str, int, int], tuple[int, datetime]] = {}
    for row in _rows(drawn):
        key = (row.platform, row.due_at.year, row.due_at.month)
        cost, _ = costs.get(key, (0, row.due_at))
        costs[key] = (cost + row.price, row.due_at)
    for (platform, *_), (cost, due) in sorted(costs.items()):
        await admission.check_month(runtime, platform, cost, due)


def _report(
    name: str,
    rows: int,
    good: Sequence[tuple[_Item, Drawn]],
    connected: Sequence[Account],
) -> Report:
    costs: dict[str, int] = defaultdict(int)
    by_account: dict[str, int] = defaultdict(int)
    names = {each.id: f"{get(each.platform).label} @{each.username}" for each in connected}
    for row in _rows([each for _, each in good]):
        costs[get(row.platform).label] += row.price
        by_account[names[row.account_id]] += 1
    due = [each.due_at for _, each in good]
    return Report(
        name=name,
        rows=rows,
        posts=len(good),
        costs={platform: cost for platform, cost in sorted(costs.items()) if cost},
        by_account=dict(sorted(by_account.items())),
        first=min(due, default=None),
        last=max(due, default=None),
    )


def _rows(drawn: Iterable[Drawn]) -> list[Delivery]:
    return [row for each in drawn for row in each.deliveries]


async def _keep(
    runtime: Runtime, workspace_id: int, user_id: str, name: str, items: Sequence[_Item]
) -> Import:
    return await Import.create(
        id=secrets.token_hex(8),
        workspace_id=workspace_id,
        user_id=user_id,
        name=clean(name)[:255],
        plan=[_kept(item) for item in items],
        posts=len(items),
        checked_at=runtime.clock.now(),
    )


def _kept(item: _Item) -> dict[str, Any]:
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


def _item(kept: dict[str, Any], workspace_id: int, author: str) -> _Item:
    words = ("text", "link", "title", "first_comment", "variants")
    new = NewPost(
        workspace_id=workspace_id,
        author=author,
        words=Words(**{name: kept[name] for name in words}),
        account_ids=tuple(kept["accounts"]),
        timezone=kept["timezone"],
        due_at=datetime.fromisoformat(kept["due_at"]),
        media=tuple(StoredMedia(**file) for file in kept["media"]),
        means_it_twice=kept["twice"],
        priority=PRIORITY_BULK,
    )
    return _Item(row=kept["row"], new=new)


async def _breathe(number: int) -> None:
    if number % _SLICE == 0:
        await asyncio.sleep(0)
