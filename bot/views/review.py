"""How the approval of a post stands, and the buttons of those who decide about it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.views import ids
from bot.views.blocks import (
    Json,
    actions,
    button,
    confirm,
    context,
    cut,
    escape,
    field,
    modal,
    when,
)
from bot.views.standing import said
from scheduler.approval import Review
from scheduler.models import Event, Post
from scheduler.posts import Found
from scheduler.states import PostState

MOST_REASON = 1000
_MOST_NAMED = 8
_BLOCK_ID = re.compile(rf"{ids.REVIEW_ACTIONS}:([a-z0-9_]{{1,16}}):([0-9]{{1,9}})", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A click on a button of an approver: the post, and the revision that they saw."""

    post_id: str
    revision: int


def read(action: Json) -> Verdict | None:
    """The click in an item of `actions`; `None` when no card of ours can have sent it."""
    place = _BLOCK_ID.fullmatch(str(action.get("block_id", "")))
    return Verdict(post_id=place[1], revision=int(place[2])) if place else None


def block_id(post: Post) -> str:
    return f"{ids.REVIEW_ACTIONS}:{post.id}:{post.revision}"


def is_overdue(post: Post, now: datetime) -> bool:
    """Its time came while it waited for approvals."""
    return post.due_at is not None and post.due_at <= now


def standing(found: Found, review: Review, now: datetime) -> list[Json]:
    """Who is asked, who said what, and what that means for the time."""
    post = found.post
    if post.state is PostState.RETURNED:
        return [said(_returned(review))]
    if post.state is not PostState.SUBMITTED:
        return []
    lines = [_time(post, now), _count(review)]
    return [said("\n".join(line for line in lines if line))]


def buttons(found: Found, now: datetime) -> list[Json]:
    """For a place where approvers read: approve, or ask for changes."""
    if found.post.state is not PostState.SUBMITTED:
        return []
    late = is_overdue(found.post, now)
    sure = confirm(
        "Publish it now?",
        "Its time has passed. With the last approval that is needed, it goes out at once.",
        yes="Approve & Publish",
        no="Go Back",
    )
    yes = (
        button("Approve & Publish Now", ids.APPROVE_NOW, style="primary", confirm=sure)
        if late
        else button("Approve", ids.APPROVE, style="primary")
    )
    no = button("Request Changes", ids.REQUEST_CHANGES)
    return [actions(yes, no, block_id=block_id(found.post))]


def changes(found: Found, revision: int) -> Json:
    """The form in which an approver says what must change."""
    element = {
        "type": "plain_text_input",
        "action_id": ids.CHANGES_REASON,
        "multiline": True,
        "max_length": MOST_REASON,
        "focus_on_load": True,
    }
    memory = json.dumps({"post": found.post.id, "revision": revision})
    return modal(
        "Request changes",
        [
            field("What must change?", element, hint="The author reads this, with your name."),
            context(
                f"<@{found.post.author}> then edits the post, and you are asked again. Until then "
                "nothing of it goes out."
            ),
        ],
        callback_id=ids.CHANGES_MODAL,
        submit="Request Changes",
        close="Cancel",
        private_metadata=memory,
    )


def read_changes(view: Json) -> tuple[Verdict, str]:
    """What the form is about, and the reason."""
    kept = json.loads(view["private_metadata"])
    typed = view["state"]["values"][ids.CHANGES_REASON][ids.CHANGES_REASON]["value"]
    verdict = Verdict(post_id=str(kept["post"]), revision=int(kept["revision"]))
    return verdict, str(typed or "").strip()


def to_author(event: Event, found: Found, review: Review, what: str) -> str:
    """What the author hears of a decision, for mrkdwn; empty when nothing."""
    who = f"<@{event.actor}>"
    match event.kind:
        case "post.submitted" if not review.people:
            return (
                f"Nobody can approve {what} yet, so nothing of it goes out. Ask an admin of this "
                f"workspace to name approvers with `{ids.COMMAND} settings`."
            )
        case "post.endorsed":
            return f"{who} approved {what}. {_missing(review)}"
        case "post.approved":
            due = found.post.due_at
            return f"{who} approved {what}.{f' It goes out {when(due)}.' if due else ''}"
        case "post.returned":
            reason = _quoted(str(event.data.get("reason") or ""))
            return (
                f"{who} asks for changes to {what}, so it does not go out yet. Edit it, and the "
                f"approvers are asked again.\n{reason}"
            ).rstrip()
        case "post.unapproved":
            return (
                f"The time of {what} came without the approval that it needs, so it did not go "
                "out. Choose another time or cancel it; an approver may also publish it now."
            )
    return ""


def to_reviewers(event: Event, found: Found, what: str, people: Sequence[str]) -> str:
    """What approvers hear in the thread of what they were asked, for mrkdwn; empty when nothing.
    `people` are those of them who read there."""
    names = " ".join(f"<@{person}>" for person in people[:_MOST_NAMED])
    due = found.post.due_at
    match event.kind:
        case "post.submitted" if found.post.revision > 1:
            return f"{names} {what} was changed and needs your approval anew.".strip()
        case "post.reminded":
            at = f" It is to go out {when(due)}." if due else ""
            return f"{names} {what} waits for your approval.{at}".strip()
        case "post.unapproved":
            return (
                f"{names} The time of {what} came without the approval that it needs. It did not "
                "go out. Approve and publish it now, or leave it to its author to choose another "
                "time."
            ).strip()
    return ""


def history(events: Sequence[Event]) -> list[str]:
    """Who decided what and when, oldest first, for mrkdwn."""
    return [line for event in events if (line := _happened(event))]


def _happened(event: Event) -> str:
    who, at = f"<@{event.actor}>", when(event.at)
    reason = " ".join(str(event.data.get("reason") or "").split())
    words = {
        "post.scheduled": f"{who} scheduled it",
        "post.submitted": f"{who} submitted it for approval",
        "post.endorsed": f"{who} approved it; more approvals were needed",
        "post.approved": f"{who} approved it",
        "post.returned": f"{who} asked for changes: “{escape(reason, 200)}”",
        "post.reminded": "Approvers were reminded",
        "post.unapproved": "Its time came without approval; it was held",
        "post.edited": f"{who} edited it",
        "post.rescheduled": f"{who} changed its time",
        "post.cancelled": f"{who} called it off",
    }
    return f"{at} · {words[event.kind]}" if event.kind in words else ""


def _time(post: Post, now: datetime) -> str:
    if post.due_at is None:
        return "*Waits for approval*, then goes out at once."
    if is_overdue(post, now):
        return f"*Held:* its time, {when(post.due_at)}, came without approval. It did not go out."
    return f"*Waits for approval*, to go out {when(post.due_at)}."


def _count(review: Review) -> str:
    if not review.people:
        return "Nobody can approve posts here yet: an admin must name approvers."
    done = f" Approved by {_names(review.approved_by)}." if review.approved_by else ""
    asked = f" Asked: {_names(review.silent)}." if review.silent else ""
    return f"{len(review.approved_by)} of {review.needed} approvals.{done}{asked}"


def _missing(review: Review) -> str:
    missing = review.needed - len(review.approved_by)
    return "1 more approval is needed." if missing == 1 else f"{missing} more are needed."


def _returned(review: Review) -> str:
    last: Any = next((each for each in reversed(review.decisions) if not each.is_approved), None)
    if last is None:
        return "*Changes were requested.* Nothing goes out before it is edited and approved."
    return (
        f"*<@{last.user_id}> asks for changes.* Nothing goes out before it is edited and "
        f"approved.\n{_quoted(last.reason)}"
    )


def safe(text: str) -> str:
    """What a person wrote, for mrkdwn."""
    return escape(text)


def _quoted(text: str) -> str:
    lines = escape(cut(text.strip(), MOST_REASON), MOST_REASON).split("\n")
    return "\n".join(f"> {line}" for line in lines) if text.strip() else ""


def _names(people: Sequence[str]) -> str:
    shown = ", ".join(f"<@{person}>" for person in people[:_MOST_NAMED])
    left = len(people) - _MOST_NAMED
    return f"{shown} and {left} more" if left > 0 else shown
