"""Every message and every form behind its buttons fits Slack's limits, whatever people and
platforms write, and however many accounts a post has."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from hypothesis import strategies as st

from bot.draft_times import When
from bot.views import card as cards
from bot.views import help as help_views
from bot.views import lost_account, notice, offers, outage, recovery, slots
from bot.views.accounts import Connect
from bot.views.recovery import Reply, Target
from sandbox.slack.rules import check_answer, check_blocks, check_view
from scheduler.models import Account, Delivery, MediaFile, Post
from scheduler.overview import Risk
from scheduler.platforms import ManualKit
from scheduler.posts import Found
from scheduler.states import PostState, State
from scheduler.walltime import Repeated
from tests.bot.test_views_fit import AGAIN, NOW, PLATFORMS, Json, written
from tests.properties import holds_for

#: Slack recommends 4,000 for a text that screen readers read out, and cuts at 40,000.
MOST_TEXT, MOST_MESSAGE_BYTES = 4000, 100_000
ROLES = ["post", "thread", "comment"]

links = st.sampled_from(
    ["", "https://x.example/1", "https://x.example/" + "|>&" * 3000, "javascript:alert(1)"]
)
accounts = st.builds(
    Account,
    id=st.integers(1, 20),
    platform=st.sampled_from(PLATFORMS),
    username=written(255),
    name=written(255),
    connected_by=st.just("U0ALICE"),
    slots=written(2000),
    slots_zone=st.just("America/New_York"),
)
images = st.builds(
    MediaFile,
    name=written(255),
    alt_text=written(3000),
    kind=st.sampled_from(["image", "video"]),
    mime=st.sampled_from(["image/png", "image/webp", "video/mp4"]),
    slack_file_id=st.sampled_from(["", "F0CAT"]),
)


@st.composite
def deliveries(draw: st.DrawFn, number: int) -> Delivery:
    made = Delivery(
        id=10**18 + number,
        platform=draw(st.sampled_from(PLATFORMS)),
        state=draw(st.sampled_from(State)),
        role=draw(st.sampled_from(ROLES)),
        part=draw(st.integers(0, 30)),
        reason=draw(written(5000)),
        cause=draw(st.sampled_from(["", "authentication", "network"])),
        permalink=draw(links),
        fence=draw(st.integers(0, 10**9)),
        attempts=draw(st.integers(0, 99)),
        due_at=NOW + timedelta(seconds=draw(st.integers(-9, 9))),
        asked_at=draw(st.sampled_from([None, NOW])),
        next_attempt_at=draw(st.sampled_from([None, AGAIN])),
        published_at=draw(st.sampled_from([None, NOW])),
    )
    made.account_id = number + 1
    return made


@st.composite
def posts(draw: st.DrawFn) -> Found:
    """A post at up to 20 accounts, all in states of their own."""
    number = draw(st.integers(1, 20))
    known = draw(accounts)
    return Found(
        post=Post(
            id="k7m2p9xq4w",
            author="U0ALICE",
            text=draw(written(63_000)),
            state=draw(st.sampled_from(PostState)),
            due_at=draw(st.sampled_from([None, NOW])),
            created_at=NOW,
            updated_at=NOW,
        ),
        deliveries=tuple(draw(deliveries(each)) for each in range(number)),
        accounts={each: known for each in range(1, number + 1) if draw(st.booleans())},
        media=tuple(draw(st.lists(images, max_size=10))),
    )


targets = st.builds(
    Target,
    post_id=st.just("k7m2p9xq4w"),
    delivery_id=st.integers(0, 10**18),
    reply=st.none()
    | st.builds(Reply, channel=st.just("D0123456789"), ts=st.just("1.2"), text=written(3000)),
)
kits = st.builds(
    ManualKit,
    url=st.just("https://x.com/intent/tweet?text=" + "%F0" * 900),
    pastes=st.lists(st.tuples(written(30), written(63_000)), max_size=4).map(tuple),
    steps=st.lists(written(300).filter(str.strip), max_size=5).map(tuple),
)
connects = st.builds(
    Connect,
    platform=st.just("x"),
    label=written(255).map("@{} Again".format),
    url=st.just("https://postbot.example/connect/x?ticket=" + "t" * 400),
)
times = st.builds(
    When,
    zone=st.just("America/New_York"),
    words=written(200),
    date=st.sampled_from(["", "2027-11-07"]),
    time=st.sampled_from(["", "01:30"]),
    fold=st.sampled_from(["", "first", "second"]),
)


def fits_a_message(text: str, blocks: list[Json]) -> bool:
    assert text.strip()
    assert check_blocks(blocks) == []
    assert len(text) <= MOST_TEXT
    return len(json.dumps(blocks)) < MOST_MESSAGE_BYTES


def fits_a_form(view: Json) -> bool:
    return check_view(view, surface="modal") == [] and len(json.dumps(view)) < 250_000


@holds_for(posts(), written(300), st.booleans())
def test_a_card_fits(post: Found, note: str, with_images: bool) -> None:
    said = "".join(note.split())
    shown = cards.card(post, version=10**9, now=NOW, tries=4, note=said, with_images=with_images)

    assert fits_a_message(*shown)


@holds_for(posts())
def test_what_is_said_in_the_thread_of_a_card_fits(post: Found) -> None:
    concerned = post.deliveries[: offers.MOST_NAMED]

    text, blocks = notice.notice(post, concerned, version=10**9)

    assert fits_a_message(text, blocks)
    assert fits_a_message(text, notice.settled(notice.said_in({"blocks": blocks}), text))


@holds_for(posts())
def test_a_click_says_what_it_was_about(post: Found) -> None:
    _, blocks = cards.card(post, version=10**9, now=NOW, tries=4)

    for block in blocks:
        for element in block.get("elements", []) if block["type"] == "actions" else []:
            press = offers.read({**element, "block_id": block["block_id"]})
            assert press is not None
            assert offers.still_fits(press, post, NOW)


@holds_for(posts(), kits, targets)
def test_the_forms_behind_the_buttons_fit(post: Found, kit: ManualKit, target: Target) -> None:
    first = post.deliveries[0]

    assert fits_a_form(recovery.post_manually(post, first, kit, target))
    assert fits_a_form(recovery.confirm_live(post, first, target))


@holds_for(posts(), times, targets, written(900))
def test_the_form_for_another_time_fits(post: Found, when: When, target: Target, note: str) -> None:
    repeated = Repeated(first=NOW, second=AGAIN)

    view = recovery.reschedule(post, when, target, repeated=repeated, notice=note)

    assert fits_a_form(view)


@holds_for(accounts, written(5000), st.lists(posts(), max_size=5), connects, st.booleans())
def test_the_message_about_a_lost_account_fits(
    account: Account, reason: str, soonest: list[Found], connect: Connect, is_theirs: bool
) -> None:
    risk = Risk(soonest=[(NOW, each) for each in soonest], count=len(soonest) * 1000)

    shown = lost_account.lost_account(
        account, reason, risk, connect=connect, reader="U0ALICE" if is_theirs else "U0BOB"
    )

    assert fits_a_message(*shown)


@holds_for(accounts, st.lists(st.sampled_from([NOW, AGAIN]), max_size=5))
def test_the_forms_of_slots_fit(account: Account, coming: list[datetime]) -> None:
    assert fits_a_form(slots.slots_form(account, "America/Argentina/ComodRivadavia"))
    assert fits_a_form(slots.slots_set(account, coming))


@holds_for(st.sampled_from(["platform.down", "platform.back"]), st.integers(0, 10**6))
def test_the_words_about_an_outage_fit(event: str, number: int) -> None:
    for author in ("", "U0ALICE"):
        assert len(outage.notice(event, platform="x", posts=number, author=author)) < 3000


def test_the_help_fits() -> None:
    assert check_answer(help_views.help_message()) == []
