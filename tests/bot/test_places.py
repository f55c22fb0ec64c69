"""Where within an account posts go: chosen once in the list of accounts, or for a single post."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from bot.listeners import places
from bot.permissions import NOT_YOURS_TO_SET
from bot.views import ids
from scheduler import accounts, members
from scheduler.models import Account, Delivery
from tests.bot.desk import ALICE, BOB, GENERAL, TEAM, Desk, has, messages_in, newest
from tests.gallery import GalleryStandIn, Hold, connect_gallery, settings_of
from tests.world import until

Json = dict[str, Any]


@pytest.fixture
def more_settings(gallery: GalleryStandIn) -> dict[str, Any]:
    return settings_of(gallery.url)


@pytest.fixture
async def account(desk: Desk) -> Account:
    """@acme on Gallery, connected by Alice, with the rooms Hall and Attic."""
    (account,) = await connect_gallery(desk.runtime, desk.workspace.id)
    return account


def menu(account: Account) -> str:
    return f"{ids.DEFAULT_PLACE}:{account.id}"


class Listed:
    """The list of accounts that a member sees after the command."""

    def __init__(self, desk: Desk, member: str, message: Json) -> None:
        self.desk, self.member, self.message = desk, member, message

    def about(self, action_id: str) -> Json:
        container = {"type": "message", "channel": GENERAL, "ts": self.message["ts"]}
        block = next(
            each["block_id"]
            for each in self.message["blocks"]
            if action_id in [element.get("action_id") for element in each.get("elements", [])]
        )
        return {"container": container, "block_id": block, "action_id": action_id}

    async def looks(self, account: Account, typed: str = "") -> list[tuple[str, str]]:
        """What the menu offers after that was typed."""
        about = self.about(menu(account))
        answer = await self.desk.does("suggest", self.member, **about, query=typed)
        return [(each["value"], each["text"]["text"]) for each in answer["options"]]

    async def picks(self, account: Account, value: str) -> None:
        await self.desk.does("action", self.member, **self.about(menu(account)), value=value)


async def listed(desk: Desk, member: str = ALICE) -> Listed:
    await desk.command("accounts", member)
    message: Json = await desk.sees(lambda state: newest(state, GENERAL), member)
    return Listed(desk, member, message)


async def test_the_menu_offers_what_the_platform_has_and_the_choice_is_kept_and_shown(
    desk: Desk, account: Account
) -> None:
    shown = await listed(desk)
    offered = await shown.looks(account)

    await shown.picks(account, "r2")

    assert "Nobody has chosen where its posts go" in json.dumps(shown.message)
    assert offered == [("r1", "Hall"), ("r2", "Attic")]
    await desk.sees(lambda s: has(messages_in(s, GENERAL), "Posts go to *Attic* unless"))
    fresh = await Account.get(id=account.id)
    assert fresh.defaults == {"place": "r2", "place_name": "Attic"}


async def test_what_is_chosen_already_stands_in_the_menu(desk: Desk, account: Account) -> None:
    await Account.all().update(defaults={"place": "r1", "place_name": "Hall"})

    shown = await listed(desk)

    (element,) = [
        each
        for block in shown.message["blocks"]
        for each in block.get("elements", [])
        if each.get("action_id") == menu(account)
    ]
    assert element["initial_option"]["value"] == "r1"


async def test_other_settings_of_the_account_stay(desk: Desk, account: Account) -> None:
    await Account.all().update(defaults={"hashtags": "#acme"})

    await accounts.set_default_place(
        desk.runtime, workspace_id=desk.workspace.id, account_id=account.id, place_id="r1"
    )

    assert (await Account.get()).defaults == {
        "hashtags": "#acme",
        "place": "r1",
        "place_name": "Hall",
    }


async def test_typing_narrows_the_menu(desk: Desk, account: Account) -> None:
    shown = await listed(desk)

    assert await shown.looks(account, "ATT") == [("r2", "Attic")]
    assert await shown.looks(account, "cellar") == []


async def test_a_platform_is_asked_once_a_minute_however_much_is_typed(
    desk: Desk, account: Account, gallery: GalleryStandIn
) -> None:
    shown = await listed(desk)

    for typed in ("", "a", "at", "att"):
        await shown.looks(account, typed)
    await shown.picks(account, "r2")

    await desk.sees(lambda s: has(messages_in(s, GENERAL), "Posts go to *Attic*"))
    assert gallery.count("/rooms") == 1


async def test_new_tokens_are_asked_anew(
    desk: Desk, account: Account, gallery: GalleryStandIn
) -> None:
    await accounts.places(desk.runtime, account.id)
    gallery.rooms = {"r9": "Cellar"}

    await connect_gallery(desk.runtime, desk.workspace.id)

    assert [place.id for place in await accounts.places(desk.runtime, account.id)] == ["r9"]


async def test_more_places_than_a_menu_holds_are_found_by_typing(
    desk: Desk, account: Account, gallery: GalleryStandIn
) -> None:
    gallery.rooms = {f"r{number}": f"Room {number}" for number in range(150)}
    shown = await listed(desk)

    assert len(await shown.looks(account)) == 100
    assert await shown.looks(account, "room 149") == [("r149", "Room 149")]


async def test_a_place_that_is_gone_is_not_stored(
    desk: Desk, account: Account, gallery: GalleryStandIn
) -> None:
    shown = await listed(desk)
    await shown.looks(account)
    gallery.rooms = {"r1": "Hall"}
    await connect_gallery(desk.runtime, desk.workspace.id)

    await shown.picks(account, "r2")

    said = await desk.hears(channel=GENERAL)
    await desk.sees(lambda s: has(messages_in(s, GENERAL), "no such place any more"))
    assert said
    assert (await Account.get()).defaults == {}


@pytest.mark.parametrize("status", [500, 429, 400])
async def test_a_platform_that_does_not_tell_leaves_the_menu_empty(
    desk: Desk, account: Account, gallery: GalleryStandIn, status: int
) -> None:
    gallery.status["/rooms"] = status
    shown = await listed(desk)

    assert await shown.looks(account) == []
    gallery.status.clear()
    assert len(await shown.looks(account)) == 2


async def test_a_slow_platform_is_not_waited_for_and_fills_the_next_look(
    desk: Desk, account: Account, gallery: GalleryStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "QUICK_SECONDS", 0.3)
    gallery.held["/rooms"] = Hold()
    shown = await listed(desk)

    began = time.monotonic()
    first = await shown.looks(account)
    took = time.monotonic() - began
    gallery.held.pop("/rooms").set()

    async def filled() -> bool:
        return len(await shown.looks(account)) == 2

    assert first == []
    assert took < 3
    await until(filled)
    assert gallery.count("/rooms") <= 2


async def test_who_did_not_connect_the_account_sees_no_menu_and_cannot_choose(
    desk: Desk, account: Account
) -> None:
    shown = await listed(desk, BOB)
    forged = {
        "type": "block_actions",
        "team": {"id": TEAM},
        "user": {"id": BOB, "team_id": TEAM},
        "trigger_id": "1.none",
        "container": {"type": "message"},
        "actions": [
            {
                "type": "external_select",
                "action_id": menu(account),
                "block_id": "b",
                "selected_option": {"text": {"type": "plain_text", "text": "A"}, "value": "r1"},
            }
        ],
    }

    status, _ = await desk.send({"payload": json.dumps(forged)})

    assert not has(shown.message, ids.DEFAULT_PLACE)
    assert status == 200
    await desk.sees(lambda s: has(messages_in(s, "D0BOB"), NOT_YOURS_TO_SET), BOB)
    assert (await Account.get()).defaults == {}


async def test_a_right_that_was_lost_after_the_menu_was_drawn_counts(
    desk: Desk, account: Account
) -> None:
    shown = await listed(desk)
    await shown.looks(account)
    await Account.all().update(connected_by=BOB)
    await members.remember_member(
        desk.runtime, desk.workspace.id, ALICE, name="Alice", timezone="UTC", is_admin=False
    )

    await shown.picks(account, "r2")

    await desk.sees(
        lambda s: has(messages_in(s, GENERAL), "can choose where and when its posts go")
    )
    assert (await Account.get()).defaults == {}


async def test_an_account_of_another_workspace_offers_nothing(
    desk: Desk, gallery: GalleryStandIn
) -> None:
    other = await members.workspace(desk.runtime, "T0OTHER")
    (theirs,) = await connect_gallery(desk.runtime, other.id)

    asked = {
        "type": "block_suggestion",
        "team": {"id": TEAM},
        "user": {"id": ALICE, "team_id": TEAM},
        "container": {"type": "message"},
        "block_id": "b",
        "action_id": menu(theirs),
        "value": "",
    }
    status, answer = await desk.send({"payload": json.dumps(asked)})

    assert (status, json.loads(answer)) == (200, {"options": []})
    assert gallery.count("/rooms") == 0


async def test_a_broken_account_has_no_menu(desk: Desk, account: Account) -> None:
    await accounts.mark_broken(desk.runtime, account.id, 0, reason="Over.")

    shown = await listed(desk)

    assert has(shown.message, "must be connected again")
    assert not has(shown.message, ids.DEFAULT_PLACE)


async def test_a_platform_without_places_is_not_asked(
    desk: Desk, account: Account, gallery: GalleryStandIn
) -> None:
    await Account.all().update(platform="x")

    assert await accounts.places(desk.runtime, account.id) == []
    assert gallery.count("/rooms") == 0


async def test_the_composer_offers_the_places_and_the_post_goes_to_the_chosen_one(
    desk: Desk, account: Account
) -> None:
    form = await desk.compose("Hello")
    field = f"{ids.COMPOSER_PLACE}:{account.id}"
    about = {
        "container": {"type": "view", "view_id": form.id},
        "block_id": field,
        "action_id": field,
    }
    answer = await desk.does("suggest", **about, query="")

    await form.type(**{f"place:{account.id}": "r2"})
    await form.fill(when="now")
    await form.closes()

    assert [each["value"] for each in answer["options"]] == ["r1", "r2"]
    assert (await Delivery.get()).place == "r2"


async def test_a_new_post_goes_to_the_default_place(desk: Desk, account: Account) -> None:
    await Account.all().update(defaults={"place": "r1", "place_name": "Hall"})
    form = await desk.compose("Hello")

    await form.fill(when="now")
    await form.closes()

    assert (await Delivery.get()).place == "r1"


async def test_questions_of_a_menu_may_come_again(desk: Desk, account: Account) -> None:
    shown = await listed(desk)

    answers = await asyncio.gather(*(shown.looks(account) for _ in range(5)))

    assert answers == [[("r1", "Hall"), ("r2", "Attic")]] * 5
