"""views.*: modals and Home tabs."""

from __future__ import annotations

import json
from typing import Any

from sandbox.slack import views
from sandbox.slack.cast import Member
from sandbox.slack.errors import SlackError
from sandbox.slack.rules import Surface, check_view
from sandbox.slack.triggers import Trigger
from sandbox.slack.web_api.call import Call, Method
from sandbox.slack.world import OpenView

Json = dict[str, Any]

#: Bytes of a whole view.
SIZE_LIMIT = 250_000


def open_view(call: Call) -> Json:
    trigger = _trigger(call)
    spec = _spec(call, surface="modal")
    view = views.open_view(call.world, call.world.members[trigger.member_id], spec)
    trigger.used = True
    call.record(view_id=view.id, user=view.member.id)
    return {"view": view.body}


def push(call: Call) -> Json:
    """Lay a view on the stack; the trigger must come from a modal that is still open."""
    trigger = _trigger(call)
    spec = _spec(call, surface="modal")
    member = call.world.members[trigger.member_id]
    if trigger.view_id not in [view.id for view in call.world.stacks[member.id]]:
        raise SlackError("not_found")
    view = views.push_view(call.world, member, spec)
    trigger.used = True
    return {"view": view.body}


def update(call: Call) -> Json:
    view = _named_view(call)
    surface: Surface = "home" if view.body["type"] == "home" else "modal"
    spec = _spec(call, surface=surface)
    views.check_hash(view, call.text("hash"))
    views.update_view(call.world, view, spec)
    return {"view": view.body}


def publish(call: Call) -> Json:
    if not call.desk.switches.home_tab:
        raise SlackError("not_enabled")
    member = _member(call, call.required("user_id"))
    spec = _spec(call, surface="home")
    home = call.world.homes.get(member.id)
    if home is not None:
        views.check_hash(home, call.text("hash"))
    return {"view": views.publish_home(call.world, member, spec).body}


def _trigger(call: Call) -> Trigger:
    trigger = call.world.triggers.check(call.required("trigger_id"))
    if call.world.members[trigger.member_id].team_id not in call.teams:
        raise SlackError("invalid_trigger_id")
    return trigger


def _spec(call: Call, *, surface: Surface) -> Json:
    spec = call.structure("view", error="invalid_arguments")
    if spec is None:
        raise SlackError.with_messages("invalid_arguments", ["missing required field: view"])
    if len(json.dumps(spec)) > SIZE_LIMIT:
        raise SlackError("view_too_large")
    problems = check_view(spec, surface=surface)
    if problems:
        raise SlackError.with_messages("invalid_arguments", problems)
    return dict(spec)


def _named_view(call: Call) -> OpenView:
    view_id, external_id = call.text("view_id"), call.text("external_id")
    if not view_id and not external_id:
        raise SlackError.with_messages("invalid_arguments", ["missing required field: view_id"])
    for view in call.world.open_views():
        if view.member.team_id not in call.teams:
            continue
        if view.id == view_id or (external_id and view.body["external_id"] == external_id):
            return view
    raise SlackError("not_found")


def _member(call: Call, user_id: str) -> Member:
    return call.member(user_id)


METHODS = {
    "views.open": Method(open_view, tier=4),
    "views.push": Method(push, tier=4),
    "views.update": Method(update, tier=4),
    "views.publish": Method(publish, tier=4),
}
