"""The fields for the accounts that a post goes to, and for the places within them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.drafts import Draft
from bot.views import ids
from bot.views.accounts import Connect, connect_buttons
from bot.views.blocks import (
    MOST_OPTIONS,
    Json,
    actions,
    button,
    cut,
    field,
    option,
    plain,
    section,
)

# What is left to its account's default when more accounts are chosen.
MOST_PLACES = 20


@dataclass(frozen=True, kw_only=True)
class Choice:
    """An account as the composer offers it."""

    id: int
    label: str
    platform: str = ""
    needs_reconnect: bool = False


@dataclass(frozen=True, kw_only=True)
class PlaceField:
    """Where within an account a post goes: `options` by value, or, where there are none, those
    that are fetched while somebody chooses. `chosen` is a value with its text."""

    account_id: int
    label: str
    options: Mapping[str, str]
    chosen: tuple[str, str] | None = None


def accounts_field(
    draft: Draft, accounts: Sequence[Choice], connects: Sequence[Connect] | None
) -> list[Json]:
    """Which accounts the post goes to, or how to connect the first."""
    if not accounts:
        return _no_accounts(connects)
    offered = {each.id: _account_option(each) for each in accounts[:MOST_OPTIONS]}
    chosen = [offered[id_] for id_ in draft.account_ids if id_ in offered]
    element: Json = {
        "type": "multi_static_select",
        "action_id": ids.COMPOSER_ACCOUNTS,
        "placeholder": plain("Choose accounts"),
        **_grouped(accounts[:MOST_OPTIONS], offered),
        **({"initial_options": chosen} if chosen else {}),
    }
    return [field("Accounts", element, dispatch_action=True)]


def _grouped(accounts: Sequence[Choice], offered: Mapping[int, Json]) -> Json:
    """The options, by platform where there are several."""
    groups: dict[str, list[Json]] = {}
    for each in accounts:
        groups.setdefault(each.platform, []).append(offered[each.id])
    if len(groups) < 2:
        return {"options": list(offered.values())}
    return {
        "option_groups": [
            {"label": plain(name or "Other", 75), "options": options}
            for name, options in groups.items()
        ]
    }


def _no_accounts(connects: Sequence[Connect] | None) -> list[Json]:
    if connects is None:
        return [
            section(
                "*No account is connected yet.* Ask a publisher or an admin of this workspace to "
                "connect one, then press _Look Again_. What you write here stays."
            ),
            actions(button("Look Again", ids.COMPOSER_REFRESH)),
        ]
    if not connects:
        return [
            section(
                "*No account is connected yet, and none can be.* Ask whoever runs Postbot to set "
                "the app credentials of a platform."
            )
        ]
    return [
        section(
            "*No account is connected yet.* Connect one in your browser, then come back and press "
            "_I Have Connected_. What you write here stays."
        ),
        actions(
            *connect_buttons(connects),
            button("I Have Connected", ids.COMPOSER_REFRESH),
        ),
    ]


def _account_option(choice: Choice) -> Json:
    note = "Must be connected again" if choice.needs_reconnect else ""
    return option(choice.label, str(choice.id), note)


def place_fields(places: Sequence[PlaceField]) -> list[Json]:
    """Where within an account the post goes, for accounts that have several places."""
    return [_place(each) for each in places[:MOST_PLACES]]


def _place(place: PlaceField) -> Json:
    listed = [option(text, value) for value, text in place.options.items()][:MOST_OPTIONS]
    chosen = option(place.chosen[1], place.chosen[0]) if place.chosen else None
    if listed and chosen not in listed:
        chosen = None
    element: Json = {
        "action_id": f"{ids.COMPOSER_PLACE}:{place.account_id}",
        "placeholder": plain("Choose where it goes"),
        **(
            {"type": "static_select", "options": listed}
            if listed
            else {"type": "external_select", "min_query_length": 0}
        ),
        **({"initial_option": chosen} if chosen else {}),
    }
    return field(cut(place.label, 200), element, optional=True, dispatch_action=True)
