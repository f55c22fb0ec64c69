"""From a draft to all that the composer shows of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from slack_bolt.async_app import AsyncBoltContext

from bot import draft_problems, draft_rules, draft_times, files, permissions
from bot.draft_times import When
from bot.drafts import Draft
from bot.views import compose as views
from bot.views import ids
from bot.views import preview as preview_views
from bot.views.accounts import Connect
from bot.views.compose import Form
from bot.views.compose_accounts import Choice, PlaceField
from bot.web.connect import connect_buttons
from scheduler import accounts, free_slots, members, platforms, posts, previews
from scheduler.models import Account
from scheduler.post_errors import WrongTime
from scheduler.runtime import Runtime
from scheduler.walltime import away, shown

Json = dict[str, Any]


async def composer(
    runtime: Runtime, context: AsyncBoltContext, draft: Draft, *, notice: str = "", **more: bool
) -> Json:
    """The view of a draft for whoever acts; `more` as in `form`."""
    filled = await form(
        runtime,
        draft,
        workspace_id=context["workspace_id"],
        user_id=str(context.user_id),
        **more,
    )
    return views.composer(replace(filled, notice=notice))


async def form(
    runtime: Runtime,
    draft: Draft,
    *,
    workspace_id: int,
    user_id: str,
    is_new: bool = False,
    chooses: bool = False,
    asks_twice: bool = False,
) -> Form:
    """The composer of a draft. In a new one, and in one that `chooses`, the accounts of the
    member's newest post are chosen already, or the only one of the workspace."""
    connected = await accounts.connected(workspace_id)
    if (is_new or chooses) and not draft.revision and not draft.account_ids:
        used = await posts.last_accounts(workspace_id, user_id)
        only = [connected[0].id] if len(connected) == 1 else []
        usual = [account.id for account in connected if account.id in used]
        draft = replace(draft, account_ids=tuple(usual or only))
    chosen = [account for account in connected if account.id in draft.account_ids]
    names = sorted({account.platform for account in chosen})
    draft, when_note = await _timed(runtime, draft, chosen)
    return Form(
        draft=draft,
        accounts=[_choice(account) for account in connected],
        connects=[] if connected else await _connects(runtime, workspace_id, user_id),
        rooms=platforms.rooms(draft.words, names),
        hints=_hints(runtime, draft, chosen),
        notes=draft_problems.notes(runtime, draft, chosen),
        when_note=when_note,
        repeated=draft_times.repeated(draft.when, runtime.clock.now()),
        odd=draft_rules.odd(draft.when, runtime.clock.now()) if draft.when.repeats else None,
        platforms={name: platforms.label(name) for name in names},
        used=platforms.used_fields(names),
        places=[_place(account, draft) for account in chosen if _has_places(account)],
        asks_twice=asks_twice,
        takes_focus=is_new,
    )


async def preview(runtime: Runtime, draft: Draft, *, workspace_id: int) -> Json:
    """The view that shows how a draft would look on each platform."""
    connected = await accounts.connected(workspace_id)
    chosen = [account for account in connected if account.id in draft.account_ids]
    draft, when_note = await _timed(runtime, draft, chosen)
    known = await files.known(workspace_id, draft.uploads)
    media = [
        replace(known[file.stored], alt_text=alt_text)
        if file.stored in known
        else platforms.announced(name=file.name, mime=file.mime, size=file.size, alt_text=alt_text)
        for file, alt_text in zip(draft.uploads, draft.alt_texts, strict=False)
    ]
    names = {
        value: name for each in chosen if _has_places(each) for value, name in _names(each, draft)
    }
    shown = previews.previews(runtime, draft.words, media, chosen, draft.places)
    return preview_views.preview(shown, when_note, names)


def _names(account: Account, draft: Draft) -> list[tuple[str, str]]:
    """What the places of an account are called, by value."""
    place = _place(account, draft)
    return [*place.options.items(), *([place.chosen] if place.chosen else [])]


async def _connects(runtime: Runtime, workspace_id: int, user_id: str) -> list[Connect] | None:
    known = await members.stale_member(workspace_id, user_id)
    member = known or await members.stranger(runtime, workspace_id, user_id)
    if not permissions.may_connect(member):
        return None
    return connect_buttons(runtime, workspace_id=workspace_id, user_id=user_id)


def _choice(account: Account) -> Choice:
    return Choice(
        id=account.id,
        label=f"{platforms.label(account.platform)} · @{account.username}",
        platform=platforms.label(account.platform),
        needs_reconnect=account.health == accounts.BROKEN,
    )


def _has_places(account: Account) -> bool:
    return bool(platforms.fixed_places(account.platform)) or platforms.has_places(account.platform)


def _place(account: Account, draft: Draft) -> PlaceField:
    options = {place.id: place.name for place in platforms.fixed_places(account.platform)}
    first = next(iter(options), "")
    value = draft.places.get(account.id) or str(account.defaults.get("place") or first)
    known = {str(account.defaults.get("place")): str(account.defaults.get("place_name") or value)}
    name = {**known, **draft.place_names, **options}.get(value, value)
    return PlaceField(
        account_id=account.id,
        label=f"Where on {platforms.label(account.platform)} · @{account.username}",
        options=options,
        chosen=(value, name) if value else None,
    )


def _hints(runtime: Runtime, draft: Draft, chosen: Sequence[Account]) -> list[str]:
    """Problems worth telling while somebody still writes; an empty form has none."""
    if not draft.text.strip() and not draft.uploads:
        return []
    found = draft_problems.content_problems(runtime, draft, chosen)
    return [sentence for sentences in found.values() for sentence in sentences]


async def _timed(runtime: Runtime, draft: Draft, chosen: Sequence[Account]) -> tuple[Draft, str]:
    """The draft with the slots that it would take, and what its time means."""
    now = runtime.clock.now()
    if draft.when.repeats:
        return draft, draft_rules.note(draft.when, now)
    if draft.when.way != ids.COMPOSER_SLOT:
        when = draft_times.read_back(draft.when, now)
        return replace(draft, when=when), _when_note(when, now)
    if not chosen:
        return draft, "Choose an account to see its next free slot."
    try:
        slots = await free_slots.next_free(chosen, now)
    except WrongTime as error:
        return draft, str(error)
    return (
        replace(draft, when=replace(draft.when, seen=draft_times.mark(slots))),
        slots_note(chosen, slots, now),
    )


def slots_note(chosen: Sequence[Account], slots: Mapping[int, datetime], now: datetime) -> str:
    """Which slot a post would take at each account."""
    return "\n".join(
        f"{platforms.label(each.platform)} @{each.username}: "
        f"{shown(slots[each.id], each.slots_zone)}, {away(slots[each.id], now)}."
        for each in chosen
        if each.id in slots
    )


def _when_note(when: When, now: datetime) -> str:
    if when.is_now:
        return "It goes out as soon as you send this form."
    if not when.words and not (when.date and when.time):
        return ""
    wrong = draft_times.wrong(when, now)
    if wrong:
        return " ".join(sentence for sentences in wrong.values() for sentence in sentences)
    return draft_times.meaning(when, now)
