"""The forms behind the buttons of a card: post by hand, say that it is live, another time, another
text. Each remembers the post and the delivery that it was opened for, and the message whose buttons
it answers."""

from __future__ import annotations

import json
from dataclasses import dataclass

from bot import draft_times
from bot.draft_times import When
from bot.views import compose_fields, ids
from bot.views.accounts import Connect, connect_buttons
from bot.views.blocks import Json, actions, button, cut, field, modal
from bot.views.card import excerpt, media
from bot.views.standing import noted, reason, said, where
from scheduler import platforms
from scheduler.models import Delivery
from scheduler.platforms import ManualKit
from scheduler.posts import Found
from scheduler.walltime import Repeated

MOST_LINK = 2000
MOST_MEMORY = 3000
MOST_URL = 3000
# A form takes 250 kB; what is not ASCII takes six bytes in it.
MOST_COPIED = 30_000


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A message in the thread of a card, and what it says (mrkdwn)."""

    channel: str
    ts: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a form is about. `delivery_id` is 0 for the whole post."""

    post_id: str
    delivery_id: int = 0
    reply: Reply | None = None


def memory(target: Target, when: When | None = None) -> str:
    """What a form carries with it. The message that it answers is forgotten where Slack would not
    keep it: then its buttons stay, and do nothing any more."""
    time = draft_times.memory(when) if when else {}
    about = {"post": target.post_id, "delivery": target.delivery_id, **time}
    reply = target.reply
    kept = {**about, "reply": [reply.channel, reply.ts, reply.text]} if reply else about
    for each in (kept, about):
        written = json.dumps(each, ensure_ascii=False)
        if len(written.encode("utf-16-le")) // 2 <= MOST_MEMORY:
            return written
    return written


def read_target(view: Json) -> Target:
    """What a form that was sent is about."""
    kept = json.loads(view["private_metadata"])
    reply = kept.get("reply")
    return Target(
        post_id=kept["post"],
        delivery_id=kept["delivery"],
        reply=Reply(channel=reply[0], ts=reply[1], text=reply[2]) if reply else None,
    )


def read_time(view: Json) -> When:
    """The time that was chosen in a form."""
    return draft_times.read(view["state"]["values"], json.loads(view["private_metadata"]))


def post_manually(
    found: Found, delivery: Delivery, kit: ManualKit, target: Target, *, with_images: bool = True
) -> Json:
    """The kit for posting by hand: text to copy, media, where to post it, and the link of what was
    posted."""
    label, account = platforms.label(delivery.platform), found.accounts.get(delivery.account_id)
    first = (
        f"Post it on {where(delivery, account)} yourself, then press _Mark as Posted_. Postbot "
        "sends nothing there after that."
    )
    return modal(
        "Post manually",
        [
            said(first),
            *_pastes(kit),
            *media(found.media, with_images=with_images),
            *(
                [noted("Save the files from Slack; the link takes no files.")]
                if found.media
                else []
            ),
            *(noted(step) for step in kit.steps),
            actions(button(f"Open {label}", ids.OPEN_LINK, url=kit.url), block_id=ids.OPEN_LINK),
            _link_field(ids.MARK_POSTED_LINK, label),
        ],
        callback_id=ids.MARK_POSTED,
        submit="Mark as Posted",
        close="Cancel",
        private_metadata=memory(target),
    )


def confirm_live(found: Found, delivery: Delivery, target: Target) -> Json:
    """Where the author says that a doubtful post is live."""
    label, account = platforms.label(delivery.platform), found.accounts.get(delivery.account_id)
    first = (
        f"You saw {excerpt(found)} on {where(delivery, account)}. Postbot marks it as published "
        "and does not send it again."
    )
    return modal(
        "It is live",
        [said(first), noted(reason(delivery)), _link_field(ids.CONFIRM_LIVE_LINK, label)],
        callback_id=ids.CONFIRM_LIVE,
        submit="Mark as Published",
        close="Cancel",
        private_metadata=memory(target),
    )


def reconnect(found: Found, delivery: Delivery, connect: Connect | None) -> Json:
    """The way to the consent page of an account whose access ended, for whoever reads it."""
    account = found.accounts.get(delivery.account_id)
    first = (
        f"{where(delivery, account)} must be connected again: its access ended. Sign in there as "
        "the same profile. What waits for it goes out by itself then."
    )
    buttons = [actions(*connect_buttons([connect], style="primary"))] if connect else []
    none = [noted("It cannot be connected here now. Ask whoever runs Postbot.")]
    return modal("Reconnect", [said(first), *(buttons or none)], close="Close")


def reschedule(
    found: Found, when: When, target: Target, *, repeated: Repeated | None = None, notice: str = ""
) -> Json:
    """Another time for all that has not gone out. Shows both instants of a `repeated` time once it
    was typed."""
    chosen = [
        compose_fields.date_field(when),
        compose_fields.time_field(when),
        *([compose_fields.fold_field(when, repeated)] if repeated else []),
    ]
    return modal(
        "Reschedule",
        [
            *([said(notice)] if notice else []),
            said(f"When should {excerpt(found)} go out?"),
            *({**each, "dispatch_action": False, "optional": False} for each in chosen),
            {**compose_fields.words_field(when, pickers="above"), "dispatch_action": False},
        ],
        callback_id=ids.RESCHEDULE_MODAL,
        submit="Reschedule",
        close="Cancel",
        private_metadata=memory(target, when),
    )


def _pastes(kit: ManualKit) -> list[Json]:
    """What there is to copy, as far as a form can hold it."""
    blocks: list[Json] = []
    left = MOST_COPIED
    for label, text in kit.pastes:
        shown = cut(text, left) if left else ""
        left -= min(left, len(shown.encode("utf-16-le")) // 2)
        blocks += _to_copy(label, shown) if shown.strip() else []
        if shown != text:
            blocks.append(
                noted(f"{label}: this is longer than a form can show; the rest is missing here.")
            )
    return blocks


def _to_copy(label: str, text: str) -> list[Json]:
    piece = {"type": "text", "text": text}
    block = {"type": "rich_text_preformatted", "elements": [piece]}
    return [noted(f"{label} to copy:"), {"type": "rich_text", "elements": [block]}]


def _link_field(action_id: str, label: str) -> Json:
    element = {"type": "plain_text_input", "action_id": action_id, "max_length": MOST_LINK}
    hint = f"The address of the post on {label}. Leave it empty if you do not have it."
    return field("Link to the post", element, optional=True, hint=hint)
