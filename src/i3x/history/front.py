"""How far each element of a history has been read."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from i3x.history.tracks import Track


class Front:
    """The tracks that have not been read to the end, by the moment that each has been read to."""

    def __init__(self, tracks: Iterable[Track], start: int, end: int) -> None:
        self._end = end
        first = dict.fromkeys(tracks)
        self._levels = {start: first} if first else {}

    @property
    def start(self) -> int | None:
        """The moment that all have been read to; None if that is the end."""
        return min(self._levels, default=None)

    def hindmost(self, most: int) -> list[Track]:
        """Return some of those that lag behind, in their order."""
        return list(itertools.islice(self._levels[min(self._levels)], most))

    def next_level(self, start: int) -> int:
        """Return how far those have been read that are the next ahead of a moment."""
        return min((level for level in self._levels if level > start), default=self._end)

    def move(self, tracks: Iterable[Track], start: int, end: int) -> None:
        """Move tracks to the end of a window. A single moment is done with: the next window begins after it."""
        moved = list(tracks)
        self.leave(moved, start)
        if end < self._end:
            self._levels.setdefault(max(end, start + 1), {}).update(dict.fromkeys(moved))

    def leave(self, tracks: Iterable[Track], start: int) -> None:
        """Be done with tracks that have been read to a moment."""
        level = self._levels[start]
        for track in tracks:
            del level[track]
        if not level:
            del self._levels[start]
