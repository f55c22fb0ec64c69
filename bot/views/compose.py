"""The form in which a post is written, and what it turns into when it is sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot import drafts, long_texts
from bot.drafts import Draft
from bot.views import compose_fields as fields
from bot.views import ids
from bot.views.accounts import Connect
from bot.views.blocks import Json, actions, button, context, cut, escape, modal, plain, section
from bot.views.compose_accounts import Choice, PlaceField, accounts_field, place_fields
from bot.views.compose_media import media_fields
from bot.views.repeat_fields import repeat_fields
from scheduler import recurrence
from scheduler.models import Post, Series
from scheduler.platforms import Room
from scheduler.posts import Found
from scheduler.recurrence import Occurrence, Rule
from scheduler.walltime import Repeated, shown

TITLE = "Schedule a post"
_OF_TIME = {ids.COMPOSER_WORDS, ids.COMPOSER_DATE, ids.COMPOSER_TIME, ids.COMPOSER_FOLD}
_SUBMITS = {ids.COMPOSER_NOW: "Publish Now", ids.COMPOSER_REPEAT: "Repeat Post"}
HOW_TO_KEEP = (
    "_Cancel_ and closing the form throw away what you typed. _Save as Draft_ keeps it, whatever "
    f"is still missing; `{ids.COMMAND} drafts` finds it again."
)
HOW_TO_EDIT = (
    "The post stays as it is until you send this form; _Cancel_ and closing it throw away what you "
    "typed. All of it goes out at the time above, what failed before included."
)
EDIT_TITLE = "Edit the post"
ACCOUNTS_LOST = (
    "An account of this post was disconnected. Choose again, or connect it anew with "
    f"`{ids.COMMAND} accounts`."
)
NOTHING_TO_KEEP = "There is nothing to keep yet. Write something, or add a file."


@dataclass(frozen=True, kw_only=True)
class Form:
    """All that the composer shows. `hints` are problems of the text and its files, `notes` what is
    done to the files, `rooms` the counts, `when_note` what the time means or why it will not do;
    `notice` stands on top."""

    draft: Draft
    accounts: Sequence[Choice]
    #: `None` for members who may not connect accounts.
    connects: Sequence[Connect] | None = ()
    rooms: Sequence[Room] = ()
    hints: Sequence[str] = ()
    notes: Sequence[str] = ()
    when_note: str = ""
    repeated: Repeated | None = None
    #: Of what is repeated, the next occurrence on a day on which clocks are changed.
    odd: Occurrence | None = None
    #: The platforms of the chosen accounts, label by name.
    platforms: Mapping[str, str] = field(default_factory=dict)
    #: The fields that at least one of them has.
    used: frozenset[str] = frozenset()
    places: Sequence[PlaceField] = ()
    #: The same post is there already; the member is asked whether it is meant.
    asks_twice: bool = False
    notice: str = ""
    # Only a form that was just opened may take the cursor.
    takes_focus: bool = False


def composer(form: Form) -> Json:
    """The form. Blocks and elements keep their ids, so that Slack keeps what was typed."""
    draft = form.draft
    blocks = [
        *([section(f":warning: {escape(form.notice, 2900)}")] if form.notice else []),
        *accounts_field(draft, form.accounts, form.connects),
        *([fields.twice_field(draft)] if form.asks_twice or draft.twice else []),
        *([fields.overwrite_field(draft)] if draft.newer else []),
        *fields.text_fields(draft, takes_focus=form.takes_focus),
        context(_counts(form), ids.COMPOSER_COUNTER),
        *fields.variant_fields(draft, form.platforms),
        *fields.extra_fields(draft, form.used),
        *place_fields(form.places),
        *media_fields(draft),
        *fields.when_fields(draft.when, form.repeated),
        *(repeat_fields(draft.when, form.odd) if draft.when.repeats else []),
        context(
            escape(form.when_note) or f"Times are in {draft.when.zone}.", ids.COMPOSER_WHEN_NOTE
        ),
        *_buttons(draft),
    ]
    sends = _SUBMITS.get(draft.when.way, "Schedule Post")
    return modal(
        EDIT_TITLE if draft.edits else TITLE,
        blocks,
        callback_id=ids.COMPOSER,
        submit="Save Changes" if draft.edits and not draft.when.is_now else sends,
        close="Cancel",
        private_metadata=drafts.memory(draft),
    )


def _buttons(draft: Draft) -> list[Json]:
    shown = [button("Preview", ids.COMPOSER_PREVIEW)]
    shown += [] if draft.edits else [button("Save as Draft", ids.COMPOSER_SAVE_DRAFT)]
    return [
        actions(*shown, block_id=ids.COMPOSER_BUTTONS),
        context(HOW_TO_EDIT if draft.edits else HOW_TO_KEEP),
    ]


def kept(post: Post, draft: Draft) -> Json:
    """The end of a form that was saved as a draft."""
    due = f" It is meant for {shown(post.due_at, draft.when.zone)}." if post.due_at else ""
    return modal(
        TITLE,
        [
            section(f"*Saved as a draft.*{due} Nothing of it goes out before you schedule it."),
            context(f"`{ids.COMMAND} drafts` lists your drafts, to open or delete them."),
            actions(button("Keep Writing", ids.DRAFT_CONTINUE, value=post.id)),
            *_quote(draft.text),
        ],
        close="Close",
    )


def editing_notice(found: Found) -> str:
    """What a member must know of a post before they edit it."""
    if len({row.due_at for row in found.deliveries}) < 2:
        return ""
    return "Its accounts have times of their own; all of them get the time that you send here."


def opening_notice(text: str, left_out: Sequence[str]) -> str:
    """What a member must know of a form that was opened with a text or from a message, of whose
    files these cannot be posted."""
    notes = []
    if len(long_texts.pieces(text)) > long_texts.MOST_FIELDS:
        most = long_texts.MOST_TYPED * long_texts.MOST_FIELDS
        notes.append(
            f"The text was longer than {most:,} characters, the most that fits here; its end is "
            "missing."
        )
    if left_out:
        notes.append(
            f"Of the message's files these do not come along: {', '.join(left_out)}. A post takes "
            "images and videos, ten at most."
        )
    return " ".join(notes)


def errors(problems: Mapping[str, Sequence[str]], there: Collection[str]) -> dict[str, str]:
    """Problems as Slack shows them at the fields of a form. What belongs to a field that the form
    lacks is told at the nearest one."""
    found: dict[str, list[str]] = {}
    for block, sentences in problems.items():
        place = block if block in there else _nearest(block, there)
        found.setdefault(place, []).extend(sentences)
    return {place: cut(" ".join(sentences), 1000) for place, sentences in found.items()}


def _nearest(block: str, there: Collection[str]) -> str:
    """The field of a form that comes closest to one which it lacks."""
    if block == ids.COMPOSER_PLACE:
        own = (each for each in there if each.startswith(f"{ids.COMPOSER_PLACE}:"))
        return next(own, ids.COMPOSER_ACCOUNTS)
    if block in _OF_TIME:
        return next(each for each in (ids.COMPOSER_TIME, ids.COMPOSER_WHEN) if each in there)
    return ids.COMPOSER_TEXT


def saving(draft: Draft) -> Json:
    """Stands where the form was while its files are fetched; the text stays readable."""
    return modal(
        EDIT_TITLE if draft.edits else TITLE,
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


def scheduled(due: datetime | None, zone: str, post_id: str, *, waits: bool = False) -> Json:
    """The end of a form that took a while to save. `waits` where approvers are asked first."""
    if waits:
        at = f", to go out on {shown(due, zone)}" if due else ""
        said = f"*Submitted for approval{at}.* Nothing of it goes out before."
    else:
        said = f"*Scheduled for {shown(due, zone)}.*" if due else "*It goes out now.*"
    note = (
        "Its card is in our direct messages. You can close this. "
        f"`{ids.COMMAND} status {post_id}` shows how it stands."
    )
    return modal(TITLE, [section(said), context(note)], close="Close")


def repeated(series: Series, coming: Sequence[datetime]) -> Json:
    """The end of a form whose post is repeated."""
    rule = Rule.of(series.rule)
    told = "\n".join(f"• {shown(at, rule.zone)}" for at in coming)
    trouble = [section(f":warning: {escape(series.trouble, 2000)}")] if series.trouble else []
    note = (
        "Each gets its card in our direct messages a day ahead. "
        f"`{ids.COMMAND} repeats` shows, skips, pauses, changes and stops it. You can close this."
    )
    first = f"*It is repeated {recurrence.said(rule)}.*\nNext:\n{told}"
    return modal(TITLE, [section(first), *trouble, context(note)], close="Close")


def not_stored(draft: Draft, error: str) -> str:
    """The message to a member who closed the form before saving failed."""
    text = escape(draft.text, 2500)
    quoted = "\n".join(f"> {line}" for line in text.split("\n")) if text.strip() else ""
    return f"Your post was not scheduled: {escape(error, 1000)}\n{quoted}".rstrip()


def summed(room: Room) -> str:
    """A platform's count and price, such as `X: 281, a thread of 2 posts, about $0.03`."""
    over = f", {room.excess:,} too many" if room.excess else ""
    price = f", about {room.price}" if room.price else ""
    return f"{room.label}: {room.filled}{over}{price}"


def _counts(form: Form) -> str:
    counts = " · ".join(escape(summed(room)) for room in form.rooms)
    hints = [f":warning: {escape(hint)}" for hint in form.hints]
    notes = [f":information_source: {escape(note)}" for note in form.notes]
    said = "\n".join(part for part in (counts, *hints, *notes) if part)
    return cut(said, 2900) or "Choose an account to see how much room its platform has."


def _quote(text: str) -> list[Json]:
    return [{"type": "section", "text": plain(text)}] if text.strip() else []
