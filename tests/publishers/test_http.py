"""The request helper against real sockets, because only they show what really left."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from publishers import (
    Cause,
    CredentialsExpired,
    Http,
    HttpClients,
    OutcomeUnknown,
    PublishError,
    RateLimited,
    Rejected,
    TemporaryFailure,
    open_clients,
)
from publishers._http import (
    MAX_ANSWER_BYTES,
    SLOWEST_LINE,
    boottime,
    budget,
    rate_limited,
    retry_at,
)

Behaviour = Callable[["Connection"], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Connection:
    """One connection of a client, as the server's behaviour sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.received = b""

    async def request(self) -> bytes:
        """Reads one whole request."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        _, _, rest = head.lower().partition(b"content-length: ")
        length = int(rest.partition(b"\r\n")[0] or 0)
        whole = head + await self._reader.readexactly(length)
        self.received += whole
        return whole

    async def say(self, content: bytes) -> None:
        self._writer.write(content)
        await self._writer.drain()

    async def until_left(self) -> None:
        self.received += await self._reader.read()

    def reset(self) -> None:
        self._writer.transport.abort()

    async def close(self) -> None:
        self._writer.close()


class Server:
    """A server on loopback with one behaviour, and what reached it."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self.connections: list[Connection] = []
        self.url = ""

    @property
    def received(self) -> bytes:
        return b"".join(one.received for one in self.connections)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer)
        self.connections.append(connection)
        try:
            await self._behaviour(connection)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(behaviour: Behaviour) -> AsyncIterator[Server]:
    server = Server(behaviour)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    host, port = listener.sockets[0].getsockname()
    server.url = f"http://{host}:{port}/2/tweets"
    async with listener:
        yield server


@pytest.fixture
async def clients() -> AsyncIterator[HttpClients]:
    opened = open_clients()
    yield opened
    await opened.aclose()


async def reads_then_resets(connection: Connection) -> None:
    await connection.request()
    connection.reset()


async def reads_then_closes(connection: Connection) -> None:
    await connection.request()


async def hangs(connection: Connection) -> None:
    await connection.request()
    await connection.until_left()


async def says_garbage(connection: Connection) -> None:
    await connection.request()
    await connection.say(b"BANANA\r\n\r\n")


async def cuts_the_head(connection: Connection) -> None:
    await connection.request()
    await connection.say(b"HTTP/1.1 201 Created\r\nContent-Le")


async def cuts_the_body(connection: Connection) -> None:
    await connection.request()
    await connection.say(b'HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{"data"')


async def trickles(connection: Connection) -> None:
    await connection.request()
    await connection.say(b"HTTP/1.1 201 Created\r\nContent-Length: 100000\r\n\r\n")
    while True:
        await connection.say(b" ")
        await asyncio.sleep(0.02)


async def says_too_much(connection: Connection) -> None:
    await connection.request()
    size = MAX_ANSWER_BYTES + 1
    await connection.say(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n" % size)
    await connection.say(b" " * size)


async def closes_at_once(connection: Connection) -> None:
    await connection.close()


async def answers(connection: Connection) -> None:
    while True:
        await connection.request()
        await connection.say(OK)


async def answers_after_a_while(connection: Connection) -> None:
    await connection.request()
    await asyncio.sleep(0.5)
    await connection.say(OK)


async def redirects(connection: Connection) -> None:
    await connection.request()
    await connection.say(
        b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
    )


async def refuses(connection: Connection) -> None:
    await connection.request()
    await connection.say(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")


async def fails(connection: Connection) -> None:
    await connection.request()
    await connection.say(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")


async def sets_a_cookie(connection: Connection) -> None:
    while True:
        await connection.request()
        await connection.say(OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: guest=1; Path=/\r\n\r\n"))


async def commit(http: Http, url: str, method: str = "POST") -> PublishError:
    with pytest.raises(PublishError) as caught:
        await http.commit(method, url, json={"text": "Spring sale"})
    return caught.value


# With the seconds that a whole call may take: short where the server never ends.
LOST = [
    pytest.param(reads_then_resets, 20.0, id="read, then reset"),
    pytest.param(reads_then_closes, 20.0, id="read, then closed"),
    pytest.param(hangs, 0.5, id="read, then silence"),
    pytest.param(says_garbage, 20.0, id="no HTTP"),
    pytest.param(cuts_the_head, 20.0, id="head cut"),
    pytest.param(cuts_the_body, 20.0, id="body cut"),
    pytest.param(trickles, 1.0, id="slow trickle"),
    pytest.param(says_too_much, 20.0, id="too large"),
]
SEEN_TO_SUCCEED = [cuts_the_body, trickles, says_too_much]


@pytest.mark.parametrize(("behaviour", "timeout"), LOST)
async def test_what_happens_after_the_request_was_read_leaves_its_outcome_open(
    clients: HttpClients, behaviour: Behaviour, timeout: float
) -> None:
    async with serving(behaviour) as server:
        http = Http(clients, timeout=timeout)

        error = await commit(http, server.url)

    assert isinstance(error, OutcomeUnknown)
    assert error.likely_live == (behaviour in SEEN_TO_SUCCEED)
    assert http.left_at is not None
    assert server.received.count(b"POST ") == 1


@pytest.mark.parametrize(("behaviour", "timeout"), LOST)
async def test_a_repeatable_request_that_is_lost_may_be_sent_again(
    clients: HttpClients, behaviour: Behaviour, timeout: float
) -> None:
    async with serving(behaviour) as server:
        with pytest.raises(TemporaryFailure) as caught:
            await Http(clients, timeout=timeout).send("POST", server.url, json={})

    assert caught.value.cause == "network"


@pytest.mark.parametrize("method", ["send", "commit"])
async def test_a_large_body_is_given_the_time_of_a_slow_line(
    clients: HttpClients, method: str
) -> None:
    async with serving(answers_after_a_while) as server:
        http = Http(clients, timeout=0.1)

        response = await getattr(http, method)("POST", server.url, content=b"a" * SLOWEST_LINE)

        with pytest.raises(PublishError):
            await getattr(http, method)("POST", server.url, content=b"a")
    assert response.json() == {}


async def test_a_refused_connection_means_that_nothing_was_sent(
    clients: HttpClients, unused_tcp_port: int
) -> None:
    http = Http(clients)

    error = await commit(http, f"http://127.0.0.1:{unused_tcp_port}/")

    assert isinstance(error, TemporaryFailure)
    assert http.left_at is None


async def test_a_name_that_does_not_exist_means_that_nothing_was_sent(
    clients: HttpClients,
) -> None:
    error = await commit(Http(clients), "http://no-such-host.invalid/")

    assert isinstance(error, TemporaryFailure)


async def test_a_connection_closed_at_once_is_judged_by_what_left(clients: HttpClients) -> None:
    async with serving(closes_at_once) as server:
        http = Http(clients, timeout=20)

        error = await commit(http, server.url)

    assert isinstance(error, OutcomeUnknown) == (http.left_at is not None)
    assert isinstance(error, TemporaryFailure) == (http.left_at is None)


async def test_a_request_that_is_too_late_does_not_leave(clients: HttpClients) -> None:
    async with serving(answers) as server:
        http = Http(clients, send_by=boottime() - 0.001)

        error = await commit(http, server.url)

    assert isinstance(error, TemporaryFailure)
    assert not error.is_outage
    assert http.left_at is None
    assert server.received == b""


async def test_a_request_in_time_leaves_and_notes_when(clients: HttpClients) -> None:
    before = datetime.now(UTC)
    async with serving(answers) as server:
        http = Http(clients, send_by=boottime() + 60)

        response = await http.commit("POST", server.url, json={"text": "Spring sale"})

    assert response.json() == {}
    assert http.left_at is not None
    assert before <= http.left_at <= datetime.now(UTC)
    assert b'{"text":"Spring sale"}' in server.received


async def test_every_commit_has_a_connection_of_its_own(clients: HttpClients) -> None:
    async with serving(answers) as server:
        http = Http(clients)

        await http.commit("POST", server.url)
        await http.commit("POST", server.url)

    assert len(server.connections) == 2
    assert server.received.lower().count(b"connection: close") == 2


async def test_repeatable_requests_share_a_connection(clients: HttpClients) -> None:
    async with serving(answers) as server:
        http = Http(clients)

        await http.send("POST", server.url)
        await http.send("POST", server.url)

    assert len(server.connections) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_commit_never_leaves_twice(clients: HttpClients, method: str) -> None:
    async with serving(reads_then_closes) as server:
        error = await commit(Http(clients, timeout=20), server.url, method)

    assert isinstance(error, OutcomeUnknown)
    assert server.received.count(b"/2/tweets") == 1


async def test_a_redirect_is_not_followed(clients: HttpClients) -> None:
    async with serving(redirects) as server:
        response = await Http(clients).commit("POST", server.url, json={})

    assert response.status_code == 307
    assert len(server.connections) == 1


async def test_cookies_of_one_account_do_not_travel_with_the_next(clients: HttpClients) -> None:
    async with serving(sets_a_cookie) as server:
        url = server.url.replace("127.0.0.1", "localhost")

        await Http(clients).send("GET", url)
        await Http(clients).send("GET", url)
        await Http(clients).commit("POST", url)

    assert server.received.count(b"/2/tweets") == 3
    assert b"cookie" not in server.received.lower()


async def test_the_query_of_an_address_reaches_no_log(
    clients: HttpClients, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with serving(answers) as server:
        await Http(clients).send("GET", server.url, params={"access_token": "canary"})

    assert b"?access_token=canary" in server.received
    assert f"{server.url} " in caplog.text
    assert "canary" not in caplog.text


async def test_a_deadline_that_passes_while_connecting_means_that_nothing_was_sent(
    clients: HttpClients, full_listener: str
) -> None:
    http = Http(clients, timeout=0.3)

    error = await commit(http, full_listener)

    assert isinstance(error, TemporaryFailure)
    assert http.left_at is None


@pytest.fixture
def full_listener() -> Iterator[str]:
    """A port whose queue is full, so that a further connection is never made."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, ExitStack() as waiting:
        host, port = listener.getsockname()
        for _ in range(8):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex((host, port))
        yield f"http://{host}:{port}/"


async def test_a_fault_before_sending_is_not_hidden(clients: HttpClients) -> None:
    with pytest.raises(TypeError):
        await Http(clients).commit("POST", "http://127.0.0.1/", json={"text": object()})


async def test_an_unforeseen_fault_after_sending_leaves_the_outcome_open() -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        await request.extensions["trace"]("http11.send_request_headers.started", {})
        raise RuntimeError("a bug")

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))

    error = await commit(Http(HttpClients(pooled=client, fresh=client)), "http://127.0.0.1/")

    assert isinstance(error, OutcomeUnknown)


NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({}, None, id="nothing"),
        pytest.param({"retry-after": "90"}, NOW + timedelta(seconds=90), id="seconds"),
        pytest.param(
            {"retry-after": "Tue, 24 Nov 2026 12:05:00 GMT"}, NOW + timedelta(minutes=5), id="date"
        ),
        pytest.param({"retry-after": "Tue, 24 Nov 2020 12:05:00 GMT"}, NOW, id="past date"),
        pytest.param({"retry-after": "soon"}, None, id="no date"),
        pytest.param({"retry-after": "9" * 30}, None, id="absurd number"),
        pytest.param({"retry-after": "٩"}, None, id="Arabic digit"),
        pytest.param(
            {"x-rate-limit-reset": str(int(NOW.timestamp()) + 60)},
            NOW + timedelta(minutes=1),
            id="reset",
        ),
        pytest.param({"x-rate-limit-reset": "1"}, NOW, id="past reset"),
    ],
)
def test_the_wait_that_a_platform_asks_for_is_understood(
    headers: dict[str, str], expected: datetime | None
) -> None:
    told = httpx.Headers([(key.encode(), value.encode()) for key, value in headers.items()])

    assert retry_at(told, NOW) == expected


def limits(prefix: str, left: str, seconds: str) -> dict[str, str]:
    return {f"{prefix}-remaining": left, f"{prefix}-reset": seconds}


IN_A_MINUTE = str(int(NOW.timestamp()) + 60)
TOMORROW = str(int(NOW.timestamp()) + 86_400)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({}, None, id="nothing"),
        pytest.param(limits("a", "7", IN_A_MINUTE), (7, 60), id="one window"),
        pytest.param(
            limits("a", "7", IN_A_MINUTE) | limits("b", "3", TOMORROW), (3, 86_400), id="tightest"
        ),
        pytest.param(
            limits("a", "0", IN_A_MINUTE) | limits("b", "0", TOMORROW),
            (0, 86_400),
            id="last to end",
        ),
        pytest.param(limits("c", "0", IN_A_MINUTE), None, id="unknown window"),
        pytest.param(limits("a", "-1", IN_A_MINUTE), None, id="negative"),
        pytest.param(limits("a", "7", "soon"), None, id="no instant"),
        pytest.param({"a-remaining": "7"}, None, id="without an end"),
    ],
)
def test_what_is_left_of_a_limit_is_understood(
    headers: dict[str, str], expected: tuple[int, int] | None
) -> None:
    found = budget(httpx.Headers(headers), ("a", "b"))

    told = found and (found.remaining, (found.reset - NOW).total_seconds())
    assert told == expected


@pytest.mark.parametrize(
    ("behaviour", "answered"),
    [
        (answers, True),
        (redirects, True),
        (refuses, True),
        (fails, False),
        (hangs, False),
        (reads_then_resets, False),
        (cuts_the_body, False),
        (says_garbage, False),
    ],
)
@pytest.mark.parametrize("way", ["send", "commit"])
async def test_whether_the_platform_itself_gave_an_answer_is_known(
    clients: HttpClients, behaviour: Behaviour, answered: bool, way: str
) -> None:
    http = Http(clients, timeout=0.3)
    async with serving(behaviour) as server:
        with contextlib.suppress(PublishError):
            await getattr(http, way)("POST", server.url, json={"text": "Spring sale"})

    assert http.answered is answered


async def test_of_several_requests_the_last_tells_whether_it_was_answered(
    clients: HttpClients, unused_tcp_port: int
) -> None:
    http = Http(clients)
    async with serving(answers) as server:
        await http.send("GET", server.url)
    with pytest.raises(TemporaryFailure):
        await http.send("GET", f"http://127.0.0.1:{unused_tcp_port}/")

    assert not http.answered


@pytest.mark.parametrize(
    ("error", "is_outage"),
    [
        (TemporaryFailure("It is busy."), True),
        (TemporaryFailure("It cannot be reached.", cause=Cause.NETWORK), True),
        (TemporaryFailure("It lost the files.", kind="uploads"), False),
        (TemporaryFailure("Tokens are renewed.", cause=Cause.AUTHENTICATION), False),
        (OutcomeUnknown("The connection broke."), True),
        (OutcomeUnknown("It is a duplicate.", cause=Cause.CONTENT), False),
        (OutcomeUnknown("It was accepted.", likely_live=True), False),
        (Rejected("It is too long."), False),
        (RateLimited("Too many."), False),
        (CredentialsExpired("The token is dead."), False),
    ],
    ids=lambda value: str(value),
)
def test_only_some_failures_can_mean_an_outage(error: PublishError, is_outage: bool) -> None:
    assert error.is_outage is is_outage


def test_a_429_names_the_platform_and_the_end_of_the_wait() -> None:
    response = httpx.Response(429, headers={"retry-after": "90"})

    error = rate_limited("Acme", response)

    assert error.sentence.startswith("Acme ")
    assert error.until is not None
