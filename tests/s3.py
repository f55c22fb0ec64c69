"""An S3 store on a loopback port: signed requests, whole and multipart uploads, lists in pages."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote
from xml.sax.saxutils import escape

from aiohttp import web

BUCKET, REGION = "posts", "eu-test-1"
ACCESS_KEY, SECRET_KEY = "AKTESTTESTTEST", "canary-s3-secret"
_PAGE = 3


@dataclass
class Store:
    """What the store holds and was asked, and how it misbehaves: `status` answers everything."""

    port: int
    objects: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    status: int | None = None
    _parts: dict[str, dict[int, bytes]] = field(default_factory=dict)

    def settings(self) -> dict[str, object]:
        """What makes Postbot use it."""
        return {
            "POSTBOT_MEDIA_URL": f"s3://{BUCKET}/acme",
            "POSTBOT_MEDIA_ENDPOINT": f"http://127.0.0.1:{self.port}",
            "POSTBOT_MEDIA_REGION": REGION,
            "POSTBOT_MEDIA_ACCESS_KEY": ACCESS_KEY,
            "POSTBOT_MEDIA_SECRET_KEY": SECRET_KEY,
        }

    def app(self) -> web.Application:
        app = web.Application(client_max_size=100_000_000)
        app.router.add_route("*", f"/{BUCKET}{{key:/?.*}}", self._serve)
        return app

    def reads(self) -> list[str]:
        """The keys that were read, in order."""
        return [line.removeprefix("GET ") for line in self.asked if line.startswith("GET ")]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        key = request.match_info["key"].strip("/")
        self.asked.append(f"{request.method} {key}")
        if self.status is not None:
            return _error(self.status, "Misbehaves")
        if not _is_signed(request, body):
            return _error(403, "SignatureDoesNotMatch")
        match request.method:
            case "GET" if "list-type" in request.query:
                return self._list(request)
            case "GET" | "HEAD":
                return self._read(key)
            case "PUT" if "uploadId" in request.query:
                parts = self._parts[request.query["uploadId"]]
                parts[int(request.query["partNumber"])] = body
                return web.Response(headers={"ETag": _etag(body)})
            case "PUT":
                self.objects[key] = body
                return web.Response(headers={"ETag": _etag(body)})
            case "POST":
                return self._multipart(request, key)
            case "DELETE":
                self.objects.pop(key, None)
                return web.Response(status=204)
        return _error(405, "MethodNotAllowed")

    def _read(self, key: str) -> web.Response:
        if key not in self.objects:
            return _error(404, "NoSuchKey")
        headers = {"ETag": _etag(self.objects[key]), "Last-Modified": _now()}
        return web.Response(body=self.objects[key], headers=headers)

    def _multipart(self, request: web.Request, key: str) -> web.Response:
        if "uploads" in request.query:
            number = str(len(self._parts))
            self._parts[number] = {}
            return _xml(f"<InitiateMultipartUploadResult><UploadId>{number}</UploadId>", key)
        parts = self._parts.pop(request.query["uploadId"])
        self.objects[key] = b"".join(parts[number] for number in sorted(parts))
        return _xml(f"<CompleteMultipartUploadResult><ETag>{_etag(b'')}</ETag>", key)

    def _list(self, request: web.Request) -> web.Response:
        prefix, after = (request.query.get(name, "") for name in ("prefix", "continuation-token"))
        keys = sorted(key for key in self.objects if key.startswith(prefix) and key > after)
        page, rest = keys[:_PAGE], keys[_PAGE:]
        listed = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.objects[key])}</Size>"
            f"<LastModified>{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}</LastModified>"
            f"<ETag>{_etag(self.objects[key])}</ETag></Contents>"
            for key in page
        )
        more = f"<NextContinuationToken>{page[-1]}</NextContinuationToken>" if rest else ""
        cut = f"<IsTruncated>{'true' if rest else 'false'}</IsTruncated>"
        return _xml(f"<ListBucketResult>{listed}{cut}{more}")


def _is_signed(request: web.Request, body: bytes) -> bool:
    """Whether the request bears version 4 of Amazon's signature, over the body it came with."""
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8}/[^/]+/s3/aws4_request), ?"
        r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})",
        request.headers.get("Authorization", ""),
    )
    if found is None or found[1] != ACCESS_KEY or f"/{REGION}/" not in found[2]:
        return False
    claimed = request.headers.get("x-amz-content-sha256", "")
    if claimed != hashlib.sha256(body).hexdigest():
        return False
    names = found[3].split(";")
    canonical = "\n".join(
        [
            request.method,
            request.rel_url.raw_path,
            _canonical_query(request.rel_url.raw_query_string),
            *(f"{name}:{request.headers[name].strip()}" for name in names),
            "",
            found[3],
            claimed,
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{request.headers['x-amz-date']}\n{found[2]}\n{digest}"
    key = f"AWS4{SECRET_KEY}".encode()
    for part in found[2].split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex() == found[4]


def _canonical_query(raw: str) -> str:
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parse_qsl(raw, keep_blank_values=True)
    )
    return "&".join(f"{name}={value}" for name, value in pairs)


def _error(status: int, code: str) -> web.Response:
    body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>"
    return web.Response(status=status, text=body, content_type="application/xml")


def _xml(inner: str, key: str = "") -> web.Response:
    root = inner[1 : inner.index(">")]
    named = f"<Bucket>{BUCKET}</Bucket><Key>{escape(key)}</Key>" if key else ""
    text = f'<?xml version="1.0" encoding="UTF-8"?>{inner}{named}</{root}>'
    return web.Response(text=text, content_type="application/xml")


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


def _now() -> str:
    return f"{datetime.now(UTC):%a, %d %b %Y %H:%M:%S} GMT"
