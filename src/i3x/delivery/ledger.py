"""What of a subscription has been delivered, and the gap in it that is open; without I/O."""

from __future__ import annotations

from datetime import datetime

from i3x.delivery.backfill import Delivered, moment_of
from i3x.delivery.gaps import OpenGap
from i3x.delivery.repeats import Key, Repeats, key
from i3x.models import ValueChange


class Ledger:
    """The account of one delivery: an update is delivered once, or belongs to a gap.

    ``since`` is when the delivery began: nothing older is missing. ``horizon`` is the last moment of which everything
    is known to have arrived.
    """

    def __init__(self, now: datetime) -> None:
        self.since = self.horizon = now
        self.gap: OpenGap | None = None
        self._repeats = Repeats()
        self._presented: dict[str, Key] = {}

    def begin(self, now: datetime) -> None:
        """Begin to account for what is delivered."""
        self.since = self.horizon = now

    def begin_with(self, changes: list[ValueChange]) -> None:
        """Leave out an element's first update if it is one of these; not if another came before it."""
        self._presented = {change.element_id: key(change) for change in changes}

    def expect_repeats(self) -> None:
        """Look out, from now on, for what was delivered already."""
        self._repeats.expect()

    def new_ones(self, changes: list[ValueChange]) -> list[ValueChange]:
        """Return the changes that are still to be delivered, and count them as delivered."""
        new = self._repeats.new_ones(changes)
        if self._presented:
            new = [change for change in new if self._presented.pop(change.element_id, None) != key(change)]
        return new

    def open_gap(
        self, reason: str, items: dict[str, int], missed: int | None = None, *, is_certain: bool = True
    ) -> None:
        """Open a gap at the horizon; one that is open stays, and what is lost meanwhile belongs to it."""
        if self.gap is None:
            self.gap = OpenGap(self.horizon, reason, items, missed, is_certain)
        elif reason == "expired":
            self.gap.reason, self.gap.is_certain = reason, True

    def close_gap(
        self, gap: OpenGap, asked: datetime, found: list[ValueChange], fetched: list[ValueChange]
    ) -> list[ValueChange]:
        """Close a gap of which history was asked for at a moment; returns what of it is still to be delivered.

        ``found`` is what history has, ``fetched`` are the oldest updates that are to be delivered after that.
        """
        self.gap = None
        self.horizon = max(gap.start, asked)  # what history has told by then is known
        self._repeats.expect()
        return self._repeats.new_ones(self._missing(found, fetched))

    def delivered(self) -> Delivered:
        """Return since when what has been delivered."""
        return Delivered(self.since, self._repeats.latest())

    def _missing(self, found: list[ValueChange], fetched: list[ValueChange]) -> list[ValueChange]:
        """Return what history has between the last update delivered and the first that is to be.

        An older one after a newer one would seem to be the present value of its element.
        """
        last = {name: moment_of(change.timestamp) for name, change in self._repeats.latest().items()}
        first = {change.element_id: moment_of(change.timestamp) for change in reversed(fetched)}
        known = {*map(key, fetched), *self._presented.values()}
        missing: list[ValueChange] = []
        for change in found:
            moment, name = moment_of(change.timestamp), change.element_id
            if last.get(name, moment) <= moment <= first.get(name, moment) and key(change) not in known:
                missing.append(change)
        return missing
