"""The few statements that Tortoise cannot say: many rows changed by one statement, each with its
own values, on both dialects. Rows travel as one JSON parameter, so a statement's text never
changes with their number."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

Row = Mapping[str, Any]

# NUL as JSON writes it; behind a further backslash it is text that somebody wrote.
_NUL = re.compile(r"((?<!\\)(?:\\\\)*)\\u0000")


def is_postgres(connection: BaseDBAsyncClient) -> bool:
    return connection.capabilities.dialect == "postgres"


def rows_source(connection: BaseDBAsyncClient, columns: Mapping[str, str], *, alias: str) -> str:
    """A FROM item that reads the rows of the first parameter. `columns` maps names to PostgreSQL
    types; values keep JSON's types on SQLite."""
    if is_postgres(connection):
        typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        return f"jsonb_to_recordset($1::jsonb) AS {alias}({typed})"
    read = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in columns)
    return f"(SELECT {read} FROM json_each(?1)) AS {alias}"


def rows_parameter(rows: Iterable[Row]) -> str:
    """The parameter for `rows_source`. Instants must be aware. NUL is dropped and lone surrogates
    are replaced, because PostgreSQL refuses both."""
    text = json.dumps(list(rows), default=_plain, ensure_ascii=False)
    return _NUL.sub(r"\1", clean(text)) if r"\u0000" in text else clean(text)


async def fetch(
    connection: BaseDBAsyncClient, statement: str, parameters: Sequence[Any]
) -> list[dict[str, Any]]:
    """Runs one statement and returns its rows. Write parameters as `?1`, `?2`; instants are passed
    as aware datetimes and come back as such on PostgreSQL, as text on SQLite."""
    if is_postgres(connection):
        statement = statement.replace("?", "$")
    return await connection.execute_query_dict(statement, list(parameters))


def instant(value: datetime | str | None) -> datetime | None:
    """An instant as `fetch` returns it, as an aware datetime in UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.astimezone(UTC) if value is not None else None


def clean(text: str) -> str:
    """Text that every database takes: without NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        # The form in which Tortoise stores instants on SQLite, where they compare as text.
        return value.astimezone(UTC).isoformat(" ")
    raise TypeError(f"cannot store {type(value).__name__}")
