"""Posts of a Page: in one step, in two, with photos and links; reading and listing them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.graph_caller import error_of

ACME = "102000000000101"


async def test_a_post_is_on_the_record_and_on_the_page(facebook: Any, token: str) -> None:
    status, answer = await facebook.post(token, "hello", link="https://example.com/")

    [line] = facebook.recorded()
    assert status == 200
    assert answer["id"].startswith(f"{ACME}_")
    assert line.pop("received_at") <= line.pop("accepted_at")
    assert line == {
        "id": answer["id"],
        "kind": "link",
        "account": ACME,
        "text": "hello",
        "link": "https://example.com/",
        "media_ids": [],
        "parent": None,
    }
    [shown] = await facebook.timeline()
    assert (shown["text"], shown["link"], shown["name"]) == ("hello", line["link"], "Acme")


async def test_the_answer_can_carry_fields_of_the_new_post(facebook: Any, token: str) -> None:
    _, answer = await facebook.post(token, "hello", fields="id,permalink_url")

    number = answer["id"].partition("_")[2]
    assert answer["permalink_url"] == f"https://www.facebook.com/acme/posts/{number}"


@pytest.mark.parametrize("encoding", ["json", "data", "params"])
async def test_parameters_come_as_json_as_a_form_or_in_the_query(
    facebook: Any, token: str, encoding: str
) -> None:
    values = {"message": "hello", "published": "false"}

    _, answer = await facebook.call("POST", f"{ACME}/feed", token, **{encoding: values})

    post = await facebook.read(answer["id"], token, "message,is_published")
    assert (post["message"], post["is_published"]) == ("hello", False)


async def test_an_unpublished_post_is_seen_by_nobody_until_it_is_published(
    facebook: Any, token: str
) -> None:
    post_id = await facebook.draft(token, "hello")
    before = await facebook.read(post_id, token, "is_published,permalink_url")
    unseen = (await facebook.texts(), await facebook.listed(token), facebook.recorded())

    published = await facebook.send(post_id, token, is_published=True)

    after = await facebook.read(post_id, token, "is_published,permalink_url,message,created_time")
    assert unseen == ([], [], [])
    assert before["is_published"] is False
    assert published == (200, {"success": True})
    assert after["is_published"] is True
    assert [post["id"] for post in await facebook.listed(token)] == [post_id]
    assert [line["id"] for line in facebook.recorded()] == [post_id]


async def test_publishing_twice_succeeds_without_a_second_post(facebook: Any, token: str) -> None:
    post_id = await facebook.draft(token, "hello")
    await facebook.send(post_id, token, is_published=True)

    again = await facebook.send(post_id, token, is_published=True)

    assert again == (200, {"success": True})
    assert len(facebook.recorded()) == 1
    assert await facebook.texts() == ["hello"]


@pytest.mark.parametrize("change", [{"is_published": False}, {}], ids=["false", "nothing"])
async def test_a_post_can_be_changed_in_no_other_way(
    facebook: Any, token: str, change: dict[str, bool]
) -> None:
    post_id = await facebook.draft(token, "hello")

    assert error_of(await facebook.send(post_id, token, **change)) == (100, None)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"message": ""}, (100, 1349125)),
        ({"message": "  "}, (100, 1349125)),
        ({"message": "a" * 63_207}, (100, None)),
        ({"message": "a", "link": "ftp://example.com"}, (100, 2061006)),
        ({"message": "a", "link": "http://[::1"}, (100, 2061006)),
        ({"message": "a", "messsage": "b"}, (100, None)),
        ({"message": "a", "published": "perhaps"}, (100, None)),
        ({"message": "a", "scheduled_publish_time": 1}, (100, None)),
        ({"message": "a", "attached_media": "[{]"}, (100, None)),
        ({"message": "a", "attached_media": [{"media_fbid": "1"}]}, (100, None)),
        ({"message": "a", "attached_media": ["1"]}, (100, None)),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_does_not_fit_is_refused_with_its_code(
    facebook: Any, token: str, values: dict[str, Any], error: tuple[int, int | None]
) -> None:
    answer = await facebook.send(f"{ACME}/feed", token, **values)

    assert error_of(answer) == error
    assert facebook.recorded() == []


async def test_the_longest_text_is_63206_characters(facebook: Any, token: str) -> None:
    assert (await facebook.post(token, "a" * 63_206))[0] == 200


async def test_a_refusal_has_the_shape_of_metas(facebook: Any, token: str) -> None:
    _, answer = await facebook.post(token, "")

    error = answer["error"]
    assert (error["type"], error["is_transient"]) == ("OAuthException", False)
    assert isinstance(error["message"], str)
    assert error["fbtrace_id"].startswith("A")


async def test_the_same_text_twice_in_a_row_is_a_duplicate(facebook: Any, token: str) -> None:
    await facebook.post(token, "hello")

    again = await facebook.post(token, "hello")
    other = await facebook.post(token, "something else")
    later = await facebook.post(token, "hello")

    assert error_of(again) == (506, None)
    assert (other[0], later[0]) == (200, 200)


async def test_a_second_draft_of_the_newest_post_is_a_duplicate_too(
    facebook: Any, token: str
) -> None:
    first, second = await facebook.draft(token, "hello"), await facebook.draft(token, "hello")
    await facebook.send(first, token, is_published=True)

    assert error_of(await facebook.send(second, token, is_published=True)) == (506, None)


async def test_duplicates_can_be_allowed(facebook: Any, token: str) -> None:
    await facebook.switch(duplicates=False)
    await facebook.post(token, "hello")

    assert (await facebook.post(token, "hello"))[0] == 200


@pytest.mark.parametrize("style", ["json", "text", "items"])
async def test_photos_are_attached_in_three_ways(facebook: Any, token: str, style: str) -> None:
    photos = await facebook.photos(token, 2)
    options = {
        "json": {"json": {"message": "two", "attached_media": photos}},
        "text": {"data": {"message": "two", "attached_media": json.dumps(photos)}},
        "items": {
            "data": {
                "message": "two",
                "attached_media[0]": json.dumps(photos[0]),
                "attached_media[1]": json.dumps(photos[1]),
            }
        },
    }

    status, _ = await facebook.call("POST", f"{ACME}/feed", token, **options[style])

    [line] = facebook.recorded()
    assert status == 200
    assert line["kind"] == "photos"
    assert line["media_ids"] == [photo["media_fbid"] for photo in photos]


async def test_a_photo_belongs_to_one_post(facebook: Any, token: str) -> None:
    photos = await facebook.photos(token, 1)
    await facebook.draft(token, "one", attached_media=photos)

    again = await facebook.post(token, "two", attached_media=photos)

    assert error_of(again) == (100, 1366051)


async def test_a_post_has_up_to_ten_photos(facebook: Any, token: str) -> None:
    ten = await facebook.post(token, "", attached_media=await facebook.photos(token, 10))
    eleven = await facebook.post(token, "", attached_media=await facebook.photos(token, 11))

    assert ten[0] == 200
    assert error_of(eleven) == (100, None)


async def test_a_deleted_post_is_gone(facebook: Any, token: str) -> None:
    _, posted = await facebook.post(token, "hello")

    status, answer = await facebook.call("DELETE", posted["id"], token)

    assert (status, answer) == (200, {"success": True})
    assert error_of(await facebook.get(posted["id"], token)) == (100, 33)
    assert await facebook.listed(token) == []
    assert await facebook.texts() == []


async def test_comments_hang_below_their_post(facebook: Any, token: str) -> None:
    _, posted = await facebook.post(token, "hello")

    status, made = await facebook.send(f"{posted['id']}/comments", token, message="first")

    _, listed = await facebook.get(f"{posted['id']}/comments", token)
    [line] = [line for line in facebook.recorded() if line["kind"] == "comment"]
    assert status == 200
    assert [(one["id"], one["message"]) for one in listed["data"]] == [(made["id"], "first")]
    assert (line["text"], line["parent"], line["account"]) == ("first", posted["id"], ACME)
    shown = (await facebook.timeline())[0]
    assert (shown["text"], shown["reply_to"]) == ("first", posted["id"])


async def test_comments_are_listed_in_either_order(facebook: Any, token: str) -> None:
    _, posted = await facebook.post(token, "hello")
    edge = f"{posted['id']}/comments"
    await facebook.send(edge, token, message="one")
    await facebook.send(edge, token, message="two")

    _, oldest_first = await facebook.get(edge, token, fields="message")
    _, newest_first = await facebook.get(edge, token, order="reverse_chronological", limit="1")
    wrong = await facebook.get(edge, token, order="by_chance")

    assert [one["message"] for one in oldest_first["data"]] == ["one", "two"]
    assert [one["message"] for one in newest_first["data"]] == ["two"]
    assert error_of(wrong) == (100, None)


async def test_nobody_comments_on_an_unpublished_post(facebook: Any, token: str) -> None:
    post_id = await facebook.draft(token, "hello")

    assert error_of(await facebook.send(f"{post_id}/comments", token, message="a")) == (100, 33)


async def test_clearing_the_page_keeps_the_record(facebook: Any, token: str) -> None:
    _, posted = await facebook.post(token, "hello")
    await facebook.send(f"{posted['id']}/comments", token, message="first")

    await facebook.client.delete("/_/timeline")

    assert await facebook.timeline() == []
    assert len(facebook.recorded()) == 2
    assert await facebook.listed(token) == []
