"""Whether deliveries may go to a platform or to an account, for all processes alike.

closed   they go
open     the platform does not answer, or the account must be connected again: they are parked
ramping  it is back: what was parked goes out bit by bit, and what becomes due queues behind it

The rules are pure functions from a circuit, as it was read, to what changes of it; the change is
made only if nobody changed the circuit since.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import Q

from publishers import Budget, Cause, get
from scheduler.backoff import probe_gap
from scheduler.models import Account, Circuit, Delivery

log = structlog.get_logger(__name__)

CLOSED, OPEN, RAMPING = "closed", "open", "ramping"
# So many failures in a row open a circuit, if more than one post had them: one that the platform
# chokes on must not stop the others. A lone post opens it when its retries run out and the platform
# does not even answer a harmless question.
OPENS_AFTER, OF_AT_LEAST = 5, 2
# While what was parked goes out, doubt comes sooner.
REOPENS_AFTER = 2
# A probe that takes longer is lost, whatever became of its process.
PROBE_LIFE = timedelta(minutes=10)

News = dict[str, Any]
Rule = Callable[[Circuit], News | None]


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What an attempt learnt about its platform and its account.

    `answered` is True when the platform gave an answer, however unwelcome, False when it is down,
    `None` when it was not asked; `since` is when the attempt began to ask. `is_broken`: the account
    must be connected again. `budget` is what is left of the account's posts. `is_certain`: not even
    a harmless question was answered.
    """

    platform: str
    account_id: int
    answered: bool | None
    since: datetime
    is_broken: bool = False
    is_certain: bool = False
    budget: Budget | None = None


def platform_key(platform: str) -> str:
    return f"platform:{platform}"


def account_key(account_id: int) -> str:
    return f"account:{account_id}"


def named(key: str) -> tuple[str, str]:
    """`platform` and its name, or `account` and its id."""
    kind, _, name = key.partition(":")
    return kind, name


async def standing() -> list[Circuit]:
    """The circuits that are not closed, those of platforms last."""
    return await Circuit.exclude(state=CLOSED).order_by("key")


async def holding(rows: Iterable[Delivery]) -> dict[str, Circuit]:
    """The circuits of these deliveries that are not closed, by key."""
    pairs = {(row.platform, row.account_id) for row in rows}
    keys = {key for platform, id_ in pairs for key in (platform_key(platform), account_key(id_))}
    return {one.key: one for one in await Circuit.filter(key__in=list(keys)).exclude(state=CLOSED)}


async def open_one(platform: str, account_id: int, *, but_for: int = 0) -> Circuit | None:
    """The open circuit that keeps deliveries from going to an account, if there is one, for all
    but its probe `but_for`."""
    keys = [account_key(account_id), platform_key(platform)]
    others = Q(probe_id__isnull=True) | ~Q(probe_id=but_for)
    return await Circuit.filter(others, key__in=keys, state=OPEN).order_by("key").first()


async def learn(
    connection: BaseDBAsyncClient, heard: Sequence[tuple[int, Heard]], now: datetime
) -> None:
    """Takes in what attempts learnt, by delivery id, in the transaction of their outcomes."""
    by_platform: dict[str, list[tuple[int, Heard]]] = defaultdict(list)
    for one in heard:
        by_platform[one[1].platform].append(one)
    for account_id in sorted({one.account_id for _, one in heard if one.is_broken}):
        await open_account(connection, account_id, now)
    for platform, told in sorted(by_platform.items()):
        rule = partial(after, told=told, label=get(platform).label, now=now)
        began = min(one.since for _, one in told)
        await change(connection, platform_key(platform), rule, began)


async def open_account(connection: BaseDBAsyncClient, account_id: int, now: datetime) -> None:
    """Parks what is due at an account until it is connected again. Called in the transaction in
    which its tokens are found to be dead; nothing when that is known."""
    account = await Account.get(id=account_id, using_db=connection)
    reason = broken_reason(account.platform, account.username)

    def rule(circuit: Circuit) -> News | None:
        if circuit.state == OPEN:
            return None
        return {
            "state": OPEN,
            "since": now,
            "cause": Cause.AUTHENTICATION.value,
            "reason": reason,
            "release_at": None,
        }

    await change(connection, account_key(account_id), rule, now)


async def given_back(platform: str, delivery_id: int) -> int:
    """How many of a delivery's attempts failed since its platform last answered."""
    circuit = await Circuit.get_or_none(key=platform_key(platform))
    return circuit.failures.get(str(delivery_id), 0) if circuit else 0


async def probe_now(connection: BaseDBAsyncClient, platform: str, now: datetime) -> None:
    """Has a platform that is down tested without waiting for the next probe's time."""

    def rule(circuit: Circuit) -> News | None:
        waits = circuit.state == OPEN and circuit.probe_id is None
        return {"probe_at": now} if waits else None

    await change(connection, platform_key(platform), rule, now)


def down_reason(label: str) -> str:
    """Why a delivery waits for its platform, for its author."""
    return f"Waits because {label} is down. It goes out by itself when {label} is back."


def broken_reason(platform: str, username: str) -> str:
    """Why a delivery waits for its account, for its author."""
    return (
        f"Waits because {get(platform).label} no longer accepts the connection of @{username}. It "
        "goes out by itself when the account is connected again: `/schedule-post accounts`."
    )


async def close_account(connection: BaseDBAsyncClient, account_id: int, now: datetime) -> None:
    """Lets what was parked at an account go out. Called in the transaction in which it gets working
    tokens, or is disconnected; nothing when its circuit is not open."""

    def rule(circuit: Circuit) -> News | None:
        return ramping("", now) if circuit.state == OPEN else None

    await change(connection, account_key(account_id), rule, now)


async def let_go(connection: BaseDBAsyncClient, account_id: int, now: datetime) -> None:
    """Lets what is parked at an account go out although no circuit of it is open."""

    def rule(circuit: Circuit) -> News | None:
        return ramping("", now) if circuit.state == CLOSED else None

    await change(connection, account_key(account_id), rule, now)


async def change(
    connection: BaseDBAsyncClient, key: str, rule: Rule, began: datetime
) -> Circuit | None:
    """Changes one circuit by a rule and returns it, as often as somebody else changes it in
    between; `None` when the rule wants no change. One that does not exist yet is closed since
    `began`."""
    while True:
        circuit = await Circuit.get_or_none(key=key, using_db=connection)
        news = rule(circuit or Circuit(key=key, state=CLOSED, since=began))
        if news is None:
            return None
        if circuit is None:
            fresh = Circuit(key=key, state=CLOSED, since=began)
            await Circuit.bulk_create([fresh], ignore_conflicts=True, using_db=connection)
        elif await guarded(circuit, news, connection):
            return circuit


async def guarded(
    circuit: Circuit, news: News, connection: BaseDBAsyncClient | None = None
) -> bool:
    """Changes a circuit, and the one that was read with it; False when somebody else did so since
    it was read."""
    before = circuit.state
    asread = Circuit.filter(key=circuit.key, version=circuit.version)
    if connection is not None:
        asread = asread.using_db(connection)
    news = {**news, "version": circuit.version + 1}
    if not await asread.update(**news):
        return False
    circuit.update_from_dict(news)
    if circuit.state != before:
        say = log.warning if circuit.state == OPEN else log.info
        say("circuit", key=circuit.key, was=before, now=circuit.state)
    return True


def after(
    circuit: Circuit, *, told: Collection[tuple[int, Heard]], label: str, now: datetime
) -> News | None:
    """What changes of a platform's circuit by what attempts learnt, by delivery id."""
    if circuit.state == OPEN:
        return _after_probe(circuit, told, label, now)
    # What was asked before the circuit came into this state says nothing about it now.
    fresh = [(id_, one) for id_, one in told if one.since >= circuit.since]
    if any(one.answered for _, one in fresh):
        return {"failures": {}} if circuit.failures else None
    failed = [str(id_) for id_, one in fresh if one.answered is False]
    if not failed:
        return None
    failures = dict(Counter(circuit.failures) + Counter(failed))
    is_certain = any(one.is_certain for _, one in fresh)
    if not is_certain and not _is_too_many(circuit, failures):
        return {"failures": failures}
    return {
        "state": OPEN,
        "since": now,
        "cause": Cause.PLATFORM.value,
        "reason": down_reason(label),
        "failures": failures,
        **_no_probe(now + probe_gap(0)),
        "probed": [],
        "release_at": None,
    }


def _is_too_many(circuit: Circuit, failures: dict[str, int]) -> bool:
    number = sum(failures.values())
    if circuit.state == RAMPING:
        return number >= REOPENS_AFTER
    return number >= OPENS_AFTER and len(failures) >= OF_AT_LEAST


def _after_probe(
    circuit: Circuit, told: Collection[tuple[int, Heard]], label: str, now: datetime
) -> News | None:
    probe = next((one for id_, one in told if id_ == circuit.probe_id), None)
    if probe is None:
        return None
    if probe.answered:
        return ramping(f"{label} is back. ", now)
    return probe_ended(circuit, now, is_failure=probe.answered is False)


def ramping(lead: str, now: datetime) -> News:
    """From now on what was parked goes out bit by bit."""
    return {
        "state": RAMPING,
        "since": now,
        "reason": f"{lead}What waited goes out one after the other, and this when its turn comes.",
        "failures": {},
        **_no_probe(None),
        "released": 0,
        "release_at": now,
    }


def probe_ended(circuit: Circuit, now: datetime, *, is_failure: bool) -> News:
    """The next probe is with another delivery: after a failure in a while, else at once."""
    failed = len(circuit.probed) + 1
    return {
        **_no_probe(now + probe_gap(failed) if is_failure else now),
        "probed": [*circuit.probed, circuit.probe_id],
    }


def _no_probe(next_at: datetime | None) -> News:
    return {"probe_at": next_at, "probe_owner": None, "probe_id": None}
