"""An event stream that is open: its bytes as they come, and the errors that end it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime

import httpx

from i3x.errors import StreamError
from i3x.transport.exchange import Exchange, http_date


def is_event_stream(response: httpx.Response) -> bool:
    """Whether an answer is the beginning of an event stream."""
    return response.status_code == 200 and response.headers.get("content-type", "").lower().startswith(
        "text/event-stream"
    )


class EventSource:
    """The bytes of an event stream, from its beginning on."""

    def __init__(self, response: httpx.Response, exchange: Exchange) -> None:
        self._response = response
        self._exchange = exchange

    @property
    def date(self) -> datetime | None:
        """When the server opened the stream, by its own clock; None if it does not say."""
        return http_date(self._response.headers.get("date", ""))

    async def parts(self) -> AsyncGenerator[bytes, None]:
        """Yield what arrives until the server ends the stream; raises :class:`~i3x.StreamError` if it breaks.

        How long to wait for the next part is for the caller to limit.
        """
        try:
            async for part in self._response.aiter_raw():
                yield part
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            raise StreamError(
                f"{self._exchange.call.operation}: the event stream broke: {type(error).__name__}",
                operation=self._exchange.call.operation,
            ) from error

    async def close(self) -> None:
        """Close the connection; no event of the stream can be had any more."""
        await self._response.aclose()
