"""Instagram, for business and creator accounts, by the Graph API version 26.0.

Documentation: https://developers.facebook.com/docs/instagram-platform, checked 2026-11.
Authentication: OAuth 2.0 without PKCE, in one of two ways (`_instagram_login.py`). Instagram Login:
one token, good for 60 days, renewed by showing it when it is a day old. Facebook Login: the token
of the linked Page, without an end, and that of the person to fetch another with.

=============  ===============================================================================
text           2,200 characters, 30 hashtags, 20 mentions; links are not clickable
files          1 image or video (a video becomes a reel), or 2 to 10 of them as a carousel
image          JPEG only, 8 MB, 4:5 to 1.91:1, up to 1,440 pixels wide
video          MP4 or MOV, H.264 or HEVC, 300 MB, 3 seconds to 15 minutes, 1,920 pixels wide
story          1 image of any shape, or 1 video of up to 60 seconds and 100 MB; without a text
alt text       1,000 characters, images of a post only
rate           50 or 100 posts in 24 hours: the documentation says both, so it is asked
=============  ===============================================================================

Idempotency key: none, but a container can be published once only. Rate-limit headers:
`X-App-Usage`, `X-Business-Use-Case-Usage`.

Quirks:
- Instagram fetches files from a public address; it takes no bytes.
- Publishing a container that is not finished fails; even an image may take some seconds.
- Errors were seen at posts that went out all the same, so that the container is asked.
- A container or post that is there is now and then not found for a while (100/33).
- Stories are in a list of their own, and gone from it after a day.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from publishers._base import Publisher
from publishers._errors import PublishError, RateLimited, Rejected
from publishers._graph import Graph
from publishers._graph_errors import explain
from publishers._http import Http
from publishers._instagram_by_hand import HOME, manual_kit
from publishers._instagram_check import INTAKE, LABEL, LIMITS, find_problems
from publishers._instagram_list import find_by_code, find_comments, find_posts
from publishers._instagram_login import LOGINS, InstagramLogin
from publishers._instagram_media import FEED, STORY, Shelf, Status, bring, look
from publishers._json import dicts, dig, read_object, text
from publishers._oauth import consent_url
from publishers._values import (
    App,
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

# The count of posts rolls over 24 hours, so a place may be free again any hour.
QUOTA_PAUSE = timedelta(hours=1)


class Instagram(Publisher):
    """Posts, reels and stories of a professional account on Instagram."""

    name = "instagram"
    label = LABEL
    limits = LIMITS
    intake = INTAKE
    scopes: tuple[str, ...] = InstagramLogin.scopes
    looks = "asks Instagram by the post's container; asks you when it lists none"
    refresh_ahead = timedelta(days=10)
    follow_up = "comment"
    uses = frozenset({"first_comment"})
    fixed_places = (Place(id=FEED, name="Post or reel"), Place(id=STORY, name="Story"))

    def __init__(self, app: App, http: Http) -> None:
        login = LOGINS[app.options.get("login", "instagram")]
        app = replace(
            app,
            api_url=app.api_url or login.api_url,
            authorize_url=app.authorize_url or login.authorize_url,
        )
        super().__init__(app, http)
        self.scopes = login.scopes
        self._login = login(app, http)

    def authorize_url(self, *, redirect_uri: str, state: str, challenge: str) -> str:
        return consent_url(
            self.app,
            response_type="code",
            client_id=self.app.client_id,
            redirect_uri=redirect_uri,
            scope=",".join(self.scopes),
            state=state,
        )

    async def exchange(self, *, code: str, redirect_uri: str, verifier: str) -> Credentials:
        return await self._login.exchange(code=code, redirect_uri=redirect_uri)

    async def refresh(self, credentials: Credentials) -> Credentials:
        return await self._login.refresh(credentials)

    async def revoke(self, credentials: Credentials) -> None:
        """Instagram has no request for it, and to take a Page's back would end those of the same
        person's other Pages: the person removes the app in the settings of the account."""

    async def identify(self, credentials: Credentials) -> list[Profile]:
        return await self._login.profiles(credentials)

    @classmethod
    def count(cls, text: str) -> int:
        return len(text)

    @classmethod
    def check(cls, content: Content) -> list[Problem]:
        return list(find_problems(content))

    @classmethod
    def parts(cls, content: Content) -> int:
        return 1 if content.place == STORY else super().parts(content)

    async def prepare(
        self, credentials: Credentials, content: Content, checkpoint: Checkpoint
    ) -> Ready | Processing:
        graph, account = self._graph(credentials), await self._account(credentials, checkpoint)
        if "account" not in checkpoint.saved:
            await checkpoint.save(account=account)
        if content.part:
            await checkpoint.save(parent=await _find_parent(graph, account, content))
            return Ready()
        if Shelf(checkpoint).is_empty:
            await _check_quota(graph, account)
        return await bring(graph, account["id"], content, checkpoint)

    async def publish(
        self, credentials: Credentials, content: Content, checkpoint: Checkpoint
    ) -> Published:
        graph, saved = self._graph(credentials), checkpoint.saved
        if content.part:
            message = {"message": content.first_comment}
            response = await graph.commit(f"/{saved['parent']}/comments", json=message)
        else:
            response = await graph.commit(
                f"/{saved['account']['id']}/media_publish",
                # Its link comes with the answer: after this nothing is asked any more.
                params={"fields": "id,permalink"},
                json={"creation_id": saved["container"]["id"]},
            )
        answer = read_object(response)
        if not response.is_success or not _is_id(answer.get("id")):
            raise self.explain(response, irreversible=True)
        profile = f"{HOME}{saved['account']['username']}/"
        return _published(answer, fallback="" if content.part else profile)

    async def reconcile(
        self, credentials: Credentials, content: Content, checkpoint: Checkpoint, since: datetime
    ) -> Published | NotPublished | Unsure:
        graph, account = self._graph(credentials), await self._account(credentials, checkpoint)
        if content.part:
            return await _look_for_comment(graph, account, content, checkpoint, since)
        container = Shelf(checkpoint).whole
        if container:
            status, _ = await look(graph, container)
            if status is not Status.PUBLISHED:
                return NotPublished()
            since = min(since, datetime.fromtimestamp(container.at, UTC))
        posts = await find_posts(graph, account["id"], content, since)
        return _verdict(posts, "post", is_out=container is not None)

    @classmethod
    def manual(cls, content: Content) -> ManualKit:
        return manual_kit(content)

    @classmethod
    def remote_id_of(cls, permalink: str) -> str:
        found = re.search(r"/(?:p|reel|reels|tv)/([A-Za-z0-9_-]{5,64})(?:[/?#]|$)", permalink)
        return found[1] if found else ""

    @staticmethod
    def explain(response: httpx.Response, *, irreversible: bool = False) -> PublishError:
        """What an answer that is no success means; `irreversible` for that of publishing."""
        return explain(LABEL, response, irreversible=irreversible)

    def _graph(self, credentials: Credentials) -> Graph:
        return self._login.graph(credentials)

    async def _account(self, credentials: Credentials, checkpoint: Checkpoint) -> Mapping[str, str]:
        """Id and name of the account: it goes by the id with which it was connected, whatever the
        tokens open today."""
        saved: Mapping[str, str] | None = checkpoint.saved.get("account")
        if saved:
            return saved
        found = await self._login.account(credentials)
        return {"id": credentials.profile_id or found.remote_id, "username": found.username}


async def _check_quota(graph: Graph, account: Mapping[str, str]) -> None:
    query = {"fields": "config,quota_usage"}
    answer = await graph.call("GET", f"/{account['id']}/content_publishing_limit", params=query)
    told = next(iter(dicts(answer.get("data"))), {})
    total, used = dig(told, "config", "quota_total"), told.get("quota_usage")
    if isinstance(total, int) and isinstance(used, int) and used >= total > 0:
        raise RateLimited(
            f"This account has published {used} posts in 24 hours, as many as Instagram allows. "
            "Postbot tries again every hour for a day.",
            until=datetime.now(UTC) + QUOTA_PAUSE,
            kind="quota",
        )


async def _find_parent(graph: Graph, account: Mapping[str, str], content: Content) -> str:
    """The id of the post below which a comment goes. Where a person named it, only the code of its
    link is known, and the post is looked up by that."""
    parent = content.reply_to
    if parent and not re.fullmatch(r"[0-9]{12,30}", parent):
        parent = await find_by_code(graph, account["id"], parent)
    if not parent:
        raise Rejected(
            "Postbot does not know below which post on Instagram this comment goes. Write it there "
            "by hand."
        )
    return parent


async def _look_for_comment(
    graph: Graph,
    account: Mapping[str, str],
    content: Content,
    checkpoint: Checkpoint,
    since: datetime,
) -> Published | NotPublished | Unsure:
    parent = checkpoint.saved.get("parent") or await _find_parent(graph, account, content)
    words, username = content.first_comment, account["username"]
    found = await find_comments(graph, parent, username, words, since)
    return _verdict(found, "comment", is_out=False)


def _verdict(found: list[dict[str, Any]], what: str, *, is_out: bool) -> Published | Unsure:
    match found:
        case [one]:
            return _published(one)
        case []:
            missing = f"Instagram does not list this {what}, but its list can lag behind."
            out = f"Instagram says that this {what} is out, but does not list it."
            return Unsure(reason=out if is_out else missing)
    return Unsure(reason=f"Instagram lists {len(found)} {what}s that look like this one.")


def _published(found: dict[str, Any], *, fallback: str = "") -> Published:
    link = text(found.get("permalink"))
    return Published(remote_id=found["id"], permalink=link or fallback)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9]{1,30}", value) is not None
