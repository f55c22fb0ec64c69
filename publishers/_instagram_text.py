"""Hashtags and mentions as Instagram counts them, and what is wrong with a caption or comment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from publishers._values import Problem, ProblemField

LONGEST = 2200
MOST_HASHTAGS = 30
MOST_MENTIONS = 20
# A hashtag has a letter somewhere, needs no space before it, and is no HTML entity (`&#39;`).
_HASHTAG = re.compile(r"(?<!&)[#＃](?=[0-9_]*[^\W0-9_])")
# The `@` of an email address has a letter before it.
_MENTION = re.compile(r"(?<![\w.@])@(?=\.*\w)")


def count_hashtags(text: str) -> int:
    """
    >>> count_hashtags("#spring#sale in #Köln, room #12")
    3
    """
    return len(_HASHTAG.findall(text))


def count_mentions(text: str) -> int:
    """
    >>> count_mentions("@acme and (@bob), or write to info@acme.example")
    2
    """
    return len(_MENTION.findall(text))


def text_problems(field: ProblemField, what: str, text: str) -> Iterator[Problem]:
    """Why Instagram refuses a text; `what` names it in the sentence, such as "This text"."""
    counts = (
        ("characters", len(text), LONGEST, "Shorten it by"),
        ("hashtags", count_hashtags(text), MOST_HASHTAGS, "Remove"),
        ("mentions", count_mentions(text), MOST_MENTIONS, "Remove"),
    )
    for things, count, limit, advice in counts:
        if count > limit:
            yield Problem(
                field=field,
                text=f"{what} has {count:,} {things}; the limit of Instagram is {limit:,}. "
                f"{advice} {count - limit:,}.",
            )
