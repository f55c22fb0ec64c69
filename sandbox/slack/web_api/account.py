"""The app's own account: who am I, where do I connect, how was I installed."""

from __future__ import annotations

from typing import Any

from sandbox.slack.cast import (
    APP_ID,
    BOT_ID,
    BOT_NAME,
    BOT_USER_ID,
    MEMBERS,
    TEAM_DOMAIN,
    TEAM_ID,
    TEAM_NAME,
)
from sandbox.slack.errors import SlackError
from sandbox.slack.web_api.call import Call, Method

Json = dict[str, Any]


def auth_test(call: Call) -> Json:
    return {
        "url": f"https://{TEAM_DOMAIN}.slack.com/",
        "team": TEAM_NAME,
        "user": BOT_NAME.lower(),
        "team_id": TEAM_ID,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def open_connection(call: Call) -> Json:
    host = call.origin.removeprefix("http://")
    return {"url": call.desk.socket_mode.new_url(host)}


def oauth_access(call: Call) -> Json:
    """Exchange any non-empty code; the installation is always this workspace's."""
    if not call.text("client_id"):
        raise SlackError("invalid_client_id")
    if not call.text("client_secret"):
        raise SlackError("bad_client_secret")
    if not call.text("code"):
        raise SlackError("invalid_code")
    return {
        "access_token": call.desk.settings.bot_token,
        "token_type": "bot",
        "scope": ",".join(call.desk.switches.scopes),
        "bot_user_id": BOT_USER_ID,
        "app_id": APP_ID,
        "team": {"name": TEAM_NAME, "id": TEAM_ID},
        "enterprise": None,
        "is_enterprise_install": False,
        "authed_user": {"id": MEMBERS[0].id},
    }


METHODS = {
    "auth.test": Method(auth_test),
    "apps.connections.open": Method(open_connection, tier=3, token="app"),  # noqa: S106
    "oauth.v2.access": Method(oauth_access, tier=4, token="none"),  # noqa: S106
}
