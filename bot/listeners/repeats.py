"""Somebody looks after what is repeated: `/schedule-post repeats` lists the series, with buttons to
skip, pause, resume, change and stop each. A second click changes nothing."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot import draft_rules, draft_times, permissions
from bot.draft_times import When
from bot.listeners.wording import subcommand, text_of_command
from bot.long_texts import MOST_TYPED
from bot.slack import known_member, respond
from bot.view_state import typed
from bot.views import ids
from bot.views import series as views
from scheduler import occurrences, series
from scheduler.models import Member, Series
from scheduler.post_errors import PostError, Unfit
from scheduler.recurrence import Rule, WrongRule
from scheduler.runtime import Runtime
from scheduler.series import SeriesRef

Json = dict[str, Any]

EMPTY = "Write a text; this series has nothing else."
TOO_LONG = (
    "The text of this series is longer than a form in Slack can hold. Stop the series and repeat a "
    "new post."
)


def register(app: AsyncApp, runtime: Runtime) -> None:
    story = Repeats(runtime)
    app.command(ids.COMMAND, matchers=[asks_for_repeats])(story.show)
    app.action(ids.SERIES_SKIP)(story.skip)
    app.action(ids.SERIES_PAUSE)(story.pause)
    app.action(ids.SERIES_RESUME)(story.resume)
    app.action(ids.SERIES_STOP)(story.stop)
    app.action(ids.SERIES_EDIT)(story.open_edit)
    app.view(ids.SERIES_MODAL)(story.edit)


async def asks_for_repeats(command: Json) -> bool:
    return subcommand(text_of_command(command.get("text") or "")) == ("repeats", "")


class Repeats:
    """The listeners of this story. What cannot be done is raised as a `PostError`, which the app
    shows where the member acted."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def show(self, ack: AsyncAck, context: AsyncBoltContext) -> None:
        await ack(await self._list(await self._member(context)))

    async def skip(
        self, ack: AsyncAck, action: Json, body: Json, context: AsyncBoltContext
    ) -> None:
        async def skip(runtime: Runtime, ref: SeriesRef) -> None:
            await series.skip_next(runtime, ref, str(action.get("value") or ""))

        await self._do(skip, ack, body, context)

    async def pause(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        await self._do(series.pause, ack, body, context)

    async def resume(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        await self._do(series.resume, ack, body, context)

    async def stop(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        await self._do(series.stop, ack, body, context)

    async def open_edit(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        found, _ = await self._allowed(_clicked(body), context)
        if len(found.text.encode("utf-16-le")) // 2 > MOST_TYPED:
            raise PostError(TOO_LONG)
        rule = Rule.of(found.rule)
        when = draft_rules.fields(rule, When(zone=rule.zone))
        view = self._form(found, found.text, when)
        await context.client.views_open(trigger_id=body["trigger_id"], view=view)
        await ack()

    async def edit(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        view = body["view"]
        memory, values = json.loads(view["private_metadata"]), view["state"]["values"]
        found, member = await self._allowed(memory["series"], context)
        text = typed(values, ids.SERIES_TEXT)
        when = replace(draft_times.read(values, memory), way=ids.COMPOSER_REPEAT)
        wrong = draft_rules.problems(when, self._runtime.clock.now())
        if not text.strip() and not found.media:
            wrong[ids.SERIES_TEXT] = [EMPTY]
        fields = [block.get("block_id") for block in view["blocks"]]
        lacks = (when.how.startswith("week:") and ids.COMPOSER_WEEKDAYS not in fields) or (
            ids.COMPOSER_FOLD in wrong and ids.COMPOSER_FOLD not in fields
        )
        if lacks:
            # The fields that the new rule needs appear first.
            await ack(response_action="update", view=self._form(found, text, when))
            return
        if wrong:
            await _refuse(ack, wrong)
            return
        words, rule = replace(occurrences.words(found), text=text), draft_rules.rule(when)
        try:
            own = await series.edit_all(self._runtime, _ref(found, member), words, rule)
        except WrongRule as error:
            await _refuse(ack, {ids.COMPOSER_HOW: [str(error)]})
        except Unfit as error:
            await _refuse(ack, {ids.SERIES_TEXT: [str(error)]})
        else:
            fresh = await series.find(found.workspace_id, found.id)
            shown = await series.show(fresh, self._runtime.clock.now())
            coming = [at for at, _ in shown.coming]
            await ack(response_action="update", view=views.changed(fresh, coming, own))

    async def _do(
        self,
        deed: Callable[[Runtime, SeriesRef], Awaitable[None]],
        ack: AsyncAck,
        body: Json,
        context: AsyncBoltContext,
    ) -> None:
        """Does it and shows the list as it stands then, also when it could not be done."""
        found, member = await self._allowed(_clicked(body), context)
        try:
            await deed(self._runtime, _ref(found, member))
        finally:
            await ack()
            if context.response_url:
                message = {**await self._list(member), "replace_original": True}
                await respond(context.client, context.response_url, message)

    async def _allowed(self, series_id: str, context: AsyncBoltContext) -> tuple[Series, Member]:
        found = await series.find(context["workspace_id"], series_id)
        member = await self._member(context)
        permissions.demand(
            permissions.may_act_on_series(member, found), permissions.NOT_YOUR_SERIES
        )
        return found, member

    async def _member(self, context: AsyncBoltContext) -> Member:
        return await known_member(
            self._runtime,
            context.client,
            workspace_id=context["workspace_id"],
            user_id=str(context.user_id),
        )

    async def _list(self, member: Member) -> Json:
        shown, count = await series.going_on(self._runtime, member.workspace_id)
        rows = [
            views.Row(shown=each, may_act=permissions.may_act_on_series(member, each.series))
            for each in shown
        ]
        return views.series_list(rows, count)

    def _form(self, found: Series, text: str, when: When) -> Json:
        now = self._runtime.clock.now()
        note, odd = draft_rules.note(when, now), draft_rules.odd(when, now)
        return views.edit_form(found, text, when, note=note, odd=odd)


async def _refuse(ack: AsyncAck, wrong: dict[str, list[str]]) -> None:
    errors = {place: " ".join(sentences) for place, sentences in wrong.items()}
    await ack(response_action="errors", errors=errors)


def _clicked(body: Json) -> str:
    """The id of the series whose button was pressed."""
    return str(body["actions"][0].get("block_id") or "").rpartition(":")[2]


def _ref(found: Series, member: Member) -> SeriesRef:
    return SeriesRef(workspace_id=found.workspace_id, series_id=found.id, actor=member.user_id)
