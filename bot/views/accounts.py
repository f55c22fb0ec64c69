"""The connected accounts, with what can be done about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.views import ids
from bot.views.blocks import Json, actions, button, confirm, context, escape, modal, section
from scheduler import platforms
from scheduler.models import Account

# Leaves room for what stands around the rows, in a message too.
_MOST_ROWS = 40


@dataclass(frozen=True, kw_only=True)
class Connect:
    """A button that leads to a platform's consent page."""

    platform: str
    label: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """An account as people see it; `since` is a text such as `since 3 May`."""

    id: int
    platform: str
    username: str
    connected_by: str
    needs_reconnect: bool = False
    may_disconnect: bool = True


def handles(connected: Sequence[Account], most: int = 10) -> str:
    """`@acme, @acme_jobs and 3 more`, as plain text."""
    names = [f"@{account.username}" for account in connected[:most]]
    left = len(connected) - len(names)
    names += [f"{left} more"] if left else []
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def connected_text(connected: Sequence[Account]) -> str:
    """What a member hears of accounts that they connected on one platform; mrkdwn."""
    platform = connected[0].platform
    is_placed = all(account.defaults.get("place") for account in connected)
    place = f" Choose where posts go there with `{ids.COMMAND} accounts`."
    return (
        f"Connected {escape(handles(connected), 2000)} on {platforms.label(platform)}."
        f"{place if platforms.has_places(platform) and not is_placed else ''} Schedule a post with "
        f"`{ids.COMMAND}`."
    )


def accounts_message(rows: Sequence[Row], connects: Sequence[Connect]) -> Json:
    """For the member alone."""
    text = f"Connected accounts: {len(rows)}."
    return {"response_type": "ephemeral", "text": text, "blocks": blocks(rows, connects)}


def accounts_modal(rows: Sequence[Row], connects: Sequence[Connect]) -> Json:
    return modal("Accounts", blocks(rows, connects), callback_id=ids.ACCOUNTS_MODAL, close="Close")


def blocks(rows: Sequence[Row], connects: Sequence[Connect]) -> list[Json]:
    shown = rows[:_MOST_ROWS]
    left = len(rows) - len(shown)
    return [
        *([] if rows else [section("*No account is connected yet.*")]),
        *(_row(each) for each in shown),
        *([context(f"… and {left} more accounts.")] if left else []),
        *connect_blocks(connects),
    ]


def connect_blocks(connects: Sequence[Connect]) -> list[Json]:
    """A button for each platform, or what to do when there is none."""
    if not connects:
        return [
            context(
                "No platform is set up. Ask whoever runs Postbot to set the app credentials of one."
            )
        ]
    return [
        actions(*connect_buttons(connects)),
        context("Connecting opens your browser. The link is for you alone and good for an hour."),
    ]


def connect_buttons(connects: Sequence[Connect], *, style: str = "") -> list[Json]:
    return [
        button(f"Connect {each.label}", f"{ids.CONNECT}:{each.platform}", url=each.url, style=style)
        for each in connects
    ]


def health(row: Row) -> str:
    """An account in one line."""
    name = f"*{row.platform}* @{escape(row.username, 300)}"
    if row.needs_reconnect:
        return f":warning: {name} must be connected again: its access ended. Press Connect."
    return f":white_check_mark: {name} is connected"


def _row(row: Row) -> Json:
    text = f"{health(row)}\nConnected by <@{row.connected_by}>"
    return section(text, _disconnect(row) if row.may_disconnect else None)


def _disconnect(row: Row) -> Json:
    sure = confirm(
        f"Disconnect @{row.username}?",
        "Postbot forgets its access. Posts that are scheduled to it will fail, and you are told, "
        "unless you connect it again first.",
        yes="Disconnect",
        no="Keep It",
    )
    return button("Disconnect", ids.DISCONNECT, value=str(row.id), style="danger", confirm=sure)
