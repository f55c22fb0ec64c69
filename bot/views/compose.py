"""The form in which a post is written, and what it turns into when it is sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot import drafts
from bot.drafts import Draft
from bot.views import ids
from bot.views.accounts import Connect, connect_buttons
from bot.views.blocks import (
    MOST_OPTIONS,
    Json,
    actions,
    button,
    context,
    cut,
    escape,
    field,
    modal,
    option,
    plain,
    section,
)
from scheduler.platforms import Room
from scheduler.walltime import Repeated, shown

TITLE = "Schedule a post"
MOST_TYPED = 3000
_FILE_TYPES = ["jpg", "jpeg", "png", "webp", "gif", "mp4", "mov"]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """An account as the composer offers it."""

    id: int
    label: str
    needs_reconnect: bool = False


@dataclass(frozen=True, kw_only=True)
class Form:
    """All that the composer shows. `hints` are problems of the text and its files, `notes` what is
    done to the files, `rooms` the counts, `when_note` what the time means or why it will not do;
    `notice` stands on top."""

    draft: Draft
    accounts: Sequence[Choice]
    connects: Sequence[Connect] = ()
    rooms: Sequence[Room] = ()
    hints: Sequence[str] = ()
    notes: Sequence[str] = ()
    when_note: str = ""
    repeated: Repeated | None = None
    notice: str = ""
    # Only a form that was just opened may take the cursor.
    takes_focus: bool = False


def composer(form: Form) -> Json:
    """The form. Blocks and elements keep their ids, so that Slack keeps what was typed."""
    draft = form.draft
    blocks = [
        *([section(f":warning: {escape(form.notice, 2900)}")] if form.notice else []),
        *_accounts(form),
        _text(draft, takes_focus=form.takes_focus),
        context(_counts(form), ids.COMPOSER_COUNTER),
        *_media(draft),
        _when(draft),
        date_field(draft),
        time_field(draft),
        *([fold_field(draft, form.repeated)] if form.repeated else []),
        context(escape(form.when_note) or f"Times are in {draft.zone}.", ids.COMPOSER_WHEN_NOTE),
    ]
    return modal(
        TITLE,
        blocks,
        callback_id=ids.COMPOSER,
        submit="Publish Now" if draft.now else "Schedule Post",
        close="Cancel",
        private_metadata=drafts.memory(draft),
    )


def opening_notice(text: str, files: Sequence[str]) -> str:
    """What a member must know of a form that was opened with a text or from a message."""
    notes = []
    if cut(text, MOST_TYPED) != text:
        notes.append(
            f"The text was longer than {MOST_TYPED:,} characters, the most that fits here; its end "
            "is missing."
        )
    if files:
        notes.append(
            f"The message has files ({', '.join(files)}). Download them and add them below: they "
            "do not come along by themselves."
        )
    return " ".join(notes)


def errors(problems: Mapping[str, Sequence[str]], fields: Collection[str]) -> dict[str, str]:
    """Problems as Slack shows them at the fields of a form. What belongs to a field that the form
    lacks is told at the nearest one."""
    nearest = {ids.COMPOSER_FOLD: ids.COMPOSER_TIME}
    found: dict[str, list[str]] = {}
    for block, sentences in problems.items():
        place = block if block in fields else nearest.get(block, ids.COMPOSER_TEXT)
        found.setdefault(place, []).extend(sentences)
    return {place: cut(" ".join(sentences), 1000) for place, sentences in found.items()}


def saving(draft: Draft) -> Json:
    """Stands where the form was while its files are fetched; the text stays readable."""
    return modal(
        TITLE,
        [
            section("*Saving your post…*"),
            context(
                "Keep this open for a moment. If it still says so in three minutes, nothing was "
                "stored: copy your text from here and schedule it again."
            ),
            *_quote(draft.text),
        ],
        close="Close",
    )


def scheduled(due: datetime | None, zone: str, post_id: str) -> Json:
    """The end of a form that took a while to save."""
    said = f"*Scheduled for {shown(due, zone)}.*" if due else "*It goes out now.*"
    note = (
        "Its card is in our direct messages. You can close this. "
        f"`{ids.COMMAND} status {post_id}` shows how it stands."
    )
    return modal(TITLE, [section(said), context(note)], close="Close")


def not_stored(draft: Draft, error: str) -> str:
    """The message to a member who closed the form before saving failed."""
    text = escape(draft.text, 2500)
    quoted = "\n".join(f"> {line}" for line in text.split("\n")) if text.strip() else ""
    return f"Your post was not scheduled: {escape(error, 1000)}\n{quoted}".rstrip()


def summed(room: Room) -> str:
    """A platform's count, such as `X: 281 of 280, 1 too many`."""
    over = room.used - room.limit
    return f"{room.label}: {room.used} of {room.limit}" + (f", {over} too many" if over > 0 else "")


def fold_labels(repeated: Repeated, zone: str) -> tuple[str, str]:
    """How the two instants of a repeated time are told apart."""
    first, second = (at.astimezone(ZoneInfo(zone)) for at in (repeated.first, repeated.second))
    return (
        f"{first:%H:%M} the first time ({first:%Z})",
        f"{second:%H:%M} the second time ({second:%Z})",
    )


def _accounts(form: Form) -> list[Json]:
    if not form.accounts:
        return _no_accounts(form.connects)
    offered = {each.id: _account_option(each) for each in form.accounts[:MOST_OPTIONS]}
    chosen = [offered[id_] for id_ in form.draft.account_ids if id_ in offered]
    element: Json = {
        "type": "multi_static_select",
        "action_id": ids.COMPOSER_ACCOUNTS,
        "placeholder": plain("Choose accounts"),
        "options": list(offered.values()),
        **({"initial_options": chosen} if chosen else {}),
    }
    return [field("Accounts", element, dispatch_action=True)]


def _no_accounts(connects: Sequence[Connect]) -> list[Json]:
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
            *connect_buttons(connects, style="primary"),
            button("I Have Connected", ids.COMPOSER_REFRESH),
        ),
    ]


def _account_option(choice: Choice) -> Json:
    note = "Must be connected again" if choice.needs_reconnect else ""
    return option(choice.label, str(choice.id), note)


def _text(draft: Draft, *, takes_focus: bool) -> Json:
    element: Json = {
        "type": "plain_text_input",
        "action_id": ids.COMPOSER_TEXT,
        "multiline": True,
        "max_length": MOST_TYPED,
        **({"focus_on_load": True} if takes_focus else {}),
        "dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]},
        **({"initial_value": cut(draft.text, MOST_TYPED)} if draft.text else {}),
    }
    return field("Text", element, dispatch_action=True, optional=True)


def _counts(form: Form) -> str:
    counts = " · ".join(escape(summed(room)) for room in form.rooms)
    hints = [f":warning: {escape(hint)}" for hint in form.hints]
    notes = [f":information_source: {escape(note)}" for note in form.notes]
    said = "\n".join(part for part in (counts, *hints, *notes) if part)
    return cut(said, 2900) or "Choose an account to see how much room its platform has."


def _media(draft: Draft) -> list[Json]:
    files: Json = {
        "type": "file_input",
        "action_id": ids.COMPOSER_MEDIA,
        "filetypes": _FILE_TYPES,
        "max_files": 10,
    }
    alt_text: Json = {
        "type": "plain_text_input",
        "action_id": ids.COMPOSER_ALT_TEXT,
        "multiline": True,
        "max_length": MOST_TYPED,
        **({"initial_value": cut(draft.alt_text, MOST_TYPED)} if draft.alt_text else {}),
    }
    return [
        *_kept(draft),
        field("Other files instead" if draft.kept else "Images or a video", files, optional=True),
        field(
            "Alt texts",
            alt_text,
            optional=True,
            hint="What the images show, for people who cannot see them. One line for each file, in "
            "their order; leave a line empty to skip one.",
        ),
    ]


def _kept(draft: Draft) -> list[Json]:
    if not draft.kept:
        return []
    names = ", ".join(escape(each.name, 200) for each in draft.uploads)
    drop = button("Remove Files", ids.COMPOSER_DROP_FILES)
    return [section(f"*Files:* {cut(names, 2800)}", accessory=drop)]


def _when(draft: Draft) -> Json:
    later = option("At a time", ids.COMPOSER_LATER)
    now = option("Publish now", ids.COMPOSER_NOW)
    element: Json = {
        "type": "radio_buttons",
        "action_id": ids.COMPOSER_WHEN,
        "options": [later, now],
        "initial_option": now if draft.now else later,
    }
    return field("When", element, dispatch_action=True)


def date_field(draft: Draft) -> Json:
    """The date of a draft, in its zone."""
    element: Json = {
        "type": "datepicker",
        "action_id": ids.COMPOSER_DATE,
        **({"initial_date": draft.date} if draft.date else {}),
    }
    return field(f"Date in {draft.zone}", element, dispatch_action=True, optional=True)


def time_field(draft: Draft) -> Json:
    """The time of a draft, in its zone."""
    element: Json = {
        "type": "timepicker",
        "action_id": ids.COMPOSER_TIME,
        "timezone": draft.zone,
        **({"initial_time": draft.time} if draft.time else {}),
    }
    return field(f"Time in {draft.zone}", element, dispatch_action=True, optional=True)


def fold_field(draft: Draft, repeated: Repeated) -> Json:
    """Which of two equal times is meant."""
    first, second = fold_labels(repeated, draft.zone)
    options = {
        ids.COMPOSER_FIRST: option(first, ids.COMPOSER_FIRST),
        ids.COMPOSER_SECOND: option(second, ids.COMPOSER_SECOND),
    }
    element: Json = {
        "type": "radio_buttons",
        "action_id": ids.COMPOSER_FOLD,
        "options": list(options.values()),
        **({"initial_option": options[draft.fold]} if draft.fold in options else {}),
    }
    return field("This time happens twice on that day. Which one?", element, dispatch_action=True)


def _quote(text: str) -> list[Json]:
    return [{"type": "section", "text": plain(text)}] if text.strip() else []
