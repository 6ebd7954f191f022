"""What a server takes in one request, and how many requests at once, as far as a client has found out.

Servers do not tell their limits: a request is refused, and smaller ones are not. What was found out once stays
known as long as the client lives, so that no limit is met twice.
"""

from __future__ import annotations

import math
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
_FIRST_CALM, _LONGEST_CALM = 100, 1000
"""Answers for history after which a longer range than one that was refused is dared; twice as many the next time."""
_TOO_LARGE = (413, 414)
# What a history may hold depends on the time that is asked for, so that it says nothing about other operations.
_NO_HINT = frozenset(("queryHistoricalValues",))


class _Known(msgspec.Struct):
    """What is known of one operation: the largest that has worked, and caps where more was refused."""

    worked: Size = Size(0, 0)
    count: int | None = None
    bytes: int | None = None


class Ranges:
    """How long a time range a server takes in a request for history, in nanoseconds. Shared as limits are.

    A range may be refused for its length, which is a rule of the server, or for what it holds, which says nothing
    about emptier ones. What is refused of some elements is therefore taken to be refused of as many and of more, but
    not of fewer; and where a longer range holds no more than what was answered before, it is dared, but only once.
    """

    def __init__(self) -> None:
        # By the number of elements, as a power of two: the longest that was answered, the shortest that was refused.
        self._answered: dict[int, int] = {}
        self._refused: dict[int, int] = {}
        self._rows = 0
        self._is_dared = False
        self._calm = 0
        self._calm_needed = _FIRST_CALM
        self._lock = threading.Lock()

    @property
    def are_known(self) -> bool:
        """Whether any range has been answered: what is asked for since keeps to what was found out."""
        return bool(self._answered)

    def bracket(self, elements: int) -> tuple[int, int] | None:
        """Return the longest range that is known to be answered for so many elements, and the shortest refused.

        None if nothing is known to be refused.
        """
        power = elements.bit_length()
        with self._lock:
            refused = min((length for few, length in self._refused.items() if few <= power), default=None)
            if refused is None:
                return None
            shorter = {many: length for many, length in self._answered.items() if length < refused}
            for_all = max((length for many, length in shorter.items() if many >= power), default=0)
            return for_all or max(shorter.values(), default=0), refused

    def note_answered(self, elements: int, length: int, rows: int) -> None:
        """Remember a range that was answered as a whole, with at least so many points in one request."""
        power = elements.bit_length()
        with self._lock:
            self._answered[power] = max(length, self._answered.get(power, 0))
            self._rows = max(self._rows, rows)
            self._calm += 1
            for few in [few for few, refused in self._refused.items() if few <= power and refused <= length]:
                del self._refused[few]
                self._is_dared, self._calm_needed = False, _FIRST_CALM

    def note_refused(self, elements: int, length: int) -> None:
        """Remember a range that was refused, of which a shorter one with the same begin was answered.

        What was answered before of more elements must have held less.
        """
        power = elements.bit_length()
        with self._lock:
            for many in [many for many, most in self._answered.items() if many >= power and most >= length]:
                del self._answered[many]
            self._refused[power] = min(length, self._refused.get(power, length))
            self._calm = 0

    def dare(self, rows: float = math.inf) -> bool:
        """Whether a range as long as one that was refused is worth trying now, if it holds so many points.

        It is after a calm, however many it holds: the refusal may have had a reason that has passed.
        """
        with self._lock:
            if self._calm >= self._calm_needed:
                self._calm_needed = min(2 * self._calm_needed, _LONGEST_CALM)
            elif self._is_dared or rows > self._rows:
                return False
            self._is_dared, self._calm = True, 0
            return True


class Limits:
    """The limits of one server. Shared by all calls of a client, on all threads."""

    def __init__(self) -> None:
        self.ranges = Ranges()
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

    def is_daring(self, operation: str, size: Size) -> bool:
        """Whether requests of this size are so much larger than what has worked that they may be too large."""
        with self._lock:
            worked = self._known.get(operation, _Known()).worked
            return not size.fits(Size(worked.count + worked.count // 8, worked.bytes + worked.bytes // 8))

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
