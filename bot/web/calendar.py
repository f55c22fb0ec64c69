"""The schedule as iCalendar, for calendar programs that know a member's secret address."""

from __future__ import annotations

import asyncio

import structlog
from aiohttp import web
from slack_sdk.errors import SlackApiError

from bot.slack import SLACK_FAILURES, known_member
from bot.web.keys import CLIENTS, RUNTIME
from scheduler import feeds, members
from scheduler.installations import NotInstalled, NotRenewed
from scheduler.models import Member

log = structlog.get_logger(__name__)

_UNKNOWN = ("user_not_found", "users_not_found", "user_not_visible")


def add_routes(app: web.Application) -> None:
    app.router.add_get("/calendar/{secret}.ics", show)


async def show(request: web.Request) -> web.Response:
    """GET /calendar/{secret}.ics: the calendar, or 304 when it is as the program knows it; 404 for
    an address that is wrong, old, or of somebody who left."""
    runtime = request.app[RUNTIME]
    member = await feeds.owner(request.match_info["secret"])
    if member is None:
        raise web.HTTPNotFound
    if not await _is_there(request, member):
        await feeds.revoke(member)
        raise web.HTTPNotFound
    timetable = await feeds.timetable(runtime, member)
    headers = {"ETag": f'"{timetable.mark}"', "Cache-Control": "private, max-age=60"}
    if _knows(request, timetable.mark):
        return web.Response(status=304, headers=headers)
    content = await asyncio.to_thread(feeds.written, timetable)
    return web.Response(
        body=content,
        headers={**headers, "Content-Disposition": 'inline; filename="postbot.ics"'},
        content_type="text/calendar",
        charset="utf-8",
    )


def _knows(request: web.Request, mark: str) -> bool:
    """Whether the program has seen just this; compared weakly, as RFC 9110 asks."""
    return any(etag.value in (mark, "*") for etag in request.if_none_match or ())


async def _is_there(request: web.Request, member: Member) -> bool:
    """Whether somebody still belongs to the workspace. What is not known is asked of Slack; while
    Slack does not answer, what was known before counts."""
    runtime = request.app[RUNTIME]
    if runtime.clock.now() - member.checked_at <= members.BELIEVED:
        return True
    if CLIENTS not in request.app:
        return True
    try:
        slack = await request.app[CLIENTS].of(member.workspace_id)
        user = (await slack.users_info(user=member.user_id))["user"]
    except NotInstalled:
        return False
    except (NotRenewed, *SLACK_FAILURES) as error:
        log.warning("member of a calendar unknown", error=repr(error))
        return not (isinstance(error, SlackApiError) and error.response["error"] in _UNKNOWN)
    if user.get("deleted"):
        return False
    await known_member(runtime, slack, workspace_id=member.workspace_id, user_id=member.user_id)
    return True
