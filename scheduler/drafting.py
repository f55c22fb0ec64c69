"""Posts that somebody still writes: they have no deliveries, and keep all that was typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from scheduler.contents import Words
from scheduler.database import transaction
from scheduler.media import StoredMedia
from scheduler.models import MediaFile, Post
from scheduler.post_errors import Changed, Gone, NoSuchPost, PostError, TooLate
from scheduler.post_rows import Ref, note, store_media
from scheduler.runtime import Runtime
from scheduler.states import PostState


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a draft is meant for. `typed` is what the form knows beside, in its own words."""

    account_ids: tuple[int, ...] = ()
    #: By account id.
    places: Mapping[int, str] = field(default_factory=dict)
    typed: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, post: Post) -> Plan:
        kept = post.plan or {}
        return cls(
            account_ids=tuple(kept.get("accounts", [])),
            places={int(id_): place for id_, place in kept.get("places", {}).items()},
            typed=kept.get("typed", {}),
        )

    def column(self) -> dict[str, Any]:
        """The column of a post that holds this plan."""
        places = {str(id_): place for id_, place in self.places.items()}
        return {"accounts": list(self.account_ids), "places": places, "typed": dict(self.typed)}


@dataclass(frozen=True, kw_only=True)
class NewDraft:
    """What a person has written so far. `due_at` is empty where no time is chosen, or none that
    says an instant; `revision` is that of the draft as it was read, 0 for a new one."""

    id: str
    workspace_id: int
    author: str
    words: Words
    timezone: str
    plan: Plan
    due_at: datetime | None = None
    media: tuple[StoredMedia, ...] = ()
    revision: int = 0


async def save_draft(runtime: Runtime, draft: NewDraft) -> Post:
    """Stores a draft, whatever is still wrong with it; of a stored one, the new state of it. The
    author of a stored one stays. Raises `Changed`, `Gone` or `TooLate`; nothing is stored then."""
    now = runtime.clock.now()
    post = Post(
        id=draft.id,
        workspace_id=draft.workspace_id,
        author=draft.author,
        **draft.words.columns(),
        state=PostState.DRAFT,
        due_at=draft.due_at,
        plan=draft.plan.column(),
        timezone=draft.timezone,
        revision=draft.revision + 1,
        created_at=now,
        updated_at=now,
    )
    try:
        async with transaction() as connection:
            if draft.revision:
                await _replace(connection, post, draft.revision)
            else:
                await post.save(using_db=connection, force_create=True)
            await store_media(connection, post, draft.media)
            await note(connection, post, "post.drafted", draft.author, now, notice=None)
    except IntegrityError as error:
        raise await why_not_stored(draft.workspace_id, draft.id, error) from error
    return post


async def delete_draft(runtime: Runtime, ref: Ref) -> None:
    """Throws a draft away. Raises `NoSuchPost`, or `TooLate` when it is no draft any more."""
    async with transaction() as connection:
        if not await _draft(ref.workspace_id, ref.post_id).using_db(connection).delete():
            found = await _found(ref.workspace_id, ref.post_id)
            raise _no_draft(found) if found else NoSuchPost
        gone = Post(id=ref.post_id, workspace_id=ref.workspace_id)
        await note(connection, gone, "post.deleted", ref.actor, runtime.clock.now(), notice=None)


async def turn_into(connection: BaseDBAsyncClient, post: Post, revision: int) -> None:
    """Makes a post of the draft that has its id, if it is still as it was read. Raises `Changed`,
    `Gone` or `TooLate`."""
    post.plan, post.revision = None, revision + 1
    await _replace(connection, post, revision)


async def use_up(connection: BaseDBAsyncClient, ref: Ref, revision: int, now: datetime) -> None:
    """Takes a draft away because something else was made of it, if it is still as it was read.
    Raises `Changed`, `Gone` or `TooLate`."""
    gone = Post(id=ref.post_id, workspace_id=ref.workspace_id)
    same = _draft(ref.workspace_id, ref.post_id).filter(revision=revision).using_db(connection)
    if not await same.delete():
        raise await _why_not_replaced(gone)
    await note(connection, gone, "post.deleted", ref.actor, now, notice=None)


async def why_not_stored(workspace_id: int, post_id: str, error: IntegrityError) -> Exception:
    """Why a new post could not be stored under its id."""
    found = await _found(workspace_id, post_id)
    if found is None:
        return error
    return Changed(found.revision) if found.state is PostState.DRAFT else _no_draft(found)


async def _replace(connection: BaseDBAsyncClient, post: Post, revision: int) -> None:
    columns = (
        "text",
        "variants",
        "link",
        "title",
        "first_comment",
        "state",
        "due_at",
        "plan",
        "review_at",
    )
    news = {name: getattr(post, name) for name in (*columns, "timezone", "updated_at")}
    query = _draft(post.workspace_id, post.id).filter(revision=revision).using_db(connection)
    if not await query.update(**news, revision=F("revision") + 1):
        raise await _why_not_replaced(post)
    stored = await Post.filter(id=post.id).using_db(connection).first()
    assert stored is not None
    post.author, post.created_at = stored.author, stored.created_at
    await MediaFile.filter(post_id=post.id).using_db(connection).delete()


async def _why_not_replaced(post: Post) -> PostError:
    found = await _found(post.workspace_id, post.id)
    if found is None:
        return Gone()
    return Changed(found.revision) if found.state is PostState.DRAFT else _no_draft(found)


async def _found(workspace_id: int, post_id: str) -> Post | None:
    return await Post.get_or_none(id=post_id, workspace_id=workspace_id)


def _no_draft(found: Post) -> TooLate:
    return TooLate(
        f"This is no draft any more: it was {found.state.value} meanwhile. It is not stored a "
        f"second time; its card in the author's direct messages shows how it stands."
    )


def _draft(workspace_id: int, post_id: str) -> Any:
    return Post.filter(id=post_id, workspace_id=workspace_id, state=PostState.DRAFT)
