"""The small pages that a browser shows on the way from and to Slack. They need no script."""

from __future__ import annotations

import base64
import hashlib
import html
import re

from aiohttp import web

from scheduler import platforms
from scheduler.accounts import Offer, Offered

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:min(15vh,6rem) auto;"
    "padding:0 1.5rem 3rem;color:#1d1c1d;background:#fff;overflow-wrap:anywhere}"
    "h1{font-size:1.5rem;line-height:1.25}code{background:#f1f1f1;padding:0 .25rem}"
    "fieldset{border:0;margin:0;padding:0;min-inline-size:0}legend{padding:0;margin:0 0 1rem}"
    "label{display:flex;gap:.75rem;padding:.75rem 1rem;margin:0 0 .5rem;border:1px solid #868686;"
    "border-radius:.5rem;cursor:pointer}"
    "input{inline-size:1.25rem;block-size:1.25rem;flex:none;margin:.125rem 0 0;"
    "accent-color:#1264a3}small{display:block;color:#616061}"
    "button{font:inherit;font-weight:600;min-height:2.75rem;padding:.5rem 1.5rem;margin:.5rem 0 0;"
    "border:0;border-radius:.5rem;color:#fff;background:#1264a3;cursor:pointer}"
    ":focus-visible{outline:3px solid #1264a3;outline-offset:2px}"
    ".problem{font-weight:600;color:#b3261e}"
    "@media (prefers-color-scheme:dark){body{color:#e8e8e8;background:#1a1d21}"
    "code{background:#333}small{color:#ababad}.problem{color:#ffb4ab}"
    ":focus-visible{outline-color:#6ecadc}}"
)
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def page(title: str, text: str, *, status: int = 200) -> web.Response:
    """A page with one sentence or two; text between backticks is shown as code."""
    shown = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
    return _document(title, f"<p>{shown}</p>", status=status, policy=POLICY)


def choice_page(offer: Offer, *, problem: str = "") -> web.Response:
    """A form with a checkbox for each profile. `problem` says why an answer did not do."""
    label = html.escape(platforms.label(offer.platform))
    said = f'<p class="problem" role="alert">{html.escape(problem)}</p>' if problem else ""
    # Without an action the answer goes to the address of this page.
    form = (
        f'{said}<form method="post"><fieldset><legend>{label} lets Postbot post to '
        f"{len(offer.profiles)} profiles. Choose the ones to connect; Postbot keeps no access to "
        f"the others.</legend>{''.join(_checkbox(each) for each in offer.profiles)}</fieldset>"
        '<button type="submit">Connect</button></form>'
    )
    return _document(
        "Choose what to connect",
        form,
        status=422 if problem else 200,
        policy=POLICY.replace("form-action 'none'", "form-action 'self'"),
    )


def _checkbox(profile: Offered) -> str:
    about = f"@{profile.username}" + (" · connected already" if profile.known else "")
    return (
        f'<label><input type="checkbox" name="profile" value="{html.escape(profile.remote_id)}"'
        f"{' checked' if profile.known else ''}><span>{html.escape(profile.name)}"
        f"<small>{html.escape(about)}</small></span></label>"
    )


def _document(title: str, body: str, *, status: int, policy: str) -> web.Response:
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{html.escape(title)}</h1>{body}</main></body></html>"
    )
    return web.Response(
        text=text,
        status=status,
        content_type="text/html",
        headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"},
    )
