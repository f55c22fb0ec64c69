"""The composition root: opens what a process needs, hands it out as one value, and closes it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from publishers import HttpClients, Place, open_clients
from scheduler import database
from scheduler.addresses import Addresses
from scheduler.clock import Clock
from scheduler.config import Settings
from scheduler.conversion import Converter
from scheduler.deliveries import Ledger
from scheduler.fetching import Fetcher
from scheduler.file_cache import FileCache
from scheduler.media import MediaStore
from scheduler.owners import Ownership, ownership
from scheduler.remembered import Remembered
from scheduler.s3 import Bucket
from scheduler.shelf import Folder, Shelf
from scheduler.vault import Vault


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """Everything that functions of the schedule are handed; one for each event loop."""

    settings: Settings
    clock: Clock
    ledger: Ledger
    vault: Vault
    http: HttpClients
    media: MediaStore
    converter: Converter
    owner: Ownership
    #: Fetches files from addresses that people name.
    fetcher: Fetcher = field(default_factory=Fetcher)
    #: Set when something became due at once; a dispatcher in the same process need not wait.
    due_now: asyncio.Event = field(default_factory=asyncio.Event)
    #: What platforms said of places within accounts.
    places: Remembered[list[Place]] = field(default_factory=lambda: Remembered(60.0))


@contextlib.asynccontextmanager
async def open_runtime(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Runtime]:
    """A runtime for the running event loop. The database must have been migrated."""
    clock = clock or Clock()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    owner = ownership(settings.database, settings.data_dir)
    async with database.opened(settings.database):
        clients = open_clients()
        vault = Vault(settings.keys())
        await owner.acquire()
        try:
            yield Runtime(
                settings=settings,
                clock=clock,
                ledger=Ledger(clock),
                vault=vault,
                http=clients,
                media=MediaStore(
                    open_shelf(settings), Addresses(settings.public_url, vault, clock), clock
                ),
                converter=Converter(),
                owner=owner,
            )
        finally:
            await owner.release()
            await clients.aclose()


def open_shelf(settings: Settings) -> Shelf:
    """The place of the media store: a folder below the data directory, or a bucket."""
    bucket = settings.bucket()
    if bucket is None:
        return Folder(settings.data_dir / "media")
    most = settings.media_cache * 1_000_000
    return Bucket(bucket, FileCache(settings.data_dir / "media-cache", most_bytes=most))
