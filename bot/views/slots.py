"""The form in which somebody sets the slots of an account, and what was understood."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.views import ids
from bot.views.blocks import Json, context, cut, escape, field, modal, plain, section
from bot.views.standing import said
from scheduler import platforms
from scheduler.models import Account
from scheduler.slots import EXAMPLE
from scheduler.walltime import shown

MOST_TYPED = 2000
TITLE = "Slots"


def slots_form(account: Account, zone: str) -> Json:
    """The slots of an account as text, on the clock of `zone`."""
    element: Json = {
        "type": "plain_text_input",
        "action_id": ids.SLOTS_TEXT,
        "multiline": True,
        "max_length": MOST_TYPED,
        "placeholder": plain(EXAMPLE),
        **({"initial_value": cut(account.slots, MOST_TYPED)} if account.slots else {}),
    }
    hint = f"For example {EXAMPLE}. Times are in {zone}. Leave it empty to have no slots."
    return modal(
        TITLE,
        [
            said(
                f"When posts go out on {platforms.label(account.platform)} @"
                f"{_name(account)} if their author chooses the next free slot."
            ),
            field("Days and times", element, optional=True, hint=hint),
        ],
        callback_id=ids.SLOTS_MODAL,
        submit="Set Slots",
        close="Cancel",
        private_metadata=f"{account.id} {zone}",
    )


def read_form(view: Json) -> tuple[int, str, str]:
    """The account, the zone, and what was typed."""
    account_id, zone = view["private_metadata"].split(" ")
    typed = view["state"]["values"][ids.SLOTS_TEXT][ids.SLOTS_TEXT]["value"] or ""
    return int(account_id), zone, typed


def slots_set(account: Account, next_ones: Sequence[datetime]) -> Json:
    """What was understood."""
    if not account.slots:
        return modal(TITLE, [section(f"*@{_name(account)} has no slots now.*")], close="Close")
    coming = "\n".join(f"• {shown(at, account.slots_zone)}" for at in next_ones)
    return modal(
        TITLE,
        [
            section(f"*Slots of @{_name(account)}*\n{cut(account.slots, 2500)}"),
            section(f"The next ones are\n{coming}"),
            context(
                f"Times are in {account.slots_zone}. Posts on the calendar stay where they are."
            ),
        ],
        close="Close",
    )


def _name(account: Account) -> str:
    return escape(account.username, 80)
