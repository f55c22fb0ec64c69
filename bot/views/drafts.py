"""What a member began to write and has not scheduled."""

from __future__ import annotations

from collections.abc import Sequence

from bot.views import ids
from bot.views.blocks import Json, actions, button, confirm, context, header, section, when
from bot.views.posts_list import excerpt
from bot.views.standing import said
from scheduler.posts import Found

#: Two blocks each, within the 50 of a message.
MOST_ROWS = 20
NO_DRAFT = (
    "This is no draft any more: it was scheduled or called off meanwhile. "
    f"`{ids.COMMAND} list` shows how it stands."
)


def drafts_list(found: Sequence[Found]) -> Json:
    """A member's drafts, for the member alone; more than `MOST_ROWS` are not all shown."""
    if not found:
        text = (
            f"You have no drafts. `{ids.COMMAND}` opens the form; _Save as Draft_ in it keeps what "
            "you wrote."
        )
        return {"response_type": "ephemeral", "text": text, "blocks": [section(text)]}
    shown = found[:MOST_ROWS]
    more = [context("Older drafts are not shown here.")] if len(found) > len(shown) else []
    return {
        "response_type": "ephemeral",
        "text": f"Your drafts: {len(shown)}.",
        "blocks": [
            header("Your drafts"),
            *(block for each in shown for block in _row(each)),
            *more,
        ],
    }


def _row(found: Found) -> list[Json]:
    post = found.post
    due = f" · meant for {when(post.due_at)}" if post.due_at else ""
    shown = f"*Last changed {when(post.updated_at)}*{due} · `{post.id}`\n{excerpt(found)}"
    sure = confirm(
        "Delete this draft?",
        "Its text and files are thrown away for good.",
        yes="Delete Draft",
        no="Keep Draft",
    )
    return [
        said(shown),
        actions(
            button("Open", ids.DRAFT_OPEN, value=post.id),
            button("Delete", ids.DRAFT_DELETE, value=post.id, style="danger", confirm=sure),
        ),
    ]
