"""Faults that answer instead of the operation, or replace the whole answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import msgspec
from starlette.responses import Response

from .. import validation
from ..answers import Answer, Encoded, failure
from .base import Fault

if TYPE_CHECKING:
    from ..exchange import Exchange


@dataclass(kw_only=True)
class Status(Fault):
    """Answers with a status: in the failure envelope, or with any body, such as a proxy's page or none.

    `body` is sent as `content_type`; None is the failure envelope.
    `retry_after` is the value of that header, in seconds or as an HTTP date.
    """

    status: int
    body: bytes | str | None = None
    content_type: str = "text/html"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    retry_after: float | str | None = None

    async def instead(self, _exchange: Exchange, /) -> Response:
        """The answer."""
        headers = dict(self.headers)
        if self.retry_after is not None:
            after = self.retry_after
            headers["Retry-After"] = f"{after:g}" if isinstance(after, int | float) else after
        if self.body is None:
            return failure(self.status, "Switched on by a fault", headers)
        return verbatim(self.body, self.status, self.content_type, headers)


@dataclass(kw_only=True)
class Refuse(Fault):
    """Refuses bulk requests as a whole: with more than `items` items, or with one that is about `element_id`.

    `detail` is what it says; None is an empty body, as some servers send it.
    """

    items: int | None = None
    element_id: str | None = None
    status: int = 400
    detail: str | None = None

    async def instead(self, exchange: Exchange, /) -> Response | None:
        """The refusal, if one is due; what is no bulk request is left to the operation."""
        ids = _ids(exchange.request.body)
        if self.element_id not in ids and (self.items is None or len(ids) <= self.items):
            return None
        if self.detail is None:
            return verbatim(b"", self.status, "text/plain", {})
        return failure(self.status, self.detail)


@dataclass(kw_only=True)
class Busy(Fault):
    """Takes `seconds` for a request, and answers `status` to what comes while `most` are being answered."""

    most: int = 1
    seconds: float = 0.02
    status: int = 429
    retry_after: float | None = None
    _now: int = field(default=0, init=False)

    async def instead(self, exchange: Exchange, /) -> Response | None:
        """The refusal of what is too much, and a while for the rest."""
        if self._now >= self.most:
            headers = {} if self.retry_after is None else {"Retry-After": f"{self.retry_after:g}"}
            return failure(self.status, "Too many requests at once", headers)
        self._now += 1
        try:
            await exchange.connection.pause(self.seconds)
        finally:
            self._now -= 1
        return None


@dataclass(kw_only=True)
class Redirect(Fault):
    """Answers with a redirect to `location`; `{path}` in it stands for the path and query asked for."""

    location: str
    status: int = 307

    async def instead(self, exchange: Exchange, /) -> Response:
        """The redirect."""
        location = self.location.replace("{path}", exchange.request.target)
        return verbatim(b"", self.status, "text/plain", {"Location": location})


@dataclass(kw_only=True)
class Hang(Fault):
    """Says nothing for `seconds`, then goes on as if nothing had been."""

    seconds: float

    async def instead(self, exchange: Exchange, /) -> Response | None:
        """The silence."""
        await exchange.connection.pause(self.seconds)
        return None


@dataclass(kw_only=True)
class Body(Fault):
    """Answers with these bytes as they are: broken JSON, broken gzip, whatever a test needs."""

    body: bytes | str
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    async def instead(self, _exchange: Exchange, /) -> Response:
        """The bytes."""
        return verbatim(self.body, self.status, self.content_type, self.headers)


@dataclass(kw_only=True)
class Nested(Fault):
    """Answers with arrays inside each other, `levels` deep, as the result."""

    levels: int = 10_000

    async def instead(self, _exchange: Exchange, /) -> Response:
        """The tower."""
        tower = "[" * self.levels + "]" * self.levels
        return verbatim(f'{{"success":true,"result":{tower},"results":{tower}}}', 200, "application/json", {})


@dataclass(kw_only=True)
class NotJson(Fault):
    """Does what was asked, and answers 200 with a web page."""

    body: bytes | str = "<!doctype html><title>Sign in</title><h1>Sign in to continue</h1>"
    content_type: str = "text/html"

    def replace(self, _exchange: Exchange, _answer: Answer, /) -> Answer:
        """The page."""
        return verbatim(self.body, 200, self.content_type, {})


@dataclass(kw_only=True)
class BulkNotFound(Fault):
    """Deletes nothing, and answers 404 as a whole, if one of the subscriptions does not exist."""

    operations = frozenset({"deleteSubscriptions"})

    async def instead(self, exchange: Exchange, /) -> Response | None:
        """The 404, if one is due; a malformed request is left to the operation."""
        fields = validation.body(exchange.headers, exchange.body)
        client_id = fields.string("clientId")
        for subscription_id in fields.strings("subscriptionIds"):
            if exchange.state.subscriptions.find(client_id, subscription_id) is None:
                return failure(404, f"There is no subscription {subscription_id!r}")
        return None


@dataclass(kw_only=True)
class Forget(Fault):
    """Forgets every subscription when a request comes in, as if each had lived too long, and then goes on."""

    async def instead(self, exchange: Exchange, /) -> Response | None:
        """No answer; the operation finds out."""
        exchange.state.subscriptions.clear()
        return None


@dataclass(kw_only=True)
class TickWithEveryRequest(Fault):
    """Moves the live values on when a request comes in: no fault, but a clock that a test holds in its hand."""

    async def instead(self, exchange: Exchange, /) -> Response | None:
        """No answer; the operation finds new values."""
        exchange.state.values.tick()
        return None


def _ids(body: bytes) -> list[str]:
    """The ids that a bulk request is about."""
    document = msgspec.json.decode(body) if body else {}
    for name in ("elementIds", "subscriptionIds"):
        if isinstance(ids := document.get(name), list):
            return cast("list[str]", ids)
    return [update["elementId"] for update in document.get("updates", ())]


def verbatim(body: bytes | str, status: int, content_type: str, headers: Mapping[str, str]) -> Answer:
    """An answer that nothing more is done to."""
    content = body.encode() if isinstance(body, str) else body
    return Answer(status, Encoded(content), dict(headers), content_type, verbatim=True)
