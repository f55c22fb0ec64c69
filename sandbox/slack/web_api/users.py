"""users.*: people and their zones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.slack.cast import BOT_ID, BOT_NAME, BOT_USER_ID, TEAM_ID, Member
from sandbox.slack.web_api.call import Call, Method

Json = dict[str, Any]


def info(call: Call) -> Json:
    user_id = call.text("user")
    if user_id == BOT_USER_ID:
        return {"user": _bot()}
    return {"user": _user(call, call.member(user_id or ""))}


def list_all(call: Call) -> Json:
    here = [each for each in call.world.members.values() if each.team_id in call.teams]
    people = [_user(call, member) for member in here]
    return {
        "members": [*people, _bot()],
        "cache_ts": int(call.received_at),
        "response_metadata": {"next_cursor": ""},
    }


def _user(call: Call, member: Member) -> Json:
    now = call.received_at
    local = datetime.fromtimestamp(now, tz=UTC).astimezone(ZoneInfo(member.tz))
    offset = local.utcoffset()
    assert offset is not None
    return {
        "id": member.id,
        "team_id": member.team_id,
        "name": member.username,
        "deleted": member.id in call.desk.switches.left,
        "color": "9f69e7",
        "real_name": member.name,
        "tz": member.tz,
        "tz_label": local.tzname(),
        "tz_offset": int(offset.total_seconds()),
        "profile": _profile(member.name, member.team_id),
        "is_admin": member.is_admin,
        "is_owner": member.is_admin,
        "is_primary_owner": member.is_admin,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_bot": False,
        "is_app_user": False,
        "updated": int(now),
    }


def _bot() -> Json:
    profile = {**_profile(BOT_NAME, TEAM_ID), "bot_id": BOT_ID, "always_active": True}
    return {
        "id": BOT_USER_ID,
        "team_id": TEAM_ID,
        "name": BOT_NAME.lower(),
        "deleted": False,
        "real_name": BOT_NAME,
        "tz": "America/Los_Angeles",
        "profile": profile,
        "is_bot": True,
        "is_app_user": False,
    }


def _profile(name: str, team_id: str) -> Json:
    return {"real_name": name, "real_name_normalized": name, "display_name": name, "team": team_id}


METHODS = {
    "users.info": Method(info, scope="users:read", tier=4),
    "users.list": Method(list_all, scope="users:read", tier=2),
}
