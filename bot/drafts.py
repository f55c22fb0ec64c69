"""What a member has filled into the composer, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot import draft_times
from bot.draft_times import When
from bot.view_state import choice, entry, is_checked, typed
from bot.views import ids
from scheduler import admission, platforms, posts
from scheduler.contents import Words
from scheduler.media import StoredMedia
from scheduler.models import Account
from scheduler.runtime import Runtime

Json = dict[str, Any]
#: Sentences by the id of the block that they belong to.
Problems = dict[str, list[str]]

NO_ACCOUNT = "Choose at least one account to post to."
ACCOUNT_GONE = (
    "One of these accounts was disconnected meanwhile. Choose again, or connect it anew with "
    f"`{ids.COMMAND} accounts`."
)
_FILE_NAME = 60
#: Where the problems of each part of a post are shown.
_BLOCKS = {
    "text": ids.COMPOSER_TEXT,
    "media": ids.COMPOSER_MEDIA,
    "link": ids.COMPOSER_LINK,
    "title": ids.COMPOSER_TITLE,
    "first_comment": ids.COMPOSER_FIRST_COMMENT,
    "place": ids.COMPOSER_PLACE,
}


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that a member gave to Slack. `about` is Slack's file object, as far as we have it."""

    id: str
    name: str
    mime: str
    size: int
    about: Json = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The fields of the composer as they stand."""

    when: When
    text: str = ""
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
    uploads: tuple[Upload, ...] = ()
    #: The files stand in the form's memory, not in its field: an earlier copy of the form had them.
    kept: bool = False
    alt_text: str = ""

    @property
    def words(self) -> Words:
        return Words(
            text=self.text,
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
    uploads = [_upload(about) for about in entry(values, ids.COMPOSER_MEDIA, "files") or []]
    kept = [] if uploads else [_kept(each) for each in memory.get("files", [])]
    chosen = entry(values, ids.COMPOSER_ACCOUNTS, "selected_options") or []
    return Draft(
        when=draft_times.read(values, memory),
        text=typed(values, ids.COMPOSER_TEXT),
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
        account_ids=tuple(int(option["value"]) for option in chosen),
        uploads=tuple(uploads or kept),
        kept=bool(kept),
        alt_text=typed(values, ids.COMPOSER_ALT_TEXT),
    )


def memory(draft: Draft) -> str:
    """What a composer view must remember beside its fields: Slack cannot fill the field for files
    again."""
    kept = draft.uploads if draft.kept else ()
    files = [[each.id, each.name[:_FILE_NAME], each.mime[:80], each.size] for each in kept]
    return json.dumps({**draft_times.memory(draft.when), "files": files}, ensure_ascii=False)


def problems(runtime: Runtime, draft: Draft, accounts: Sequence[Account]) -> Problems:
    """Everything that is wrong with a draft as far as it can be told before its files are
    fetched. `accounts` are those of the workspace."""
    chosen = [account for account in accounts if account.id in draft.account_ids]
    found: Problems = {}
    if not draft.account_ids:
        found[ids.COMPOSER_ACCOUNTS] = [NO_ACCOUNT]
    elif len(chosen) < len(draft.account_ids):
        found[ids.COMPOSER_ACCOUNTS] = [ACCOUNT_GONE]
    merge(found, content_problems(runtime, draft, chosen))
    merge(found, alt_text_problems(draft))
    merge(found, draft_times.problems(draft.when, runtime.clock.now()))
    return found


def content_problems(runtime: Runtime, draft: Draft, chosen: Sequence[Account]) -> Problems:
    """What the platforms of these accounts will not take, found from what Slack says of the
    files."""
    said = [draft.text, *draft.words.variants.values()]
    if not "".join(said).strip() and not draft.uploads:
        return {ids.COMPOSER_TEXT: ["Write a text, or add an image or a video."]}
    targets = [(account.platform, posts.place_of(account, draft.places)) for account in chosen]
    return by_block(admission.problems(runtime, draft.words, _announced(draft), targets), draft)


def notes(runtime: Runtime, draft: Draft, chosen: Sequence[Account]) -> list[str]:
    """What will be done to the files for the platforms of these accounts, as far as it can be told
    from what Slack says of them."""
    return admission.notes(runtime, _announced(draft), {account.platform for account in chosen})


def _announced(draft: Draft) -> list[StoredMedia]:
    described = zip(draft.uploads, draft.alt_texts, strict=False)
    return [
        platforms.announced(name=file.name, mime=file.mime, size=file.size, alt_text=alt_text)
        for file, alt_text in described
    ]


def by_block(unfit: dict[str, list[Any]], draft: Draft) -> Problems:
    """Problems by platform, sorted to the fields that they belong to."""
    found: Problems = {}
    for platform, list_ in unfit.items():
        own = {"text": f"{ids.COMPOSER_VARIANT}:{platform}"} if _is_adapted(draft, platform) else {}
        for problem in list_:
            block = {**_BLOCKS, **own}[problem.field]
            if problem.text not in found.get(block, []):
                merge(found, {block: [problem.text]})
    return found


def _is_adapted(draft: Draft, platform: str) -> bool:
    return bool(draft.words.variants.get(platform, "").strip())


def alt_text_problems(draft: Draft) -> Problems:
    lines = len(draft.alt_texts)
    if not draft.alt_text.strip() or lines <= len(draft.uploads):
        return {}
    files = len(draft.uploads)
    have = "there is 1 file" if files == 1 else f"there are {files or 'no'} files"
    return {
        ids.COMPOSER_ALT_TEXT: [
            f"These are {lines} lines, but {have}. Write one line for each file."
        ]
    }


def merge(into: Problems, more: Problems) -> None:
    """Adds problems to those found before."""
    for block, sentences in more.items():
        into.setdefault(block, []).extend(each for each in sentences)


def _upload(about: Json) -> Upload:
    return Upload(
        id=about["id"],
        name=about.get("name") or about.get("title") or about["id"],
        mime=about.get("mimetype") or "",
        size=int(about.get("size") or 0),
        about=about,
    )


def _kept(entry: list[Any]) -> Upload:
    file_id, name, mime, size = entry
    about = {"id": file_id, "name": name}
    return Upload(id=file_id, name=name, mime=mime, size=size, about=about)


def _behind(block: str, name: str) -> str:
    """What stands behind the colon in the id of a field that there are several of."""
    return block.removeprefix(f"{name}:") if block.startswith(f"{name}:") else ""


def _option_texts(values: Json, name: str) -> dict[str, str]:
    """What the chosen options of these fields are called, by value."""
    chosen = [entry(values, block, "selected_option") for block in values if _behind(block, name)]
    return {each["value"]: each["text"]["text"] for each in chosen if each}
