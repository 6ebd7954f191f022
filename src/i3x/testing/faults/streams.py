"""Faults of open event streams: how they end, and how they fall silent.

`after` counts the events sent since the stream met the fault: 0 strikes as soon as both are there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .base import Fault

if TYPE_CHECKING:
    from ..stream import EventStream


@dataclass(kw_only=True)
class StreamFault(Fault):
    """Strikes an open stream after some events; on its own it does nothing."""

    streams = True
    operations = frozenset({"streamSubscription"})
    after: int = 0

    async def stream(self, stream: EventStream, events: int, /) -> None:
        """Wait for the events to pass."""
        if events >= self.after:
            await self.strike(stream)

    async def strike(self, stream: EventStream, /) -> None:
        """Do what the fault does."""


@dataclass(kw_only=True)
class LossyStreamClose(StreamFault):
    """Ends the stream cleanly after `after` events; what was queued by then is lost."""

    async def strike(self, stream: EventStream, /) -> None:
        """Lose, and end."""
        stream.subscription.queue.drain()
        await stream.finish()


@dataclass(kw_only=True)
class EventClose(StreamFault):
    """Sends `event: close` after `after` events, and ends the stream cleanly."""

    data: str = "{}"

    async def strike(self, stream: EventStream, /) -> None:
        """Say so, and end."""
        await stream.write(f"event: close\ndata: {self.data}\n\n".encode())
        await stream.finish()


@dataclass(kw_only=True)
class StreamReset(StreamFault):
    """Resets the connection after `after` events, with `partial` as the beginning of another one."""

    partial: bytes = b""

    async def strike(self, stream: EventStream, /) -> None:
        """Begin, and break off."""
        if self.partial:
            await stream.write(self.partial)
        await stream.reset()


@dataclass(kw_only=True)
class StreamSilence(StreamFault):
    """Says nothing more after `after` events, not even that it is alive; the socket stays open."""

    async def strike(self, stream: EventStream, /) -> None:
        """Fall silent."""
        stream.silent = True
