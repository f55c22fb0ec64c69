"""Series as people see them: the list with its buttons, and what their authors have to be told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot import draft_times
from bot.draft_times import When
from bot.long_texts import MOST_TYPED
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
    header,
    modal,
)
from bot.views.blocks import when as moment
from bot.views.repeat_fields import repeat_fields
from bot.views.standing import said
from scheduler import platforms, recurrence
from scheduler.models import Account, Series
from scheduler.recurrence import Occurrence, Rule
from scheduler.series import Shown
from scheduler.walltime import shown

MOST_ROWS = 10
_EXCERPT = 120
_MOST_ACCOUNTS = 10


@dataclass(frozen=True, kw_only=True)
class Row:
    """A series as one member sees it."""

    shown: Shown
    may_act: bool


def series_list(rows: Sequence[Row], count: int) -> Json:
    """The first series of a workspace, which has `count`, for the member alone."""
    if not rows:
        text = (
            f"Nothing is repeated. `{ids.COMMAND}` opens the form; choose _Repeat_ there to post "
            "something again and again."
        )
        return {"response_type": "ephemeral", "text": text, "blocks": [said(text)]}
    return {
        "response_type": "ephemeral",
        "text": f"Series: {count}.",
        "blocks": [
            header("What is repeated"),
            *(block for row in rows[:MOST_ROWS] for block in _row(row)),
            *([context(f"… and {left} more.")] if (left := count - len(rows[:MOST_ROWS])) else []),
            context(
                "Single occurrences are ordinary posts: their cards change them one by one. "
                f"`{ids.COMMAND} status <id>` shows one."
            ),
        ],
    }


def edit_form(series: Series, text: str, when: When, *, note: str, odd: Occurrence | None) -> Json:
    """Text and rule of all that is still to come; `note` is what the rule means."""
    element: Json = {
        "type": "plain_text_input",
        "action_id": ids.SERIES_TEXT,
        "multiline": True,
        "max_length": MOST_TYPED,
        **({"initial_value": cut(text, MOST_TYPED)} if text else {}),
    }
    hint = "Accounts and files stay as they are."
    return modal(
        "Edit all to come",
        [
            said(
                "What is published stays. Occurrences that were changed on their own stay as well; "
                "all others follow."
            ),
            field("Text", element, optional=True, hint=hint),
            *repeat_fields(when, odd),
            context(escape(note, 2900) or f"Times are in {when.zone}.", ids.COMPOSER_WHEN_NOTE),
        ],
        callback_id=ids.SERIES_MODAL,
        submit="Change All",
        close="Cancel",
        private_metadata=json.dumps({**draft_times.memory(when), "series": series.id}),
    )


def changed(series: Series, coming: Sequence[datetime], own: int) -> Json:
    """The end of the form; `own` occurrences were changed on their own and stay as they are."""
    rule = Rule.of(series.rule)
    told = "\n".join(f"• {shown(at, rule.zone)}" for at in coming)
    stay = (
        "1 occurrence was changed on its own and stays as it is."
        if own == 1
        else f"{own} occurrences were changed on their own and stay as they are."
    )
    if series.paused_at:
        then = "The series is paused; nothing of it goes out until somebody resumes it."
    else:
        then = f"Next:\n{told}"
    first = f"*It is repeated {escape(recurrence.said(rule), 300)}.*\n{then}"
    return modal(
        "Edit all to come", [said(first), *([context(stay)] if own else [])], close="Close"
    )


def named(series: Series) -> str:
    """The beginning of what is repeated, and when; for mrkdwn."""
    return f"{_excerpt(series)}, {escape(recurrence.said(Rule.of(series.rule)), 200)}"


def notice(kind: str, data: Mapping[str, Any], series: Series | None, *, author: str = "") -> str:
    """What happened to a series, and what to do, for mrkdwn. `author` is named to somebody who
    stands in for them."""
    whose = f"by <@{author}>" if author else "of yours"
    what = f"the series {whose}: {named(series)}" if series else f"a series {whose}"
    reason = escape(str(data.get("reason") or ""), 1000)
    if kind == "series.stuck":
        at = moment(datetime.fromisoformat(data["at"]))
        return (
            f"The post for {at} cannot be put on the calendar for {what}. {reason} Postbot tries "
            f"it again until then. `{ids.COMMAND} repeats` lets you change or stop it."
        )
    first, passed = moment(datetime.fromisoformat(data["first"])), int(data["passed"])
    if passed == 1:
        missing = f"The post for {first} is missing"
    else:
        missing = f"{passed} posts from {first} on are missing"
    return (
        f"{missing} in {what}. {reason} Nothing was posted late; the series goes on with its next "
        f"day. `{ids.COMMAND}` opens the form if you want to post it now."
    )


def _row(row: Row) -> list[Json]:
    series = row.shown.series
    lines = [
        f"*{_excerpt(series)}*",
        _capital(escape(recurrence.said(Rule.of(series.rule)), 200)),
        f"On {_accounts(row.shown.accounts)} · by <@{series.author}>",
        _coming(row.shown),
    ]
    if series.trouble:
        lines.append(f":warning: {escape(series.trouble, 500)}")
    buttons = [said("\n".join(lines))]
    if row.may_act:
        buttons.append(actions(*_buttons(row.shown), block_id=f"{ids.SERIES_ACTIONS}:{series.id}"))
    return buttons


def _coming(found: Shown) -> str:
    if found.series.paused_at:
        return "*Paused.* Nothing of it goes out until somebody resumes it."
    each = [f"{moment(at)}{f' (`{post_id}`)' if post_id else ''}" for at, post_id in found.coming]
    return f"Next: {'; '.join(each)}" if each else "It is over."


def _buttons(found: Shown) -> list[Json]:
    edit = button("Edit All", ids.SERIES_EDIT)
    stop = button("Stop", ids.SERIES_STOP, style="danger", confirm=_sure_to_stop())
    if found.series.paused_at:
        return [button("Resume", ids.SERIES_RESUME), edit, stop]
    skip = [button("Skip Next", ids.SERIES_SKIP, value=found.next_key)] if found.coming else []
    return [*skip, button("Pause", ids.SERIES_PAUSE, confirm=_sure_to_pause()), edit, stop]


def _sure_to_pause() -> Json:
    return confirm(
        "Pause this series?",
        "Posts of it that are on the calendar are called off, also those that were changed on "
        "their own. Resume makes them anew from the text of the series.",
        yes="Pause",
        no="Go On",
    )


def _sure_to_stop() -> Json:
    return confirm(
        "Stop this series?",
        "Posts of it that are on the calendar are called off, and no more are made. What is "
        "published stays.",
        yes="Stop",
        no="Go On",
    )


def _accounts(accounts: Sequence[Account]) -> str:
    names = [
        f"{platforms.label(each.platform)} @{escape(each.username, 80)}"
        for each in accounts[:_MOST_ACCOUNTS]
    ]
    left = len(accounts) - len(names)
    return ", ".join([*names, *([f"{left} more"] if left else [])]) or "no account"


def _excerpt(series: Series) -> str:
    text = " ".join(series.text.split())
    files = len(series.media)
    return f"“{escape(text, _EXCERPT)}”" if text else f"{files} file{'' if files == 1 else 's'}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
