"""The message to whoever connected an account whose access has ended."""

from __future__ import annotations

from bot.views.accounts import Connect, connect_buttons
from bot.views.blocks import Json, actions, escape, when
from bot.views.card import excerpt
from bot.views.standing import MOST_REASON, said
from scheduler import platforms
from scheduler.models import Account
from scheduler.overview import Risk


def lost_account(
    account: Account, reason: str, risk: Risk, *, connect: Connect | None, reader: str
) -> tuple[str, list[Json]]:
    """The message's top-level text and blocks. `reason` is a sentence; `connect` leads `reader` (a
    Slack user id) to the consent page, where there is one."""
    text = _sentence(account, reason, risk, reader)
    blocks = [said(f":warning: {text}")]
    if risk.count:
        blocks.append(said(_posts(risk)))
    if connect is not None:
        blocks.append(actions(*connect_buttons([connect], style="primary")))
    return text, blocks


def _sentence(account: Account, reason: str, risk: Risk, reader: str) -> str:
    name = f"*{platforms.label(account.platform)}* @{escape(account.username, 255)}"
    whose = "" if account.connected_by == reader else f", which <@{account.connected_by}> connected"
    why = escape(" ".join(reason.split()), MOST_REASON)
    return (
        f"Postbot can no longer post to {name}{whose}. {why} {_at_risk(risk)} Connect the account "
        "again; its posts and settings stay as they are."
    )


def _at_risk(risk: Risk) -> str:
    match risk.count:
        case 0:
            return "No post is waiting for it."
        case 1:
            return "1 post does not go out until then."
        case many:
            return f"{many} posts do not go out until then."


def _posts(risk: Risk) -> str:
    lines = [f"• {when(due)}: {excerpt(found)}" for due, found in risk.soonest]
    left = risk.count - len(lines)
    return "\n".join([*lines, *([f"… and {left} more."] if left else [])])
