"""Pinterest, API version 5.

Documentation: https://developers.pinterest.com/docs/api/v5 (OpenAPI 5.23.0), checked 2026-11.
Authentication: OAuth 2.0 with HTTP Basic, scopes separated by commas, no PKCE. Access tokens live
30 days, refresh tokens 60; both change with every refresh.

=============  ===============================================================================
place          a board, or a section of one: `<board>` or `<board>/<section>`
title          100
text           800: the description of the pin
link           2,048
images         1 to 5, JPEG or PNG as bytes, WEBP and GIF from a public address, 20 MB each;
               several of the same size in pixels make a carousel
video          1, MP4 or MOV, 1 GB, 4 seconds to 15 minutes, 1:2 to 1.91:1; an image beside it is
               its cover, otherwise the frame at one second
alt text       500, one for the whole pin
rate           Standard access: 100 pins a minute an account; Trial access: 1,000 requests a day
=============  ===============================================================================

Idempotency key: none. Rate-limit headers: `x-ratelimit-…`, the reset in seconds.

Quirks:
- An app with Trial access may not create pins (403, code 29); its pins go to a host of its own,
  `api-sandbox.pinterest.com`.
- 429 means a used-up limit or, with “spam” in the message, a block that seconds do not lift.
- The codes of errors begin anew in every area of the API.
- The pins that a board lists include those of its sections; `created_at` is UTC, unsaid.
- Tokens of ordinary accounts may not be revoked by apps; people do that in their settings.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import httpx

from publishers._base import Publisher
from publishers._errors import Cause, PublishError, Rejected, TemporaryFailure
from publishers._json import dicts, dig, read_object, text
from publishers._oauth import basic, bearer, consent_url, read_credentials
from publishers._pinterest_checks import INTAKE, LIMITS, manual_kit, problems
from publishers._pinterest_errors import RECONNECT, explain, explain_revocation, explain_token
from publishers._pinterest_media import PinBody, bring, find_upload, video_of
from publishers._pinterest_pins import ends_before, find_pins, pin_fields
from publishers._values import (
    Checkpoint,
    Content,
    Credentials,
    ManualKit,
    NotPublished,
    Place,
    Problem,
    Processing,
    Profile,
    Published,
    Ready,
    Unsure,
)

# How far before its start a pin is looked for, because clocks differ.
LOOK_BACK = timedelta(minutes=2)
PAGE_SIZE = 250
MAX_PAGES = 10
# Boards whose sections are asked for at the same time.
BOARDS_AT_ONCE = 8


class Pinterest(Publisher):
    """Creates pins on the boards of a Pinterest account."""

    name = "pinterest"
    label = "Pinterest"
    limits = LIMITS
    intake = INTAKE
    scopes = ("boards:read", "boards:write", "pins:read", "pins:write", "user_accounts:read")
    # Of the 30 days that a token lives, and of the one day of those for the sandbox.
    refresh_ahead = timedelta(hours=12)
    uses = frozenset({"link", "title"})
    has_places = True
    looks = "looks through the board's pins; asks you when it is not there"

    def authorize_url(self, *, redirect_uri: str, state: str, challenge: str) -> str:
        # Its path ends with a slash, and our settings end with none.
        page = replace(self.app, authorize_url=f"{self.app.authorize_url.rstrip('/')}/")
        return consent_url(
            page,
            response_type="code",
            client_id=self.app.client_id,
            redirect_uri=redirect_uri,
            scope=",".join(self.scopes),
            state=state,
        )

    async def exchange(self, *, code: str, redirect_uri: str, verifier: str) -> Credentials:
        # Apps from before September 2025 have to ask for a refresh token that can be renewed.
        return await self._fetch_tokens(
            grant_type="authorization_code",
            code=code,
            redirect_uri=redirect_uri,
            continuous_refresh="true",
        )

    async def refresh(self, credentials: Credentials) -> Credentials:
        if not credentials.refresh_token:
            raise Rejected(RECONNECT, cause=Cause.AUTHENTICATION)
        return await self._fetch_tokens(
            grant_type="refresh_token", refresh_token=credentials.refresh_token
        )

    async def revoke(self, credentials: Credentials) -> None:
        tokens = {
            "refresh_token": credentials.refresh_token,
            "access_token": credentials.access_token,
        }
        for hint, token in tokens.items():
            if token:
                response = await self._send_form("token/revoke", token=token, token_type_hint=hint)
                if not response.is_success:
                    raise explain_revocation(response)

    async def identify(self, credentials: Credentials) -> list[Profile]:
        answer = await self._call(credentials, "GET", "/user_account")
        user_id = dig(answer, "id")
        if not _is_id(user_id):
            raise TemporaryFailure("Pinterest did not say whose account this is. Try again.")
        username = text(answer.get("username")) or user_id
        name = text(answer.get("business_name")) or username
        return [Profile(remote_id=user_id, username=username, name=name)]

    async def places(self, credentials: Credentials) -> list[Place]:
        """Boards and their sections in Pinterest's order; boards that are only for ads are not
        among them."""
        boards = [
            board
            async for page in self._pages(credentials, "/boards")
            for board in page
            if _is_id(board.get("id")) and board.get("is_ads_only") is not True
        ]
        gate = asyncio.Semaphore(BOARDS_AT_ONCE)
        found = await asyncio.gather(
            *(self._with_sections(credentials, board, gate) for board in boards)
        )
        return [place for several in found for place in several]

    @classmethod
    def count(cls, text: str) -> int:
        return len(text)

    @classmethod
    def check(cls, content: Content) -> list[Problem]:
        return list(problems(cls.label, content))

    async def prepare(
        self, credentials: Credentials, content: Content, checkpoint: Checkpoint
    ) -> Ready | Processing:
        return await bring(partial(self._call, credentials), self.http, content.media, checkpoint)

    async def publish(
        self, credentials: Credentials, content: Content, checkpoint: Checkpoint
    ) -> Published:
        body = PinBody(pin_fields(content), content.media, _upload_id(content, checkpoint))
        response = await self.http.commit(
            "POST",
            f"{self.app.api_url}/pins",
            headers={**bearer(credentials), **body.headers},
            content=body,
        )
        pin_id = dig(read_object(response), "id")
        if response.is_success and _is_id(pin_id):
            return _published(pin_id)
        raise self.explain(response, irreversible=True)

    async def reconcile(
        self, credentials: Credentials, content: Content, checkpoint: Checkpoint, since: datetime
    ) -> Published | NotPublished | Unsure:
        start = since - LOOK_BACK
        pins = await self._pins_since(credentials, content.place.partition("/")[0], start)
        match find_pins(content, pins, start):
            case [_] if not _has_words(content):
                return Unsure(
                    reason="The board has a new pin without any words; it may be this one."
                )
            case [pin_id]:
                return _published(pin_id)
            case []:
                return Unsure(reason="The board does not list this pin, but lists can lag behind.")
            case several:
                return Unsure(reason=f"The board has {len(several)} pins that look like this one.")

    @classmethod
    def manual(cls, content: Content) -> ManualKit:
        return manual_kit(content)

    @classmethod
    def remote_id_of(cls, permalink: str) -> str:
        found = re.search(r"/pin/(?:[^/?#]*--)?([0-9]{1,30})(?:[/?#]|$)", permalink)
        return found[1] if found else ""

    @staticmethod
    def explain(response: httpx.Response, *, irreversible: bool = False) -> PublishError:
        """What an answer that is no success means; `irreversible` for that of creating a pin."""
        return explain(response, irreversible=irreversible)

    async def _fetch_tokens(self, **form: str) -> Credentials:
        response = await self._send_form("token", **form)
        tokens = read_credentials(
            read_object(response),
            refresh_token=form.get("refresh_token"),
            scopes=self.scopes,
        )
        if not response.is_success or tokens is None:
            raise explain_token(response)
        return tokens

    async def _send_form(self, endpoint: str, **form: str) -> httpx.Response:
        url = f"{self.app.api_url}/oauth/{endpoint}"
        return await self.http.send("POST", url, data=form, headers=basic(self.app))

    async def _call(
        self, credentials: Credentials, method: str, path: str, **request: Any
    ) -> dict[str, Any]:
        """One repeatable request for an account."""
        response = await self.http.send(
            method, f"{self.app.api_url}{path}", headers=bearer(credentials), **request
        )
        if not response.is_success:
            raise self.explain(response)
        return read_object(response)

    async def _pages(
        self, credentials: Credentials, path: str
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """The items of a list, a page at a time, up to a number of pages that no list should
        need."""
        query = {"page_size": str(PAGE_SIZE)}
        for _ in range(MAX_PAGES):
            answer = await self._call(credentials, "GET", path, params=query)
            yield dicts(answer.get("items"))
            bookmark = text(answer.get("bookmark"))
            if not bookmark:
                return
            query["bookmark"] = bookmark

    async def _with_sections(
        self, credentials: Credentials, board: dict[str, Any], gate: asyncio.Semaphore
    ) -> list[Place]:
        whole = Place(id=board["id"], name=text(board.get("name")) or board["id"])
        async with gate:
            sections = [
                Place(id=f"{whole.id}/{one['id']}", name=f"{whole.name} › {text(one.get('name'))}")
                async for page in self._pages(credentials, f"/boards/{whole.id}/sections")
                for one in page
                if _is_id(one.get("id"))
            ]
        return [whole, *sections]

    async def _pins_since(
        self, credentials: Credentials, board_id: str, start: datetime
    ) -> list[dict[str, Any]]:
        pins: list[dict[str, Any]] = []
        async for page in self._pages(credentials, f"/boards/{board_id}/pins"):
            pins += page
            if ends_before(page, start):
                break
        return pins


def _upload_id(content: Content, checkpoint: Checkpoint) -> str:
    video = video_of(content.media)
    if video is None:
        return ""
    upload = find_upload(checkpoint, video)
    if upload is None or not upload.is_ready:
        raise TemporaryFailure("The video of this post has to be uploaded to Pinterest again.")
    return upload.id


def _has_words(content: Content) -> bool:
    return bool(pin_fields(content).keys() & {"title", "description", "link", "alt_text"})


def _published(pin_id: str) -> Published:
    return Published(remote_id=pin_id, permalink=f"https://www.pinterest.com/pin/{pin_id}/")


def _is_id(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9]{1,30}", value) is not None
