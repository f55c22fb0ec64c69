"""A consent works once, for whom it was begun and where it was begun; one that gives several
profiles connects those that the member chooses."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from scheduler import accounts, consents, members, posts
from scheduler.accounts import ConnectError, Offer
from scheduler.clock import FrozenClock
from scheduler.config import Settings
from scheduler.contents import Words
from scheduler.models import Account, Choice, Consent, Delivery, Event, Workspace
from scheduler.runtime import Runtime
from scheduler.states import State
from scheduler.vault import WrongKeys
from tests.gallery import GalleryStandIn, Hold, connect_gallery, consent, offered, settings_of
from tests.scheduler.engine import another_process, on_sqlite
from tests.world import ALICE, StandIn, settings_for

BOB = "U0BOB"
TOO_LATE = "used already or is too old"


@pytest.fixture
def settings(database_url: str, tmp_path: Path, x_port: int, gallery: GalleryStandIn) -> Settings:
    return settings_for(database_url, tmp_path, x_port, **settings_of(gallery.url))


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime.now(UTC))


@pytest.fixture
async def team(runtime: Runtime) -> Workspace:
    return await members.workspace(runtime, "T0SANDBOX", name="Acme")


async def finish(runtime: Runtime, query: dict[str, str], **changes: str) -> list[Account] | Offer:
    return await accounts.finish_connect(
        runtime, **{"platform": "gallery", "browser": "b", **query, **changes}
    )


async def choose(runtime: Runtime, offer: Offer, *chosen: str, **changes: str) -> list[Account]:
    key = {"platform": "gallery", "choice_id": offer.id, "browser": "b", **changes}
    return await accounts.choose(runtime, chosen=chosen, **key)


def kinds(outcomes: list[Any]) -> list[str]:
    return sorted(type(one).__name__ for one in outcomes)


async def secrets_of(runtime: Runtime, account: Account) -> dict[str, Any]:
    fresh = await Account.get(id=account.id)
    return dict(json.loads(runtime.vault.open(fresh.secrets)))


@on_sqlite
async def test_a_consent_that_gives_one_profile_connects_it_at_once(
    runtime: Runtime, team: Workspace, gallery: GalleryStandIn
) -> None:
    gallery.profiles = {"1": "acme"}

    connected = await finish(runtime, await consent(runtime, team.id))

    assert isinstance(connected, list)
    assert [account.username for account in connected] == ["acme"]


async def test_a_consent_that_gives_several_profiles_connects_none_by_itself(
    runtime: Runtime, team: Workspace
) -> None:
    offer = await finish(runtime, await consent(runtime, team.id))

    assert isinstance(offer, Offer)
    assert [(each.remote_id, each.username, each.known) for each in offer.profiles] == [
        ("1", "acme", False),
        ("2", "acme_jobs", False),
    ]
    assert await Account.all().count() == 0


@on_sqlite
async def test_the_tokens_of_an_open_choice_lie_sealed(
    runtime: Runtime, team: Workspace, gallery: GalleryStandIn
) -> None:
    await offered(runtime, team.id)

    lying = repr(await Choice.all().values())

    assert [token for token in gallery.tokens if token in lying] == []
    assert gallery.mark in runtime.vault.open((await Choice.get()).profiles)


async def test_each_chosen_profile_gets_its_own_tokens_and_the_others_are_forgotten(
    runtime: Runtime, team: Workspace, gallery: GalleryStandIn
) -> None:
    gallery.profiles = {"1": "acme", "2": "acme_jobs", "3": "acme_uk"}
    offer = await offered(runtime, team.id)

    connected = await choose(runtime, offer, "1", "3")

    assert [account.username for account in connected] == ["acme", "acme_uk"]
    speakers = [
        gallery.tokens[(await secrets_of(runtime, account))["access_token"]].speaks_for
        for account in connected
    ]
    assert speakers == ["1", "3"]
    assert await Account.all().count() == 2
    assert await Choice.all().count() == 0


@on_sqlite
async def test_profiles_without_tokens_of_their_own_share_those_of_the_consent(
    runtime: Runtime, team: Workspace, gallery: GalleryStandIn
) -> None:
    gallery.own_tokens = False

    one, other = await connect_gallery(runtime, team.id, "1", "2")

    assert (await secrets_of(runtime, one))["access_token"] == (await secrets_of(runtime, other))[
        "access_token"
    ]


async def test_a_choice_is_answered_once_however_often_it_is_sent(
    runtime: Runtime, team: Workspace, settings: Settings
) -> None:
    offer = await offered(runtime, team.id)

    async def answer(there: Runtime) -> list[Any]:
        sent = (choose(there, offer, "1", "2") for _ in range(4))
        return await asyncio.gather(*sent, return_exceptions=True)

    async with another_process(settings) as other:
        mine, theirs = await asyncio.gather(answer(runtime), other.run(answer))

    assert kinds(mine + theirs) == ["ConnectError"] * 7 + ["list"]
    assert await Event.filter(kind="account.connected").count() == 2


async def test_of_two_callbacks_with_one_state_one_succeeds(
    runtime: Runtime, team: Workspace, settings: Settings, gallery: GalleryStandIn
) -> None:
    query = await consent(runtime, team.id)

    async def come_back(there: Runtime) -> list[Any]:
        return await asyncio.gather(
            *(finish(there, query) for _ in range(4)), return_exceptions=True
        )

    async with another_process(settings) as other:
        mine, theirs = await asyncio.gather(come_back(runtime), other.run(come_back))

    assert kinds(mine + theirs) == ["ConnectError"] * 7 + ["Offer"]
    assert gallery.count("/token code") == 1


@pytest.mark.parametrize(
    "changes",
    [{"choice_id": "guessed"}, {"browser": "another"}, {"browser": ""}, {"platform": "x"}],
    ids=["guessed", "another browser", "no browser", "another platform"],
)
@on_sqlite
async def test_a_choice_of_another_is_neither_shown_nor_taken(
    runtime: Runtime, team: Workspace, changes: dict[str, str]
) -> None:
    offer = await offered(runtime, team.id)
    key = {"platform": "gallery", "choice_id": offer.id, "browser": "b", **changes}

    assert await accounts.find_offer(runtime, **key) is None
    with pytest.raises(ConnectError, match=TOO_LATE):
        await choose(runtime, offer, "1", **changes)

    assert await Account.all().count() == 0
    assert len(await choose(runtime, offer, "1")) == 1


@on_sqlite
async def test_a_choice_that_was_left_lying_is_refused(
    runtime: Runtime, team: Workspace, clock: FrozenClock
) -> None:
    offer = await offered(runtime, team.id)
    clock.move_to(clock.instant + accounts.CONSENT_LIFE + timedelta(seconds=1))

    with pytest.raises(ConnectError, match=TOO_LATE):
        await choose(runtime, offer, "1")


@pytest.mark.parametrize("chosen", [(), ("9",)], ids=["nothing", "a profile of nobody"])
@on_sqlite
async def test_an_answer_that_chooses_nothing_leaves_the_choice_open(
    runtime: Runtime, team: Workspace, chosen: tuple[str, ...]
) -> None:
    offer = await offered(runtime, team.id)

    with pytest.raises(ConnectError, match="Choose at least one"):
        await choose(runtime, offer, *chosen)

    assert len(await choose(runtime, offer, "2")) == 1


@on_sqlite
async def test_what_nobody_came_back_for_is_deleted(
    runtime: Runtime, team: Workspace, clock: FrozenClock
) -> None:
    await offered(runtime, team.id)
    await consent(runtime, team.id)
    clock.move_to(clock.instant + accounts.CONSENT_LIFE + timedelta(seconds=1))
    await consent(runtime, team.id)

    await consents.forget_old(runtime)

    assert [await Choice.all().count(), await Consent.all().count()] == [0, 1]


@pytest.mark.parametrize("browser", ["another", ""])
@on_sqlite
async def test_another_browser_can_neither_finish_a_consent_nor_use_it_up(
    runtime: Runtime, team: Workspace, browser: str
) -> None:
    query = await consent(runtime, team.id)

    with pytest.raises(ConnectError, match=TOO_LATE):
        await finish(runtime, query, browser=browser)

    assert isinstance(await finish(runtime, query), Offer)


@on_sqlite
async def test_the_code_of_one_platform_is_worth_nothing_at_another(
    runtime: Runtime, team: Workspace, gallery: GalleryStandIn, x: StandIn
) -> None:
    from_gallery = await consent(runtime, team.id)
    to_x = await accounts.begin_connect(
        runtime, workspace_id=team.id, user_id=ALICE, platform="x", browser="b"
    )
    state_of_x = parse_qs(urlsplit(to_x).query)["state"][0]

    with pytest.raises(ConnectError, match=TOO_LATE):
        await finish(runtime, from_gallery, platform="x")
    with pytest.raises(ConnectError, match="Start again from Slack"):
        await finish(runtime, {"state": state_of_x, "code": from_gallery["code"]}, platform="x")

    assert await Account.all().count() == 0
    assert gallery.count("/token code") == 0


@on_sqlite
async def test_a_code_is_redeemed_with_the_verifier_of_its_own_consent(
    runtime: Runtime, team: Workspace, gallery: GalleryStandIn
) -> None:
    mine, other = await consent(runtime, team.id), await consent(runtime, team.id)

    with pytest.raises(ConnectError, match="no longer accepts"):
        await finish(runtime, {"state": mine["state"], "code": other["code"]})

    assert await Account.all().count() == 0


@on_sqlite
async def test_a_verifier_never_leaves_in_an_address_and_lies_sealed(
    runtime: Runtime, team: Workspace, gallery: GalleryStandIn
) -> None:
    url = await accounts.begin_connect(
        runtime, workspace_id=team.id, user_id=ALICE, platform="gallery", browser="b"
    )

    row = await Consent.get()
    verifier = runtime.vault.open(row.verifier)
    assert len(verifier) >= 43
    assert verifier not in url
    assert verifier not in repr(await Consent.all().values())


@pytest.mark.parametrize(
    ("granted", "said"),
    [("profiles", "the permission posts, and"), ("else", "the permissions posts and profiles")],
)
@on_sqlite
async def test_permissions_that_were_not_granted_are_named(
    runtime: Runtime, team: Workspace, gallery: GalleryStandIn, granted: str, said: str
) -> None:
    gallery.scopes = granted

    with pytest.raises(ConnectError, match=f"Gallery did not grant {said}"):
        await finish(runtime, await consent(runtime, team.id))

    assert await Account.all().count() == 0
    assert await Choice.all().count() == 0


async def test_a_reconnect_keeps_posts_and_settings_and_mends_the_account(
    runtime: Runtime, team: Workspace
) -> None:
    (account,) = await connect_gallery(runtime, team.id)
    await Account.filter(id=account.id).update(defaults={"place": "r2"})
    post = await schedule(runtime, account)
    await accounts.mark_broken(runtime, account.id, 0, reason="It is over.")

    (again,) = await connect_gallery(runtime, team.id, user_id=BOB)

    assert (again.id, again.health, again.token_version) == (account.id, accounts.CONNECTED, 1)
    assert (again.defaults, again.connected_by) == ({"place": "r2"}, BOB)
    waiting = await Delivery.get(post_id=post.id)
    assert (waiting.state, waiting.account_id) == (State.SCHEDULED, account.id)
    assert await happened(account) == ["account.connected", "account.broken", "account.connected"]


async def test_a_disconnected_account_that_is_connected_again_is_the_same_account(
    runtime: Runtime, team: Workspace
) -> None:
    (account,) = await connect_gallery(runtime, team.id)
    await accounts.disconnect(runtime, workspace_id=team.id, account_id=account.id, actor=ALICE)

    (again,) = await connect_gallery(runtime, team.id)

    assert (again.id, again.health) == (account.id, accounts.CONNECTED)
    _, version = await accounts.credentials(runtime, account.id)
    assert version == again.token_version


async def test_what_waited_for_tokens_goes_on_after_a_reconnect(
    runtime: Runtime, team: Workspace
) -> None:
    (account,) = await connect_gallery(runtime, team.id)
    post = await schedule(runtime, account)
    now = runtime.clock.now()
    await Delivery.filter(post_id=post.id).update(
        state=State.RETRYING,
        cause="authentication",
        attempts=2,
        next_attempt_at=now + timedelta(minutes=15),
    )

    await connect_gallery(runtime, team.id)

    waiting = await Delivery.get(post_id=post.id)
    assert (waiting.state, waiting.next_attempt_at) == (State.SCHEDULED, now)
    assert (waiting.attempts, waiting.due_at) == (2, post.due_at)


@on_sqlite
async def test_a_reconnect_without_a_refresh_token_keeps_the_old_one(
    runtime: Runtime, team: Workspace, gallery: GalleryStandIn
) -> None:
    (account,) = await connect_gallery(runtime, team.id)
    before = await secrets_of(runtime, account)
    gallery.gives_refresh_tokens = False

    await connect_gallery(runtime, team.id)

    after = await secrets_of(runtime, account)
    assert after["access_token"] != before["access_token"]
    assert after["refresh_token"] == before["refresh_token"]


async def test_a_refresh_that_ends_after_a_reconnect_is_forgotten(
    runtime: Runtime, team: Workspace, gallery: GalleryStandIn, clock: FrozenClock
) -> None:
    (account,) = await connect_gallery(runtime, team.id)
    await Account.all().update(expires_at=clock.instant)
    gallery.held["/token refresh"] = Hold()
    asked = asyncio.create_task(accounts.credentials(runtime, account.id))
    while not gallery.count("/token refresh"):
        await asyncio.sleep(0.01)

    await connect_gallery(runtime, team.id)
    new = await secrets_of(runtime, account)
    gallery.held["/token refresh"].set()
    handed_out, version = await asked

    assert await secrets_of(runtime, account) == new
    assert (handed_out.access_token, version) == (new["access_token"], 1)


@on_sqlite
async def test_profiles_already_connected_are_known_again(
    runtime: Runtime, team: Workspace
) -> None:
    await connect_gallery(runtime, team.id, "2")

    offer = await offered(runtime, team.id)

    assert [(each.username, each.known) for each in offer.profiles] == [
        ("acme", False),
        ("acme_jobs", True),
    ]


@on_sqlite
async def test_tokens_that_were_moved_to_another_account_are_not_used(
    runtime: Runtime, team: Workspace, gallery: GalleryStandIn
) -> None:
    one, other = await connect_gallery(runtime, team.id, "1", "2")
    await Account.filter(id=one.id).update(secrets=other.secrets)

    with pytest.raises(WrongKeys, match="belong to another"):
        await accounts.credentials(runtime, one.id)


@on_sqlite
async def test_a_reconnect_mends_an_account_whose_key_is_lost(
    runtime: Runtime, team: Workspace, gallery: GalleryStandIn
) -> None:
    (account,) = await connect_gallery(runtime, team.id)
    await Account.all().update(secrets="sealed with a key that nobody has")
    gallery.gives_refresh_tokens = False

    await connect_gallery(runtime, team.id)

    current, _ = await accounts.credentials(runtime, account.id)
    assert current.access_token in gallery.tokens


@pytest.mark.parametrize("status", [500, 403], ids=["fails", "does not know the app"])
@on_sqlite
async def test_a_platform_that_renews_nothing_leaves_tokens_in_use_that_still_work(
    runtime: Runtime, team: Workspace, gallery: GalleryStandIn, clock: FrozenClock, status: int
) -> None:
    (account,) = await connect_gallery(runtime, team.id)
    await Account.all().update(expires_at=clock.instant + timedelta(days=1))
    gallery.status["/token refresh"] = status

    current, version = await accounts.credentials(runtime, account.id)

    assert (current.access_token in gallery.tokens, version) == (True, 0)
    assert (await Account.get(id=account.id)).health == accounts.CONNECTED


@on_sqlite
async def test_a_wrong_app_secret_breaks_no_account(
    runtime: Runtime, team: Workspace, gallery: GalleryStandIn, clock: FrozenClock
) -> None:
    (account,) = await connect_gallery(runtime, team.id)
    await Account.all().update(expires_at=clock.instant)
    gallery.status["/token refresh"] = 403

    outcome = await asyncio.gather(
        accounts.credentials(runtime, account.id), return_exceptions=True
    )

    assert "does not know this app" in str(outcome[0])
    assert (await Account.get(id=account.id)).health == accounts.CONNECTED


async def happened(account: Account) -> list[str]:
    rows = await Event.filter(account_id=account.id).order_by("id")
    return [row.kind for row in rows]


async def schedule(runtime: Runtime, account: Account) -> posts.Post:
    return await posts.schedule(
        runtime,
        posts.NewPost(
            workspace_id=account.workspace_id,
            author=ALICE,
            words=Words(text="Hello"),
            account_ids=(account.id,),
            timezone="UTC",
            due_at=runtime.clock.now() + timedelta(hours=1),
        ),
    )
