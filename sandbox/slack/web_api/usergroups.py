"""usergroups.*: the groups of a workspace, and who is in them."""

from __future__ import annotations

from typing import Any

from sandbox.slack.cast import GROUPS, SLACKBOT_ID, TEAM_ID, Group
from sandbox.slack.errors import SlackError
from sandbox.slack.web_api.call import Call, Method

Json = dict[str, Any]


def list_all(call: Call) -> Json:
    with_users = call.flag("include_users")
    return {"usergroups": [_group(each, with_users=with_users) for each in GROUPS]}


def users(call: Call) -> Json:
    wanted = call.required("usergroup")
    found = next((each for each in GROUPS if each.id == wanted), None)
    if found is None:
        raise SlackError("no_such_subteam")
    return {"users": list(found.members)}


def _group(group: Group, *, with_users: bool) -> Json:
    return {
        "id": group.id,
        "team_id": TEAM_ID,
        "is_usergroup": True,
        "name": group.name,
        "description": "",
        "handle": group.handle,
        "is_external": False,
        "date_delete": 0,
        "auto_type": None,
        "created_by": SLACKBOT_ID,
        "user_count": len(group.members),
        **({"users": list(group.members)} if with_users else {}),
    }


METHODS = {
    "usergroups.list": Method(list_all, scope="usergroups:read", tier=2),
    "usergroups.users.list": Method(users, scope="usergroups:read", tier=2),
}
