"""The address space of a server: read once, then local. One class for each client; what differs is `refresh`."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

import anyio

from i3x.navigate.calls import AsyncCalls, Calls
from i3x.navigate.changes import AddressSpaceChanges
from i3x.navigate.local import LocalAddressSpace
from i3x.navigate.reading import Reading

if TYPE_CHECKING:
    from i3x.transport.options import Timeout


class AsyncAddressSpace(LocalAddressSpace):
    """The objects and the types of a server as they were when they were read.

    ``await client.address_space()`` makes one. ``len()``, ``in``, ``[element_id]`` and iteration work on its
    objects, in the order in which the server lists them. An element may be given as an object or by its element
    id; one that is not there raises :class:`~i3x.NotFoundError`, which here is a ``KeyError`` too.

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
        return cls(client, include_metadata, await _async_reading(client, include_metadata, timeout))

    async def refresh(self, *, timeout: Timeout | None = None) -> AddressSpaceChanges:
        """Read everything again, in three requests, and return what has changed.

        The space then is the new one, all at once: who looks at the same time sees the old one or the new one,
        and a walk that has begun ends in the old one. After an error it is as it was.
        """
        async with self._refreshing:
            return self._replace(await _async_reading(self._client, self._include_metadata, timeout))


class AddressSpace(LocalAddressSpace):
    """The objects and the types of a server as they were when they were read.

    ``client.address_space()`` makes one. ``len()``, ``in``, ``[element_id]`` and iteration work on its
    objects, in the order in which the server lists them. An element may be given as an object or by its element
    id; one that is not there raises :class:`~i3x.NotFoundError`, which here is a ``KeyError`` too.

    Nothing that the server listed is hidden: what does not hang below a root is in ``orphans`` or in ``cycles``, ids
    that lead nowhere are in ``dangling``, ids that were listed twice in ``duplicates``.

    Nothing but ``refresh()`` asks the server. Any thread may use it at any time.
    """

    def __init__(self, client: Calls, include_metadata: bool, reading: Reading) -> None:
        super().__init__(reading)
        self._client = client
        self._include_metadata = include_metadata
        self._refreshing = threading.Lock()

    @classmethod
    def read(cls, client: Calls, include_metadata: bool, timeout: Timeout | None) -> Self:
        """Return the address space that a client sees."""
        return cls(client, include_metadata, _reading(client, include_metadata, timeout))

    def refresh(self, *, timeout: Timeout | None = None) -> AddressSpaceChanges:
        """Read everything again, in three requests, and return what has changed.

        The space then is the new one, all at once: who looks at the same time sees the old one or the new one,
        and a walk that has begun ends in the old one. After an error it is as it was.
        """
        with self._refreshing:
            return self._replace(_reading(self._client, self._include_metadata, timeout))


async def _async_reading(client: AsyncCalls, include_metadata: bool, timeout: Timeout | None) -> Reading:
    # The types come after the objects, so that those of all objects are among them.
    objects = await client.get_objects(include_metadata=include_metadata, timeout=timeout)
    object_types = await client.get_object_types(timeout=timeout)
    return Reading(objects, object_types, await client.get_relationship_types(timeout=timeout))


def _reading(client: Calls, include_metadata: bool, timeout: Timeout | None) -> Reading:
    # The types come after the objects, so that those of all objects are among them.
    objects = client.get_objects(include_metadata=include_metadata, timeout=timeout)
    object_types = client.get_object_types(timeout=timeout)
    return Reading(objects, object_types, client.get_relationship_types(timeout=timeout))
