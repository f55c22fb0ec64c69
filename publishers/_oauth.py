"""The parts of OAuth 2.0 that platforms have in common."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from publishers._json import text
from publishers._values import App, Credentials


def consent_url(app: App, **query: str) -> str:
    """The consent page with this query, spaces as `%20`."""
    return f"{app.authorize_url}?{urlencode(query, quote_via=quote)}"


def basic(app: App) -> dict[str, str]:
    """The header by which an app with a secret proves itself."""
    pair = b64encode(f"{app.client_id}:{app.client_secret}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def bearer(credentials: Credentials) -> dict[str, str]:
    """The header by which a request speaks for an account."""
    return {"Authorization": f"Bearer {credentials.access_token}"}


def read_credentials(
    answer: Mapping[str, Any], *, refresh_token: str | None, scopes: tuple[str, ...]
) -> Credentials | None:
    """The tokens of a token answer, `None` when it has none.

    What the answer leaves out stays as it was: a refresh token that is not replaced is still good.
    Some platforms separate scopes by commas.
    """
    access_token = text(answer.get("access_token"))
    if not access_token:
        return None
    return Credentials(
        access_token=access_token,
        refresh_token=text(answer.get("refresh_token")) or refresh_token,
        expires_at=_expiry(answer.get("expires_in")),
        scopes=tuple(text(answer.get("scope")).replace(",", " ").split()) or scopes,
    )


def _expiry(seconds: object) -> datetime | None:
    if not isinstance(seconds, int) or not 0 < seconds < 10**9:
        return None
    return datetime.now(UTC) + timedelta(seconds=seconds)
