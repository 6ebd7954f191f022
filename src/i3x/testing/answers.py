"""What the server answers: the standard's three envelopes, and the response that carries them."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

if TYPE_CHECKING:
    from .exchange import Exchange

EXCHANGE = "i3x.testing.exchange"
"""Where a request's `Exchange` stands in the ASGI scope."""

_GZIP_LEVEL = 1
_SLOW_TO_COMPRESS = 1 << 20
_NO_CONTENT = frozenset({204, 304})


class RequestError(Exception):
    """A request that cannot be answered: becomes the standard's failure envelope."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})


@dataclass(slots=True)
class Encoded:
    """A body, with its gzip form once somebody asked for that: big listings are sent over and over."""

    body: bytes
    zipped: bytes | None = None

    async def gzip(self) -> bytes:
        """The compressed body; a big one is compressed on another thread."""
        if self.zipped is None and len(self.body) > _SLOW_TO_COMPRESS:
            self.zipped = await asyncio.to_thread(_compress, self.body)
        elif self.zipped is None:
            self.zipped = _compress(self.body)
        return self.zipped


@dataclass(slots=True)
class Answer(Response):
    """A whole response. It is sent by the exchange it belongs to, because faults may have a say in it."""

    status: int
    content: Encoded
    extra_headers: dict[str, str] = field(default_factory=dict)
    media: str = "application/json"
    verbatim: bool = False
    """True for a body that nothing may be done to: it is a fault's, and not compressed or edited."""

    @property
    def is_json(self) -> bool:
        """Whether the body can be read as JSON and edited."""
        return self.media == "application/json" and not self.verbatim

    @property
    def has_body(self) -> bool:
        """Whether HTTP allows a body with this status."""
        return self.status not in _NO_CONTENT

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send it."""
        exchange: Exchange = scope[EXCHANGE]
        await exchange.send(self)


def encode(document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A document as a JSON response."""
    return Answer(status, Encoded(msgspec.json.encode(document)), dict(headers or {}))


def detail(status: int, text: str) -> dict[str, Any]:
    """A `responseDetail`."""
    return {"title": HTTPStatus(status).phrase, "status": status, "detail": text}


def success(result: object, partial: str | None = None) -> Answer:
    """The success envelope; `partial` says what was cut, and makes it a 206."""
    document: dict[str, Any] = {"success": True, "result": result}
    if partial is None:
        return encode(document)
    return encode(document | {"responseDetail": detail(206, partial)}, 206)


def failure(status: int, text: str, headers: Mapping[str, str] | None = None) -> Answer:
    """The failure envelope."""
    return encode({"success": False, "responseDetail": detail(status, text)}, status, headers)


def good(key: str, identifier: str, result: object, partial: str | None = None) -> dict[str, Any]:
    """A bulk item that worked; `key` is `elementId` or `subscriptionId`."""
    item = {"success": True, key: identifier, "result": result}
    return item if partial is None else item | {"responseDetail": detail(206, partial)}


def bad(key: str, identifier: str, status: int, text: str) -> dict[str, Any]:
    """A bulk item that failed."""
    return {"success": False, key: identifier, "responseDetail": detail(status, text)}


def bulk(items: Iterable[dict[str, Any]], partial: str | None = None) -> Answer:
    """The bulk envelope: a success only if every item is one. Its status is 200 (or 206) in any case."""
    results = list(items)
    document: dict[str, Any] = {"success": all(item["success"] for item in results), "results": results}
    if partial is None:
        return encode(document)
    return encode(document | {"responseDetail": detail(206, partial)}, 206)


def _compress(body: bytes) -> bytes:
    return gzip.compress(body, _GZIP_LEVEL, mtime=0)
