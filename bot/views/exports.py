"""The form in which a member says which posts to export, and what is said then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from bot.views import ids
from bot.views.blocks import MOST_OPTIONS, Json, field, modal, option, section
from bot.views.compose_accounts import Choice
from bot.views.standing import said

TITLE = "Export the calendar"


def form(accounts: Sequence[Choice], first: date) -> Json:
    """From which day to which, and at which accounts."""
    from_ = {
        "type": "datepicker",
        "action_id": ids.EXPORT_FROM,
        "initial_date": first.isoformat(),
    }
    to = {"type": "datepicker", "action_id": ids.EXPORT_TO}
    return modal(
        TITLE,
        [
            section("A CSV file for a spreadsheet, with the columns that `import` reads."),
            field("From", from_, optional=True, hint="Empty: from the first post on."),
            field("To", to, optional=True, hint="This day included. Empty: to the last post."),
            *([_accounts(accounts)] if accounts else []),
        ],
        callback_id=ids.EXPORT,
        submit="Send CSV",
        close="Cancel",
    )


def _accounts(accounts: Sequence[Choice]) -> Json:
    element: dict[str, Any] = {
        "type": "multi_static_select",
        "action_id": ids.EXPORT_ACCOUNTS,
        "options": [option(each.label, str(each.id)) for each in accounts[:MOST_OPTIONS]],
    }
    return field("Accounts", element, optional=True, hint="Empty: all of them.")


def on_its_way() -> Json:
    """The end of the form."""
    return modal(TITLE, [said("The file comes as a direct message in a moment.")], close="Close")


def comment(count: int) -> str:
    """What stands beside the file."""
    return f"{'1 post' if count == 1 else f'{count:,} posts'} of the calendar, as CSV."
