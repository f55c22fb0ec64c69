"""Many posts from one file: checked first, then scheduled, all of them or none.

A check stores nothing but what it found to be in order (`Import`), under an id. Whoever presses the
button for that id again, at the same moment or after a crash, schedules nothing a second time: the
row that says "done" is written in the transaction that stores the posts.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tortoise.expressions import F

from publishers import get
from scheduler import accounts, admission, import_rows, sheets
from scheduler.database import transaction
from scheduler.fetching import name_of
from scheduler.import_posts import (
    Drawn,
    Item,
    Progress,
    breathe,
    item_of,
    judge,
    kept,
    repeated,
    rows_of,
    store,
)
from scheduler.import_rows import Planned
from scheduler.import_rows import RowProblem as RowProblem
from scheduler.media import StoredMedia, UnusableMedia
from scheduler.models import Account, Import, Workspace
from scheduler.post_errors import OverBudget, PostError
from scheduler.post_rows import PRIORITY_BULK, NewPost
from scheduler.runtime import Runtime
from scheduler.sheets import MOST_BYTES as MOST_BYTES
from scheduler.sheets import Unreadable as Unreadable
from scheduler.shelf import ShelfFailed
from scheduler.sql import clean

#: Files are kept for a day without a post; long before that the time of many posts is over.
GOOD_FOR = timedelta(hours=6)
MOST_FILES = 200
_FETCHED_AT_ONCE = 4
_FETCH_SECONDS = 900.0


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
    can be, `held` those of them that need an approval; `obstacles` are sentences about the file as
    a whole, each of which stops all of it; `costs` are thousandths of a US dollar by platform.
    """

    name: str
    rows: int
    posts: int = 0
    held: int = 0
    import_id: str = ""
    problems: Sequence[RowProblem] = ()
    obstacles: Sequence[str] = ()
    costs: dict[str, int] = field(default_factory=dict)
    by_account: dict[str, int] = field(default_factory=dict)
    first: datetime | None = None
    last: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Scheduled:
    """What came of an import: how many posts, how many of them approvers are asked about, and when
    the first and the last are due."""

    name: str
    posts: int
    held: int
    first: datetime
    last: datetime


def template(connected: Sequence[Account], now: datetime) -> str:
    """A file to begin with, for a workspace with these accounts."""
    columns = ("text", *import_rows.WANTED, "timezone", "link", "media", "alt_text")
    rows = import_rows.example_rows(connected, (now + timedelta(days=7)).date())
    return sheets.write(columns, rows).decode("utf-8-sig").replace("\r\n", "\n")


def problems_file(found: Report) -> bytes:
    """Everything that is wrong with a file, as one for spreadsheets."""
    rows = [
        {"row": str(each.row), "column": each.column, "problem": each.text}
        for each in found.problems
    ]
    return sheets.write(("row", "column", "problem"), rows)


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
        await breathe(number)
        made, wrong = import_rows.read(row, connected, zone=zone, now=now)
        problems += wrong
        planned += [made] if made else []
    files = await _fetch_all(runtime, planned, progress)
    items = []
    for each in planned:
        new, wrong = _with_files(each, files, workspace_id, user_id)
        problems += wrong
        items += [Item(row=each.row, new=new)] if new else []
    drawn, wrong = await judge(runtime, items, connected, progress)
    problems += wrong
    refused = {problem.row for problem in problems}
    good = [(item, each) for item, each in drawn if item.row not in refused]
    obstacles = await _obstacles(runtime, [each for _, each in good])
    report = _report(name, len(sheet.rows), good, connected)
    ordered = sorted(problems, key=lambda problem: problem.row)
    report = replace(report, problems=ordered, obstacles=obstacles)
    if not good or obstacles:
        return report
    stored = await _keep(runtime, workspace_id, user_id, name, [item for item, _ in good])
    return replace(report, import_id=stored.id)


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
    connected = await accounts.connected(workspace_id)
    try:
        judged = await _still_good(runtime, found, connected, progress)
    except (NotAsChecked, OverBudget):
        # Somebody else may have scheduled just these posts meanwhile.
        if await Import.filter(id=found.id, done_at__isnull=False).exists():
            raise DoneBefore(found) from None
        raise
    async with transaction() as connection:
        mine = Import.filter(id=found.id, done_at__isnull=True).using_db(connection)
        if not await mine.update(done_at=now, plan=[]):
            raise DoneBefore(found)
        # Two imports of a workspace wait for each other here: the same file checked twice, and both
        # buttons pressed at once, must not say everything twice.
        one = Workspace.filter(id=workspace_id).using_db(connection)
        await one.update(name=F("name"))
        if problems := await repeated(runtime, judged, connected):
            raise NotAsChecked(problems)
        drawn = [each for _, each in judged]
        await store(connection, drawn, now)
    due = [each.due_at for each in drawn]
    return Scheduled(
        name=found.name,
        posts=len(drawn),
        held=sum(each.is_held for each in drawn),
        first=min(due),
        last=max(due),
    )


async def _still_good(
    runtime: Runtime, found: Import, connected: Sequence[Account], progress: Progress
) -> list[tuple[Item, Drawn]]:
    """The posts of a check, held against the present. Raises `NotAsChecked` or `OverBudget`."""
    items = [item_of(each, found.workspace_id, found.user_id) for each in found.plan]
    judged, problems = await judge(runtime, items, connected, progress)
    if problems:
        raise NotAsChecked(problems)
    await admission.check_budget(runtime, rows_of([each for _, each in judged]))
    return judged


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


async def _obstacles(runtime: Runtime, drawn: Sequence[Drawn]) -> list[str]:
    try:
        await admission.check_budget(runtime, rows_of(drawn))
    except OverBudget as error:
        return [str(error)]
    return []


def _report(
    name: str,
    rows: int,
    good: Sequence[tuple[Item, Drawn]],
    connected: Sequence[Account],
) -> Report:
    costs: dict[str, int] = defaultdict(int)
    by_account: dict[str, int] = defaultdict(int)
    names = {each.id: f"{get(each.platform).label} @{each.username}" for each in connected}
    for row in rows_of([each for _, each in good]):
        costs[get(row.platform).label] += row.price
        by_account[names[row.account_id]] += 1
    due = [each.due_at for _, each in good]
    return Report(
        name=name,
        rows=rows,
        posts=len(good),
        held=sum(each.is_held for _, each in good),
        costs={platform: cost for platform, cost in sorted(costs.items()) if cost},
        by_account=dict(sorted(by_account.items())),
        first=min(due, default=None),
        last=max(due, default=None),
    )


async def _keep(
    runtime: Runtime, workspace_id: int, user_id: str, name: str, items: Sequence[Item]
) -> Import:
    return await Import.create(
        id=secrets.token_hex(8),
        workspace_id=workspace_id,
        user_id=user_id,
        name=clean(name)[:255],
        plan=[kept(item) for item in items],
        posts=len(items),
        checked_at=runtime.clock.now(),
    )
