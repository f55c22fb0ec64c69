"""From a person's consent by Facebook Login to a token for each Page that they may post on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from publishers._errors import Cause, CredentialsExpired, Rejected, TemporaryFailure
from publishers._facebook_check import LABEL
from publishers._graph_login import PersonLogin, of_page
from publishers._graph_table import RECONNECT
from publishers._http import Http
from publishers._json import strings, text
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
        self._person = PersonLogin(app, http, LABEL)
        self.exchange = self._person.exchange
        self.graph = self._person.graph

    async def refresh(self, credentials: Credentials) -> Credentials:
        """A new token of the person and, where these are a Page's, of that Page."""
        if not credentials.refresh_token:
            raise _rejected(RECONNECT.format(label=LABEL))
        try:
            person = await self._person.lengthen(credentials.refresh_token)
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

    async def _pages(self, person: Credentials) -> list[Profile]:
        fields = "id,name,username,access_token,tasks"
        return [
            replace(_profile(page), credentials=of_page(person, token))
            async for page in self._person.pages(person, fields)
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


def _profile(page: dict[str, Any]) -> Profile:
    page_id = text(page.get("id"))
    username = text(page.get("username")) or page_id
    return Profile(remote_id=page_id, username=username, name=text(page.get("name")) or username)


def _rejected(sentence: str, *, kind: str = "") -> Rejected:
    return Rejected(sentence, cause=Cause.AUTHENTICATION, kind=kind)
