"""The Home tab: what needs the member, what comes next, the accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.views import accounts as account_views
from bot.views import ids
from bot.views.accounts import Connect, Row
from bot.views.blocks import Json, actions, button, context, header, section, when
from bot.views.posts_list import row, standing
from bot.views.standing import said
from scheduler.models import Delivery
from scheduler.posts import Found
from scheduler.states import NEEDS_PERSON, State

_MOST_ACCOUNTS = 20
_MOST_DELIVERIES = 5


@dataclass(frozen=True, kw_only=True)
class Home:
    """All that the tab shows to one member."""

    waiting: Sequence[Found]
    coming: Sequence[Found]
    accounts: Sequence[Row]
    #: `None` for members who may not connect accounts.
    connects: Sequence[Connect] | None
    now: datetime
    may_write: bool = True
    may_govern: bool = False


def home(shown: Home) -> Json:
    blocks = [
        *_buttons(shown),
        *_waiting(shown.waiting),
        header("Next"),
        *(_coming(shown.coming) if shown.coming else _first_steps(shown)),
        header("Accounts"),
        *_accounts(shown),
        context(f"Updated {when(shown.now)}"),
    ]
    return {"type": "home", "blocks": blocks}


def _buttons(shown: Home) -> list[Json]:
    compose = button("Schedule a Post", ids.HOME_COMPOSE, style="primary")
    accounts = button("Accounts", ids.HOME_ACCOUNTS)
    settings = button("Settings", ids.HOME_SETTINGS)
    own = [compose] if shown.may_write else []
    return [actions(*own, accounts, *([settings] if shown.may_govern else []))]


def _waiting(found: Sequence[Found]) -> list[Json]:
    if not found:
        return []
    return [
        header("Needs you"),
        *(said(_waiting_text(each)) for each in found),
        context("The cards of these posts in our direct messages have the buttons."),
    ]


def _waiting_text(found: Found) -> str:
    concerned = [each for each in found.deliveries if _waits(each)][:_MOST_DELIVERIES]
    lines = [standing(each, found.accounts.get(each.account_id), most=250) for each in concerned]
    return "\n".join([row(found), *lines])


def _waits(delivery: Delivery) -> bool:
    asked = delivery.state is State.UNCONFIRMED and delivery.asked_at is not None
    return asked or delivery.state in NEEDS_PERSON


def _coming(found: Sequence[Found]) -> list[Json]:
    return [said(row(each)) for each in found]


def _first_steps(shown: Home) -> list[Json]:
    if not shown.may_write:
        return [section("You are a viewer here, so no posts of yours are on their way.")]
    if not shown.accounts:
        return [
            section(
                "*Two steps to your first post*\n"
                "1. Connect an account below.\n"
                f"2. Press _Schedule a Post_, or type `{ids.COMMAND} We open at nine!` anywhere."
            )
        ]
    return [
        section(
            "Nothing is scheduled. Press _Schedule a Post_, or type "
            f"`{ids.COMMAND} We open at nine!` anywhere."
        )
    ]


def _accounts(shown: Home) -> list[Json]:
    rows = shown.accounts[:_MOST_ACCOUNTS]
    left = len(shown.accounts) - len(rows)
    return [
        *(section(account_views.health(each)) for each in rows),
        *([context(f"… and {left} more: press _Accounts_.")] if left else []),
        *account_views.connect_blocks(shown.connects),
    ]
