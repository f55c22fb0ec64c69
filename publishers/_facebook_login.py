"""Facebook Login: from a person's consent to a token for each Page that they may post on.

A person's token lives about 60 days and can be exchanged for a new one. A Page's token, fetched
with it, has no end, but dies with the person's password or role.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from publishers._errors import Cause, CredentialsExpired, Rejected, TemporaryFailure
from publishers._facebook_check import LABEL
from publishers._graph import Graph
from publishers._graph_errors import explain_token
from publishers._graph_table import RECONNECT
from publishers._http import Http
from publishers._json import dicts, read_object, strings, text
from publishers._oauth import read_credentials
from publishers._values import App, Credentials, Profile

SCOPES = (
    "pages_show_list",
    "pages_read_engagement",
    "pages_manage_posts",
    "pages_manage_engagement",
    "business_management",
)
#: One of these on a Page lets a person post there.
TASKS = {"CREATE_CONTENT", "MANAGE", "PROFILE_PLUS_CREATE_CONTENT", "PROFILE_PLUS_FULL_CONTROL"}
NO_PAGE = (
    "Facebook names no Page that you may post on. Ask an admin of the Page for a role that may "
    "create content, and choose the Page when Facebook asks which ones Postbot may use."
)
LOST_PAGE = (
    "The person who connected this Page may no longer post on it. Ask an admin of the Page for a "
    "role, or let somebody who has one connect it."
)


class Login:
    """Facebook Login for our app."""

    def __init__(self, app: App, http: Http) -> None:
        self._app = app
        self._http = http

    async def exchange(self, *, code: str, redirect_uri: str) -> Credentials:
        """A person's long-lived token, with the permissions that they left switched on."""
        short = await self._fetch(code=code, redirect_uri=redirect_uri)
        long = await self._lengthen(short.access_token)
        answer = await self.graph(long).call("GET", "/me/permissions")
        granted = [
            text(one.get("permission"))
            for one in dicts(answer.get("data"))
            if one.get("status") == "granted"
        ]
        return replace(long, scopes=tuple(granted))

    async def refresh(self, credentials: Credentials) -> Credentials:
        """A new token of the person and, where these are a Page's, of that Page."""
        if not credentials.refresh_token:
            raise _rejected(RECONNECT.format(label=LABEL))
        try:
            person = await self._lengthen(credentials.refresh_token)
            person = replace(person, scopes=credentials.scopes)
            if not credentials.profile_id:
                return person
            pages = await self._pages(person)
        except CredentialsExpired as error:
            raise _rejected(error.sentence) from error
        for page in pages:
            if page.remote_id == credentials.profile_id and page.credentials:
                return page.credentials
        raise _rejected(LOST_PAGE)

    async def profiles(self, credentials: Credentials) -> list[Profile]:
        """The Pages that a person may post on, or the one that a Page's own token speaks for."""
        if credentials.profile_id:
            return [await self._page(credentials)]
        pages = await self._pages(credentials)
        missing = sorted(set(SCOPES) - set(credentials.scopes))
        if not pages and missing:
            raise _rejected(
                f"Facebook did not grant {', '.join(missing)}. Leave every permission switched on.",
                kind="permission",
            )
        if not pages:
            raise _rejected(NO_PAGE, kind="permission")
        return pages

    async def revoke(self, credentials: Credentials) -> None:
        """Takes all permissions back that the person gave our app."""
        token = credentials.refresh_token or credentials.access_token
        try:
            await self.graph(replace(credentials, access_token=token)).call(
                "DELETE", "/me/permissions"
            )
        except CredentialsExpired:
            # Dead already, which is what we want.
            return

    def graph(self, credentials: Credentials) -> Graph:
        """Facebook's API for these tokens."""
        token = credentials.access_token
        return Graph(app=self._app, http=self._http, label=LABEL, token=token)

    async def _lengthen(self, token: str) -> Credentials:
        long = await self._fetch(grant_type="fb_exchange_token", fb_exchange_token=token)
        return replace(long, refresh_token=long.access_token)

    async def _fetch(self, **form: str) -> Credentials:
        app = {"client_id": self._app.client_id, "client_secret": self._app.client_secret}
        url = f"{self._app.api_url}/oauth/access_token"
        response = await self._http.send("POST", url, data={**app, **form})
        tokens = read_credentials(read_object(response), refresh_token=None, scopes=())
        if not response.is_success or tokens is None:
            raise explain_token(LABEL, response)
        return tokens

    async def _pages(self, person: Credentials) -> list[Profile]:
        listed = self.graph(person).entries(
            "/me/accounts", fields="id,name,username,access_token,tasks", limit="100"
        )
        return [
            replace(_profile(page), credentials=_of_page(person, token))
            async for page in listed
            if TASKS & set(strings(page.get("tasks")))
            if (token := text(page.get("access_token")))
        ]

    async def _page(self, credentials: Credentials) -> Profile:
        query = {"fields": "id,name,username"}
        path = f"/{credentials.profile_id}"
        answer = await self.graph(credentials).call("GET", path, params=query)
        if not text(answer.get("id")):
            raise TemporaryFailure("Facebook did not say whose account this is. Try again.")
        return _profile(answer)


def _of_page(person: Credentials, token: str) -> Credentials:
    return Credentials(access_token=token, refresh_token=person.access_token, scopes=person.scopes)


def _profile(page: dict[str, Any]) -> Profile:
    page_id = text(page.get("id"))
    username = text(page.get("username")) or page_id
    return Profile(remote_id=page_id, username=username, name=text(page.get("name")) or username)


def _rejected(sentence: str, *, kind: str = "") -> Rejected:
    return Rejected(sentence, cause=Cause.AUTHENTICATION, kind=kind)
