"""What people type behind the command, and what Slack makes of it on the way to us."""

from __future__ import annotations

import re
from typing import Literal, get_args

Word = Literal[
    "list",
    "drafts",
    "repeats",
    "digest",
    "status",
    "accounts",
    "import",
    "export",
    "calendar",
    "stats",
    "settings",
    "help",
]

WORDS: tuple[Word, ...] = get_args(Word)
_LINK = re.compile(
    r"<(?P<target>[@#!][^<>|\s]+|[a-z][a-z0-9+.-]*:[^<>|\s]+)(?:\|(?P<label>[^<>]*))?>",
    re.IGNORECASE,
)
# What may follow `digest`.
_HOUR = re.compile(r"\d|off$|noon$", re.IGNORECASE)
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}


def subcommand(text: str) -> tuple[Word, str] | None:
    """The sub-command and what follows it; `None` when the text is meant for a post. Only `status`
    takes a word more, and `digest` a time, so that "Help us choose a name" stays a post."""
    words = text.split()
    first = words[0].lower() if words else ""
    is_hour = first == "digest" and len(words) > 1 and bool(_HOUR.match(words[1]))
    if is_hour and len(words) == 3 and words[2].lower() in ("am", "pm"):
        words = [words[0], f"{words[1]}{words[2]}"]
    for word in WORDS:
        if first == word and len(words) <= (2 if word == "status" or is_hour else 1):
            return word, " ".join(words[1:])
    return None


def slip(text: str) -> Word | None:
    """The sub-command that a single word was probably meant to be."""
    words = text.lower().split()
    if len(words) != 1 or words[0] in WORDS:
        return None
    return next((word for word in WORDS if _is_slip(words[0], word)), None)


def text_of_message(text: str) -> str:
    """A message's text as people see it: Slack writes links and mentions in angle brackets."""
    return _without_entities(_LINK.sub(_shown, text))


def text_of_command(text: str) -> str:
    """What was typed behind the command, as it was typed."""
    return text_of_message(text).strip()


def _shown(found: re.Match[str]) -> str:
    target, label = found["target"], found["label"]
    match target[:1]:
        case "@" | "#":
            return target[0] + (label or target[1:])
        case "!":
            return f"@{(label or target[1:]).lstrip('@')}"
    return target.removeprefix("mailto:")


def _without_entities(text: str) -> str:
    return re.sub("&(?:lt|gt|amp);", lambda found: _ENTITIES[found[0]], text)


def _is_slip(typed: str, meant: str) -> bool:
    """One letter missing, added, wrong, or two swapped; never the word itself."""
    if typed == meant or abs(len(typed) - len(meant)) > 1:
        return False
    if sorted(typed) == sorted(meant):
        return _swaps_neighbours(typed, meant)
    same = next((n for n, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), None)
    start = min(len(typed), len(meant)) if same is None else same
    shorter, longer = sorted((typed[start:], meant[start:]), key=len)
    if len(shorter) == len(longer):
        return shorter[1:] == longer[1:]
    return shorter == longer[1:]


def _swaps_neighbours(typed: str, meant: str) -> bool:
    different = [n for n, (a, b) in enumerate(zip(typed, meant, strict=True)) if a != b]
    return len(different) == 2 and different[1] == different[0] + 1
