"""The form in which a post is written, and what it turns into when it is sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot import drafts
from bot.drafts import Draft
from bot.views import compose_fields as fields
from bot.views import ids
from bot.views.accounts import Connect
from bot.views.blocks import Json, actions, button, context, cut, escape, modal, plain, section
from bot.views.compose_fields import MOST_TYPED, Choice, PlaceField
from bot.views.compose_media import media_fields
from scheduler.models import Post
from scheduler.platforms import Room
from scheduler.walltime import Repeated, shown

TITLE = "Schedule a post"
HOW_TO_KEEP = (
    "_Cancel_ and closing the form throw away what you typed. _Save as Draft_ keeps it, whatever "
    f"is still missing; `{ids.COMMAND} drafts` finds it again."
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
        *fields.accounts_field(draft, form.accounts, form.connects),
        *([fields.twice_field(draft)] if form.asks_twice or draft.twice else []),
        *([fields.overwrite_field(draft)] if draft.newer else []),
        fields.text_field(draft, takes_focus=form.takes_focus),
        context(_counts(form), ids.COMPOSER_COUNTER),
        *fields.variant_fields(draft, form.platforms),
        *fields.extra_fields(draft, form.used),
        *fields.place_fields(form.places),
        *media_fields(draft),
        *fields.when_fields(draft.when, form.repeated),
        context(
            escape(form.when_note) or f"Times are in {draft.when.zone}.", ids.COMPOSER_WHEN_NOTE
        ),
        actions(button("Save as Draft", ids.COMPOSER_SAVE_DRAFT), block_id=ids.COMPOSER_BUTTONS),
        context(HOW_TO_KEEP),
    ]
    return modal(
        TITLE,
        blocks,
        callback_id=ids.COMPOSER,
        submit="Publish Now" if draft.when.is_now else "Schedule Post",
        close="Cancel",
        private_metadata=drafts.memory(draft),
    )


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
    if block in (ids.COMPOSER_WORDS, ids.COMPOSER_DATE, ids.COMPOSER_TIME, ids.COMPOSER_FOLD):
        return next(each for each in (ids.COMPOSER_TIME, ids.COMPOSER_WHEN) if each in there)
    return ids.COMPOSER_TEXT


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
