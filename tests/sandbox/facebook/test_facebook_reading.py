"""Reading and listing what is on a Page: fields, pages, addresses."""

from __future__ import annotations

from typing import Any

import pytest
from yarl import URL

from tests.sandbox.graph_caller import error_of

ACME = "102000000000101"


async def test_attachments_name_the_media(facebook: Any, token: str) -> None:
    one, several = await facebook.photos(token, 1), await facebook.photos(token, 2)
    await facebook.post(token, "link", link="https://example.com/")
    await facebook.post(token, "one", attached_media=one)
    await facebook.post(token, "several", attached_media=several)

    listed = await facebook.listed(
        token, fields="attachments{media_type,unshimmed_url,target{id},subattachments{target{id}}}"
    )

    [album], [photo], [link] = (post["attachments"]["data"] for post in listed)
    assert album["media_type"] == "album"
    assert [sub["target"]["id"] for sub in album["subattachments"]["data"]] == [
        photo["media_fbid"] for photo in several
    ]
    assert photo == {"media_type": "photo", "target": {"id": one[0]["media_fbid"]}}
    assert (link["media_type"], link["unshimmed_url"]) == ("link", "https://example.com/")


async def test_lists_go_from_new_to_old_a_page_at_a_time(facebook: Any, token: str) -> None:
    await facebook.post_many(token, "one", "two", "three")

    _, first = await facebook.get(f"{ACME}/feed", token, limit="2", fields="message")
    _, second = await facebook.get(URL(first["paging"]["next"]).path_qs, token)

    assert [post["message"] for post in first["data"]] == ["three", "two"]
    assert [post["message"] for post in second["data"]] == ["one"]
    assert "next" not in second["paging"]


@pytest.mark.parametrize(
    ("query", "listed"),
    [({"since": "1000"}, 1), ({"until": "1000"}, 0), ({"since": "2999-01-01"}, 0)],
    ids=str,
)
async def test_lists_can_be_cut_by_time(
    facebook: Any, token: str, query: dict[str, str], listed: int
) -> None:
    await facebook.post(token, "hello")

    assert len(await facebook.listed(token, **query)) == listed


@pytest.mark.parametrize("query", [{"limit": "101"}, {"limit": "0"}, {"after": "x"}, {"q": "a"}])
async def test_a_list_refuses_a_wrong_query(
    facebook: Any, token: str, query: dict[str, str]
) -> None:
    assert error_of(await facebook.get(f"{ACME}/feed", token, **query)) == (100, None)


async def test_a_list_can_lag_behind(facebook: Any, token: str) -> None:
    await facebook.switch(listing_lag_seconds=60)
    _, posted = await facebook.post(token, "hello")

    listed = await facebook.listed(token)

    assert listed == []
    assert (await facebook.read(posted["id"], token, "message"))["message"] == "hello"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ("id,nonsense", (100, None)),
        ("attached_media", (100, None)),
        ("attachments{nonsense}", (100, None)),
        ("attachments{media", (2500, None)),
        ("id}", (2500, None)),
        ("id;message", (2500, None)),
    ],
)
async def test_fields_that_do_not_exist_are_refused(
    facebook: Any, token: str, fields: str, error: tuple[int, None]
) -> None:
    _, posted = await facebook.post(token, "hello", link="https://example.com/")

    assert error_of(await facebook.get(posted["id"], token, fields=fields)) == error


@pytest.mark.parametrize(
    ("path", "error"),
    [
        (f"/v27.0/{ACME}/feed", (2500, None)),
        (f"/v26.0/{ACME}/nonsense", (2500, None)),
        ("/v26.0/123", (100, 33)),
    ],
)
async def test_a_path_that_does_not_exist_is_refused(
    facebook: Any, token: str, path: str, error: tuple[int, int | None]
) -> None:
    assert error_of(await facebook.get(path, token)) == error


@pytest.mark.parametrize(
    ("path", "version"), [("/v26.0/me", "v26.0"), ("/v3.2/me", "v21.0"), ("/me", "v26.0")]
)
async def test_a_dead_version_is_answered_by_the_oldest_that_lives(
    facebook: Any, token: str, path: str, version: str
) -> None:
    response = await facebook.ask("GET", path, token)

    assert response.status == 200
    assert response.headers["facebook-api-version"] == version


async def test_the_address_of_a_post_leads_to_its_place_on_the_page(
    facebook: Any, token: str
) -> None:
    _, posted = await facebook.post(token, "hello", fields="permalink_url")
    path = posted["permalink_url"].removeprefix("https://www.facebook.com")

    response = await facebook.client.get(path, allow_redirects=False)

    assert response.headers["Location"] == f"/#post-{posted['id']}"
