"""The preview shows the form as it stands, exactly as it would go out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.views import ids, preview
from sandbox.slack.rules import check_view
from scheduler.models import Account
from scheduler.platforms import Room
from scheduler.previews import Preview, PreviewFile
from tests.bot.desk import ALICE, Desk, Form, has, png
from tests.bot.post_world import make_account

Json = dict[str, Any]


@pytest.fixture
async def page(desk: Desk) -> Account:
    """A Page on Facebook, beside the account on X."""
    made = await make_account(desk.workspace.id, "acme.page")
    await Account.filter(id=made.id).update(platform="facebook")
    return await Account.get(id=made.id)


async def look(form: Form) -> Json:
    """Presses Preview; the view that lies on the form then."""
    await form.desk.does(
        "action",
        ALICE,
        container={"type": "view", "view_id": form.id},
        block_id=ids.COMPOSER_BUTTONS,
        action_id=ids.COMPOSER_PREVIEW,
    )
    shown = await form.desk.sees(lambda s: len(s["views"]) == 2 and s["views"][-1]["view"])
    return dict(shown)


async def test_each_platform_shows_its_own_text_files_and_place(
    desk: Desk, account: Account, page: Account
) -> None:
    form = await desk.compose("For all")
    await form.type(accounts=[str(account.id), str(page.id)])
    await form.shows("Adapt per platform", "First comment")
    await form.type(adapt=[ids.COMPOSER_YES])
    await form.shows("Text on X")
    await form.fill(**{"variant:x": "One\n---\nTwo <!channel>", "first_comment": "Ask us"})
    await form.fill(media=[await desk.upload("a.png", png())], alt_text="A square")

    view = await look(form)

    assert has(view, "To @acme", "To @acme.page", "For all", "Ask us")
    assert has(view, "1. *a.png* · Alt text: A square")
    assert has(view, '"One"', '"Two <!channel>"', "a thread of 2 posts", "It goes out on ")


async def test_the_preview_follows_the_form(desk: Desk, account: Account) -> None:
    form = await desk.compose("First")
    await look(form)
    state = await desk.state()
    await desk.does("close", view_id=state["views"][-1]["view"]["id"])
    await form.fill(text="Second")

    view = await look(form)

    assert has(view, '"Second"')
    assert not has(view, '"First"')


async def test_what_does_not_fit_is_told_in_the_preview(desk: Desk, account: Account) -> None:
    form = await desk.compose("\n---\n".join(f"Part {number}" for number in range(26)))

    assert has(await look(form), "26 posts", "the most is 25")


async def test_without_an_account_the_preview_asks_for_one(desk: Desk, account: Account) -> None:
    form = await desk.compose("Hello")
    await form.fill(accounts=[])

    assert has(await look(form), preview.NO_ACCOUNT)


@pytest.mark.parametrize("letter", ["a", "日", "\x01", "👩"])
def test_a_preview_fits_however_much_there_is(letter: str) -> None:
    text = letter * 63_000
    each = Preview(
        label="Facebook",
        targets=tuple(("acme" * 30, "place" * 30) for _ in range(100)),
        room=Room(label="Facebook", filled="1", excess=9, price="$1"),
        texts=tuple(("Text", text[:3000]) for _ in range(30)),
        files=tuple(
            PreviewFile(name=text[:255], alt_text=text[:2000], changes=(text[:500],) * 4)
            for _ in range(10)
        ),
        problems=(text[:2000],) * 30,
    )

    view = preview.preview([each] * 4, text[:5000], {})

    assert check_view(view, surface="modal") == []
    assert len(json.dumps(view)) < 250_000
