"""Requests to Meta's Graph API, as Facebook and Instagram share them.

Tokens travel in a header, never in an address. Every request carries `appsecret_proof`, by which
Meta knows that it comes from the app's own server and not from somebody who found a token.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from publishers._graph_errors import explain
from publishers._http import Http
from publishers._json import dicts, dig, read_object, text
from publishers._values import App

# Lists are read up to this many pages; what we look for is new, and lists begin with the newest.
MAX_PAGES = 10


@dataclass(frozen=True, kw_only=True)
class Graph:
    """The API below `app.api_url` for one token. `label` is the platform's name in sentences.

    Paths begin with a slash. What the caller gives in `request` is what `httpx` takes.
    """

    app: App
    http: Http
    label: str
    token: str = field(repr=False)

    async def call(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        """One repeatable request: the JSON object of a success; raises what a refusal means."""
        response = await self.http.send(method, self._url(path), **self._signed(request))
        if not response.is_success:
            raise explain(self.label, response)
        return read_object(response)

    async def entries(self, path: str, **query: str) -> AsyncIterator[dict[str, Any]]:
        """The objects of a list that have an id, page by page."""
        for _ in range(MAX_PAGES):
            answer = await self.call("GET", path, params=query)
            for entry in dicts(answer.get("data")):
                if text(entry.get("id")):
                    yield entry
            after = text(dig(answer, "paging", "cursors", "after"))
            if not after or not dig(answer, "paging", "next"):
                return
            query["after"] = after

    async def commit(self, path: str, **request: Any) -> httpx.Response:
        """The irreversible request. Any status is returned."""
        return await self.http.commit("POST", self._url(path), **self._signed(request))

    def _url(self, path: str) -> str:
        return f"{self.app.api_url}{path}"

    def _signed(self, request: dict[str, Any]) -> dict[str, Any]:
        params = {**request.pop("params", {}), **proof(self.app, self.token)}
        headers = {**request.pop("headers", {}), "Authorization": f"Bearer {self.token}"}
        return {**request, "params": params, "headers": headers}


def proof(app: App, token: str) -> dict[str, str]:
    """The parameter that proves to Meta that whoever sends the token knows the app's secret; empty
    for an app without one."""
    if not app.client_secret:
        return {}
    digest = hmac.new(app.client_secret.encode(), token.encode(), hashlib.sha256)
    return {"appsecret_proof": digest.hexdigest()}
