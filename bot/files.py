"""From the files of a form to files in the media store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack import file_chunks
from bot.uploads import Upload
from scheduler.contents import stored
from scheduler.media import StoredMedia, UnusableMedia
from scheduler.models import MediaFile
from scheduler.runtime import Runtime

# All files of a post together; Slack takes at most ten of 10 MB.
FETCH_SECONDS = 120.0
_AT_ONCE = 4
TOO_SLOW = "Slack took too long to hand over the files. Try again, with smaller ones."


class FilesRefused(Exception):
    """Files that cannot be posted: `sentences` for the member, one for each."""

    def __init__(self, sentences: Sequence[str]) -> None:
        self.sentences = list(sentences)
        super().__init__(" ".join(sentences))


class Files:
    """Fetches files of members; at most a few at a time."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def take(
        self,
        slack: AsyncWebClient,
        workspace_id: int,
        files: Sequence[Upload],
        alt_texts: Sequence[str],
    ) -> list[StoredMedia]:
        """The stored files with their alt texts: those that a post of the workspace has already,
        and those that Slack hands over. Raises `FilesRefused`."""
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                at_hand = await known(workspace_id, files)
                found = await asyncio.gather(*(self._take(slack, at_hand, each) for each in files))
        except TimeoutError:
            raise FilesRefused([TOO_SLOW]) from None
        refused = [each for each in found if isinstance(each, str)]
        if refused:
            raise FilesRefused(refused)
        described = zip(found, alt_texts, strict=False)
        return [
            replace(each, alt_text=text) for each, text in described if not isinstance(each, str)
        ]

    async def _take(
        self, slack: AsyncWebClient, known: dict[int, StoredMedia], file: Upload
    ) -> StoredMedia | str:
        """The stored file, or the sentence that says why it cannot be posted."""
        if file.stored in known:
            return known[file.stored]
        if not file.id:
            return f"“{file.name}” is no longer there. Add it again."
        async with self._slots:
            try:
                chunks = file_chunks(slack, file.about)
                fetched = await self._runtime.media.add(chunks, name=file.name)
            except UnusableMedia as error:
                return str(error)
        return replace(fetched, slack_file_id=file.id)


async def known(workspace_id: int, files: Sequence[Upload]) -> dict[int, StoredMedia]:
    """Those of these files that a post of the workspace has, by their row."""
    ids = [each.stored for each in files if each.stored]
    rows = await MediaFile.filter(id__in=ids, post__workspace_id=workspace_id) if ids else []
    return {row.id: stored(row) for row in rows}
