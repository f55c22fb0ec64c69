"""The check that requests to Meta go through must itself be able to fail."""

from __future__ import annotations

import httpx
import pytest

from tests.publishers.meta import MetaContract
from tests.publishers.openapi import contract_of
from tests.publishers.stand import API

FILE = {"source": ("photo.jpg", b"1", "image/jpeg")}


def request(method: str, path: str, **more: object) -> httpx.Request:
    made = httpx.Request(method, f"{API}{path}", **more)  # type: ignore[arg-type]
    made.read()
    return made


def lists(platform: str) -> MetaContract:
    found = contract_of(platform)
    if not isinstance(found, MetaContract):
        pytest.skip("Meta's lists are not on this machine, so no request is held against them")
    return found


FACEBOOK_BREACHES = [
    pytest.param(request("PUT", "/1/feed"), id="method"),
    pytest.param(request("POST", "/1/feeds"), id="edge"),
    pytest.param(request("POST", "/one/feed"), id="no id"),
    pytest.param(request("POST", "/1/feed", json={"text": "Hi"}), id="parameter"),
    pytest.param(request("POST", "/1/feed?text=Hi"), id="query parameter"),
    pytest.param(request("POST", "/1/feed?fields=id,words"), id="field of a new post"),
    pytest.param(request("POST", "/1/feed", json={"published": "no"}), id="flag"),
    pytest.param(request("POST", "/1/feed", json={"attached_media": 5}), id="list"),
    pytest.param(request("POST", "/1/feed", json={"message": ["Hi"]}), id="string"),
    pytest.param(request("POST", "/1/video_reels", json={"title": "Hi"}), id="required"),
    pytest.param(request("POST", "/1/photos", files={"file": b"1"}), id="file"),
    pytest.param(request("POST", "/1_2", json={"published": True}), id="change of a post"),
    pytest.param(request("GET", "/1_2?fields=id,is_live"), id="field of a post"),
    pytest.param(request("GET", "/1/published_posts?fields=id,words"), id="field of a list"),
    pytest.param(request("GET", "/me/permissions?state=granted"), id="parameter of a list"),
]
INSTAGRAM_BREACHES = [
    pytest.param(request("POST", "/1/media", json={"image": "https://a"}), id="parameter"),
    pytest.param(request("POST", "/1/media_publish", json={}), id="required"),
    pytest.param(request("GET", "/1/media?fields=id,words"), id="field of a list"),
]
FACEBOOK_KEPT = [
    request("POST", "/v26.0/1/feed?appsecret_proof=a", json={"message": "Hi", "published": False}),
    request("POST", "/1/feed?fields=id,permalink_url", json={"message": "Hi"}),
    request("POST", "/1/feed", json={"attached_media": [{"media_fbid": "5"}]}),
    request("POST", "/1/photos", data={"published": "false"}, files=FILE),
    request("POST", "/1/video_reels", json={"upload_phase": "start"}),
    request("POST", "/1_2", json={"is_published": True}),
    request("GET", "/1_2?fields=is_published,permalink_url,attachments{target}"),
    request("GET", "/5?fields=status,permalink_url"),
    request("GET", "/1/published_posts?fields=id,message,attachments{target{id}}&limit=25&since=5"),
    request("POST", "/1_2/comments", json={"message": "Hi"}),
    request("GET", "/me/accounts?fields=id,name,access_token,tasks&limit=100"),
    request("DELETE", "/me/permissions"),
    request("POST", "/oauth/access_token", data={"code": "1"}),
    request("POST", "/video-upload/v26.0/5", content=b"1"),
]
INSTAGRAM_KEPT = [
    request("POST", "/1/media", json={"image_url": "https://a", "caption": "Hi"}),
    request("POST", "/1/media_publish", json={"creation_id": "5"}),
    request("GET", "/5?fields=status_code,status"),
    request("GET", "/1/media?fields=id,caption,permalink,timestamp&since=5"),
    request("GET", "/1/content_publishing_limit?fields=config,quota_usage"),
    request("GET", "/me?fields=user_id,username,name"),
    request("POST", "/5/comments", json={"message": "Hi"}),
]


@pytest.mark.parametrize("request_", FACEBOOK_BREACHES)
def test_a_request_to_facebook_that_is_not_in_its_lists_is_noticed(request_: httpx.Request) -> None:
    assert lists("facebook").breaches(request_) != []


@pytest.mark.parametrize("request_", INSTAGRAM_BREACHES)
def test_a_request_to_instagram_that_is_not_in_its_lists_is_noticed(
    request_: httpx.Request,
) -> None:
    assert lists("instagram").breaches(request_) != []


@pytest.mark.parametrize("request_", FACEBOOK_KEPT, ids=str)
def test_a_request_to_facebook_as_its_lists_say_has_no_breach(request_: httpx.Request) -> None:
    assert lists("facebook").breaches(request_) == []


@pytest.mark.parametrize("request_", INSTAGRAM_KEPT, ids=str)
def test_a_request_to_instagram_as_its_lists_say_has_no_breach(request_: httpx.Request) -> None:
    assert lists("instagram").breaches(request_) == []
