"""Somebody puts a post right from its card, and nobody else, nothing stale and nothing odd does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot import clicks, permissions
from bot.clients import Clients, open_clients
from bot.listeners import recovery
from bot.notifier import Notifier
from bot.views import ids
from scheduler import members, posts
from scheduler.models import Account, Delivery, Event, Member, Post
from scheduler.posts import Found, Ref
from scheduler.runtime import Runtime
from scheduler.states import State
from tests.bot.desk import (
    ALICE,
    ALICE_DM,
    BOB,
    GENERAL,
    Desk,
    Form,
    block_ids,
    button,
    button_ids,
    clicked,
    has,
)
from tests.bot.post_world import ask, fail, image, make_account, miss, park, schedule
from tests.bot.test_compose import AUTUMN, SPRING
from tests.scheduler.engine import Engine
from tests.world import StandIn, until

Json = dict[str, Any]
Happen = Callable[[Runtime, Found], Awaitable[Found]]

LINK = "https://x.com/acme/status/7"
NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
async def clients(desk: Desk) -> AsyncIterator[Clients]:
    async with open_clients(desk.runtime) as opened:
        yield opened


@pytest.fixture
def notifier(desk: Desk, clients: Clients) -> Notifier:
    return Notifier(desk.runtime, clients)


@pytest.fixture
async def acme(desk: Desk) -> Account:
    return await make_account(desk.workspace.id)


async def nothing(runtime: Runtime, found: Found) -> Found:
    return found


async def card(desk: Desk, notifier: Notifier) -> Json:
    """The card in Alice's direct messages, brought up to date."""
    await notifier.tick()
    return next(each for each in await desk.messages() if not each.get("thread_ts"))


async def reply(desk: Desk, notifier: Notifier) -> Json:
    """The message in the card's thread, as soon as it was sent."""
    await notifier.tick()
    (found,) = [each for each in await desk.messages() if each.get("thread_ts")]
    return found


async def shared(desk: Desk, notifier: Notifier, clients: Clients) -> Json:
    """A copy of Alice's card where Bob sees it, which no update reaches."""
    shown = await card(desk, notifier)
    slack = await clients.of(desk.workspace.id)
    sent = await slack.chat_postMessage(channel=GENERAL, text=shown["text"], blocks=shown["blocks"])
    return dict(sent["message"])


async def truth() -> list[Any]:
    """All that a click could have changed."""
    rows: list[Any] = [*await Delivery.all().order_by("id").values()]
    return [*rows, *await Post.all().order_by("id").values(), await Event.all().count()]


async def becomes(state: State) -> Delivery:
    """The only delivery as soon as it is in a state."""

    async def arrived() -> Delivery | None:
        return await Delivery.get_or_none(state=state)

    found: Delivery = await until(arrived, what=state)
    return found


async def says(desk: Desk, notifier: Notifier, beginning: str) -> bool:
    return bool((await card(desk, notifier))["text"].startswith(beginning))


def ref(found: Found) -> Ref:
    return Ref(workspace_id=found.post.workspace_id, post_id=found.post.id, actor=ALICE)


DEEDS = [
    pytest.param(fail, ids.RETRY_NOW, State.SCHEDULED, id="retry"),
    pytest.param(fail, ids.CANCEL, State.CANCELLED, id="cancel-failed"),
    pytest.param(miss, ids.PUBLISH_NOW, State.SCHEDULED, id="publish-missed"),
    pytest.param(nothing, ids.CANCEL, State.CANCELLED, id="cancel"),
    pytest.param(ask, ids.IS_NOT_LIVE, State.SCHEDULED, id="is-not-live"),
    pytest.param(ask, ids.SKIP, State.CANCELLED, id="skip"),
]
FORMS = [
    pytest.param(fail, ids.POST_MANUALLY, id="post-manually"),
    pytest.param(nothing, ids.RESCHEDULE, id="reschedule"),
    pytest.param(nothing, ids.EDIT, id="edit"),
    pytest.param(ask, ids.IS_LIVE, id="is-live"),
]


@pytest.mark.parametrize(("happen", "action", "state"), DEEDS)
async def test_a_button_does_what_it_says(
    desk: Desk, notifier: Notifier, acme: Account, happen: Happen, action: str, state: State
) -> None:
    await happen(desk.runtime, await schedule(desk.runtime, acme))
    shown = await card(desk, notifier)

    await desk.press(shown, action)

    await becomes(state)
    assert (await Event.filter(delivery_id__isnull=False).order_by("-id")).pop(0).actor == ALICE


async def test_publish_now_makes_a_waiting_post_due_at_once(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await schedule(desk.runtime, acme)
    shown = await card(desk, notifier)

    await desk.press(shown, ids.PUBLISH_NOW)

    async def urgent() -> Delivery | None:
        return await Delivery.get_or_none(priority=posts.PRIORITY_NOW)

    row = await until(urgent, what="due now")
    assert row.due_at <= desk.runtime.clock.now()


@pytest.mark.parametrize(("happen", "action", "state"), DEEDS)
async def test_an_admin_may_do_it_too(
    desk: Desk, acme: Account, happen: Happen, action: str, state: State, notifier: Notifier
) -> None:
    await desk.switch(dm_closed=[BOB])
    await happen(desk.runtime, await schedule(desk.runtime, acme, author=BOB))
    shown = await card(desk, notifier)

    await desk.press(shown, action)

    await becomes(state)


@pytest.mark.parametrize(
    ("happen", "action"),
    [*(pytest.param(*each.values[:2], id=each.id) for each in DEEDS), *FORMS],
)
async def test_a_stranger_is_refused_in_one_sentence_and_changes_nothing(
    desk: Desk,
    notifier: Notifier,
    clients: Clients,
    acme: Account,
    happen: Happen,
    action: str,
) -> None:
    await happen(desk.runtime, await schedule(desk.runtime, acme))
    copy = await shared(desk, notifier, clients)
    before = await truth()

    await desk.press(copy, action, BOB, channel=GENERAL)

    assert await desk.hears(BOB, channel=GENERAL) == [permissions.NOT_YOURS]
    assert await truth() == before
    assert (await desk.state(BOB))["views"] == []


@pytest.mark.parametrize(
    ("happen", "action"),
    [
        *(pytest.param(*each.values[:2], id=each.id) for each in DEEDS),
        *FORMS,
        pytest.param(nothing, ids.PUBLISH_NOW, id="publish-now"),
    ],
)
async def test_an_old_copy_of_a_card_does_nothing_once_the_post_is_out(
    desk: Desk,
    notifier: Notifier,
    clients: Clients,
    acme: Account,
    happen: Happen,
    action: str,
) -> None:
    found = await happen(desk.runtime, await schedule(desk.runtime, acme))
    copy = await shared(desk, notifier, clients)
    await Delivery.filter(post_id=found.post.id).update(state=State.PUBLISHED)
    before = await truth()

    await desk.press(copy, action, channel=GENERAL)

    assert await desk.hears(channel=GENERAL) == [recovery.MOVED_ON]
    assert await truth() == before
    assert (await desk.state())["views"] == []


async def test_an_old_question_cannot_be_answered_when_a_new_one_is_asked(
    desk: Desk, notifier: Notifier, clients: Clients, acme: Account
) -> None:
    found = await ask(desk.runtime, await schedule(desk.runtime, acme))
    copy = await shared(desk, notifier, clients)
    (row,) = found.deliveries
    await posts.deny_live(desk.runtime, ref(found), row.id)
    await ask(desk.runtime, found)
    before = await truth()

    await desk.press(copy, ids.IS_NOT_LIVE, channel=GENERAL)

    assert await desk.hears(channel=GENERAL) == [recovery.MOVED_ON]
    assert await truth() == before


@pytest.mark.parametrize(
    ("happen", "action", "kind"),
    [
        (fail, ids.RETRY_NOW, "delivery.rescheduled"),
        (miss, ids.PUBLISH_NOW, "delivery.rescheduled"),
        (nothing, ids.CANCEL, "delivery.cancelled"),
        (ask, ids.IS_NOT_LIVE, "delivery.denied"),
        (ask, ids.SKIP, "delivery.skipped"),
    ],
    ids=["retry", "publish-missed", "cancel", "is-not-live", "skip"],
)
async def test_a_second_click_does_nothing_more(
    desk: Desk, notifier: Notifier, acme: Account, happen: Happen, action: str, kind: str
) -> None:
    await happen(desk.runtime, await schedule(desk.runtime, acme))
    pressed = button(await card(desk, notifier), action)

    await desk.send(clicked(pressed))
    await desk.send(clicked(pressed))

    assert await Event.filter(kind=kind).count() == 1


async def test_a_post_of_another_workspace_is_not_found(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    other = await members.workspace(desk.runtime, "T0OTHER")
    theirs = await fail(
        desk.runtime, await schedule(desk.runtime, await make_account(other.id, "theirs"))
    )
    (row,) = theirs.deliveries
    before = await truth()

    place = f"card:{theirs.post.id}:1:{row.id}.{row.fence}"
    pressed = {"block_id": place, "action_id": ids.RETRY_NOW, "value": str(row.id)}
    status, _ = await desk.send(clicked(pressed))

    assert status == 200
    assert (await desk.says(channel=ALICE_DM))["text"] == str(posts.NoSuchPost())
    assert await truth() == before


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("card:{post}:1", "0"),
        ("card:{post}:1:{id}.{fence}", "999999999999999999"),
        ("card:{post}:1:{id}.9", "{id}"),
        ("card:{post}:1:{id}.{fence}", "-1"),
        ("card:{post}:1:{id}.{fence}", "1 OR 1=1"),
        ("card:../../etc:1", ""),
        ("card:\ud800\0:1", ""),
        ("card::1", ""),
        ("card:{post}", "{id}"),
        ("", ""),
        ("x" * 255, "y" * 2000),
    ],
    ids=[
        "no-delivery",
        "huge-delivery",
        "other-fence",
        "negative",
        "injection",
        "path",
        "not-text",
        "no-post",
        "no-version",
        "empty",
        "long",
    ],
)
@pytest.mark.parametrize("action", [ids.RETRY_NOW, ids.POST_MANUALLY], ids=["deed", "form"])
async def test_a_click_that_no_card_sends_changes_nothing(
    desk: Desk, acme: Account, place: str, value: str, action: str
) -> None:
    found = await fail(desk.runtime, await schedule(desk.runtime, acme))
    (row,) = found.deliveries
    about = {"post": found.post.id, "id": row.id, "fence": row.fence}
    before = await truth()

    pressed = {
        "block_id": place.format(**about),
        "action_id": action,
        "value": value.format(**about),
    }
    status, _ = await desk.send(clicked(pressed))

    assert status == 200
    said = (await desk.says(channel=ALICE_DM))["text"]
    assert said in (recovery.MOVED_ON, str(posts.NoSuchPost()))
    assert await truth() == before


@pytest.mark.parametrize(
    ("happen", "action", "told"),
    [
        (fail, ids.RETRY_NOW, "chose to publish it now"),
        (miss, ids.PUBLISH_NOW, "chose to publish it now"),
        (fail, ids.CANCEL, "called it off"),
        (ask, ids.IS_NOT_LIVE, "said that it is not live and chose to publish it now"),
        (ask, ids.SKIP, "chose to leave it as it is"),
    ],
    ids=["retry", "publish-missed", "cancel", "is-not-live", "skip"],
)
async def test_an_answered_message_loses_its_buttons_and_says_who_answered(
    desk: Desk, notifier: Notifier, acme: Account, happen: Happen, action: str, told: str
) -> None:
    await happen(desk.runtime, await schedule(desk.runtime, acme))
    asked = await reply(desk, notifier)

    await desk.press(asked, action)

    settled = await _settled(desk)
    assert button_ids(settled) == []
    assert has(settled, f"<@{ALICE}> {told} · <!date^")
    assert settled["text"] == asked["text"]


@pytest.mark.parametrize(
    ("happen", "action", "fields", "told"),
    [
        (fail, ids.POST_MANUALLY, {ids.MARK_POSTED_LINK: LINK}, "posted it by hand"),
        (ask, ids.IS_LIVE, {ids.CONFIRM_LIVE_LINK: LINK}, "said that it is live"),
        (fail, ids.RESCHEDULE, {}, "moved it to <!date^"),
        (miss, ids.RESCHEDULE, {}, "moved it to <!date^"),
    ],
    ids=["post-manually", "is-live", "reschedule-failed", "reschedule-missed"],
)
async def test_a_message_answered_by_a_form_loses_its_buttons_too(
    desk: Desk,
    notifier: Notifier,
    acme: Account,
    happen: Happen,
    action: str,
    fields: Json,
    told: str,
) -> None:
    await happen(desk.runtime, await schedule(desk.runtime, acme))
    asked = await reply(desk, notifier)
    await desk.press(asked, action)
    form = await desk.opened()

    await (await form.fill(**fields)).closes()

    settled = await _settled(desk)
    assert button_ids(settled) == []
    assert has(settled, f"<@{ALICE}> {told}", " · <!date^")
    assert settled["text"] == asked["text"]


async def _settled(desk: Desk) -> Json:
    """The message in the thread, once it has no buttons."""
    found: Json = await desk.sees(
        lambda s: next(
            (
                each
                for conversation in s["conversations"]
                for each in conversation["messages"]
                if each.get("thread_ts") and not button_ids(each)
            ),
            None,
        )
    )
    return found


async def form_of(desk: Desk, notifier: Notifier, action: str) -> Form:
    await desk.press(await card(desk, notifier), action)
    return await desk.opened()


async def test_another_time_in_words_is_read_back_before_the_post_moves(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await schedule(desk.runtime, acme)
    first = (await Post.get()).due_at
    form = await form_of(desk, notifier, ids.RESCHEDULE)
    await form.fill(**{ids.COMPOSER_WORDS: "tomorrow 18:45"})

    await form.submit()
    await form.shows("18:45 (America/New_York), in ", "again if that is right")
    before = (await Post.get()).due_at
    await form.closes()

    after = (await Post.get()).due_at
    assert after is not None
    assert before == first
    assert f"{after.astimezone(NEW_YORK):%H:%M}" == "18:45"


@pytest.mark.parametrize("link", [LINK, ""], ids=["link", "no-link"])
async def test_a_post_that_was_posted_by_hand_is_marked_so(
    desk: Desk, notifier: Notifier, acme: Account, link: str
) -> None:
    await fail(desk.runtime, await schedule(desk.runtime, acme))
    form = await form_of(desk, notifier, ids.POST_MANUALLY)
    await form.shows("We open at nine!", "Open X", "X @acme")

    await (await form.fill(mark_posted_link=link)).closes()

    assert (await becomes(State.POSTED_MANUALLY)).permalink == link
    assert has(await card(desk, notifier), "Posted by hand")


@pytest.mark.parametrize("link", [LINK, ""], ids=["link", "no-link"])
async def test_it_is_live_closes_the_question(
    desk: Desk, notifier: Notifier, acme: Account, link: str
) -> None:
    await ask(desk.runtime, await schedule(desk.runtime, acme))
    form = await form_of(desk, notifier, ids.IS_LIVE)

    await (await form.fill(confirm_live_link=link)).closes()

    assert (await becomes(State.PUBLISHED)).permalink == link
    assert button_ids(await card(desk, notifier)) == [ids.DUPLICATE]


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "x.com/acme/status/7",
        "https://",
        "https://x.com/\u202e7",
        "https://x.com/a b",
        "see https://x.com/a",
    ],
    ids=["script", "no-scheme", "no-host", "turned-round", "space", "words"],
)
@pytest.mark.parametrize(
    ("happen", "action", "field"),
    [
        (fail, ids.POST_MANUALLY, ids.MARK_POSTED_LINK),
        (ask, ids.IS_LIVE, ids.CONFIRM_LIVE_LINK),
    ],
    ids=["posted", "live"],
)
async def test_what_is_no_link_is_refused_at_its_field(
    desk: Desk,
    notifier: Notifier,
    acme: Account,
    link: str,
    happen: Happen,
    action: str,
    field: str,
) -> None:
    await happen(desk.runtime, await schedule(desk.runtime, acme))
    form = await form_of(desk, notifier, action)
    before = await truth()

    errors = await (await form.fill(**{field: link})).errors()

    assert errors == {field: recovery.NOT_A_LINK}
    assert await truth() == before


async def test_no_link_mentions_anybody(desk: Desk, notifier: Notifier, acme: Account) -> None:
    await fail(desk.runtime, await schedule(desk.runtime, acme))
    form = await form_of(desk, notifier, ids.POST_MANUALLY)

    await (await form.fill(mark_posted_link="https://x.com/<!channel>|a&b")).closes()

    await becomes(State.POSTED_MANUALLY)
    shown = await card(desk, notifier)
    assert has(shown, "<https://x.com/%3C!channel%3E%7Ca&amp;b|See it on X>")


@pytest.mark.parametrize(
    ("happen", "action", "field"),
    [
        (fail, ids.POST_MANUALLY, ids.MARK_POSTED_LINK),
        (ask, ids.IS_LIVE, ids.CONFIRM_LIVE_LINK),
        (nothing, ids.RESCHEDULE, ids.COMPOSER_DATE),
        (nothing, ids.EDIT, ids.COMPOSER_TEXT),
    ],
    ids=["post-manually", "is-live", "reschedule", "edit"],
)
@pytest.mark.parametrize("state", [State.PUBLISHED, State.CANCELLED, State.PUBLISHING])
async def test_a_form_says_so_when_the_post_has_moved_on(
    desk: Desk,
    notifier: Notifier,
    acme: Account,
    happen: Happen,
    action: str,
    field: str,
    state: State,
) -> None:
    found = await happen(desk.runtime, await schedule(desk.runtime, acme))
    form = await form_of(desk, notifier, action)
    (row,) = found.deliveries
    await Delivery.filter(id=row.id).update(state=state, fence=row.fence + 1)
    before = await truth()

    errors = await form.errors()

    assert list(errors) == [field]
    assert await truth() == before


async def test_a_form_is_checked_for_who_sends_it(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await desk.switch(dm_closed=[BOB])
    await fail(desk.runtime, await schedule(desk.runtime, acme, author=BOB))
    form = await form_of(desk, notifier, ids.POST_MANUALLY)
    await Member.filter(user_id=ALICE).update(is_admin=False)
    before = await truth()

    errors = await form.errors()

    assert errors == {ids.MARK_POSTED_LINK: permissions.NOT_YOURS}
    assert await truth() == before


async def test_another_time_is_meant_on_the_clock_of_the_member(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await schedule(desk.runtime, acme)
    day = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    form = await form_of(desk, notifier, ids.RESCHEDULE)

    await (await form.fill(composer_date=day, composer_time="09:30")).closes()

    row = await Delivery.get()
    assert row.due_at == datetime.fromisoformat(f"{day}T09:30").replace(tzinfo=NEW_YORK)
    assert has(await card(desk, notifier), f"<!date^{int(row.due_at.timestamp())}^")


@pytest.mark.parametrize(
    ("date", "time", "field", "said"),
    [
        ("1970-01-01", "00:00", "composer_date", "already passed"),
        ("0001-01-01", "00:00", "composer_date", "already passed"),
        ("9999-12-31", "23:59", "composer_date", "more than five years away"),
        (SPRING, "02:30", "composer_time", "The nearest times are 01:59 and 03:00"),
    ],
    ids=["1970", "year-1", "year-9999", "skipped"],
)
async def test_a_time_that_cannot_be_is_refused_at_its_field(
    desk: Desk, notifier: Notifier, acme: Account, date: str, time: str, field: str, said: str
) -> None:
    await schedule(desk.runtime, acme)
    form = await form_of(desk, notifier, ids.RESCHEDULE)
    before = await truth()

    errors = await (await form.fill(composer_date=date, composer_time=time)).errors()

    assert list(errors) == [field]
    assert said in errors[field]
    assert await truth() == before


async def test_a_time_of_today_that_has_passed_is_refused(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await schedule(desk.runtime, acme)
    form = await form_of(desk, notifier, ids.RESCHEDULE)
    past = datetime.now(NEW_YORK) - timedelta(minutes=2)

    errors = await (
        await form.fill(composer_date=f"{past:%Y-%m-%d}", composer_time=f"{past:%H:%M}")
    ).errors()

    assert "already passed" in next(iter(errors.values()))


@pytest.mark.parametrize(
    ("choice", "offset"),
    [("first", timedelta(hours=-4)), ("second", timedelta(hours=-5))],
    ids=["first", "second"],
)
async def test_a_repeated_time_is_asked_about_and_the_choice_counts(
    desk: Desk, notifier: Notifier, acme: Account, choice: str, offset: timedelta
) -> None:
    await schedule(desk.runtime, acme)
    form = await form_of(desk, notifier, ids.RESCHEDULE)
    await form.fill(composer_date=AUTUMN, composer_time="01:30")
    before = await truth()
    await form.submit()
    asked = await form.shows("01:30 happens twice on that day")
    unchanged = await truth() == before

    await (await form.fill(composer_fold=choice)).closes()

    assert unchanged
    assert ids.COMPOSER_FOLD in block_ids(asked)
    local = (await Delivery.get()).due_at.astimezone(NEW_YORK)
    assert (f"{local:%H:%M}", local.utcoffset()) == ("01:30", offset)


async def test_a_post_that_waits_for_its_account_leads_to_the_consent_page(
    desk: Desk, notifier: Notifier, account: Account
) -> None:
    await park(desk.runtime, await schedule(desk.runtime, account))

    form = await form_of(desk, notifier, ids.RECONNECT)

    view = await form.shows("must be connected again", "Connect X")
    link = next(
        each["url"] for one in view["blocks"] for each in one.get("elements", []) if "url" in each
    )
    async with desk.http.get(link, allow_redirects=False) as response:
        assert response.status == 302


async def test_who_may_not_connect_is_told_who_may(
    desk: Desk, notifier: Notifier, account: Account
) -> None:
    await park(desk.runtime, await schedule(desk.runtime, account))
    await Member.filter(user_id=ALICE).update(is_admin=False, role="contributor")

    await desk.press(await card(desk, notifier), ids.RECONNECT)

    assert "Only publishers and admins" in (await desk.hears())[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [("x\n---\n" * 26, "26 posts"), ("", "Write a text"), (" \n ", "Write a text")],
    ids=["too-long", "empty", "blank"],
)
async def test_a_text_that_does_not_fit_is_refused_and_not_stored(
    desk: Desk, notifier: Notifier, acme: Account, text: str, said: str
) -> None:
    await schedule(desk.runtime, acme)
    form = await form_of(desk, notifier, ids.EDIT)
    before = await truth()

    errors = await (await form.fill(composer_text=text)).errors()

    assert said in errors[ids.COMPOSER_TEXT]
    assert await truth() == before


async def test_another_text_is_stored_and_shown(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await schedule(desk.runtime, acme)
    form = await form_of(desk, notifier, ids.EDIT)
    await form.shows("We open at nine!")

    await (await form.fill(composer_text="We open at ten & <!channel>")).closes()

    assert (await Post.get()).text == "We open at ten & <!channel>"
    assert has(await card(desk, notifier), "We open at ten & <!channel>")


@pytest.mark.parametrize(
    ("happen", "action"),
    [(fail, ids.RETRY_NOW), (miss, ids.PUBLISH_NOW), (ask, ids.IS_NOT_LIVE)],
    ids=["retry", "publish-missed", "is-not-live"],
)
async def test_however_often_it_is_pressed_it_goes_out_once(
    desk: Desk, notifier: Notifier, account: Account, x: StandIn, happen: Happen, action: str
) -> None:
    await happen(desk.runtime, await schedule(desk.runtime, account))
    pressed = button(await card(desk, notifier), action)
    engine = Engine(desk.runtime)

    await asyncio.gather(*(desk.send(clicked(pressed)) for _ in range(3)))
    await engine.run()
    await desk.send(clicked(pressed))
    await engine.run()

    assert [each["text"] for each in x.accepted()] == ["We open at nine!"]
    await until(lambda: says(desk, notifier, "Published: "), what="published card")


async def test_a_post_marked_as_posted_never_goes_out(
    desk: Desk, notifier: Notifier, account: Account, x: StandIn
) -> None:
    await fail(desk.runtime, await schedule(desk.runtime, account))
    form = await form_of(desk, notifier, ids.POST_MANUALLY)

    await form.closes()
    await Engine(desk.runtime).run()

    assert x.accepted() == []


async def test_only_the_account_that_was_meant_is_tried_again(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await schedule(desk.runtime, acme, await make_account(desk.workspace.id, "acme_jobs"))
    await fail(desk.runtime, found.deliveries[0], "One.")
    await fail(desk.runtime, found.deliveries[1], "Two.")

    await desk.press(await card(desk, notifier), ids.RETRY_NOW)

    assert (await becomes(State.SCHEDULED)).id == found.deliveries[0].id
    assert (await becomes(State.FAILED)).id == found.deliveries[1].id


async def test_a_link_on_a_form_may_be_followed(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await fail(desk.runtime, await schedule(desk.runtime, acme))
    form = await form_of(desk, notifier, ids.POST_MANUALLY)

    pressed = {"block_id": ids.OPEN_LINK, "action_id": ids.OPEN_LINK}
    status, _ = await desk.send(clicked(pressed))

    assert status == 200
    assert has(await form.shows("Open X"), "https://x.com/intent/")


async def test_retry_on_a_message_about_several_accounts_retries_them_all(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    jobs = await make_account(desk.workspace.id, "acme_jobs")
    await fail(desk.runtime, await schedule(desk.runtime, acme, jobs))
    asked = await reply(desk, notifier)

    await desk.press(asked, ids.RETRY_NOW)

    await _settled(desk)
    assert await Delivery.filter(state=State.SCHEDULED).count() == 2


async def test_a_click_cannot_reach_a_delivery_of_another_post(desk: Desk, acme: Account) -> None:
    found = await fail(desk.runtime, await schedule(desk.runtime, acme))
    (other,) = (await fail(desk.runtime, await schedule(desk.runtime, acme))).deliveries
    before = await truth()

    place = f"card:{found.post.id}:1:{other.id}.{other.fence}"
    pressed = {"block_id": place, "action_id": ids.RETRY_NOW, "value": str(other.id)}
    await desk.send(clicked(pressed))

    assert (await desk.says(channel=ALICE_DM))["text"] == recovery.MOVED_ON
    assert await truth() == before


async def test_a_click_on_what_is_outdated_brings_the_card_up_to_date(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await fail(desk.runtime, await schedule(desk.runtime, acme))
    shown = await card(desk, notifier)
    await Delivery.filter(post_id=found.post.id).update(state=State.PUBLISHED)

    await desk.press(shown, ids.RETRY_NOW)

    await desk.sees(lambda s: has(s, "Published: “We open at nine!”"))


async def test_a_question_that_was_settled_elsewhere_loses_its_buttons(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await ask(desk.runtime, await schedule(desk.runtime, acme))
    asked = await reply(desk, notifier)
    await desk.press(await card(desk, notifier), ids.SKIP)
    await becomes(State.CANCELLED)

    await desk.press(asked, ids.IS_NOT_LIVE)

    assert has(await _settled(desk), "This was settled otherwise: cancelled.")
    assert await desk.hears() == [recovery.MOVED_ON]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("expired_trigger_id", clicks.TOO_SLOW),
        ("fatal_error", "Something went wrong on our side"),
    ],
    ids=["too-late", "broken"],
)
async def test_a_form_that_cannot_open_is_explained(
    desk: Desk, notifier: Notifier, acme: Account, error: str, said: str
) -> None:
    await schedule(desk.runtime, acme)
    shown = await card(desk, notifier)
    await desk.switch(fail_methods={"views.open": {"error": error}})

    await desk.press(shown, ids.EDIT)

    (heard,) = await desk.hears()
    assert heard.startswith(said)


async def test_a_text_longer_than_a_form_is_not_cut_by_it(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await schedule(desk.runtime, acme)
    await Post.all().update(first_comment="🙂" * 1501)
    shown = await card(desk, notifier)

    await desk.press(shown, ids.EDIT)

    assert await desk.hears() == [recovery.TOO_LONG]


async def test_a_file_that_slack_does_not_show_keeps_no_form_shut(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await fail(desk.runtime, await schedule(desk.runtime, acme))
    file = image()
    file.post_id = found.post.id
    await file.save()
    await desk.switch(fail_methods={"views.open": {"error": "invalid_arguments", "times": 1}})

    form = await form_of(desk, notifier, ids.POST_MANUALLY)

    await form.shows("Files: image cat.png")


async def test_slack_is_answered_before_the_message_is_changed(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await fail(desk.runtime, await schedule(desk.runtime, acme))
    asked = await reply(desk, notifier)
    await desk.switch(fail_methods={"chat.update": {"delay": 1}})

    await desk.send(clicked(button(asked, ids.RETRY_NOW), message=asked))

    (unchanged,) = [each for each in await desk.messages() if each["ts"] == asked["ts"]]
    assert ids.RETRY_NOW in button_ids(unchanged)
    assert await Delivery.filter(state=State.SCHEDULED).exists()
    await _settled(desk)


async def stale_admin(desk: Desk) -> None:
    """Slack must be asked again who Alice is."""
    past = desk.runtime.clock.now() - members.BELIEVED * 2
    await Member.filter(user_id=ALICE).update(checked_at=past)


async def test_an_admin_need_not_wait_for_slack_to_say_who_they_are(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await desk.switch(dm_closed=[BOB])
    await fail(desk.runtime, await schedule(desk.runtime, acme, author=BOB))
    pressed = button(await card(desk, notifier), ids.RETRY_NOW)
    await stale_admin(desk)
    await desk.switch(fail_methods={"users.info": {"delay": 60}})

    async with asyncio.timeout(15):
        await desk.send(clicked(pressed))

    await becomes(State.SCHEDULED)


async def test_what_changes_while_slack_says_who_clicked_counts(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await desk.switch(dm_closed=[BOB])
    found = await ask(desk.runtime, await schedule(desk.runtime, acme, author=BOB))
    pressed = button(await card(desk, notifier), ids.IS_NOT_LIVE)
    await stale_admin(desk)
    await desk.switch(fail_methods={"users.info": {"delay": 1, "times": 1}})
    click = asyncio.create_task(desk.send(clicked(pressed)))
    await until(lambda: is_asking(desk), what="Slack asked")

    await posts.deny_live(desk.runtime, ref(found), found.deliveries[0].id)
    await ask(desk.runtime, found)
    before = await truth()
    await click

    assert await truth() == before


async def is_asking(desk: Desk) -> bool:
    """True when the failure that was set up has begun."""
    async with desk.http.get(f"{desk.slack_url}/_/switches") as response:
        return not (await response.json())["values"]["fail_methods"]
