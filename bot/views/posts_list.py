"""How posts stand: a list of them, and one in full."""

from __future__ import annotations

from collections.abc import Sequence

from bot.views import ids
from bot.views.blocks import Json, context, escape, header, when
from bot.views.standing import said
from scheduler import platforms
from scheduler.models import Account, Delivery
from scheduler.posts import Found
from scheduler.states import SENTENCES, Summary

_EXCERPT = 120
_NAME = 100
_MOST_ROWS = 40
# Each is at most about 350 characters long.
_MOST_LINES = 8


def posts_list(found: Sequence[Found]) -> Json:
    """A member's newest posts, for the member alone."""
    if not found:
        text = f"You have no posts yet. `{ids.COMMAND}` opens the form for your first one."
        return {"response_type": "ephemeral", "text": text}
    note = f"`{ids.COMMAND} status <id>` shows one of them in full."
    return {
        "response_type": "ephemeral",
        "text": f"Your newest posts: {len(found)}.",
        "blocks": [
            header("Your newest posts"),
            *(said(row(each)) for each in found),
            context(note),
        ],
    }


def row(found: Found) -> str:
    """A post in two lines: how it stands, when, its id, and the beginning of its text."""
    due = f" · {when(found.post.due_at)}" if found.post.due_at else ""
    word = found.summary.value
    return f"*{word.capitalize()}*{due} · `{found.post.id}`\n{excerpt(found)}"


def excerpt(found: Found) -> str:
    """The beginning of a post's text, or what it has instead."""
    text = " ".join(found.post.text.split())
    return escape(text, _EXCERPT) if text else f"_{_files(len(found.media))}, no text_"


def status(found: Found, history: Sequence[str] = ()) -> Json:
    """One post in full, for whoever asked. `history` (mrkdwn) is who decided what, oldest first;
    of a long one the newest lines are shown."""
    shown = found.deliveries[:_MOST_ROWS]
    left = len(found.deliveries) - len(shown)
    more = [context(f"… and {left} more accounts.")] if left else []
    return {
        "response_type": "ephemeral",
        "text": f"Post {found.post.id}: {found.summary.value}.",
        "blocks": [
            said(row(found)),
            *(said(delivery_row(each, found.accounts.get(each.account_id))) for each in shown),
            *more,
            *([said("\n".join(history[-_MOST_LINES:]))] if history else []),
            context(_byline(found)),
        ],
    }


def delivery_row(delivery: Delivery, account: Account | None) -> str:
    """How a post stands at one account: the state, its meaning, the last reason, the link."""
    lines = [standing(delivery, account)]
    if delivery.permalink.startswith(("http://", "https://")):
        lines.append(f"<{_href(delivery.permalink)}|Open it>")
    return "\n".join(lines)


def standing(delivery: Delivery, account: Account | None, *, most: int = 1000) -> str:
    """The state, its meaning, and the last reason in at most `most` characters."""
    name = f" @{escape(account.username, _NAME)}" if account else ""
    word = delivery.state.value.replace("_", " ")
    said = f"*{platforms.label(delivery.platform)}*{name}: *{word}*. {SENTENCES[delivery.state]}"
    reason = " ".join(delivery.reason.split())
    return f"{said}\n> {escape(reason, most)}" if reason else said


def _byline(found: Found) -> str:
    files = f" · {_files(len(found.media))}" if found.media else ""
    where = (
        " Its card in the author's direct messages has the buttons."
        if found.summary in (Summary.PENDING, Summary.FAILED, Summary.PARTLY_PUBLISHED)
        else ""
    )
    return f"By <@{found.post.author}>{files}.{where}"


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _href(url: str) -> str:
    return escape(url, 1000).replace("|", "%7C")
