"""The connected accounts, with what can be done about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.views import ids
from bot.views.blocks import (
    Json,
    actions,
    button,
    confirm,
    context,
    cut,
    escape,
    modal,
    option,
    plain,
    section,
)
from scheduler import platforms
from scheduler.models import Account

# Leaves room for what stands around the rows, in a message too.
_MOST_ROW_BLOCKS = 40


@dataclass(frozen=True, kw_only=True)
class Connect:
    """A button that leads to a platform's consent page."""

    platform: str
    label: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """An account as people see it. `place` is where its posts go by default, as id and name, where
    it `has_places`."""

    id: int
    platform: str
    username: str
    connected_by: str
    needs_reconnect: bool = False
    may_disconnect: bool = True
    has_places: bool = False
    place: tuple[str, str] | None = None
    may_set_up: bool = False
    #: Its slots with their zone, as people read them.
    slots: str = ""


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


def accounts_message(rows: Sequence[Row], connects: Sequence[Connect] | None) -> Json:
    """For the member alone."""
    text = f"Connected accounts: {len(rows)}."
    return {"response_type": "ephemeral", "text": text, "blocks": blocks(rows, connects)}


def accounts_modal(rows: Sequence[Row], connects: Sequence[Connect] | None) -> Json:
    return modal("Accounts", blocks(rows, connects), callback_id=ids.ACCOUNTS_MODAL, close="Close")


def blocks(rows: Sequence[Row], connects: Sequence[Connect] | None) -> list[Json]:
    shown = [_row(each) for each in rows]
    while sum(len(each) for each in shown) > _MOST_ROW_BLOCKS:
        shown.pop()
    left = len(rows) - len(shown)
    return [
        *([] if rows else [section("*No account is connected yet.*")]),
        *(block for each in shown for block in each),
        *([context(f"… and {left} more accounts.")] if left else []),
        *connect_blocks(connects),
    ]


def connect_blocks(connects: Sequence[Connect] | None) -> list[Json]:
    """A button for each platform, or what to do when there is none; `None` for members who may not
    connect accounts."""
    if connects is None:
        return [context("Publishers and admins of this workspace connect accounts.")]
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


def _row(row: Row) -> list[Json]:
    text = f"{health(row)}\nConnected by <@{row.connected_by}>{_where(row)}{_slots(row)}"
    first = section(text, _disconnect(row) if row.may_disconnect else None)
    if not row.may_set_up:
        return [first]
    can_choose = row.has_places and not row.needs_reconnect
    set_slots = button("Set Slots", ids.SET_SLOTS, value=str(row.id))
    return [first, actions(*([_places(row)] if can_choose else []), set_slots)]


def _slots(row: Row) -> str:
    return f"\nSlots: {escape(cut(row.slots, 1000))}" if row.slots else ""


def _where(row: Row) -> str:
    if not row.has_places:
        return ""
    if row.place is None:
        return "\n:point_right: Nobody has chosen where its posts go, so each post has to say it."
    return f"\nPosts go to *{escape(row.place[1], 200)}* unless they say otherwise."


def _places(row: Row) -> Json:
    """A menu that is filled while somebody looks at it: only the platform knows the places."""
    chosen = option(row.place[1], row.place[0]) if row.place else None
    return {
        "type": "external_select",
        "action_id": f"{ids.DEFAULT_PLACE}:{row.id}",
        "placeholder": plain("Choose where posts go"),
        "min_query_length": 0,
        **({"initial_option": chosen} if chosen else {}),
    }


def _disconnect(row: Row) -> Json:
    sure = confirm(
        f"Disconnect @{row.username}?",
        "Postbot forgets its access. Posts that are scheduled to it will fail, and you are told, "
        "unless you connect it again first.",
        yes="Disconnect",
        no="Keep It",
    )
    return button("Disconnect", ids.DISCONNECT, value=str(row.id), style="danger", confirm=sure)
