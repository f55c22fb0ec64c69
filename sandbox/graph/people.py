"""Who exists on Meta's networks: three people, their Pages, and the Instagram accounts of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

EVERYTHING = ("ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE")
ONLY_LOOKING = ("ADVERTISE", "ANALYZE")


@dataclass(frozen=True, kw_only=True)
class Account:
    """A professional Instagram account. `app_scoped_id` is what Instagram Login calls `id`."""

    id: str
    app_scoped_id: str
    username: str
    name: str
    account_type: str = "BUSINESS"


@dataclass(frozen=True, kw_only=True)
class Page:
    """A Facebook Page, perhaps with an Instagram account linked to it."""

    id: str
    username: str
    name: str
    instagram: Account | None = None


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody with a Facebook profile; `tasks` is what they may do, by the id of a Page."""

    id: str
    username: str
    name: str
    tasks: Mapping[str, tuple[str, ...]]


ACCOUNTS = (
    Account(
        id="17841400000000101",
        app_scoped_id="27000000000000101",
        username="acme",
        name="Acme",
    ),
    Account(
        id="17841400000000102",
        app_scoped_id="27000000000000102",
        username="acme_labs",
        name="Acme Labs",
        account_type="MEDIA_CREATOR",
    ),
)
PAGES = (
    Page(id="102000000000101", username="acme", name="Acme", instagram=ACCOUNTS[0]),
    Page(id="102000000000102", username="acmelabs", name="Acme Labs", instagram=ACCOUNTS[1]),
    Page(id="102000000000103", username="acmeshop", name="Acme Shop"),
    Page(id="102000000000104", username="acmearchive", name="Acme Archive"),
)
PEOPLE = (
    Person(
        id="10150000000000001",
        username="alice",
        name="Alice",
        tasks={PAGES[0].id: EVERYTHING, PAGES[1].id: EVERYTHING},
    ),
    Person(id="10150000000000002", username="bob", name="Bob", tasks={PAGES[2].id: EVERYTHING}),
    Person(
        id="10150000000000003", username="carol", name="Carol", tasks={PAGES[3].id: ONLY_LOOKING}
    ),
)


def page_of(page_id: str) -> Page | None:
    return next((page for page in PAGES if page.id == page_id), None)


def page_linked_to(account: Account) -> Page | None:
    return next((page for page in PAGES if page.instagram is account), None)


def pages_of(person: Person) -> list[Page]:
    return [page for page in PAGES if page.id in person.tasks]
