"""Reading answers of platforms, which may hold anything."""

from __future__ import annotations

from typing import Any

import httpx


def read_object(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer; empty when there is none."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def dig(value: object, *names: str) -> Any:
    """What lies below these names, one object in another; `None` where something is missing."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def dicts(value: object) -> list[dict[str, Any]]:
    """The objects of an array; empty when it is none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def strings(value: object) -> list[str]:
    """The strings of an array; empty when it is none."""
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def text(value: object) -> str:
    """A string, or an empty one for anything else."""
    return value if isinstance(value, str) else ""


def tidy(sentence: str) -> str:
    """One short printable line, without anything that could be a token."""
    words = "".join(sign if sign.isprintable() else " " for sign in sentence).split()
    line = " ".join("…" if len(word) > 25 else word for word in words)
    return (line if len(line) <= 200 else f"{line[:199]}…").rstrip(".")
