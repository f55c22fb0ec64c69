"""The Home tab: what needs the member, the calendar of what comes, drafts, figures, the accounts.

Slack shows at most 100 blocks: each part has a most of its own, and together they keep within it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.charts import alt_text
from bot.views import accounts as account_views
from bot.views import ids, offers
from bot.views.accounts import Connect, Row
from bot.views.blocks import (
    MOST_OPTIONS,
    Json,
    actions,
    button,
    confirm,
    context,
    header,
    option,
    section,
    when,
)
from bot.views.card import offer
from bot.views.drafts import drafts_list
from bot.views.figures import in_words
from bot.views.posts_list import excerpt, row, standing
from bot.views.standing import said, where
from scheduler.figures import Month
from scheduler.models import Delivery
from scheduler.overview import Look, Page, Show
from scheduler.posts import Found
from scheduler.states import NEEDS_PERSON, Role, State

MOST_WAITING = 5
MOST_DRAFTS = 3
MOST_TO_APPROVE = 3
MOST_ACCOUNTS = 10
#: Accounts that the menu offers beside "All accounts".
MOST_LISTED = MOST_OPTIONS - 1
_MOST_DELIVERIES = 5
_MOST_NAMES = 3

_SHOWN = {
    Show.COMING: "What comes",
    Show.HELD: "What waits for an approval",
    Show.WAITING: "What needs somebody",
    Show.PUBLISHED: "What went out",
}
_CAUSES = {
    "authentication": "the account had lost its access",
    "network": "the platform could not be reached",
    "platform": "the platform had trouble",
    "rate_limit": "the platform took no more at that time",
}


@dataclass(frozen=True, kw_only=True)
class Home:
    """All that the tab shows to one member. `zone` is the member's; `failed` counts deliveries by
    the cause for which they failed; `slots` are next free times by account id."""

    look: Look
    page: Page
    waiting: Page
    accounts: Sequence[Row]
    #: `None` for members who may not connect accounts.
    connects: Sequence[Connect] | None
    now: datetime
    zone: str = "UTC"
    #: Posts about which the member may decide.
    to_approve: Sequence[Found] = ()
    drafts: Sequence[Found] = ()
    failed: Mapping[str, int] = field(default_factory=dict)
    month: Month | None = None
    #: Where Slack finds a picture of them; empty where it could not reach us.
    chart_url: str = ""
    slots: Mapping[int, datetime] = field(default_factory=dict)
    #: Accounts that are not among `accounts`.
    more_accounts: int = 0
    may_write: bool = True
    may_govern: bool = False
    #: May act on these posts, by id.
    may_act: frozenset[str] = frozenset()


def home(shown: Home) -> Json:
    blocks = [
        *_buttons(shown),
        *_waiting(shown),
        *_to_approve(shown),
        *_calendar(shown),
        *_drafts(shown.drafts),
        header("Accounts"),
        *_accounts(shown),
        *_figures(shown),
        context(f"Updated {when(shown.now)}"),
    ]
    return {"type": "home", "blocks": blocks, "private_metadata": memory(shown.look)}


def memory(look: Look) -> str:
    """What the tab remembers: at what its member looks."""
    kept = {
        "show": look.show.value,
        "author": look.author,
        "account": look.account_id,
        "page": look.page,
    }
    return json.dumps(kept)


def read_look(view: Mapping[str, Any], member_id: str) -> Look:
    """At what the member of a tab looks."""
    kept = json.loads(view.get("private_metadata") or "{}")
    return Look(
        show=Show(kept.get("show", Show.COMING)),
        author=kept.get("author", member_id),
        account_id=kept.get("account"),
        page=int(kept.get("page", 0)),
    )


def _buttons(shown: Home) -> list[Json]:
    compose = button("Schedule a Post", ids.HOME_COMPOSE, style="primary")
    accounts = button("Accounts", ids.HOME_ACCOUNTS)
    settings = button("Settings", ids.HOME_SETTINGS)
    own = [compose] if shown.may_write else []
    return [actions(*own, accounts, *([settings] if shown.may_govern else []))]


def _waiting(shown: Home) -> list[Json]:
    """What needs somebody, on top; a list of just that shows the rest."""
    found = [each for _, each in shown.waiting.posts]
    if not found or shown.look.show is Show.WAITING:
        return _retries(shown)
    more = "There are more: choose _What needs somebody_ below."
    return [
        header("Needs you"),
        *(block for each in found for block in _waiting_row(each, shown)),
        *([context(more)] if shown.waiting.has_more else []),
        *_retries(shown),
    ]


def _waiting_row(found: Found, shown: Home) -> list[Json]:
    concerned = [each for each in found.deliveries if _waits(each)][:_MOST_DELIVERIES]
    lines = [standing(each, found.accounts.get(each.account_id), most=250) for each in concerned]
    text = said("\n".join([row(found), *lines]))
    first = next(iter(concerned), None)
    if first is None or found.post.id not in shown.may_act:
        return [text]
    place = offers.block_id(found.post.id, 0, [first])
    return [text, *offer(found, offers.for_delivery(first), [first], block_id=place)]


def _waits(delivery: Delivery) -> bool:
    asked = delivery.state is State.UNCONFIRMED and delivery.asked_at is not None
    return asked or delivery.state in NEEDS_PERSON


def _to_approve(shown: Home) -> list[Json]:
    if not shown.to_approve:
        return []
    rows = shown.to_approve[:MOST_TO_APPROVE]
    more = "There are more: choose _What waits for an approval_ and _Everybody's posts_ below."
    return [
        header("To approve"),
        *(said(f"{row(each)}\nBy <@{each.post.author}>") for each in rows),
        *([context(more)] if len(shown.to_approve) > len(rows) else []),
    ]


def _retries(shown: Home) -> list[Json]:
    """A button for each cause for which more than one failed."""
    many = {cause: n for cause, n in shown.failed.items() if n > 1 and cause in _CAUSES}
    if not many or not shown.may_write:
        return []
    return [actions(*(_retry(cause, number) for cause, number in sorted(many.items())))]


def _retry(cause: str, number: int) -> Json:
    why = _CAUSES[cause]
    sure = confirm(
        f"Retry {number:,} posts?",
        f"They failed because {why}. Each is published now, whatever its time was.",
        yes="Retry Them",
        no="Go Back",
    )
    label = f"Retry {number:,} That Failed: {cause.replace('_', ' ')}"
    return button(label, f"{ids.HOME_RETRY}:{cause}", value=cause, confirm=sure)


def _calendar(shown: Home) -> list[Json]:
    return [
        header(_SHOWN[shown.look.show]),
        _filters(shown),
        *(_days(shown) if shown.page.posts else _first_steps(shown)),
        *_paging(shown),
    ]


def _filters(shown: Home) -> Json:
    look = shown.look
    whose = {ids.HOME_MINE: "My posts", ids.HOME_EVERYBODY: "Everybody's posts"}
    accounts = {ids.HOME_ALL: "All accounts"} | {
        str(each.id): f"{each.platform} · @{each.username}" for each in shown.accounts[:MOST_LISTED]
    }
    chosen = str(look.account_id) if look.account_id else ids.HOME_ALL
    return actions(
        _select(ids.HOME_SHOW, {each.value: text for each, text in _SHOWN.items()}, look.show),
        _select(ids.HOME_WHOSE, whose, ids.HOME_MINE if look.author else ids.HOME_EVERYBODY),
        _select(ids.HOME_ACCOUNT, accounts, chosen),
        block_id=ids.HOME_FILTERS,
    )


def _select(action_id: str, options: Mapping[str, str], chosen: str) -> Json:
    made = {value: option(text, value) for value, text in options.items()}
    first = next(iter(made.values()))
    return {
        "type": "static_select",
        "action_id": action_id,
        "options": list(made.values()),
        "initial_option": made.get(chosen, first),
    }


def _days(shown: Home) -> list[Json]:
    """A heading for each day, and a row for each post, in the member's zone."""
    zone, blocks, last = ZoneInfo(shown.zone), list[Json](), ""
    for at, found in shown.page.posts:
        day = _day(at, shown.now, zone)
        if day != last:
            blocks.append(context(f"*{day}*"))
        last = day
        blocks.append(said(_entry(at, found)))
    return blocks


def _day(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    day, today = at.astimezone(zone).date(), now.astimezone(zone).date()
    named = {today: "Today, ", today + timedelta(days=1): "Tomorrow, "}.get(day, "")
    return f"{named}{day:%A} {day.day} {day:%B}" + ("" if day.year == today.year else f" {day:%Y}")


def _entry(at: datetime, found: Found) -> str:
    heads = [each for each in found.deliveries if each.role is Role.POST]
    names = [where(each, found.accounts.get(each.account_id)) for each in heads[:_MOST_NAMES]]
    more = f" and {len(heads) - len(names)} more" if len(heads) > len(names) else ""
    fallback = f"{at:%H:%M} UTC"
    time = f"<!date^{int(at.timestamp())}^{{time}}|{fallback}>"
    word = found.summary.value.capitalize()
    return f"*{time}* · {word} · {', '.join(names)}{more} · `{found.post.id}`\n{excerpt(found)}"


def _paging(shown: Home) -> list[Json]:
    page = shown.look.page
    earlier = button("Previous Page", ids.HOME_EARLIER, value=str(page - 1))
    later = button("Next Page", ids.HOME_LATER, value=str(page + 1))
    elements = [*([earlier] if page else []), *([later] if shown.page.has_more else [])]
    return [actions(*elements)] if elements else []


def _first_steps(shown: Home) -> list[Json]:
    look = shown.look
    if look.page or look.account_id or look.show is not Show.COMING:
        return [section("There is nothing here. Choose something else above.")]
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


def _drafts(found: Sequence[Found]) -> list[Json]:
    if not found:
        return []
    rows = drafts_list(found[:MOST_DRAFTS])["blocks"]
    more = context(f"There are more: `{ids.COMMAND} drafts` lists them.")
    return [*rows, *([more] if len(found) > MOST_DRAFTS else [])]


def _accounts(shown: Home) -> list[Json]:
    rows = shown.accounts[:MOST_ACCOUNTS]
    left = len(shown.accounts) - len(rows) + shown.more_accounts
    return [
        *(section(_account(each, shown)) for each in rows),
        *([context(f"… and {left} more: press _Accounts_.")] if left else []),
        *account_views.connect_blocks(shown.connects),
    ]


def _figures(shown: Home) -> list[Json]:
    if shown.month is None:
        return []
    words = section(f"*Last 30 days*\n{in_words(shown.month)}")
    if not shown.chart_url:
        return [words]
    picture = {"type": "image", "image_url": shown.chart_url, "alt_text": alt_text(shown.month)}
    return [words, picture]


def _account(each: Row, shown: Home) -> str:
    free = shown.slots.get(each.id)
    return account_views.health(each) + (f"\nNext free slot: {when(free)}" if free else "")


def retried(posts: int, settled: int) -> str:
    """What came of a retry of many."""
    if not posts:
        return "Nothing was retried: somebody settled these posts meanwhile."
    text = "1 post goes out now." if posts == 1 else f"{posts:,} posts go out now, one by one."
    return text + (f" {settled:,} were settled meanwhile." if settled else "")
