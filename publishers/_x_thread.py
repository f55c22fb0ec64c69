"""A text that is longer than one post on X, as the posts of a thread.

The same text is always cut in the same places: the parts go out one after another, perhaps hours
apart, and each attempt cuts anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import regex

from publishers._weighted_text import weigh

MOST = 280
MOST_PARTS = 25
# A line of its own by which a person says where to cut.
_CUT = re.compile(r"^[ \t]*---[ \t]*$", re.MULTILINE)
_WORD = re.compile(r"\s*\S+")
# Where a text is best cut, best first.
_ENDS = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?…。！？])[\"'”’)\]]*\s"),
)


@lru_cache(maxsize=256)
def split(text: str) -> tuple[str, ...]:
    """The posts of a thread, at least one; a text that fits is left as it is."""
    sections = _CUT.split(text)
    if len(sections) == 1 and weigh(text) <= MOST:
        return (text,)
    parts = [part for section in sections for part in _pieces(section.strip())]
    return tuple(parts) or ("",)


def _pieces(text: str) -> Iterator[str]:
    while weigh(text) > MOST:
        end = _end(text)
        yield text[:end].rstrip()
        text = text[end:].lstrip()
    if text:
        yield text


def _end(text: str) -> int:
    """Where the first post ends: behind a paragraph, line, sentence or word, whichever leaves it
    at least half full."""
    full = _last_word(text)
    if not full:
        return _last_sign(text)
    for end in _ENDS:
        found = [match.start() for match in end.finditer(text, 0, full)]
        if found and found[-1] >= full // 2:
            return found[-1]
    return full


def _last_word(text: str) -> int:
    end = 0
    for word in _WORD.finditer(text):
        if weigh(text[: word.end()]) > MOST:
            break
        end = word.end()
    return end


def _last_sign(text: str) -> int:
    """Inside a word that alone is too long, never inside a sign."""
    end = 0
    for sign in regex.finditer(r"\X", text):
        if weigh(text[: sign.end()]) > MOST:
            break
        end = sign.end()
    return end
