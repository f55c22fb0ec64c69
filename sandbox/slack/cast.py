"""Who and what exists in the workspace from the start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TEAM_ID = "T0SANDBOX"
TEAM_NAME = "Acme Social"
TEAM_DOMAIN = "acme-social"
APP_ID = "A0POSTBOT"
BOT_ID = "B0POSTBOT"
BOT_USER_ID = "U0BOT"
BOT_NAME = "Postbot"
SLACKBOT_ID = "USLACKBOT"
GENERAL_ID = "C0GENERAL"
APPROVALS_ID = "C0APPROVALS"
#: A channel that nobody has invited the bot to.
BRAND_ID = "C0BRAND"
REVIEWERS_ID = "S0REVIEWERS"
VERIFICATION_TOKEN = "sandbox-verification-token"  # noqa: S105 - sent by Slack, trusted by nobody

#: What the bot token may do until a switch takes a scope away.
SCOPES = (
    "commands",
    "chat:write",
    "im:write",
    "im:history",
    "users:read",
    "files:read",
    "files:write",
    "usergroups:read",
)

COMMANDS: list[dict[str, Any]] = [
    {
        "command": "/schedule-post",
        "usage_hint": (
            "[text] | list | drafts | repeats | digest <time> | status <id> | accounts | import "
            "| export | calendar | stats | settings | help"
        ),
    }
]


#: Steps of workflows that the app does.
FUNCTIONS: dict[str, dict[str, Any]] = {
    "schedule_post": {
        "input_parameters": {
            "properties": {
                "author": {"type": "slack#/types/user_id"},
                "text": {"type": "string"},
                "accounts": {"type": "string"},
                "time": {"type": "slack#/types/timestamp"},
            },
            "required": ["author", "text", "accounts"],
        },
        "output_parameters": {
            "properties": {"post_id": {"type": "string"}},
            "required": ["post_id"],
        },
    }
}


@dataclass(frozen=True)
class Team:
    """A workspace. `enterprise_id` is empty where it is in no organisation."""

    id: str
    name: str
    domain: str
    channel: str
    enterprise_id: str = ""


#: The organisations.
ENTERPRISES = {"E0GRID": "Grid Corp"}
TEAMS = {
    team.id: team
    for team in (
        Team(TEAM_ID, TEAM_NAME, TEAM_DOMAIN, GENERAL_ID),
        Team("T0BRANCH", "Branch Studio", "branch-studio", "C0BRANCH"),
        Team("T0NORTH", "Grid North", "grid-north", "C0NORTH", "E0GRID"),
        Team("T0SOUTH", "Grid South", "grid-south", "C0SOUTH", "E0GRID"),
    )
}


@dataclass(frozen=True)
class Member:
    """A person of a workspace; `tz` is an IANA zone."""

    id: str
    name: str
    tz: str
    dm_id: str
    is_admin: bool = False
    team_id: str = TEAM_ID

    @property
    def team(self) -> Team:
        return TEAMS[self.team_id]

    @property
    def username(self) -> str:
        return self.name.lower()


MEMBERS = (
    Member("U0ALICE", "Alice", "America/New_York", "D0ALICE", is_admin=True),
    Member("U0BOB", "Bob", "Europe/Berlin", "D0BOB"),
    Member("U0CAROL", "Carol", "Asia/Tokyo", "D0CAROL"),
    Member("U0DANA", "Dana", "Asia/Tokyo", "D0DANA", is_admin=True, team_id="T0BRANCH"),
    Member("W0NORA", "Nora", "Europe/Oslo", "D0NORA", is_admin=True, team_id="T0NORTH"),
    Member("W0SAM", "Sam", "America/Bogota", "D0SAM", is_admin=True, team_id="T0SOUTH"),
)


@dataclass(frozen=True)
class Group:
    """A user group; members mention it as `@handle`."""

    id: str
    name: str
    handle: str
    members: tuple[str, ...]


GROUPS = (Group(REVIEWERS_ID, "Reviewers", "reviewers", ("U0BOB",)),)

NAMES = {BOT_USER_ID: BOT_NAME, SLACKBOT_ID: "Slackbot"}


def crowd(number: int) -> tuple[Member, ...]:
    """So many more members, for a workspace that is full of people."""
    zones = ("America/New_York", "Europe/Berlin")
    return tuple(
        Member(f"U1CROWD{n:04}", f"Member {n}", zones[n % 2], f"D1CROWD{n:04}")
        for n in range(1, number + 1)
    )
