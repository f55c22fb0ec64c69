"""The fields of the form in which a post is written."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from bot import long_texts
from bot.draft_times import When
from bot.drafts import Draft
from bot.long_texts import MOST_TYPED
from bot.views import ids
from bot.views.blocks import (
    Json,
    context,
    cut,
    field,
    option,
    plain,
)
from scheduler import timewords
from scheduler.walltime import Repeated

MOST_TIME_WORDS = timewords.MOST_TYPED


def text_fields(draft: Draft, *, takes_focus: bool) -> list[Json]:
    """What the post says everywhere, unless a platform has a text of its own; a long text goes on
    in further fields."""
    shown = long_texts.shown(draft.pieces)
    beyond = [context(_beyond(draft))] if draft.tail_length else []
    return [
        *(_text(each, number, takes_focus=takes_focus) for number, each in enumerate(shown)),
        *beyond,
    ]


def _text(piece: str, number: int, *, takes_focus: bool) -> Json:
    element: Json = {
        "type": "plain_text_input",
        "action_id": long_texts.field_id(number),
        "multiline": True,
        "max_length": MOST_TYPED,
        **({"focus_on_load": True} if takes_focus and not number else {}),
        "dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]},
        **({"initial_value": cut(piece, MOST_TYPED)} if piece else {}),
    }
    if not number:
        return field("Text", element, dispatch_action=True, optional=True)
    hint = "Goes on where the field above ends, without a blank or a new line between them."
    return field("Text, continued", element, dispatch_action=True, optional=True, hint=hint)


def _beyond(draft: Draft) -> str:
    most = MOST_TYPED * long_texts.MOST_FIELDS
    return (
        f":information_source: A form in Slack holds {most:,} characters of a text. The last "
        f"{draft.tail_length:,} of this one are not shown; they are kept and go out behind what "
        "stands here."
    )


def variant_fields(draft: Draft, platforms: Mapping[str, str]) -> list[Json]:
    """Whether and how the text differs on single platforms, by name and label; asked for where
    there are several."""
    if len(platforms) < 2 and not draft.variants:
        return []
    yes = option("Write a text of its own for some platforms", ids.COMPOSER_YES)
    element: Json = {
        "type": "checkboxes",
        "action_id": ids.COMPOSER_ADAPT,
        "options": [yes],
        **({"initial_options": [yes]} if draft.adapts else {}),
    }
    shown = platforms if draft.adapts else {}
    return [
        field("Adapt per platform", element, optional=True, dispatch_action=True),
        *(_variant(draft, name, label) for name, label in shown.items()),
    ]


def _variant(draft: Draft, platform: str, label: str) -> Json:
    block_id = f"{ids.COMPOSER_VARIANT}:{platform}"
    return _line(
        f"Text on {label}",
        block_id,
        draft.variants.get(platform, ""),
        most=MOST_TYPED,
        multiline=True,
        hint="Leave it empty to use the text above.",
        dispatches=True,
    )


def extra_fields(draft: Draft, used: frozenset[str]) -> list[Json]:
    """What only some platforms have a field for; what was typed stays in sight all the same."""
    link = _line(
        "Link",
        ids.COMPOSER_LINK,
        draft.link,
        most=2000,
        hint="The page that the post leads to, where the platform has a place for it.",
        dispatches=True,
    )
    title = _line("Title", ids.COMPOSER_TITLE, draft.title, most=255)
    comment = _line(
        "First comment",
        ids.COMPOSER_FIRST_COMMENT,
        draft.first_comment,
        most=MOST_TYPED,
        multiline=True,
        hint="Goes out below the post as soon as that is live. If it fails, the post stays.",
    )
    return [
        *([link] if "link" in used or draft.link else []),
        *([title] if "title" in used or draft.title else []),
        *([comment] if "first_comment" in used or draft.first_comment else []),
    ]


def twice_field(draft: Draft) -> Json:
    """Whether a post that there is already is meant."""
    label = "The same post is there already"
    return _yes_field(label, "Post it again", ids.COMPOSER_TWICE, is_checked=draft.twice)


def overwrite_field(draft: Draft) -> Json:
    """Whether what is typed here replaces what somebody else stored meanwhile."""
    label = "Somebody changed this post since you opened it"
    said = "Put what stands here in the place of theirs"
    return _yes_field(label, said, ids.COMPOSER_OVERWRITE, is_checked=draft.overwrites)


def _yes_field(label: str, said: str, action_id: str, *, is_checked: bool) -> Json:
    yes = option(said, ids.COMPOSER_YES)
    element: Json = {
        "type": "checkboxes",
        "action_id": action_id,
        "options": [yes],
        **({"initial_options": [yes]} if is_checked else {}),
    }
    return field(label, element, optional=True)


def _line(
    label: str,
    action_id: str,
    value: str,
    *,
    most: int,
    multiline: bool = False,
    hint: str = "",
    dispatches: bool = False,
) -> Json:
    element: Json = {
        "type": "plain_text_input",
        "action_id": action_id,
        "multiline": multiline,
        "max_length": most,
        **({"initial_value": cut(value, most)} if value else {}),
        **(
            {"dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]}}
            if dispatches
            else {}
        ),
    }
    more: Json = {"dispatch_action": True} if dispatches else {}
    return field(label, element, optional=True, hint=hint, **more)


def when_fields(when: When, repeated: Repeated | None) -> list[Json]:
    """When it goes out, and the fields that this needs."""
    if not when.has_clock:
        return [_way_field(when)]
    fold = [fold_field(when, repeated)] if repeated else []
    return [_way_field(when), words_field(when), date_field(when), time_field(when), *fold]


def _way_field(when: When) -> Json:
    options = {
        ids.COMPOSER_LATER: option("At a time", ids.COMPOSER_LATER),
        ids.COMPOSER_SLOT: option("In the next free slot", ids.COMPOSER_SLOT),
        ids.COMPOSER_REPEAT: option("Again and again", ids.COMPOSER_REPEAT),
        ids.COMPOSER_NOW: option("Publish now", ids.COMPOSER_NOW),
    }
    element: Json = {
        "type": "radio_buttons",
        "action_id": ids.COMPOSER_WHEN,
        "options": list(options.values()),
        "initial_option": options[when.way],
    }
    return field("When", element, dispatch_action=True)


def words_field(when: When, *, pickers: str = "below") -> Json:
    """A time in words, instead of the date and the time that stand `pickers`."""
    element: Json = {
        "type": "plain_text_input",
        "action_id": ids.COMPOSER_WORDS,
        "max_length": MOST_TIME_WORDS,
        "placeholder": plain("tomorrow 9am, 25 Dec 18:00, in 2 hours"),
        "dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]},
        **({"initial_value": cut(when.words, MOST_TIME_WORDS)} if when.words else {}),
    }
    hint = f"Leave this empty to use the date and the time {pickers}."
    return field("Type a time", element, hint=hint, optional=True, dispatch_action=True)


def date_field(when: When) -> Json:
    """The date, in the zone of the form."""
    element: Json = {
        "type": "datepicker",
        "action_id": ids.COMPOSER_DATE,
        **({"initial_date": when.date} if when.date else {}),
    }
    return field(f"Date in {when.zone}", element, dispatch_action=True, optional=True)


def time_field(when: When) -> Json:
    """The time, in the zone of the form."""
    element: Json = {
        "type": "timepicker",
        "action_id": ids.COMPOSER_TIME,
        "timezone": when.zone,
        **({"initial_time": when.time} if when.time else {}),
    }
    return field(f"Time in {when.zone}", element, dispatch_action=True, optional=True)


def fold_field(when: When, repeated: Repeated) -> Json:
    """Which of two equal times is meant."""
    first, second = fold_labels(repeated, when.zone)
    options = {
        ids.COMPOSER_FIRST: option(first, ids.COMPOSER_FIRST),
        ids.COMPOSER_SECOND: option(second, ids.COMPOSER_SECOND),
    }
    element: Json = {
        "type": "radio_buttons",
        "action_id": ids.COMPOSER_FOLD,
        "options": list(options.values()),
        **({"initial_option": options[when.fold]} if when.fold in options else {}),
    }
    return field("This time happens twice on that day. Which one?", element, dispatch_action=True)


def fold_labels(repeated: Repeated, zone: str) -> tuple[str, str]:
    """How the two instants of a repeated time are told apart."""
    first, second = (at.astimezone(ZoneInfo(zone)) for at in (repeated.first, repeated.second))
    return (
        f"{first:%H:%M} the first time ({first:%Z})",
        f"{second:%H:%M} the second time ({second:%Z})",
    )
