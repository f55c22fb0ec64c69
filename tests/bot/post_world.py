"""Posts in every state, made of values alone, and moved as the engine moves them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from scheduler import posts, states
from scheduler.contents import Words
from scheduler.deliveries import Step
from scheduler.models import Account, Delivery, MediaFile, Post
from scheduler.posts import Found, NewPost
from scheduler.runtime import Runtime
from scheduler.states import Move, PostState, State

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SOON = NOW + timedelta(hours=1)


def found(
    *deliveries: Delivery, text: str = "We open at nine!", media: tuple[MediaFile, ...] = ()
) -> Found:
    """A post with these deliveries, each at an account of its own."""
    post = Post(
        id="k7m2p9xq4w",
        author="U0ALICE",
        text=text,
        state=PostState.SCHEDULED,
        due_at=SOON,
        created_at=NOW,
        updated_at=NOW,
    )
    post.workspace_id = 1
    named = {each.account_id: Account(id=each.account_id, username="acme") for each in deliveries}
    return Found(post=post, deliveries=deliveries, accounts=named, media=media)


def delivery(state: State = State.SCHEDULED, id_: int = 1, **values: Any) -> Delivery:
    given = {"platform": "x", "due_at": SOON, "fence": 3, "since": NOW, **values}
    made = Delivery(id=id_, state=state, **given)
    # Tortoise makes this a field of the constructor only with a database at hand.
    made.account_id = id_
    return made


def asked(id_: int = 1, **values: Any) -> Delivery:
    return delivery(State.UNCONFIRMED, id_, asked_at=NOW, next_attempt_at=None, **values)


def image(**values: Any) -> MediaFile:
    given = {
        "position": 0,
        "name": "cat.png",
        "key": "k",
        "kind": "image",
        "mime": "image/png",
        "size": 1,
        "sha256": "0",
        "slack_file_id": "F0CAT",
        **values,
    }
    return MediaFile(**given)


async def make_account(workspace_id: int, username: str = "acme") -> Account:
    return await Account.create(
        workspace_id=workspace_id,
        platform="x",
        remote_id=username,
        username=username,
        name=username.title(),
        connected_by="U0ALICE",
        connected_at=NOW,
    )


async def schedule(
    runtime: Runtime,
    *accounts: Account,
    text: str = "We open at nine!",
    author: str = "U0ALICE",
    due_at: datetime | None = None,
) -> Found:
    """A post as people make it, due in an hour unless said otherwise."""
    new = NewPost(
        workspace_id=accounts[0].workspace_id,
        author=author,
        words=Words(text=text),
        account_ids=tuple(account.id for account in accounts),
        timezone="UTC",
        due_at=due_at or runtime.clock.now() + timedelta(hours=1),
        means_it_twice=True,
    )
    post = await posts.schedule(runtime, new)
    return await posts.find(post.workspace_id, post.id)


async def move(runtime: Runtime, where: Found | Delivery, *moves: Move, **values: Any) -> Found:
    """Moves the deliveries of a post, or one, as the engine would."""
    rows = [where] if isinstance(where, Delivery) else [*where.deliveries]
    for row in rows:
        for each in moves:
            fresh = await Delivery.get(id=row.id)
            taken = {name: _VALUES[name] for name in each.takes} | {
                name: value for name, value in values.items() if name in each.takes
            }
            step = Step(move=each, id=fresh.id, fence=fresh.fence, values=taken)
            assert await runtime.ledger.move(step)
    return await posts.find(rows[0].workspace_id, rows[0].post_id)


async def fail(runtime: Runtime, where: Found | Delivery, reason: str = "X refused it.") -> Found:
    return await move(runtime, where, *TO_PREPARING, states.FAIL, reason=reason)


async def strand(runtime: Runtime, where: Found | Delivery) -> Found:
    said = {"cause": "platform", "reason": "Waits because X is down."}
    return await move(runtime, where, *TO_PREPARING, states.STRAND, **said)


async def park(runtime: Runtime, where: Found | Delivery) -> Found:
    """As when the access to its account ended."""
    said = {"cause": "authentication", "reason": "The access ended.", "next_attempt_at": None}
    return await move(runtime, where, states.PARK, **said)


async def miss(runtime: Runtime, where: Found | Delivery) -> Found:
    return await move(runtime, where, states.MISS, reason="Postbot was not running.")


async def publish(runtime: Runtime, where: Found | Delivery) -> Found:
    link = "https://x.com/acme/status/1"
    return await move(runtime, where, *TO_PUBLISHING, states.PUBLISH, permalink=link)


async def ask(runtime: Runtime, where: Found | Delivery) -> Found:
    """Sent without an answer, looked for in vain; only a person can tell."""
    now = runtime.clock.now()
    moves = (*TO_PUBLISHING, states.HOLD_UNCONFIRMED, states.ASK)
    return await move(runtime, where, *moves, asked_at=now, reason="X did not answer.")


TO_PREPARING = (states.STAGE, states.CLAIM)
TO_PUBLISHING = (*TO_PREPARING, states.BEGIN_PUBLISHING)
_VALUES: dict[str, Any] = {
    "owner": 1,
    "next_attempt_at": None,
    "attempts": 1,
    "cause": "content",
    "kind": "",
    "reason": "",
    "remote_id": "",
    "permalink": "",
    "published_at": NOW,
    "asked_at": NOW,
    "due_at": NOW,
    "priority": 5,
    "looks": 1,
}
