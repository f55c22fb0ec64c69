from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import structlog
from tortoise.exceptions import OperationalError

from publishers import Credentials, Rejected, TemporaryFailure
from publishers.x import X
from scheduler import accounts, members, tokens
from scheduler.accounts import ConnectError
from scheduler.clock import FrozenClock
from scheduler.config import Settings
from scheduler.database import get_connection
from scheduler.models import Account, Attempt, Consent, Event
from scheduler.runtime import Runtime
from tests.browser import open_browser
from tests.scheduler.engine import Engine, another_process, on_sqlite
from tests.world import ALICE, World, connect


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime.now(UTC))


async def consent(world: World, *, profile: str = "acme", without: str = "") -> dict[str, str]:
    """What the platform sends a member back with."""
    url = await accounts.begin_connect(
        world.runtime, workspace_id=world.workspace.id, user_id=ALICE, platform="x"
    )
    async with open_browser() as browser:
        back = await browser.get(f"{url.replace(without, '')}&auto={profile}")
    query = parse_qs(urlsplit(back.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}


async def finish(world: World, query: dict[str, str], **changes: str) -> list[Account]:
    return await accounts.finish_connect(
        world.runtime,
        **{"platform": "x", "state": query["state"], "code": query["code"], **changes},
    )


async def secret_of(world: World) -> dict[str, Any]:
    account = await Account.get(id=world.account.id)
    return dict(json.loads(world.runtime.vault.open(account.secrets)))


async def expire(world: World) -> None:
    await Account.all().update(expires_at=world.runtime.clock.now() - timedelta(seconds=1))


async def test_a_consent_works_once(world: World) -> None:
    query = await consent(world, profile="acme_labs")

    outcomes = await asyncio.gather(
        *(finish(world, query) for _ in range(5)), return_exceptions=True
    )

    assert sorted(type(one).__name__ for one in outcomes) == ["ConnectError"] * 4 + ["list"]
    assert sorted(one.username for one in await Account.all()) == ["acme", "acme_labs"]
    assert await Consent.all().count() == 0


@on_sqlite
async def test_a_consent_that_was_left_lying_is_refused(world: World, clock: FrozenClock) -> None:
    query = await consent(world)
    clock.move_to(clock.instant + accounts.CONSENT_LIFE + timedelta(seconds=1))

    with pytest.raises(ConnectError, match="too old"):
        await finish(world, query)


@pytest.mark.parametrize(
    "changes",
    [{"state": "guessed"}, {"platform": "facebook"}, {"state": ""}],
    ids=["guessed state", "other platform", "no state"],
)
@on_sqlite
async def test_a_consent_of_another_is_refused(world: World, changes: dict[str, str]) -> None:
    query = await consent(world, profile="acme_labs")

    with pytest.raises(ConnectError):
        await finish(world, query, **changes)

    assert await Account.all().count() == 1


@on_sqlite
async def test_a_code_that_the_platform_refuses_connects_nothing(world: World) -> None:
    query = await consent(world, profile="acme_labs")

    with pytest.raises(ConnectError, match="Start again from Slack"):
        await finish(world, query, code="wrong")

    assert await Account.all().count() == 1


@pytest.mark.parametrize("mode", ["fail_before", "rate_limit", "reset_before", "garbage"])
@on_sqlite
async def test_a_platform_that_fails_while_connecting_is_explained(world: World, mode: str) -> None:
    query = await consent(world)
    await world.x.switch(mode=mode, apply_to="token")

    with pytest.raises(ConnectError, match="Start again from Slack"):
        await finish(world, query)


@on_sqlite
async def test_a_permission_that_was_not_granted_is_named(world: World) -> None:
    query = await consent(world, without="media.write")

    with pytest.raises(ConnectError, match=r"did not grant the permission media\.write"):
        await finish(world, query)


@on_sqlite
async def test_a_platform_without_credentials_cannot_be_connected(world: World) -> None:
    with pytest.raises(ConnectError, match="FACEBOOK_CLIENT_ID"):
        await accounts.begin_connect(
            world.runtime, workspace_id=world.workspace.id, user_id=ALICE, platform="facebook"
        )


@on_sqlite
async def test_connecting_again_mends_a_broken_account(world: World) -> None:
    await accounts.mark_broken(world.runtime, world.account.id, 0, reason="It is over.")

    again = await connect(world.runtime, world.workspace)

    account = await Account.get(id=world.account.id)
    assert again.id == world.account.id
    assert (account.health, account.token_version) == (accounts.CONNECTED, 1)


@on_sqlite
async def test_the_same_profile_in_two_workspaces_is_two_accounts(world: World) -> None:
    other = await members.workspace(world.runtime, "T0OTHER")

    theirs = await connect(world.runtime, other)

    assert theirs.id != world.account.id
    assert [one.id for one in await accounts.connected(other.id)] == [theirs.id]


@on_sqlite
async def test_a_refresh_token_that_was_not_given_again_is_kept(world: World) -> None:
    before = await secret_of(world)
    query = await consent(world, without="offline.access")

    with pytest.raises(ConnectError, match=r"offline\.access"):
        await finish(world, query)

    assert await secret_of(world) == before


@on_sqlite
async def test_a_valid_token_is_handed_out_as_it_is(world: World) -> None:
    current, version = await accounts.credentials(world.runtime, world.account.id)

    assert (current.access_token, version) == ((await secret_of(world))["access_token"], 0)


@on_sqlite
async def test_tokens_say_whose_they_are_and_refreshed_ones_too(world: World) -> None:
    first, _ = await accounts.credentials(world.runtime, world.account.id)
    await expire(world)

    second, _ = await accounts.credentials(world.runtime, world.account.id)
    third, _ = await accounts.credentials(world.runtime, world.account.id)

    assert first.access_token != second.access_token
    assert {first.profile_id, second.profile_id, third.profile_id} == {world.account.remote_id}


async def test_many_at_expiry_refresh_once(world: World, settings: Settings) -> None:
    await expire(world)

    async def ask(runtime: Runtime) -> list[tuple[str, int]]:
        found = await asyncio.gather(
            *(accounts.credentials(runtime, world.account.id) for _ in range(20))
        )
        return [(credentials.access_token, version) for credentials, version in found]

    async with another_process(settings) as other:
        mine, theirs = await asyncio.gather(ask(world.runtime), other.run(ask))

    assert set(mine + theirs) == {((await secret_of(world))["access_token"], 1)}
    account = await Account.get(id=world.account.id)
    assert (account.token_version, account.refresh_owner) == (1, None)


@on_sqlite
async def test_a_refused_refresh_breaks_the_account_with_a_sentence(world: World) -> None:
    await expire(world)
    await world.x.expire_tokens(refresh_tokens=True)

    with pytest.raises(Rejected, match="@acme must be connected again"):
        await accounts.credentials(world.runtime, world.account.id)

    account = await Account.get(id=world.account.id)
    assert (account.health, account.refresh_owner) == (accounts.BROKEN, None)


async def test_an_account_that_many_find_dead_breaks_once(world: World, settings: Settings) -> None:
    async def find_dead(runtime: Runtime) -> None:
        await asyncio.gather(
            *(accounts.mark_broken(runtime, world.account.id, 0, reason="Dead.") for _ in range(5))
        )

    async with another_process(settings) as other:
        await asyncio.gather(find_dead(world.runtime), other.run(find_dead))

    (event,) = await Event.filter(kind="account.broken")
    assert (event.account_id, event.notice) == (world.account.id, "account")
    assert event.data == {"reason": "Dead."}


async def test_an_account_with_other_tokens_meanwhile_does_not_break(world: World) -> None:
    await Account.filter(id=world.account.id).update(token_version=1)

    await accounts.mark_broken(world.runtime, world.account.id, 0, reason="Dead.")

    assert (await Account.get(id=world.account.id)).health == accounts.CONNECTED
    assert await Event.filter(kind="account.broken").count() == 0


async def test_an_account_breaks_together_with_the_notice_to_its_owner_or_not_at_all(
    world: World,
) -> None:
    await get_connection().execute_script("ALTER TABLE event RENAME TO elsewhere")

    with pytest.raises(OperationalError):
        await accounts.mark_broken(world.runtime, world.account.id, 0, reason="Dead.")

    assert (await Account.get(id=world.account.id)).health == accounts.CONNECTED


async def test_a_refresh_that_a_dead_process_began_is_taken_over(world: World) -> None:
    await expire(world)
    await Account.all().update(refresh_owner=12345)

    _, version = await accounts.credentials(world.runtime, world.account.id)

    assert version == 1
    assert (await Account.get(id=world.account.id)).refresh_owner is None


@on_sqlite
async def test_a_refresh_that_we_lost_track_of_is_taken_over(world: World) -> None:
    await expire(world)
    await Account.all().update(refresh_owner=world.runtime.owner.id)

    _, version = await accounts.credentials(world.runtime, world.account.id)

    assert version == 1


async def test_a_refresh_of_a_living_process_is_waited_for(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "_REFRESH_TRIES", 3)
    await expire(world)
    async with another_process(settings) as other:
        await Account.all().update(refresh_owner=other.runtime.owner.id)

        with pytest.raises(TemporaryFailure, match="being renewed"):
            await accounts.credentials(world.runtime, world.account.id)

    assert (await Account.get(id=world.account.id)).token_version == 0


class SlowRefresh:
    """X's token endpoint, held up until `go_on` is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.began, self.go_on = asyncio.Event(), asyncio.Event()
        at_once = X.refresh

        async def refresh(publisher: X, credentials: Credentials) -> Credentials:
            self.began.set()
            await self.go_on.wait()
            return await at_once(publisher, credentials)

        monkeypatch.setattr(X, "refresh", refresh)


@pytest.fixture
def slow_refresh(monkeypatch: pytest.MonkeyPatch) -> SlowRefresh:
    return SlowRefresh(monkeypatch)


@on_sqlite
async def test_a_refresh_is_finished_even_when_whoever_asked_is_stopped(
    world: World, slow_refresh: SlowRefresh
) -> None:
    await expire(world)
    asked = asyncio.create_task(accounts.credentials(world.runtime, world.account.id))
    await slow_refresh.began.wait()

    asked.cancel()
    slow_refresh.go_on.set()
    await asyncio.gather(asked, return_exceptions=True)

    account = await Account.get(id=world.account.id)
    assert (account.token_version, account.refresh_owner) == (1, None)
    current, _ = await accounts.credentials(world.runtime, world.account.id)
    assert current.access_token == (await secret_of(world))["access_token"]


async def test_an_account_disconnected_during_a_refresh_stays_without_tokens(
    world: World, slow_refresh: SlowRefresh
) -> None:
    await expire(world)
    asked = asyncio.create_task(accounts.credentials(world.runtime, world.account.id))
    await slow_refresh.began.wait()
    await accounts.disconnect(
        world.runtime, workspace_id=world.workspace.id, account_id=world.account.id
    )

    slow_refresh.go_on.set()
    with pytest.raises(Rejected, match=r"disconnected|connected again"):
        await asked

    account = await Account.get(id=world.account.id)
    assert (account.health, account.secrets) == (accounts.DISCONNECTED, "")


@on_sqlite
async def test_a_disconnected_account_is_forgotten_and_its_grant_ended(world: World) -> None:
    tokens = await secret_of(world)

    await accounts.disconnect(
        world.runtime, workspace_id=world.workspace.id, account_id=world.account.id
    )

    account = await Account.get(id=world.account.id)
    assert (account.health, account.secrets) == (accounts.DISCONNECTED, "")
    assert await accounts.connected(world.workspace.id) == []
    assert not await is_alive(world, Credentials(access_token=tokens["access_token"]))


@on_sqlite
async def test_a_consent_that_another_account_may_live_on_is_not_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(X, "shares_consent", True)
    other = (await finish(world, await consent(world, profile="acme_labs")))[0]
    tokens = [await accounts.credentials(world.runtime, one.id) for one in (world.account, other)]
    where = {"workspace_id": world.workspace.id}

    await accounts.disconnect(world.runtime, **where, account_id=world.account.id)
    alive = await is_alive(world, tokens[0][0])
    await accounts.disconnect(world.runtime, **where, account_id=other.id)

    assert alive
    assert not await is_alive(world, tokens[1][0])


async def is_alive(world: World, credentials: Credentials) -> bool:
    async with open_browser() as client:
        me = world.x.server.make_url("/2/users/me")
        bearer = {"Authorization": f"Bearer {credentials.access_token}"}
        return (await client.get(str(me), headers=bearer)).is_success


@pytest.mark.parametrize("mode", ["fail_before", "rate_limit"])
@on_sqlite
async def test_an_account_is_disconnected_although_its_platform_is_away(
    world: World, mode: str
) -> None:
    await world.x.switch(mode=mode, apply_to="token")

    gone = await accounts.disconnect(
        world.runtime, workspace_id=world.workspace.id, account_id=world.account.id
    )

    assert gone is not None
    assert (await Account.get(id=world.account.id)).secrets == ""


@on_sqlite
async def test_an_account_of_another_workspace_is_not_disconnected(world: World) -> None:
    other = await members.workspace(world.runtime, "T0OTHER")

    gone = await accounts.disconnect(
        world.runtime, workspace_id=other.id, account_id=world.account.id
    )

    assert gone is None
    assert (await Account.get(id=world.account.id)).health == accounts.CONNECTED


@on_sqlite
async def test_tokens_appear_nowhere(
    world: World,
    engine: Engine,
    clock: FrozenClock,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("tortoise").setLevel(logging.INFO)
    structlog.reset_defaults()
    tokens = await secret_of(world)
    errors = []
    for mode, apply_to in (
        ("ok", "create"),
        ("unauthorized", "create"),
        ("garbage", "create"),
        ("not_permitted", "create"),
        ("fail_before", "token"),
        ("garbage", "token"),
        ("unauthorized", "all"),
    ):
        await world.schedule(f"{mode} {apply_to}")
        await world.x.switch(mode=mode, apply_to=apply_to)
        await Account.all().update(expires_at=clock.instant, health=accounts.CONNECTED)
        await engine.run()
        tokens |= {f"{mode} {name}": value for name, value in (await secret_of(world)).items()}
        errors.append(
            repr(
                await asyncio.gather(
                    accounts.credentials(world.runtime, world.account.id), return_exceptions=True
                )
            )
        )

    written = [
        caplog.text,
        *capsys.readouterr(),
        *errors,
        repr(await Event.all().values()),
        repr(await Attempt.all().values()),
        repr(await Account.all().values()),
        repr(engine.retries),
        repr(world.runtime),
        repr(world.runtime.settings),
    ]
    secrets = {one for one in tokens.values() if isinstance(one, str) and len(one) > 40}
    assert len(secrets) > 2
    assert [secret for secret in secrets if any(secret in text for text in written)] == []
    assert "sandbox-x-secret" not in "".join(written)
