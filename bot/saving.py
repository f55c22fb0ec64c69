"""From a filled-in form to a stored post."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from slack_sdk.web.async_client import AsyncWebClient

from bot import draft_problems, draft_rules, draft_times, drafts
from bot.draft_problems import Problems
from bot.drafts import Draft
from bot.files import Files, FilesRefused
from bot.forms import slots_note
from bot.views import ids
from scheduler import accounts, free_slots, posts, rewriting, series
from scheduler.contents import Words
from scheduler.models import Post, Series
from scheduler.posts import NewDraft, NewPost, Ref
from scheduler.recurrence import WrongRule
from scheduler.runtime import Runtime
from scheduler.series import NewSeries
from scheduler.states import PostState, State
from scheduler.walltime import shown

GONE = (
    "This draft was deleted meanwhile, so nothing was scheduled. To keep what stands here press "
    "Save as Draft, which makes a new one."
)
NO_SERIES = (
    "A post that is stored already cannot be repeated. Choose another time here, and use Duplicate "
    "on its card for a post that repeats."
)


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A stored post or series, or the problems because of which nothing was stored. `newer` is the
    revision that somebody else stored meanwhile."""

    post: Post | None = None
    series: Series | None = None
    due: datetime | None = None
    problems: Problems = field(default_factory=dict)
    newer: int = 0


class Saver:
    """Stores what members send."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._files = Files(runtime)

    async def schedule(
        self, slack: AsyncWebClient, draft: Draft, workspace_id: int, author: str
    ) -> Saved:
        """Stores the post, or the series, of a form whose fields were found in order, or what a
        post is edited to."""
        if draft.edits and draft.when.repeats:
            return Saved(problems={ids.COMPOSER_WHEN: [NO_SERIES]})
        if draft.when.repeats:
            return await self._repeat(slack, draft, workspace_id, author)
        slots, problems = await self._free_slots(draft, workspace_id)
        if problems:
            return Saved(problems=problems)
        try:
            media = await self._files.take(slack, workspace_id, draft.uploads, draft.alt_texts)
            due = draft_times.instant(draft.when, self._runtime.clock.now())
            assert due is None or isinstance(due, datetime)
            new = NewPost(
                id=draft.id,
                revision=draft.base,
                workspace_id=workspace_id,
                author=author,
                words=draft.words,
                account_ids=draft.account_ids,
                timezone=draft.when.zone,
                due_at=due,
                slots=slots,
                media=tuple(media),
                places=draft.places,
                means_it_twice=draft.twice,
            )
            if draft.edits:
                ref = Ref(workspace_id=workspace_id, post_id=draft.id, actor=author)
                post = await rewriting.rewrite(self._runtime, ref, new)
            else:
                post = await posts.schedule(self._runtime, new)
            return Saved(post=post, due=None if draft.when.is_now else post.due_at)
        except FilesRefused as error:
            return Saved(problems={ids.COMPOSER_MEDIA: error.sentences})
        except posts.Changed as error:
            return _changed(error)
        except posts.PostError as error:
            return Saved(problems=_problems(error, draft))

    async def _repeat(
        self, slack: AsyncWebClient, draft: Draft, workspace_id: int, author: str
    ) -> Saved:
        try:
            media = await self._files.take(slack, workspace_id, draft.uploads, draft.alt_texts)
            new = NewSeries(
                id=draft.id,
                draft_revision=draft.base,
                workspace_id=workspace_id,
                author=author,
                words=draft.words,
                account_ids=draft.account_ids,
                rule=draft_rules.rule(draft.when),
                media=tuple(media),
                places=draft.places,
            )
            return Saved(series=await series.begin(self._runtime, new))
        except FilesRefused as error:
            return Saved(problems={ids.COMPOSER_MEDIA: error.sentences})
        except WrongRule as error:
            return Saved(problems={ids.COMPOSER_HOW: [str(error)]})
        except posts.Changed as error:
            return _changed(error)
        except posts.PostError as error:
            return Saved(problems=_problems(error, draft))

    async def keep(
        self, slack: AsyncWebClient, draft: Draft, workspace_id: int, author: str
    ) -> Saved:
        """Stores a form as a draft, whatever is still wrong with it. Of one that was deleted
        meanwhile a new one is made."""
        now = self._runtime.clock.now()
        try:
            media = await self._files.take(slack, workspace_id, draft.uploads, draft.alt_texts)
            new = NewDraft(
                id=draft.id,
                revision=draft.base,
                workspace_id=workspace_id,
                author=author,
                words=draft.words,
                timezone=draft.when.zone,
                plan=drafts.plan(draft, now),
                due_at=draft_times.planned(draft.when, now),
                media=tuple(media),
            )
            return Saved(post=await self._kept(new))
        except FilesRefused as error:
            return Saved(problems={ids.COMPOSER_MEDIA: error.sentences})
        except posts.Changed as error:
            return _changed(error)
        except posts.PostError as error:
            return Saved(problems={ids.COMPOSER_TEXT: [str(error)]})

    async def _free_slots(
        self, draft: Draft, workspace_id: int
    ) -> tuple[dict[int, datetime], Problems]:
        """The slots that a post takes, or why it must not: others than its form showed."""
        if draft.when.way != ids.COMPOSER_SLOT:
            return {}, {}
        connected = await accounts.connected(workspace_id)
        chosen = [each for each in connected if each.id in draft.account_ids]
        now = self._runtime.clock.now()
        try:
            free = await free_slots.next_free(chosen, now)
        except posts.WrongTime as error:
            return {}, {ids.COMPOSER_WHEN: [str(error)]}
        if draft_times.mark(free) == draft.when.seen:
            return free, {}
        note = slots_note(chosen, free, now)
        return {}, {ids.COMPOSER_WHEN: [f"{note} Send the form again if that is right."]}

    async def _kept(self, new: NewDraft) -> Post:
        try:
            return await posts.save_draft(self._runtime, new)
        except posts.Gone:
            anew = replace(new, id=posts.new_id(), revision=0)
            return await posts.save_draft(self._runtime, anew)
        except posts.Changed:
            # A second click on the button stores nothing else.
            found = await posts.find(new.workspace_id, new.id)
            if new.revision or not _says_the_same(found.post, new):
                raise
            return found.post


def _says_the_same(post: Post, new: NewDraft) -> bool:
    return (
        post.state is PostState.DRAFT
        and Words.of(post).columns() == new.words.columns()
        and post.plan == new.plan.column()
    )


def _changed(error: posts.Changed) -> Saved:
    said = f"{error} Check the box below to put yours in its place, then send it again."
    return Saved(problems={ids.COMPOSER_OVERWRITE: [said]}, newer=error.revision)


def _problems(error: posts.PostError, draft: Draft) -> Problems:
    """Where in the form it stands why a post was not stored."""
    match error:
        case posts.Unfit():
            return draft_problems.by_block(error.problems, draft)
        case posts.SaidBefore():
            return {ids.COMPOSER_TWICE: [_said_before(error, draft.when.zone)]}
        case posts.WrongTime():
            has_time = draft.when.has_clock or draft.when.repeats
            place = ids.COMPOSER_TIME if has_time else ids.COMPOSER_WHEN
            return {place: [str(error)]}
        case posts.UnknownAccount():
            return {ids.COMPOSER_ACCOUNTS: [str(error)]}
        case posts.Gone():
            return {ids.COMPOSER_TEXT: [GONE]}
    return {ids.COMPOSER_TEXT: [str(error)]}


def _said_before(error: posts.SaidBefore, zone: str) -> str:
    is_live = error.state in (State.PUBLISHED, State.POSTED_MANUALLY)
    when = shown(error.due_at, zone)
    stands = f"went out there on {when}" if is_live else f"is planned there for {when}"
    return (
        f"The same post {stands} (@{error.account.username}). Change it, or say that you mean it "
        "twice."
    )
