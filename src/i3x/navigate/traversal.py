"""Walks along the relationships of a server, level by level: one request a level, not one an element."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from i3x import arguments
from i3x.arguments import Element
from i3x.errors import I3XError, InvalidServerResponseError
from i3x.models import ObjectInstance, RelatedObject, ResponseDetail
from i3x.results import Bulk, BulkList


class Hop(NamedTuple):
    """An object that a traversal came to, how many edges away it is, and the edge it came by."""

    object: ObjectInstance
    depth: int
    edge: RelatedObject


class Levels(Bulk):
    """How a traversal goes on, without I/O: which elements to ask about next, and what came of it."""

    def __init__(
        self,
        start: Element | Iterable[Element],
        relationship_types: str | Iterable[str] | None,
        max_hops: int | None,
        include_metadata: bool,
    ) -> None:
        self.errors: dict[str, I3XError] = {}
        self.partial: ResponseDetail | None = None
        self._frontier = arguments.start_elements(start)
        self._starts_at_one = isinstance(start, (ObjectInstance, str))
        self._wanted = arguments.relationship_types(relationship_types)
        self._max_hops = arguments.max_hops(max_hops)
        self._include_metadata = bool(include_metadata)
        self._seen = set(self._frontier)
        self._depth = 0
        self._ready: deque[Hop] = deque()

    @property
    def _is_over(self) -> bool:
        return not self._frontier or self._depth == self._max_hops

    @property
    def _filter(self) -> str | None:
        """The relationship type that the server is asked for: the standard lets it be one or none."""
        return next(iter(self._wanted)) if self._wanted is not None and len(self._wanted) == 1 else None

    def _take(self, edges: BulkList[RelatedObject]) -> None:
        """Go one level on, with the edges that leave the present one."""
        if self._depth == 0 and self._starts_at_one and edges.errors:
            raise next(iter(edges.errors.values()))
        self._depth += 1
        self._frontier = []
        self.errors.update(edges.errors)
        self.partial = _joined(self.partial, edges.partial)
        # Of several types, the server was asked for all.
        wanted = self._wanted if self._filter is None else None
        for edge in edges:
            found = edge.object.element_id
            if found in self._seen or (wanted is not None and edge.source_relationship not in wanted):
                continue
            self._seen.add(found)
            self._ready.append(Hop(edge.object, self._depth, edge))
            if found.strip():
                self._frontier.append(found)
            else:
                self.errors[found] = InvalidServerResponseError(
                    f"{edge.source_element_id!r} is related to an object whose element id is empty: "
                    "what is beyond it can't be asked for",
                    operation="queryRelatedObjects",
                    element_id=found,
                )


def _joined(before: ResponseDetail | None, now: ResponseDetail | None) -> ResponseDetail | None:
    if before is None or now is None:
        return before or now
    return ResponseDetail(
        before.title, before.status, f"{before.detail or before.title}; {now.detail or now.title}"
    )
