"""The check that every request of these tests goes through must itself be able to fail."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.publishers.openapi import Contract, contract_of
from tests.publishers.stand import API


def contract(platform: str) -> Contract:
    found = contract_of(platform)
    if not isinstance(found, Contract):
        pytest.skip(
            f"the OpenAPI contract of {platform} is not on this machine, so no request is held "
            "against it"
        )
    return found


def asked(method: str, path: str, **body: Any) -> httpx.Request:
    request = httpx.Request(method, f"{API}{path}", **body)
    request.read()
    return request


IMAGE = {"source_type": "image_base64", "content_type": "image/png", "data": "QQ=="}
VIDEO = {"source_type": "video_id", "media_id": "1"}
BREACHES = [
    ("x", "method", asked("PUT", "/2/tweets")),
    ("x", "path", asked("POST", "/2/twits")),
    ("x", "field", asked("POST", "/2/tweets", json={"txt": "Hi"})),
    ("x", "type", asked("POST", "/2/tweets", json={"text": 1})),
    ("x", "form", asked("POST", "/2/tweets", data={"text": "Hi"})),
    ("x", "no media", asked("POST", "/2/tweets", json={"media": {"media_ids": []}})),
    ("x", "no category", asked("POST", "/2/media/upload", files={"media": b"1"})),
    ("x", "body of a bodiless", asked("POST", "/2/media/upload/1/finalize", json={})),
    ("x", "query parameter", asked("GET", "/2/users/1/tweets?count=5")),
    ("x", "query value", asked("GET", "/2/users/1/tweets?max_results=4")),
    ("x", "query list", asked("GET", "/2/users/1/tweets?exclude=ads")),
    ("pinterest", "path", asked("POST", "/pin")),
    ("pinterest", "field", asked("POST", "/pins", json={"text": "Hi"})),
    ("pinterest", "length", asked("POST", "/pins", json={"title": "a" * 101})),
    ("pinterest", "board", asked("POST", "/pins", json={"board_id": "Walls"})),
    *[
        ("pinterest", name, asked("POST", "/pins", json={"media_source": source}))
        for name, source in {
            "source": {"source_type": "image"},
            "format": {**IMAGE, "content_type": "image/webp"},
            "bytes": {**IMAGE, "data": "?"},
            "cover": {**VIDEO, "cover_image_key_frame_time": 0.5},
            "field of a source": {**VIDEO, "url": "https://acme.example"},
            "one image": {"source_type": "multiple_image_urls", "items": [{"url": "a"}]},
            "field of an image": {
                "source_type": "multiple_image_urls",
                "items": [{"url": "a"}, {"url": "b", "alt_text": "c"}],
            },
        }.items()
    ],
    ("pinterest", "media type", asked("POST", "/media", json={"media_type": "image"})),
    ("pinterest", "JSON for tokens", asked("POST", "/oauth/token", json={"grant_type": "code"})),
    ("pinterest", "no code", asked("POST", "/oauth/token", data={"grant_type": "refresh_token"})),
    ("pinterest", "no token", asked("POST", "/oauth/token/revoke", data={"token_type_hint": "a"})),
    ("pinterest", "page size", asked("GET", "/boards/1/pins?page_size=251")),
]


@pytest.mark.parametrize(
    ("platform", "request_"),
    [pytest.param(row[0], row[2], id=f"{row[0]}, {row[1]}") for row in BREACHES],
)
def test_a_request_that_breaks_the_contract_is_noticed(
    platform: str, request_: httpx.Request
) -> None:
    assert contract(platform).breaches(request_) != []


@pytest.mark.parametrize(
    ("platform", "request_"),
    [
        pytest.param("x", asked("POST", "/2/tweets", json={"text": "Hi"}), id="x"),
        pytest.param(
            "pinterest",
            asked("POST", "/pins", json={"board_id": "1", "media_source": IMAGE}),
            id="pinterest",
        ),
    ],
)
def test_a_request_that_keeps_the_contract_has_no_breach(
    platform: str, request_: httpx.Request
) -> None:
    assert contract(platform).breaches(request_) == []
