"""How long the next window is: it grows and shrinks with what the server gives in one answer."""

from __future__ import annotations

import math

from i3x import nanoseconds
from i3x.histories import PROBE

_GROWTH = 10
_SKIP = 4  # times as long is each window after one that is given up
_SHARE = 0.8  # of what a server gave at most in an answer that it cut
_GOOD_ANSWERS = 8  # after which a length is tried again at which an answer was cut
_SMALLEST_SHARE = 4

_SEAMS = ((100 * nanoseconds.SECOND, nanoseconds.SECOND), (100_000_000, 1_000_000), (100_000, 1_000))
"""Windows of that length end at a multiple of that: not all servers keep time to the nanosecond."""


class Pace:
    """The length of the next window, in nanoseconds. ``target`` is the points that one should have, if any."""

    def __init__(self, length: int, target: int | None) -> None:
        self.length = max(length, 1)
        self._target = target
        self._most_rows: int | None = None
        self._refused: int | None = None
        self._cut: int | None = None
        self._good_answers = 0
        self._keeps_oldest = True
        self._after_detour: int | None = None
        self._is_in_gap = False

    def end(self, start: int, latest: int) -> int:
        """Return where a window ends that begins at ``start``, ``latest`` at the latest."""
        if self.length >= latest - start:
            return latest
        return max(_seam(start, start + self.length), start + 1)

    def whole(self, length: int, rows: int, share: float) -> None:
        """Learn from a whole answer; ``share`` is the part of all elements that it was about."""
        self._good_answers += 1
        if self._good_answers >= _GOOD_ANSWERS:
            self._cut = None
        if self._refused is not None and length >= self._refused:
            self._refused = None  # it was refused for what was asked for, and not for its length
        if self._after_detour is not None:
            self.length, self._after_detour, self._is_in_gap = self._after_detour, None, False
            return
        wanted = self.length * _GROWTH
        fitting = self._fitting(share)
        if rows and fitting is not None:
            wanted = max(min(wanted, int(length * fitting / rows)), self.length // _SMALLEST_SHARE)
        if self._refused is not None and wanted >= self._refused:
            good = min(max(self.length, length), self._refused)
            # Between what worked and what did not, until they are close.
            wanted = math.isqrt(good * self._refused) if self._refused > 2 * good else good
        if self._cut is not None:
            wanted = min(wanted, max(self._cut * 4 // 5, self.length))
        self.length = max(wanted, 1)

    def _fitting(self, share: float) -> float | None:
        """Return how many rows fit into one answer; None if nothing is known to limit them."""
        limits: list[float] = []
        if self._target is not None:
            limits.append(self._target * share)
        if self._most_rows is not None:
            limits.append(self._most_rows * _SHARE)
        return min(limits, default=None)

    def cut(self, length: int, rows: int, gap: int, span: int) -> None:
        """Learn from an answer that was cut to these rows.

        They lie within ``span`` nanoseconds, and the first one ``gap`` nanoseconds after the window's start. Most
        servers keep the oldest rows: then there is nothing in the gap, and what is whole is known to begin with
        the first row. Those that keep others are found out when the gap is asked for.
        """
        self._good_answers = 0
        self._cut = length
        if self._is_in_gap:
            self._keeps_oldest = False
        self._after_detour, self._is_in_gap = None, False
        half = max(length // 2 if rows else length // 8, 1)
        if not rows or (gap > span and not self._keeps_oldest):
            self.length = half
            return
        self._most_rows = max(self._most_rows or 0, rows)
        self.length = max(min(half, span * 9 // 10), 1) if span else half
        if gap > span or not span:
            # All at one moment, they say nothing about the time after it.
            self._after_detour, self._is_in_gap = self.length if span else length, gap > 1
            self.length = max(gap - 1, 1)

    def refused(self, length: int) -> None:
        """Learn from a refusal, of which the length of the window may be the reason."""
        self._good_answers = 0
        self._refused = min(length, self._refused or length)
        self.length = max(length // 4, 1)

    def probe(self) -> None:
        """Find out first whether the server answers at all."""
        self.length = PROBE

    def skip(self, length: int) -> None:
        """Go on after a window that the server does not give, faster each time."""
        self.length = self._after_detour or max(length, 1) * _SKIP
        self._after_detour, self._is_in_gap = None, False

    def may_take_more(self, rows: int) -> bool:
        """Whether twice as many elements would fit into an answer, as far as is known."""
        return self._most_rows is None or 2 * rows < self._most_rows * _SHARE


def _seam(start: int, end: int) -> int:
    length = end - start
    for least, unit in _SEAMS:
        if length >= least:
            return end // unit * unit
    return end
