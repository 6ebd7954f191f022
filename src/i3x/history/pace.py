"""How long the next window is: it grows and shrinks with what the server gives in one answer."""

from __future__ import annotations

import math

from i3x import nanoseconds
from i3x.bulk.limits import Ranges
from i3x.histories import PROBE

_GROWTH = 10
_SKIP = 4  # times as long is each window after one that is given up
_SHARE = 0.8  # of what a server gave at most in an answer that it cut
_GOOD_ANSWERS = 8  # after which a length is tried again at which an answer was cut
_SMALLEST_SHARE = 4
_DARED = 2  # times as long as what was refused is what is tried when that is tried again
_FEW = 10  # windows that are not worth a refusal to have fewer of them

SEAMS = nanoseconds.SECOND, 1_000_000, 1_000
"""Windows that are at least as long as one of these end at a multiple of it: not all servers keep the times that
they are asked for to the nanosecond, and what they round off would be in neither of two windows."""


class Pace:
    """The length of the next window, in nanoseconds. ``target`` is the points that one should have, if any.

    ``whole`` is the length of all that is to be read, ``elements`` of how many, and ``ranges`` what is known of the
    server.
    """

    def __init__(self, length: int, target: int | None, whole: int, elements: int, ranges: Ranges) -> None:
        self._ranges = ranges
        self._of_all = elements
        self._answered: int
        self._refused: int | None
        self._answered, self._refused = ranges.bracket(elements) or (0, None)
        self._refused_before = self._refused
        self._long_enough = whole // _FEW
        self._target = target
        self._most_rows: int | None = None
        self._cut: int | None = None
        self._good_answers = 0
        self._calm_needed = _GOOD_ANSWERS
        self._keeps_oldest = True
        self._after_detour: int | None = None
        self._is_in_gap = False
        known = length
        if self._refused is not None:
            is_dared = length >= self._refused and ranges.dare()
            known = self._refused * _DARED if is_dared else self._answered or self._between()
        self.length = max(min(length, known), 1)

    def end(self, start: int, latest: int) -> int:
        """Return where a window ends that begins at ``start``, ``latest`` at the latest."""
        if self.length >= latest - start:
            return latest
        return max(_seam(start, start + self.length), start + 1)

    def whole(self, length: int, rows: int, share: float, left: int) -> None:
        """Learn from a whole answer.

        ``share`` is the part of all elements that it was about, ``left`` the time after it that is to be read.
        """
        self._good_answers += 1
        if self._good_answers >= _GOOD_ANSWERS:
            self._cut = None
        self._note_answered(length)
        if self._after_detour is not None:
            self.length, self._after_detour, self._is_in_gap = self._after_detour, None, False
            return
        wanted = self.length * _GROWTH
        if self._refused is not None:
            wanted = self._between()
            beyond = self._refused * _DARED
            is_met_here = self._refused != self._refused_before and wanted > self._answered
            if beyond <= left and not is_met_here and self._is_worth_daring(rows * beyond / max(length, 1)):
                wanted = beyond
        fitting = self._fitting(share)
        if rows and fitting is not None:
            wanted = max(min(wanted, int(length * fitting / rows)), self.length // _SMALLEST_SHARE)
        if self._cut is not None:
            wanted = min(wanted, max(self._cut * 4 // 5, self.length))
        self.length = max(wanted, self._least)

    @property
    def _least(self) -> int:
        """The shortest window that has a use: all servers keep whole seconds, so less is only for what needs it."""
        lengths = (length for length in (self._cut, self._refused) if length is not None)
        return PROBE if min(lengths, default=PROBE + 1) > PROBE else 1

    def _is_worth_daring(self, rows: float) -> bool:
        """Whether to go beyond what the server has refused, perhaps of other elements, for so many points.

        What it has refused for what is there, be it by its silence, says nothing about the time after that: it is
        dared after a calm, which is twice as long after each time in vain.
        """
        known = self._ranges.bracket(self._of_all)
        if known is not None and known[1] == self._refused:
            return self._ranges.dare(rows)
        return self._good_answers >= self._calm_needed

    def _note_answered(self, length: int) -> None:
        self._answered = max(self._answered, length)
        if self._refused is not None and length >= self._refused:
            self._refused = None  # it was refused for what was asked for, and not for its length
            self._calm_needed = _GOOD_ANSWERS

    def _between(self) -> int:
        """Return what to try between what was answered and what was refused, until they are close."""
        answered, refused = self._answered, self._refused or 0
        if not answered:
            return refused // 4
        if refused <= 2 * answered or answered >= self._long_enough:
            return answered
        between = math.isqrt(answered * refused)
        return between if _seam(0, between) > answered else answered

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
        half = max(length // 2 if rows else length // 8, self._least)
        if not rows or (gap > span and not self._keeps_oldest):
            self.length = half
            return
        self._most_rows = max(self._most_rows or 0, rows)
        self.length = max(min(half, span * 9 // 10), self._least) if span else half
        if gap > span or not span:
            # All at one moment, they say nothing about the time after it.
            self._after_detour, self._is_in_gap = self.length if span else length, gap > 1
            self.length = max(gap - 1, 1)

    def refused(self, length: int) -> None:
        """Learn from a refusal, of which the length of the window may be the reason."""
        self._good_answers = 0
        if self._refused is not None and length > self._refused:
            self._calm_needed *= 2
        self._refused = min(length, self._refused or length)
        if self._answered >= self._refused:
            self._answered = 0  # elsewhere, where there is less
        self.length = max(self._between(), 1)

    def scouted(self, length: int) -> bool:
        """Learn from an answer that is asked for to find a length; returns whether that goes on.

        It goes on however many more it takes, until seams leave nothing longer to try.
        """
        is_longer = length > self._answered
        self._long_enough = max(self._long_enough, self._refused or 0)
        self._note_answered(length)
        self.length = self._between()
        return is_longer and not self.is_found

    @property
    def is_found(self) -> bool:
        """Whether the length is found that the server takes."""
        return self._refused is None or self._between() == self._answered

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
    return next((end // unit * unit for unit in SEAMS if end - start >= unit), end)
