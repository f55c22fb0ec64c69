"""Installing Postbot in a Slack workspace: the way to Slack's consent page, and the way back."""

from __future__ import annotations

import secrets

from aiohttp import web

from bot.manifest import REDIRECT
from bot.oauth import InstallError
from bot.web import browser, pages
from bot.web.keys import CLIENTS, RUNTIME
from scheduler import install_consents, installations
from scheduler.models import Installation

PATH = "/slack/install"
_NOT_BEGUN = (
    "This browser did not begin to install Postbot, or took longer than ten minutes, or has done "
    f"it already. Start again at `{PATH}`."
)
_NOT_SET_UP = (
    "This Postbot is not set up to be installed from here. Ask whoever runs it to set "
    "SLACK_CLIENT_ID and SLACK_CLIENT_SECRET."
)


def add_routes(app: web.Application) -> None:
    # Previewers ask with HEAD; they shall not begin anything.
    app.router.add_get(PATH, begin, allow_head=False)
    app.router.add_get(REDIRECT, finish, allow_head=False)


async def begin(request: web.Request) -> web.StreamResponse:
    """Sends the browser to Slack, and marks it as the one that may come back."""
    clients, runtime = request.app.get(CLIENTS), request.app[RUNTIME]
    if clients is None or clients.oauth is None:
        return pages.page("Not installed", _NOT_SET_UP, status=404)
    secret = secrets.token_urlsafe(32)
    state = await install_consents.begin(runtime, browser=secret)
    url = clients.oauth.consent_url(state)
    response = web.Response(status=302, headers={"Location": url, "Cache-Control": "no-store"})
    browser.mark(response, runtime, path=REDIRECT, about=state, secret=secret)
    return response


async def finish(request: web.Request) -> web.StreamResponse:
    """Takes the consent that Slack sent back."""
    clients, runtime = request.app.get(CLIENTS), request.app[RUNTIME]
    if clients is None or clients.oauth is None:
        return pages.page("Not installed", _NOT_SET_UP, status=404)
    state = request.query.get("state", "")
    secret = browser.secret_of(request, state)
    if not secret or not await install_consents.use_up(runtime, state=state, browser=secret):
        return _not_installed(_NOT_BEGUN)
    if "error" in request.query or "code" not in request.query:
        return _not_installed(_denied(request))
    try:
        grant = await clients.oauth.redeem(request.query["code"])
    except InstallError as error:
        return _not_installed(str(error))
    response = _installed(await installations.save(runtime, grant))
    browser.unmark(response, path=REDIRECT, about=state)
    return response


def _installed(installation: Installation) -> web.Response:
    name = installation.name or installation.place
    where = f"the workspaces of {name}" if installation.is_enterprise_install else name
    return pages.page(
        f"Postbot is installed in {where}",
        "Go back to Slack and type `/schedule-post help`. You can close this window.",
    )


def _not_installed(text: str) -> web.Response:
    return pages.page("Not installed", text, status=400)


def _denied(request: web.Request) -> str:
    if request.query.get("error") == "access_denied":
        return "You did not allow Postbot in your workspace, so nothing was installed."
    return f"Something went wrong at Slack, so nothing was installed. Start again at `{PATH}`."
