"""What a post must pass before it is stored: it fits where it goes, its accounts are there, the
month's budget has room, and nobody said the same just now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from publishers import Problem, get
from scheduler import spending, versions
from scheduler.contents import Words
from scheduler.conversion import ConversionFailed
from scheduler.media import StoredMedia
from scheduler.models import Account, Delivery
from scheduler.post_errors import OverBudget, SaidBefore, Unfit, UnknownAccount, WrongTime
from scheduler.runtime import Runtime
from scheduler.states import State

# Further ahead is a slip of the finger.
FURTHEST = timedelta(days=5 * 366)
# Rows that one statement asks about.
_AT_ONCE = 500


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


def check_time(due_at: datetime, now: datetime) -> None:
    """Raises `WrongTime` for a time that has passed or is absurdly far away."""
    if due_at <= now:
        raise WrongTime("That time has already passed. Choose a later one, or publish now.")
    if due_at - now > FURTHEST:
        raise WrongTime("That is more than five years away. Choose an earlier time.")


async def usable_accounts(workspace_id: int, ids: Sequence[int]) -> list[Account]:
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


async def make_fit(
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


async def check_budget(
    runtime: Runtime, rows: Sequence[Delivery], *, instead_of: Sequence[Delivery] = ()
) -> None:
    """Raises `OverBudget` when a month cannot pay for these, in place of others that it planned
    to pay for."""
    costs: dict[tuple[str, datetime], int] = {}
    charged = [row for row in instead_of if row.state not in spending.FREE]
    for row, sign in [*((row, 1) for row in rows), *((row, -1) for row in charged)]:
        month = row.due_at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        costs[row.platform, month] = costs.get((row.platform, month), 0) + sign * row.price
    for (platform, month), cost in sorted(costs.items()):
        await check_month(runtime, platform, cost, month)


async def check_month(runtime: Runtime, platform: str, cost: int, due: datetime) -> None:
    if cost > 0 and spending.budget(runtime, platform):
        month = await spending.month(runtime, platform, due)
        if cost > month.left:
            raise OverBudget(platform, cost, month)


async def check_not_said(
    runtime: Runtime, rows: Sequence[Delivery], accounts: Sequence[Account]
) -> None:
    earlier = await said(runtime, rows)
    for number, account in enumerate(accounts):
        if found := earlier.get(number):
            raise SaidBefore(account, found.due_at, found.state)


async def said(runtime: Runtime, rows: Sequence[Delivery]) -> dict[int, Delivery]:
    """The delivery that says the same at the same account at about the same time, for those of
    `rows` that have one, by their place in it."""
    window = timedelta(hours=runtime.settings.duplicate_hours)
    if not window or not rows:
        return {}
    alike = await _alike(rows, window)
    earlier: dict[int, Delivery] = {}
    for number, row in enumerate(rows):
        for found in alike.get((row.account_id, row.digest), []):
            is_another = found.post_id != row.post_id
            if is_another and abs(found.due_at - row.due_at) < window:
                earlier.setdefault(number, found)
    return earlier


async def _alike(
    rows: Sequence[Delivery], window: timedelta
) -> dict[tuple[int, str], list[Delivery]]:
    """What says the same as one of these at its account, latest first."""
    alike: dict[tuple[int, str], list[Delivery]] = {}
    for start in range(0, len(rows), _AT_ONCE):
        batch = rows[start : start + _AT_ONCE]
        same = Delivery.filter(
            account_id__in=list({row.account_id for row in batch}),
            digest__in=list({row.digest for row in batch}),
        ).exclude(state__in=[State.CANCELLED, State.FAILED, State.MISSED])
        first, after = min(row.due_at for row in batch), max(row.due_at for row in batch)
        near = same.filter(due_at__gt=first - window, due_at__lt=after + window)
        for found in await near.order_by("-due_at"):
            alike.setdefault((found.account_id, found.digest), []).append(found)
    return alike
