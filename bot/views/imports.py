"""The forms of an import: the file, the check while it runs, what it found, and the end."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bot.views import ids
from bot.views.blocks import (
    Json,
    actions,
    button,
    context,
    cut,
    escape,
    field,
    header,
    length,
    modal,
    section,
    when,
)
from bot.views.standing import noted, said
from scheduler.imports import Report, RowProblem, Scheduled, counted
from scheduler.spending import dollars

TITLE = "Import posts"
#: Problems that are shown; where there are more, a file names all of them.
MOST_PROBLEMS = 150
_ALL = "A file in our direct messages names all of them."
_SOME = "Mend these and check again."
_MOST_TEXT = 2800
_MOST_SECTIONS, _MOST_BYTES = 30, 120_000
_MOST_ACCOUNTS = 20


def form(template: str, *, platforms: Sequence[str], notice: str = "") -> Json:
    """Where the file is chosen. `template` is a file to begin with."""
    element: Json = {
        "type": "file_input",
        "action_id": ids.IMPORT_FILE,
        "filetypes": ["csv"],
        "max_files": 1,
    }
    variants = ", ".join(f"`text_{name}`" for name in platforms)
    return modal(
        TITLE,
        [
            *([said(f":warning: {escape(notice)}")] if notice else []),
            section(
                "Postbot checks every row and shows what it found. Nothing is scheduled before you "
                "press the button there."
            ),
            field("CSV file", element, hint="One post in each row, up to 1,000 rows, UTF-8."),
            section("*A file to begin with*: copy it into a spreadsheet or a text editor."),
            _copied(template),
            context(
                "`accounts` takes several with a semicolon between two, `media` addresses of files "
                "with a space between two, `alt_text` a description for each with | between two. "
                "`timezone` may be empty: then it is yours. `twice` is “yes” where you mean to say "
                f"the same again. A text for one platform goes into {variants}."
            ),
        ],
        callback_id=ids.IMPORT,
        submit="Check File",
        close="Cancel",
    )


def working(doing: str, name: str, done: int, total: int) -> Json:
    """Stands where the form was while a large file is worked on."""
    how_far = f" {done:,} of {total:,}." if total else ""
    return modal(
        TITLE,
        [
            section(f"*{doing} “{escape(name, 200)}”…*{how_far}"),
            context(
                "You can close this: then the result comes as a direct message. If nothing comes "
                "within half an hour, nothing was scheduled: import the file again."
            ),
        ],
        close="Close",
    )


def report(found: Report) -> Json:
    """What a check found, with the button that schedules or the one for another file."""
    if found.import_id:
        more = {"callback_id": ids.IMPORT_REPORT, "submit": f"Schedule {_posts(found.posts)}"}
    else:
        more = {"callback_id": ids.IMPORT_AGAIN, "submit": "Choose Another File"}
    memory = json.dumps({"import": found.import_id, "name": cut(found.name, 200)})
    return modal(TITLE, _findings(found), close="Close", private_metadata=memory, **more)


def report_message(found: Report) -> tuple[str, list[Json]]:
    """The same as a message, for who closed the form."""
    button_ = button(
        f"Schedule {_posts(found.posts)}",
        ids.IMPORT_SCHEDULE,
        value=found.import_id,
        style="primary",
    )
    last = [actions(button_)] if found.import_id else []
    return f"{_headline(found)}.", [*_findings(found), *last]


def read_report(view: Json) -> tuple[str, str]:
    """The id of the import that a report was about, and the name of its file."""
    memory = json.loads(view["private_metadata"])
    return str(memory["import"]), str(memory["name"])


def scheduled(done: Scheduled) -> str:
    """How an import ended, for mrkdwn."""
    return (
        f"{_are(done.posts)} scheduled from “{escape(done.name, 200)}”: the first goes out "
        f"{when(done.first)}, the last {when(done.last)}. {_held(done.held)}Each gets its card "
        f"here when something happens to it; `{ids.COMMAND} list` shows the newest."
    )


def ended(text: str) -> Json:
    """The end of a form; `text` is mrkdwn."""
    return modal(TITLE, [said(text)], close="Close")


def _findings(found: Report) -> list[Json]:
    lines = [_problem(each) for each in found.problems[:MOST_PROBLEMS]]
    while lines and (_bytes(lines) > _MOST_BYTES or len(_paragraphs(lines)) > _MOST_SECTIONS):
        lines = lines[: len(lines) * 3 // 4]
    left = len(found.problems) - len(lines)
    return [
        header(_headline(found)),
        *(said(f":warning: {escape(each, _MOST_TEXT)}") for each in found.obstacles),
        *([said(_good(found))] if found.posts else []),
        *([section(_explained(found))] if found.problems else []),
        *(said(part) for part in _paragraphs(lines)),
        *(
            [
                noted(
                    f"… and {left:,} more. {_ALL if len(found.problems) > MOST_PROBLEMS else _SOME}"
                )
            ]
            if left
            else []
        ),
    ]


def _held(number: int) -> str:
    if not number:
        return ""
    waits = "needs an approval and waits" if number == 1 else "need an approval and wait"
    return f"{number:,} of them {waits} for it. "


def _headline(found: Report) -> str:
    rows = len({each.row for each in found.problems})
    if not rows and not found.obstacles:
        return f"All {found.rows:,} rows are in order" if found.rows > 1 else "The row is in order"
    if found.obstacles:
        return "Nothing can be scheduled yet"
    return f"{rows:,} of {found.rows:,} rows {'has' if rows == 1 else 'have'} problems"


def _good(found: Report) -> str:
    where = [f"{escape(name, 100)}: {number:,}" for name, number in found.by_account.items()]
    places = ", ".join(where[:_MOST_ACCOUNTS])
    more = f" and {len(where) - _MOST_ACCOUNTS} more" if len(where) > _MOST_ACCOUNTS else ""
    cost = ", ".join(f"about {dollars(sum_)} on {name}" for name, sum_ in found.costs.items())
    assert found.first is not None
    assert found.last is not None
    return (
        f"*{counted(found.posts)}* can be scheduled, from {when(found.first)} to "
        f"{when(found.last)}. {_held(found.held)}\n{places}{more}."
        + (f"\nTogether they cost {cost}." if cost else "")
    )


def _explained(found: Report) -> str:
    if not found.posts:
        return "*What to mend*"
    return (
        "*What to mend*: these rows are left out. Mend them and import the file again; what is "
        "scheduled by then is not scheduled a second time."
    )


def _problem(each: RowProblem) -> str:
    place = f"Row {each.row:,}" + (f", {each.column}" if each.column else "")
    return f"*{place}*: {escape(' '.join(each.text.split()), 600)}"


def _bytes(lines: Sequence[str]) -> int:
    """How long they are in a view, which Slack limits as a whole."""
    return len(json.dumps(lines))


def _paragraphs(lines: Sequence[str]) -> list[str]:
    """Lines joined to as few texts as fit."""
    made: list[str] = []
    for line in lines:
        if made and length(made[-1]) + length(line) < _MOST_TEXT:
            made[-1] += f"\n{line}"
        else:
            made.append(line)
    return made


def _posts(number: int) -> str:
    return "1 Post" if number == 1 else f"{number:,} Posts"


def _are(number: int) -> str:
    return f"{counted(number)} {'is' if number == 1 else 'are'}"


def _copied(text: str) -> Json:
    block = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [block]}
