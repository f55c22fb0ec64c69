"""The words to somebody whose posts wait for a platform, or whose channel cannot be used."""

from __future__ import annotations

from bot.views import ids
from bot.views.blocks import escape
from scheduler import platforms


def notice(event: str, *, platform: str, posts: int, author: str = "") -> str:
    """What happened to a platform, and what it means for `posts` posts, for mrkdwn. `author` is
    named to somebody who stands in for them."""
    label = escape(platforms.label(platform))
    owner = f"by <@{author}>" if author else "of yours"
    if event == "platform.down":
        what = f"1 post {owner} waits" if posts == 1 else f"{posts} posts {owner} wait"
        they = "It goes out by itself" if posts == 1 else "They go out by themselves"
        return (
            f"{label} does not answer, so {what}. {they} when {label} is back, and Postbot says so "
            "here. Nothing needs to be done."
        )
    if posts == 0:
        return f"{label} is back. No post {owner} waits for it any more."
    one, more = f"post {owner} that waited goes out", f"{posts} posts {owner} that waited go out"
    rest = f"{more} now, one after the other" if posts > 1 else f"{one} now"
    return f"{label} is back. The {rest}."


def lost_channel(channel: str) -> str:
    """To the admin who chose a channel, for mrkdwn."""
    return (
        f"Postbot cannot write to <#{channel}>, which was chosen in the settings. Open the "
        f"channel, type `/invite @Postbot` there, then open `{ids.COMMAND} settings` and save. "
        "Until then approvers are asked in direct messages, and no copies of cards stand there."
    )
