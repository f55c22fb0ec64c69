"""The fields of the form that say how a post is repeated."""

from __future__ import annotations

from bot.draft_rules import WAYS
from bot.draft_times import When
from bot.views import compose_fields as fields
from bot.views import ids
from bot.views.blocks import Json, field, option, plain
from scheduler.recurrence import MOST_TIMES, Occurrence
from scheduler.slots import DAYS
from scheduler.walltime import Repeated, Skipped, shown


def repeat_fields(when: When, odd: Occurrence | None) -> list[Json]:
    """How often, from when, and until when."""
    weekly = [_weekdays(when)] if when.how.startswith("week:") else []
    return [
        _how(when),
        *weekly,
        {**fields.date_field(when), "label": plain(f"First day in {when.zone}")},
        fields.time_field(when),
        *([_odd(when, odd)] if odd else []),
        _until(when),
        _times(when),
    ]


def _how(when: When) -> Json:
    options = {value: option(way[0], value) for value, way in WAYS.items()}
    element: Json = {
        "type": "static_select",
        "action_id": ids.COMPOSER_HOW,
        "options": list(options.values()),
        "initial_option": options.get(when.how, options["week:1"]),
    }
    return field("Repeat", element, dispatch_action=True)


def _weekdays(when: When) -> Json:
    options = [option(name, str(number)) for number, name in enumerate(DAYS)]
    chosen = [each for each in options if each["value"] in when.weekdays]
    element: Json = {
        "type": "checkboxes",
        "action_id": ids.COMPOSER_WEEKDAYS,
        "options": options,
        **({"initial_options": chosen} if chosen else {}),
    }
    return field("On these days", element, dispatch_action=True, optional=True)


def _odd(when: When, odd: Occurrence) -> Json:
    """Which moment is meant on days on which the clocks are changed, by the next such day."""
    match odd.odd:
        case Skipped(before=before, after=after):
            moments = [shown(before, when.zone), shown(after, when.zone)]
        case Repeated(first=first, second=second):
            moments = [
                f"{shown(at, when.zone)}, the {which} time"
                for at, which in ((first, "first"), (second, "second"))
            ]
        case _:
            raise ValueError("this occurrence is like any other")
    options = {
        ids.COMPOSER_FIRST: option("The earlier", ids.COMPOSER_FIRST, moments[0]),
        ids.COMPOSER_SECOND: option("The later", ids.COMPOSER_SECOND, moments[1]),
    }
    element: Json = {
        "type": "radio_buttons",
        "action_id": ids.COMPOSER_FOLD,
        "options": list(options.values()),
        **({"initial_option": options[when.fold]} if when.fold in options else {}),
    }
    label = "On days on which clocks are changed, which moment do you mean?"
    return field(label, element, dispatch_action=True)


def _until(when: When) -> Json:
    element: Json = {
        "type": "datepicker",
        "action_id": ids.COMPOSER_UNTIL,
        **({"initial_date": when.until} if when.until else {}),
    }
    hint = "Leave it empty to repeat it until somebody stops it."
    return field("Last day", element, dispatch_action=True, optional=True, hint=hint)


def _times(when: When) -> Json:
    is_number = when.times.isascii() and when.times.isdecimal()
    element: Json = {
        "type": "number_input",
        "action_id": ids.COMPOSER_TIMES,
        "is_decimal_allowed": False,
        "min_value": "1",
        "max_value": str(MOST_TIMES),
        "dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]},
        **({"initial_value": when.times} if is_number and len(when.times) < 5 else {}),
    }
    return field("How many times at most", element, dispatch_action=True, optional=True)
