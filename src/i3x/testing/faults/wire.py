"""Faults on the way to the client: answers that come late, in part or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .base import Fault

if TYPE_CHECKING:
    from ..exchange import Exchange


@dataclass(kw_only=True)
class Truncate(Fault):
    """Promises the whole body, sends `keep` bytes of it (None: half) and closes the connection."""

    keep: int | None = None

    async def send(
        self, exchange: Exchange, status: int, headers: Sequence[tuple[str, str]], body: bytes, /
    ) -> bool:
        """The part."""
        kept = len(body) // 2 if self.keep is None else min(self.keep, len(body) - 1)
        await exchange.begin(status, headers)
        await exchange.write(body[:kept], more=True)
        await exchange.connection.close()
        return True


@dataclass(kw_only=True)
class Reset(Fault):
    """Resets the connection in place of an answer; the request has been carried out if `processed`."""

    processed: bool = False

    async def instead(self, exchange: Exchange, /) -> Response | None:
        """The reset before anything was done."""
        if self.processed:
            return None
        await exchange.connection.reset()
        return _NoAnswer()

    async def send(
        self, exchange: Exchange, _status: int, _headers: Sequence[tuple[str, str]], _body: bytes, /
    ) -> bool:
        """The reset after all was done."""
        await exchange.connection.reset()
        return True


@dataclass(kw_only=True)
class Slow(Fault):
    """Sends the body `chunk` bytes at a time, with `interval` seconds in between."""

    interval: float = 0.05
    chunk: int = 16

    async def send(
        self, exchange: Exchange, status: int, headers: Sequence[tuple[str, str]], body: bytes, /
    ) -> bool:
        """The drip."""
        await exchange.begin(status, headers)
        for start in range(0, len(body), self.chunk):
            await exchange.write(body[start : start + self.chunk], more=True)
            await exchange.connection.pause(self.interval)
        await exchange.write(b"", more=False)
        return True


class _NoAnswer(Response):
    """Nobody is there to answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Do nothing."""
