"""What the Slack app must be allowed and set up to do."""

from __future__ import annotations

#: What the bot token must be allowed, each with what needs it.
SCOPES = {
    "chat:write": "cards and notices",
    "commands": "the command and the shortcuts",
    "files:read": "the files of a post",
    "files:write": "the calendar as a file",
    "im:history": "looking for a message before it is sent again",
    "im:write": "direct messages",
    "users:read": "names, time zones and roles",
}
