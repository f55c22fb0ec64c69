"""Whether others can reach us at our public URL."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_reachable(public_url: str) -> bool:
    """False for an address that only this machine knows.

    >>> is_reachable("http://127.0.0.1:8080"), is_reachable("https://postbot.example.com")
    (False, True)
    """
    host = urlsplit(public_url).hostname or ""
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return host != "localhost" and not host.endswith(".localhost")
