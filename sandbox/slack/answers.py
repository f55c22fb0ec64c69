"""Does what the app answered to a submitted form: errors, update, push, clear or close."""

from __future__ import annotations

import logging
from typing import Any

from sandbox.slack.errors import SlackError
from sandbox.slack.rules import check_view
from sandbox.slack.views import close_view, push_view, update_view
from sandbox.slack.world import OpenView, World

log = logging.getLogger(__name__)

Json = dict[str, Any]

TROUBLE = "We had some trouble connecting. Try again?"


def honour_submission(world: World, view: OpenView, body: Any) -> None:
    """An answer that Slack would refuse leaves the form open with Slack's notice on it."""
    if view not in world.stacks[view.member.id]:
        return
    try:
        _honour(world, view, body)
    except SlackError as refusal:
        reasons = "; ".join(refusal.details.get("errors", [])) or refusal.error
        log.warning("answer to view_submission refused: %s", reasons)
        view.notice = TROUBLE
        world.toast(view.member, f"The app's answer was refused: {reasons}")


def _honour(world: World, view: OpenView, body: Any) -> None:
    match body:
        case _ if not body:
            close_view(world, view)
        case {"response_action": "clear"}:
            close_view(world, world.stacks[view.member.id][0])
        case {"response_action": "errors", "errors": dict(errors)} if errors:
            _show_errors(view, errors)
        case {"response_action": "update", "view": dict(spec)}:
            _check(spec)
            update_view(world, view, spec)
        case {"response_action": "push", "view": dict(spec)}:
            _check(spec)
            push_view(world, view.member, spec)
        case _:
            raise SlackError("invalid_arguments", errors=["unknown answer to view_submission"])


def _show_errors(view: OpenView, errors: Json) -> None:
    inputs = {block["block_id"] for block in view.body["blocks"] if block["type"] == "input"}
    unknown = sorted(set(errors) - inputs)
    if unknown:
        raise SlackError("invalid_arguments", errors=[f"no input block {unknown[0]} [/errors]"])
    if not all(isinstance(text, str) and text for text in errors.values()):
        raise SlackError("invalid_arguments", errors=["each error must be a text [/errors]"])
    view.errors = errors


def _check(spec: Json) -> None:
    problems = check_view(spec, surface="modal")
    if problems:
        raise SlackError.with_messages("invalid_arguments", problems)
