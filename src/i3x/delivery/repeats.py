"""Recognising updates that were delivered already, around a reconnect."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable

import msgspec

from i3x.models import ValueChange

Key = tuple[str, str, str, bytes]

_REMEMBERED = 20_000
_SETTLED_AFTER = 30.0  # seconds


def key(change: ValueChange) -> Key:
    """Return what makes an update the same one: element, timestamp, quality and value."""
    return change.element_id, change.timestamp, change.quality, msgspec.json.encode(change.value)


class Repeats:
    """Remembers the last updates, and drops their exact repeats for a while after a reconnect.

    In quiet times it only keeps them: comparing costs more than all else that happens to an update.
    """

    def __init__(self) -> None:
        self._recent: deque[ValueChange] = deque(maxlen=_REMEMBERED)
        self._known: set[Key] = set()
        self._until = 0.0

    def expect(self, also: Iterable[ValueChange] = ()) -> None:
        """Look out for repeats from now on, of what was delivered and of ``also``."""
        self._known = {key(change) for change in self._recent}
        self._known.update(map(key, also))
        self._until = time.monotonic() + _SETTLED_AFTER

    def new_ones(self, changes: list[ValueChange]) -> list[ValueChange]:
        """Return the changes that are no repeats, and remember them."""
        if self._known:
            if time.monotonic() > self._until:
                self._known = set()
            else:
                changes = [change for change in changes if key(change) not in self._known]
                self._known.update(map(key, changes))
        self._recent.extend(changes)
        return changes
