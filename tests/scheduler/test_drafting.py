"""Drafts: stored whole, changed by one person at a time, and turned into one post."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from scheduler import members, posts
from scheduler.contents import Words
from scheduler.models import Delivery, Event, MediaFile, Post
from scheduler.post_errors import Changed, Gone
from scheduler.posts import NewDraft, NewPost, NoSuchPost, Plan, PostError, Ref, TooLate, Unfit
from scheduler.states import PostState, Summary
from tests.world import ALICE, World, picture

BOB = "U0BOB"


def sketch(world: World, **changes: Any) -> NewDraft:
    """A draft for the world's account."""
    about: dict[str, Any] = {
        "id": posts.new_id(),
        "workspace_id": world.workspace.id,
        "author": ALICE,
        "words": Words(text="Half a", variants={"x": "Half"}, link="nowhere", title="T"),
        "timezone": "Europe/Berlin",
        "plan": Plan(
            account_ids=(world.account.id,), places={7: "board"}, typed={"when": {"time": "9"}}
        ),
        **changes,
    }
    return NewDraft(**about)


def whole(world: World, draft: NewDraft, **changes: Any) -> NewPost:
    """The post that a draft becomes."""
    about: dict[str, Any] = {
        "id": draft.id,
        "revision": 1,
        "workspace_id": world.workspace.id,
        "author": ALICE,
        "words": Words(text="All of it"),
        "account_ids": (world.account.id,),
        "timezone": "UTC",
        "due_at": world.runtime.clock.now() + timedelta(hours=1),
        **changes,
    }
    return NewPost(**about)


async def history() -> list[tuple[str, str | None]]:
    """Kind and notice of all that happened to posts."""
    return [(e.kind, e.notice) for e in await Event.exclude(post_id="").order_by("id")]


async def error_of(work: Any) -> type[PostError] | None:
    try:
        await work
    except PostError as error:
        return type(error)
    return None


async def test_a_draft_keeps_all_that_was_typed_and_has_no_deliveries(world: World) -> None:
    image = await picture(world.runtime)

    draft = sketch(world, media=(image,), due_at=world.runtime.clock.now())
    await posts.save_draft(world.runtime, draft)

    found = await posts.find(world.workspace.id, draft.id)
    assert Words.of(found.post) == draft.words
    assert Plan.of(found.post) == draft.plan
    assert (found.post.timezone, found.post.due_at) == ("Europe/Berlin", draft.due_at)
    assert [file.key for file in found.media] == [image.key]
    assert (found.deliveries, found.summary) == ((), Summary.DRAFT)
    assert await history() == [("post.drafted", None)]


async def test_a_draft_that_is_saved_again_is_the_same_post_with_its_new_files(
    world: World,
) -> None:
    first = await picture(world.runtime)
    draft = sketch(world, media=(first,))
    stored = await posts.save_draft(world.runtime, draft)

    again = replace(draft, author=BOB, words=Words(text="More"), media=(), revision=1)
    saved = await posts.save_draft(world.runtime, again)

    post = await Post.get()
    assert (post.text, post.revision, post.author) == ("More", 2, ALICE)
    assert (saved.revision, saved.author, saved.created_at) == (2, ALICE, stored.created_at)
    assert await MediaFile.all().count() == 0


async def test_of_two_who_save_at_once_one_is_told_and_nothing_is_overwritten(
    world: World,
) -> None:
    draft = sketch(world)
    await posts.save_draft(world.runtime, draft)
    mine, theirs = (
        replace(draft, words=Words(text=text), revision=1) for text in ("Mine", "Theirs")
    )

    errors = await asyncio.gather(
        error_of(posts.save_draft(world.runtime, mine)),
        error_of(posts.save_draft(world.runtime, theirs)),
    )

    assert sorted(str(each) for each in errors) == [str(Changed), "None"]
    assert (await Post.get()).text == ("Mine" if errors[0] is None else "Theirs")


async def test_a_new_draft_that_is_sent_twice_is_stored_once(world: World) -> None:
    draft = sketch(world)

    errors = await asyncio.gather(
        *(error_of(posts.save_draft(world.runtime, draft)) for _ in range(3))
    )

    assert sorted(str(each) for each in errors) == [str(Changed), str(Changed), "None"]
    assert await Post.all().count() == 1


async def test_a_draft_becomes_a_post_with_the_same_id(world: World) -> None:
    draft = sketch(world)
    await posts.save_draft(world.runtime, draft)

    post = await posts.schedule(world.runtime, whole(world, draft))

    stored = await Post.get()
    assert (post.id, stored.id) == (draft.id, draft.id)
    assert (stored.text, stored.state, stored.plan) == ("All of it", PostState.SCHEDULED, None)
    assert (await Delivery.get()).post_id == draft.id
    assert await history() == [("post.drafted", None), ("post.scheduled", "card")]


@pytest.mark.parametrize("attempt", range(3))
async def test_a_draft_that_is_scheduled_twice_at_once_becomes_one_post(
    world: World, attempt: int
) -> None:
    draft = sketch(world)
    await posts.save_draft(world.runtime, draft)

    errors = await asyncio.gather(
        *(error_of(posts.schedule(world.runtime, whole(world, draft))) for _ in range(2)),
        error_of(posts.save_draft(world.runtime, replace(draft, revision=1))),
        return_exceptions=False,
    )

    assert errors.count(None) == 1
    assert await Post.all().count() == 1
    assert await Delivery.all().count() == (errors[2] is not None)


async def test_a_draft_that_changed_meanwhile_is_not_scheduled(world: World) -> None:
    draft = sketch(world)
    await posts.save_draft(world.runtime, draft)
    await posts.save_draft(world.runtime, replace(draft, revision=1))

    with pytest.raises(Changed) as told:
        await posts.schedule(world.runtime, whole(world, draft, revision=1))

    assert told.value.revision == 2
    assert await Delivery.all().count() == 0
    assert (await Post.get()).state is PostState.DRAFT


async def test_a_draft_that_does_not_fit_stays_a_draft(world: World) -> None:
    draft = sketch(world)
    await posts.save_draft(world.runtime, draft)

    with pytest.raises(Unfit):
        await posts.schedule(
            world.runtime, whole(world, draft, words=Words(text="\n---\n".join("x" * 30)))
        )

    assert (await Post.get()).state is PostState.DRAFT


async def test_a_draft_that_was_deleted_is_stored_by_nobody(world: World) -> None:
    draft = sketch(world)
    await posts.save_draft(world.runtime, draft)
    await posts.delete_draft(
        world.runtime, Ref(workspace_id=world.workspace.id, post_id=draft.id, actor=ALICE)
    )

    saved = await error_of(posts.save_draft(world.runtime, replace(draft, revision=1)))
    scheduled = await error_of(posts.schedule(world.runtime, whole(world, draft)))

    assert (saved, scheduled) == (Gone, Gone)
    assert await Post.all().count() == 0
    assert await history() == [("post.drafted", None), ("post.deleted", None)]


async def test_what_is_no_draft_any_more_is_neither_deleted_nor_saved(world: World) -> None:
    delivery = await world.schedule(seconds=3600)
    ref = Ref(workspace_id=world.workspace.id, post_id=delivery.post_id, actor=ALICE)

    with pytest.raises(TooLate, match="scheduled"):
        await posts.delete_draft(world.runtime, ref)
    with pytest.raises(TooLate, match="scheduled"):
        await posts.save_draft(world.runtime, sketch(world, id=delivery.post_id, revision=1))
    with pytest.raises(TooLate, match="scheduled"):
        await posts.schedule(world.runtime, whole(world, sketch(world, id=delivery.post_id)))

    assert await Delivery.all().count() == 1


async def test_a_draft_of_another_workspace_does_not_exist(world: World) -> None:
    draft = sketch(world)
    await posts.save_draft(world.runtime, draft)
    other = await members.workspace(world.runtime, "T0OTHER")

    deleted = await error_of(
        posts.delete_draft(world.runtime, Ref(workspace_id=other.id, post_id=draft.id, actor=BOB))
    )
    saved = await error_of(
        posts.save_draft(world.runtime, replace(draft, workspace_id=other.id, revision=1))
    )

    assert (deleted, saved) == (NoSuchPost, Gone)
    assert (await Post.get()).text == "Half a"


async def test_the_drafts_of_an_author_are_listed_newest_change_first(world: World) -> None:
    old, new = sketch(world), sketch(world)
    for each in (old, new, sketch(world, author=BOB)):
        await posts.save_draft(world.runtime, each)
    await posts.save_draft(world.runtime, replace(old, revision=1))
    await world.schedule(seconds=3600)

    found = await posts.drafts(world.workspace.id, ALICE)

    assert [each.post.id for each in found] == [old.id, new.id]
