"""What is wrong with what a member has filled into the composer, and what will be done to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot import draft_rules, draft_times
from bot.drafts import Draft
from bot.long_texts import MOST_TYPED, length
from bot.uploads import MOST_FILES
from bot.views import ids
from scheduler import admission, platforms, posts
from scheduler.media import StoredMedia
from scheduler.models import Account
from scheduler.runtime import Runtime

MOST_LINK, MOST_TITLE = 2000, 255
#: Sentences by the id of the block that they belong to.
Problems = dict[str, list[str]]

NO_ACCOUNT = "Choose at least one account to post to."
ACCOUNT_GONE = (
    "One of these accounts was disconnected meanwhile. Choose again, or connect it anew with "
    f"`{ids.COMMAND} accounts`."
)
#: Where the problems of each part of a post are shown.
_BLOCKS = {
    "text": ids.COMPOSER_TEXT,
    "media": ids.COMPOSER_MEDIA,
    "link": ids.COMPOSER_LINK,
    "title": ids.COMPOSER_TITLE,
    "first_comment": ids.COMPOSER_FIRST_COMMENT,
    "place": ids.COMPOSER_PLACE,
}


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
    of_time = draft_rules.problems if draft.when.repeats else draft_times.problems
    merge(found, of_time(draft.when, runtime.clock.now()))
    return found


def content_problems(runtime: Runtime, draft: Draft, chosen: Sequence[Account]) -> Problems:
    """What the platforms of these accounts will not take, found from what Slack says of the
    files."""
    said = [draft.text, *draft.words.variants.values()]
    if not "".join(said).strip() and not draft.uploads:
        return {ids.COMPOSER_TEXT: ["Write a text, or add an image or a video."]}
    if too_many := file_problems(draft):
        return too_many
    targets = [(account.platform, posts.place_of(account, draft.places)) for account in chosen]
    return by_block(admission.problems(runtime, draft.words, _announced(draft), targets), draft)


def fits_the_form(draft: Draft) -> bool:
    """False for a stored post of which the form would cut something off."""
    long = [*draft.variants.values(), draft.first_comment, draft.alt_text]
    return (
        all(length(each) <= MOST_TYPED for each in long)
        and length(draft.link) <= MOST_LINK
        and length(draft.title) <= MOST_TITLE
    )


def file_problems(draft: Draft) -> Problems:
    """More files than any post has, and than the form can remember."""
    if len(draft.uploads) <= MOST_FILES:
        return {}
    said = f"These are {len(draft.uploads)} files; a post has {MOST_FILES} at most. Leave some out."
    return {ids.COMPOSER_MEDIA: [said]}


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


def sentence(found: Problems) -> str:
    """All problems in one paragraph."""
    return " ".join(each for sentences in found.values() for each in sentences)
