"""From a form that is not ready to the same form on another day, and to one post."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import saving
from bot.listeners import compose
from bot.views import drafts as views
from bot.views import ids
from scheduler import accounts, posts
from scheduler.contents import Words
from scheduler.models import Account, Delivery, MediaFile, Post
from scheduler.posts import NewDraft, NewPost, Plan
from scheduler.states import PostState
from tests.bot.desk import (
    ALICE,
    ALICE_DM,
    BOB,
    GENERAL,
    Desk,
    Form,
    block,
    block_ids,
    clicked,
    has,
    messages_in,
    newest,
    png,
)
from tests.world import StandIn, connect

Json = dict[str, Any]
LATER = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()


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


async def press(form: Form, action_id: str, member: str = ALICE) -> None:
    """Presses a button of an open form."""
    state = await form.desk.state(member)
    pressed = next(
        each["block_id"]
        for each in state["views"][-1]["view"]["blocks"]
        if any(one.get("action_id") == action_id for one in each.get("elements", []))
    )
    await form.desk.does(
        "action",
        member,
        container={"type": "view", "view_id": form.id},
        block_id=pressed,
        action_id=action_id,
    )


async def save(form: Form, member: str = ALICE) -> None:
    await press(form, ids.COMPOSER_SAVE_DRAFT, member)
    await form.shows("Saved as a draft")


async def reopen(desk: Desk, member: str = ALICE) -> Form:
    """Opens the newest draft from the list."""
    for _ in (await desk.state(member))["views"]:
        view = (await desk.state(member))["views"][-1]["view"]
        await desk.does("close", member, view_id=view["id"])
    await desk.command("drafts", member)
    listed = await desk.says(member)
    await desk.press(listed, ids.DRAFT_OPEN, member, channel=GENERAL)
    shown = await desk.sees(lambda s: s["views"] and s["views"][-1], member)
    return Form(desk, shown["view"]["id"], member)


async def test_a_draft_opens_again_with_all_that_was_typed(
    desk: Desk, account: Account, instagram: Account
) -> None:
    form = await desk.compose("For all")
    await form.type(accounts=[str(account.id), str(instagram.id)])
    await form.shows("Adapt per platform", "First comment", "Where on Instagram")
    files = [await desk.upload("a.png", png(3, 3)), await desk.upload("b.png", png(5, 5))]
    await form.fill(media=files, alt_text="\nA square\nToo many")
    await form.type(adapt=[ids.COMPOSER_YES])
    await form.shows("Text on Instagram")
    await form.fill(**{"variant:x": "For X", "first_comment": "Ask us", "place:2": "story"})
    await form.fill(date="2001-01-01", time="09:30")

    await save(form)
    again = await reopen(desk)

    view = await again.shows("1. a.png", "2. b.png", "For all", "For X", "Ask us", "Too many")
    element = {each: block(view, each)["element"] for each in block_ids(view) if each in FIELDS}
    chosen = [each["value"] for each in element[ids.COMPOSER_ACCOUNTS]["initial_options"]]
    assert chosen == [str(account.id), str(instagram.id)]
    assert element["composer_place:2"]["initial_option"]["value"] == "story"
    assert element[ids.COMPOSER_DATE]["initial_date"] == "2001-01-01"
    assert element[ids.COMPOSER_TIME]["initial_time"] == "09:30"
    assert len(element[ids.COMPOSER_KEPT]["initial_options"]) == 2
    assert await Delivery.all().count() == 0


FIELDS = {
    ids.COMPOSER_ACCOUNTS,
    "composer_place:2",
    ids.COMPOSER_DATE,
    ids.COMPOSER_TIME,
    ids.COMPOSER_KEPT,
}


async def test_a_draft_that_is_scheduled_keeps_its_id_and_files(
    desk: Desk, account: Account
) -> None:
    form = await desk.compose("Soon")
    await form.fill(media=[await desk.upload("a.png", png())], alt_text="A square")
    await save(form)
    draft = await Post.get()

    again = await reopen(desk)
    await again.fill(text="Now it is ready", date=LATER, time="09:30")
    await again.closes()

    post = await Post.get()
    assert (post.id, post.text, post.state) == (draft.id, "Now it is ready", PostState.SCHEDULED)
    assert [(file.name, file.alt_text) for file in await MediaFile.all()] == [("a.png", "A square")]
    assert (await Delivery.get()).post_id == draft.id


async def test_the_files_of_a_draft_need_slack_no_more(desk: Desk, account: Account) -> None:
    form = await desk.compose("Soon")
    await form.fill(media=[await desk.upload("a.png", png())])
    await save(form)
    await desk.switch(removed_scopes=["files:read"])

    again = await reopen(desk)
    await again.fill(date=LATER, time="09:30")
    await again.closes()

    assert (await MediaFile.get()).name == "a.png"


async def test_a_file_can_be_left_out_and_another_added(desk: Desk, account: Account) -> None:
    form = await desk.compose("Soon")
    files = [await desk.upload("a.png", png(3, 3)), await desk.upload("b.png", png(5, 5))]
    await form.fill(media=files)
    await save(form)

    again = await reopen(desk)
    await again.type(kept=["1"])
    await again.fill(media=[await desk.upload("c.png", png(7, 7))], date=LATER, time="09:30")
    await again.closes()

    stored = await MediaFile.all().order_by("position")
    assert [file.name for file in stored] == ["b.png", "c.png"]


async def test_two_clicks_save_one_draft(desk: Desk, account: Account) -> None:
    form = await desk.compose("Twice")

    await asyncio.gather(*(press(form, ids.COMPOSER_SAVE_DRAFT) for _ in range(3)))
    await form.shows("Saved as a draft")

    assert await Post.all().count() == 1


async def test_whoever_saved_can_go_on_writing(desk: Desk, account: Account) -> None:
    form = await desk.compose("First words")
    await save(form)

    await press(form, ids.DRAFT_CONTINUE)
    await form.shows("First words", "Save as Draft")
    await form.fill(text="More words")
    await save(form)

    post = await Post.get()
    assert (post.text, post.revision) == ("More words", 2)


async def test_an_empty_form_is_not_saved(desk: Desk, account: Account) -> None:
    form = await desk.compose()

    await press(form, ids.COMPOSER_SAVE_DRAFT)

    await form.shows("nothing to keep yet")
    assert await Post.all().count() == 0


async def test_a_file_that_cannot_be_kept_is_told_and_the_form_stays(
    desk: Desk, account: Account
) -> None:
    form = await desk.compose("Words")
    await form.fill(media=[await desk.upload("a.png", b"I am no image")])

    await press(form, ids.COMPOSER_SAVE_DRAFT)

    await form.shows("“a.png” is not an image", "Words", "Save as Draft")
    assert await Post.all().count() == 0


async def test_a_draft_whose_files_take_long_says_so_and_is_saved(
    desk: Desk, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compose, "QUICK_SECONDS", 0.0)
    form = await desk.compose("Words")
    await form.fill(media=[await desk.upload("a.png", png())])

    await save(form)

    assert (await MediaFile.get()).name == "a.png"


async def test_who_closes_a_form_whose_draft_then_fails_is_told_with_the_text(
    desk: Desk, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compose, "QUICK_SECONDS", 0.0)
    form = await desk.compose("My text")
    await form.fill(media=[await desk.upload("a.png", b"x")])
    await desk.switch(fail_methods={"files.info": {"delay": 1, "times": 1}})
    await press(form, ids.COMPOSER_SAVE_DRAFT)
    await desk.does("close", view_id=form.id)

    said = await desk.sees(lambda state: newest(state, ALICE_DM))

    assert "> My text" in said["text"]
    assert await Post.all().count() == 0


async def test_of_two_editors_the_later_is_told_and_may_put_theirs_in_its_place(
    desk: Desk, account: Account
) -> None:
    await save(await desk.compose("First"))
    mine = await reopen(desk)
    draft = await posts.find(desk.workspace.id, (await Post.get()).id)
    await theirs(desk, draft.post.id, "Theirs")

    await mine.fill(text="Mine", date=LATER, time="09:30")
    errors = await mine.errors()
    await mine.shows("Somebody changed this post")
    kept = (await Post.get()).text
    await mine.fill(overwrite=[ids.COMPOSER_YES])
    await mine.closes()

    assert "changed elsewhere" in " ".join(errors.values())
    assert kept == "Theirs"
    post = await Post.get()
    assert (post.text, post.state) == ("Mine", PostState.SCHEDULED)


async def test_the_later_of_two_who_save_a_draft_is_told_too(desk: Desk, account: Account) -> None:
    await save(await desk.compose("First"))
    mine = await reopen(desk)
    await theirs(desk, (await Post.get()).id, "Theirs")

    await mine.fill(text="Mine")
    await press(mine, ids.COMPOSER_SAVE_DRAFT)

    view = await mine.shows("changed elsewhere", "Put what stands here in the place of theirs")
    assert view["state"]["values"][ids.COMPOSER_TEXT][ids.COMPOSER_TEXT]["value"] == "Mine"
    assert (await Post.get()).text == "Theirs"


async def theirs(desk: Desk, post_id: str, text: str) -> None:
    """Somebody else stores the draft meanwhile."""
    stored = await Post.get(id=post_id)
    draft = NewDraft(
        id=post_id,
        workspace_id=desk.workspace.id,
        author=BOB,
        words=Words(text=text),
        timezone="UTC",
        plan=Plan(),
        revision=stored.revision,
    )
    await posts.save_draft(desk.runtime, draft)


async def test_a_draft_that_was_scheduled_meanwhile_is_not_stored_twice(
    desk: Desk, account: Account
) -> None:
    await save(await desk.compose("Once"))
    form = await reopen(desk)
    await form.fill(date=LATER, time="09:30")
    stored = await Post.get()
    now = desk.runtime.clock.now()
    new = NewPost(
        id=stored.id,
        revision=stored.revision,
        workspace_id=desk.workspace.id,
        author=ALICE,
        words=Words.of(stored),
        account_ids=(account.id,),
        timezone="UTC",
        due_at=now + timedelta(days=1),
    )
    await posts.schedule(desk.runtime, new)

    errors = await form.errors()

    assert "no draft any more" in " ".join(errors.values())
    assert [await Post.all().count(), await Delivery.all().count()] == [1, 1]


async def test_a_draft_that_was_deleted_meanwhile_is_scheduled_only_when_saved_anew(
    desk: Desk, account: Account
) -> None:
    await save(await desk.compose("Gone"))
    form = await reopen(desk)
    await Post.all().delete()
    await form.fill(date=LATER, time="09:30")

    errors = await form.errors()
    await save(form)

    assert errors == {ids.COMPOSER_TEXT: saving.GONE}
    assert (await Post.get()).state is PostState.DRAFT


async def test_a_draft_is_deleted_from_the_list(desk: Desk, account: Account) -> None:
    await save(await desk.compose("Old"))
    await desk.command("drafts")
    listed = await desk.says()

    await desk.press(listed, ids.DRAFT_DELETE, channel=GENERAL)

    await desk.sees(lambda s: has(newest(s, GENERAL), "You have no drafts"))
    assert await Post.all().count() == 0


async def test_a_second_click_on_delete_says_that_it_is_gone(desk: Desk, account: Account) -> None:
    await save(await desk.compose("Old"))
    post = await Post.get()
    pressed = {"action_id": ids.DRAFT_DELETE, "value": post.id, "block_id": "b"}

    answers = [await desk.send(clicked(pressed)) for _ in range(2)]

    assert [status for status, _ in answers] == [200, 200]
    assert any("no such post" in each["text"] for each in await desk.messages())


@pytest.mark.parametrize("action_id", [ids.DRAFT_OPEN, ids.DRAFT_DELETE])
async def test_a_stranger_neither_opens_nor_deletes_a_draft(
    desk: Desk, account: Account, action_id: str
) -> None:
    await save(await desk.compose("Mine"))
    post = await Post.get()
    pressed = {"action_id": action_id, "value": post.id, "block_id": "b"}

    await desk.send(clicked(pressed, BOB))

    said = await desk.sees(lambda s: newest(s, "D0BOB"), BOB)
    assert "Only the author" in said["text"]
    assert await Post.all().count() == 1
    assert not (await desk.state(BOB))["views"]


async def test_a_draft_whose_account_is_gone_says_so(
    desk: Desk, account: Account, x: StandIn
) -> None:
    second = await connect(desk.runtime, desk.workspace, "acme_labs")
    form = await desk.compose("Words")
    await form.type(accounts=[str(account.id), str(second.id)])
    await save(form)
    await accounts.disconnect(desk.runtime, workspace_id=desk.workspace.id, account_id=second.id)

    again = await reopen(desk)

    await again.shows("was disconnected", "Words")


async def test_without_drafts_the_list_says_how_to_make_one(desk: Desk) -> None:
    await desk.command("drafts")

    assert "Save as Draft" in (await desk.says())["text"]


async def test_what_became_a_post_does_not_open_as_a_draft(desk: Desk, account: Account) -> None:
    await save(await desk.compose("Once"))
    await desk.command("drafts")
    listed = await desk.says()
    await Post.all().update(state=PostState.SCHEDULED)

    await desk.press(listed, ids.DRAFT_OPEN, channel=GENERAL)

    await desk.sees(lambda s: has(messages_in(s, GENERAL), views.NO_DRAFT))
