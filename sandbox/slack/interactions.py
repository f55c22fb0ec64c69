"""What a member does in the client, and what the member then sees of the app's answer.

Each verb checks that the thing is there (else PageError), changes the world, and sends the
payload in the background: the effects are seen through the member's state.
"""

from __future__ import annotations

from typing import Any

from sandbox.slack import elements, messages, payloads
from sandbox.slack.answers import TROUBLE, honour_submission
from sandbox.slack.cast import BOT_NAME, COMMANDS, Member
from sandbox.slack.delivery import Ack, Undelivered
from sandbox.slack.desk import Desk
from sandbox.slack.errors import PageError
from sandbox.slack.executions import Execution
from sandbox.slack.payloads import Parcel
from sandbox.slack.responses import show_answer
from sandbox.slack.rich_text import rich_text_of
from sandbox.slack.rules import check_answer
from sandbox.slack.submission import problems_of
from sandbox.slack.views import close_view
from sandbox.slack.world import Conversation, Message, OpenView

Json = dict[str, Any]

NO_ANSWER = "Something went wrong: the app did not confirm what you did. Please try again."


def run_command(desk: Desk, member: Member, channel: str, *, line: str, origin: str) -> None:
    conversation = conversation_of(desk, member, channel)
    command, _, text = line.strip().partition(" ")
    if command == "/invite":
        _invite(desk, member, conversation, text.strip())
        return
    known = any(command == each["command"] for each in COMMANDS)
    known = known and desk.installs.of_team(member.team_id) is not None
    if not known or "commands" not in desk.switches.scopes:
        messages.say_to(desk.world, member, channel, f"{command} is not a valid command.")
        return
    parcel = payloads.slash_command(
        desk.world, member, conversation, command=command, text=text.strip(), origin=origin
    )
    desk.in_background(_send_command(desk, member, parcel))


def _invite(desk: Desk, member: Member, conversation: Conversation, whom: str) -> None:
    """Slack's own command, as far as it brings the bot into a channel."""
    if whom.lower() != f"@{BOT_NAME.lower()}" or conversation.kind != "channel":
        said = "Only `/invite @Postbot` is played here, in a channel."
    elif conversation.has_bot:
        said = f"{BOT_NAME} is already in this channel."
    else:
        conversation.has_bot = True
        said = f"{BOT_NAME} was added to #{conversation.name}."
    messages.say_to(desk.world, member, conversation.id, said)


def write_message(desk: Desk, member: Member, channel: str, **content: Any) -> Message:
    """Post as the member; `content` has text, thread_ts and files (file objects)."""
    conversation = conversation_of(desk, member, channel)
    text = content.get("text", "")
    blocks = [rich_text_of(text)] if text else []
    message = messages.post(desk.world, conversation, user=member.id, blocks=blocks, **content)
    if conversation.kind == "dm" and "im:history" in desk.switches.scopes:
        announce(desk, payloads.direct_message(desk.world, message))
    return message


def announce(desk: Desk, event: Parcel) -> None:
    """Send an event, twice when the switch says so."""
    for _ in range(2 if desk.switches.duplicate_events else 1):
        desk.in_background(desk.delivery.send_event(event))


def act_in_view(
    desk: Desk, member: Member, view_id: str, *, block_id: str, action_id: str, value: Any
) -> None:
    view = view_of(desk, member, view_id)
    block, element = _find(desk, view.id, view.body["blocks"], block_id, action_id)
    entry = _put(desk, view, block, element=element, value=value)
    if _is_quiet(block):
        return
    action = payloads.action_object(desk.world, block, element, entry=entry, value=value)
    parcel = payloads.action_in_view(desk.world, view, action)
    desk.in_background(_send_action(desk, member, parcel, view=view))


def act_in_message(
    desk: Desk,
    member: Member,
    message: Message,
    *,
    block_id: str,
    action_id: str,
    value: Any,
    origin: str,
) -> None:
    place = f"{message.channel}:{message.ts}"
    block, element = _find(desk, place, message.blocks, block_id, action_id)
    entry = None
    if elements.is_stateful(element):
        entry = elements.entry_from_page(element, value, desk.world.files)
        messages.inputs_of(message, member)[block_id][action_id] = entry
        desk.world.touch()
    if _is_quiet(block):
        return
    action = payloads.action_object(desk.world, block, element, entry=entry, value=value)
    parcel = payloads.action_in_message(desk.world, member, message, action=action, origin=origin)
    desk.in_background(_send_action(desk, member, parcel, view=None))


def put_input(
    desk: Desk, member: Member, view_id: str, *, block_id: str, action_id: str, value: Any
) -> None:
    """Remember what the member typed without telling the app."""
    view = view_of(desk, member, view_id)
    block, element = _find(desk, view.id, view.body["blocks"], block_id, action_id)
    if not elements.is_stateful(element):
        raise PageError("not_an_input")
    _put(desk, view, block, element=element, value=value)


def submit(desk: Desk, member: Member, view_id: str, *, origin: str) -> None:
    """Send the form, or show what is missing. Refused while an answer is awaited."""
    view = top_view(desk, member, view_id)
    if view.busy:
        raise PageError("busy")
    view.errors, view.notice = problems_of(view), None
    desk.world.touch()
    if not view.errors:
        view.busy = True
        parcel = payloads.view_submission(desk.world, view, origin=origin)
        desk.in_background(_send_submission(desk, view, parcel))


def close(desk: Desk, member: Member, view_id: str, *, everything: bool) -> None:
    """Close the top modal, or the whole stack; the app hears of it when it asked to."""
    view = top_view(desk, member, view_id)
    stack = desk.world.stacks[member.id]
    is_cleared = everything or bool(view.body["clear_on_close"])
    closed = stack[0] if is_cleared else view
    close_view(desk.world, closed)
    if closed.body["notify_on_close"]:
        parcel = payloads.view_closed(desk.world, closed, is_cleared=is_cleared)
        desk.in_background(_send_action(desk, member, parcel, view=None))


def open_home(desk: Desk, member: Member, tab: str) -> None:
    if tab not in ("home", "messages"):
        raise PageError("invalid_value")
    desk.world.dm_of(member)
    announce(desk, payloads.home_opened(desk.world, member, tab))


def uninstall(desk: Desk, member: Member, place: str) -> None:
    """Remove the app from a workspace or an organisation; it hears of it when nothing works any
    more."""
    if not member.is_admin:
        raise PageError("not_allowed")
    install = desk.installs.uninstall(place)
    if install is None:
        raise PageError("not_installed")
    desk.world.touch()
    for parcel in payloads.uninstalled(desk.world, install):
        announce(desk, parcel)


def run_step(desk: Desk, member: Member, callback_id: str, inputs: Json) -> Execution:
    """A workflow of the member's workspace comes to a step that the app does."""
    install = desk.installs.of_team(member.team_id)
    if install is None:
        raise PageError("not_installed")
    execution = desk.executions.begin(callback_id, member.team_id, inputs)
    token = desk.installs.step_token(install)
    announce(desk, payloads.function_executed(desk.world, execution, token))
    return execution


def use_shortcut(desk: Desk, member: Member, callback_id: str) -> None:
    parcel = payloads.global_shortcut(desk.world, member, callback_id)
    desk.in_background(_send_action(desk, member, parcel, view=None))


def use_message_shortcut(
    desk: Desk, member: Member, message: Message, *, callback_id: str, origin: str
) -> None:
    parcel = payloads.message_shortcut(
        desk.world, member, message, callback_id=callback_id, origin=origin
    )
    desk.in_background(_send_action(desk, member, parcel, view=None))


def conversation_of(desk: Desk, member: Member, channel: str) -> Conversation:
    conversation = desk.world.conversations.get(channel)
    if conversation is None or member.id not in conversation.members:
        raise PageError("channel_not_found")
    conversation.is_open = True
    return conversation


def message_of(desk: Desk, member: Member, channel: str, ts: str) -> Message:
    message = conversation_of(desk, member, channel).messages.get(ts)
    if message is None or message.only_for not in (None, member.id):
        raise PageError("message_not_found")
    return message


def view_of(desk: Desk, member: Member, view_id: str) -> OpenView:
    view = desk.world.view(view_id)
    if view is None or view.member != member:
        raise PageError("view_not_found")
    return view


def top_view(desk: Desk, member: Member, view_id: str) -> OpenView:
    stack = desk.world.stacks[member.id]
    if not stack or stack[-1].id != view_id:
        raise PageError("view_not_found")
    return stack[-1]


def _find(
    desk: Desk, place: str, blocks: list[Json], block_id: str, action_id: str
) -> tuple[Json, Json]:
    """A block and its element; a menu that the app fills has what the app offered last."""
    block, element = elements.find_element(blocks, block_id, action_id)
    if element["type"] not in ("external_select", "multi_external_select"):
        return block, element
    offered = desk.world.offered.get((place, block_id, action_id), {})
    first = [element["initial_option"]] if "initial_option" in element else []
    return block, {**element, "options": [*offered.values(), *first]}


def _is_quiet(block: Json) -> bool:
    return block["type"] == "input" and not block.get("dispatch_action")


def _put(desk: Desk, view: OpenView, block: Json, *, element: Json, value: Any) -> Json | None:
    if not elements.is_stateful(element):
        return None
    entry = elements.entry_from_page(element, value, desk.world.files)
    view.values[block["block_id"]][element["action_id"]] = entry
    view.errors.pop(block["block_id"], None)
    desk.world.touch()
    return entry


async def _send_command(desk: Desk, member: Member, parcel: Parcel) -> None:
    channel, command = parcel.payload["channel_id"], parcel.payload["command"]
    match await desk.delivery.send(parcel):
        case Ack(body):
            _show_command_answer(desk, member, channel, body=body)
        case Undelivered(reason="http_timeout"):
            said = f'{command} failed with the error "operation_timeout"'
            messages.say_to(desk.world, member, channel, said)
        case Undelivered():
            said = f'{command} failed with the error "dispatch_failed"'
            messages.say_to(desk.world, member, channel, said)


def _show_command_answer(desk: Desk, member: Member, channel: str, *, body: Any) -> None:
    answer = {"text": body} if isinstance(body, str) else body
    if not answer:
        return
    problems = check_answer(answer)
    if problems:
        command_refused = f"The app's answer was refused: {'; '.join(problems)}"
        messages.say_to(desk.world, member, channel, command_refused)
        return
    show_answer(desk.world, channel, member=member, answer=answer)


async def _send_action(
    desk: Desk, member: Member, parcel: Parcel, *, view: OpenView | None
) -> None:
    outcome = await desk.delivery.send(parcel)
    if isinstance(outcome, Ack):
        return
    if view is not None:
        view.notice = TROUBLE
    desk.world.toast(member, NO_ANSWER)


async def _send_submission(desk: Desk, view: OpenView, parcel: Parcel) -> None:
    outcome = await desk.delivery.send(parcel)
    view.busy = False
    match outcome:
        case Ack(body):
            honour_submission(desk.world, view, body)
        case Undelivered():
            view.notice = TROUBLE
    desk.world.touch()
