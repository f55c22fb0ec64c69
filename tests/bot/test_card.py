"""Cards and notices: what they say, which buttons they have, and that Slack takes them whatever
people write."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.views import ids, offers
from bot.views.card import card, headline
from bot.views.notice import notice
from sandbox.slack.rules import check_blocks
from scheduler.posts import Found
from scheduler.states import Role, State, Summary
from tests.bot.post_world import NOW, SOON, asked, delivery, found, image

LINK = "https://x.com/acme/status/1"
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4000)


def shown(post: Found, **more: Any) -> list[dict[str, Any]]:
    return card(post, version=7, now=NOW, tries=4, **more)[1]


def words(post: Found) -> str:
    return json.dumps(shown(post), ensure_ascii=False)


def texts(blocks: list[dict[str, Any]]) -> str:
    return "\n".join(str(block.get("text", {}).get("text", "")) for block in blocks)


def buttons(blocks: list[dict[str, Any]]) -> list[str]:
    return [
        element["action_id"]
        for block in blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


@pytest.mark.parametrize(
    ("deliveries", "word"),
    [
        ([delivery()], "Pending"),
        ([delivery(State.PUBLISHED)], "Published"),
        ([delivery(State.PUBLISHED), delivery(State.FAILED, 2)], "Partly published"),
        ([delivery(State.FAILED)], "Failed"),
        ([delivery(State.MISSED)], "Failed"),
        ([delivery(State.CANCELLED)], "Cancelled"),
        ([asked()], "Pending: your answer is needed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_card_says_in_words_how_the_post_stands(deliveries: list[Any], word: str) -> None:
    post = found(*deliveries)

    header = shown(post)[0]

    assert header["type"] == "header"
    assert header["text"]["text"] == word
    assert headline(post, now=NOW, tries=4).startswith(f"{word}: “We open at nine!”.")


NOT_NOW = [ids.EDIT, ids.RESCHEDULE, ids.DUPLICATE, ids.CANCEL]
WAITING = [ids.EDIT, ids.RESCHEDULE, ids.PUBLISH_NOW, ids.DUPLICATE, ids.CANCEL]


@pytest.mark.parametrize(
    ("row", "fitting"),
    [
        (delivery(), WAITING),
        (delivery(State.QUEUED), WAITING),
        (delivery(State.PREPARING), WAITING),
        (delivery(State.PROCESSING), WAITING),
        (delivery(State.RETRYING), WAITING),
        (
            delivery(State.PARKED, cause="platform"),
            [ids.RETRY_NOW, ids.POST_MANUALLY, *NOT_NOW],
        ),
        (
            delivery(State.PARKED, cause="authentication"),
            [ids.RECONNECT, ids.POST_MANUALLY, *NOT_NOW],
        ),
        (
            delivery(State.PREPARING, due_at=NOW),
            NOT_NOW,
        ),
        (delivery(State.PUBLISHING), []),
        (delivery(State.PUBLISHED), [ids.DUPLICATE]),
        (delivery(State.POSTED_MANUALLY), [ids.DUPLICATE]),
        (delivery(State.CANCELLED), [ids.DUPLICATE]),
        (delivery(State.UNCONFIRMED, next_attempt_at=SOON, asked_at=NOW), []),
        (asked(), [ids.IS_LIVE, ids.IS_NOT_LIVE, ids.SKIP]),
        (
            delivery(State.FAILED),
            [ids.RETRY_NOW, ids.POST_MANUALLY, *NOT_NOW],
        ),
        (
            delivery(State.MISSED),
            [
                ids.PUBLISH_NOW,
                ids.POST_MANUALLY,
                ids.EDIT,
                ids.RESCHEDULE,
                ids.DUPLICATE,
                ids.CANCEL,
            ],
        ),
    ],
    ids=lambda value: value.state.value if hasattr(value, "state") else "",
)
def test_a_card_has_the_buttons_that_fit_the_state(row: Any, fitting: list[str]) -> None:
    blocks = shown(found(row))

    assert buttons(blocks) == fitting


def test_each_account_that_needs_somebody_has_its_own_buttons() -> None:
    post = found(delivery(State.FAILED, 1), asked(2), delivery(State.PUBLISHED, 3))

    blocks = [block for block in shown(post) if block["type"] == "actions"]

    assert [block["block_id"] for block in blocks] == [
        "card:k7m2p9xq4w:7:1.3",
        "card:k7m2p9xq4w:7:2.3",
        "card:k7m2p9xq4w:7",
    ]
    assert [[each.get("value", "") for each in block["elements"]] for block in blocks] == [
        ["1", "1"],
        ["2", "2", "2"],
        ["", "", ""],
    ]
    assert blocks[0]["elements"][0]["accessibility_label"] == "Retry Now: X @acme"


def test_what_cannot_be_taken_back_is_asked_for_twice() -> None:
    post = found(asked(1), delivery(id_=2))

    elements = [each for block in shown(post) for each in block.get("elements", [])]

    confirmed = {each["action_id"] for each in elements if each.get("confirm")}
    assert confirmed == {ids.IS_NOT_LIVE, ids.CANCEL}
    assert {each["action_id"] for each in elements if each.get("style") == "danger"} == {ids.CANCEL}


def test_one_button_of_a_card_stands_out() -> None:
    post = found(*(delivery(State.FAILED, number) for number in (1, 2, 3)))

    elements = [each for block in shown(post) for each in block.get("elements", [])]

    assert [each["value"] for each in elements if each.get("style") == "primary"] == ["1"]


def test_a_retry_says_why_and_when_and_how_often() -> None:
    post = found(
        delivery(State.RETRYING, reason="X did not answer", attempts=1, next_attempt_at=SOON)
    )

    said = words(post)

    assert "X did not answer. Next try <!date^1795525200^" in said
    assert "2026-11-24 13:00 UTC>" in said
    assert "(attempt 2 of 4)" in said


def test_a_live_post_is_linked() -> None:
    post = found(delivery(State.PUBLISHED, permalink=LINK, published_at=NOW))

    assert f"<{LINK}|See it on X>" in words(post)


@pytest.mark.parametrize(
    "permalink",
    ["javascript:alert(1)", "https://x.com/|<!channel>", "https://x.com/" + "a" * 3000, ""],
    ids=["script", "mention", "endless", "none"],
)
def test_no_link_breaks_a_card(permalink: str) -> None:
    post = found(delivery(State.PUBLISHED, permalink=permalink))

    said = words(post)

    assert "javascript" not in said
    assert "<!channel>" not in said
    assert check_blocks(shown(post)) == []


def test_nothing_that_people_or_platforms_write_mentions_anybody() -> None:
    ping = "<!channel> <@U0BOB> @here & co"
    post = found(delivery(State.FAILED, reason=ping), text=ping, media=(image(name=ping, mime=""),))

    blocks = shown(post)
    notices = notice(post, post.deliveries, version=1)[1]

    marked_up = json.dumps([each for each in blocks + notices if each["type"] != "rich_text"])
    assert "<!channel>" not in marked_up
    assert "<@U0BOB>" not in marked_up
    assert "&lt;!channel&gt;" in marked_up
    assert "<!channel>" not in headline(post, now=NOW, tries=4)
    assert blocks[2]["elements"][0]["elements"] == [{"type": "text", "text": ping}]


def test_images_are_shown_and_other_files_named() -> None:
    files = (image(), image(kind="video", name="cat.mp4", mime="video/mp4"))

    blocks = shown(found(delivery(), media=files))

    assert blocks[3]["slack_file"] == {"id": "F0CAT"}
    assert blocks[3]["alt_text"] == "cat.png"
    assert "Files: video cat.mp4" in json.dumps(blocks)


def test_a_card_without_images_names_them() -> None:
    blocks = shown(found(delivery(), media=(image(),)), with_images=False)

    assert "Files: image cat.png" in json.dumps(blocks)
    assert "slack_file" not in json.dumps(blocks)


def test_a_notice_names_every_account_that_failed_alike() -> None:
    post = found(delivery(State.FAILED, 1, reason="No."), delivery(State.FAILED, 2, reason="No."))

    text, blocks = notice(post, post.deliveries, version=2)

    assert text.startswith("“We open at nine!” was not published on X @acme and X @acme. No.")
    assert buttons(blocks) == [ids.RETRY_NOW, ids.RESCHEDULE, ids.CANCEL]
    assert blocks[1]["elements"][0]["value"] == "1,2"


@pytest.mark.parametrize(
    ("row", "fitting"),
    [
        (
            delivery(State.FAILED),
            [ids.RETRY_NOW, ids.POST_MANUALLY, ids.RESCHEDULE, ids.CANCEL],
        ),
        (
            delivery(State.MISSED),
            [ids.PUBLISH_NOW, ids.POST_MANUALLY, ids.RESCHEDULE, ids.CANCEL],
        ),
        (asked(), [ids.IS_LIVE, ids.IS_NOT_LIVE, ids.SKIP]),
    ],
    ids=["failed", "missed", "asked"],
)
def test_a_notice_has_the_buttons_that_fit(row: Any, fitting: list[str]) -> None:
    _, blocks = notice(found(row), [row], version=2)

    assert buttons(blocks) == fitting


def test_a_click_tells_what_its_button_was_drawn_for() -> None:
    block = {"block_id": "card:k7m2p9xq4w:7:1.3,2.9", "action_id": ids.RETRY_NOW, "value": "1,2"}

    press = offers.read(block)

    assert press == offers.Press(
        action=ids.RETRY_NOW,
        post_id="k7m2p9xq4w",
        version=7,
        delivery_ids=(1, 2),
        fences=((1, 3), (2, 9)),
    )


@pytest.mark.parametrize(
    "block",
    [
        {},
        {"block_id": "other"},
        {"block_id": "card:a:b"},
        {"block_id": "card:a:1:2"},
        {"block_id": "card:a:1", "value": "1; DROP TABLE post"},
        {"block_id": "card:a:1", "value": "9" * 30},
        {"block_id": "card:" + "a" * 60 + ":1"},
    ],
    ids=["nothing", "foreign", "no-version", "no-fence", "injection", "huge", "long"],
)
def test_a_click_that_no_card_can_send_is_nothing(block: dict[str, Any]) -> None:
    assert offers.read(block) is None


def test_a_button_stops_to_fit_when_its_delivery_moves_on() -> None:
    drawn, since = found(asked(fence=3)), found(asked(fence=6))
    (element,) = [each for each in shown(drawn) if each["type"] == "actions"]
    action = {"block_id": element["block_id"], **element["elements"][1]}

    press = offers.read(action)

    assert press is not None
    assert offers.still_fits(press, drawn, NOW)
    assert not offers.still_fits(press, since, NOW)


def test_the_most_accounts_and_files_fit() -> None:
    rows = [delivery(State.FAILED, 10**18 + number, fence=2**31) for number in range(60)]
    post = found(*rows, text="&" * 3000, media=tuple(image() for _ in range(10)))

    blocks = shown(post)

    assert check_blocks(blocks) == []
    assert "And 44 more accounts: 44 failed." in json.dumps(blocks)


@settings(max_examples=60, deadline=None)
@given(
    text=TEXTS,
    reason=TEXTS,
    permalink=TEXTS.map(lambda text: f"https://x.com/{text}"),
    name=TEXTS,
    state=st.sampled_from(State),
    attempts=st.integers(0, 30_000),
    hours=st.none() | st.integers(-50_000, 50_000),
)
def test_extreme_values_fit_slacks_limits(
    text: str,
    reason: str,
    permalink: str,
    name: str,
    state: State,
    attempts: int,
    hours: int | None,
) -> None:
    at = None if hours is None else NOW + timedelta(hours=hours)
    row = delivery(
        state,
        reason=reason,
        permalink=permalink,
        attempts=attempts,
        next_attempt_at=at,
        asked_at=NOW,
        published_at=at,
    )
    post = found(row, text=text, media=(image(name=name or "a", alt_text=name), image(mime="")))
    post.accounts[1].username = name

    told, blocks = card(post, version=2**31, now=NOW, tries=4)
    said, question = notice(post, [row], version=1)

    assert check_blocks(blocks) == []
    assert check_blocks(question) == []
    assert 0 < len(told) < 4000
    assert 0 < len(said) < 4000


def test_the_parts_of_a_thread_that_are_out_share_the_row_of_the_first() -> None:
    live = [
        delivery(State.PUBLISHED, part, part=part, role=Role.THREAD if part else Role.POST)
        for part in range(3)
    ]
    for each in live:
        each.account_id = 1

    rows = [block for block in shown(found(*live)) if "Published" in str(block.get("text"))]

    assert [block["type"] for block in rows] == ["header", "section"]
    assert "3 posts of the thread are out." in rows[1]["text"]["text"]


def test_a_part_that_is_not_out_has_its_own_row_and_buttons() -> None:
    head = delivery(State.PUBLISHED, 1, permalink="https://x.com/acme/status/1")
    part = delivery(State.FAILED, 2, part=1, role=Role.THREAD, reason="X refused this.")
    part.account_id = 1

    blocks = shown(found(head, part))

    assert "(post 2 of the thread)*\nNot published. X refused this." in texts(blocks)
    assert buttons(blocks) == [
        ids.RETRY_NOW,
        ids.POST_MANUALLY,
        ids.RESCHEDULE,
        ids.DUPLICATE,
        ids.CANCEL,
    ]


def test_a_comment_that_failed_does_not_fail_its_post() -> None:
    comment = delivery(State.FAILED, 2, part=1, role=Role.COMMENT, reason="It was refused.")
    comment.account_id = 1

    post = found(delivery(State.PUBLISHED, 1), comment)

    assert post.summary is Summary.PUBLISHED
    assert "(first comment)*\nNot published. It was refused." in texts(shown(post))
