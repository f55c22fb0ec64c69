"""Puts the Slack app together: who may speak to it, who answers, and what is said when something
goes wrong."""

from __future__ import annotations

import logging
import secrets
from typing import Any

import structlog
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp, AsyncBoltContext
from slack_bolt.error import BoltUnhandledRequestError

from bot.background import Background
from bot.clients import Clients
from bot.home_watch import HomeWatch
from bot.installation import authorize, recognise
from bot.listeners import (
    accounts,
    calendar,
    compose,
    digest,
    drafts,
    exports,
    figures,
    help,
    home,
    imports,
    places,
    posts_list,
    recovery,
    removal,
    repeats,
    review,
    settings,
    slots,
    workflow,
)
from bot.slack import respond, tell
from bot.views import help as help_views
from bot.views import ids
from scheduler.accounts import AccountError
from scheduler.installations import NotInstalled
from scheduler.posts import PostError
from scheduler.runtime import Runtime

Json = dict[str, Any]

log = structlog.get_logger(__name__)

OTHER_WORKSPACE = "This Postbot belongs to another workspace. Ask an admin to install it here."


def build_app(
    runtime: Runtime,
    clients: Clients,
    *,
    background: Background | None = None,
    watch: HomeWatch | None = None,
) -> AsyncApp:
    """The app that answers verified requests; whoever calls it has checked the signature."""

    async def know_workspace(context: AsyncBoltContext, body: Json, next: Any) -> Any:
        if removal.is_removal(body):
            return await next()
        try:
            await recognise(clients, context, body)
        except NotInstalled:
            log.warning("request of another workspace", team=context.team_id)
            return _refusal(body)
        return await next()

    # Bolt would warn of every token that it finds beside `authorize`, in the environment too.
    quiet = logging.getLogger("postbot.bolt")
    quiet.setLevel(logging.ERROR)
    app = AsyncApp(
        name="postbot",
        client=clients.bearing(None),
        logger=quiet,
        process_before_response=True,
        raise_error_for_unhandled_request=True,
        request_verification_enabled=False,
        before_authorize=know_workspace,
        authorize=authorize,
    )
    app.error(_answer_failure)
    _register(app, runtime, clients, background or Background(), watch or HomeWatch())
    return app


def _register(
    app: AsyncApp, runtime: Runtime, clients: Clients, background: Background, watch: HomeWatch
) -> None:
    """Listeners are asked in this order: those of the sub-commands before the composer, which
    takes every other text."""
    help.register(app, runtime)
    posts_list.register(app, runtime)
    drafts.register(app, runtime)
    accounts.register(app, runtime, background)
    settings.register(app, runtime)
    places.register(app, runtime, background)
    imports.register(app, runtime, background)
    exports.register(app, runtime, background)
    calendar.register(app, runtime)
    figures.register(app, runtime)
    slots.register(app, runtime)
    repeats.register(app, runtime)
    digest.register(app, runtime)
    compose.register(app, runtime, background)
    review.register(app, runtime, clients, background)
    recovery.register(app, runtime, clients, background)
    home.register(app, runtime, background, watch)
    removal.register(app, clients)
    workflow.register(app, runtime)


def _refusal(body: Json) -> BoltResponse:
    if "command" in body:
        return BoltResponse(
            status=200, body={"response_type": "ephemeral", "text": OTHER_WORKSPACE}
        )
    return BoltResponse(status=403, body={"error": "this app belongs to another workspace"})


async def _answer_failure(error: Exception, body: Json, context: AsyncBoltContext) -> BoltResponse:
    if isinstance(error, BoltUnhandledRequestError):
        return _unhandled(body)
    if isinstance(error, PostError | AccountError):
        said = str(error)
    else:
        incident = secrets.token_hex(4)
        log.error("incident", incident=incident, error=repr(error), exc_info=error)
        said = (
            "Something went wrong on our side and nothing was changed. Please try again; if it "
            f"happens again, tell whoever runs Postbot this number: {incident}."
        )
    return await _say(body, context, said)


def _unhandled(body: Json) -> BoltResponse:
    """Slack sends more kinds of events than anybody asked for; a command always gets an answer."""
    log.info("request without a listener", type=body.get("type") or body.get("command"))
    if "command" in body:
        return BoltResponse(status=200, body=help_views.help_message())
    return BoltResponse(status=200, body="")


async def _say(body: Json, context: AsyncBoltContext, said: str) -> BoltResponse:
    """A sentence at the place where the member acted."""
    match body.get("type"):
        case None if "command" in body:
            return BoltResponse(status=200, body={"response_type": "ephemeral", "text": said})
        case "view_submission":
            return BoltResponse(status=200, body=_form_answer(body["view"], said))
        case "event_callback":
            # Slack sends it again.
            return BoltResponse(status=500, body="")
    if context.response_url:
        message = {"text": said, "response_type": "ephemeral", "replace_original": False}
        await respond(context.client, context.response_url, message)
    elif context.user_id:
        await tell(context.client, context.user_id, said)
    return BoltResponse(status=200, body="")


def _form_answer(view: Json, said: str) -> Json:
    """The sentence at the form's text, or at its first field, so that nothing typed is lost."""
    fields = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]
    place = ids.COMPOSER_TEXT if ids.COMPOSER_TEXT in fields else next(iter(fields), "")
    return {"response_action": "errors", "errors": {place: said}}
