"""From the command over the form to the stored post."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot import draft_problems
from bot.listeners import compose
from bot.views import ids
from bot.views.compose import opening_notice
from scheduler import accounts
from scheduler.models import Account, Delivery, MediaFile, MediaVersion, Member, Post
from tests.bot.desk import (
    ALICE,
    ALICE_DM,
    BOB,
    Desk,
    Form,
    block,
    block_ids,
    bomb,
    has,
    mp4,
    newest,
    png,
)
from tests.world import StandIn, connect

NEW_YORK = ZoneInfo("America/New_York")


def sunday(month: int, number: int) -> str:
    """The `number`th Sunday of a month of next year."""
    first = date(datetime.now(UTC).year + 1, month, 1)
    ahead = (6 - first.weekday()) % 7
    return (first + timedelta(days=ahead + 7 * (number - 1))).isoformat()


SPRING, AUTUMN = sunday(3, 2), sunday(11, 1)
LATER = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()


async def test_the_command_opens_the_form_with_its_text(desk: Desk, account: Account) -> None:
    form = await desk.compose("We open at nine!")

    await form.shows("We open at nine!", "X · @acme", "Time in America/New_York")


async def test_a_form_that_is_sent_for_now_is_stored_and_closes(
    desk: Desk, account: Account
) -> None:
    form = await desk.compose("We open at nine!")
    await form.type(when="now")

    await form.closes()

    post = await Post.get()
    delivery = await Delivery.get()
    assert post.text == "We open at nine!"
    assert (delivery.account_id, delivery.priority) == (account.id, 0)


async def test_the_time_is_meant_on_the_clock_of_the_member(desk: Desk, account: Account) -> None:
    form = await desk.compose("Guten Morgen", BOB)
    await form.fill(date=LATER, time="09:30")

    await form.closes()

    post = await Post.get()
    assert post.due_at is not None
    local = post.due_at.astimezone(ZoneInfo("Europe/Berlin"))
    assert f"{local:%Y-%m-%d %H:%M}" == f"{LATER} 09:30"
    assert (post.author, post.timezone) == (BOB, "Europe/Berlin")


async def test_a_new_form_proposes_a_time_that_can_be_sent(desk: Desk, account: Account) -> None:
    form = await desk.compose("Soon")

    await form.closes()

    post = await Post.get()
    assert post.due_at is not None
    ahead = post.due_at - post.created_at
    assert timedelta(hours=1) < ahead <= timedelta(hours=2)


async def test_a_member_whose_zone_is_unknown_gets_the_form_at_once_and_then_in_their_zone(
    desk: Desk, account: Account
) -> None:
    await Member.all().delete()

    form = await desk.compose("Hello", BOB)

    await form.shows("Hello", "Time in Europe/Berlin")


async def test_what_was_typed_survives_the_arrival_of_the_zone(
    desk: Desk, account: Account
) -> None:
    await Member.all().delete()
    await desk.switch(fail_methods={"users.info": {"delay": 0.5, "times": 1}})
    form = await desk.compose("", BOB)
    await form.fill(text="Typed meanwhile", date=LATER, time="09:30")

    await form.shows("Time in Europe/Berlin")
    await form.closes()

    post = await Post.get()
    assert (post.text, post.timezone) == ("Typed meanwhile", "Europe/Berlin")


async def test_the_count_follows_what_is_typed(desk: Desk, account: Account) -> None:
    form = await desk.compose()

    await form.type(text="Hello")
    await form.shows("X: 5 of 280")
    await form.type(text="Hello https://example.com/a/very/long/link/that/is/shortened")

    await form.shows("X: 29 of 280")


# As many cuts as make one post more than a thread may have.
TOO_LONG = "\n---\n".join(f"Part {number}" for number in range(26))


async def test_what_does_not_fit_is_told_while_it_is_typed(desk: Desk, account: Account) -> None:
    form = await desk.compose()

    await form.type(text=TOO_LONG)

    await form.shows("X: 297, a thread of 26 posts")
    await form.shows("the most is 25")


async def test_a_text_longer_than_one_post_is_shown_as_a_thread(
    desk: Desk, account: Account
) -> None:
    form = await desk.compose()

    await form.type(text="We open at nine! " * 20)

    await form.shows("X: 340, a thread of 2 posts")


async def test_fast_typing_ends_with_the_newest_count(desk: Desk, account: Account) -> None:
    form = await desk.compose()

    await form.type(text="a")
    await form.type(text="ab")
    await form.type(text="abc")
    await form.shows("X: 3 of 280")
    await form.type(text="abcd")

    await form.shows("X: 4 of 280")


AT_A_TIME = {"text": "Hello", "date": LATER, "time": "09:30"}


@pytest.mark.parametrize(
    ("fields", "place", "sentence"),
    [
        pytest.param({"text": TOO_LONG}, "text", "26 posts", id="text too long"),
        pytest.param({"text": ""}, "text", "Write a text", id="no text"),
        pytest.param({"text": "  \n "}, "text", "Write a text", id="only spaces"),
        pytest.param({"date": "1970-01-01"}, "date", "already passed", id="1 January 1970"),
        pytest.param({"date": "9999-12-31", "time": "23:59"}, "date", "five years", id="year 9999"),
        pytest.param({"date": "0001-01-01"}, "date", "pass", id="year 1"),
        pytest.param({"date": None}, "date", "Choose a date", id="no date"),
        pytest.param({"time": None}, "time", "Choose a time", id="no time"),
        pytest.param({"date": SPRING, "time": "02:30"}, "time", "01:59 and 03:00", id="skipped"),
        pytest.param({"alt_text": "a\nb"}, "alt_text", "one line for each file", id="alt texts"),
    ],
)
async def test_what_cannot_be_sent_is_told_at_its_field_and_nothing_is_stored(
    desk: Desk, account: Account, fields: dict[str, object], place: str, sentence: str
) -> None:
    form = await desk.compose("Hello")
    await form.fill(**{**AT_A_TIME, **fields})

    errors = await form.errors()

    assert list(errors) == [f"composer_{place}"]
    assert sentence in errors[f"composer_{place}"]
    assert await Post.all().count() == 0


async def test_a_time_of_today_that_has_passed_is_told_at_the_time(
    desk: Desk, account: Account
) -> None:
    form = await desk.compose("Hello")
    now = datetime.now(NEW_YORK)
    await form.fill(date=f"{now:%Y-%m-%d}", time="00:00")

    errors = await form.errors()

    assert "already passed" in errors[ids.COMPOSER_TIME]


async def test_everything_that_is_wrong_is_told_at_once(desk: Desk, account: Account) -> None:
    form = await desk.compose("Hello")
    await form.fill(text=TOO_LONG, date="1970-01-01", alt_text="a\nb")

    errors = await form.errors()

    assert set(errors) == {ids.COMPOSER_TEXT, ids.COMPOSER_DATE, ids.COMPOSER_ALT_TEXT}


async def test_a_time_that_comes_twice_is_asked_about_and_nothing_typed_is_lost(
    desk: Desk, account: Account
) -> None:
    form = await desk.compose("Late show")
    await form.fill(date=AUTUMN, time="01:30", text="Late show tonight")

    errors = await form.errors()

    view = await form.shows("01:30 the first time (EDT)", "01:30 the second time (EST)")
    assert "twice" in errors[ids.COMPOSER_TIME]
    assert view["state"]["values"][ids.COMPOSER_TEXT][ids.COMPOSER_TEXT]["value"] == (
        "Late show tonight"
    )


@pytest.mark.parametrize(
    ("choice", "hour"),
    [pytest.param("first", 5, id="summer time"), pytest.param("second", 6, id="winter time")],
)
async def test_either_of_two_equal_times_can_be_chosen(
    desk: Desk, account: Account, choice: str, hour: int
) -> None:
    form = await desk.compose("Late show")
    await form.type(date=AUTUMN, time="01:30")
    await form.shows("the first time")
    await form.type(fold=choice)

    await form.closes()

    post = await Post.get()
    assert post.due_at is not None
    assert (post.due_at.hour, post.due_at.minute) == (hour, 30)


async def test_the_meaning_of_a_time_is_told_while_it_is_chosen(
    desk: Desk, account: Account
) -> None:
    form = await desk.compose("Hello")

    await form.type(date=SPRING, time="02:30")
    await form.shows("does not exist")
    await form.type(time="03:30")

    await form.shows("It goes out on Sun", "03:30 (America/New_York)")


async def test_an_account_that_was_disconnected_meanwhile_is_told_at_the_accounts(
    desk: Desk, account: Account
) -> None:
    form = await desk.compose("Hello")
    await accounts.disconnect(desk.runtime, workspace_id=desk.workspace.id, account_id=account.id)

    errors = await form.errors()

    assert errors == {ids.COMPOSER_ACCOUNTS: draft_problems.ACCOUNT_GONE}
    assert await Post.all().count() == 0


async def test_without_an_account_the_form_says_so_and_offers_to_connect_one(
    desk: Desk,
) -> None:
    form = await desk.compose("Hello")

    view = await form.shows("No account is connected yet", "Connect X", "/connect/x?ticket=")
    errors = await form.errors()

    assert ids.COMPOSER_ACCOUNTS not in block_ids(view)
    assert draft_problems.NO_ACCOUNT in errors[ids.COMPOSER_TEXT]


async def test_an_account_that_was_connected_meanwhile_is_offered_and_the_text_stays(
    desk: Desk, x: StandIn
) -> None:
    form = await desk.compose("Hello")
    await form.fill(text="Hello again")
    view = await form.shows(ids.COMPOSER_REFRESH)
    actions = next(each for each in view["blocks"] if each["type"] == "actions")
    await connect(desk.runtime, desk.workspace)

    await desk.does(
        "action",
        container={"type": "view", "view_id": form.id},
        block_id=actions["block_id"],
        action_id=ids.COMPOSER_REFRESH,
        value=None,
    )

    shown = await form.shows("X · @acme")
    values = shown["state"]["values"]
    assert values[ids.COMPOSER_TEXT][ids.COMPOSER_TEXT]["value"] == "Hello again"


async def test_several_accounts_each_get_the_post(desk: Desk, account: Account, x: StandIn) -> None:
    second = await connect(desk.runtime, desk.workspace, "acme_labs")
    form = await desk.compose("Hello")
    await form.fill(accounts=[str(account.id), str(second.id)])

    await form.closes()

    deliveries = await Delivery.all()
    assert {delivery.account_id for delivery in deliveries} == {account.id, second.id}


async def test_nobody_is_posted_for_unless_chosen(desk: Desk, account: Account, x: StandIn) -> None:
    await connect(desk.runtime, desk.workspace, "acme_labs")
    form = await desk.compose("Hello")

    errors = await form.errors()

    assert ids.COMPOSER_ACCOUNTS in errors


async def test_the_accounts_of_the_newest_post_are_chosen_already_and_grouped(
    desk: Desk, account: Account, instagram: Account, x: StandIn
) -> None:
    second = await connect(desk.runtime, desk.workspace, "acme_labs")
    first = await desk.compose("Hello")
    await first.fill(accounts=[str(second.id)])
    await first.closes()

    mine, theirs = await desk.compose("Again"), await desk.compose("Mine", BOB)

    field = block(await mine.shows("Again"), ids.COMPOSER_ACCOUNTS)["element"]
    assert [each["value"] for each in field["initial_options"]] == [str(second.id)]
    groups = {each["label"]["text"]: len(each["options"]) for each in field["option_groups"]}
    assert groups == {"Instagram": 1, "X": 2}
    other = block(await theirs.shows("Mine"), ids.COMPOSER_ACCOUNTS)["element"]
    assert "initial_options" not in other


async def test_images_and_their_alt_texts_are_stored_in_order(desk: Desk, account: Account) -> None:
    form = await desk.compose("Look")
    files = [await desk.upload("a.png", png(3, 3)), await desk.upload("b.png", png(5, 5))]
    await form.fill(media=files, alt_text="\nA white square")

    await form.closes()

    stored = await MediaFile.all().order_by("position")
    assert [(file.name, file.width, file.alt_text) for file in stored] == [
        ("a.png", 3, ""),
        ("b.png", 5, "A white square"),
    ]
    assert [file.slack_file_id for file in stored] == files


async def test_a_post_may_be_an_image_alone(desk: Desk, account: Account) -> None:
    form = await desk.compose()
    await form.fill(media=[await desk.upload("a.png", png())])

    await form.closes()

    assert await MediaFile.all().count() == 1


async def test_what_is_done_to_a_file_is_told_and_is_no_problem(
    desk: Desk, account: Account
) -> None:
    form = await desk.compose()
    # What stands behind the end of an image counts and shows nothing.
    await form.fill(media=[await desk.upload("a.png", png() + b"\0" * 5_500_000)])

    await form.type(text="Look")

    await form.shows("a.png is larger than the 5 MB that X takes, so it becomes a JPEG.")
    await form.closes()
    assert (await MediaVersion.get()).mime == "image/jpeg"


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        pytest.param([("a.png", png())] * 5, "4 images", id="five images"),
        pytest.param([("a.png", png()), ("b.mp4", mp4())], "never a mix", id="video and image"),
        pytest.param([("a.png", b"I am no image")], "“a.png” is not an image", id="no image"),
        pytest.param([("a.png", bomb())], "million pixels", id="too many pixels"),
        pytest.param([("a.pdf", b"%PDF-1.4")], "a.pdf", id="a document"),
        pytest.param([("a.png", b"")], "is empty", id="an empty file"),
    ],
)
async def test_files_that_cannot_be_posted_are_told_at_the_files_and_nothing_is_stored(
    desk: Desk, account: Account, files: list[tuple[str, bytes]], sentence: str
) -> None:
    form = await desk.compose("Hello")
    await form.fill(media=[await desk.upload(*file) for file in files])

    errors = await form.errors()

    assert list(errors) == [ids.COMPOSER_MEDIA]
    assert sentence in errors[ids.COMPOSER_MEDIA]
    assert await Post.all().count() == 0
    assert await MediaFile.all().count() == 0


async def test_a_missing_permission_to_read_files_is_told_with_its_name(
    desk: Desk, account: Account
) -> None:
    form = await desk.compose("Hello")
    await form.fill(media=[await desk.upload("a.png", png())])
    await desk.switch(removed_scopes=["files:read"])

    errors = await form.errors()

    assert "files:read" in errors[ids.COMPOSER_MEDIA]


async def test_a_save_that_takes_long_says_so_and_ends_with_the_time(
    desk: Desk, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compose, "QUICK_SECONDS", 0.0)
    form = await desk.compose("Hello")
    await form.fill(media=[await desk.upload("a.png", png())], date=LATER, time="09:30")

    await form.submit()

    await form.shows("Scheduled for", "09:30 (America/New_York)")
    assert await Post.all().count() == 1


async def test_a_slow_save_that_fails_gives_the_form_back_with_all_that_was_typed(
    desk: Desk, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compose, "QUICK_SECONDS", 0.0)
    form = await desk.compose("Hello")
    file = await desk.upload("a.png", b"I am no image")
    await form.fill(media=[file], text="My text", alt_text="My image", date=LATER, time="09:30")

    await form.submit()

    view = await form.shows("“a.png” is not an image", "1. a.png", "My text", "My image")
    assert block(view, ids.COMPOSER_DATE)["element"]["initial_date"] == LATER
    assert await Post.all().count() == 0


async def test_files_that_a_form_kept_are_posted_when_it_is_sent_again(
    desk: Desk, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compose, "QUICK_SECONDS", 0.0)
    form = await desk.compose("Hello")
    await form.fill(media=[await desk.upload("a.png", png())], date=LATER, time="09:30")
    await desk.switch(removed_scopes=["files:read"])
    await form.submit()
    await form.shows("1. a.png")
    await desk.switch(removed_scopes=[])

    await form.submit()

    await form.shows("Scheduled for")
    assert (await MediaFile.get()).name == "a.png"


async def test_files_that_a_form_kept_can_be_removed(
    desk: Desk, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compose, "QUICK_SECONDS", 0.0)
    form = await desk.compose("Hello")
    await form.fill(media=[await desk.upload("a.png", b"x")], date=LATER, time="09:30")
    await form.submit()
    await form.shows("1. a.png")

    await form.type(kept=[])
    await form.submit()

    await form.shows("Scheduled for")
    assert await MediaFile.all().count() == 0


async def test_who_closes_a_form_that_then_fails_is_told_with_the_text(
    desk: Desk, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compose, "QUICK_SECONDS", 0.0)
    form = await desk.compose("My text")
    await form.fill(media=[await desk.upload("a.png", b"x")], date=LATER, time="09:30")
    await form.submit()
    await form.shows("Saving your post")

    await desk.does("close", view_id=form.id)

    said = await desk.sees(lambda state: newest(state, ALICE_DM))
    assert "was not scheduled" in said["text"]
    assert "> My text" in said["text"]


async def test_the_shortcut_opens_an_empty_form(desk: Desk, account: Account) -> None:
    await desk.does("shortcut", callback_id=ids.SHORTCUT_SCHEDULE)

    await desk.sees(lambda state: has(state["views"], "Schedule a post", "X · @acme"))


async def test_a_message_becomes_a_post_with_its_text_as_people_read_it(
    desk: Desk, account: Account
) -> None:
    text = "Tom &amp; Jerry: see <https://example.com|our page>"
    ts = (await desk.does("message", channel="C0GENERAL", text=text))["ts"]

    await desk.does(
        "message_shortcut", callback_id=ids.SHORTCUT_FROM_MESSAGE, channel="C0GENERAL", ts=ts
    )

    await desk.sees(lambda state: has(state["views"], "Tom & Jerry: see https://example.com"))


async def from_message(desk: Desk, files: list[str]) -> Form:
    """The form that a message with these files becomes."""
    ts = (await desk.does("message", channel="C0GENERAL", text="See", files=files))["ts"]
    await desk.does(
        "message_shortcut", callback_id=ids.SHORTCUT_FROM_MESSAGE, channel="C0GENERAL", ts=ts
    )
    shown = await desk.sees(lambda state: state["views"] and state["views"][-1])
    return Form(desk, shown["view"]["id"], ALICE)


async def test_the_images_of_a_message_come_along_and_the_others_are_named(
    desk: Desk, account: Account
) -> None:
    names = ["a.png", "b.png", "plan.pdf"]
    files = [await desk.upload(name, png(number, 3)) for number, name in enumerate(names, 3)]
    form = await from_message(desk, files)
    await form.shows("1. a.png", "2. b.png", "do not come along: plan.pdf")

    await form.type(kept=["1"])
    await form.fill(date=LATER, time="09:30", alt_text="A plan")
    await form.closes()

    (stored,) = await MediaFile.all()
    assert (stored.name, stored.width, stored.alt_text) == ("b.png", 4, "A plan")
    assert stored.slack_file_id == files[1]


async def test_a_file_of_a_message_that_postbot_cannot_see_is_told_at_the_files(
    desk: Desk, account: Account
) -> None:
    form = await from_message(desk, [await desk.upload("a.png", png())])
    await desk.switch(fail_methods={"files.info": {"error": "file_not_found"}})
    await form.fill(date=LATER, time="09:30")

    errors = await form.errors()

    assert "a conversation that Postbot cannot see" in errors[ids.COMPOSER_MEDIA]
    assert await Post.all().count() == 0


def test_a_text_too_long_for_the_form_is_cut_and_said() -> None:
    assert "its end is missing" in opening_notice("y" * 12_001, [])
    assert opening_notice("y" * 12_000, []) == ""


async def test_a_text_longer_than_a_field_goes_on_in_the_next(desk: Desk, account: Account) -> None:
    text = " ".join(f"word{number}" for number in range(400))
    form = await desk.compose(text)
    view = await form.shows("Text, continued")
    parts = [block(view, each)["element"]["initial_value"] for each in TEXTS]

    await form.fill(date=LATER, time="09:30")
    await form.closes()

    assert "".join(parts) == text
    assert (await Post.get()).text == text


TEXTS = (ids.COMPOSER_TEXT, f"{ids.COMPOSER_TEXT}:2")


async def test_a_field_that_is_nearly_full_gets_another_below_it(
    desk: Desk, account: Account
) -> None:
    form = await desk.compose("Short")

    await form.type(text="y " * 1400)
    await form.shows("Text, continued")
    await form.type(**{"text:2": "The end"})
    await form.shows("X: 2,807")
    await form.type(text="Short again, ")
    await form.shows("X: 20 of 280")
    await form.closes()

    assert (await Post.get()).text == "Short again, The end"


async def test_a_form_that_cannot_be_stored_keeps_its_text_and_gives_a_number(
    desk: Desk, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = await desk.compose("Hello")

    async def broken(*args: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("scheduler.posts.schedule", broken)
    errors = await form.errors()

    assert "this number" in errors[ids.COMPOSER_TEXT]


async def test_what_a_post_costs_is_shown_while_it_is_typed(desk: Desk, account: Account) -> None:
    form = await desk.compose()

    await form.type(text="Sale https://acme.com")

    await form.shows("X: 28 of 280, about $0.20")


async def test_the_same_post_is_stored_only_when_it_is_meant(desk: Desk, account: Account) -> None:
    await (await desk.compose("We open at nine!")).closes()
    form = await desk.compose("We open at nine!")

    errors = await form.errors()
    await form.shows("Post it again")
    stored = await Post.all().count()
    await (await form.fill(twice=[ids.COMPOSER_YES])).closes()

    assert "is planned there for" in " ".join(errors.values())
    assert "@acme" in " ".join(errors.values())
    assert (stored, await Post.all().count()) == (1, 2)


@pytest.fixture
async def instagram(desk: Desk) -> Account:
    """A second account, on a platform with places and a first comment, that no stand-in plays."""
    return await Account.create(
        workspace=desk.workspace,
        platform="instagram",
        remote_id="17",
        username="acme",
        name="Acme",
        secrets="sealed",
        connected_by=ALICE,
        connected_at=desk.runtime.clock.now(),
    )


async def test_each_account_gets_its_text_place_and_comment(
    desk: Desk, account: Account, instagram: Account
) -> None:
    form = await desk.compose("For all")
    await form.type(accounts=[str(account.id), str(instagram.id)])
    await form.shows("Adapt per platform", "First comment", "Where on Instagram")
    await form.fill(media=[await desk.upload("door.png", png(100, 100))])
    await form.type(adapt=[ids.COMPOSER_YES])
    await form.shows("Text on Instagram", "Text on X")

    await form.fill(**{"variant:x": "For X", "first_comment": "Ask us", "place:2": "story"})
    await form.closes()

    post = await Post.get()
    rows = await Delivery.filter(post_id=post.id).order_by("id")
    assert (post.text, post.variants, post.first_comment) == ("For all", {"x": "For X"}, "Ask us")
    assert [(row.platform, row.place) for row in rows] == [("x", ""), ("instagram", "story")]


async def test_a_problem_of_a_platforms_own_text_is_told_there(
    desk: Desk, account: Account, instagram: Account
) -> None:
    form = await desk.compose("For all")
    await form.type(accounts=[str(account.id), str(instagram.id)])
    await form.shows("Adapt per platform")
    await form.type(adapt=[ids.COMPOSER_YES])
    await form.shows("Text on X")
    await form.fill(**{"variant:x": TOO_LONG})

    errors = await form.errors()

    assert "26 posts" in errors[f"{ids.COMPOSER_VARIANT}:x"]
    assert "needs an image or a video" in errors[ids.COMPOSER_MEDIA]
