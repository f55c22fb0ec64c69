"""The page on which a person lets an app use a profile."""

from __future__ import annotations

import html
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.x.world import ACCOUNTS, Account

MEANINGS = {
    "tweet.read": "See the posts of this profile",
    "tweet.write": "Post and delete posts for this profile",
    "users.read": "See this profile's name and picture",
    "media.write": "Upload images and videos for this profile",
    "offline.access": "Stay connected until you take the access back",
}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="/_/page/icon.svg">
<link rel="stylesheet" href="/_/page/style.css">
</head>
<body class="consent">
<main class="card">
<p class="standin">A stand-in of X. Nothing here reaches the real one.</p>
{content}
</main>
</body>
</html>
"""
_FORM = """<h1>{client} wants to use your X profile</h1>
<form method="post" action="{action}">
<fieldset><legend>Which profile?</legend>
{profiles}
</fieldset>
<h2>The app will be able to</h2>
<ul>
{abilities}
</ul>
<p class="buttons">
<button class="primary" type="submit">Authorize app</button>
<button type="submit" name="choice" value="deny">Cancel</button>
</p>
</form>
"""
_PROFILE = """<label class="choice"><input type="radio" name="account" value="{username}"{checked}>
<span><strong>{name}</strong> @{username}</span></label>"""


def consent_page(
    *, action: str, client_id: str, redirect_uri: str, scopes: frozenset[str]
) -> web.Response:
    """The page with the profiles and the buttons, which lead back to `redirect_uri`'s host."""
    abilities = (f"<li>{html.escape(MEANINGS.get(scope, scope))}</li>" for scope in sorted(scopes))
    content = _FORM.format(
        client=html.escape(client_id),
        action=html.escape(action),
        profiles="\n".join(_profile(account) for account in ACCOUNTS),
        abilities="\n".join(abilities),
    )
    target = urlsplit(redirect_uri)
    return _answer(
        title="Authorize app",
        content=content,
        form_action=f"'self' {target.scheme}://{target.netloc}",
    )


def error_page(reason: str) -> web.Response:
    """What X shows when the link itself is wrong: it never sends the person back to the app."""
    content = (
        "<h1>Something went wrong</h1>"
        f"<p>The app's link cannot be used: {html.escape(reason)}</p>"
        "<p>Go back to the app and try again.</p>"
    )
    return _answer(title="Something went wrong", content=content, form_action="'none'", status=400)


def _profile(account: Account) -> str:
    return _PROFILE.format(
        name=html.escape(account.name),
        username=html.escape(account.username),
        checked=" checked" if account is ACCOUNTS[0] else "",
    )


def _answer(*, title: str, content: str, form_action: str, status: int = 200) -> web.Response:
    policy = f"default-src 'self'; form-action {form_action}; frame-ancestors 'none'"
    return web.Response(
        text=_PAGE.format(title=html.escape(title), content=content),
        content_type="text/html",
        status=status,
        headers={"Content-Security-Policy": policy},
    )
