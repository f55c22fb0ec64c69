"""A post's card opens the whole form again: to edit the post, or to make another one of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot import saving
from bot.clients import Clients, open_clients
from bot.notifier import Notifier
from bot.views import ids
from scheduler import accounts, posts
from scheduler.contents import Words
from scheduler.models import Account, Delivery, MediaFile, Post
from scheduler.posts import NewPost, Ref
from scheduler.states import State
from tests.bot.desk import ALICE, Desk, Form, block, has, png
from tests.bot.post_world import make_account, schedule
from tests.world import picture

Json = dict[str, Any]
NEW_YORK = ZoneInfo("America/New_York")
LATER = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()


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


@pytest.fixture
async def page(desk: Desk) -> Account:
    """A Page on Facebook, which takes texts that no form can hold."""
    account = await make_account(desk.workspace.id)
    await Account.filter(id=account.id).update(platform="facebook")
    return await Account.get(id=account.id)


async def pressed(desk: Desk, notifier: Notifier, action: str) -> Form:
    """The composer that a button of the card opens."""
    await notifier.tick()
    card = next(each for each in await desk.messages() if not each.get("thread_ts"))
    await desk.press(card, action)
    opened = await desk.opened()
    return replace(opened, prefix="composer_")


async def whole(desk: Desk, account: Account) -> Post:
    """A post in which every field is filled in."""
    image = replace(await picture(desk.runtime), alt_text="A square", slack_file_id="F0GONE")
    new = NewPost(
        workspace_id=desk.workspace.id,
        author=ALICE,
        words=Words(
            text="For all", link="https://acme.example", title="T", variants={"x": "For X"}
        ),
        account_ids=(account.id,),
        timezone="UTC",
        due_at=desk.runtime.clock.now() + timedelta(days=3),
        media=(image,),
        means_it_twice=True,
    )
    return await posts.schedule(desk.runtime, new)


async def test_edit_opens_the_whole_form_with_all_that_the_post_has(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    post = await whole(desk, acme)

    form = await pressed(desk, notifier, ids.EDIT)

    view = await form.shows("Edit the post", "For all", "For X", "A square", "1. picture.png")
    assert post.due_at is not None
    local = post.due_at.astimezone(NEW_YORK)
    assert block(view, ids.COMPOSER_DATE)["element"]["initial_date"] == f"{local:%Y-%m-%d}"
    assert block(view, ids.COMPOSER_TIME)["element"]["initial_time"] == f"{local:%H:%M}"
    assert not has(view, ids.COMPOSER_SAVE_DRAFT)


async def test_what_is_edited_is_the_same_post_with_its_files(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    post = await whole(desk, acme)
    form = await pressed(desk, notifier, ids.EDIT)

    await form.fill(text="Another", date=LATER, time="09:30")
    await form.closes()

    stored, row = await Post.get(), await Delivery.get()
    assert (stored.id, stored.text, stored.revision) == (post.id, "Another", 2)
    assert f"{row.due_at.astimezone(NEW_YORK):%Y-%m-%d %H:%M}" == f"{LATER} 09:30"
    file = await MediaFile.get()
    assert (file.name, file.alt_text, file.slack_file_id) == ("picture.png", "A square", "F0GONE")


async def test_files_and_accounts_are_exchanged(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    other = await make_account(desk.workspace.id, "acme_labs")
    await whole(desk, acme)
    form = await pressed(desk, notifier, ids.EDIT)

    await form.type(kept=[], accounts=[str(other.id)])
    await form.fill(media=[await desk.upload("b.png", png(5, 5))])
    await form.closes()

    found = await posts.find(desk.workspace.id, (await Post.get()).id)
    assert [file.name for file in found.media] == ["b.png"]
    assert [row.account_id for row in found.deliveries] == [other.id]


async def test_who_edits_what_somebody_else_edited_is_asked_and_loses_nothing(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await schedule(desk.runtime, acme)
    form = await pressed(desk, notifier, ids.EDIT)
    ref = Ref(workspace_id=desk.workspace.id, post_id=found.post.id, actor="U0ADMIN")
    await posts.edit(desk.runtime, ref, Words(text="Theirs"))

    await form.fill(text="Mine")
    errors = await form.errors()
    view = await form.shows("Somebody changed this post")
    kept = (await Post.get()).text
    await form.fill(overwrite=[ids.COMPOSER_YES])
    await form.closes()

    assert "changed elsewhere" in " ".join(errors.values())
    assert view["state"]["values"][ids.COMPOSER_TEXT][ids.COMPOSER_TEXT]["value"] == "Mine"
    assert (kept, (await Post.get()).text) == ("Theirs", "Mine")


async def test_an_edit_of_what_went_out_meanwhile_is_refused_and_the_form_stays(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await schedule(desk.runtime, acme)
    form = await pressed(desk, notifier, ids.EDIT)
    await Delivery.all().update(state=State.PUBLISHED)

    await form.fill(text="Too late")
    errors = await form.errors()

    assert "nothing was changed" in errors[ids.COMPOSER_TEXT]
    assert (await Post.get()).text == "We open at nine!"


async def test_a_post_is_not_edited_into_a_series(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await schedule(desk.runtime, acme)
    form = await pressed(desk, notifier, ids.EDIT)
    await form.type(when=ids.COMPOSER_REPEAT)
    await form.shows("How many times at most")

    errors = await form.errors()

    assert saving.NO_SERIES in errors[ids.COMPOSER_WHEN]
    assert await Post.all().count() == 1


async def test_a_text_longer_than_the_form_keeps_its_end(
    desk: Desk, notifier: Notifier, page: Account
) -> None:
    await schedule(desk.runtime, page)
    text = " ".join(f"word{number}" for number in range(1500))
    await Post.all().update(text=text)
    form = await pressed(desk, notifier, ids.EDIT)
    await form.shows("are not shown; they are kept")

    await form.fill(title="T")
    await form.closes()

    assert (await Post.get()).text == text


async def test_an_account_that_is_gone_is_told_when_the_form_opens(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    other = await make_account(desk.workspace.id, "acme_labs")
    await schedule(desk.runtime, acme, other)
    await accounts.disconnect(desk.runtime, workspace_id=desk.workspace.id, account_id=other.id)

    form = await pressed(desk, notifier, ids.EDIT)

    await form.shows("An account of this post was disconnected")


async def test_a_duplicate_is_another_post_that_says_the_same(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    first = await whole(desk, acme)
    await Delivery.all().update(state=State.PUBLISHED)
    form = await pressed(desk, notifier, ids.DUPLICATE)
    await form.shows("Schedule a post", "For all", "For X", "1. picture.png")

    await form.fill(date=LATER, time="09:30")
    await form.closes()

    second = await Post.exclude(id=first.id).get()
    assert Words.of(second) == Words.of(first)
    assert (second.revision, await Post.all().count()) == (1, 2)
    assert [file.alt_text for file in await MediaFile.all()] == ["A square", "A square"]


async def test_a_duplicate_keeps_the_end_of_a_text_longer_than_the_form(
    desk: Desk, notifier: Notifier, page: Account
) -> None:
    first = (await schedule(desk.runtime, page)).post
    text = " ".join(f"word{number}" for number in range(1500))
    await Post.all().update(text=text)
    form = await pressed(desk, notifier, ids.DUPLICATE)

    await form.fill(date=LATER, time="09:30")
    await form.closes()

    assert (await Post.exclude(id=first.id).get()).text == text
