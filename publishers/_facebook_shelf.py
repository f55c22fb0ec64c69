"""What earlier attempts of a delivery left at Facebook, unpublished."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from publishers._errors import Rejected, TemporaryFailure
from publishers._values import Checkpoint, Media

# Facebook throws unused uploads away after a day; older ones are not worth the risk.
USABLE_SECONDS = 20 * 3600


class Shelf:
    """The saved ids: `photos` by position, `post` that is not public yet, `reel`."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint

    @property
    def photos(self) -> Mapping[str, str]:
        return self._saved("photos")

    @property
    def post(self) -> Mapping[str, str]:
        return self._saved("post")

    @property
    def reel(self) -> Mapping[str, str]:
        return self._saved("reel")

    def need(self, name: str) -> Mapping[str, str]:
        """What must be there before anything is published."""
        found = self._saved(name)
        if not found:
            raise TemporaryFailure("This post has to be prepared at Facebook again.")
        return found

    async def keep(self, **ids: Any) -> None:
        """Adds to the shelf, which counts as old from the first thing on."""
        at = self._checkpoint.saved.get("at") or time.time()
        await self._checkpoint.save(at=at, **ids)

    async def clear_old(self) -> None:
        """Forgets what Facebook may have thrown away."""
        at = self._checkpoint.saved.get("at")
        if at and time.time() - at > USABLE_SECONDS:
            await self._checkpoint.save(at=None, photos={}, post={}, reel={})

    def _saved(self, name: str) -> Mapping[str, str]:
        found: Mapping[str, str] = self._checkpoint.saved.get(name) or {}
        return found


def gone(media: Media) -> Rejected:
    """The error for a file that can no longer be read."""
    return Rejected(
        f"The file {media.name} is gone from Postbot's store. Add it to the post again."
    )
