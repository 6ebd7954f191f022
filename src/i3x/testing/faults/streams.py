"""Faults of open event streams: how they end, how they fall silent, and in what form they say things.

`after` counts the events sent since the stream met the fault: 0 strikes as soon as both are there. The faults
of form apply in the order in which they were switched on: shape, then text, then chunks is the sensible one.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakSet

import msgspec

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
class StreamLoss(StreamFault):
    """Loses what comes after `after` events, as if it had been on its way, and ends the stream or resets it."""

    reset: bool = False

    async def strike(self, stream: EventStream, /) -> None:
        """Wait until there is something to lose."""
        if stream.subscription.queue:
            stream.subscription.queue.drain()
            await (stream.reset() if self.reset else stream.finish())


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


@dataclass(kw_only=True)
class StreamOrphan(StreamFault):
    """Deletes the subscription after `after` events; its stream stays open, and silent for ever."""

    async def strike(self, stream: EventStream, /) -> None:
        """Delete, and tell nobody."""
        if not stream.silent:
            stream.silent = True
            stream.subscription.stream = None  # or it would be ended
            stream.state.subscriptions.delete(stream.subscription)


@dataclass(kw_only=True)
class StreamRepeats(StreamFault):
    """Begins a stream with the last `count` updates of the streams before it."""

    count: int = 3
    _sent: deque[dict[str, Any]] = field(default_factory=deque[dict[str, Any]], init=False)
    _met: WeakSet[EventStream] = field(default_factory=WeakSet["EventStream"], init=False)

    async def strike(self, stream: EventStream, /) -> None:
        """Say it again, once for each stream."""
        if stream not in self._met:
            self._met.add(stream)
            if self._sent:
                await stream.write(_event(list(self._sent)))

    def event(self, updates: list[dict[str, Any]], chunks: list[bytes], /) -> list[bytes]:
        """The event as it is, remembered."""
        self._sent.extend(updates)
        while len(self._sent) > self.count:
            self._sent.popleft()
        return chunks


Shape = Literal["array", "bare", "batch", "batches"]


@dataclass(kw_only=True)
class StreamShape(StreamFault):
    """Sends updates bare, as a batch with a sequence number or as a list of batches; `bare` is one an event."""

    shape: Shape = "array"
    _number: int = field(default=0, init=False)

    def event(self, updates: list[dict[str, Any]], _chunks: list[bytes], /) -> list[bytes]:
        """The event in that shape; several events go out as one chunk."""
        if self.shape == "array":
            return [_event(updates)]
        if self.shape == "bare":
            return [b"".join(_event(update) for update in updates)]
        self._number += 1
        batch = {"sequenceNumber": self._number, "updates": updates}
        return [_event(batch if self.shape == "batch" else [batch])]


@dataclass(kw_only=True)
class StreamText(StreamFault):
    """Writes events in other words: line ends, a byte order mark, fields before the data, data on many lines."""

    line_end: str = "\n"
    mark: bool = False
    before: str = ""
    lines: bool = False
    _met: WeakSet[EventStream] = field(default_factory=WeakSet["EventStream"], init=False)

    async def strike(self, stream: EventStream, /) -> None:
        """The byte order mark, if the stream has just begun."""
        if self.mark and stream not in self._met:
            await stream.write(b"\xef\xbb\xbf")
        self._met.add(stream)

    def event(self, _updates: list[dict[str, Any]], chunks: list[bytes], /) -> list[bytes]:
        """The event in those words."""
        return [self._reworded(chunk) for chunk in chunks]

    def _reworded(self, chunk: bytes) -> bytes:
        text = chunk.decode()
        if self.lines:  # a line end is as good as a blank in JSON, outside of strings
            text = text.replace('"elementId":', '\ndata: "elementId":')
        text = text.replace("\n\n", f"\n\n{self.before}").removesuffix(self.before)
        return (self.before + text).replace("\n", self.line_end).encode()


@dataclass(kw_only=True)
class StreamChunks(StreamFault):
    """Cuts events into chunks of `size` bytes, in the middle of a character too."""

    size: int = 1

    def event(self, _updates: list[dict[str, Any]], chunks: list[bytes], /) -> list[bytes]:
        """The pieces."""
        whole = b"".join(chunks)
        return [whole[start : start + self.size] for start in range(0, len(whole), self.size)]


def _event(content: object) -> bytes:
    return b"data: " + msgspec.json.encode(content) + b"\n\n"
