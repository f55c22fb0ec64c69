"""Files in a bucket of an S3-compatible store, with a cache on this machine."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncIterator, Collection, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scheduler.cache import Cache
from scheduler.shelf import ShelfFailed

if TYPE_CHECKING:
    from obstore.store import S3Config, S3Store

_CHUNK = 1024 * 1024


class WrongBucketUrl(ValueError):
    """The URL names no bucket."""


@dataclass(frozen=True, kw_only=True)
class BucketSettings:
    """Which bucket, and how to reach it. Without an `endpoint` it is Amazon's; without keys the
    machine's own role opens it."""

    bucket: str
    prefix: str
    endpoint: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)


def parse_bucket_url(url: str) -> tuple[str, str]:
    """Bucket and prefix of `s3://bucket/prefix`. Raises `WrongBucketUrl`."""
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment:
        raise WrongBucketUrl("must look like s3://bucket/prefix")
    return parts.netloc, parts.path.strip("/")


class Bucket:
    """A bucket; its files are fetched into the cache when they are needed here."""

    def __init__(self, settings: BucketSettings, cache: Cache) -> None:
        self._store = _open(settings)
        self._cache = cache
        self.incoming = cache.incoming

    def path(self, key: str) -> Path:
        return self._cache.path(key)

    async def put(self, key: str, file: Path) -> None:
        import obstore

        with _explained():
            await obstore.put_async(self._store, key, file)
        await self._cache.adopt(key, file)

    @contextlib.asynccontextmanager
    async def at_hand(self, keys: Collection[str]) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            for key in set(keys):

                async def bring(target: Path, key: str = key) -> None:
                    await self._download(key, target)

                await stack.enter_async_context(self._cache.hold(key, bring))
            yield

    async def batches(self) -> AsyncIterator[list[str]]:
        import obstore

        with _explained():
            async for batch in obstore.list(self._store):
                yield [about["path"] for about in batch]

    async def remove(self, keys: Collection[str]) -> None:
        import obstore

        with _explained():
            for key in keys:
                await obstore.delete_async(self._store, key)

    async def check(self) -> None:
        import obstore

        key = f"check-{secrets.token_hex(8)}"
        with _explained():
            await obstore.put_async(self._store, key, b"postbot")
            await (await obstore.get_async(self._store, key)).bytes_async()
            await obstore.delete_async(self._store, key)

    async def _download(self, key: str, target: Path) -> None:
        import obstore

        with _explained(file_may_be_missing=True):
            found = await obstore.get_async(self._store, key)
            with target.open("wb") as file:
                async for chunk in found.stream(min_chunk_size=_CHUNK):
                    file.write(chunk)


def _open(settings: BucketSettings) -> S3Store:
    # Loaded only where a bucket is set up.
    from obstore.store import S3Store

    config: S3Config = {"region": settings.region, "disable_bulk_delete": True}
    if settings.endpoint:
        config["endpoint"] = settings.endpoint
    if settings.access_key:
        config["access_key_id"] = settings.access_key
        config["secret_access_key"] = settings.secret_key
    return S3Store(
        settings.bucket,
        prefix=settings.prefix or None,
        config=config,
        client_options={
            "allow_http": settings.endpoint.startswith("http://"),
            "connect_timeout": "5s",
            "read_timeout": "30s",
            # Of a whole file, however large.
            "timeout": "10m",
        },
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=30)},
    )


@contextlib.contextmanager
def _explained(*, file_may_be_missing: bool = False) -> Iterator[None]:
    from obstore.exceptions import BaseError

    try:
        yield
    except FileNotFoundError as error:
        if file_may_be_missing:
            raise
        raise ShelfFailed("there is no such bucket") from error
    except BaseError as error:
        raise ShelfFailed(f"the bucket does not do what is asked ({_brief(error)})") from error


def _brief(error: Exception) -> str:
    """The first line; the rest is Rust's view of itself."""
    return str(error).strip().partition("\n")[0][:300]
