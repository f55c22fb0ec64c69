"""What a post would look like on each platform, before anything is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from publishers import get
from scheduler import admission, versions
from scheduler.contents import Words
from scheduler.media import StoredMedia
from scheduler.models import Account
from scheduler.platforms import Room, label, rooms
from scheduler.post_rows import place_of
from scheduler.runtime import Runtime


@dataclass(frozen=True, kw_only=True)
class PreviewFile:
    """A file as it goes out: `changes` are sentences on what is done to it."""

    name: str
    alt_text: str
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A post on one platform: `texts` are what is sent there in order, each with a label, and
    `targets` the accounts, each with the place where it goes within it."""

    label: str
    targets: tuple[tuple[str, str], ...]
    room: Room
    texts: tuple[tuple[str, str], ...]
    files: tuple[PreviewFile, ...]
    problems: tuple[str, ...]


def previews(
    runtime: Runtime,
    words: Words,
    media: Sequence[StoredMedia],
    accounts: Sequence[Account],
    places: Mapping[int, str],
) -> list[Preview]:
    """One for each platform of these accounts."""
    grouped: dict[str, list[Account]] = {}
    for account in accounts:
        grouped.setdefault(account.platform, []).append(account)
    return [_preview(runtime, words, media, grouped[name], places) for name in sorted(grouped)]


def _preview(
    runtime: Runtime,
    words: Words,
    media: Sequence[StoredMedia],
    accounts: Sequence[Account],
    places: Mapping[int, str],
) -> Preview:
    platform = accounts[0].platform
    targets = [(account, place_of(account, places)) for account in accounts]
    files = [runtime.media.media(each) for each in media]
    fits = [versions.fitted(file, platform) for file in files]
    content = words.content(platform, [fit.media for fit in fits], place=targets[0][1])
    unfit = admission.problems(runtime, words, media, {(platform, place) for _, place in targets})
    return Preview(
        label=label(platform),
        targets=tuple((account.username, place) for account, place in targets),
        room=rooms(words, [platform])[0],
        texts=tuple(text for text in get(platform).manual(content).pastes if text[1].strip()),
        files=tuple(
            PreviewFile(name=file.name, alt_text=file.alt_text, changes=tuple(fit.changes))
            for file, fit in zip(files, fits, strict=True)
        ),
        problems=tuple(problem.text for problem in unfit.get(platform, [])),
    )
