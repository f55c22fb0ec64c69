"""Containers and what becomes of them: posts, carousels, reels, stories, comments."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.graph_caller import error_of, eventually

ACME = "17841400000000101"
LABS = "17841400000000102"


@pytest.mark.parametrize("login", ["token", "page_token"])
async def test_an_image_is_prepared_and_published_by_either_login(
    instagram: Any, login: str, token: str, page_token: str
) -> None:
    used = {"token": token, "page_token": page_token}[login]
    container = await instagram.image(used, "hello", alt_text="A red wall")
    unseen = instagram.recorded(), await instagram.timeline()

    status, answer = await instagram.publish(used, container)

    [line] = instagram.recorded()
    assert unseen == ([], [])
    assert status == 200
    assert line.pop("received_at") <= line.pop("accepted_at")
    assert line == {
        "id": answer["id"],
        "kind": "image",
        "account": ACME,
        "text": "hello",
        "media_ids": [container],
        "parent": None,
    }
    [shown] = await instagram.timeline()
    assert (shown["text"], shown["username"]) == ("hello", "acme")
    assert shown["media"][0]["alt_text"] == "A red wall"


async def test_published_media_is_read_and_listed(instagram: Any, token: str) -> None:
    media_id = await instagram.post(token)

    media = await instagram.read(
        media_id, token, "id,permalink,shortcode,timestamp,media_type,media_product_type,caption"
    )
    listed = await instagram.listed(token, fields="id,caption,permalink,timestamp")
    assert media["permalink"] == f"https://www.instagram.com/p/{media['shortcode']}/"
    assert (media["media_type"], media["media_product_type"]) == ("IMAGE", "FEED")
    assert media["timestamp"].endswith("+0000")
    assert listed == [
        {key: media[key] for key in ("id", "caption", "permalink", "timestamp")},
    ]


async def test_a_container_that_is_not_finished_is_not_published(
    instagram: Any, token: str
) -> None:
    await instagram.switch(image_processing_seconds=60)
    container = await instagram.image(token)

    assert error_of(await instagram.publish(token, container)) == (9007, 2207027)
    assert instagram.recorded() == []


async def test_a_container_is_published_once(instagram: Any, token: str) -> None:
    container = await instagram.image(token)
    await instagram.publish(token, container)

    again = await instagram.publish(token, container)

    assert again[0] == 400
    assert len(instagram.recorded()) == 1
    assert await instagram.state(token, container) == "PUBLISHED"


@pytest.mark.parametrize("container", ["1", "me"])
async def test_a_container_that_does_not_exist_is_not_published(
    instagram: Any, token: str, container: str
) -> None:
    assert error_of(await instagram.publish(token, container)) == (24, 2207006)


async def test_an_item_is_not_published_alone(instagram: Any, token: str) -> None:
    [item] = await instagram.items(token, 1)

    assert error_of(await instagram.publish(token, item)) == (9007, 2207027)


async def test_a_reel_is_published_when_it_is_processed(instagram: Any, token: str) -> None:
    await instagram.switch(processing_seconds=0.2)
    container = await instagram.reel(
        token,
        caption="a reel",
        share_to_feed=False,
        thumb_offset="500",
        cover_url=f"{instagram.host}/40x40.jpeg",
    )
    early = await instagram.publish(token, container)

    async def is_published() -> bool:
        return bool((await instagram.publish(token, container))[0] == 200)

    await eventually(is_published)
    [line] = instagram.recorded()
    media = await instagram.read(
        line["id"], token, "permalink,shortcode,media_product_type,is_shared_to_feed"
    )
    assert error_of(early) == (9007, 2207027)
    assert (line["kind"], line["text"]) == ("reel", "a reel")
    assert (media["media_product_type"], media["is_shared_to_feed"]) == ("REELS", False)
    assert media["permalink"] == f"https://www.instagram.com/reel/{media['shortcode']}/"


@pytest.mark.parametrize("media", ["image", "video"])
async def test_a_story_is_listed_with_the_stories_only(
    instagram: Any, token: str, media: str
) -> None:
    await instagram.switch(processing_seconds=0)
    address = {"image": "40x90.jpeg", "video": "video.mp4"}[media]
    values = {"media_type": "STORIES", f"{media}_url": f"{instagram.host}/{address}"}
    _, container = await instagram.prepare(token, **values)

    _, answer = await instagram.publish(token, container["id"])

    story = await instagram.read(answer["id"], token, "media_type,media_product_type,permalink")
    assert (story["media_type"], story["media_product_type"]) == (media.upper(), "STORY")
    assert f"/stories/acme/{answer['id']}" in story["permalink"]
    assert [one["id"] for one in await instagram.listed(token, "stories")] == [answer["id"]]
    assert await instagram.listed(token) == []
    assert instagram.recorded()[0]["kind"] == "story"


async def test_the_quota_counts_posts_and_ends_them(instagram: Any, token: str) -> None:
    await instagram.switch(quota=1)
    await instagram.post(token)
    container = await instagram.image(token)

    over = await instagram.publish(token, container)

    _, limit = await instagram.get(
        f"{ACME}/content_publishing_limit", token, fields="config,quota_usage"
    )
    assert error_of(over) == (9, 2207042)
    assert limit["data"] == [
        {"config": {"quota_total": 1, "quota_duration": 86_400}, "quota_usage": 1}
    ]
    assert len(instagram.recorded()) == 1
    assert await instagram.state(token, container) == "FINISHED"


async def test_a_list_can_lag_behind(instagram: Any, token: str) -> None:
    await instagram.switch(listing_lag_seconds=60)
    media_id = await instagram.post(token)

    assert await instagram.listed(token) == []
    assert (await instagram.read(media_id, token, "caption"))["caption"] == "hello"


async def test_lists_go_from_new_to_old_and_can_be_cut(instagram: Any, token: str) -> None:
    ids = [await instagram.post(token, text) for text in ("one", "two", "three")]

    newest = await instagram.listed(token, limit="2")
    none = await instagram.listed(token, until="1000")

    assert [one["id"] for one in newest] == ids[:0:-1]
    assert none == []


async def test_comments_hang_below_their_post(instagram: Any, token: str) -> None:
    media_id = await instagram.post(token)

    status, made = await instagram.send(f"{media_id}/comments", token, message="first")

    _, listed = await instagram.get(f"{media_id}/comments", token, fields="id,text,username")
    [line] = [line for line in instagram.recorded() if line["kind"] == "comment"]
    assert status == 200
    assert listed["data"] == [{"id": made["id"], "text": "first", "username": "acme"}]
    assert (line["text"], line["parent"]) == ("first", media_id)
    assert (await instagram.timeline())[0]["reply_to"] == media_id


async def test_the_address_of_a_post_leads_to_its_place_on_the_page(
    instagram: Any, token: str
) -> None:
    media_id = await instagram.post(token)
    permalink = (await instagram.read(media_id, token, "permalink"))["permalink"]
    path = permalink.removeprefix("https://www.instagram.com")

    response = await instagram.client.get(path, allow_redirects=False)

    assert response.headers["Location"] == f"/#post-{media_id}"


async def test_clearing_the_page_keeps_the_record(instagram: Any, token: str) -> None:
    await instagram.post(token)

    await instagram.client.delete("/_/timeline")

    assert await instagram.timeline() == []
    assert await instagram.listed(token) == []
    assert len(instagram.recorded()) == 1
