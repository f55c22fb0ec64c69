"""Gallery: a platform that exists for tests, with all that X does not have: several profiles in one
consent, a token for each profile, rooms within a profile, and tokens that live for months.

`tests.gallery` puts this folder beside the real platforms and plays the other side.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx

from publishers._base import Limits, Publisher
from publishers._errors import (
    Cause,
    CredentialsExpired,
    OutcomeUnknown,
    PublishError,
    Rejected,
    TemporaryFailure,
)
from publishers._json import dicts, read_object, text
from publishers._oauth import bearer, consent_url, read_credentials
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

RECONNECT = "Gallery no longer accepts the connection of this account."


class Gallery(Publisher):
    name = "gallery"
    label = "Gallery"
    limits = Limits(text=500, images=1, image_bytes=1, gif_bytes=1, video_bytes=1, alt_text=100)
    scopes = ("profiles", "posts")
    refresh_ahead = timedelta(days=30)
    has_places = True
    looks = "asks you"

    def authorize_url(self, *, redirect_uri: str, state: str, challenge: str) -> str:
        return consent_url(
            self.app,
            client_id=self.app.client_id,
            redirect_uri=redirect_uri,
            scope=" ".join(self.scopes),
            state=state,
            code_challenge=challenge,
        )

    async def exchange(self, *, code: str, redirect_uri: str, verifier: str) -> Credentials:
        return await self._tokens(
            grant_type="code",
            code=code,
            redirect_uri=redirect_uri,
            code_verifier=verifier,
            client_secret=self.app.client_secret,
        )

    async def refresh(self, credentials: Credentials) -> Credentials:
        if not credentials.refresh_token:
            raise Rejected(RECONNECT, cause=Cause.AUTHENTICATION)
        return await self._tokens(grant_type="refresh", refresh_token=credentials.refresh_token)

    async def revoke(self, credentials: Credentials) -> None:
        await self._call(credentials, "POST", "/revoke")

    async def identify(self, credentials: Credentials) -> list[Profile]:
        answer = await self._call(credentials, "GET", "/profiles")
        return [
            Profile(
                remote_id=text(each.get("id")),
                username=text(each.get("handle")),
                name=text(each.get("name")),
                credentials=read_credentials(each, refresh_token=None, scopes=self.scopes),
            )
            for each in dicts(answer.get("profiles"))
        ]

    async def audit(self, credentials: Credentials) -> None:
        await self._call(credentials, "GET", "/me")

    async def places(self, credentials: Credentials) -> list[Place]:
        answer = await self._call(credentials, "GET", "/rooms")
        return [
            Place(id=text(each.get("id")), name=text(each.get("name")))
            for each in dicts(answer.get("rooms"))
        ]

    @classmethod
    def count(cls, text: str) -> int:
        return len(text)

    @classmethod
    def check(cls, content: Content) -> list[Problem]:
        return []

    async def prepare(
        self, credentials: Credentials, content: Content, checkpoint: Checkpoint
    ) -> Ready | Processing:
        return Ready()

    async def publish(
        self, credentials: Credentials, content: Content, checkpoint: Checkpoint
    ) -> Published:
        response = await self.http.commit(
            "POST",
            f"{self.app.api_url}/posts",
            headers=bearer(credentials),
            json={"text": content.text, "room": content.place},
        )
        if not response.is_success:
            raise explain(response, irreversible=True)
        post_id = text(read_object(response).get("id"))
        return Published(remote_id=post_id, permalink=f"https://gallery.example/{post_id}")

    async def reconcile(
        self, credentials: Credentials, content: Content, checkpoint: Checkpoint, since: datetime
    ) -> Published | NotPublished | Unsure:
        return Unsure(reason="Gallery keeps no list.")

    @classmethod
    def manual(cls, content: Content) -> ManualKit:
        return ManualKit(url="https://gallery.example/new")

    async def _tokens(self, **form: str) -> Credentials:
        response = await self.http.send(
            "POST", f"{self.app.api_url}/token", data={"client_id": self.app.client_id, **form}
        )
        if not response.is_success:
            raise explain(response)
        found = read_credentials(
            read_object(response), refresh_token=form.get("refresh_token"), scopes=()
        )
        if found is None:
            raise TemporaryFailure("Gallery gave no tokens. Try again.")
        return found

    async def _call(self, credentials: Credentials, method: str, path: str) -> dict[str, Any]:
        url = f"{self.app.api_url}{path}"
        response = await self.http.send(method, url, headers=bearer(credentials))
        if not response.is_success:
            raise explain(response)
        return read_object(response)


def explain(response: httpx.Response, *, irreversible: bool = False) -> PublishError:
    """401 is a token that may be renewed, 400 one that is dead, 403 an app that is not allowed."""
    match response.status_code:
        case 401:
            return CredentialsExpired(RECONNECT)
        case 400:
            return Rejected(RECONNECT, cause=Cause.AUTHENTICATION)
        case 403:
            return Rejected(
                "Gallery does not know this app.", cause=Cause.AUTHENTICATION, kind="permission"
            )
    if irreversible:
        return OutcomeUnknown("Gallery did not say whether the post is out.")
    return TemporaryFailure("Gallery has a problem of its own at the moment.")
