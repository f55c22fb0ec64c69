"""Every listener asks for the right at the moment of the click: each of them × each role."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import time as time_of_day
from typing import Any

import pytest

from bot import permissions
from bot.app import build_app
from bot.clients import open_clients
from bot.views import ids, offers
from bot.views import review as reviews
from bot.web.connect import connect_buttons
from scheduler import members, series
from scheduler.contents import Words
from scheduler.models import Account, Delivery, Event, Member, Post, Rules, Series, Workspace
from scheduler.posts import Found
from scheduler.recurrence import Every, Rule
from scheduler.roles import MemberRole
from scheduler.series import NewSeries
from tests.bot.desk import ALICE, BOB, TEAM, Desk, has, slash
from tests.bot.post_world import ask, fail, park, schedule

pytestmark = pytest.mark.long

Json = dict[str, Any]

VIEWER, CONTRIBUTOR, PUBLISHER, ADMIN = MemberRole
CAROL = "U0CAROL"
SERIES = "k7m2p9xq4w"
#: What somebody reads who lacks a right.
REFUSALS = (
    permissions.NOT_A_WRITER,
    permissions.NOT_YOURS,
    permissions.NOT_TO_CONNECT,
    permissions.NOT_YOUR_ACCOUNT,
    permissions.NOT_YOURS_TO_SET,
    permissions.NOT_AN_ADMIN,
    permissions.NOT_AHEAD,
    permissions.NOT_YOUR_SERIES,
    "Only approvers of this workspace can decide that.",
)


@dataclass(frozen=True, kw_only=True)
class Deed:
    """Something that a member does. `own` is the least role for it, `others` the least one where
    the post or account is somebody else's."""

    listener: str
    own: MemberRole
    others: MemberRole | None = None
    #: How Slack tells of it.
    kind: str
    name: str = ""
    value: Any = None


def command(listener: str, text: str, own: MemberRole) -> Deed:
    return Deed(listener=listener, kind="command", name=text, own=own)


def card(listener: str, action: str) -> Deed:
    return Deed(listener=listener, kind="card", name=action, own=CONTRIBUTOR, others=ADMIN)


def draft(listener: str, action: str) -> Deed:
    return Deed(listener=listener, kind="draft", name=action, own=CONTRIBUTOR, others=ADMIN)


def form(listener: str, callback_id: str, **fields: Json) -> Deed:
    return Deed(
        listener=listener,
        kind="form",
        name=callback_id,
        own=CONTRIBUTOR,
        others=ADMIN,
        value=fields,
    )


def review(listener: str, name: str) -> Deed:
    """Whoever is named as an approver decides, whatever their role."""
    return Deed(listener=listener, kind="review", name=name, own=VIEWER)


def of_series(listener: str, name: str) -> Deed:
    return Deed(listener=listener, kind="series", name=name, own=CONTRIBUTOR, others=ADMIN)


LINK = {"value": "https://x.com/acme/status/1"}
SETTINGS = {
    ids.SETTINGS_DEFAULT_ROLE: {"selected_option": {"value": "viewer"}},
    ids.SETTINGS_NEEDED: {"selected_option": {"value": "1"}},
    ids.SETTINGS_REMIND: {"selected_option": {"value": "60"}},
}
DEEDS = (
    command("WorkspaceSettings.open_by_command", "settings", ADMIN),
    Deed(
        listener="WorkspaceSettings.open_by_click",
        kind="button",
        name=ids.HOME_SETTINGS,
        own=ADMIN,
    ),
    # Whoever may not gets an empty menu.
    Deed(
        listener="WorkspaceSettings.offer_groups",
        kind="options",
        name=ids.SETTINGS_GROUP,
        own=VIEWER,
    ),
    Deed(
        listener="WorkspaceSettings.save",
        kind="form",
        name=ids.SETTINGS_MODAL,
        own=ADMIN,
        value=SETTINGS,
    ),
    review("Decisions.approve", ids.APPROVE),
    review("Decisions.approve_now", ids.APPROVE_NOW),
    review("Decisions.open_request", ids.REQUEST_CHANGES),
    review("Decisions.request_changes", ids.CHANGES_MODAL),
    command("Imports.open", "import", CONTRIBUTOR),
    # It shows the empty form again.
    Deed(listener="Imports.choose_again", kind="form", name=ids.IMPORT_AGAIN, own=VIEWER, value={}),
    Deed(
        listener="Imports.check",
        kind="form",
        name=ids.IMPORT,
        own=CONTRIBUTOR,
        value={ids.IMPORT_FILE: {"files": [{"id": "F1", "name": "posts.csv"}]}},
    ),
    Deed(
        listener="Imports.schedule",
        kind="form",
        name=ids.IMPORT_REPORT,
        own=CONTRIBUTOR,
        value={},
    ),
    Deed(
        listener="Imports.schedule_by_message",
        kind="button",
        name=ids.IMPORT_SCHEDULE,
        own=CONTRIBUTOR,
    ),
    command("Exports.open", "export", VIEWER),
    Deed(listener="Exports.send", kind="form", name=ids.EXPORT, own=VIEWER, value={}),
    command("CalendarAddress.show", "calendar", VIEWER),
    Deed(listener="CalendarAddress.renew", kind="button", name=ids.CALENDAR_RENEW, own=VIEWER),
    Deed(listener="CalendarAddress.revoke", kind="button", name=ids.CALENDAR_REVOKE, own=VIEWER),
    command("show_help", "help", VIEWER),
    command("show_slip", "lisst", VIEWER),
    command("show_list", "list", VIEWER),
    command("show_status", "status k7m2p9xq4w", VIEWER),
    command("Accounts.show", "accounts", VIEWER),
    command("Composer.open_by_command", "Hello there", CONTRIBUTOR),
    Deed(listener="Accounts.open", kind="button", name=ids.HOME_ACCOUNTS, own=VIEWER),
    Deed(listener="Accounts.follow_link", kind="button", name=f"{ids.CONNECT}:x", own=VIEWER),
    Deed(
        listener="Accounts.disconnect",
        kind="account",
        name=ids.DISCONNECT,
        own=PUBLISHER,
        others=ADMIN,
    ),
    Deed(
        listener="Accounts.set_place",
        kind="account",
        name=ids.DEFAULT_PLACE,
        own=PUBLISHER,
        others=ADMIN,
    ),
    Deed(listener="Slots.open", kind="account", name=ids.SET_SLOTS, own=PUBLISHER, others=ADMIN),
    Deed(
        listener="Slots.set",
        kind="form",
        name=ids.SLOTS_MODAL,
        own=PUBLISHER,
        others=ADMIN,
        value={ids.SLOTS_TEXT: {"value": "mon 09:00"}},
    ),
    Deed(listener="register.<locals>.offer", kind="options", own=VIEWER),
    Deed(listener="HomeTab.opened", kind="home", own=VIEWER),
    Deed(listener="HomeTab.choose", kind="tab", name=ids.HOME_SHOW, own=VIEWER, value="waiting"),
    Deed(listener="HomeTab.turn", kind="tab", name=ids.HOME_LATER, own=VIEWER, value="1"),
    Deed(
        listener="HomeTab.retry",
        kind="tab",
        name=f"{ids.HOME_RETRY}:network",
        own=CONTRIBUTOR,
        value="network",
    ),
    command("register.<locals>.set_hour", "digest 8:30", VIEWER),
    command("register.<locals>.show", "stats", VIEWER),
    command("Repeats.show", "repeats", VIEWER),
    of_series("Repeats.skip", ids.SERIES_SKIP),
    of_series("Repeats.pause", ids.SERIES_PAUSE),
    of_series("Repeats.resume", ids.SERIES_RESUME),
    of_series("Repeats.stop", ids.SERIES_STOP),
    of_series("Repeats.open_edit", ids.SERIES_EDIT),
    of_series("Repeats.edit", ids.SERIES_MODAL),
    card("Recovery.duplicate", ids.DUPLICATE),
    Deed(listener="Composer.open_by_click", kind="button", name=ids.HOME_COMPOSE, own=CONTRIBUTOR),
    Deed(
        listener="Composer.open_from_message",
        kind="message_action",
        name=ids.SHORTCUT_FROM_MESSAGE,
        own=CONTRIBUTOR,
    ),
    Deed(listener="Composer.typed", kind="typed", name=ids.COMPOSER_REFRESH, own=VIEWER),
    Deed(
        listener="Composer.save_draft",
        kind="typed",
        name=ids.COMPOSER_SAVE_DRAFT,
        own=CONTRIBUTOR,
    ),
    Deed(listener="Composer.preview", kind="typed", name=ids.COMPOSER_PREVIEW, own=VIEWER),
    command("Drafts.show_list", "drafts", VIEWER),
    draft("Drafts.open", ids.DRAFT_OPEN),
    draft("Drafts.go_on", ids.DRAFT_CONTINUE),
    draft("Drafts.delete", ids.DRAFT_DELETE),
    Deed(listener="Composer.submit", kind="form", name=ids.COMPOSER, own=CONTRIBUTOR, value={}),
    Deed(
        listener="Composer.open_by_click",
        kind="shortcut",
        name=ids.SHORTCUT_SCHEDULE,
        own=CONTRIBUTOR,
    ),
    Deed(
        listener="Recovery.publish_now",
        kind="card",
        name=ids.PUBLISH_NOW,
        own=PUBLISHER,
        others=ADMIN,
    ),
    card("Recovery.publish_now", ids.RETRY_NOW),
    card("Recovery.cancel", ids.CANCEL),
    card("Recovery.deny_live", ids.IS_NOT_LIVE),
    card("Recovery.skip", ids.SKIP),
    card("Recovery.open_post_manually", ids.POST_MANUALLY),
    card("Recovery.open_confirm_live", ids.IS_LIVE),
    card("Recovery.open_reschedule", ids.RESCHEDULE),
    card("Recovery.open_edit", ids.EDIT),
    card("Recovery.duplicate", ids.DUPLICATE),
    Deed(
        listener="Recovery.reconnect",
        kind="card",
        name=ids.RECONNECT,
        own=PUBLISHER,
        others=ADMIN,
    ),
    Deed(listener="Recovery.follow_link", kind="button", name=ids.OPEN_LINK, own=VIEWER),
    form("Recovery.mark_posted", ids.MARK_POSTED, **{ids.MARK_POSTED_LINK: LINK}),
    form("Recovery.confirm_live", ids.CONFIRM_LIVE, **{ids.CONFIRM_LIVE_LINK: LINK}),
    form(
        "Recovery.reschedule",
        ids.RESCHEDULE_MODAL,
        **{
            ids.COMPOSER_DATE: {"selected_date": "2030-01-02"},
            ids.COMPOSER_TIME: {"selected_time": "09:00"},
        },
    ),
)


#: What Slack itself tells, for which no member has to have a right.
NOBODYS = {"register.<locals>.removed"}
#: Held to its rights in `test_workflow`, for nobody clicks it.
STEPS = {"Step.run"}


async def test_every_listener_stands_in_the_table(desk: Desk) -> None:
    """A new listener needs a row above: which role is the least one for it?"""
    async with open_clients(desk.runtime) as clients:
        app = build_app(desk.runtime, clients)

    known = {listener.ack_function.__qualname__ for listener in app._async_listeners}  # type: ignore[attr-defined]

    known -= NOBODYS | STEPS
    assert sorted(known - {deed.listener for deed in DEEDS}) == []
    assert sorted({deed.listener for deed in DEEDS} - known) == []


@pytest.mark.parametrize("role", MemberRole)
@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: f"{deed.listener}-{deed.name}")
async def test_what_a_role_may_do_with_what_is_theirs(
    desk: Desk, account: Account, deed: Deed, role: MemberRole
) -> None:
    await attempt(desk, account, deed, role, owner=BOB, may=role.reaches(deed.own))


@pytest.mark.parametrize("role", MemberRole)
@pytest.mark.parametrize(
    "deed",
    [deed for deed in DEEDS if deed.others],
    ids=lambda deed: f"{deed.listener}-{deed.name}",
)
async def test_what_a_role_may_do_with_what_is_somebody_elses(
    desk: Desk, account: Account, deed: Deed, role: MemberRole
) -> None:
    assert deed.others
    await attempt(desk, account, deed, role, owner=ALICE, may=role.reaches(deed.others))


@pytest.mark.parametrize("role", MemberRole)
async def test_the_link_of_a_connect_button_works_for_publishers_and_admins(
    desk: Desk, role: MemberRole
) -> None:
    (connect,) = connect_buttons(desk.runtime, workspace_id=desk.workspace.id, user_id=BOB)
    await Member.filter(user_id=BOB).update(role=role)

    async with desk.http.get(connect.url, allow_redirects=False) as response:
        shown = await response.text()

    may = role.reaches(PUBLISHER)
    assert response.status == (302 if may else 400)
    assert ("Only publishers and admins" in shown) is not may


async def test_a_viewers_home_offers_nothing_that_they_may_not_do(
    desk: Desk, account: Account
) -> None:
    await Member.filter(user_id=BOB).update(role=VIEWER)

    await desk.does("home", BOB, tab="home")

    home = await desk.sees(lambda state: state["home"], BOB)
    assert has(home, "You are a viewer here", "Publishers and admins of this workspace connect")
    assert not has(home, ids.HOME_COMPOSE)
    assert not has(home, f"{ids.CONNECT}:")


async def test_a_contributors_form_without_accounts_says_who_connects_them(desk: Desk) -> None:
    await Member.filter(user_id=BOB).update(role=CONTRIBUTOR)

    form = await desk.compose("Hello there", BOB)

    view = await form.shows("Ask a publisher or an admin of this workspace to connect one")
    assert not has(view, f"{ids.CONNECT}:")


@pytest.mark.parametrize("role", MemberRole)
@pytest.mark.parametrize(
    "deed", [deed for deed in DEEDS if deed.kind == "review"], ids=lambda deed: deed.listener
)
async def test_who_is_no_approver_decides_nothing_whatever_their_role(
    desk: Desk, account: Account, deed: Deed, role: MemberRole
) -> None:
    await attempt(desk, account, deed, role, owner=ALICE, may=False)


async def attempt(
    desk: Desk, account: Account, deed: Deed, role: MemberRole, *, owner: str, may: bool
) -> None:
    """Lets Bob do it in that role. Who may not is told so, and nothing changes."""
    found = await world(desk, account, deed, owner)
    await Member.filter(user_id=BOB).update(role=role)
    before = await truth()

    sent = payload(deed, found, account)
    status, answer = await desk.send(sent, as_json=isinstance(sent, bytes))

    assert status == 200
    if may:
        assert not refused(answer + json.dumps(await desk.state(BOB)))
    else:
        if not refused(answer):
            await desk.sees(lambda state: refused(json.dumps(state)), BOB)
        assert await truth() == before


async def world(desk: Desk, account: Account, deed: Deed, owner: str) -> Found:
    """A post of the owner, in the state in which its button is shown, and their account."""
    if deed.kind == "review":
        return await submitted(desk, account, approver=owner)
    if deed.kind == "series":
        await repeated(desk, account, owner)
    await Account.filter(id=account.id).update(connected_by=owner)
    found = await schedule(desk.runtime, account, author=owner)
    if deed.name == ids.RECONNECT:
        return await park(desk.runtime, found)
    if deed.name in (ids.RETRY_NOW, ids.POST_MANUALLY):
        return await fail(desk.runtime, found)
    if deed.name in (ids.IS_LIVE, ids.IS_NOT_LIVE, ids.SKIP, ids.CONFIRM_LIVE):
        return await ask(desk.runtime, found)
    return found


async def repeated(desk: Desk, account: Account, owner: str) -> None:
    """A series of the owner."""
    today = desk.runtime.clock.now().date()
    new = NewSeries(
        id=SERIES,
        workspace_id=desk.workspace.id,
        author=owner,
        words=Words(text="Every day"),
        account_ids=(account.id,),
        rule=Rule(every=Every.DAY, first=today, at=time_of_day(9), zone="UTC"),
    )
    await series.begin(desk.runtime, new)


async def submitted(desk: Desk, account: Account, *, approver: str) -> Found:
    """A post of Carol, a contributor, about which the approver is asked."""
    await members.remember_member(
        desk.runtime, desk.workspace.id, CAROL, name="Carol", timezone="UTC", is_admin=False
    )
    await Member.filter(user_id=CAROL).update(role=CONTRIBUTOR)
    await Rules.create(workspace_id=desk.workspace.id, approvers=[approver])
    return await schedule(desk.runtime, account, author=CAROL)


def payload(deed: Deed, found: Found, account: Account) -> Json | bytes:
    """What Slack sends when Bob does it."""
    if deed.kind == "command":
        return slash(deed.name, user_id=BOB)
    if deed.kind == "home":
        return _event()
    return {"payload": json.dumps({**_who(), **_what(deed, found, account)})}


def _what(deed: Deed, found: Found, account: Account) -> Json:
    (row,) = found.deliveries
    own = deed.name in offers.for_delivery(row)
    match deed.kind:
        case "card":
            place = offers.block_id(found.post.id, 1, [row] if own else [])
            value = str(row.id) if own else ""
            return _click({"action_id": deed.name, "block_id": place, "value": value})
        case "draft":
            value = found.post.id
            return _click({"action_id": deed.name, "block_id": "b", "value": value})
        case "review" if deed.name == ids.CHANGES_MODAL:
            view = _view(deed.name, {ids.CHANGES_REASON: {"value": "Shorter."}}, found)
            memory = {"post": found.post.id, "revision": 1}
            view["private_metadata"] = json.dumps(memory)
            return {"type": "view_submission", "view": view}
        case "review":
            place = reviews.block_id(found.post)
            return _click({"action_id": deed.name, "block_id": place})
        case "series" if deed.name == ids.SERIES_MODAL:
            view = _view(deed.name, {ids.SERIES_TEXT: {"value": "Another text"}}, found)
            view["private_metadata"] = json.dumps({"zone": "UTC", "series": SERIES})
            return {"type": "view_submission", "view": view}
        case "series":
            place = f"{ids.SERIES_ACTIONS}:{SERIES}"
            return _click({"action_id": deed.name, "block_id": place, "value": "1"})
        case "tab":
            chosen = {"value": deed.value, "selected_option": {"value": deed.value}}
            view = {"id": "V0", "type": "home", "private_metadata": "{}"}
            click = _click({"action_id": deed.name, "block_id": "b", **chosen})
            return {**click, "view": view}
        case "button":
            return _click({"action_id": deed.name, "block_id": "b"})
        case "account":
            place = f":{account.id}" if deed.name == ids.DEFAULT_PLACE else ""
            more = {"value": str(account.id), "selected_option": {"value": "main"}}
            return _click({"action_id": f"{deed.name}{place}", "block_id": "b", **more})
        case "typed":
            view = _view(ids.COMPOSER, {}, found)
            return {**_click({"action_id": deed.name, "block_id": "b"}), "view": view}
        case "form":
            return {"type": "view_submission", "view": _view(deed.name, deed.value, found)}
        case "options":
            action_id = deed.name or f"{ids.DEFAULT_PLACE}:{account.id}"
            about = {"action_id": action_id, "block_id": "b", "value": ""}
            return {"type": "block_suggestion", **about}
        case _:
            message = {"text": "Hello", "ts": "1.0", "user": BOB}
            return {"type": deed.kind, "callback_id": deed.name, "message": message}


def _event() -> bytes:
    event = {"type": "app_home_opened", "user": BOB, "tab": "home", "channel": "D0BOB"}
    about = {"type": "event_callback", "team_id": TEAM, "event_id": f"Ev{time.time_ns()}"}
    return json.dumps({**about, "event": event}).encode()


def _who() -> Json:
    return {
        "team": {"id": TEAM},
        "user": {"id": BOB, "team_id": TEAM},
        "trigger_id": f"{time.time_ns()}.none",
        "channel": {"id": "D0BOB"},
        "container": {"type": "message"},
    }


def _click(action: Json) -> Json:
    return {"type": "block_actions", "actions": [{"type": "button", **action}]}


def _view(callback_id: str, values: Json, found: Found) -> Json:
    (row,) = found.deliveries
    memory = {"zone": "UTC", "import": "none", "name": "posts.csv"}
    if callback_id != ids.COMPOSER:
        memory |= {"post": found.post.id, "delivery": row.id}
    memory_text = json.dumps(memory)
    if callback_id == ids.SLOTS_MODAL:
        memory_text = f"{row.account_id} UTC"
    fields = values or {ids.COMPOSER_TEXT: {"value": "Hello"}}
    return {
        "id": "V0",
        "hash": "h",
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": memory_text,
        "blocks": [{"type": "input", "block_id": each, "element": {}} for each in fields],
        "state": {"values": {each: {each: value} for each, value in fields.items()}},
    }


def refused(said: str) -> bool:
    """Whether a right was lacking, by all that Bob can read."""
    return any(each in said for each in REFUSALS)


async def truth() -> Json:
    """All that a refused deed must leave as it was."""
    return {
        "posts": await Post.all().order_by("id").values(),
        "deliveries": await Delivery.all().order_by("id").values(),
        "workspaces": await Workspace.all().values(),
        "rules": await Rules.all().values(),
        "accounts": await Account.all().order_by("id").values(),
        "series": await Series.all().values(),
        "events": await Event.all().count(),
    }
