"""Opens, pushes, updates, publishes and closes views; at most three modals lie on each other."""

from __future__ import annotations

import copy
import secrets
from typing import Any

from sandbox.slack.cast import APP_ID, BOT_ID, Member
from sandbox.slack.elements import state_values, with_ids
from sandbox.slack.errors import SlackError
from sandbox.slack.ids import new_id
from sandbox.slack.world import OpenView, World

Json = dict[str, Any]

#: Slack: views.open and two pushes.
STACK_LIMIT = 3


def open_view(world: World, member: Member, spec: Json) -> OpenView:
    """Show a modal; one that is already open makes room for it."""
    _check_external_id(world, spec)
    view = OpenView(_new_body(world, member, spec, below=None), member)
    world.stacks[member.id] = [view]
    world.touch()
    return view


def push_view(world: World, member: Member, spec: Json) -> OpenView:
    """Lay a modal on the member's stack. Raises SlackError `push_limit_reached`."""
    stack = world.stacks[member.id]
    if len(stack) >= STACK_LIMIT:
        raise SlackError("push_limit_reached")
    _check_external_id(world, spec)
    view = OpenView(_new_body(world, member, spec, below=stack[-1] if stack else None), member)
    stack.append(view)
    world.touch()
    return view


def update_view(world: World, view: OpenView, spec: Json) -> None:
    """Show another content under the same id; what was typed stays where both ids stay."""
    _check_external_id(world, spec, besides=view)
    kept = ("id", "previous_view_id", "root_view_id")
    old = view.body
    view.body = {
        **_body(world, view.member, spec, old_values=view.values),
        **{key: old[key] for key in kept},
    }
    view.notice = None
    inputs = view.body["state"]["values"]
    view.errors = {block: text for block, text in view.errors.items() if block in inputs}
    world.touch()


def publish_home(world: World, member: Member, spec: Json) -> OpenView:
    """Show the member's Home tab; the view keeps its id from one publication to the next."""
    home = world.homes.get(member.id)
    if home is not None:
        update_view(world, home, spec)
        return home
    _check_external_id(world, spec)
    home = OpenView(_new_body(world, member, spec, below=None), member)
    world.homes[member.id] = home
    world.touch()
    return home


def close_view(world: World, view: OpenView) -> None:
    """Take this view and what lies on it off the stack."""
    stack = world.stacks[view.member.id]
    if view in stack:
        del stack[stack.index(view) :]
    world.touch()


def check_hash(view: OpenView, given: str | None) -> None:
    """Raises SlackError `hash_conflict` when the caller has seen an older view."""
    if given and given != view.body["hash"]:
        raise SlackError("hash_conflict")


def _new_body(world: World, member: Member, spec: Json, *, below: OpenView | None) -> Json:
    body = _body(world, member, spec, old_values=None)
    body["id"] = new_id("V")
    body["previous_view_id"] = below.id if below else None
    body["root_view_id"] = below.body["root_view_id"] if below else body["id"]
    return body


def _body(world: World, member: Member, spec: Json, *, old_values: Json | None) -> Json:
    blocks = with_ids(copy.deepcopy(spec["blocks"]))
    return {
        "team_id": member.team_id,
        "type": spec["type"],
        "blocks": blocks,
        "private_metadata": spec.get("private_metadata", ""),
        "callback_id": spec.get("callback_id", ""),
        "state": {"values": state_values(blocks, old_values)},
        "hash": f"{int(world.clock())}.{secrets.token_hex(4)}",
        "title": spec.get("title"),
        "clear_on_close": spec.get("clear_on_close", False),
        "notify_on_close": spec.get("notify_on_close", False),
        "close": spec.get("close"),
        "submit": spec.get("submit"),
        "app_id": APP_ID,
        "external_id": spec.get("external_id", ""),
        "app_installed_team_id": _installed_in(world, member),
        "bot_id": BOT_ID,
    }


def _installed_in(world: World, member: Member) -> str:
    """The workspace, or the organisation that the app is installed in for all of it."""
    install = world.installs.of_team(member.team_id)
    return install.place if install else member.team_id


def _check_external_id(world: World, spec: Json, *, besides: OpenView | None = None) -> None:
    wanted = spec.get("external_id")
    others = [view for view in world.open_views() if view is not besides]
    if wanted and any(view.body["external_id"] == wanted for view in others):
        raise SlackError("duplicate_external_id")
