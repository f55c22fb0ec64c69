"""All that Postbot can do, with examples."""

from __future__ import annotations

from bot.views import ids
from bot.views.blocks import Json, context, header, section

_ROWS = (
    ("", "opens the form: accounts, text, images or a video, and the time."),
    (" We open at nine!", "opens the form with this text filled in."),
    (" list", "shows your newest posts and how they stand."),
    (" drafts", "lists what you saved as a draft, to open or delete it."),
    (" repeats", "lists what is repeated, to skip, pause, change or stop it."),
    (" digest 8:30", "sends you what goes out and what needs you, every day; `off` stops it."),
    (" status k7m2p9xq4w", "shows one post: each account, the last reason, the link."),
    (" accounts", "shows the connected accounts; connect, disconnect, set slots there."),
    (" import", "schedules many posts at once from a CSV file, after a check of every row."),
    (" export", "sends you the calendar, or a part of it, as a CSV file."),
    (" calendar", "gives you an address under which your calendar program shows the posts."),
    (" stats", "tells what went out and what failed in the last 30 days."),
    (" settings", "for admins: roles, approvers, and where approvals are asked for."),
    (" help", "shows this."),
)


def help_message() -> Json:
    """The answer to `help`, for the member alone."""
    rows = "\n".join(f"• `{ids.COMMAND}{typed}` {meaning}" for typed, meaning in _ROWS)
    blocks = [
        header("Schedule posts from Slack"),
        section(rows),
        section(
            "*Elsewhere*\n"
            "• _Schedule a post_ in the shortcuts menu opens the same form.\n"
            "• _Turn into a post_ in the menu of a message takes its text along.\n"
            "• The Home tab of Postbot shows what needs you and what comes next."
        ),
        context(
            "Each post has one card in our direct messages. It says what happened, and its buttons "
            "let you reschedule, edit, cancel or retry."
        ),
    ]
    words = ", ".join(typed.strip() for typed, _ in _ROWS[2:])
    text = f"`{ids.COMMAND}` opens the form. Also: {words}."
    return {"response_type": "ephemeral", "text": text, "blocks": blocks}


def slip_message(meant: str) -> Json:
    """The answer to what looks like a misspelt sub-command."""
    text = (
        f"Did you mean `{ids.COMMAND} {meant}`? To post the word itself, open the form with "
        f"`{ids.COMMAND}` and write it there."
    )
    return {"response_type": "ephemeral", "text": text}
