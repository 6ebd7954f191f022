"""When to stop asking a server for less: it may call each answer cut, or refuse for ever."""

from __future__ import annotations

from collections.abc import Sequence

_ANSWERS = 100  # in a row that bring nothing
_REFUSAL = 6  # such answers that a refusal counts for
_FALSE_ALARMS = 2


class Patience:
    """What is left to be asked for in vain. Each window that is given up halves it, until whole answers restore it."""

    def __init__(self) -> None:
        self._answers = _ANSWERS
        self._vain = 0
        self._false_alarms = 0
        self._most_in_series = 0

    @property
    def is_over(self) -> bool:
        """Whether asking for less has brought nothing for too long."""
        return self._vain > self._answers

    def is_in_vain(self, rows: int) -> bool:
        """Whether it has, or can't be expected to bring anything after an answer that was cut to some rows."""
        is_false_alarm = self._false_alarms >= _FALSE_ALARMS and rows < max(self._most_in_series, 1)
        return is_false_alarm or self.is_over

    def spend(self) -> None:
        """Note an answer that brought nothing."""
        self._vain += 1

    def spend_on_refusal(self) -> None:
        """Note a refusal, or silence."""
        self._vain += _REFUSAL

    def rest(self) -> None:
        """Count anew."""
        self._vain = 0

    def give_up(self) -> None:
        """Note that a window was given up."""
        self._vain = 0
        self._answers //= 2

    def restore(self) -> None:
        """Note that there was a whole answer."""
        self._vain, self._answers = 0, _ANSWERS

    def note_sizes(self, sizes: Sequence[int]) -> None:
        """Note how many points an answer had of each series."""
        self._most_in_series = max(self._most_in_series, *sizes)

    def note_cut_moment(self, rows: int) -> None:
        """Note that an answer was cut of which there is no less to ask for.

        No limit of rows explains one that is cut to fewer of them than others have.
        """
        self._false_alarms += 1 if rows else _FALSE_ALARMS
        if rows >= self._most_in_series > 0:
            self._false_alarms = 0
