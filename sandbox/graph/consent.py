"""The consent dialogs of Meta's networks: who, which of the scopes, and the way back to the app."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web

from sandbox.graph.access import GRAPH
from sandbox.graph.fields import words
from sandbox.graph.people import Account, Person
from sandbox.graph.tokens import Grant
from sandbox.oauth import is_web_address, lead_back, read_choice
from sandbox.page import Look, Profile, consent_page, error_page


class WrongLink(Exception):
    """A link that Meta would not show its dialog for; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What an app asks for on the dialog."""

    redirect_uri: str
    scopes: frozenset[str]
    state: str | None


@dataclass(frozen=True, kw_only=True)
class Dialog:
    """One dialog: GET shows it, POST is its form.

    `meanings` has a sentence for each scope; `fixed` ones cannot be left out. `owners` are those
    who may consent, by the username that `choices` shows. `fragment` is what Meta hangs on the
    address that leads back. `&auto=<username>` agrees at once, `&without=<scope>,<scope>` leaves
    scopes out.
    """

    look: Look
    meanings: Mapping[str, str]
    choices: Sequence[Profile]
    owners: Mapping[str, Person | Account]
    fragment: str
    fixed: frozenset[str] = field(default_factory=frozenset)

    async def handle(self, request: web.Request) -> web.Response:
        try:
            asked = self._read_link(request)
            choice = await self._read_choice(request, asked)
        except WrongLink as wrong:
            return error_page(self.look, str(wrong))
        match choice:
            case None:
                return self._page(request, asked)
            case Grant():
                code = request.app[GRAPH].tokens.issue_code(choice, asked.redirect_uri)
                return self._back(asked, code=code)
            case _:
                return self._back(
                    asked,
                    error="access_denied",
                    error_code="200",
                    error_description="Permissions error",
                    error_reason="user_denied",
                )

    def _read_link(self, request: web.Request) -> Asked:
        query = request.query
        if query.get("client_id") != request.app[GRAPH].tokens.client_id:
            raise WrongLink(f"There is no app with the client_id “{query.get('client_id', '')}”.")
        if query.get("response_type", "code") != "code":
            raise WrongLink("response_type must be “code”.")
        if not is_web_address(query.get("redirect_uri", "")):
            raise WrongLink("redirect_uri must be an http or https address.")
        scopes = words(query.get("scope", "").replace(",", " ")) | self.fixed
        unknown = scopes - self.meanings.keys()
        if unknown or not scopes:
            raise WrongLink(f"Invalid Scopes: {', '.join(sorted(unknown)) or 'none'}.")
        return Asked(redirect_uri=query["redirect_uri"], scopes=scopes, state=query.get("state"))

    async def _read_choice(
        self, request: web.Request, asked: Asked
    ) -> Grant | Literal["deny"] | None:
        username = await read_choice(request)
        if username is None:
            return None
        if username == "deny":
            return "deny"
        if request.method == "POST":
            form = await request.post()
            ticked = {value for value in form.getall("scope", []) if isinstance(value, str)}
            return self._grant(username, asked, ticked | self.fixed)
        without = words(request.query.get("without", "").replace(",", " "))
        if not without <= asked.scopes - self.fixed:
            raise WrongLink("“without” names a scope that cannot be left out.")
        return self._grant(username, asked, asked.scopes - without)

    def _grant(self, username: str, asked: Asked, allowed: set[str] | frozenset[str]) -> Grant:
        owner = self.owners.get(username)
        if owner is None:
            raise WrongLink("There is no such profile here.")
        return Grant(owner=owner, scopes=asked.scopes & allowed, declined=asked.scopes - allowed)

    def _page(self, request: web.Request, asked: Asked) -> web.Response:
        scopes = sorted(asked.scopes, key=list(self.meanings).index)
        return consent_page(
            self.look,
            action=str(request.rel_url),
            client_id=request.app[GRAPH].tokens.client_id,
            redirect_uri=asked.redirect_uri,
            profiles=self.choices,
            abilities=[self.meanings[scope] for scope in scopes if scope in self.fixed],
            optional={scope: self.meanings[scope] for scope in scopes if scope not in self.fixed},
        )

    def _back(self, asked: Asked, **answer: str) -> web.Response:
        if asked.state is not None:
            answer["state"] = asked.state
        response = lead_back(asked.redirect_uri, **answer)
        response.headers["Location"] += f"#{self.fragment}"
        return response
