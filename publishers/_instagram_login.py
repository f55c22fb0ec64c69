"""The two ways into Instagram's API: an Instagram account of its own, or one linked to a Facebook
Page. A Meta app is set up for one of them."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, ClassVar

import httpx

from publishers._errors import Cause, PublishError, Rejected, TemporaryFailure
from publishers._graph import Graph
from publishers._graph_errors import explain_token
from publishers._http import Http
from publishers._instagram_check import LABEL
from publishers._json import dicts, dig, read_object, strings, text
from publishers._oauth import read_credentials
from publishers._values import App, Credentials, Profile

VERSION = "v26.0"
MAX_PAGES = 10
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
    """With a person's Facebook profile. Each Page that the person manages has a token of its own,
    which has no end and cannot be renewed."""

    api_url = f"https://graph.facebook.com/{VERSION}"
    authorize_url = f"https://www.facebook.com/{VERSION}/dialog/oauth"
    scopes = (
        "instagram_basic",
        "instagram_content_publish",
        "instagram_manage_comments",
        "pages_show_list",
        "pages_read_engagement",
    )

    async def exchange(self, *, code: str, redirect_uri: str) -> Credentials:
        short = await self._fetch(code=code, redirect_uri=redirect_uri)
        token = short.access_token
        long = await self._fetch(grant_type="fb_exchange_token", fb_exchange_token=token)
        answer = await self.graph(long).call("GET", "/me/permissions")
        granted = [
            text(one.get("permission"))
            for one in dicts(answer.get("data"))
            if one.get("status") == "granted"
        ]
        return replace(long, scopes=tuple(granted))

    async def refresh(self, credentials: Credentials) -> Credentials:
        raise Rejected(RECONNECT, cause=Cause.AUTHENTICATION)

    async def profiles(self, credentials: Credentials) -> list[Profile]:
        found = [
            replace(profile, credentials=Credentials(access_token=token, scopes=credentials.scopes))
            for page in await self._pages(credentials)
            if (profile := _profile(page.get("instagram_business_account")))
            if (token := text(page.get("access_token")))
        ]
        if not found:
            raise Rejected(NO_LINKED_ACCOUNT, cause=Cause.AUTHENTICATION, kind="permission")
        return found

    async def account(self, credentials: Credentials) -> Profile:
        query = {"fields": f"instagram_business_account{{{_ACCOUNT_FIELDS}}}"}
        answer = await self.graph(credentials).call("GET", "/me", params=query)
        profile = _profile(answer.get("instagram_business_account"))
        if profile is None:
            raise Rejected(NO_LINKED_ACCOUNT, cause=Cause.AUTHENTICATION, kind="permission")
        return profile

    async def _fetch(self, **form: str) -> Credentials:
        app = {"client_id": self._app.client_id, "client_secret": self._app.client_secret}
        url = f"{self._app.api_url}/oauth/access_token"
        response = await self._http.send("POST", url, data={**app, **form})
        tokens = read_credentials(read_object(response), refresh_token=None, scopes=())
        if not response.is_success or tokens is None:
            raise explain_token(LABEL, response)
        return tokens

    async def _pages(self, credentials: Credentials) -> list[dict[str, Any]]:
        fields = f"id,access_token,instagram_business_account{{{_ACCOUNT_FIELDS}}}"
        query = {"fields": fields, "limit": "100"}
        pages: list[dict[str, Any]] = []
        for _ in range(MAX_PAGES):
            answer = await self.graph(credentials).call("GET", "/me/accounts", params=query)
            pages += dicts(answer.get("data"))
            after = text(dig(answer, "paging", "cursors", "after"))
            if not after or not dig(answer, "paging", "next"):
                break
            query["after"] = after
        return pages


LOGINS: dict[str, type[Login]] = {"instagram": InstagramLogin, "facebook": FacebookLogin}


def _explain_code(response: httpx.Response) -> PublishError:
    """The address for codes words its refusals in a way of its own."""
    words = text(read_object(response).get("error_message")).lower()
    if response.status_code != 400 or not words:
        return explain_token(LABEL, response)
    sentence = WRONG_APP if "client" in words or "platform app" in words else WRONG_CODE
    return Rejected(sentence, cause=Cause.AUTHENTICATION, code="400")


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
