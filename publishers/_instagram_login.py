"""The two ways into Instagram's API: an Instagram account of its own, or one linked to a Facebook
Page. A Meta app is set up for one of them."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import ClassVar

import httpx

from publishers._errors import (
    Cause,
    CredentialsExpired,
    PublishError,
    Rejected,
    TemporaryFailure,
)
from publishers._graph import Graph
from publishers._graph_errors import explain_token
from publishers._graph_login import PersonLogin, of_page
from publishers._http import Http
from publishers._instagram_check import LABEL
from publishers._json import dicts, dig, read_object, strings, text
from publishers._oauth import read_credentials
from publishers._values import App, Credentials, Profile

VERSION = "v26.0"
RECONNECT = "Instagram no longer accepts the connection of this account. Connect it again."
WRONG_CODE = (
    "Instagram's consent has run out or was used already. Connect the account again; if that does "
    "not help, ask your Postbot administrator to check the callback address in the Meta app."
)
WRONG_APP = (
    "Instagram does not accept Postbot's app registration. Ask your Postbot administrator to check "
    "INSTAGRAM_CLIENT_ID and INSTAGRAM_CLIENT_SECRET."
)
NO_LINKED_ACCOUNT = (
    "None of the chosen Pages has a professional Instagram account that Postbot may see. Link one "
    "in the settings of the Page, then connect it again with that Page chosen."
)
LOST_ACCOUNT = (
    "This account is no longer linked to a Page of the person who connected it. Link it again in "
    "the settings of the Page, or let somebody connect it who manages that Page."
)
_ACCOUNT_FIELDS = "id,username,name"


class Login(ABC):
    """What differs between the two ways in."""

    api_url: ClassVar[str]
    authorize_url: ClassVar[str]
    scopes: ClassVar[tuple[str, ...]]

    def __init__(self, app: App, http: Http) -> None:
        self._app = app
        self._http = http

    def graph(self, credentials: Credentials) -> Graph:
        """Instagram's API for these tokens."""
        token = credentials.access_token
        return Graph(app=self._app, http=self._http, label=LABEL, token=token)

    @abstractmethod
    async def exchange(self, *, code: str, redirect_uri: str) -> Credentials:
        """Long-lived tokens for the code of a consent."""

    @abstractmethod
    async def refresh(self, credentials: Credentials) -> Credentials:
        """Tokens with a new term."""

    @abstractmethod
    async def profiles(self, credentials: Credentials) -> list[Profile]:
        """The accounts that the tokens of a consent open."""

    @abstractmethod
    async def account(self, credentials: Credentials) -> Profile:
        """The one account that the tokens of a profile publish for."""


class InstagramLogin(Login):
    """With the account itself. Its token is good for 60 days, and is renewed by showing it."""

    api_url = f"https://graph.instagram.com/{VERSION}"
    authorize_url = "https://www.instagram.com/oauth/authorize"
    token_url = "https://api.instagram.com/oauth/access_token"  # noqa: S105 - an address
    scopes = (
        "instagram_business_basic",
        "instagram_business_content_publish",
        "instagram_business_manage_comments",
    )

    def graph(self, credentials: Credentials) -> Graph:
        # Nobody has written down that this host takes a proof of the secret.
        return replace(super().graph(credentials), app=replace(self._app, client_secret=""))

    async def exchange(self, *, code: str, redirect_uri: str) -> Credentials:
        form = {
            "client_id": self._app.client_id,
            "client_secret": self._app.client_secret,
            "grant_type": "authorization_code",
            "redirect_uri": redirect_uri,
            "code": code.removesuffix("#_"),
        }
        url = self._app.options.get("token_url") or self.token_url
        response = await self._http.send("POST", url, data=form)
        answer = read_object(response)
        found = next(iter(dicts(answer.get("data"))), answer)
        token = text(found.get("access_token"))
        if not response.is_success or not token:
            raise _explain_code(response)
        return await self._fetch(
            "access_token",
            granted=_scopes(found.get("permissions")) or self.scopes,
            grant_type="ig_exchange_token",
            client_secret=self._app.client_secret,
            access_token=token,
        )

    async def refresh(self, credentials: Credentials) -> Credentials:
        return await self._fetch(
            "refresh_access_token",
            granted=credentials.scopes,
            grant_type="ig_refresh_token",
            access_token=credentials.access_token,
        )

    async def profiles(self, credentials: Credentials) -> list[Profile]:
        return [await self.account(credentials)]

    async def account(self, credentials: Credentials) -> Profile:
        query = {"fields": "user_id,username,name"}
        answer = await self.graph(credentials).call("GET", "/me", params=query)
        found = next(iter(dicts(answer.get("data"))), answer)
        profile = _profile({**found, "id": found.get("user_id")})
        if profile is None:
            raise TemporaryFailure("Instagram did not say whose account this is. Try again.")
        return profile

    async def _fetch(self, path: str, *, granted: tuple[str, ...], **query: str) -> Credentials:
        """A token for a token. Instagram takes both in the address only; it is no address of the
        versioned API."""
        root = re.sub(r"/v[0-9]+\.[0-9]+$", "", self._app.api_url)
        response = await self._http.send("GET", f"{root}/{path}", params=query)
        answer = read_object(response)
        tokens = read_credentials(answer, refresh_token=None, scopes=granted)
        if not response.is_success or tokens is None:
            raise explain_token(LABEL, response)
        return replace(tokens, refresh_token=tokens.access_token)


class FacebookLogin(Login):
    """With a person's Facebook profile, for the accounts that are linked to their Pages."""

    api_url = f"https://graph.facebook.com/{VERSION}"
    authorize_url = f"https://www.facebook.com/{VERSION}/dialog/oauth"
    scopes = (
        "instagram_basic",
        "instagram_content_publish",
        "instagram_manage_comments",
        "pages_show_list",
        "pages_read_engagement",
    )

    def __init__(self, app: App, http: Http) -> None:
        super().__init__(app, http)
        self._person = PersonLogin(app, http, LABEL)

    async def exchange(self, *, code: str, redirect_uri: str) -> Credentials:
        return await self._person.exchange(code=code, redirect_uri=redirect_uri)

    async def refresh(self, credentials: Credentials) -> Credentials:
        if not credentials.refresh_token:
            raise _rejected(RECONNECT)
        try:
            person = await self._person.lengthen(credentials.refresh_token)
            linked = await self._linked(replace(person, scopes=credentials.scopes))
        except CredentialsExpired as error:
            raise _rejected(error.sentence) from error
        for profile in linked:
            if profile.remote_id == credentials.profile_id and profile.credentials:
                return profile.credentials
        raise _rejected(LOST_ACCOUNT, kind="permission")

    async def profiles(self, credentials: Credentials) -> list[Profile]:
        if credentials.profile_id:
            return [await self.account(credentials)]
        found = await self._linked(credentials)
        if not found:
            raise _rejected(NO_LINKED_ACCOUNT, kind="permission")
        return found

    async def account(self, credentials: Credentials) -> Profile:
        query = {"fields": f"instagram_business_account{{{_ACCOUNT_FIELDS}}}"}
        answer = await self.graph(credentials).call("GET", "/me", params=query)
        profile = _profile(answer.get("instagram_business_account"))
        if profile is None:
            raise _rejected(LOST_ACCOUNT, kind="permission")
        return profile

    async def _linked(self, person: Credentials) -> list[Profile]:
        fields = f"id,access_token,instagram_business_account{{{_ACCOUNT_FIELDS}}}"
        return [
            replace(profile, credentials=of_page(person, token))
            async for page in self._person.pages(person, fields)
            if (profile := _profile(page.get("instagram_business_account")))
            if (token := text(page.get("access_token")))
        ]


LOGINS: dict[str, type[Login]] = {"instagram": InstagramLogin, "facebook": FacebookLogin}


def _explain_code(response: httpx.Response) -> PublishError:
    """The address for codes words its refusals in a way of its own."""
    words = text(read_object(response).get("error_message")).lower()
    if response.status_code != 400 or not words:
        return explain_token(LABEL, response)
    sentence = WRONG_APP if "client" in words or "platform app" in words else WRONG_CODE
    return _rejected(sentence, code="400")


def _rejected(sentence: str, *, kind: str = "", code: str = "") -> Rejected:
    return Rejected(sentence, cause=Cause.AUTHENTICATION, kind=kind, code=code)


def _scopes(permissions: object) -> tuple[str, ...]:
    """They come as a list, or as words with commas."""
    if isinstance(permissions, str):
        return tuple(permissions.split(","))
    return tuple(strings(permissions))


def _profile(found: object) -> Profile | None:
    account_id = dig(found, "id")
    if isinstance(account_id, int):
        account_id = str(account_id)
    if not isinstance(account_id, str) or not re.fullmatch(r"[0-9]{1,30}", account_id):
        return None
    username = text(dig(found, "username")) or account_id
    name = text(dig(found, "name")) or username
    return Profile(remote_id=account_id, username=username, name=name)
