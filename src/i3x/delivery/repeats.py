"""Recognising updates that were delivered already, around a reconnect."""

from __future__ import annotations

import time
import weakref
from collections import deque
from typing import ClassVar

import msgspec

from i3x.models import ValueChange

Key = tuple[str, str, str, bytes]

_REMEMBERED = 20_000
"""How many updates all subscriptions of the process remember together, in equal shares."""

_LEAST = 100
"""How many a subscription remembers, whatever its share."""

_SETTLED_AFTER = 30.0  # seconds


def key(change: ValueChange) -> Key:
    """Return what makes an update the same one: element, timestamp, quality and value."""
    return change.element_id, change.timestamp, change.quality, msgspec.json.encode(change.value)


class Repeats:
    """Remembers the last updates, and drops their exact repeats for a while after a reconnect.

    In quiet times it only keeps them: comparing costs more than all else that happens to an update. What it
    keeps is made comparable when repeats are expected, and only once.
    """

    _all: ClassVar[weakref.WeakSet[Repeats]] = weakref.WeakSet()

    def __init__(self) -> None:
        self._recent: deque[list[ValueChange]] = deque()
        self._recent_count = 0
        self._known: dict[Key, None] = {}
        self._latest: dict[str, ValueChange] = {}
        self._until = 0.0
        self._all.add(self)

    @property
    def _share(self) -> int:
        return max(_LEAST, _REMEMBERED // len(self._all))

    def expect(self) -> None:
        """Look out for repeats of what was delivered, from now on."""
        for changes in self._recent:
            for change in changes:
                self._remember(key(change))
        self._recent.clear()
        self._recent_count = 0
        self._until = time.monotonic() + _SETTLED_AFTER

    def new_ones(self, changes: list[ValueChange]) -> list[ValueChange]:
        """Return the changes that are no repeats, and remember them."""
        if time.monotonic() > self._until:
            self._keep(changes)
        else:
            changes = [change for change in changes if self._remember(key(change))]
        for change in changes:
            self._latest[change.element_id] = change
        return changes

    def _keep(self, changes: list[ValueChange]) -> None:
        """Keep changes as they came together; the oldest go together too, when enough are left without them."""
        self._recent.append(changes)
        self._recent_count += len(changes)
        enough = self._share
        while self._recent_count - len(self._recent[0]) >= enough:
            self._recent_count -= len(self._recent.popleft())

    def latest(self) -> dict[str, ValueChange]:
        """Return element id → what was delivered last of each element."""
        return dict(self._latest)

    def _remember(self, one: Key) -> bool:
        # Taking it out first makes it the youngest: what is sent over and over is not forgotten.
        is_new = self._known.pop(one, self) is self
        self._known[one] = None
        for _ in range(len(self._known) - self._share):
            del self._known[next(iter(self._known))]
        return is_new
