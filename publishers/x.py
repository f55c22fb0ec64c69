"""X (formerly Twitter), API version 2.

Documentation: https://docs.x.com/x-api (OpenAPI 2.167), checked 2026-11.
Authentication: OAuth 2.0 with PKCE. Access tokens live 2 hours; refresh tokens change with every
refresh, and the old one is dead from then on. The code of a consent lives 30 seconds.

=============  ===============================================================================
text           280, weighted: a link 23, an emoji 2, CJK letters 2 each; a longer one becomes a
               thread of up to 25 posts, cut where a line says ---, else between sentences
images         4, JPEG, PNG or WEBP, 5 MB each
GIF            1, 15 MB, 1280 × 1080 pixels
video          1, MP4 or MOV, H.264, 512 MB, from 0.5 seconds on (to 140 without a
               subscription), up to 60 frames a second, 1:3 to 3:1; no images beside GIF or
               video
alt text       1,000 characters, images and GIFs only: X has none for videos
rate           100 posts in 15 minutes an account, 10,000 a day an app
=============  ===============================================================================

Idempotency key: none. Rate-limit headers: `x-rate-limit-…`, `x-user-limit-24hour-…`.

Quirks:
- The second of two equal posts is refused (403 duplicate): a sign that the first is out.
- A listed post comes back HTML-escaped, its links behind t.co, with a further link to its media.
- Requests cost money; a post with a link costs more than ten times one without. Out of credits
  is 402.
- Chunks of an upload above 1 MB are refused although the documentation allows them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar
from urllib.parse import quote

import httpx

from publishers._base import Limits, Publisher
from publishers._checks import MB
from publishers._errors import Cause, PublishError, Rejected, TemporaryFailure
from publishers._http import budget
from publishers._json import dicts, dig, read_object, text
from publishers._oauth import basic, bearer, consent_url, read_credentials
from publishers._values import (
    Checkpoint,
    Content,
    Credentials,
    Intake,
    ManualKit,
    MediaKind,
    NotPublished,
    Problem,
    Processing,
    Profile,
    Published,
    Ready,
    Unsure,
)
from publishers._weighted_text import find_links, weigh
from publishers._x_check import problems
from publishers._x_errors import RECONNECT, WINDOWS, explain, explain_token
from publishers._x_media import Shelf, bring
from publishers._x_thread import MOST, MOST_PARTS, split
from publishers._x_timeline import find_post

# How far before its start a post is looked for, because clocks differ.
LOOK_BACK = timedelta(minutes=2)
MAX_PAGES = 10
NO_PARENT = (
    "Postbot does not know to which post on X this part of the thread replies. Post it by hand, as "
    "a reply to the part before."
)
# What X charges for a post, for one with a link, and for an alt text, since 2026-04-16.
PRICE, PRICE_WITH_LINK, PRICE_ALT_TEXT = Decimal("0.015"), Decimal("0.200"), Decimal("0.005")


class X(Publisher):
    """Posts to a profile on X."""

    name = "x"
    label = "X"
    limits = Limits(
        text=MOST * MOST_PARTS,
        images=4,
        image_bytes=5 * MB,
        gif_bytes=15 * MB,
        video_bytes=512 * MB,
        alt_text=1000,
        posts_per_quarter_hour=100,
    )
    follow_up = "thread"
    looks = "looks through the profile's posts; asks you when it is not there"
    intake: ClassVar[Mapping[MediaKind, Intake]] = {
        "image": Intake(mimes=("image/jpeg", "image/png", "image/webp"), size=limits.image_bytes),
        "gif": Intake(mimes=("image/gif",), size=limits.gif_bytes, width=1280, height=1080),
        "video": Intake(
            mimes=("video/mp4", "video/quicktime"),
            size=limits.video_bytes,
            ratio=(1 / 3, 3.0),
            # Subscribers may post more than 140 seconds, and nobody tells us who is one.
            duration=(0.5, None),
            frame_rate=(0.0, 60.0),
            codecs=("h264",),
        ),
    }
    scopes = ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access")

    def authorize_url(self, *, redirect_uri: str, state: str, challenge: str) -> str:
        return consent_url(
            self.app,
            response_type="code",
            client_id=self.app.client_id,
            redirect_uri=redirect_uri,
            scope=" ".join(self.scopes),
            state=state,
            code_challenge=challenge,
            code_challenge_method="S256",
        )

    async def exchange(self, *, code: str, redirect_uri: str, verifier: str) -> Credentials:
        return await self._fetch_tokens(
            grant_type="authorization_code",
            code=code,
            redirect_uri=redirect_uri,
            code_verifier=verifier,
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
                response = await self._send_form("revoke", token=token, token_type_hint=hint)
                # 400: X does not know the token any more, which is what we want.
                if not response.is_success and response.status_code != 400:
                    raise explain_token(response)

    async def identify(self, credentials: Credentials) -> list[Profile]:
        answer = await self._call(credentials, "GET", "/2/users/me")
        user_id = dig(answer, "data", "id")
        if not _is_id(user_id):
            raise TemporaryFailure("X did not say whose account this is. Try again.")
        username = text(dig(answer, "data", "username")) or user_id
        name = text(dig(answer, "data", "name")) or username
        return [Profile(remote_id=user_id, username=username, name=name)]

    @classmethod
    def count(cls, text: str) -> int:
        return weigh(text)

    @classmethod
    def check(cls, content: Content) -> list[Problem]:
        return list(problems(content, cls.label, cls.limits, cls.intake))

    @classmethod
    def room(cls, text: str) -> str:
        used, posts = weigh(text), len(split(text))
        return f"{used:,}, a thread of {posts} posts" if posts > 1 else f"{used} of {MOST}"

    @classmethod
    def parts(cls, content: Content) -> int:
        return len(split(content.text))

    @classmethod
    def price(cls, content: Content) -> Decimal:
        posts = [PRICE_WITH_LINK if find_links(post) else PRICE for post in split(content.text)]
        described = sum(bool(one.alt_text) and one.kind != "video" for one in content.media)
        return sum(posts, described * PRICE_ALT_TEXT)

    async def prepare(
        self, credentials: Credentials, content: Content, checkpoint: Checkpoint
    ) -> Ready | Processing:
        if content.part:
            return Ready()
        return await bring(partial(self._call, credentials), content.media, checkpoint)

    async def publish(
        self, credentials: Credentials, content: Content, checkpoint: Checkpoint
    ) -> Published:
        response = await self.http.commit(
            "POST",
            f"{self.app.api_url}/2/tweets",
            headers=bearer(credentials),
            json=_post_body(content, checkpoint),
        )
        self.http.budget = budget(response.headers, WINDOWS)
        post_id = dig(read_object(response), "data", "id")
        if response.is_success and _is_id(post_id):
            return _published(post_id)
        raise self.explain(response, irreversible=True)

    async def reconcile(
        self, credentials: Credentials, content: Content, checkpoint: Checkpoint, since: datetime
    ) -> Published | NotPublished | Unsure:
        (me,) = await self.identify(credentials)
        posts = await self._posts_since(credentials, me.remote_id, since - LOOK_BACK)
        keys = [upload.key for upload in Shelf(checkpoint).all() if upload.key]
        match find_post(_one_post(content), keys, posts):
            case [post_id]:
                return _published(post_id)
            case []:
                return Unsure(reason="X does not list this post, but its list can lag behind.")
            case several:
                return Unsure(reason=f"X lists {len(several)} posts that look like this one.")

    @classmethod
    def manual(cls, content: Content) -> ManualKit:
        first, *more = split(content.text)[content.part :]
        reply = f"&in_reply_to={content.reply_to}" if content.reply_to else ""
        url = f"https://x.com/intent/tweet?text={quote(first, safe='')}{reply}"
        rest = tuple((f"Reply {number}", text) for number, text in enumerate(more, 1))
        steps = ("Post the others one by one, each as a reply to the one before.",) if more else ()
        return ManualKit(url=url, pastes=(("Text", first), *rest), steps=steps)

    @classmethod
    def remote_id_of(cls, permalink: str) -> str:
        found = re.search(r"/status/([0-9]{1,19})(?:[/?#]|$)", permalink)
        return found[1] if found else ""

    @staticmethod
    def explain(response: httpx.Response, *, irreversible: bool = False) -> PublishError:
        """What an answer that is no success means; `irreversible` for that of creating a post."""
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
        """A request as the app: one with a secret proves itself, one without says its name."""
        url = f"{self.app.api_url}/2/oauth2/{endpoint}"
        if self.app.client_secret:
            return await self.http.send("POST", url, data=form, headers=basic(self.app))
        return await self.http.send("POST", url, data={**form, "client_id": self.app.client_id})

    async def _call(
        self, credentials: Credentials, method: str, path: str, **request: Any
    ) -> dict[str, Any]:
        """One repeatable request for an account; an empty success gives an empty answer."""
        response = await self.http.send(
            method, f"{self.app.api_url}{path}", headers=bearer(credentials), **request
        )
        if not response.is_success:
            raise self.explain(response)
        return read_object(response)

    async def _posts_since(
        self, credentials: Credentials, user_id: str, start: datetime
    ) -> list[dict[str, Any]]:
        query = {
            "max_results": "100",
            "start_time": f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "exclude": "retweets",
            "tweet.fields": "created_at,entities,attachments",
        }
        posts: list[dict[str, Any]] = []
        for _ in range(MAX_PAGES):
            answer = await self._call(
                credentials, "GET", f"/2/users/{user_id}/tweets", params=query
            )
            posts += [post for post in dicts(answer.get("data")) if _is_id(post.get("id"))]
            token = text(dig(answer, "meta", "next_token"))
            if not token:
                break
            query["pagination_token"] = token
        return posts


def _one_post(content: Content) -> Content:
    """The post of a thread that a part is; files belong to the first."""
    text = split(content.text)[content.part]
    return replace(content, text=text, media=() if content.part else content.media)


def _post_body(content: Content, checkpoint: Checkpoint) -> dict[str, Any]:
    post = _one_post(content)
    body: dict[str, Any] = {"text": post.text}
    if content.part:
        if not _is_id(content.reply_to):
            raise Rejected(NO_PARENT)
        body["reply"] = {"in_reply_to_tweet_id": content.reply_to}
    if post.media:
        uploads = Shelf(checkpoint).all()
        if [upload.sha256 for upload in uploads] != [media.sha256 for media in post.media]:
            raise TemporaryFailure("The files of this post have to be uploaded to X again.")
        body["media"] = {"media_ids": [upload.id for upload in uploads]}
    return body


def _published(post_id: str) -> Published:
    return Published(remote_id=post_id, permalink=f"https://x.com/i/web/status/{post_id}")


def _is_id(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9]{1,19}", value) is not None
