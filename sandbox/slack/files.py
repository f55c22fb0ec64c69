"""Files that members uploaded, kept in memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from sandbox.slack.cast import Member
from sandbox.slack.ids import new_id


@dataclass(frozen=True)
class StoredFile:
    """An uploaded file: Slack's file object and the bytes."""

    about: dict[str, Any]
    content: bytes

    @property
    def id(self) -> str:
        return str(self.about["id"])

    def for_page(self) -> dict[str, Any]:
        shown = {key: self.about[key] for key in ("id", "name", "mimetype", "size")}
        return {**shown, "url": f"/_/file/{self.id}"}


class FileStore:
    def __init__(self) -> None:
        self._files: dict[str, StoredFile] = {}

    def get(self, file_id: str) -> StoredFile | None:
        return self._files.get(file_id)

    def all(self) -> list[StoredFile]:
        return list(self._files.values())

    def keep(self, about: dict[str, Any], content: bytes) -> StoredFile:
        stored = StoredFile(about, content)
        self._files[stored.id] = stored
        return stored


def file_object(
    name: str, content: bytes, *, mimetype: str, member: Member, origin: str, now: float
) -> dict[str, Any]:
    """Slack's file object, with private URLs below `origin`."""
    file_id = new_id("F")
    filetype = PurePosixPath(name).suffix.lstrip(".").lower() or "binary"
    private = f"{origin}/files-pri/{file_id}"
    return {
        "id": file_id,
        "created": int(now),
        "timestamp": int(now),
        "name": name,
        "title": name,
        "mimetype": mimetype,
        "filetype": "jpg" if filetype == "jpeg" else filetype,
        "pretty_type": filetype.upper(),
        "user": member.id,
        "user_team": member.team_id,
        "editable": False,
        "size": len(content),
        "mode": "hosted",
        "is_external": False,
        "external_type": "",
        "is_public": False,
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "url_private": f"{private}/{quote(name)}",
        "url_private_download": f"{private}/download/{quote(name)}",
        "permalink": f"{origin}/files/{member.id}/{file_id}/{quote(name)}",
        "has_rich_preview": False,
        "file_access": "visible",
        "channels": [],
        "groups": [],
        "ims": [],
    }
