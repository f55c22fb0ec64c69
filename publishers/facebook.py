"""Facebook Pages, by the Graph API version 26.0.

Documentation: https://developers.facebook.com/docs/pages-api, checked 2026-11.
Authentication: OAuth 2.0 without PKCE (`_facebook_login.py`). A person's token lives 60 days; the
token of each of their Pages, which publishes, has no end.

=============  ===============================================================================
text           63,206 characters
link           one, with a preview; below photos and videos it stands in the text
images         10, JPEG or PNG, 4 MB each
GIF            like an image, 4 MB; Facebook may show it without movement
video          1, which becomes a reel: MP4 or MOV, 9:16 from 540 × 960 on, 3 to 90 seconds, 24 to
               60 frames a second, H.264, HEVC, VP9 or AV1; no images beside it
alt text       1,000 characters, images only
first comment  8,000 characters
rate           30 reels in 24 hours; calls: 4,800 for each engaged person in 24 hours
=============  ===============================================================================

No length of alt text, comment or video is documented: those are what Facebook's own pages take.
Idempotency key: none. In two steps (the default) a post is created unpublished and has an id before
it is published; publishing the same id twice makes one post. So it is with a reel. Rate-limit
headers: `X-App-Usage`, `X-Business-Use-Case-Usage`.

Quirks:
- Facebook answered 500 to posts that went out all the same.
- The second of two equal posts is refused (506): a sign that the first is out.
- A reel is accepted before it is processed, and not live until then: so it is looked for.
- Photos that were attached to one post, even an unpublished one, cannot be used for another.
- A permission that a person once refused is asked for again only with `auth_type=rerequest`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx

from publishers._base import Publisher
from publishers._errors import Cause, OutcomeUnknown, PublishError, Rejected
from publishers._facebook_check import INTAKE, LABEL, LIMITS, find_problems
from publishers._facebook_list import find_comments, find_posts
from publishers._facebook_login import SCOPES, Login
from publishers._facebook_post import (
    asking_link,
    bring_photos,
    create_unpublished,
    finish_body,
    post_body,
)
from publishers._facebook_reel import bring_reel, look
from publishers._facebook_shelf import Shelf
from publishers._facebook_text import message
from publishers._graph import Graph
from publishers._graph_errors import explain
from publishers._http import Http
from publishers._json import read_object, text
from publishers._oauth import consent_url
from publishers._values import (
    App,
    Checkpoint,
    Content,
    Credentials,
    ManualKit,
    NotPublished,
    Problem,
    Processing,
    Profile,
    Published,
    Ready,
    Unsure,
)

SITE = "https://www.facebook.com"
COMPOSER = "https://business.facebook.com/latest/composer"
NO_POST = (
    "Postbot does not know to which post on Facebook this comment belongs. Write it by hand below "
    "the post."
)


_NUMBER = "([0-9]{5,30})"
# Addresses that tell an id of the API. Those of Pages with a name in them tell none.
_ADDRESSES = (
    (rf"facebook\.com/{_NUMBER}_{_NUMBER}(?:[/?#]|$)", r"\1_\2"),
    (rf"facebook\.com/{_NUMBER}/posts/{_NUMBER}(?:[/?#]|$)", r"\1_\2"),
    (rf"facebook\.com/[^#]*[?&]story_fbid={_NUMBER}&id={_NUMBER}(?:[&#]|$)", r"\2_\1"),
    (rf"facebook\.com/(?:reel|[^/?#]+/videos)/{_NUMBER}(?:[/?#]|$)", r"\1"),
    (rf"facebook\.com/watch/?\?v={_NUMBER}(?:[&#]|$)", r"\1"),
)


class Facebook(Publisher):
    """Posts and reels of a Facebook Page, with a first comment."""

    name = "facebook"
    label = LABEL
    limits = LIMITS
    intake = INTAKE
    scopes = SCOPES
    uses = frozenset({"link", "title", "first_comment"})
    follow_up = "comment"
    shares_consent = True
    looks = "asks for it by the id that it has before it is published"

    def __init__(self, app: App, http: Http) -> None:
        super().__init__(app, http)
        self._login = Login(app, http)
        self._in_two_steps = bool(app.options.get("two_step", True))

    def authorize_url(self, *, redirect_uri: str, state: str, challenge: str) -> str:
        return consent_url(
            self.app,
            response_type="code",
            client_id=self.app.client_id,
            redirect_uri=redirect_uri,
            scope=",".join(self.scopes),
            state=state,
            auth_type="rerequest",
        )

    async def exchange(self, *, code: str, redirect_uri: str, verifier: str) -> Credentials:
        return await self._login.exchange(code=code, redirect_uri=redirect_uri)

    async def refresh(self, credentials: Credentials) -> Credentials:
        return await self._login.refresh(credentials)

    async def revoke(self, credentials: Credentials) -> None:
        await self._login.revoke(credentials)

    async def identify(self, credentials: Credentials) -> list[Profile]:
        return await self._login.profiles(credentials)

    @classmethod
    def count(cls, text: str) -> int:
        return len(text)

    @classmethod
    def check(cls, content: Content) -> list[Problem]:
        return list(find_problems(content))

    async def prepare(
        self, credentials: Credentials, content: Content, checkpoint: Checkpoint
    ) -> Ready | Processing:
        if content.part:
            return _ready_to_comment(content)
        graph, page_id = self._login.graph(credentials), credentials.profile_id
        shelf = Shelf(checkpoint)
        await shelf.clear_old()
        if _is_reel(content):
            return await bring_reel(graph, page_id, content.media[0], shelf)
        await bring_photos(graph, page_id, content.media, shelf)
        if self._in_two_steps and not shelf.post:
            await create_unpublished(graph, page_id, content, shelf)
        return Ready()

    async def publish(
        self, credentials: Credentials, content: Content, checkpoint: Checkpoint
    ) -> Published:
        shelf = Shelf(checkpoint)
        path, request = self._irreversible(credentials.profile_id, content, shelf)
        response = await self._login.graph(credentials).commit(path, **request)
        answer = read_object(response) if response.is_success else {}
        if answer.get("success") is True and _is_reel(content):
            raise _in_work()
        if answer.get("success") is True and shelf.post:
            return _published(shelf.post["id"], shelf.post.get("permalink"))
        if _is_id(answer.get("id")):
            return _published(answer["id"], answer.get("permalink_url"))
        raise self.explain(response, irreversible=True)

    async def reconcile(
        self, credentials: Credentials, content: Content, checkpoint: Checkpoint, since: datetime
    ) -> Published | NotPublished | Unsure:
        graph, page_id = self._login.graph(credentials), credentials.profile_id
        shelf = Shelf(checkpoint)
        if content.part:
            comment, below = content.first_comment, content.reply_to
            return _verdict("comment", await find_comments(graph, page_id, below, comment, since))
        if shelf.reel:
            return await _look_at_reel(graph, shelf.reel["id"])
        if shelf.post:
            return await _look_at_post(graph, shelf.post["id"])
        photo_ids = shelf.photos.values()
        return _verdict("post", await find_posts(graph, page_id, content, photo_ids, since))

    @classmethod
    def manual(cls, content: Content) -> ManualKit:
        comment = ("First comment", content.first_comment)
        if content.part:
            url = f"{SITE}/{content.reply_to}" if content.reply_to else SITE
            return ManualKit(url=url, pastes=(comment,), steps=("Write it below the post.",))
        link = ("Link", "" if content.media else content.link)
        pastes = (("Text", message(content)), link, comment)
        return ManualKit(
            url=COMPOSER,
            pastes=tuple((label, words) for label, words in pastes if words.strip()),
            steps=tuple(_steps(content)),
        )

    @classmethod
    def remote_id_of(cls, permalink: str) -> str:
        for pattern, remote_id in _ADDRESSES:
            if found := re.search(pattern, permalink):
                return found.expand(remote_id)
        return ""

    @staticmethod
    def explain(response: httpx.Response, *, irreversible: bool = False) -> PublishError:
        """What an answer that is no success means; `irreversible` for that of publishing."""
        return explain(LABEL, response, irreversible=irreversible)

    def _irreversible(
        self, page_id: str, content: Content, shelf: Shelf
    ) -> tuple[str, dict[str, Any]]:
        """Path and body of the one request that makes something public."""
        if content.part:
            return f"/{content.reply_to}/comments", asking_link({"message": content.first_comment})
        if _is_reel(content):
            return f"/{page_id}/video_reels", {"json": finish_body(content, shelf)}
        if self._in_two_steps or shelf.post:
            return f"/{shelf.need('post')['id']}", {"json": {"is_published": True}}
        return f"/{page_id}/feed", asking_link(post_body(content, shelf))


def _is_reel(content: Content) -> bool:
    return not content.part and any(media.kind == "video" for media in content.media)


def _ready_to_comment(content: Content) -> Ready:
    if not content.reply_to:
        raise Rejected(NO_POST)
    return Ready()


def _in_work() -> OutcomeUnknown:
    """Facebook's yes to a reel: it is not live before it is processed, which can fail."""
    return OutcomeUnknown(
        "Facebook has accepted the reel and works on it. Postbot looks whether it is live.",
        cause=Cause.PLATFORM,
        kind="processing",
        likely_live=True,
    )


async def _look_at_reel(graph: Graph, video_id: str) -> Published | NotPublished | Unsure:
    status = await look(graph, video_id)
    if status.is_published:
        return _published(video_id, f"{SITE}/reel/{video_id}")
    if status.is_working:
        return Unsure(reason="Facebook still works on the reel.")
    if status.is_unpublished:
        return NotPublished()
    return Unsure(reason="Facebook does not say how far it is with the reel.")


async def _look_at_post(graph: Graph, post_id: str) -> Published | NotPublished | Unsure:
    query = {"fields": "id,is_published,permalink_url"}
    answer = await graph.call("GET", f"/{post_id}", params=query)
    match answer.get("is_published"):
        case True:
            return _published(post_id, answer.get("permalink_url"))
        case False:
            return NotPublished()
        case _:
            return Unsure(reason="Facebook does not say whether the post is public.")


def _verdict(what: str, found: list[dict[str, Any]]) -> Published | Unsure:
    match found:
        case [one]:
            return _published(one["id"], one.get("permalink_url"))
        case []:
            return Unsure(
                reason=f"Facebook does not list this {what}, but its list can lag behind."
            )
        case several:
            return Unsure(reason=f"Facebook lists {len(several)} {what}s that look like this one.")


def _published(remote_id: str, permalink: object) -> Published:
    known = text(permalink)
    is_address = known.startswith(("https://", "http://"))
    return Published(remote_id=remote_id, permalink=known if is_address else f"{SITE}/{remote_id}")


def _steps(content: Content) -> Iterator[str]:
    yield "Choose the Page at the top of the form."
    if content.media:
        yield "Add the files of the post, in their order, with their descriptions."
    if content.first_comment.strip():
        yield "When the post is out, write the first comment below it."


def _is_id(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9]+(?:_[0-9]+)?", value) is not None
