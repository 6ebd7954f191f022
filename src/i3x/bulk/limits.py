"""What a server takes in one request, and how many requests at once, as far as a client has found out.

Servers do not tell their limits: a request is refused, and smaller ones are not. What was found out once stays
known as long as the client lives, so that no limit is met twice.
"""

from __future__ import annotations

import threading

import msgspec


class Size(msgspec.Struct, frozen=True, gc=False):
    """How large a request is, or may be: its items, and the bytes of its body."""

    count: int
    bytes: int

    def fits(self, other: Size) -> bool:
        """Whether it is no larger than another one in any way."""
        return self.count <= other.count and self.bytes <= other.bytes

    def union(self, other: Size) -> Size:
        """Return the smallest size that both fit."""
        return Size(max(self.count, other.count), max(self.bytes, other.bytes))


START = Size(10_000, 256 * 1024)
"""The largest request to a server of which nothing is known yet."""

MOST_AT_ONCE = 4
_CALM = 100  # requests without an overload after which one more at once is dared again
_TOO_LARGE = (413, 414)
# What a history may hold depends on the time that is asked for, so that it says nothing about other operations.
_NO_HINT = frozenset(("queryHistoricalValues",))


class _Known(msgspec.Struct):
    """What is known of one operation: the largest that has worked, and caps where more was refused."""

    worked: Size = Size(0, 0)
    count: int | None = None
    bytes: int | None = None


class Limits:
    """The limits of one server. Shared by all calls of a client, on all threads."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._at_once = MOST_AT_ONCE
        self._calm = 0
        self._lock = threading.Lock()

    def largest(self, operation: str) -> Size:
        """Return the largest request that is worth trying.

        Where the operation itself has met no limit, those of others are a hint, as far as it has not gone beyond.
        """
        with self._lock:
            known = self._known.get(operation, _Known())
            others = [each for name, each in self._known.items() if name not in _NO_HINT]
            count, size = known.count, known.bytes
            if count is None:
                hints = [each.count for each in others if each.count is not None]
                count = max(min(hints), known.worked.count) if hints else START.count
            if size is None:
                hints = [each.bytes for each in others if each.bytes is not None]
                size = max(min(hints), known.worked.bytes) if hints else START.bytes
            return Size(count, size)

    def works(self, operation: str, size: Size) -> bool:
        """Whether requests of this size are known to work."""
        with self._lock:
            known = self._known.get(operation)
            return known is not None and size.fits(known.worked)

    def note_worked(self, operation: str, size: Size) -> None:
        """Remember a request that was answered."""
        with self._lock:
            known = self._known.setdefault(operation, _Known())
            known.worked = known.worked.union(size)
            self._calm += 1
            if self._calm >= _CALM:
                self._calm, self._at_once = 0, min(self._at_once + 1, MOST_AT_ONCE)

    def note_refused(self, operation: str, refused: Size, worked: Size, status: int | None) -> None:
        """Remember that a request was refused for its size alone, since its parts, up to ``worked``, were not.

        By what it is limited shows in what has worked before: it can't be the bytes if as many have worked.
        Otherwise the status tells: 413 speaks of bytes, 400 of items.
        """
        with self._lock:
            known = self._known.setdefault(operation, _Known())
            by_bytes = status in _TOO_LARGE
            if refused.count <= known.worked.count:
                by_bytes = True
            elif refused.bytes <= known.worked.bytes:
                by_bytes = False
            if by_bytes:
                known.bytes = min(worked.bytes, known.bytes or worked.bytes)
            else:
                known.count = min(worked.count, known.count or worked.count)

    @property
    def at_once(self) -> int:
        """How many requests of one call may be on their way together."""
        return self._at_once

    def note_overload(self) -> None:
        """Send fewer at once from now on: the server says that it is too much (429, 503)."""
        with self._lock:
            self._calm, self._at_once = 0, max(1, self._at_once // 2)
