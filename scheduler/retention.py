"""Removes what nobody needs any more: old attempts and events, records of handled requests, old
imports, files without a post.
Posts and deliveries stay until they are deleted."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from scheduler import states
from scheduler.models import Attempt, Event, Import, InstallConsent, Seen
from scheduler.runtime import Runtime
from scheduler.sweep import sweep

log = structlog.get_logger(__name__)

TICK_SECONDS = 3600.0
# Slack delivers an event again for five minutes and signs requests for as long.
SEEN_FOR = timedelta(hours=1)
# Whoever presses the button of an import that was scheduled hears so for as long.
IMPORTS_FOR = timedelta(days=7)


class Retention:
    """Cleans up once an hour; several may run."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def run(self, stop: asyncio.Event) -> None:
        """Ticks until `stop` is set. A tick that fails is logged and repeated."""
        while not stop.is_set():
            try:
                await self.tick(self._runtime.clock.now())
            except Exception as error:
                log.warning("clean-up failed", error=repr(error))
            await asyncio.sleep(TICK_SECONDS)

    async def tick(self, now: datetime) -> None:
        """One clean-up. What people were not told yet, and attempts of deliveries that still
        move, are kept whatever their age."""
        old = now - timedelta(days=self._runtime.settings.keep_days)
        await Event.filter(at__lt=old, notice__isnull=True).delete()
        settled = [*states.TERMINAL, *states.NEEDS_PERSON]
        await Attempt.filter(started_at__lt=old, delivery__state__in=settled).delete()
        await Seen.filter(at__lt=now - SEEN_FOR).delete()
        await InstallConsent.filter(expires_at__lt=now).delete()
        await Import.filter(checked_at__lt=now - IMPORTS_FOR).delete()
        await sweep(self._runtime, now)
