"""Who may do what for an account, by either login."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.graph_caller import error_of

ACME = "17841400000000101"
LABS = "17841400000000102"


async def test_media_is_deleted_by_facebook_login_only(
    instagram: Any, token: str, page_token: str
) -> None:
    media_id = await instagram.post(token)

    own = await instagram.call("DELETE", media_id, token)
    facebook = await instagram.call("DELETE", media_id, page_token)

    assert error_of(own) == (10, None)
    assert facebook == (200, {"success": True})
    assert error_of(await instagram.get(media_id, token)) == (100, 33)
    assert await instagram.timeline() == []


@pytest.mark.parametrize(
    ("without", "call"),
    [
        ("instagram_business_content_publish", "media"),
        ("instagram_business_content_publish", "media_publish"),
        ("instagram_business_content_publish", "content_publishing_limit"),
    ],
)
async def test_publishing_needs_its_scope(instagram: Any, without: str, call: str) -> None:
    token = await instagram.sign_in(without=without)
    method = {"content_publishing_limit": "GET"}.get(call, "POST")

    answer = await instagram.call(method, f"{ACME}/{call}", token)

    assert error_of(answer) == (10, None)


async def test_publishing_by_facebook_login_needs_its_scope(instagram: Any) -> None:
    page_token = await instagram.connect(without="instagram_content_publish")

    assert error_of(await instagram.prepare(page_token, image_url="a")) == (10, None)


@pytest.mark.parametrize("path", [f"{LABS}/media", LABS, f"{LABS}/stories", "1"])
async def test_another_account_is_out_of_reach(instagram: Any, token: str, path: str) -> None:
    assert error_of(await instagram.get(path, token)) == (100, 33)


async def test_the_container_of_another_account_is_out_of_reach(instagram: Any, token: str) -> None:
    labs = await instagram.sign_in("acme_labs")
    container = await instagram.image(token)

    answer = await instagram.publish(labs, container, LABS)

    assert error_of(answer) == (24, 2207006)
    assert error_of(await instagram.get(container, labs)) == (100, 33)


async def test_the_token_of_another_page_is_out_of_reach(instagram: Any) -> None:
    labs = await instagram.connect("Acme Labs")

    assert error_of(await instagram.get(ACME, labs)) == (100, 33)
