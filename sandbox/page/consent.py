"""The page on which a person lets an app use a profile."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.page.look import Look
from sandbox.page.timeline import Profile

_FORM = """<h1>{client} wants to use your {name} profile</h1>
<form method="post" action="{action}">
<fieldset><legend>Which profile?</legend>
{profiles}
</fieldset>
<h2>The app will be able to</h2>
{abilities}
{optional}
<p class="buttons">
<button class="primary" type="submit">Authorize app</button>
<button type="submit" name="choice" value="deny">Cancel</button>
</p>
</form>
"""
_PROFILE = """<label class="choice"><input type="radio" name="account" value="{username}"{checked}>
<span><strong>{name}</strong> @{username}</span></label>"""

_TICK = """<label class="choice"><input type="checkbox" name="scope" value="{scope}" checked>
<span>{ability}</span></label>"""


def consent_page(
    look: Look,
    *,
    action: str,
    client_id: str,
    redirect_uri: str,
    profiles: Sequence[Profile],
    abilities: Sequence[str],
    optional: Mapping[str, str] | None = None,
) -> web.Response:
    """The page with the profiles and the buttons, which lead back to `redirect_uri`'s host.

    Its form is sent to `action` as `account`, the username of a profile, or as `choice=deny`.
    `abilities` are sentences that go on “The app will be able to …”. So are those of `optional`,
    by scope: each of these can be unticked, and what stays ticked is sent as `scope`.
    """
    content = _FORM.format(
        client=html.escape(client_id),
        name=html.escape(look.name),
        action=html.escape(action),
        profiles="\n".join(_profile(one, checked=one is profiles[0]) for one in profiles),
        abilities=_list(abilities),
        optional="\n".join(_tick(scope, each) for scope, each in (optional or {}).items()),
    )
    target = urlsplit(redirect_uri)
    form_action = f"'self' {target.scheme}://{target.netloc}"
    return _answer(look, title="Authorize app", content=content, form_action=form_action)


def error_page(look: Look, reason: str) -> web.Response:
    """What is shown when the link itself is wrong: it never sends the person back to the app."""
    content = (
        "<h1>Something went wrong</h1>"
        f"<p>The app's link cannot be used: {html.escape(reason)}</p>"
        "<p>Go back to the app and try again.</p>"
    )
    return _answer(
        look, title="Something went wrong", content=content, form_action="'none'", status=400
    )


def _profile(one: Profile, *, checked: bool) -> str:
    return _PROFILE.format(
        name=html.escape(one.name),
        username=html.escape(one.username),
        checked=" checked" if checked else "",
    )


def _list(abilities: Sequence[str]) -> str:
    items = "\n".join(f"<li>{html.escape(each)}</li>" for each in abilities)
    return f"<ul>\n{items}\n</ul>" if abilities else ""


def _tick(scope: str, ability: str) -> str:
    return _TICK.format(scope=html.escape(scope), ability=html.escape(ability))


def _answer(
    look: Look, *, title: str, content: str, form_action: str, status: int = 200
) -> web.Response:
    policy = f"default-src 'self'; form-action {form_action}; frame-ancestors 'none'"
    return web.Response(
        text=look.fill("consent.html", title=html.escape(title), content=content),
        content_type="text/html",
        status=status,
        headers={"Content-Security-Policy": policy},
    )
