"""The forms that put posts right fit Slack and remember what they are about."""

from __future__ import annotations

import pytest

from bot.views.recovery import Reply, Target, memory, post_manually, read_target
from sandbox.slack.rules import check_view
from scheduler.platforms import ManualKit
from scheduler.states import State
from tests.bot.post_world import delivery, found, image


@pytest.mark.parametrize(
    "text", ["", "👩‍👩‍👧‍👦" * 140, "&" * 5000, "a" * 280], ids=["none", "emoji", "long", "plain"]
)
def test_the_kit_for_posting_by_hand_fits_slacks_limits(text: str) -> None:
    row = delivery(State.FAILED)
    post = found(row, text=text, media=tuple(image(name="n" * 255) for _ in range(10)))
    kit = ManualKit(url="https://x.com/intent/tweet", pastes=(("Text", text),), steps=("Go.",))

    view = post_manually(post, row, kit, Target(post_id=post.post.id, delivery_id=1))

    assert check_view(view, surface="modal") == []


def test_a_form_remembers_what_it_is_about() -> None:
    reply = Reply(channel="D0", ts="1.2", text="“Hi” was not published")
    target = Target(post_id="k7m2p9xq4w", delivery_id=7, reply=reply)

    assert read_target({"private_metadata": memory(target)}) == target


def test_a_form_forgets_a_message_that_is_too_long_to_remember() -> None:
    reply = Reply(channel="D0", ts="1.2", text="👩‍👩‍👧‍👦" * 400)

    written = memory(Target(post_id="k7m2p9xq4w", reply=reply))

    assert read_target({"private_metadata": written}) == Target(post_id="k7m2p9xq4w")
