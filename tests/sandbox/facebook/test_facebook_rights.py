"""Who may do what on a Page: tokens, tasks and scopes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.graph_caller import error_of

ACME = "102000000000101"


async def test_the_token_of_a_person_cannot_post(facebook: Any) -> None:
    user = await facebook.log_in()

    assert error_of(await facebook.post(user, "hello")) == (200, None)


async def test_the_token_of_another_page_cannot_post(facebook: Any) -> None:
    labs = await facebook.connect("Acme Labs")

    assert error_of(await facebook.post(labs, "hello")) == (200, None)


async def test_a_person_without_the_task_cannot_post(facebook: Any) -> None:
    archive = await facebook.connect("Acme Archive", "carol")

    answer = await facebook.post(archive, "hello", "102000000000104")

    assert error_of(answer) == (200, None)
    assert "CREATE_CONTENT" in answer[1]["error"]["message"]


@pytest.mark.parametrize(
    ("without", "error"),
    [("pages_manage_posts", (200, None)), ("pages_read_engagement", (200, None))],
)
async def test_posting_needs_its_scopes(
    facebook: Any, without: str, error: tuple[int, None]
) -> None:
    token = await facebook.connect(without=without)

    answer = await facebook.post(token, "hello")

    assert error_of(answer) == error
    assert without in answer[1]["error"]["message"]


async def test_reading_needs_its_scope(facebook: Any) -> None:
    token = await facebook.connect(without="pages_read_engagement")

    assert error_of(await facebook.get(f"{ACME}/feed", token)) == (10, None)


async def test_commenting_needs_its_scope(facebook: Any, token: str) -> None:
    _, posted = await facebook.post(token, "hello")
    bare = await facebook.connect(without="pages_manage_engagement")

    answer = await facebook.send(f"{posted['id']}/comments", bare, message="a")

    assert error_of(answer) == (200, None)


async def test_a_stranger_does_not_see_a_post(facebook: Any, token: str) -> None:
    _, posted = await facebook.post(token, "hello")
    bob = await facebook.log_in("bob")

    assert error_of(await facebook.get(posted["id"], bob)) == (100, 33)
