"""Installations that were begun in a browser and wait for it to come back from Slack: each works
once, within ten minutes, in that browser alone."""

from __future__ import annotations

import hashlib
import secrets

from scheduler.consents import CONSENT_LIFE
from scheduler.models import InstallConsent
from scheduler.runtime import Runtime


async def begin(runtime: Runtime, *, browser: str) -> str:
    """The state of a new one. `browser` is a secret that only the browser knows."""
    state = secrets.token_urlsafe(32)
    await InstallConsent.create(
        state=state, browser=_hash(browser), expires_at=runtime.clock.now() + CONSENT_LIFE
    )
    return state


async def use_up(runtime: Runtime, *, state: str, browser: str) -> bool:
    """Whether this browser began it and nobody has used it yet."""
    living = InstallConsent.filter(
        state=state, browser=_hash(browser), expires_at__gt=runtime.clock.now()
    )
    return bool(await living.delete())


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
