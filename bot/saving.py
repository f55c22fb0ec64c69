"""From a filled-in form to a stored post: fetches its files from Slack and schedules it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime

from slack_sdk.web.async_client import AsyncWebClient

from bot import draft_times, drafts
from bot.drafts import Draft, Problems, Upload
from bot.forms import slots_note
from bot.slack import file_chunks
from bot.views import ids
from scheduler import accounts, free_slots, posts
from scheduler.media import StoredMedia, UnusableMedia
from scheduler.models import Post
from scheduler.runtime import Runtime
from scheduler.states import State
from scheduler.walltime import shown

# All files of a post together; Slack takes at most ten of 10 MB.
FETCH_SECONDS = 120.0
_AT_ONCE = 4


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A stored post, or the problems because of which nothing was stored."""

    post: Post | None = None
    due: datetime | None = None
    problems: Problems = field(default_factory=dict)


class Saver:
    """Stores what members send; at most a few files are fetched at a time."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def save(
        self, slack: AsyncWebClient, draft: Draft, workspace_id: int, author: str
    ) -> Saved:
        """Stores the post of a draft whose fields were found in order. `slack` is the client of the
        workspace that holds its files."""
        slots, problems = await self._free_slots(draft, workspace_id)
        if problems:
            return Saved(problems=problems)
        media, problems = await self._fetch_all(slack, draft)
        if problems:
            return Saved(problems=problems)
        try:
            due = draft_times.instant(draft.when)
            assert due is None or isinstance(due, datetime)
            post = await posts.schedule(
                self._runtime,
                posts.NewPost(
                    workspace_id=workspace_id,
                    author=author,
                    words=draft.words,
                    account_ids=draft.account_ids,
                    timezone=draft.when.zone,
                    due_at=due,
                    slots=slots,
                    media=tuple(media),
                    places=draft.places,
                    means_it_twice=draft.twice,
                ),
            )
        except posts.Unfit as error:
            return Saved(problems=drafts.by_block(error.problems, draft))
        except posts.SaidBefore as error:
            return Saved(problems={ids.COMPOSER_TWICE: [_said_before(error, draft.when.zone)]})
        except posts.OverBudget as error:
            return Saved(problems={ids.COMPOSER_TEXT: [str(error)]})
        except posts.WrongTime as error:
            place = ids.COMPOSER_TIME if draft.when.has_clock else ids.COMPOSER_WHEN
            return Saved(problems={place: [str(error)]})
        except posts.UnknownAccount as error:
            return Saved(problems={ids.COMPOSER_ACCOUNTS: [str(error)]})
        return Saved(post=post, due=None if draft.when.is_now else post.due_at)

    async def _free_slots(
        self, draft: Draft, workspace_id: int
    ) -> tuple[dict[int, datetime], Problems]:
        """The slots that a post takes, or why it must not: others than its form showed."""
        if draft.when.way != ids.COMPOSER_SLOT:
            return {}, {}
        connected = await accounts.connected(workspace_id)
        chosen = [each for each in connected if each.id in draft.account_ids]
        now = self._runtime.clock.now()
        try:
            free = await free_slots.next_free(chosen, now)
        except posts.WrongTime as error:
            return {}, {ids.COMPOSER_WHEN: [str(error)]}
        if draft_times.mark(free) == draft.when.seen:
            return free, {}
        note = slots_note(chosen, free, now)
        return {}, {ids.COMPOSER_WHEN: [f"{note} Send the form again if that is right."]}

    async def _fetch_all(
        self, slack: AsyncWebClient, draft: Draft
    ) -> tuple[list[StoredMedia], Problems]:
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                described = zip(draft.uploads, draft.alt_texts, strict=False)
                found = await asyncio.gather(*(self._fetch(slack, *each) for each in described))
        except TimeoutError:
            said = "Slack took too long to hand over the files. Try again, with smaller ones."
            return [], {ids.COMPOSER_MEDIA: [said]}
        refused = [each for each in found if isinstance(each, str)]
        stored = [each for each in found if isinstance(each, StoredMedia)]
        return stored, ({ids.COMPOSER_MEDIA: refused} if refused else {})

    async def _fetch(
        self, slack: AsyncWebClient, upload: Upload, alt_text: str
    ) -> StoredMedia | str:
        """The stored file, or the sentence that says why it cannot be posted."""
        async with self._slots:
            try:
                chunks = file_chunks(slack, upload.about)
                stored = await self._runtime.media.add(chunks, name=upload.name)
            except UnusableMedia as error:
                return str(error)
        return replace(stored, alt_text=alt_text, slack_file_id=upload.id)


def _said_before(error: posts.SaidBefore, zone: str) -> str:
    is_live = error.state in (State.PUBLISHED, State.POSTED_MANUALLY)
    when = shown(error.due_at, zone)
    stands = f"went out there on {when}" if is_live else f"is planned there for {when}"
    return (
        f"The same post {stands} (@{error.account.username}). Change it, or say that you mean it "
        "twice."
    )
