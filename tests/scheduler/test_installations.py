"""Tokens of Slack: sealed, renewed once however many want them, and given up only when they are
dead."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scheduler import installations, sealed
from scheduler.clock import Clock, FrozenClock
from scheduler.config import Settings
from scheduler.installations import Access, Ended, Grant, NotInstalled, NotRenewed, Tokens
from scheduler.models import Installation, Workspace
from scheduler.runtime import Runtime
from scheduler.vault import Vault, WrongKeys, new_key
from tests.scheduler.engine import another_process

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HALF_A_DAY = timedelta(hours=12)


class Slack:
    """The end of Slack that renews tokens: a refresh token is good once."""

    def __init__(self, clock: FrozenClock) -> None:
        self.clock = clock
        self.refresh_token = "xoxe-1-0"
        self.renewals = 0
        self.failure: Exception | None = None

    async def renew(self, refresh_token: str) -> Tokens:
        await asyncio.sleep(0.05)
        if self.failure is not None:
            raise self.failure
        if refresh_token != self.refresh_token:
            raise Ended("invalid_refresh_token")
        self.renewals += 1
        self.refresh_token = f"xoxe-1-{self.renewals}"
        return self.tokens()

    def tokens(self) -> Tokens:
        return Tokens(
            token=f"xoxe.xoxb-{self.renewals}",
            refresh_token=self.refresh_token,
            expires_at=self.clock.now() + HALF_A_DAY,
        )


@pytest.fixture
def clock() -> Clock:
    return FrozenClock(NOW)


@pytest.fixture
def slack(clock: FrozenClock) -> Slack:
    return Slack(clock)


def grant(tokens: Tokens, **changes: Any) -> Grant:
    about: dict[str, Any] = {
        "team_id": "T1",
        "enterprise_id": "",
        "name": "Acme",
        "tokens": tokens,
        "scopes": ("chat:write", "commands"),
        "bot_user_id": "U0BOT",
        "bot_id": "B0BOT",
        "installed_by": "U0ALICE",
    }
    return Grant(**{**about, **changes})


async def installed(runtime: Runtime, slack: Slack, **changes: Any) -> Installation:
    return await installations.save(runtime, grant(slack.tokens(), **changes))


async def access(runtime: Runtime, slack: Slack) -> Access:
    return await installations.access(runtime, await Installation.get(), slack.renew)


async def test_a_token_is_used_as_long_as_it_lasts(runtime: Runtime, slack: Slack) -> None:
    await installed(runtime, slack)

    assert (await access(runtime, slack)).token == "xoxe.xoxb-0"
    assert slack.renewals == 0


async def test_a_token_that_does_not_end_is_never_renewed(
    runtime: Runtime, slack: Slack, clock: FrozenClock
) -> None:
    await installations.save(runtime, grant(Tokens(token="xoxb-1")))
    clock.move_to(NOW + timedelta(days=400))

    await installations.keep_fresh(runtime, slack.renew)

    assert (await access(runtime, slack)).token == "xoxb-1"
    assert slack.renewals == 0


async def test_many_at_the_end_of_a_token_renew_it_once(
    runtime: Runtime, settings: Settings, slack: Slack, clock: FrozenClock
) -> None:
    await installed(runtime, slack)
    clock.move_to(NOW + HALF_A_DAY)

    async def ask(where: Runtime) -> list[str]:
        found = await asyncio.gather(*(access(where, slack) for _ in range(20)))
        return [each.token for each in found]

    async with another_process(settings, clock) as other:
        mine, theirs = await asyncio.gather(ask(runtime), other.run(ask))

    assert set(mine + theirs) == {"xoxe.xoxb-1"}
    assert slack.renewals == 1
    stored = await Installation.get()
    assert (stored.token_version, stored.refresh_owner) == (2, None)


async def test_tokens_are_renewed_ahead_of_their_end(
    runtime: Runtime, settings: Settings, slack: Slack, clock: FrozenClock
) -> None:
    await installed(runtime, slack)
    clock.move_to(NOW + timedelta(hours=10, minutes=1))

    async def look(where: Runtime) -> None:
        await installations.keep_fresh(where, slack.renew)

    async with another_process(settings, clock) as other:
        await asyncio.gather(look(runtime), other.run(look))

    assert slack.renewals == 1
    assert (await Installation.get()).expires_at == clock.now() + HALF_A_DAY


async def test_a_renewal_ahead_that_fails_leaves_the_token_in_use(
    runtime: Runtime, slack: Slack, clock: FrozenClock
) -> None:
    await installed(runtime, slack)
    clock.move_to(NOW + timedelta(hours=11))
    for failure in (NotRenewed("no answer"), Ended("invalid_refresh_token")):
        slack.failure = failure

        await installations.keep_fresh(runtime, slack.renew)

        assert (await access(runtime, slack)).token == "xoxe.xoxb-0"


async def test_slack_that_does_not_answer_ends_nothing(
    runtime: Runtime, slack: Slack, clock: FrozenClock
) -> None:
    await installed(runtime, slack)
    clock.move_to(NOW + HALF_A_DAY)
    slack.failure = NotRenewed("no answer")
    with pytest.raises(NotRenewed):
        await access(runtime, slack)
    slack.failure = None

    assert (await access(runtime, slack)).token == "xoxe.xoxb-1"


async def test_a_dead_refresh_token_ends_the_access_at_the_end_of_the_token(
    runtime: Runtime, slack: Slack, clock: FrozenClock
) -> None:
    await installed(runtime, slack)
    clock.move_to(NOW + HALF_A_DAY)
    slack.failure = Ended("token_revoked")

    for _ in range(2):
        with pytest.raises(NotInstalled):
            await access(runtime, slack)

    stored = await Installation.get()
    assert (stored.secrets, stored.revoked_at) == ("", clock.now())


async def test_whoever_gives_up_waiting_does_not_lose_the_new_tokens(
    runtime: Runtime, slack: Slack, clock: FrozenClock
) -> None:
    await installed(runtime, slack)
    clock.move_to(NOW + HALF_A_DAY)
    asking = asyncio.create_task(access(runtime, slack))
    await asyncio.sleep(0.02)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)

    assert (await access(runtime, slack)).token == "xoxe.xoxb-1"


async def test_a_dead_process_does_not_keep_the_right_to_renew(
    runtime: Runtime, settings: Settings, slack: Slack, clock: FrozenClock
) -> None:
    await installed(runtime, slack)
    async with another_process(settings, clock) as other:
        dead = other.runtime.owner.id
    await Installation.all().update(refresh_owner=dead)
    clock.move_to(NOW + HALF_A_DAY)

    assert (await access(runtime, slack)).token == "xoxe.xoxb-1"


async def test_an_installation_during_a_renewal_wins(
    runtime: Runtime, slack: Slack, clock: FrozenClock
) -> None:
    await installed(runtime, slack)
    clock.move_to(NOW + HALF_A_DAY)
    asking = asyncio.create_task(access(runtime, slack))
    await asyncio.sleep(0.02)

    await installations.save(runtime, grant(Tokens(token="xoxb-fresh")))

    assert (await asking).token == "xoxb-fresh"
    assert (await access(runtime, slack)).token == "xoxb-fresh"


async def test_only_the_token_that_was_refused_is_given_up(runtime: Runtime, slack: Slack) -> None:
    await installed(runtime, slack)
    old = await access(runtime, slack)
    await installed(runtime, slack)

    await installations.revoke(runtime, old, why="token_revoked")

    assert (await Installation.get()).revoked_at is None


async def test_a_refused_token_is_renewed_before_it_is_used_again(
    runtime: Runtime, slack: Slack
) -> None:
    await installed(runtime, slack)

    await installations.doubt(runtime, await access(runtime, slack))

    assert (await access(runtime, slack)).token == "xoxe.xoxb-1"


async def test_after_a_revocation_an_installation_holds_again(
    runtime: Runtime, slack: Slack
) -> None:
    first = await installed(runtime, slack)
    await installations.revoke(runtime, await access(runtime, slack), why="account_inactive")
    assert await installations.find(team_id="T1") is None

    second = await installed(runtime, slack)

    assert first.id == second.id
    assert await installations.find(team_id="T1") is not None
    assert await Workspace.all().count() == 1


async def test_the_newer_of_two_installations_holds(
    runtime: Runtime, slack: Slack, clock: FrozenClock
) -> None:
    await installed(runtime, slack, team_id="T1", enterprise_id="E1")
    clock.move_to(NOW + timedelta(minutes=1))
    await installed(runtime, slack, team_id="", enterprise_id="E1", name="Grid")

    found = await installations.find(team_id="T1", enterprise_id="E1")

    assert found is not None
    assert found.place == "E1"
    assert await installations.find(team_id="T2", enterprise_id="E2") is None
    assert await installations.find(team_id="T2") is None


async def test_a_row_copied_over_another_gives_no_access(runtime: Runtime, slack: Slack) -> None:
    await installed(runtime, slack)
    await installed(runtime, slack, team_id="T2")
    other = await Installation.get(place="T2")
    await Installation.filter(place="T1").update(secrets=other.secrets)

    mine = await Installation.get(place="T1")
    with pytest.raises(WrongKeys):
        await installations.access(runtime, mine, slack.renew)


async def test_names_that_a_database_does_not_take_are_stored_without_harm(
    runtime: Runtime, slack: Slack
) -> None:
    stored = await installed(runtime, slack, name="A\x00cme \ud800" + "x" * 300)

    assert stored.name.startswith("Acme ")
    assert len(stored.name) == 255


async def test_a_new_key_seals_them_anew(runtime: Runtime, slack: Slack) -> None:
    await installed(runtime, slack)
    newest = Vault([new_key(), *runtime.settings.keys()])

    left = await sealed.reseal_all(runtime, newest)

    stored = await Installation.get()
    assert (left, newest.is_newest(stored.secrets)) == (0, True)
    assert runtime.vault.is_newest(stored.secrets) is False


async def test_what_no_key_opens_must_be_installed_again(runtime: Runtime, slack: Slack) -> None:
    await installed(runtime, slack)
    await Installation.all().update(secrets=Vault([new_key()]).seal("{}"))
    found = await sealed.census(runtime, runtime.vault)

    await sealed.forget(runtime, found.unreadable)

    assert await installations.find(team_id="T1") is None
    assert (await Installation.get()).secrets == ""


async def test_no_token_is_shown_by_a_value_an_error_or_a_log_line(
    runtime: Runtime, slack: Slack, clock: FrozenClock, capfd: pytest.CaptureFixture[str]
) -> None:
    stored = await installed(runtime, slack)
    shown = [repr(grant(slack.tokens())), repr(await access(runtime, slack)), repr(stored)]
    clock.move_to(NOW + HALF_A_DAY)
    slack.failure = NotRenewed("no answer")
    with pytest.raises(NotRenewed) as caught:
        await access(runtime, slack)
    slack.failure = None
    await installations.keep_fresh(runtime, slack.renew)

    out, err = capfd.readouterr()

    written = "".join([*shown, repr(caught.value), out, err])
    assert "xoxe" not in written
