"""Recognising updates that were delivered already, around a reconnect."""

from __future__ import annotations

import time
from collections import deque

import msgspec

from i3x.models import ValueChange

Key = tuple[str, str, str, bytes]

_REMEMBERED = 200
"""How many updates of a subscription; with hundreds of subscriptions, more would be felt in memory."""

_SETTLED_AFTER = 30.0  # seconds


def key(change: ValueChange) -> Key:
    """Return what makes an update the same one: element, timestamp, quality and value."""
    return change.element_id, change.timestamp, change.quality, msgspec.json.encode(change.value)


class Repeats:
    """Remembers the last updates, and drops their exact repeats for a while after a reconnect.

    In quiet times it only keeps them: comparing costs more than all else that happens to an update. What it
    keeps is made comparable when repeats are expected, and only once.
    """

    def __init__(self) -> None:
        self._recent: deque[ValueChange] = deque(maxlen=_REMEMBERED)
        self._known: dict[Key, None] = {}
        self._until = 0.0

    def expect(self) -> None:
        """Look out for repeats of what was delivered, from now on."""
        for change in self._recent:
            self._remember(key(change))
        self._recent.clear()
        self._until = time.monotonic() + _SETTLED_AFTER

    def new_ones(self, changes: list[ValueChange]) -> list[ValueChange]:
        """Return the changes that are no repeats, and remember them."""
        if time.monotonic() > self._until:
            self._recent.extend(changes)
            return changes
        return [change for change in changes if self._is_new(change)]

    def latest(self) -> dict[str, str]:
        """Return element id → timestamp of what was delivered last, as far as that is remembered."""
        latest = {known[0]: known[1] for known in self._known}
        latest.update((change.element_id, change.timestamp) for change in self._recent)
        return latest

    def _is_new(self, change: ValueChange) -> bool:
        return self._remember(key(change))

    def _remember(self, one: Key) -> bool:
        # Taking it out first makes it the youngest: what is sent over and over is not forgotten.
        is_new = self._known.pop(one, self) is self
        self._known[one] = None
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]
        return is_new
