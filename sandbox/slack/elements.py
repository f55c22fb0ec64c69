"""Finds the interactive parts of blocks and keeps what members have put into them.

The values have the shape of Slack's `view.state.values`: `{block_id: {action_id: entry}}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sandbox.slack.errors import PageError
from sandbox.slack.files import FileStore
from sandbox.slack.ids import random_text
from sandbox.slack.rich_text import rich_text_of

Json = dict[str, Any]

#: Element type → (field of the state entry, field of the element with the first value).
_FIELDS = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "file_input": ("files", "initial_files"),
}

_LISTS = {
    "selected_options",
    "selected_users",
    "selected_conversations",
    "selected_channels",
    "files",
}
_FILE_LIMIT = 10 * 1024 * 1024


def elements_of(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every (block, interactive element) from top to bottom."""
    for block in blocks:
        match block["type"]:
            case "input":
                yield block, block["element"]
            case "section" if "accessory" in block:
                yield block, block["accessory"]
            case "actions" | "context_actions":
                yield from ((block, element) for element in block["elements"])
            case "card":
                yield from ((block, element) for element in block.get("actions", []))
            case "carousel":
                yield from elements_of(block["elements"])


def find_element(blocks: list[Json], block_id: str, action_id: str) -> tuple[Json, Json]:
    """Raises PageError `element_not_found`, as when the page shows an older state."""
    for block, element in elements_of(blocks):
        if block["block_id"] == block_id and element.get("action_id") == action_id:
            return block, element
    raise PageError("element_not_found")


def with_ids(blocks: list[Json]) -> list[Json]:
    """Give blocks and interactive elements the ids that the app left out, as Slack does."""
    for block in blocks:
        block.setdefault("block_id", random_text(5))
        for inner in block["elements"] if block["type"] == "carousel" else []:
            inner.setdefault("block_id", random_text(5))
    for _, element in elements_of(blocks):
        if element["type"] != "image":
            element.setdefault("action_id", random_text(5))
    return blocks


def state_values(blocks: list[Json], old: Json | None = None) -> Json:
    """The state of these blocks: what was there under the same ids, else the initial values."""
    values: Json = {}
    for block, element in elements_of(blocks):
        if element["type"] in _FIELDS:
            kept = (old or {}).get(block["block_id"], {}).get(element["action_id"])
            entry = kept if _still_fits(element, kept) else _entry(element, _initial(element))
            values.setdefault(block["block_id"], {})[element["action_id"]] = entry
    return values


def is_stateful(element: Json) -> bool:
    return element["type"] in _FIELDS


def entry_from_page(element: Json, value: Any, files: FileStore) -> Json:
    """The state entry for a value in the page's form. Raises PageError `invalid_value`."""
    return _entry(element, _chosen(element, value, files))


def entry_value(entry: Json) -> Any:
    """What is chosen or written in an entry; None, "" or [] when it is empty."""
    return entry.get(_FIELDS[entry["type"]][0])


def options_of(element: Json) -> list[Json]:
    grouped = [o for group in element.get("option_groups", []) for o in group["options"]]
    return [*element.get("options", []), *grouped]


def option_named(element: Json, value: Any) -> Json:
    for option in options_of(element):
        if option.get("value") == value:
            return option
    raise PageError("invalid_value")


def _entry(element: Json, value: Any) -> Json:
    name = _FIELDS[element["type"]][0]
    entry: Json = {"type": element["type"], name: value}
    if value is None and element["type"] == "rich_text_input":
        del entry[name]
    if "timezone" in element:
        entry["timezone"] = element["timezone"]
    return entry


def _initial(element: Json) -> Any:
    name, initial = _FIELDS[element["type"]]
    return element.get(initial, [] if name in _LISTS else None)


def _still_fits(element: Json, entry: Json | None) -> bool:
    if entry is None or entry["type"] != element["type"]:
        return False
    if "options" not in element and "option_groups" not in element:
        return True
    value = entry_value(entry)
    chosen = value if isinstance(value, list) else [value] if value else []
    return {o["value"] for o in chosen} <= {o.get("value") for o in options_of(element)}


def _chosen(element: Json, value: Any, files: FileStore) -> Any:
    name = _FIELDS[element["type"]][0]
    if name in _LISTS:
        if not isinstance(value, list):
            raise PageError("invalid_value")
        return _chosen_list(element, value, files)
    if value in (None, ""):
        return None
    match element["type"]:
        case "static_select" | "external_select" | "radio_buttons":
            return option_named(element, value)
        case "rich_text_input":
            return rich_text_of(str(value))
        case "datetimepicker":
            return _epoch(value)
        case "datepicker":
            return _matching(r"\d{4}-\d{2}-\d{2}", value)
        case "timepicker":
            return _matching(r"([01]\d|2[0-3]):[0-5]\d", value)
    return str(value)


def _chosen_list(element: Json, values: list[Any], files: FileStore) -> list[Any]:
    if element["type"] == "file_input":
        return _chosen_files(element, values, files)
    if len(values) > element.get("max_selected_items", len(values)):
        raise PageError("invalid_value")
    if _FIELDS[element["type"]][0] == "selected_options":
        return [option_named(element, value) for value in values]
    return [str(value) for value in values]


def _chosen_files(element: Json, file_ids: list[Any], files: FileStore) -> list[Json]:
    found = [files.get(str(file_id)) for file_id in file_ids]
    chosen = [file.about for file in found if file is not None]
    if len(chosen) < len(found):
        raise PageError("file_not_found")
    if len(chosen) > element.get("max_files", 10):
        raise PageError("too_many_files")
    if any(file["size"] > _FILE_LIMIT for file in chosen):
        raise PageError("file_too_large")
    return chosen


def _epoch(value: Any) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"\d{10}", str(value)):
        raise PageError("invalid_value")
    return int(value)


def _matching(pattern: str, value: Any) -> str:
    if not re.fullmatch(pattern, str(value)):
        raise PageError("invalid_value")
    return str(value)
