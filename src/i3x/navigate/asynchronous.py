"""What finds its way with a client: the address space that can be read anew, and walks along relationships."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, Self

import anyio

from i3x.arguments import Element
from i3x.models import ObjectInstance, ObjectType, RelatedObject, RelationshipType
from i3x.navigate.changes import AddressSpaceChanges
from i3x.navigate.local import LocalAddressSpace
from i3x.navigate.reading import Reading
from i3x.navigate.traversal import Hop, Levels
from i3x.results import BulkList

if TYPE_CHECKING:
    from i3x.transport.options import Timeout


class AsyncCalls(Protocol):
    """The calls of a client that are needed here."""

    async def get_objects(
        self,
        type_element_id: str | None = None,
        include_metadata: bool = False,
        root: bool | None = None,
        *,
        timeout: Timeout | None = None,
    ) -> BulkList[ObjectInstance]:
        """Return all objects."""
        ...

    async def get_object_types(
        self, namespace_uri: str | None = None, *, timeout: Timeout | None = None
    ) -> BulkList[ObjectType]:
        """Return all object types."""
        ...

    async def get_relationship_types(
        self, namespace_uri: str | None = None, *, timeout: Timeout | None = None
    ) -> BulkList[RelationshipType]:
        """Return all relationship types."""
        ...

    async def get_related_objects(
        self,
        element_ids: Iterable[str],
        relationship_type: str | None = None,
        include_metadata: bool = False,
        *,
        timeout: Timeout | None = None,
    ) -> BulkList[RelatedObject]:
        """Return the edges that leave some elements."""
        ...


class AsyncAddressSpace(LocalAddressSpace):
    """The objects and the types of a server as they were when they were read.

    ``await client.address_space()`` makes one. ``len()``, ``in``, ``[element_id]`` and iteration work on its
    objects, in the order in which the server lists them. An element may be given as an object or by its element
    id; one that is not there raises :class:`~i3x.NotListedError`, which is a ``KeyError`` too.

    Nothing that the server listed is hidden: what does not hang below a root is in ``orphans`` or in ``cycles``, ids
    that lead nowhere are in ``dangling``, ids that were listed twice in ``duplicates``.

    Nothing but ``refresh()`` asks the server. Any thread may use it at any time.
    """

    def __init__(self, client: AsyncCalls, include_metadata: bool, reading: Reading) -> None:
        super().__init__(reading)
        self._client = client
        self._include_metadata = include_metadata
        self._refreshing = anyio.Lock()

    @classmethod
    async def read(cls, client: AsyncCalls, include_metadata: bool, timeout: Timeout | None) -> Self:
        """Return the address space that a client sees."""
        return cls(client, include_metadata, await _reading(client, include_metadata, timeout))

    async def refresh(self, *, timeout: Timeout | None = None) -> AddressSpaceChanges:
        """Read everything again, in three requests, and return what has changed.

        The space then is the new one, all at once: who looks at the same time sees the old one or the new one,
        and a walk that has begun ends in the old one. After an error it is as it was.
        """
        async with self._refreshing:
            return self._replace(await _reading(self._client, self._include_metadata, timeout))


async def _reading(client: AsyncCalls, include_metadata: bool, timeout: Timeout | None) -> Reading:
    # The types come after the objects, so that those of all objects are among them.
    objects = await client.get_objects(include_metadata=include_metadata, timeout=timeout)
    object_types = await client.get_object_types(timeout=timeout)
    return Reading(objects, object_types, await client.get_relationship_types(timeout=timeout))


class AsyncTraversal(Levels):
    """An iterator of :class:`~i3x.Hop`, made by ``AsyncClient.traverse()``; a level is asked for when it is reached.

    - ``errors``: the elements that could not be followed → :class:`~i3x.I3XError`; it grows with the iteration.
    - ``partial``: what 206 answers said was cut so far; None if nothing was.

    After an error that ends the iteration, going on with it asks for the same level again.
    """

    def __init__(
        self,
        client: AsyncCalls,
        start: Element | Iterable[Element],
        relationship_types: str | Iterable[str] | None,
        max_hops: int | None,
        include_metadata: bool,
        timeout: Timeout | None,
    ) -> None:
        super().__init__(start, relationship_types, max_hops, include_metadata)
        self._client = client
        self._timeout = timeout

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Hop:
        while not self._ready:
            if self._is_over:
                raise StopAsyncIteration
            self._take(
                await self._client.get_related_objects(
                    self._frontier, self._filter, self._include_metadata, timeout=self._timeout
                )
            )
        return self._ready.popleft()
