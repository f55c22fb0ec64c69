"""The secret by which a browser proves that it began what it comes back to finish."""

from __future__ import annotations

import hashlib

from aiohttp import web

from scheduler.accounts import CONSENT_LIFE
from scheduler.runtime import Runtime


def mark(
    response: web.StreamResponse, runtime: Runtime, *, path: str, about: str, secret: str
) -> None:
    """Gives a browser the secret of one consent, to be shown below `path`; `about` is its state, or
    the id of its choice."""
    response.set_cookie(
        _cookie(about),
        secret,
        max_age=int(CONSENT_LIFE.total_seconds()),
        path=path,
        httponly=True,
        samesite="Lax",
        secure=runtime.settings.public_url.startswith("https://"),
    )


def unmark(response: web.StreamResponse, *, path: str, about: str) -> None:
    """Takes the secret of a finished consent away."""
    response.del_cookie(_cookie(about), path=path)


def secret_of(request: web.Request, about: str) -> str:
    """The secret that the browser has for this consent; empty when it did not begin it."""
    return request.cookies.get(_cookie(about), "") if about else ""


def _cookie(about: str) -> str:
    # Its own for each connect, so that two tabs do not disturb each other.
    return f"postbot_connect_{hashlib.sha256(about.encode()).hexdigest()[:16]}"
