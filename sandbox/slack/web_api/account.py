"""The app's own account: who am I, where do I connect, how was I installed."""

from __future__ import annotations

from typing import Any

from sandbox.slack.cast import (
    APP_ID,
    BOT_ID,
    BOT_NAME,
    BOT_USER_ID,
    ENTERPRISES,
    TEAMS,
)
from sandbox.slack.errors import SlackError
from sandbox.slack.installs import TOKEN_SECONDS, Install
from sandbox.slack.web_api.call import Call, Method

Json = dict[str, Any]


def auth_test(call: Call) -> Json:
    install = call.install
    assert install is not None
    me: Json = {
        "user": BOT_NAME.lower(),
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": install.is_enterprise_install,
    }
    if install.is_enterprise_install:
        name = ENTERPRISES[install.place]
        # Of an installation for all, the organisation stands in the place of the workspace.
        org = {"team": name, "team_id": install.place, "enterprise_id": install.place}
        return {"url": "https://grid.enterprise.slack.com/", **org, **me}
    team = TEAMS[install.place]
    enterprise = {"enterprise_id": team.enterprise_id} if team.enterprise_id else {}
    url = f"https://{team.domain}.slack.com/"
    return {"url": url, "team": team.name, "team_id": team.id, **enterprise, **me}


def auth_revoke(call: Call) -> Json:
    call.desk.installs.revoke(str(call.token))
    return {"revoked": True}


def open_connection(call: Call) -> Json:
    host = call.origin.removeprefix("http://")
    return {"url": call.desk.socket_mode.new_url(host)}


def oauth_access(call: Call) -> Json:
    """Exchange a code that the consent page gave, or a refresh token."""
    settings, installs = call.desk.settings, call.desk.installs
    if call.text("client_id") != settings.client_id:
        raise SlackError("invalid_client_id")
    if call.text("client_secret") != settings.client_secret:
        raise SlackError("bad_client_secret")
    if call.text("grant_type") == "refresh_token":
        install, token = installs.refresh(call.text("refresh_token") or "")
        return _granted(call, install, token)
    if call.text("grant_type") not in (None, "authorization_code"):
        raise SlackError("invalid_grant_type")
    redirect_uri = call.text("redirect_uri") or ""
    install, token = installs.redeem(call.text("code") or "", redirect_uri=redirect_uri)
    call.world.touch()
    return {**_granted(call, install, token), "authed_user": {"id": install.installed_by}}


def _granted(call: Call, install: Install, token: str) -> Json:
    team = TEAMS.get(install.place)
    enterprise_id = team.enterprise_id if team else install.place
    org = {"id": enterprise_id, "name": ENTERPRISES[enterprise_id]} if enterprise_id else None
    granted: Json = {
        "access_token": token,
        "token_type": "bot",
        "scope": ",".join(call.desk.installs.scopes(install)),
        "bot_user_id": BOT_USER_ID,
        "app_id": APP_ID,
        "team": {"name": team.name, "id": team.id} if team else None,
        "enterprise": org,
        "is_enterprise_install": install.is_enterprise_install,
    }
    if token.startswith("xoxe."):
        granted |= {"expires_in": TOKEN_SECONDS, "refresh_token": install.refresh_token}
    return granted


METHODS = {
    "auth.test": Method(auth_test),
    "auth.revoke": Method(auth_revoke),
    "apps.connections.open": Method(open_connection, tier=3, token="app"),  # noqa: S106
    "oauth.v2.access": Method(oauth_access, tier=4, token="none"),  # noqa: S106
}
