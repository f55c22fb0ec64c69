"""The one live message of a post: how it stands everywhere, and the buttons that fit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.views import ids, offers
from bot.views import review as reviews
from bot.views.blocks import Json, actions, button, confirm, cut, escape, header
from bot.views.standing import followed, noted, said, sentence, where
from scheduler import platforms, recurrence
from scheduler.approval import Review
from scheduler.models import Delivery, MediaFile
from scheduler.posts import Found
from scheduler.recurrence import Rule
from scheduler.states import State, Summary

#: With two blocks for each row, and the rest of the card, this keeps within Slack's 50 blocks.
MOST_ROWS = 16
MOST_IMAGES = 4
MOST_QUOTED = 2800
_MOST_NAMES = 1500
# What Slack shows of a file that lies in Slack.
_SHOWN_TYPES = frozenset({"image/png", "image/jpeg", "image/gif"})

_LABELS = {
    ids.RETRY_NOW: "Retry Now",
    ids.POST_MANUALLY: "Post Manually",
    ids.PUBLISH_NOW: "Publish Now",
    ids.EDIT: "Edit",
    ids.DUPLICATE: "Duplicate",
    ids.RECONNECT: "Reconnect",
    ids.RESCHEDULE: "Reschedule",
    ids.CANCEL: "Cancel",
    ids.IS_LIVE: "It Is Live",
    ids.IS_NOT_LIVE: "It Is Not – Publish Now",
    ids.SKIP: "Skip",
}
_ENDS = {
    Summary.PUBLISHED: "Nothing is left to do.",
    Summary.CANCELLED: "Called off; nothing more of it goes out.",
    Summary.PARTLY_PUBLISHED: "Nothing more goes out by itself.",
}


def card(
    found: Found,
    *,
    version: int,
    now: datetime,
    tries: int,
    note: str = "",
    with_images: bool = True,
    review: Review | None = None,
    decides: bool = False,
) -> tuple[str, list[Json]]:
    """The card's top-level text and blocks. `tries` is how many attempts there are in all; `note`
    (mrkdwn) stands on top. Without images their names are shown: Slack refuses a whole message for
    one file that was deleted. `review` is how its approval stands, `decides` shows the buttons of
    those who decide."""
    blocks = [
        header(title(found)),
        noted(f"Post `{escape(found.post.id)}`" + (f" · {note}" if note else "")),
        *_repeated(found),
        *quote(found.post.text),
        *media(found.media, with_images=with_images),
        *(reviews.standing(found, review, now) if review else []),
        *(reviews.buttons(found, now) if decides else []),
        *_rows(found, version, now=now, tries=tries),
        *_ending(found),
    ]
    return headline(found, now=now, tries=tries), blocks


def _repeated(found: Found) -> list[Json]:
    """That a post is one of a series, and how to change all of it."""
    if found.series is None or found.post.occurrence is None:
        return []
    rule = escape(recurrence.said(Rule.of(found.series.rule)), 200)
    text = f"One of a series, {rule}. `{ids.COMMAND} repeats` changes all that is still to come."
    return [noted(text)]


def title(found: Found) -> str:
    """The state of the whole post in words."""
    word = found.summary.value.capitalize()
    asked = any(offers.is_asked(each) for each in found.deliveries)
    return f"{word}: your answer is needed" if asked else word


def headline(found: Found, *, now: datetime, tries: int) -> str:
    """The point of the card in one paragraph, for notifications and screen readers."""
    told = [
        f"{where(each, found.accounts.get(each.account_id))}: "
        f"{sentence(each, now=now, tries=tries)}"
        for each in found.deliveries[:3]
    ]
    left = len(found.deliveries) - len(told)
    rest = f" And {left} more." if left > 0 else ""
    return f"{title(found)}: {excerpt(found)}. {' '.join(told)}{rest}".rstrip()


def excerpt(found: Found, most: int = 100) -> str:
    """The beginning of the text in quotation marks, or what the post has instead; for mrkdwn."""
    text = " ".join(found.post.text.split())
    if text:
        return f"“{escape(text, most)}”"
    return "1 file" if len(found.media) == 1 else f"{len(found.media)} files"


def quote(text: str) -> list[Json]:
    """What the post says, exactly: rich text mentions nobody and formats nothing by itself."""
    shown = cut(text, MOST_QUOTED)
    if not shown.strip():
        return []
    piece = {"type": "text", "text": shown}
    return [
        {"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": [piece]}]},
        *([noted("The rest of the text is not shown here.")] if shown != text else []),
    ]


def media(files: Sequence[MediaFile], *, with_images: bool = True) -> list[Json]:
    """The images of a post, and the names of what cannot be shown."""
    shown = [each for each in files if with_images and _is_shown(each)][:MOST_IMAGES]
    others = [each for each in files if all(each is not one for one in shown)]
    names = ", ".join(f"{_kind(each)} {escape(each.name, 100)}" for each in others[:12])
    rest = f" and {len(others) - 12} more" if len(others) > 12 else ""
    return [
        *(_image(each) for each in shown),
        *([noted(f"Files: {names[:_MOST_NAMES]}{rest}")] if others else []),
    ]


def offer(
    found: Found, names: Sequence[str], deliveries: Sequence[Delivery], *, block_id: str
) -> list[Json]:
    """A block of buttons; those for deliveries carry their ids."""
    if not names:
        return []
    elements = [_button(name, found, deliveries, is_first=name == names[0]) for name in names]
    return [actions(*elements, block_id=block_id)]


def _rows(found: Found, version: int, *, now: datetime, tries: int) -> list[Json]:
    """A row for each account, and for each further part that is not out. The only one, or the only
    one that needs somebody, shares its block of buttons with those for the whole post."""
    rows = [each for each in found.deliveries if not each.part or each.state != State.PUBLISHED]
    shown, hidden = rows[:MOST_ROWS], rows[MOST_ROWS:]
    whole = offers.for_post(found, now)
    alone = len(rows) == 1
    blocks: list[Json] = []
    for each in shown:
        own = offers.for_delivery(each)
        after = "" if each.part else followed(found, each)
        state = f"{sentence(each, now=now, tries=tries)}{after}"
        blocks.append(said(f"*{where(each, found.accounts.get(each.account_id))}*\n{state}"))
        both = (*own, *(name for name in whole if alone and name not in own))
        place = offers.block_id(found.post.id, version, [each])
        blocks += offer(found, both, [each], block_id=place)
    blocks += [noted(_hidden(hidden))] if hidden else []
    if not alone:
        blocks += offer(found, whole, (), block_id=offers.block_id(found.post.id, version))
    return blocks


def _hidden(deliveries: Sequence[Delivery]) -> str:
    words = [each.state.value.replace("_", " ") for each in deliveries]
    counts = ", ".join(f"{words.count(word)} {word}" for word in sorted(set(words)))
    return f"And {len(deliveries)} more accounts: {counts}."


def _ending(found: Found) -> list[Json]:
    waits = any(offers.for_delivery(each) for each in found.deliveries)
    end = "" if waits else _ENDS.get(found.summary, "")
    return [noted(end)] if end else []


def _button(name: str, found: Found, deliveries: Sequence[Delivery], *, is_first: bool) -> Json:
    own = [each for each in deliveries if name in offers.for_delivery(each)]
    is_primary = is_first and name in (ids.RETRY_NOW, ids.PUBLISH_NOW) and _is_only_one(found, own)
    made = button(
        _LABELS[name],
        name,
        value=",".join(str(each.id) for each in own),
        style="danger" if name == ids.CANCEL else "primary" if is_primary else "",
        confirm=_CONFIRMS.get(name),
    )
    if own and len(found.deliveries) > 1:
        return {**made, "accessibility_label": cut(f"{_LABELS[name]}: {_plain(found, own)}", 75)}
    return made


def _is_only_one(found: Found, own: Sequence[Delivery]) -> bool:
    """One button of a message may stand out: the first that has something to put right."""
    first = next((each for each in found.deliveries if offers.for_delivery(each)), None)
    return first is not None and first in own


def _plain(found: Found, deliveries: Sequence[Delivery]) -> str:
    accounts = [found.accounts.get(each.account_id) for each in deliveries]
    names = [f"@{account.username}" for account in accounts if account]
    return f"{platforms.label(deliveries[0].platform)} {' '.join(names)}".strip()


_CONFIRMS = {
    ids.CANCEL: confirm(
        "Cancel this post?",
        "Whatever of it has not gone out yet is called off, at every account.",
        yes="Cancel Post",
        no="Keep Post",
    ),
    ids.IS_NOT_LIVE: confirm(
        "Publish it now?",
        "Do this only after you looked at the profile. If the post is live after all, it will be "
        "there twice.",
        yes="Publish Now",
        no="Go Back",
    ),
}


def _is_shown(file: MediaFile) -> bool:
    return bool(file.slack_file_id) and file.mime in _SHOWN_TYPES


def _image(file: MediaFile) -> Json:
    alt_text = cut(file.alt_text.strip() or file.name.strip() or "An image of this post", 2000)
    return {"type": "image", "slack_file": {"id": file.slack_file_id}, "alt_text": alt_text}


def _kind(file: MediaFile) -> str:
    return "video" if file.kind == "video" else "image"
