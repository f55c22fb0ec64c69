"""A client for what answers on this machine."""

from __future__ import annotations

import ssl

import httpx

# Nothing here speaks TLS; to read the list of authorities takes 20 ms for each client.
_NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def open_browser() -> httpx.AsyncClient:
    """It follows no redirects."""
    return httpx.AsyncClient(verify=_NO_AUTHORITIES)
