"""Facebook Login: from a person's consent to the Pages that they manage.

A person's token lives about 60 days and can be exchanged for a new one. A Page's token, fetched
with it, has no end, but dies with the person's password or role.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from publishers._graph import Graph
from publishers._graph_errors import explain_token
from publishers._http import Http
from publishers._json import dicts, read_object, text
from publishers._oauth import read_credentials
from publishers._values import App, Credentials


class PersonLogin:
    """Facebook Login for our app; `label` is the platform's name in sentences."""

    def __init__(self, app: App, http: Http, label: str) -> None:
        self._app = app
        self._http = http
        self._label = label

    async def exchange(self, *, code: str, redirect_uri: str) -> Credentials:
        """A person's long-lived token, with the permissions that they left switched on."""
        short = await self._fetch(code=code, redirect_uri=redirect_uri)
        long = await self.lengthen(short.access_token)
        answer = await self.graph(long).call("GET", "/me/permissions")
        granted = [
            text(one.get("permission"))
            for one in dicts(answer.get("data"))
            if one.get("status") == "granted"
        ]
        return replace(long, scopes=tuple(granted))

    async def lengthen(self, token: str) -> Credentials:
        """A person's token with a new term."""
        long = await self._fetch(grant_type="fb_exchange_token", fb_exchange_token=token)
        return replace(long, refresh_token=long.access_token)

    def pages(self, person: Credentials, fields: str) -> AsyncIterator[dict[str, Any]]:
        """The Pages that a person manages, each with these fields."""
        return self.graph(person).entries("/me/accounts", fields=fields, limit="100")

    def graph(self, credentials: Credentials) -> Graph:
        """Meta's API for these tokens."""
        token = credentials.access_token
        return Graph(app=self._app, http=self._http, label=self._label, token=token)

    async def _fetch(self, **form: str) -> Credentials:
        app = {"client_id": self._app.client_id, "client_secret": self._app.client_secret}
        url = f"{self._app.api_url}/oauth/access_token"
        response = await self._http.send("POST", url, data={**app, **form})
        tokens = read_credentials(read_object(response), refresh_token=None, scopes=())
        if not response.is_success or tokens is None:
            raise explain_token(self._label, response)
        return tokens


def of_page(person: Credentials, token: str) -> Credentials:
    """What is stored for a Page: its own token, and the person's to fetch another with."""
    return Credentials(access_token=token, refresh_token=person.access_token, scopes=person.scopes)
