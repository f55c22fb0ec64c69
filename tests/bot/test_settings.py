"""An admin sets roles, approvers and channels: `/schedule-post settings` and the button of Home."""

from __future__ import annotations

from typing import Any

import pytest

from bot.views import ids
from scheduler import members
from scheduler.models import Account, Member, Rules, Workspace
from scheduler.roles import MemberRole, role_of
from tests.bot.desk import ALICE, BOB, GENERAL, Desk, Form, block, block_ids, has, newest
from tests.bot.test_home import open_home, press

BRAND, APPROVALS, REVIEWERS = "C0BRAND", "C0APPROVALS", "S0REVIEWERS"


async def opened(desk: Desk) -> Form:
    await desk.command("settings")
    return await desk.opened()


async def rules(desk: Desk) -> Rules:
    return await Rules.get(workspace_id=desk.workspace.id)


async def test_what_an_admin_saves_is_there_when_the_form_is_opened_again(
    desk: Desk, account: Account
) -> None:
    form = await opened(desk)
    await form.fill(
        settings_default_role="contributor",
        settings_demand=[ids.SETTINGS_EVERY, str(account.id)],
        settings_approvers=[ALICE, BOB],
        settings_needed="2",
        settings_own=[ids.SETTINGS_YES],
        settings_remind="30",
        settings_review_channel=APPROVALS,
    )
    await form.fill(**{f"{ids.SETTINGS_ROLE}:publisher": [BOB]})
    await form.closes()

    stored = await rules(desk)
    assert (stored.approvers, stored.needed, stored.remind_minutes) == ([ALICE, BOB], 2, 30)
    assert (stored.every_account, stored.admins_approve_own) == (True, True)
    assert (stored.review_channel, stored.saved_by) == (APPROVALS, ALICE)
    assert (await Account.get(id=account.id)).needs_approval
    assert (await Workspace.get(id=desk.workspace.id)).default_role == "contributor"
    bob = await members.stale_member(desk.workspace.id, BOB)
    assert bob is not None
    assert role_of(bob) is MemberRole.PUBLISHER
    view = await (await opened(desk)).shows("Settings")
    shown = {name: block(view, name)["element"] for name in block_ids(view) if "settings" in name}
    assert shown[ids.SETTINGS_APPROVERS]["initial_users"] == [ALICE, BOB]
    assert shown[f"{ids.SETTINGS_ROLE}:publisher"]["initial_users"] == [BOB]
    assert shown[ids.SETTINGS_NEEDED]["initial_option"]["value"] == "2"
    assert shown[ids.SETTINGS_REMIND]["initial_option"]["value"] == "30"
    assert shown[ids.SETTINGS_REVIEW_CHANNEL]["initial_conversation"] == APPROVALS


async def test_the_button_of_home_opens_the_settings_for_admins_alone(desk: Desk) -> None:
    await open_home(desk)
    await press(desk, ids.HOME_SETTINGS)
    await (await desk.opened()).shows("Approvers", "Role of everybody else")

    await open_home(desk, BOB)
    home = await desk.sees(lambda state: state["home"], BOB)
    assert not has(home, ids.HOME_SETTINGS)


async def test_a_role_is_taken_away_again(desk: Desk) -> None:
    await Member.filter(user_id=BOB).update(role="viewer")

    form = await opened(desk)
    await form.fill(**{f"{ids.SETTINGS_ROLE}:viewer": []})
    await form.closes()

    assert (await Member.get(user_id=BOB)).role is None


async def test_two_admins_at_once_do_not_undo_each_others_roles(desk: Desk) -> None:
    form = await opened(desk)
    await Member.filter(user_id=BOB).update(role="contributor")

    await form.fill(**{f"{ids.SETTINGS_ROLE}:publisher": ["U0CAROL"]})
    await form.closes()

    roles = {member.user_id: member.role for member in await Member.all()}
    assert roles == {ALICE: None, BOB: "contributor", "U0CAROL": "publisher"}


async def test_a_member_in_two_lists_is_refused_and_nothing_is_stored(desk: Desk) -> None:
    form = await opened(desk)
    for role in ("publisher", "viewer"):
        await form.fill(**{f"{ids.SETTINGS_ROLE}:{role}": [BOB]})

    errors = await form.errors()

    assert list(errors) == [f"{ids.SETTINGS_ROLE}:viewer"]
    assert not await Rules.exists()


async def test_more_approvals_than_approvers_are_refused(desk: Desk) -> None:
    form = await opened(desk)

    errors = await (await form.fill(settings_approvers=[ALICE, BOB], settings_needed="3")).errors()

    assert "Only 2 approvers" in errors[ids.SETTINGS_NEEDED]


async def test_a_channel_without_postbot_says_how_to_invite_it_and_then_works(desk: Desk) -> None:
    form = await (await opened(desk)).fill(settings_brand_channel=BRAND)

    errors = await form.errors()
    assert "/invite @Postbot" in errors[ids.SETTINGS_BRAND_CHANNEL]
    assert not await Rules.exists()

    await desk.does("command", ALICE, channel=BRAND, text="/invite @Postbot")
    await form.closes()

    assert (await rules(desk)).brand_channel == BRAND
    await desk.sees(lambda state: has(newest(state, BRAND), "Cards of posts stand here", ALICE))


async def test_a_channel_is_told_once_what_it_is_for(desk: Desk) -> None:
    for needed in ("1", "2"):
        form = await opened(desk)
        await form.fill(settings_review_channel=APPROVALS, settings_needed=needed)
        await form.closes()

    assert len(await desk.messages(channel=APPROVALS)) == 1


async def test_a_user_group_is_found_by_its_name(desk: Desk) -> None:
    form = await opened(desk)
    about = {"block_id": ids.SETTINGS_GROUP, "action_id": ids.SETTINGS_GROUP, "query": "revi"}
    found = await desk.does("suggest", container={"type": "view", "view_id": form.id}, **about)
    assert [each["value"] for each in found["options"]] == [REVIEWERS]

    await form.fill(settings_group=REVIEWERS)
    await form.closes()

    stored = await rules(desk)
    assert (stored.approver_group, stored.group_name) == (REVIEWERS, "Reviewers")


async def test_without_the_permission_to_read_groups_the_menu_is_empty(desk: Desk) -> None:
    await desk.switch(removed_scopes=["usergroups:read"])
    form = await opened(desk)
    about = {"block_id": ids.SETTINGS_GROUP, "action_id": ids.SETTINGS_GROUP, "query": ""}

    found = await desk.does("suggest", container={"type": "view", "view_id": form.id}, **about)

    assert found["options"] == []


async def test_an_account_of_another_workspace_is_left_alone(desk: Desk, account: Account) -> None:
    form = await opened(desk)
    await form.fill(settings_demand=[str(account.id)])
    other = await members.workspace(desk.runtime, "T0OTHER")
    await Account.filter(id=account.id).update(workspace_id=other.id)

    await form.closes()

    assert not (await Account.get(id=account.id)).needs_approval


@pytest.mark.parametrize("word", ["settings", "Settings"])
async def test_who_is_no_admin_is_told_who_is(desk: Desk, word: str) -> None:
    await desk.command(word, BOB)

    message: Any = await desk.sees(lambda state: newest(state, GENERAL), BOB)

    assert "Only admins of this workspace" in message["text"]
