"""Sends any operation of the raw layer and shows what the server really answered. For server authors.

The functions in the generated modules return a parsed answer or raise. Whoever writes or tests a server needs
to see the answer that is *not* what it should be: the HTML page, the cut-off body, the undocumented status,
the stream that never ends. `send` and `send_async` return all of it in one `RawReply`, within limits, and
never raise for what a server or a network does:

    from i3x import raw_call
    from i3x.raw import Client
    from i3x.raw.api.subscribe import create_subscription
    from i3x.raw.models import CreateSubscriptionRequest

    with Client(base_url="http://localhost:8080/v1") as client:
        good = raw_call.send(client, create_subscription, body=CreateSubscriptionRequest(client_id="me"))
        bad = raw_call.send(client, create_subscription, body={"displayName": "no clientId"})
    assert (good.status_code, bad.status_code) == (200, 400)

A request can be broken on purpose. In place of its model, `body` takes any JSON, or bytes, and sends them as
they are; the other arguments of the operation are not checked either; `headers` adds, replaces or (with None)
leaves out headers. Without credentials: use a `Client` in place of an `AuthenticatedClient`.
"""

from __future__ import annotations

import contextlib
import math
import socket
import threading
import time
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self

import anyio
import httpx

from i3x.event_stream import EventStream
from i3x.raw.client import AuthenticatedClient, Client

__all__ = ["Operation", "RawReply", "send", "send_async"]

MAX_BYTES = 64 * 1024 * 1024
MAX_SECONDS = 30.0
_GRACE = 0.05
"""How long after the time is up httpx may still notice by itself: it tidies up better than who interrupts it."""

Limit = Literal["events", "bytes", "seconds"]


class Operation(Protocol):
    """A generated module such as `i3x.raw.api.query.query_last_known_values`."""

    def _get_kwargs(self, *args: Any, **kwargs: Any) -> dict[str, Any]: ...

    def _parse_response(self, *, client: AuthenticatedClient | Client, response: httpx.Response) -> Any: ...


@dataclass(frozen=True, slots=True)
class RawReply:
    """What came back, however odd.

    Of a complete exchange `failure` and `stopped_by` are None, and either `parsed` or `parse_error` is set.
    """

    status_code: int | None
    """The HTTP status, any number that the server liked; None if the exchange ended before it was known."""

    headers: httpx.Headers
    """The headers of the answer; empty if the exchange ended before they were known."""

    content: bytes
    """The body as far as it was read: decompressed if it was compressed well, else as it was received."""

    parsed: Any
    """The model that the document has for this status; of an event stream, the text. None if `parse_error` is
    set, and if the body is incomplete."""

    parse_error: Exception | None
    """Why the body is not what the document says."""

    elapsed: float
    """How long it took, in seconds, from before the connection to after the last byte."""

    failure: Exception | None
    """How the exchange broke: refused, TLS, timeout of the client, closed in the middle of the answer."""

    stopped_by: Limit | None
    """The limit that ended the reading, None if the answer came to its own end."""

    events: tuple[str, ...]
    """Of an event stream, the `data` of each complete event, as text. Events without data are no events."""

    unpacked: bool
    """Whether the body came compressed with gzip or deflate and was unpacked to the end. A header that only
    says so leaves it False."""


def send(
    client: AuthenticatedClient | Client,
    operation: Operation,
    *,
    headers: Mapping[str, str | None] | None = None,
    max_bytes: int = MAX_BYTES,
    max_seconds: float = MAX_SECONDS,
    max_events: int | None = None,
    **arguments: Any,
) -> RawReply:
    """Send an operation and return what came back.

    Args:
        client: Where to, and with which credentials and timeouts.
        operation: The generated module of the operation.
        headers: Headers to add or replace; None as a value leaves the header out.
        max_bytes: Read no more of the (decompressed) body than this.
        max_seconds: Take no longer than this in all, whatever the server does.
        max_events: Read no more events of a stream than this.
        arguments: The arguments of the operation, for example `body`.

    Raises:
        TypeError: The operation has no such argument, or `operation` is no generated module.
        ValueError: A limit is not above zero, or the body is no JSON.
    """
    limits = _Limits(max_bytes, max_seconds, max_events)
    http = _checked(client).get_httpx_client()
    exchange = _Exchange(client, operation, limits, _request(http, operation, arguments, headers, limits))
    done: Future[None] = Future()
    # On a thread, because a name that does not resolve and headers that come byte by byte obey no timeout.
    worker = threading.Thread(target=_exchange_in_thread, args=(http, exchange, done), daemon=True)
    worker.start()
    try:
        done.result(limits.seconds + _GRACE)
    except FutureTimeoutError:
        exchange.expire()
        exchange.hang_up()
    return exchange.reply()


async def send_async(
    client: AuthenticatedClient | Client,
    operation: Operation,
    *,
    headers: Mapping[str, str | None] | None = None,
    max_bytes: int = MAX_BYTES,
    max_seconds: float = MAX_SECONDS,
    max_events: int | None = None,
    **arguments: Any,
) -> RawReply:
    """Send an operation and return what came back: `send` for async code, with the same arguments."""
    limits = _Limits(max_bytes, max_seconds, max_events)
    http = _checked(client).get_async_httpx_client()
    exchange = _Exchange(client, operation, limits, _request(http, operation, arguments, headers, limits))
    with anyio.move_on_after(limits.seconds + _GRACE) as scope, exchange.failures():
        async with _leaving_nothing_open(exchange.request):
            response = await http.send(exchange.request, stream=True)
        try:
            exchange.begin(response)
            async for chunk in response.aiter_raw():
                if not exchange.feed(chunk):
                    break
        finally:
            with anyio.CancelScope(shield=True):
                await response.aclose()
    if scope.cancelled_caught:
        exchange.expire()
    return exchange.reply()


@contextlib.asynccontextmanager
async def _leaving_nothing_open(request: httpx.Request) -> AsyncIterator[None]:
    """Close the connection if no response comes of it: httpx forgets one that is given up while TLS begins."""
    opened: list[Any] = []

    async def note(event: str, about: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            opened.append(about["return_value"])

    request.extensions["trace"] = note
    try:
        yield
    except BaseException:
        with anyio.CancelScope(shield=True):
            for connection in opened:
                await connection.aclose()
        raise


def _exchange_in_thread(http: httpx.Client, exchange: _Exchange, done: Future[None]) -> None:
    try:
        with exchange.failures():
            response = http.send(exchange.request, stream=True)
            try:
                exchange.begin(response)
                for chunk in response.iter_raw():
                    if not exchange.feed(chunk):
                        break
            finally:
                response.close()
        done.set_result(None)
    except BaseException as error:  # noqa: BLE001 - raised again where the caller waits
        done.set_exception(error)


@dataclass(frozen=True, slots=True)
class _Limits:
    bytes: int
    seconds: float
    events: int | None

    def __post_init__(self) -> None:
        for name, value in (("bytes", self.bytes), ("seconds", self.seconds), ("events", self.events)):
            if value is not None and not 0 < value < math.inf:
                raise ValueError(f"max_{name} must be above zero and finite, not {value!r}")


class _AsIs:
    """Stands where the generated code expects the model of a body, and is any JSON, or bytes."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def to_dict(self) -> Any:
        return self._body


def _checked(client: AuthenticatedClient | Client) -> AuthenticatedClient | Client:
    if not hasattr(client, "get_async_httpx_client"):
        raise TypeError(f"client must be a Client or AuthenticatedClient of i3x.raw, not {client!r}")
    return client


def _request(
    http: httpx.Client | httpx.AsyncClient,
    operation: Operation,
    arguments: dict[str, Any],
    headers: Mapping[str, str | None] | None,
    limits: _Limits,
) -> httpx.Request:
    """The request as the generated code builds it, with whatever the caller wants to be different."""
    if http.is_closed:
        raise RuntimeError("the client is closed; make a new one")
    if not hasattr(operation, "_get_kwargs"):
        raise TypeError(
            f"operation must be a generated module, such as i3x.raw.api.info.get_info, not {operation!r}"
        )
    if "body" in arguments and not hasattr(arguments["body"], "to_dict"):
        arguments = {**arguments, "body": _AsIs(arguments["body"])}
    parts = operation._get_kwargs(**arguments)  # noqa: SLF001 - the generator has no public name for it
    if isinstance(parts.get("json"), bytes):
        parts["content"] = parts.pop("json")
    clipped = {
        phase: limits.seconds if seconds is None else min(seconds, limits.seconds)
        for phase, seconds in http.timeout.as_dict().items()
    }
    request = http.build_request(**parts, timeout=httpx.Timeout(**clipped))
    for name, value in (headers or {}).items():
        if value is None:
            request.headers.pop(name, None)
        else:
            request.headers[name] = value
    return request


class _Exchange:
    """One request and what has come back so far: everything about it but the input and output."""

    def __init__(
        self,
        client: AuthenticatedClient | Client,
        operation: Operation,
        limits: _Limits,
        request: httpx.Request,
    ) -> None:
        self.request = request
        self._client = client
        self._operation = operation
        self._limits = limits
        self._started = time.perf_counter()
        self._elapsed: float | None = None
        self._response: httpx.Response | None = None
        self._body = _Body("", limits.bytes)
        self._stream: EventStream | None = None
        self._events: list[str] = []
        self._failure: Exception | None = None
        self._stopped_by: Limit | None = None

    def begin(self, response: httpx.Response) -> None:
        """The status and the headers are there."""
        self._response = response
        self._body = _Body(response.headers.get("content-encoding", ""), self._limits.bytes)
        if response.headers.get("content-type", "").lower().startswith("text/event-stream"):
            # The body ends the reading before any event is too large, even where it is first read as
            # compressed and then, since it is not, once more as it was received.
            self._stream = EventStream(2 * self._limits.bytes)

    def feed(self, chunk: bytes) -> bool:
        """A piece of the body is there. False: read no more."""
        decoded = self._body.feed(chunk)
        if self._stream is not None:
            self._events += [event.data.decode("utf-8", "replace") for event in self._stream.feed(decoded)]
        if self._limits.events and len(self._events) >= self._limits.events:
            self._stop("events")
        elif self._body.overflowed:
            self._stop("bytes")
        elif time.perf_counter() - self._started >= self._limits.seconds:
            self._stop("seconds")
        return self._stopped_by is None

    def expire(self) -> None:
        """The time is up."""
        self._stop("seconds")

    def hang_up(self) -> None:
        """End the wait of a thread that still reads: it gets told that there is no more to come."""
        stream = self._response.extensions.get("network_stream") if self._response is not None else None
        wire = stream.get_extra_info("socket") if stream is not None else None
        if isinstance(wire, socket.socket):
            with contextlib.suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)

    @contextlib.contextmanager
    def failures(self) -> Iterator[Self]:
        """Keep what breaks the exchange, instead of raising it."""
        try:
            yield self
        except Exception as error:  # noqa: BLE001 - more than httpx's own: a port out of range, a strange header
            late = time.perf_counter() - self._started >= self._limits.seconds
            if isinstance(error, httpx.TimeoutException) and late:
                self._stop("seconds")
            elif self._stopped_by is None:
                self._failure = error
        self._elapsed = self._elapsed or time.perf_counter() - self._started

    def _stop(self, limit: Limit) -> None:
        if self._stopped_by is None:
            self._stopped_by = limit
            self._elapsed = time.perf_counter() - self._started

    def reply(self) -> RawReply:
        """What came back."""
        response = self._response
        content = self._body.content()
        events = tuple(self._events[: self._limits.events])
        parsed, parse_error = self._parse(content)
        return RawReply(
            status_code=response.status_code if response is not None else None,
            headers=response.headers if response is not None else httpx.Headers(),
            content=content,
            parsed=parsed,
            parse_error=parse_error,
            elapsed=self._elapsed or time.perf_counter() - self._started,
            failure=self._failure,
            stopped_by=self._stopped_by,
            events=events,
            unpacked=self._body.unpacked,
        )

    def _parse(self, content: bytes) -> tuple[Any, Exception | None]:
        """What the document makes of the body. Half a JSON text is no finding; half a stream is a stream."""
        response = self._response
        complete = self._failure is None and self._stopped_by is None
        if response is None or not (complete or self._stream is not None):
            return None, None
        plain = httpx.Response(response.status_code, headers=_decoded(response.headers), content=content)
        try:
            parsed = self._operation._parse_response(client=self._client, response=plain)  # noqa: SLF001
        except Exception as error:  # noqa: BLE001 - whatever the parser raises is what the caller asked for
            return None, error
        return parsed, None


def _decoded(headers: httpx.Headers) -> httpx.Headers:
    """The headers of a body that is decoded already."""
    transport = {b"content-encoding", b"content-length", b"transfer-encoding"}
    return httpx.Headers([(name, value) for name, value in headers.raw if name.lower() not in transport])


class _Body:
    """A body as it comes in: decompressed bit by bit where that is possible, else as it was received."""

    def __init__(self, encoding: str, limit: int) -> None:
        self.overflowed = False
        self._encoding = encoding.strip().lower()
        self._limit = limit
        self._received = bytearray()
        self._decoded = bytearray()
        known = self._encoding in ("gzip", "x-gzip", "deflate")
        # 32 + 15: with a gzip or a zlib header, whichever is there, and the largest window.
        self._inflate = zlib.decompressobj(wbits=47) if known else None

    def feed(self, chunk: bytes) -> bytes:
        """Take a piece, and return what it adds to the body."""
        self._received += chunk
        decoded = chunk
        if self._inflate is not None:
            try:
                # One byte more than there is room for, which is how an overflow shows.
                decoded = self._inflate.decompress(chunk, self._limit - len(self._decoded) + 1)
            except zlib.error:
                # The header lied. Back to what was received, and on with that.
                self._inflate, self._encoding = None, ""
                self._decoded.clear()
                decoded = bytes(self._received)
        room = self._limit - len(self._decoded)
        self.overflowed = len(decoded) > room
        self._decoded += decoded[:room]
        return decoded[:room]

    @property
    def unpacked(self) -> bool:
        """Whether the body was compressed, as its header said, and is complete."""
        return self._inflate is not None and self._inflate.eof

    def content(self) -> bytes:
        """All of the body so far."""
        if self._inflate is not None or self._encoding in ("", "identity"):
            return bytes(self._decoded)
        # An encoding that httpx may know, if the package for it is installed.
        with contextlib.suppress(httpx.DecodingError):
            headers = {"content-encoding": self._encoding}
            return httpx.Response(200, headers=headers, content=bytes(self._received)).content
        return bytes(self._received)
