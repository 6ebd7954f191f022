"""Points in the order of time: how an answer is sorted, cut to a range, and joined to the one before it.

A plant's history is millions of points, so nothing here parses a timestamp that it can compare as text: RFC 3339
texts of one form, all in UTC and with the same number of digits, are in the order of time as they are.
"""

from __future__ import annotations

import itertools
import operator
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from i3x import nanoseconds
from i3x.models import VQT

_timestamp = operator.attrgetter("timestamp")
_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_SHORTEST = len("2026-01-31T08:00:00Z")
_LAST = nanoseconds.of_text("9999-12-31T23:59:59.999999999Z")


class Run:
    """Points in the order of time, whose timestamps can all be read.

    ``digits`` is how many fraction digits all their timestamps have, if these are of one form; else ``moments``
    holds them as nanoseconds.
    """

    __slots__ = ("_digits", "_moments", "points")

    def __init__(self, points: list[VQT], moments: list[int] | None = None, digits: int = 0) -> None:
        self.points = points
        self._moments = moments
        self._digits = digits

    def position(self, moment: int) -> int:
        """Return the index of the first point at or after a moment."""
        if self._moments is not None:
            return bisect_left(self._moments, moment)
        if moment > _LAST:
            return len(self.points)
        return bisect_left(self.points, _text(moment, self._digits), key=_timestamp)

    def part(self, first: int, after: int) -> Run:
        """Return the points from one index up to another."""
        if first <= 0 and after >= len(self.points):
            return self
        moments = None if self._moments is None else self._moments[first:after]
        return Run(self.points[first:after], moments, self._digits)

    def between(self, start: int, end: int) -> Run:
        """Return the points from one moment to another, both included."""
        return self.part(self.position(start), self.position(end + 1))

    def before(self, moment: int) -> Run:
        """Return the points before a moment."""
        return self.part(0, self.position(moment))

    def since(self, moment: int) -> Run:
        """Return the points at and after a moment."""
        return self.part(self.position(moment), len(self.points))

    def moment(self, index: int) -> int:
        """Return the moment of one point."""
        if self._moments is not None:
            return self._moments[index]
        return nanoseconds.of_text(self.points[index].timestamp)


def arranged(values: list[VQT]) -> tuple[Run, list[VQT]]:
    """Return points in the order of time, and those whose timestamp can't be read.

    Points of the same moment stay in the order of the server.
    """
    if not values:
        return Run(values), []
    texts = list(map(_timestamp, values))
    digits = digits_of(texts)
    if digits is None:
        return _arranged_by_moment(values)
    if not _is_sorted(texts):
        values = _sorted(values, texts)
    run = Run(values, None, digits)
    try:
        run.moment(0), run.moment(-1)
    except ValueError:  # in the form of a timestamp, and none
        return _arranged_by_moment(values)
    return run, []


def _arranged_by_moment(values: list[VQT]) -> tuple[Run, list[VQT]]:
    points: list[VQT] = []
    moments: list[int] = []
    undated: list[VQT] = []
    for point in values:
        try:
            moments.append(nanoseconds.of_text(point.timestamp))
        except ValueError:
            undated.append(point)
        else:
            points.append(point)
    if not _is_sorted(moments):
        points = _sorted(points, moments)
        moments.sort()
    return Run(points, moments), undated


def digits_of(texts: Sequence[str]) -> int | None:
    """Return how many fraction digits timestamps have that are all of one form, in UTC; None if they are not."""
    size = len(texts[0])
    digits = size - _SHORTEST - 1
    if digits < 1 and size != _SHORTEST:
        return None
    joined = "".join(texts)
    if len(joined) != size * len(texts) or not joined.isascii():
        return None
    form = b"0000-00-00T00:00:00Z" if digits < 1 else b"0000-00-00T00:00:00." + b"0" * digits + b"Z"
    return max(digits, 0) if joined.encode().translate(_ZEROS) == form * len(texts) else None


def _text(moment: int, digits: int) -> str:
    """Return the text, with that many digits, of the first moment that has one at or after this."""
    unit = 10 ** max(9 - digits, 0)
    moment = -(-moment // unit) * unit
    if moment > _LAST:
        return "~"  # after all digits
    seconds, rest = divmod(moment, nanoseconds.SECOND)
    text = nanoseconds.to_text(seconds * nanoseconds.SECOND)
    return (
        f"{text[:-1]}.{rest:09d}"[: len(text) + digits].ljust(len(text) + digits, "0") + "Z"
        if digits
        else text
    )


def _is_sorted(keys: Sequence[Any]) -> bool:
    return all(map(operator.le, keys, itertools.islice(keys, 1, None)))


def _sorted(values: list[VQT], keys: Sequence[str] | Sequence[int]) -> list[VQT]:
    """Return values in the order of their keys; newest first, as many servers send them, is turned around."""
    if _is_sorted(keys[::-1]):
        return values[::-1]
    return [values[index] for index in sorted(range(len(values)), key=keys.__getitem__)]


def joined(older: list[VQT], newer: list[VQT]) -> list[VQT]:
    """Return the points of one moment that two answers tell of: each as often as the answer that has more of it."""
    if not older or older == newer:
        return newer
    left = Counter(map(_identity, newer))
    extra: list[VQT] = []
    for point in older:
        identity = _identity(point)
        if left[identity] > 0:
            left[identity] -= 1
        else:
            extra.append(point)
    return extra + newer


def _identity(point: VQT) -> tuple[str, bytes]:
    return point.quality, msgspec.json.encode(point.value, order="sorted")
