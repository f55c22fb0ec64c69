"""Which role counts for a member."""

from __future__ import annotations

import pytest

from scheduler import members
from scheduler.models import Member
from scheduler.roles import MemberRole, role_of
from scheduler.runtime import Runtime

VIEWER, CONTRIBUTOR, PUBLISHER, ADMIN = MemberRole


@pytest.mark.parametrize(
    ("is_admin", "own", "default", "role"),
    [
        (False, None, None, PUBLISHER),
        (False, None, "viewer", VIEWER),
        (False, "contributor", "viewer", CONTRIBUTOR),
        (False, "admin", "viewer", ADMIN),
        (True, "viewer", "viewer", ADMIN),
    ],
    ids=["nothing said", "the default", "their own", "made an admin", "an admin in Slack"],
)
async def test_a_role_of_ones_own_beats_the_default_and_an_admin_in_slack_beats_both(
    runtime: Runtime, is_admin: bool, own: str | None, default: str | None, role: MemberRole
) -> None:
    workspace = await members.workspace(runtime, "T0ROLES")
    await workspace.update_from_dict({"default_role": default}).save()
    await members.remember_member(
        runtime, workspace.id, "U0CAROL", name="Carol", timezone="UTC", is_admin=is_admin
    )
    await Member.filter(user_id="U0CAROL").update(role=own)

    fresh = await members.find_member(runtime, workspace.id, "U0CAROL")

    assert fresh is not None
    assert role_of(fresh) is role


async def test_somebody_whom_slack_did_not_describe_has_the_default_role(runtime: Runtime) -> None:
    workspace = await members.workspace(runtime, "T0ROLES")
    await workspace.update_from_dict({"default_role": "contributor"}).save()

    assert role_of(await members.stranger(runtime, workspace.id, "U0NEW")) is CONTRIBUTOR


async def test_what_slack_says_of_a_member_leaves_their_role_alone(runtime: Runtime) -> None:
    workspace = await members.workspace(runtime, "T0ROLES")
    about = {"name": "Carol", "timezone": "UTC", "is_admin": False}
    await members.remember_member(runtime, workspace.id, "U0CAROL", **about)
    await Member.filter(user_id="U0CAROL").update(role="viewer")

    again = await members.remember_member(runtime, workspace.id, "U0CAROL", **about)

    assert role_of(again) is VIEWER


def test_nobody_has_a_right_by_a_workspace_that_was_not_loaded() -> None:
    assert role_of(Member(user_id="U0CAROL")) is VIEWER


@pytest.mark.parametrize("lower", MemberRole)
@pytest.mark.parametrize("higher", MemberRole)
def test_a_role_may_whatever_those_below_it_may(lower: MemberRole, higher: MemberRole) -> None:
    order = [VIEWER, CONTRIBUTOR, PUBLISHER, ADMIN]

    assert higher.reaches(lower) is (order.index(higher) >= order.index(lower))
