from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from publishers import (
    Content,
    CredentialsExpired,
    NotPublished,
    Published,
    RateLimited,
    Rejected,
    TemporaryFailure,
    Unsure,
)
from tests.publishers.stand import CREDENTIALS, Notes, Stand, answer, described, post

PINS = "GET /boards/*/pins"
BOARD = "549755885001"
SECTION = "5196000001"
SINCE = datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC)


def pin(text: str = "Spring sale", **more: Any) -> Content:
    return post(text, described(alt_text=more.pop("alt_text", "")), **{"place": BOARD, **more})


def listed(pin_id: str = "1", **changes: Any) -> dict[str, Any]:
    """A pin as a board lists it."""
    return {
        "id": pin_id,
        "created_at": "2026-11-24T12:00:31",
        "title": None,
        "description": "Spring sale",
        "link": None,
        "alt_text": None,
        "board_section_id": None,
        "is_owner": True,
        "media": {"media_type": "image"},
        **changes,
    }


def board(*pins: Any, bookmark: str | None = None) -> Any:
    return answer(200, {"items": list(pins), "bookmark": bookmark})


def live(pin_id: str) -> Published:
    return Published(remote_id=pin_id, permalink=f"https://www.pinterest.com/pin/{pin_id}/")


async def look(stand: Stand, content: Content) -> Published | NotPublished | Unsure:
    return await stand.publisher.reconcile(CREDENTIALS, content, Notes(), SINCE)


async def test_a_pin_with_the_same_words_is_ours(stand: Stand) -> None:
    stand.on(PINS, board(listed("2", description="Something else"), listed("1")))

    verdict = await look(stand, pin())

    assert verdict == live("1")


async def test_looking_writes_nothing_and_reads_the_board(stand: Stand) -> None:
    await look(stand, pin(place=f"{BOARD}/{SECTION}"))

    assert stand.routes() == [f"GET /boards/{BOARD}/pins"]
    assert dict(stand.requests[0].url.params) == {"page_size": "250"}
    assert stand.commits == []


SAME = [
    pytest.param(
        pin("Hi", title="Doors", link="https://acme.example/a?b=c", alt_text="A red door"),
        listed(
            description="Hi",
            title="Doors",
            link="https://acme.example/a?b=c",
            alt_text="A red door",
        ),
        id="every field",
    ),
    pytest.param(pin("R&D <3"), listed(description="R&amp;D &lt;3"), id="escaped"),
    pytest.param(pin("Cafe\u0301"), listed(description="Caf\u00e9"), id="composed"),
    pytest.param(pin(" Hi\r\n\r\nyou \n"), listed(description="Hi\nyou"), id="spaces and lines"),
    pytest.param(
        pin(link="https://Acme.example"), listed(link="http://acme.example/"), id="style of a link"
    ),
    pytest.param(
        pin(place=f"{BOARD}/{SECTION}"), listed(board_section_id=SECTION), id="in its section"
    ),
    pytest.param(pin(), listed(media=None), id="kind not told"),
    pytest.param(pin(), listed(created_at="2026-11-24T11:58:30"), id="two minutes early"),
    pytest.param(pin(), listed(created_at="2026-11-24T13:00:31+01:00"), id="time with its zone"),
    pytest.param(
        post("Spring sale", described("video"), described(), place=BOARD),
        listed(media={"media_type": "video"}),
        id="video and cover",
    ),
    pytest.param(
        post("Spring sale", described(), described(), place=BOARD),
        listed(media={"media_type": "multiple_images"}),
        id="carousel",
    ),
    pytest.param(
        post("Spring sale", described(alt_text="A"), described(alt_text="B"), place=BOARD),
        listed(media={"media_type": "multiple_images"}, alt_text="A B"),
        id="descriptions of a carousel",
    ),
]


@pytest.mark.parametrize(("content", "entry"), SAME)
async def test_what_pinterest_may_do_to_a_pin_does_not_hide_it(
    stand: Stand, content: Content, entry: Any
) -> None:
    stand.on(PINS, board(entry))

    verdict = await look(stand, content)

    assert verdict == live("1")


OTHERS = [
    pytest.param([], id="nothing"),
    pytest.param([listed(description="Spring sales")], id="another text"),
    pytest.param([listed(title="Doors")], id="another title"),
    pytest.param([listed(link="https://acme.example")], id="another link"),
    pytest.param([listed(alt_text="A red door")], id="another description"),
    pytest.param([listed(board_section_id=SECTION)], id="in a section"),
    pytest.param([listed(media={"media_type": "video"})], id="another kind"),
    pytest.param([listed(is_owner=False)], id="of another account"),
    pytest.param([listed(created_at="2026-11-24T11:58:29")], id="from before the start"),
    pytest.param([listed(created_at=None)], id="from nobody knows when"),
    pytest.param([listed(created_at="soon")], id="from no time"),
    pytest.param([listed("../1")], id="no id"),
    pytest.param([1, None, {"id": "5"}], id="no pin"),
]


@pytest.mark.parametrize("pins", OTHERS)
async def test_not_finding_a_pin_is_no_proof(stand: Stand, pins: list[Any]) -> None:
    stand.on(PINS, board(*pins))

    verdict = await look(stand, pin())

    assert verdict == Unsure(reason="The board does not list this pin, but lists can lag behind.")


async def test_two_pins_that_match_are_for_a_person_to_tell_apart(stand: Stand) -> None:
    stand.on(PINS, board(listed("1"), listed("2")))

    verdict = await look(stand, pin())

    assert verdict == Unsure(reason="The board has 2 pins that look like this one.")


async def test_a_pin_without_words_is_for_a_person_to_know(stand: Stand) -> None:
    stand.on(PINS, board(listed(description=None)))

    verdict = await look(stand, pin(""))

    assert verdict == Unsure(
        reason="The board has a new pin without any words; it may be this one."
    )


async def test_a_pin_is_looked_for_on_every_page(stand: Stand) -> None:
    stand.on(
        PINS,
        board(listed("3", description="Newer"), bookmark="page2"),
        board(listed("2"), bookmark="page3"),
        board(listed("1", description="Older")),
    )

    verdict = await look(stand, pin())

    assert verdict == live("2")
    assert [one.url.params.get("bookmark") for one in stand.requests] == [None, "page2", "page3"]


OLDER, OLDEST = "2026-11-24T11:00:00", "2026-11-23T11:00:00"
NEWER = "2026-11-24T12:01:00"


@pytest.mark.parametrize(
    ("times", "pages"),
    [
        pytest.param([NEWER, OLDER], 1, id="newest first, past the start"),
        pytest.param([OLDER, OLDEST], 1, id="newest first, all past the start"),
        pytest.param([OLDEST, OLDER], 2, id="oldest first"),
        pytest.param([OLDER, NEWER, OLDEST], 2, id="no order"),
        pytest.param([OLDER], 2, id="too few to see an order"),
        pytest.param([OLDER, OLDER], 2, id="all at once"),
        pytest.param([], 2, id="an empty page"),
    ],
)
async def test_pages_that_can_hold_nothing_newer_are_not_read(
    stand: Stand, times: list[str], pages: int
) -> None:
    first = [listed(str(number), created_at=told) for number, told in enumerate(times)]
    stand.on(PINS, board(*first, bookmark="page2"), board())

    await look(stand, pin("Something else"))

    assert len(stand.requests) == pages


async def test_pages_without_end_are_given_up(stand: Stand) -> None:
    stand.on(PINS, board(listed(description="Newer"), bookmark="more"))

    verdict = await look(stand, pin())

    assert isinstance(verdict, Unsure)
    assert len(stand.requests) == 10


@pytest.mark.parametrize(
    ("sample", "error"),
    [
        ("unauthorized", CredentialsExpired),
        ("rate_limited", RateLimited),
        ("board_not_found", Rejected),
        ("status_503", TemporaryFailure),
    ],
)
async def test_a_list_that_cannot_be_read_is_an_error(
    stand: Stand, sample: str, error: type[Exception]
) -> None:
    stand.on(PINS, sample)

    with pytest.raises(error):
        await look(stand, pin())
