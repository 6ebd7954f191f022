"""The forest that parents make, in numbers alone: a few bytes a position, and an end to every walk.

A listing has no order that can be relied on: a parent may come after its children, a position may be its own
ancestor. Each cycle is cut above the member that is listed first, so that every position has one path; a walk that
begins within a cycle goes round it once.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from typing import Literal, TypeAlias

Order: TypeAlias = Literal["depth", "breadth"]

NOWHERE = -1


class Tree:
    """Where each position hangs; ``parents`` holds that of each, or `NOWHERE`."""

    __slots__ = ("_cut", "_first", "_next", "_parents", "cycles")

    def __init__(self, parents: Sequence[int]) -> None:
        count = len(parents)
        self._parents = array("i", parents)
        self._first = array("i", [NOWHERE]) * count  # the first child of each
        self._next = array("i", [NOWHERE]) * count  # the next child of the same parent
        for position in range(count - 1, -1, -1):  # backwards, so that children keep the order of the listing
            if (parent := parents[position]) != NOWHERE:
                self._next[position] = self._first[parent]
                self._first[parent] = position
        self.cycles = _cycles(self._parents)
        self._cut = frozenset(cycle[0] for cycle in self.cycles)

    def parent(self, position: int) -> int:
        """Return the parent of a position, within a cycle too; `NOWHERE` if it has none."""
        return self._parents[position]

    def above(self, position: int) -> int:
        """Return the parent of a position in the forest, where cycles are cut; `NOWHERE` for a top."""
        return NOWHERE if position in self._cut else self._parents[position]

    def children(self, position: int) -> list[int]:
        """Return the children of a position, in the order of the listing."""
        found: list[int] = []
        child = self._first[position]
        while child != NOWHERE:
            found.append(child)
            child = self._next[child]
        return found

    def path(self, position: int) -> list[int]:
        """Return the way from a top down to a position, both included."""
        way = [position]
        while (position := self.above(position)) != NOWHERE:
            way.append(position)
        way.reverse()
        return way

    def walk(self, starts: Collection[int], order: Order) -> Iterator[tuple[int, int]]:
        """Yield these positions and all below them, each with its depth below where the walk began.

        A start is not come to again from above it: nothing else could be, since a position has one parent.
        """
        begun = frozenset(starts)
        waiting = deque((position, 0) for position in starts)
        while waiting:
            position, depth = waiting.popleft()
            yield position, depth
            below = [(child, depth + 1) for child in self.children(position) if child not in begun]
            if order == "breadth":
                waiting.extend(below)
            else:
                waiting.extendleft(reversed(below))


def _cycles(parents: Sequence[int]) -> list[list[int]]:
    """Return the cycles: each from the member that is listed first, every member the parent of the next."""
    found: list[list[int]] = []
    climbed_from = array("i", [NOWHERE]) * len(parents)
    for start in range(len(parents)):
        position = start
        while position != NOWHERE and climbed_from[position] == NOWHERE:
            climbed_from[position] = start
            position = parents[position]
        if position != NOWHERE and climbed_from[position] == start:  # this climb has met itself
            found.append(_cycle_through(position, parents))
    return sorted(found)


def _cycle_through(position: int, parents: Sequence[int]) -> list[int]:
    upwards = [position]
    while (above := parents[upwards[-1]]) != position:
        upwards.append(above)
    downwards = upwards[::-1]
    first = downwards.index(min(downwards))
    return downwards[first:] + downwards[:first]
