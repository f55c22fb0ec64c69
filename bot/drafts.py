"""What a member has filled into the composer: read from the form, and from a stored post."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot import draft_times, long_texts, uploads
from bot.draft_times import When
from bot.uploads import Upload
from bot.view_state import choice, entry, is_checked, typed
from bot.views import ids
from scheduler import posts
from scheduler.contents import Words
from scheduler.posts import Found, Plan
from scheduler.states import PostState

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The fields of the composer as they stand."""

    when: When
    #: Of the post that it becomes; a form that is sent twice makes one post.
    id: str = field(default_factory=posts.new_id)
    #: That of the stored post that is open in the form; 0 for what is not stored yet. One that is
    #: no draft any more is edited.
    revision: int = 0
    edits: bool = False
    #: Somebody stored this one since; and whether what is typed here goes in its place.
    newer: int = 0
    overwrites: bool = False
    #: As far as the form has fields for it: what stands in each of them, once it was shown.
    text: str = ""
    typed: tuple[str, ...] = ()
    #: What the text has beyond that, and the stored post that it is kept in meanwhile.
    tail: str = ""
    tail_of: str = ""
    tail_length: int = 0
    #: Whether texts for single platforms are asked for, and those that were written, by platform.
    adapts: bool = False
    variants: Mapping[str, str] = field(default_factory=dict)
    link: str = ""
    title: str = ""
    first_comment: str = ""
    #: By account id, and what each place is called.
    places: Mapping[int, str] = field(default_factory=dict)
    place_names: Mapping[str, str] = field(default_factory=dict)
    #: The same post to the same account is meant.
    twice: bool = False
    account_ids: tuple[int, ...] = ()
    #: The files that it goes out with, and those in the form's memory, which stand in no field for
    #: files: they came with the post, or an earlier copy of the form had them.
    uploads: tuple[Upload, ...] = ()
    kept: tuple[Upload, ...] = ()
    alt_text: str = ""

    @property
    def pieces(self) -> tuple[str, ...]:
        """The text in the fields of the form."""
        return self.typed or tuple(long_texts.pieces(self.text))

    @property
    def base(self) -> int:
        """The revision that storing it may replace."""
        return self.newer if self.overwrites and self.newer else self.revision

    @property
    def is_empty(self) -> bool:
        """Nothing of it would be missed."""
        words = [self.text, *self.variants.values(), self.link, self.title, self.first_comment]
        return not "".join(words).strip() and not self.uploads

    @property
    def words(self) -> Words:
        return Words(
            text=self.text + self.tail,
            link=self.link.strip(),
            title=self.title.strip(),
            first_comment=self.first_comment,
            variants=self.variants if self.adapts else {},
        )

    @property
    def alt_texts(self) -> list[str]:
        """One for each file, in order; empty where nothing was written."""
        lines = [line.strip() for line in self.alt_text.rstrip().split("\n")]
        return [*lines, *[""] * (len(self.uploads) - len(lines))]


def blank(zone: str, now: datetime, **filled: Any) -> Draft:
    """A new draft, due soon."""
    return Draft(when=draft_times.proposed(zone, now), **filled)


def read(view: Json) -> Draft:
    """The draft in a composer view that Slack sent."""
    values: Json = view["state"]["values"]
    memory = json.loads(view.get("private_metadata") or "{}")
    kept = uploads.unpacked(memory.get("files", []))
    accounts = entry(values, ids.COMPOSER_ACCOUNTS, "selected_options") or []
    id_, revision, newer, edits = memory.get("post") or (posts.new_id(), 0, 0, False)
    pieces = long_texts.typed_pieces(values)
    tail_of, tail_length = memory.get("tail") or ("", 0)
    return Draft(
        when=draft_times.read(values, memory),
        id=id_,
        revision=revision,
        newer=newer,
        overwrites=is_checked(values, ids.COMPOSER_OVERWRITE),
        edits=edits,
        text="".join(pieces),
        typed=pieces,
        tail_of=tail_of,
        tail_length=tail_length,
        adapts=is_checked(values, ids.COMPOSER_ADAPT),
        variants={
            name: text
            for block in values
            if (name := _behind(block, ids.COMPOSER_VARIANT)) and (text := typed(values, block))
        },
        link=typed(values, ids.COMPOSER_LINK),
        title=typed(values, ids.COMPOSER_TITLE),
        first_comment=typed(values, ids.COMPOSER_FIRST_COMMENT),
        places={
            int(name): place
            for block in values
            if (name := _behind(block, ids.COMPOSER_PLACE)) and (place := choice(values, block))
        },
        place_names=_option_texts(values, ids.COMPOSER_PLACE),
        twice=is_checked(values, ids.COMPOSER_TWICE),
        account_ids=tuple(int(option["value"]) for option in accounts),
        uploads=uploads.chosen(values, kept),
        kept=kept,
        alt_text=typed(values, ids.COMPOSER_ALT_TEXT),
    )


def memory(draft: Draft) -> str:
    """What a composer view must remember beside its fields: Slack cannot fill the field for files
    again."""
    about = {
        **draft_times.memory(draft.when),
        "post": [draft.id, draft.revision, draft.newer, draft.edits],
        "files": uploads.packed(draft.kept),
        **({"tail": [draft.tail_of, draft.tail_length]} if draft.tail_length else {}),
    }
    return json.dumps(about, ensure_ascii=False)


def plan(draft: Draft, now: datetime) -> Plan:
    """What a stored draft keeps beside the words and files of a post."""
    return Plan(
        account_ids=draft.account_ids,
        places=draft.places,
        typed={
            "when": draft_times.kept(draft.when, now),
            "adapts": draft.adapts,
            "place_names": dict(draft.place_names),
            "alt_text": draft.alt_text,
        },
    )


def of_draft(found: Found) -> Draft:
    """A stored draft as the composer shows it."""
    post, plan = found.post, Plan.of(found.post)
    typed = plan.typed
    return replace(
        _of_post(found),
        when=draft_times.again(typed.get("when", {}), post.timezone),
        revision=post.revision,
        adapts=bool(typed.get("adapts")) or bool(post.variants),
        places=plan.places,
        place_names=typed.get("place_names", {}),
        account_ids=plan.account_ids,
        alt_text=typed.get("alt_text", ""),
    )


def to_edit(found: Found, zone: str, now: datetime) -> Draft:
    """A stored post as the composer shows it, due when it is, or soon where that has passed."""
    due = found.post.due_at
    is_ahead = due is not None and due > now
    return replace(
        _of_post(found),
        when=draft_times.at(due, zone) if due and is_ahead else draft_times.proposed(zone, now),
        revision=found.post.revision,
        edits=True,
        account_ids=tuple(row.account_id for row in found.deliveries if not row.part),
        places={row.account_id: row.place for row in found.deliveries if row.place},
    )


def to_repeat(found: Found, zone: str, now: datetime) -> Draft:
    """A new post that says the same in the same places, soon."""
    if found.post.state is PostState.DRAFT:
        return replace(of_draft(found), id=posts.new_id(), revision=0)
    again = to_edit(found, zone, now)
    when = draft_times.proposed(zone, now)
    return replace(again, when=when, id=posts.new_id(), revision=0, edits=False)


async def with_tail(draft: Draft, workspace_id: int) -> Draft:
    """A draft that was read from a form, with what its text has beyond the form's fields. Raises
    `NoSuchPost` when that is gone."""
    if not draft.tail_length or draft.tail:
        return draft
    kept = (await posts.find(workspace_id, draft.tail_of)).post.text
    return replace(draft, tail=kept[-draft.tail_length :])


def _of_post(found: Found) -> Draft:
    """The words and files of a stored post."""
    post, files = found.post, tuple(uploads.of_post(file) for file in found.media)
    pieces = long_texts.pieces(post.text)
    tail = "".join(pieces[long_texts.MOST_FIELDS :])
    return Draft(
        when=When(zone=post.timezone),
        id=post.id,
        text=post.text.removesuffix(tail) if tail else post.text,
        tail=tail,
        tail_of=post.id if tail else "",
        tail_length=len(tail),
        adapts=bool(post.variants),
        variants=post.variants,
        link=post.link,
        title=post.title,
        first_comment=post.first_comment,
        uploads=files,
        kept=files,
        alt_text="\n".join(" ".join(file.alt_text.split()) for file in found.media).rstrip(),
    )


def _behind(block: str, name: str) -> str:
    """What stands behind the colon in the id of a field that there are several of."""
    return block.removeprefix(f"{name}:") if block.startswith(f"{name}:") else ""


def _option_texts(values: Json, name: str) -> dict[str, str]:
    """What the chosen options of these fields are called, by value."""
    chosen = [entry(values, block, "selected_option") for block in values if _behind(block, name)]
    return {each["value"]: each["text"]["text"] for each in chosen if each}
