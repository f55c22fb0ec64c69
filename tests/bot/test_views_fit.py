"""Every view fits Slack's limits, whatever people write, and however much there is of it."""

from __future__ import annotations

import json
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st

from bot.draft_times import When
from bot.drafts import Draft, Upload
from bot.views import accounts as account_views
from bot.views import calendar as calendar_views
from bot.views import compose, home, posts_list
from bot.views import digest as digest_views
from bot.views import drafts as draft_views
from bot.views import exports as export_views
from bot.views import figures as figure_views
from bot.views import imports as import_views
from bot.views import review as review_views
from bot.views import series as series_views
from bot.views import settings as settings_views
from bot.views import slots as slot_views
from bot.views.accounts import Connect, Row
from bot.views.blocks import cut, escape
from bot.views.card import card
from bot.views.compose import Form
from bot.views.compose_accounts import Choice, PlaceField
from bot.views.series import Row as SeriesRow
from sandbox.slack.rules import check_answer, check_blocks, check_view
from scheduler import events
from scheduler.approval import Review
from scheduler.digests import Digest
from scheduler.figures import Day, Month
from scheduler.imports import Report, RowProblem
from scheduler.models import (
    Account,
    Decision,
    Delivery,
    Event,
    MediaFile,
    Post,
    Rules,
    Series,
)
from scheduler.overview import Look, Page, Show
from scheduler.platforms import Room
from scheduler.posts import Found
from scheduler.recurrence import Every, Occurrence, Rule
from scheduler.roles import MemberRole
from scheduler.series import Shown
from scheduler.states import PostState, State
from scheduler.walltime import Repeated, Skipped
from tests.properties import holds_for

Json = dict[str, Any]

NOW = datetime(2027, 11, 7, 5, 30, tzinfo=UTC)
AGAIN = datetime(2027, 11, 7, 6, 30, tzinfo=UTC)
TWICE = Occurrence(NOW.date(), NOW, Repeated(first=NOW, second=AGAIN))
SKIPPED = Occurrence(NOW.date(), NOW, Skipped(before=NOW, after=AGAIN))
MOST_BYTES = 250_000

# Plain, right to left, joined emoji, what mrkdwn eats, and what JSON makes six times as long.
letters = st.sampled_from(
    ["a", " ", "\n", "&", "<", ">", "*", "|", "ש", "ل", "👩‍👩‍👧", "日", "\x01"]
)


def written(most: int) -> st.SearchStrategy[str]:
    """Texts of up to `most` characters, long ones often."""
    short = st.lists(letters, max_size=20).map("".join)
    long = st.tuples(letters, st.integers(most // 2, most)).map(lambda each: each[0] * each[1])
    return st.one_of(st.text(max_size=50), short, long).map(lambda text: text[:most])


PLATFORMS = ["facebook", "instagram", "pinterest", "x"]
uploads = st.builds(
    Upload,
    id=st.just("F0123456789"),
    name=written(255),
    mime=written(100),
    size=st.integers(0, 10**9),
    about=st.just({}),
)
whens = st.builds(
    When,
    zone=st.just("America/New_York"),
    way=st.sampled_from(["later", "slot", "now", "repeat"]),
    how=st.sampled_from(["day:1", "week:1", "week:2", "month:1", "month:1:last", "year:1"]),
    weekdays=st.sampled_from(["", "0", "0123456"]),
    until=st.sampled_from(["", "2030-11-07"]),
    times=st.sampled_from(["", "12", "x", "9" * 50]),
    seen=st.sampled_from(["", "0" * 16]),
    words=written(150),
    date=st.sampled_from(["", "2027-11-07"]),
    time=st.sampled_from(["", "01:30"]),
    fold=st.sampled_from(["", "first", "second"]),
)
drafts = st.builds(
    Draft,
    when=whens,
    text=written(3000),
    edits=st.booleans(),
    tail_of=st.just("k7m2p9xq4w"),
    tail_length=st.integers(0, 60_000),
    account_ids=st.lists(st.integers(0, 150), max_size=150, unique=True).map(tuple),
    uploads=st.lists(uploads, max_size=10).map(tuple),
    kept=st.lists(uploads, max_size=10).map(tuple),
    revision=st.integers(0, 10**9),
    newer=st.integers(0, 10**9),
    overwrites=st.booleans(),
    alt_text=written(3000),
    adapts=st.booleans(),
    variants=st.dictionaries(st.sampled_from(PLATFORMS), written(3000)),
    link=written(3000),
    title=written(500),
    first_comment=written(3000),
    twice=st.booleans(),
)
places = st.builds(
    PlaceField,
    account_id=st.integers(0, 10**9),
    label=written(300).map("Where on {}".format),
    options=st.integers(0, 120).map(lambda most: {str(n): f"Board {n}" for n in range(1, most)}),
    chosen=st.sampled_from([None, ("1", "Board 1")]),
)
rooms = st.builds(Room, label=written(20), filled=written(60), excess=st.integers(0, 9999))
connects = st.lists(
    st.builds(
        Connect,
        platform=st.integers(0, 3).map(str),
        label=written(75),
        url=st.just("https://postbot.example/connect/x?ticket=" + "t" * 400),
    ),
    max_size=4,
    unique_by=lambda each: each.platform,
)
choices = st.integers(0, 150).flatmap(
    lambda most: st.tuples(written(300), st.booleans()).map(
        lambda each: [
            Choice(id=n, label=f"X · @{each[0]}", needs_reconnect=each[1]) for n in range(most)
        ]
    )
)
forms = st.builds(
    Form,
    draft=drafts,
    accounts=choices,
    connects=connects,
    rooms=st.lists(rooms, max_size=20),
    hints=st.lists(written(3000), max_size=20),
    notes=st.lists(written(300), max_size=40),
    when_note=written(500),
    repeated=st.sampled_from([None, Repeated(first=NOW, second=AGAIN)]),
    odd=st.sampled_from([None, TWICE, SKIPPED]),
    platforms=st.sampled_from([{}, {"x": "X"}, {name: name.title() for name in PLATFORMS}]),
    used=st.frozensets(st.sampled_from(["link", "title", "first_comment"])),
    places=st.lists(places, max_size=30, unique_by=lambda each: each.account_id),
    asks_twice=st.booleans(),
    notice=written(5000),
    takes_focus=st.booleans(),
)
places = st.none() | st.tuples(st.just("1"), written(255).filter(str.strip))
account_rows = st.integers(0, 120).flatmap(
    lambda most: st.tuples(written(255), st.booleans(), st.booleans(), places).map(
        lambda each: [
            Row(
                id=n,
                platform="X",
                username=each[0],
                connected_by="U0ALICE",
                needs_reconnect=each[1],
                has_places=each[2],
                place=each[3],
                may_set_up=True,
                slots=each[0],
            )
            for n in range(most)
        ]
    )
)
accounts = st.builds(
    Account, id=st.just(1), platform=st.just("x"), username=written(255), name=written(255)
)


@st.composite
def found(draw: st.DrawFn) -> Found:
    """A post with up to 60 deliveries, in any states, with long reasons."""
    account = draw(accounts)
    made = {"reason": draw(written(5000)), "state": draw(st.sampled_from(State))}
    link = draw(st.sampled_from(["", "https://x.example/" + "|>" * 2000]))
    rows = range(draw(st.integers(0, 60)))
    deliveries = [Delivery(platform="x", permalink=link, asked_at=NOW, **made) for _ in rows]
    for delivery in deliveries:
        # Tortoise makes this a field of the constructor only with a database at hand.
        delivery.account_id = 1
    return Found(
        post=Post(
            id="k7m2p9xq4w",
            author="U0ALICE",
            text=draw(written(3000)),
            state=PostState.SCHEDULED,
            due_at=NOW,
            updated_at=NOW,
        ),
        deliveries=tuple(deliveries),
        accounts={1: account},
        media=tuple(MediaFile(name="a.png") for _ in range(draw(st.integers(0, 10)))),
    )


def fits(view: Json, *, surface: Any = "modal") -> bool:
    assert check_view(view, surface=surface) == []
    return len(json.dumps(view)) < MOST_BYTES


@holds_for(forms)
def test_the_composer_fits(form: Form) -> None:
    assert fits(compose.composer(form))


@pytest.mark.parametrize("letter", ["a", "日", "\x01", "👩"])
def test_a_form_whose_every_field_is_full_fits(letter: str) -> None:
    full = letter * (3000 // len(letter.encode("utf-16-le")) * 2)
    draft = Draft(
        when=When(zone="America/New_York"),
        text=full * 5,
        tail_length=3000,
        adapts=True,
        variants=dict.fromkeys(PLATFORMS, full),
        link=full,
        title=full,
        first_comment=full,
        alt_text=full,
    )
    form = Form(
        draft=draft,
        accounts=[Choice(id=1, label="X · @acme")],
        platforms={name: name.title() for name in PLATFORMS},
        used=frozenset({"link", "title", "first_comment"}),
    )

    assert fits(compose.composer(form))


@holds_for(drafts, written(5000))
def test_what_follows_the_composer_fits(draft: Draft, error: str) -> None:
    assert fits(compose.saving(draft))
    assert fits(compose.kept(Post(id="k7m2p9xq4w", due_at=NOW), draft))
    assert fits(compose.scheduled(NOW, draft.when.zone, "k7m2p9xq4w"))
    assert len(compose.not_stored(draft, error)) <= 40_000


@holds_for(st.dictionaries(st.sampled_from(["a", "b", "composer_fold"]), st.lists(written(3000))))
def test_errors_belong_to_fields_of_the_form(problems: dict[str, list[str]]) -> None:
    fields = {"a", "composer_time", "composer_text"}

    errors = compose.errors(problems, fields)

    assert set(errors) <= fields


@holds_for(account_rows, connects)
def test_the_accounts_fit(rows: list[Row], connects: list[Connect]) -> None:
    assert check_answer(account_views.accounts_message(rows, connects)) == []
    assert fits(account_views.accounts_modal(rows, connects))


@holds_for(st.lists(found(), max_size=10))
def test_the_list_fits(posts: list[Found]) -> None:
    assert check_answer(posts_list.posts_list(posts)) == []
    assert check_answer(draft_views.drafts_list(posts * 3)) == []


@holds_for(found())
def test_the_status_fits(post: Found) -> None:
    assert check_answer(posts_list.status(post)) == []


@holds_for(
    st.lists(found(), min_size=1, max_size=3),
    account_rows,
    connects,
    st.sampled_from(Show),
    st.integers(0, 3),
)
def test_the_home_fits(
    some: list[Found], rows: list[Row], connects: list[Connect], show: Show, page: int
) -> None:
    many = [replace_id(some[number % len(some)], number) for number in range(20)]
    days = [(NOW + timedelta(days=number), each) for number, each in enumerate(many)]
    shown = home.Home(
        look=Look(show=show, author="U0ALICE", account_id=1, page=page),
        page=Page(posts=days, has_more=True),
        waiting=Page(posts=days[: home.MOST_WAITING], has_more=True),
        accounts=rows,
        connects=connects,
        now=NOW,
        to_approve=many[: home.MOST_TO_APPROVE + 1],
        drafts=many[: home.MOST_DRAFTS + 1],
        failed={"authentication": 10**6, "network": 2, "platform": 3, "rate_limit": 4},
        month=Month(
            days=[Day(day=NOW.date(), published=10**6, failed=10**6)] * 30,
            by_platform={name: 10**6 for name in PLATFORMS},
            by_cause={"content": 10**6},
        ),
        chart_url="https://postbot.example/chart/" + "1234567.1234567-" * 30 + ".png",
        slots={each.id: NOW for each in rows},
        may_act=frozenset(each.post.id for each in many),
    )

    assert fits(home.home(shown), surface="home")
    assert check_answer(figure_views.stats_message(shown.month)) == []  # type: ignore[arg-type]


def replace_id(post: Found, number: int) -> Found:
    """The same post under another id, as no two of a page have the same."""
    made = Post(
        id=f"post{number}",
        author=post.post.author,
        text=post.post.text,
        state=post.post.state,
        due_at=post.post.due_at,
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(post, post=made)


row_problems = st.builds(
    RowProblem, row=st.integers(1, 10**6), column=st.sampled_from(["", "text"]), text=written(3000)
)
reports = st.builds(
    Report,
    name=written(300),
    rows=st.integers(0, 1000),
    posts=st.integers(0, 1000),
    held=st.integers(0, 1000),
    import_id=st.sampled_from(["", "0123456789abcdef"]),
    problems=st.lists(row_problems, max_size=1),
    obstacles=st.lists(written(1000), max_size=1),
    costs=st.sampled_from([{}, {"X": 12345}]),
    by_account=st.dictionaries(written(250), st.integers(1, 99), max_size=3),
    first=st.just(NOW),
    last=st.just(AGAIN),
)


@holds_for(reports, st.integers(0, 3000), st.integers(0, 100))
def test_the_report_of_an_import_fits_as_a_form_and_as_a_message(
    one: Report, problems: int, accounts: int
) -> None:
    many = {f"{name} {n}": n for name in one.by_account for n in range(accounts)}
    found = replace(one, problems=[*one.problems] * problems, by_account=many)

    _, blocks = import_views.report_message(found)

    assert fits(import_views.report(found))
    assert check_blocks(blocks) == []
    assert len(blocks) <= 50


@holds_for(choices)
def test_the_form_of_an_export_fits(accounts: list[Choice]) -> None:
    assert fits(export_views.form(accounts, NOW.date()))
    assert fits(export_views.on_its_way())


def test_what_is_said_of_a_calendars_address_fits() -> None:
    url = "https://postbot.example/" + "x" * 400

    for message in (
        calendar_views.offer(None),
        calendar_views.offer(NOW),
        calendar_views.made(url, is_reachable=False),
        calendar_views.ended(),
    ):
        assert check_answer(message) == []


@holds_for(written(5000), written(300), written(3000))
def test_the_other_forms_of_an_import_fit(template: str, name: str, notice: str) -> None:
    form = import_views.form(template or "a", platforms=PLATFORMS, notice=notice)

    assert fits(form)
    assert fits(import_views.working("Checking", name, 1, 1000))
    assert fits(import_views.ended(notice or "a"))


people = st.lists(st.from_regex(r"[UW][A-Z0-9]{8,20}", fullmatch=True), max_size=40, unique=True)


@st.composite
def reviews(draw: st.DrawFn) -> tuple[Found, Review]:
    """A post that waits for approvals, with long reasons and many approvers."""
    state = draw(st.sampled_from([PostState.SUBMITTED, PostState.RETURNED]))
    shown, asked = draw(found()), tuple(draw(people))
    shown.post.state = state
    shown.post.due_at = draw(st.sampled_from([None, NOW, AGAIN]))
    for delivery in shown.deliveries:
        delivery.state = State.HELD
    said = draw(st.lists(st.booleans(), max_size=len(asked)))
    decisions = [
        Decision(user_id=person, is_approved=yes, reason=draw(written(3000)), at=NOW, revision=1)
        for person, yes in zip(asked, said, strict=False)
    ]
    return shown, Review(needed=2, people=asked, decisions=tuple(decisions))


@holds_for(reviews(), st.booleans(), st.sampled_from(sorted(events.POST_EVENTS)), written(3000))
def test_what_is_shown_of_an_approval_fits(
    about: tuple[Found, Review], decides: bool, kind: str, reason: str
) -> None:
    shown, review = about
    event = Event(kind=kind, actor="U0BOB", at=NOW, data={"reason": reason, "revision": 1})

    text, blocks = card(shown, version=1, now=NOW, tries=4, review=review, decides=decides)
    told = review_views.to_author(event, shown, review, "“Hello”")
    asked = review_views.to_reviewers(event, shown, "“Hello”", review.people)

    assert check_blocks(blocks) == []
    assert len(blocks) <= 50
    assert all(len(each) <= 3000 for each in (told, asked))
    assert len(text) <= 4000
    assert fits(review_views.changes(shown, 1))
    assert check_answer(posts_list.status(shown, review_views.history([event] * 60))) == []


@holds_for(people, st.integers(0, 150), written(255), st.integers(0, 5000))
def test_the_settings_fit(members: list[str], accounts: int, name: str, minutes: int) -> None:
    shown = settings_views.Shown(
        default_role=MemberRole.VIEWER,
        roles=dict.fromkeys(MemberRole, members),
        rules=Rules(
            approvers=members,
            approver_group="S0REVIEWERS",
            group_name=name,
            remind_minutes=minutes,
            review_channel="C0APPROVALS",
            every_account=True,
        ),
        accounts=[
            Account(id=n, platform="x", username=name, needs_approval=n % 2 == 0)
            for n in range(1, accounts)
        ],
    )

    assert fits(settings_views.settings(shown))


@holds_for(written(400), st.integers(1, 300))
def test_a_cut_text_is_as_long_as_allowed_and_whole_where_it_fits(text: str, most: int) -> None:
    shown = cut(text, most)

    assert len(shown.encode("utf-16-le")) // 2 <= most
    assert text.startswith(shown.removesuffix("…"))


@holds_for(written(400))
def test_what_people_write_never_becomes_markup(text: str) -> None:
    assert not set(escape(text)) & {"<", ">"}


RULE = Rule(
    every=Every.WEEK,
    weekdays=tuple(range(7)),
    first=NOW.date(),
    at=NOW.time(),
    zone="America/Argentina/ComodRivadavia",
    until=NOW.date(),
    times=1000,
)
series = st.builds(
    Series,
    id=st.just("k7m2p9xq4w"),
    author=st.just("U0ALICE"),
    text=written(3000),
    media=st.just([{}]),
    rule=st.just(RULE.column()),
    trouble=written(3000),
    paused_at=st.sampled_from([None, NOW]),
)
series_rows = st.builds(
    SeriesRow,
    shown=st.builds(
        Shown,
        series=series,
        accounts=st.lists(accounts, max_size=30).map(tuple),
        coming=st.lists(st.just((NOW, "k7m2p9xq4w")), max_size=3).map(tuple),
    ),
    may_act=st.booleans(),
)


def numbered(rows: list[SeriesRow]) -> list[SeriesRow]:
    """Each of a series of its own."""
    own = [replace(row, shown=replace(row.shown, series=copy(row.shown.series))) for row in rows]
    for number, row in enumerate(own):
        row.shown.series.id = f"k7m2p9xq{number:02}"
    return own


@holds_for(st.lists(series_rows, max_size=12).map(numbered))
def test_the_series_fit(rows: list[SeriesRow]) -> None:
    assert check_answer(series_views.series_list(rows, 50)) == []


@holds_for(series, written(3000), whens, written(3000), st.sampled_from([None, TWICE, SKIPPED]))
def test_the_form_of_a_series_fits(
    made: Series, text: str, when: When, note: str, odd: Occurrence | None
) -> None:
    assert fits(series_views.edit_form(made, text, when, note=note, odd=odd))


@holds_for(series, st.lists(st.just(NOW), max_size=3))
def test_the_end_of_a_form_that_repeats_fits(made: Series, coming: list[datetime]) -> None:
    assert fits(compose.repeated(made, coming))
    assert fits(series_views.changed(made, coming, len(coming)))


@holds_for(series, written(3000), st.integers(1, 1000))
def test_what_the_author_of_a_series_hears_fits(made: Series, reason: str, passed: int) -> None:
    data = {"at": NOW.isoformat(), "first": NOW.isoformat(), "reason": reason, "passed": passed}

    for kind in ("series.stuck", "series.missed"):
        assert len(series_views.notice(kind, data, made, author="U0BOB")) <= 3000


@holds_for(accounts, st.text(alphabet="Mon-Fri 09:0,", max_size=5000))
def test_the_form_of_slots_fits(account: Account, slots: str) -> None:
    account.slots, account.slots_zone = slots, "America/Argentina/ComodRivadavia"

    assert fits(slot_views.slots_form(account, account.slots_zone))
    assert fits(slot_views.slots_set(account, [NOW] * 3))


@holds_for(st.lists(found(), max_size=12), st.lists(found(), max_size=12), st.integers(0, 999))
def test_the_digest_fits(today: list[Found], waiting: list[Found], count: int) -> None:
    shown = Digest(
        day=NOW.date(),
        today=tuple(today[:10]),
        today_count=count,
        waiting=tuple(waiting[:10]),
        to_review=tuple(waiting[:10]),
        failed=tuple(today[:10]),
    )

    text, blocks = digest_views.digest(shown)

    assert check_answer({"text": text, "blocks": blocks}) == []
