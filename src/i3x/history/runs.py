"""Points in the order of time: how an answer is sorted, cut to a range, and joined to the one before it.

A plant's history is millions of points, so nothing here parses a timestamp that it can compare as text: RFC 3339
texts in UTC are in the order of time as they are, once the ``Z`` at their end is out of the way.
"""

from __future__ import annotations

import functools
import itertools
import operator
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import msgspec

from i3x import nanoseconds
from i3x.models import VQT

_timestamp: Callable[[VQT], str] = operator.attrgetter("timestamp")
_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_SHORTEST = len("2026-01-31T08:00:00Z")
_TENS_OF_SECONDS = len("2026-01-31T08:00:")
_LAST = nanoseconds.of_text("9999-12-31T23:59:59.999999999Z")
_AFTER_ALL = "~"  # as text, after all digits


class Run:
    """Points in the order of time.

    ``moments`` holds their timestamps as nanoseconds where these can't be compared as texts.
    """

    __slots__ = ("_moments", "points")

    def __init__(self, points: list[VQT], moments: list[int] | None = None) -> None:
        self.points = points
        self._moments = moments

    def position(self, moment: int) -> int:
        """Return the index of the first point at or after a moment."""
        if self._moments is not None:
            return bisect_left(self._moments, moment)
        key, points = _key(moment), self.points
        if not points or points[-1].timestamp[:-1] < key:
            return len(points)
        if points[0].timestamp[:-1] >= key:
            return 0
        return bisect_left(points, key, key=_text_key)

    def part(self, first: int, after: int) -> Run:
        """Return the points from one index up to another."""
        if first <= 0 and after >= len(self.points):
            return self
        return Run(self.points[first:after], None if self._moments is None else self._moments[first:after])

    def moment(self, index: int) -> int:
        """Return the moment of one point. Raises ``ValueError`` for one that has only the form of a timestamp."""
        if self._moments is not None:
            return self._moments[index]
        return nanoseconds.of_text(self.points[index].timestamp)


def _text_key(point: VQT) -> str:
    # Without the Z, a text with more digits comes after the same one with fewer.
    return point.timestamp[:-1]


@functools.lru_cache(maxsize=256)
def _key(moment: int) -> str:
    """Return the least text, without a Z, of a moment."""
    if moment > _LAST:
        return _AFTER_ALL
    text = nanoseconds.to_text(moment)[:-1]
    return text.rstrip("0") if "." in text else text


def arranged(values: list[VQT]) -> tuple[Run, list[VQT]]:
    """Return points in the order of time, and those whose timestamp can't be read.

    Points of the same moment stay in the order of the server.
    """
    if not values:
        return Run(values), []
    texts = list(map(_timestamp, values))
    if not are_uniform(texts):
        if not are_comparable(texts):
            return _arranged_by_moment(values)
        texts = [text[:-1] for text in texts]
    return Run(values if _is_sorted(texts) else _sorted(values, texts)), []


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


def clipped(run: Run, start: int, end: int) -> tuple[Run, list[VQT]]:
    """Return what lies between two moments, both included, and what is outside and no moment at all."""
    first, after = run.position(start), run.position(end + 1)
    if first == 0 and after == len(run.points):
        return run, []
    outside = [*run.points[:first], *run.points[after:]]
    return run.part(first, after), [point for point in outside if not _is_timestamp(point.timestamp)]


def _is_timestamp(text: str) -> bool:
    try:
        nanoseconds.of_text(text)
    except ValueError:
        return False
    return True


def are_comparable(texts: Sequence[str]) -> bool:
    """Whether timestamps have the one form, in UTC, in which they are in the order of time as texts."""
    by_size: defaultdict[int, list[str]] = defaultdict(list)
    for text in texts:
        by_size[len(text)].append(text)
    return all(map(are_uniform, by_size.values()))


def are_uniform(texts: Sequence[str]) -> bool:
    """Whether timestamps have that form, and all the same number of digits."""
    size = len(texts[0])
    if size < _SHORTEST or size == _SHORTEST + 1:
        return False
    joined = "".join(texts)
    return (
        len(joined) == size * len(texts)
        and joined.isascii()
        and "6" not in joined[_TENS_OF_SECONDS::size]  # a leap second is the first one of the next minute
        and joined.encode().translate(_ZEROS) == _form(size) * len(texts)
    )


@functools.cache
def _form(size: int) -> bytes:
    digits = size - _SHORTEST - 1
    return b"0000-00-00T00:00:00" + (b"." + b"0" * digits if digits > 0 else b"") + b"Z"


def _is_sorted(keys: Sequence[Any]) -> bool:
    return all(map(operator.le, keys, itertools.islice(keys, 1, None)))


def _sorted(values: list[VQT], keys: Sequence[Any]) -> list[VQT]:
    """Return values in the order of their keys; newest first, as many servers send them, is turned around."""
    if _is_sorted(keys[::-1]):
        return values[::-1]
    return [values[index] for index in sorted(range(len(values)), key=keys.__getitem__)]


def joined(older: list[VQT], newer: list[VQT]) -> list[VQT]:
    """Return the points of one moment that two answers tell of: each as often as the answer that has more of it."""
    if not older or older == newer:
        return newer
    return _extra(older, newer, _identity) + newer


def lacking(newer: Sequence[VQT], older: Sequence[VQT]) -> list[VQT]:
    """Return what ``newer`` lacks of older points: nothing of a moment of which it has as many, be they others."""
    fewer = Counter(map(_timestamp, older)) - Counter(map(_timestamp, newer))
    if not fewer:
        return []
    of_these = [[point for point in points if point.timestamp in fewer] for points in (older, newer)]
    return _extra(of_these[0], of_these[1], lambda point: (point.timestamp, *_identity(point)))


def _extra(older: list[VQT], newer: list[VQT], key: Callable[[VQT], Hashable]) -> list[VQT]:
    left = Counter(map(key, newer))
    extra: list[VQT] = []
    for point in older:
        identity = key(point)
        if left[identity] > 0:
            left[identity] -= 1
        else:
            extra.append(point)
    return extra


def _identity(point: VQT) -> tuple[str, bytes]:
    return point.quality, msgspec.json.encode(point.value, order="sorted")
