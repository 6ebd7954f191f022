"""The operations that tell what there is: the server itself, namespaces, types, objects, relationships."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .address_space import Element, ObjectType, RelationshipType
from .answers import Answer, bad, bulk, good, success
from .call import Call


def get_info(call: Call) -> Answer:
    """GET /info."""
    settings = call.state.settings
    return success(
        {
            "specVersion": settings.spec_version,
            "serverVersion": settings.server_version,
            "serverName": settings.server_name,
            "capabilities": {
                "query": {"history": settings.history},
                "update": {"current": settings.update_current, "history": settings.update_history},
                "subscribe": {"stream": settings.stream},
            },
        }
    )


def get_namespaces(call: Call) -> Answer:
    """GET /namespaces."""
    return success(call.state.station.space.namespaces)


def get_object_types(call: Call) -> Answer:
    """GET /objecttypes."""
    return success(_in_namespace(call, call.state.station.space.object_types))


def query_object_types(call: Call) -> Answer:
    """POST /objecttypes/query."""
    return _by_id(call, call.state.station.space.object_types, "object type")


def get_relationship_types(call: Call) -> Answer:
    """GET /relationshiptypes."""
    return success(_in_namespace(call, call.state.station.space.relationship_types))


def query_relationship_types(call: Call) -> Answer:
    """POST /relationshiptypes/query."""
    return _by_id(call, call.state.station.space.relationship_types, "relationship type")


def get_objects(call: Call) -> Answer:
    """GET /objects."""
    space = call.state.station.space
    kind = call.query.get("typeElementId")
    metadata, root = call.flag("includeMetadata"), call.flag("root")
    if kind is not None and kind not in space.object_types:
        return success([])
    key = (kind, metadata, root)
    encoded = call.state.listings.get(key)
    if encoded is None:
        listed = (
            element
            for element in space.elements.values()
            if (kind is None or element.type_element_id == kind) and not (root and element.parent_id)
        )
        answer = success([space.listing(element, metadata=metadata) for element in listed])
        encoded = call.state.listings[key] = answer.content
    return Answer(200, encoded)


def list_objects(call: Call) -> Answer:
    """POST /objects/list."""
    space = call.state.station.space
    metadata = call.fields.boolean("includeMetadata", default=False)
    return _by_id(call, space.elements, "object", lambda found: space.listing(found, metadata=metadata))


def query_related(call: Call) -> Answer:
    """POST /objects/related."""
    space = call.state.station.space
    only = call.fields.optional_string("relationshipType")
    metadata = call.fields.boolean("includeMetadata", default=False)

    def related(element: Element) -> list[dict[str, Any]]:
        return [
            {"sourceRelationship": kind, "object": space.listing(space.elements[target], metadata=metadata)}
            for kind, targets in space.edges(element.element_id).items()
            if only is None or kind == only
            for target in targets
        ]

    return _by_id(call, space.elements, "object", related)


def _in_namespace(call: Call, known: Mapping[str, ObjectType | RelationshipType]) -> list[object]:
    only = call.query.get("namespaceUri")
    return [entry for entry in known.values() if only is None or entry.namespace_uri == only]


def _by_id(
    call: Call, known: Mapping[str, Any], kind: str, show: Callable[[Any], object] = lambda found: found
) -> Answer:
    return bulk(
        good("elementId", element_id, show(known[element_id]))
        if element_id in known
        else bad("elementId", element_id, 404, f"There is no {kind} {element_id!r}")
        for element_id in call.element_ids()
    )
