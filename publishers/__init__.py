"""The platforms. A module here without a leading underscore is one platform."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from publishers._abilities import COLUMNS as ABILITIES
from publishers._abilities import row as abilities
from publishers._base import Limits, Publisher
from publishers._errors import (
    Cause,
    CredentialsExpired,
    OutcomeUnknown,
    PublishError,
    RateLimited,
    Rejected,
    TemporaryFailure,
)
from publishers._http import Http, HttpClients, boottime, open_clients
from publishers._values import (
    App,
    Budget,
    Checkpoint,
    Content,
    Credentials,
    Intake,
    ManualKit,
    Media,
    MediaKind,
    NotPublished,
    Place,
    Problem,
    Processing,
    Profile,
    Published,
    Ready,
    Unsure,
)

__all__ = [
    "ABILITIES",
    "App",
    "Budget",
    "Cause",
    "Checkpoint",
    "Content",
    "Credentials",
    "CredentialsExpired",
    "Http",
    "HttpClients",
    "Intake",
    "Limits",
    "ManualKit",
    "Media",
    "MediaKind",
    "NotPublished",
    "OutcomeUnknown",
    "Place",
    "Problem",
    "Processing",
    "Profile",
    "PublishError",
    "Published",
    "Publisher",
    "RateLimited",
    "Ready",
    "Rejected",
    "TemporaryFailure",
    "Unsure",
    "abilities",
    "all_publishers",
    "boottime",
    "get",
    "open_clients",
]


@cache
def all_publishers() -> dict[str, type[Publisher]]:
    """Every platform by name, in alphabetical order."""
    names = sorted(module.name for module in iter_modules(__path__) if module.name[0] != "_")
    return {name: _load(name) for name in names}


def get(name: str) -> type[Publisher]:
    """The publisher of a platform. Raises `KeyError` for a platform that does not exist."""
    return all_publishers()[name]


def _load(name: str) -> type[Publisher]:
    module = import_module(f"{__name__}.{name}")
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Publisher) and value is not Publisher
    ]
    (publisher,) = found
    return publisher
