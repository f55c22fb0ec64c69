"""Fetching from addresses that strangers name: from the public internet and nowhere else."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from scheduler.fetching import Fetcher, Rules, name_of
from scheduler.measure import UnusableMedia
from scheduler.networks import Address, is_public

LOOPBACK = ip_address("127.0.0.1")


@dataclass
class Names:
    """A name server that answers with these addresses, one after the other; the last one stays."""

    answers: list[list[str]]
    asked: list[str] = field(default_factory=list)

    async def look_up(self, host: str, port: int) -> list[Address]:
        self.asked.append(host)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [ip_address(address) for address in found]


@dataclass
class Site:
    """A server on loopback that is called media.example."""

    port: int
    hosts: list[str] = field(default_factory=list)
    names: Names = field(default_factory=lambda: Names([["127.0.0.1"]]))

    def rules(self, **changes: Any) -> Rules:
        values: dict[str, Any] = {
            "ports": {"http": self.port},
            "is_allowed": LOOPBACK.__eq__,
            "look_up": self.names.look_up,
            **changes,
        }
        return Rules(**values)


@pytest.fixture
async def site(unused_tcp_port: int) -> AsyncIterator[Site]:
    site = Site(unused_tcp_port)

    async def serve(request: web.Request) -> web.StreamResponse:
        site.hosts.append(request.headers["Host"])
        match request.match_info["name"].split("-"):
            case ["file.png"]:
                return web.Response(body=b"bytes")
            case ["big"]:
                return web.Response(body=b"x" * 5000)
            case ["endless"]:
                return await drip(request, b"x" * 1000, 0)
            case ["drip"]:
                return await drip(request, b"x", 0.02)
            case ["silent"]:
                await asyncio.sleep(30)
            case ["packed"]:
                return web.Response(body=b"bytes", headers={"Content-Encoding": "gzip"})
            case ["hop", "0"]:
                return web.Response(body=b"there")
            case ["hop", number]:
                return web.Response(status=302, headers={"Location": f"hop-{int(number) - 1}"})
            case ["to"]:
                return web.Response(status=307, headers={"Location": request.query["url"]})
        return web.Response(status=404)

    app = web.Application()
    app.router.add_get("/{name}", serve)
    async with TestServer(app, port=site.port):
        yield site


async def drip(request: web.Request, piece: bytes, pause: float) -> web.StreamResponse:
    """Pieces for as long as somebody listens, ten seconds at most."""
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(500):
        await response.write(piece)
        await asyncio.sleep(pause)
    return response


async def fetched(url: str, rules: Rules) -> bytes:
    return b"".join([chunk async for chunk in Fetcher(rules).chunks(url)])


async def refusal(url: str, rules: Rules) -> str:
    with pytest.raises(UnusableMedia) as caught:
        await fetched(url, rules)
    return str(caught.value)


async def test_a_file_is_fetched_and_its_host_is_told(site: Site) -> None:
    assert await fetched("http://media.example/file.png", site.rules()) == b"bytes"
    assert site.hosts == [f"media.example:{site.port}"]
    assert site.names.asked == ["media.example"]


NO_HOST = "does not name a public host"
REFUSED = {
    "https://127.0.0.1/a": NO_HOST,
    "https://[::1]/a": "no address of a file",
    "https://0/a": NO_HOST,
    "https://127.1/a": NO_HOST,
    "https://2130706433/a": NO_HOST,
    "https://0177.0.0.1/a": NO_HOST,
    "https://0x7f.1/a": NO_HOST,
    "https://0x7f000001/a": NO_HOST,
    "https://a.0x7f/a": NO_HOST,
    "https://１２７.０.０.１/a": NO_HOST,
    "https://①②⑦.⓪.⓪.①/a": NO_HOST,
    "https://127。0。0。1/a": NO_HOST,
    "https://169.254.169.254/latest/meta-data": NO_HOST,
    "https://[fd00:ec2::254]/a": "no address of a file",
    "https://[::ffff:127.0.0.1]/a": "no address of a file",
    "https://[64:ff9b::a9fe:a9fe]/a": "no address of a file",
    "https://[fe80::1%25eth0]/a": "no address of a file",
    "https://localhost/a": NO_HOST,
    "https://localhost./a": NO_HOST,
    "https://media.example@127.0.0.1/a": "holds a user name",
    "https://user:secret@media.example/a": "holds a user name",
    "https://@media.example/a": "holds a user name",
    "https://media.example\\@127.0.0.1/a": "holds a user name",
    "https://127.0.0.1\\.media.example/a": "no address of a file",
    "https://media.example:6379/a": "names a port",
    "https://media.example:5432/a": "names a port",
    "https://media.example:x/a": "no address of a file",
    "https:///a": "no address of a file",
    "http://media.example/a": "does not begin with https://",
    "gopher://media.example/a": "does not begin with https://",
    "file:///etc/passwd": "no address of a file",
    "ftp://media.example/a": "does not begin with https://",
    "media.example/a": "no address of a file",
    "": "no address of a file",
}


@pytest.mark.parametrize(("url", "why"), REFUSED.items())
async def test_an_address_that_may_lead_inside_is_refused_before_anything_is_asked(
    url: str, why: str
) -> None:
    names = Names([["93.184.216.34"]])

    assert why in await refusal(url, Rules(look_up=names.look_up))
    assert names.asked == []


INSIDE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:93.184.216.34",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
OUTSIDE = ["93.184.216.34", "1.1.1.1", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"]


@pytest.mark.parametrize("address", INSIDE)
async def test_a_name_that_leads_inside_is_refused(address: str) -> None:
    names = Names([["93.184.216.34", address]])

    assert NO_HOST in await refusal("https://media.example/a", Rules(look_up=names.look_up))


@pytest.mark.parametrize("address", OUTSIDE)
def test_addresses_of_the_public_internet_are_public(address: str) -> None:
    assert is_public(ip_address(address))


async def test_a_name_without_addresses_is_refused() -> None:
    assert NO_HOST in await refusal("https://media.example/a", Rules(look_up=Names([[]]).look_up))


async def test_a_name_that_changes_its_mind_gains_nothing(site: Site) -> None:
    site.names.answers = [["127.0.0.1"], ["127.0.0.2"]]

    assert await fetched("http://media.example/file.png", site.rules()) == b"bytes"
    assert site.names.asked == ["media.example"]


async def test_redirects_are_followed_three_times(site: Site) -> None:
    assert await fetched("http://media.example/hop-3", site.rules()) == b"there"
    assert "leads on too often" in await refusal("http://media.example/hop-4", site.rules())


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("http://127.0.0.1/a", NO_HOST),
        ("http://inside.example/a", NO_HOST),
        ("https://media.example/a", "does not begin with"),
        ("http://media.example:1/a", "names a port"),
        ("file:///etc/passwd", "no address of a file"),
    ],
    ids=["loopback", "a private host", "another scheme", "another port", "a file"],
)
async def test_a_redirect_goes_through_the_same_door(site: Site, target: str, why: str) -> None:
    site.names.answers = [["127.0.0.1"], ["10.0.0.1"]]

    assert why in await refusal(f"http://media.example/to?url={target}", site.rules())


@pytest.mark.parametrize(
    ("path", "changes", "why"),
    [
        ("big", {"most_bytes": 4999}, "larger than 0.004999 MB"),
        ("endless", {"most_bytes": 5000}, "larger than 0.005 MB"),
        ("drip", {"drip_seconds": 0.3}, "takes too long"),
        ("drip", {"seconds": 0.5}, "takes too long"),
        ("silent", {"seconds": 0.3}, "takes too long"),
        ("packed", {}, "packed form"),
        ("gone", {}, "answers with 404"),
    ],
    ids=["said size", "real size", "slow drip", "deadline", "no answer", "packed", "not there"],
)
async def test_a_server_that_does_harm_is_given_up(
    site: Site, path: str, changes: dict[str, Any], why: str
) -> None:
    said = await refusal(f"http://media.example/{path}", site.rules(**changes))

    assert why in said
    assert said.startswith(f"“{path}” could not be fetched")
    assert "Give the https:// address of a file" in said


async def test_a_server_that_is_not_there_is_told(unused_tcp_port: int) -> None:
    nobody = Site(unused_tcp_port)

    assert "cannot be reached" in await refusal("http://media.example/a", nobody.rules())


async def test_a_name_that_nobody_knows_is_told() -> None:
    async def unknown(host: str, port: int) -> list[Address]:
        raise OSError("no such name")

    assert "cannot be reached" in await refusal("https://a.example/a", Rules(look_up=unknown))


async def test_the_environment_leads_nowhere(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert await fetched("http://media.example/file.png", site.rules()) == b"bytes"


async def test_names_in_other_letters_are_looked_up_as_name_servers_know_them(site: Site) -> None:
    assert await fetched("http://münchen.example/file.png", site.rules()) == b"bytes"
    assert site.names.asked == ["xn--mnchen-3ya.example"]


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for this name, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "cert.pem", folder / "key.pem"


@pytest.mark.parametrize(
    ("host", "is_reached"), [("media.example", True), ("other.example", False)]
)
async def test_the_server_must_prove_the_name_although_an_address_is_called(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int], host: str, is_reached: bool
) -> None:
    cert, key = certificate(tmp_path, "media.example")
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(cert, key)
    seen: list[str | None] = []
    theirs.sni_callback = lambda _, name, __: seen.append(name)
    site = Site(unused_tcp_port_factory())
    rules = site.rules(ports={"https": site.port}, tls=ssl.create_default_context(cafile=str(cert)))

    async def serve(request: web.Request) -> web.Response:
        return web.Response(body=b"bytes")

    app = web.Application()
    app.router.add_get("/a", serve)
    server = TestServer(app, port=site.port, scheme="https")
    await server.start_server(ssl=theirs)
    work = fetched(f"https://{host}/a", rules)
    outcome = (await asyncio.gather(work, return_exceptions=True))[0]
    await server.close()

    assert seen == [host]
    assert (outcome == b"bytes") is is_reached
    assert is_reached or "cannot be reached" in str(outcome)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://a.example/b/door.png?size=1#top", "door.png"),
        ("https://a.example/T%C3%BCr.png", "Tür.png"),
        ("https://a.example/", "file"),
        ("https://a.example/a%0Ab", "file"),
        (f"https://a.example/{'x' * 300}", "x" * 100),
    ],
)
def test_a_fetched_file_is_called_like_the_end_of_its_address(url: str, name: str) -> None:
    assert name_of(url) == name
