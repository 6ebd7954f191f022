"""An event stream that is open: its bytes as they come, and the errors that end it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from datetime import datetime
from typing import cast

import anyio
import httpx

from i3x.errors import StreamError
from i3x.transport.exchange import Exchange, http_date
from i3x.transport.tasks import Background

_MOST_WAITING = 256 * 1024  # bytes


def is_event_stream(response: httpx.Response) -> bool:
    """Whether an answer is the beginning of an event stream."""
    return response.status_code == 200 and response.headers.get("content-type", "").lower().startswith(
        "text/event-stream"
    )


class EventSource:
    """The bytes of an event stream, from its beginning on."""

    def __init__(self, response: httpx.Response, exchange: Exchange) -> None:
        self._response = response
        self._operation = exchange.call.operation

    @property
    def date(self) -> datetime | None:
        """When the server opened the stream, by its own clock; None if it does not say."""
        return http_date(self._response.headers.get("date", ""))

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[Arrivals, None]:
        """Read the stream in a task of its own, for as long as the block goes on."""
        arrivals = Arrivals(self._operation)
        # Not aiter_raw(): each layer more is paid for with each part.
        stream = cast("httpx.AsyncByteStream", self._response.stream)
        reader = Background(lambda: arrivals.fill(stream), "i3x-stream")
        try:
            yield arrivals
        finally:
            with anyio.CancelScope(shield=True):
                await reader.stop()

    async def close(self) -> None:
        """Close the connection; no event of the stream can be had any more."""
        await self._response.aclose()


class Arrivals:
    """What has come of a stream, until it is taken, all at once.

    A server in a hurry sends many small parts, and httpx gives them one by one. What they share out among them
    here, the waking up of a task above all, would cost more than reading them.
    """

    def __init__(self, operation: str) -> None:
        self._operation = operation
        self._parts: list[bytes] = []
        self._size = 0
        self._arrival = asyncio.Event()
        self._space = asyncio.Event()
        self._end: Exception | None = None

    async def fill(self, stream: httpx.AsyncByteStream) -> None:
        """Put in what comes until the stream ends; waits while too much of it has not been taken."""
        end: Exception = EOFError()
        try:
            async with aclosing(cast("AsyncGenerator[bytes, None]", aiter(stream))) as parts:
                async for part in parts:
                    if not self._parts:
                        self._arrival.set()
                    self._parts.append(part)
                    self._size += len(part)
                    if self._size > _MOST_WAITING:
                        self._space.clear()
                        await self._space.wait()
        except Exception as error:  # noqa: BLE001  # take() raises it
            end = error
        finally:
            self._end = end
            self._arrival.set()

    async def take(self) -> bytes:
        """Return all that has come, in one piece; waits for the first of it, and returns nothing at the end.

        Raises :class:`~i3x.StreamError` if the stream breaks, when all that came before has been taken. How long
        to wait is for the caller to limit.
        """
        while not self._parts and self._end is None:
            self._arrival.clear()
            await self._arrival.wait()
        parts, self._parts, self._size = self._parts, [], 0
        self._space.set()
        if not parts and not isinstance(self._end, EOFError):
            raise StreamError(
                f"{self._operation}: the event stream broke: {type(self._end).__name__}",
                operation=self._operation,
            ) from self._end
        return b"".join(parts)
