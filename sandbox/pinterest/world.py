"""What exists on the stand-in of Pinterest: Pins, their images, uploaded videos. All in memory."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.pinterest.cast import ACCOUNTS, BOARDS, Account, Board, Section
from sandbox.recorder import Recorder
from sandbox.switches import Switches


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image of a Pin. What is not on this machine is not fetched: it has `data` None.

    `title`, `description` and `link` are those of one image of a carousel.
    """

    id: str
    content_type: str = ""
    data: bytes | None = None
    size: tuple[int, int] | None = None
    address: str | None = None
    title: str | None = None
    description: str | None = None
    link: str | None = None


@dataclass(kw_only=True)
class Upload:
    """A registered video. `fields` must come with its file; `ready_at` is None until it came."""

    id: str
    owner: Account
    fields: Mapping[str, str]
    data: bytes = b""
    content_type: str = ""
    ready_at: float | None = None
    failed: bool = False

    def status(self, now: float) -> str:
        if self.ready_at is None:
            return "registered"
        if now < self.ready_at:
            return "processing"
        return "failed" if self.failed else "succeeded"


@dataclass(frozen=True, kw_only=True)
class Pin:
    """An accepted Pin. `creative_type` is REGULAR, CAROUSEL or VIDEO; a video's image is its cover.

    `body` is what was sent; `created_at` is in epoch seconds.
    """

    id: str
    board: Board
    section: Section | None
    body: Mapping[str, Any]
    creative_type: str
    images: tuple[Image, ...]
    video: Upload | None
    created_at: float


class World:
    """The Pins and uploads; `version` grows with every change that the page shows."""

    def __init__(self, *, switches: Switches, recorder: Recorder) -> None:
        self.switches = switches
        self.recorder = recorder
        self.uploads: dict[str, Upload] = {}
        self.images: dict[str, Image] = {}
        self.version = 0
        self._pins: dict[str, Pin] = {}
        self._by_board: dict[str, dict[str, Pin]] = {one.id: {} for one in BOARDS}
        self._last_id = 0

    def account(self, username: str) -> Account | None:
        return next((one for one in ACCOUNTS if one.username == username), None)

    def next_id(self) -> str:
        """A number of 16 digits that is greater than all before it."""
        self._last_id = max(self._last_id + 1, time.time_ns() // 1000)
        return str(self._last_id)

    def accept(
        self,
        *,
        board: Board,
        section: Section | None,
        body: Mapping[str, Any],
        creative_type: str,
        images: tuple[Image, ...],
        video: Upload | None,
        received_at: float,
    ) -> Pin:
        """Makes the Pin public and writes it to the record, in this order, before any answer."""
        pin = Pin(
            id=self.next_id(),
            board=board,
            section=section,
            body=body,
            creative_type=creative_type,
            images=images,
            video=video,
            created_at=time.time(),
        )
        self._pins[pin.id] = self._by_board[board.id][pin.id] = pin
        self.images.update({one.id: one for one in images})
        self.version += 1
        self._record(pin, received_at=received_at)
        return pin

    def pin(self, pin_id: str) -> Pin | None:
        return self._pins.get(pin_id)

    def delete(self, pin: Pin) -> None:
        del self._pins[pin.id], self._by_board[pin.board.id][pin.id]
        self.version += 1

    def clear(self) -> None:
        """Forgets every Pin; the record on disk stays."""
        self._pins.clear()
        for pins in self._by_board.values():
            pins.clear()
        self.images.clear()
        self.version += 1

    def count(self) -> int:
        return len(self._pins)

    def newest_first(self) -> Iterator[Pin]:
        return reversed(self._pins.values())

    def pins_on(self, board: Board) -> list[Pin]:
        """The board's Pins as lists show them: newest first, and none that is too new."""
        visible_until = time.time() - self.switches["listing_lag_seconds"]
        pins = reversed(self._by_board[board.id].values())
        return [pin for pin in pins if pin.created_at <= visible_until]

    def add_upload(self, *, owner: Account, fields: Mapping[str, str]) -> Upload:
        upload = Upload(id=self.next_id(), owner=owner, fields=fields)
        self.uploads[upload.id] = upload
        return upload

    def _record(self, pin: Pin, *, received_at: float) -> None:
        kept = ("title", "description", "alt_text", "link", "board_id", "board_section_id")
        self.recorder.write(
            {
                "id": pin.id,
                "account": pin.board.owner.id,
                **{name: pin.body.get(name) for name in kept},
                "source_type": pin.body["media_source"]["source_type"],
                "media_id": pin.video.id if pin.video else None,
                "accepted_at": pin.created_at,
                "received_at": received_at,
            }
        )


WORLD = web.AppKey("world", World)
