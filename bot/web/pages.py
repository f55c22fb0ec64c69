"""The small pages that a browser shows on the way from and to Slack."""

from __future__ import annotations

import base64
import hashlib
import html
import re

from aiohttp import web

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1.5rem;"
    "color:#1d1c1d;background:#fff}h1{font-size:1.5rem}code{background:#f1f1f1;padding:0 .25rem}"
    "@media (prefers-color-scheme:dark){body{color:#e8e8e8;background:#1a1d21}"
    "code{background:#333}}"
)
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def page(title: str, text: str, *, status: int = 200) -> web.Response:
    """A page with one sentence or two; text between backticks is shown as code."""
    shown = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
    body = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{html.escape(title)}</h1><p>{shown}</p></main></body></html>"
    )
    return web.Response(
        text=body,
        status=status,
        content_type="text/html",
        headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"},
    )
