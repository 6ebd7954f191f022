"""The calls of a client that finding one's way needs: either client has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from i3x.models import ObjectInstance, ObjectType, RelatedObject, RelationshipType
from i3x.results import BulkList

if TYPE_CHECKING:
    from i3x.transport.options import Timeout


class Calls(Protocol):
    """What a blocking client offers."""

    def get_objects(
        self,
        type_element_id: str | None = None,
        include_metadata: bool = False,
        root: bool | None = None,
        *,
        timeout: Timeout | None = None,
    ) -> BulkList[ObjectInstance]:
        """Return all objects."""
        ...

    def get_object_types(
        self, namespace_uri: str | None = None, *, timeout: Timeout | None = None
    ) -> BulkList[ObjectType]:
        """Return all object types."""
        ...

    def get_relationship_types(
        self, namespace_uri: str | None = None, *, timeout: Timeout | None = None
    ) -> BulkList[RelationshipType]:
        """Return all relationship types."""
        ...

    def get_related_objects(
        self,
        element_ids: Iterable[str],
        relationship_type: str | None = None,
        include_metadata: bool = False,
        *,
        timeout: Timeout | None = None,
    ) -> BulkList[RelatedObject]:
        """Return the edges that leave some elements."""
        ...


class AsyncCalls(Protocol):
    """What an asynchronous client offers."""

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
