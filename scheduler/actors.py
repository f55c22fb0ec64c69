"""The Dramatiq actors: a few lines each, because a message is only a hint to look at a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import dramatiq
from dramatiq.brokers.redis import RedisBroker

EXECUTION_QUEUE = "post-execution"
RETRY_QUEUE = "post-retry"


class Hands(Protocol):
    """What a worker process does with messages; blocks until it is done."""

    def execute(self, ids: Sequence[int]) -> None: ...

    def retry(self, delivery_id: int) -> timedelta | None: ...

    def exhausted(self, delivery_id: int) -> None: ...


@dataclass(frozen=True)
class Actors:
    """The queue as the schedule sees it."""

    _execute: dramatiq.Actor[Any, Any]
    _retry: dramatiq.Actor[Any, Any]

    def send(self, ids: Sequence[int]) -> None:
        """Hands deliveries that are due soon to a worker."""
        self._execute.send(list(ids))

    def send_retry(self, delivery_id: int, used: int, delay: timedelta) -> None:
        """Sends the message that begins the next attempt after `used` attempts; it waits out its
        delay under the Retries middleware."""
        self._retry.send_with_options(args=(delivery_id,), retries=used)


def declare(broker: RedisBroker, hands: Hands | None, *, retries: int) -> Actors:
    """Declares the actors on a broker. A process that only sends has no `hands`."""

    def execute(ids: list[int]) -> None:
        _hands(hands).execute(ids)

    def retry(delivery_id: int) -> None:
        wait = _hands(hands).retry(delivery_id)
        if wait is not None:
            milliseconds = max(1, round(wait.total_seconds() * 1000))
            raise dramatiq.errors.Retry("not yet", delay=milliseconds)

    def exhausted(message: dict[str, Any], _retries: dict[str, Any]) -> None:
        _hands(hands).exhausted(message["args"][0])

    def actor(function: Callable[..., None], **options: Any) -> dramatiq.Actor[Any, Any]:
        declared: dramatiq.Actor[Any, Any] = dramatiq.actor(broker=broker, **options)(function)
        return declared

    actor(exhausted, queue_name=RETRY_QUEUE, max_retries=3, min_backoff=1_000)
    return Actors(
        actor(
            execute,
            queue_name=EXECUTION_QUEUE,
            priority=0,
            max_retries=5,
            min_backoff=500,
            max_backoff=5_000,
        ),
        actor(
            retry,
            queue_name=RETRY_QUEUE,
            priority=10,
            max_retries=retries,
            on_retry_exhausted="exhausted",
        ),
    )


def _hands(hands: Hands | None) -> Hands:
    if hands is None:
        raise RuntimeError("this process sends messages and does not work on them")
    return hands
