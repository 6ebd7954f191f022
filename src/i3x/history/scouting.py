"""Which ranges a server takes: found out on the way, and by one element where many are refused for theirs.

What was found out goes to the ranges that all calls of a client share, so that the next call keeps to it.
"""

from __future__ import annotations

from collections.abc import Sequence

from i3x.bulk.limits import Ranges
from i3x.errors import I3XError
from i3x.histories import PROBE, is_cut
from i3x.history.pace import Pace
from i3x.history.questions import Question, is_for_range
from i3x.history.tracks import Track
from i3x.models import HistoricalValue


class Scout:
    """What is known of the ranges that a server takes, and the element that is sent ahead to find their length."""

    def __init__(self, ranges: Ranges) -> None:
        self._ranges = ranges
        self._refused_last: Question | None = None
        self._many: Question | None = None
        self._has_been_out = False

    # --- the ranges of questions ------------------------------------------------------------------------

    def note_refused(self, question: Question) -> None:
        """Remember a question that was refused: the answer to a shorter one tells that it was for its range."""
        self._refused_last = question

    def note_answered(self, question: Question, sizes: Sequence[int]) -> None:
        """Remember what the server takes; ``sizes`` are the points that it gave of each series."""
        refused, self._refused_last = self._refused_last, None
        is_shorter = refused is not None and question.length < refused.length > PROBE
        if refused is not None and is_shorter and refused.start == question.start:
            self._ranges.note_refused(len(refused.element_ids), refused.length)
        # Many elements may have been asked for with several requests.
        elements = len(question.element_ids)
        rows = sum(sizes) if elements == 1 else max(sizes, default=0)
        self._ranges.note_answered(elements, question.length, rows)

    # --- one element for many ---------------------------------------------------------------------------

    @property
    def is_out(self) -> bool:
        """Whether one element is asked for in the place of all."""
        return self._many is not None

    def goes_out(self, question: Question, track: Track, error: I3XError) -> bool:
        """Send it out, once, if many were refused for their range; returns whether it is."""
        if self._has_been_out or track.is_proven or not is_for_range(error, question):
            return False
        self._many, self._has_been_out = question, True
        return True

    def come_back(self) -> None:
        """Ask for all again."""
        self._many = None

    def answered(self, question: Question, history: HistoricalValue, pace: Pace) -> None:
        """Go on looking for the length that the server takes; what the answer has is asked for again."""
        is_whole = not is_cut(history.partial)
        if is_whole:
            self.note_answered(question, [len(history.values)])
        if (many := self._many) is not None and (not is_whole or question.length >= many.length):
            # Not for the length: it is too much of many elements.
            pace.refused(many.length)
            self.note_refused(many)
            self.come_back()
        elif not pace.scouted(question.length):
            self.come_back()

    def refused(self, question: Question, track: Track, pace: Pace) -> None:
        """Go on with less; whether the element is to be had at all shows when next to nothing is asked for."""
        pace.refused(question.length)
        if not track.is_proven:
            pace.probe()
        elif pace.is_found:
            self.come_back()
