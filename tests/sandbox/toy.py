"""A platform with two irreversible calls, uploads and comments, built on what all share."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from sandbox.failures import Failures
from sandbox.modes import Call, Mode, Plan, failure_switches
from sandbox.page import Entry, File, Look, Picture, Timeline, page_routes
from sandbox.switches import Switches

LOOK = Look(name="Toy & Co", mark="T", light="#0b5d3b", dark="#7fd6ae", post="note")


@dataclass(frozen=True)
class Account:
    id: str
    username: str
    name: str


ALICE = Account("1", "alice", "Alice")


def a_status(status: int) -> web.Response:
    return web.json_response({"error": status}, status=status)


PLAN = Plan(
    platform="Toy",
    calls={
        "media": Call(label="uploading media"),
        "create": Call(label="creating a note", irreversible=True),
        "publish": Call(label="publishing a note", irreversible=True),
        "comment": Call(label="writing a comment"),
    },
    kind_of=lambda request: (
        request.path.removeprefix("/api/") if request.path.startswith("/api/") else None
    ),
    unavailable=lambda _: a_status(503),
    rate_limited=lambda _: a_status(429),
    unauthorized=lambda _: a_status(401),
    modes={
        "spam": Mode(label="says the note is spam", effect=lambda _: a_status(418)),
        "spam_but_out": Mode(
            label="says the note is spam, but shows it",
            effect=lambda _: a_status(418),
            carried_out=True,
        ),
    },
)


class Toy:
    """What the platform has: every call that was carried out, and the entries of its page."""

    def __init__(self) -> None:
        self.switches = Switches(failure_switches(PLAN))
        self.done: list[str] = []
        self.entries: list[Entry] = []
        self.tokens = "fresh"

    async def handle(self, request: web.Request) -> web.Response:
        form = await request.post()
        for value in form.values():
            if isinstance(value, web.FileField):
                value.file.close()
        self.done.append(f"{request.match_info['call']} {form.get('text')}")
        return web.json_response({"id": "1"}, status=201)

    def timeline(self) -> Timeline:
        return Timeline(
            look=LOOK,
            profiles=[ALICE],
            switches=self.switches,
            version=lambda: len(self.entries),
            entries=lambda: reversed(self.entries),
            count=lambda: len(self.entries),
            media=lambda name: File(content_type="image/png", data=b"png") if name == "1" else None,
            clear=self.entries.clear,
            expire_access=lambda: setattr(self, "tokens", "expired"),
            kill_tokens=lambda: setattr(self, "tokens", "dead"),
        )


def create_app(toy: Toy) -> web.Application:
    failures = Failures(PLAN, toy.switches)
    app = web.Application(middlewares=[failures.middleware], client_max_size=1024)
    app.router.add_post("/api/{call}", toy.handle)
    app.add_routes(page_routes(toy.timeline()))
    app.on_shutdown.append(failures.close)
    return app


def a_note(**changes: object) -> Entry:
    picture = Picture(id="1", type="image", alt_text="A red wall", caption="Cover")
    known: dict[str, object] = {
        "id": "n1",
        "profile": ALICE,
        "created_at": 1_700_000_000.5,
        "text": "hello",
        "title": "A title",
        "link": "https://example.com/",
        "place": "Walls › Red",
        "media": [picture],
    }
    return Entry(**(known | changes))  # type: ignore[arg-type]
