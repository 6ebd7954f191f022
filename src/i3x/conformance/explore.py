"""EXP: namespaces, types, objects and the relationships between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from i3x.conformance.context import Context, Found
from i3x.conformance.definition import Broken, Doubtful, Reason, Skipped, conformance_test
from i3x.conformance.exchange import Exchange
from i3x.conformance.rules import (
    Json,
    bulk,
    entries,
    failed_as_unknown,
    good,
    id_problems,
    listing,
    refuse,
    shape,
    shown,
)
from i3x.conformance.rules import kind as kind_of
from i3x.raw.api.explore import (
    get_namespaces,
    get_object_types,
    get_objects,
    get_relationship_types,
    list_objects_by_id,
    query_object_types_by_id,
    query_related_objects,
    query_relationship_types_by_id,
)
from i3x.raw.types import UNSET

_TYPES = 3
_SOURCES = 10
_EDGES = 5
_ROOT_PARENTS = (None, "", "/")

NAMESPACES = "Exploratory Methods, Namespace Endpoints"
OBJECT_TYPES = "Exploratory Methods, Object Type Endpoints"
RELATIONSHIP_TYPES = "Exploratory Methods, Relationship Type Endpoints"
OBJECTS = "Exploratory Methods, Object Endpoints"
BULK = "Response Format, Bulk Response"


def _nothing(what: str) -> Skipped:
    return Skipped(Reason.UNTESTABLE, what)


def _by_id(context: Context, operation: Any, component: str, ids: list[str], *, unknown: bool) -> str | None:
    """Look up ids that are known, and perhaps one that is not, and insist on their order.

    Gives a remark on what the rule does not forbid: an id that is listed and can't be looked up, or another element.
    """
    asked = [*ids, context.unknown_id] if unknown else ids
    answer = context.server.send(operation, {"elementIds": asked})
    items = bulk(answer, asked, check=shape(component))
    if unknown:
        failed_as_unknown(items[-1])
    return (
        "; ".join(odd for element_id, item in zip(ids, items, strict=False) for odd in _odd(element_id, item))
        or None
    )


def _odd(element_id: str, item: Json) -> Iterator[str]:
    result = item.get("result")
    if not item["success"]:
        yield f"the item of {shown(element_id)} failed with {item['responseDetail']['status']}"
    elif result is not None and result["elementId"] != element_id:
        yield f"the item of {shown(element_id)} holds {shown(result['elementId'])}"


# -- namespaces


@conformance_test(
    "EXP-01",
    "Namespaces are listed",
    guide=NAMESPACES,
    rule="GET /namespaces gives a list of namespaces in the success envelope.",
)
def namespaces(context: Context) -> None:
    """The list has the right shape."""
    answer = context.server.send(get_namespaces)
    context.namespaces = Found(listing(answer, "Namespace"), answer)


@conformance_test(
    "EXP-02",
    "There is a namespace",
    guide="Address Space, Namespaces",
    rule="A server has at least one namespace.",
    needs=("EXP-01",),
)
def at_least_one_namespace(context: Context) -> None:
    """The list is not empty."""
    if not context.namespaces.items:
        raise Broken("the list is empty", context.namespaces.exchange)


@conformance_test(
    "EXP-03",
    "Each namespace has a URI of its own",
    guide="Address Space, Namespaces",
    rule="Each namespace has a unique URI.",
    needs=("EXP-01",),
)
def unique_uris(context: Context) -> None:
    """No URI is there twice."""
    counted = Counter(item["uri"] for item in context.namespaces.items)
    refuse(
        (f"{shown(uri)} is there {count} times" for uri, count in counted.items() if count > 1),
        context.namespaces.exchange,
    )


# -- object types


@conformance_test(
    "EXP-04",
    "Object types are listed with their schemas",
    guide=OBJECT_TYPES,
    rule="GET /objecttypes gives a list of object types, each with a JSON Schema, in the success envelope.",
)
def object_types(context: Context) -> None:
    """The list has the right shape."""
    answer = context.server.send(get_object_types)
    context.object_types = Found(listing(answer, "ObjectTypeResponse"), answer)
    if not context.object_types.items:
        raise Doubtful("there are no object types")


@conformance_test(
    "EXP-05",
    "Each object type is in a declared namespace",
    guide="Address Space, Object Types",
    rule="Each object type belongs to a namespace that GET /namespaces lists.",
    needs=("EXP-01", "EXP-04"),
)
def types_in_namespaces(context: Context) -> None:
    """Every namespaceUri is known."""
    known = {item["uri"] for item in context.namespaces.items}
    refuse(
        (
            f"{shown(item['elementId'])} is in {shown(item['namespaceUri'])}, which is not listed"
            for item in context.object_types.items
            if item["namespaceUri"] not in known
        ),
        context.object_types.exchange,
    )


@conformance_test(
    "EXP-06",
    "Object types can be filtered by namespace",
    guide=OBJECT_TYPES,
    rule="With `namespaceUri`, GET /objecttypes gives all object types of that namespace and no others.",
    needs=("EXP-04",),
)
def types_by_namespace(context: Context) -> None:
    """As many as the whole list has, and of one namespace."""
    if not context.object_types.items:
        raise _nothing("there are no object types")
    uri = context.object_types.items[0]["namespaceUri"]
    found = entries(context.server.send(get_object_types, namespace_uri=uri))
    refuse(
        f"{shown(item.get('elementId'))} is in {shown(item.get('namespaceUri'))}"
        for item in found
        if item.get("namespaceUri") != uri
    )
    expected = sum(item["namespaceUri"] == uri for item in context.object_types.items)
    if len(found) != expected:
        raise Broken(f"{len(found)} object types came, and the whole list has {expected} of {shown(uri)}")


@conformance_test(
    "EXP-07",
    "Object types can be looked up, in the order asked for",
    guide=BULK,
    rule="POST /objecttypes/query answers with one item for each id, in the order of the request.",
    needs=("EXP-04",),
)
def types_in_order(context: Context) -> str | None:
    """The first three, from the last to the first."""
    ids = context.object_types.ids[:_TYPES][::-1]
    if not ids:
        raise _nothing("there are no object types")
    return _by_id(context, query_object_types_by_id, "ObjectTypeResponse", ids, unknown=False)


@conformance_test(
    "EXP-08",
    "An unknown object type fails alone",
    guide=BULK,
    rule="Of a bulk request, each item succeeds or fails by itself; an unknown id fails with 404.",
    needs=("EXP-04",),
)
def unknown_type(context: Context) -> str | None:
    """One that is known, and one that is not."""
    ids = context.object_types.ids[:1]
    if not ids:
        raise _nothing("there are no object types")
    return _by_id(context, query_object_types_by_id, "ObjectTypeResponse", ids, unknown=True)


# -- relationship types


@conformance_test(
    "EXP-09",
    "Relationship types are listed",
    guide=RELATIONSHIP_TYPES,
    rule="GET /relationshiptypes gives a list of relationship types in the success envelope.",
)
def relationship_types(context: Context) -> None:
    """The list has the right shape."""
    answer = context.server.send(get_relationship_types)
    context.relationship_types = Found(listing(answer, "RelationshipType"), answer)


@conformance_test(
    "EXP-10",
    "Each relationship type has a reverse",
    guide="Address Space, Relationship Types",
    rule="Each relationship type has a `reverseOf` that is registered too and points back.",
    needs=("EXP-09",),
)
def reverses(context: Context) -> None:
    """Every reverse is known, and its reverse is the type."""
    known = {item["elementId"]: item["reverseOf"] for item in context.relationship_types.items}

    def problems() -> Iterator[str]:
        for element_id, reverse in known.items():
            if reverse not in known:
                yield f"{shown(element_id)} has the reverse {shown(reverse)}, which is not registered"
            elif known[reverse] != element_id:
                yield f"{shown(element_id)} has the reverse {shown(reverse)}, whose reverse is {shown(known[reverse])}"

    refuse(problems(), context.relationship_types.exchange)


@conformance_test(
    "EXP-11",
    "Relationship types can be looked up, and an unknown one fails alone",
    guide=BULK,
    rule="POST /relationshiptypes/query answers in the order of the request; an unknown id fails alone, with 404.",
    needs=("EXP-09",),
)
def relationship_types_by_id(context: Context) -> str | None:
    """One that is known, and one that is not."""
    ids = context.relationship_types.ids[:1]
    if not ids:
        raise _nothing("there are no relationship types")
    return _by_id(context, query_relationship_types_by_id, "RelationshipType", ids, unknown=True)


# -- objects


def _objects(context: Context, **filters: Any) -> Exchange:
    """The answer with the objects, asked for with no more in the address than the filters."""
    return context.server.send(get_objects, **{"include_metadata": UNSET, **filters})


@conformance_test(
    "EXP-12",
    "Objects are listed",
    guide=OBJECTS,
    rule="GET /objects gives a list of objects in the success envelope.",
)
def objects(context: Context) -> None:
    """The list has the right shape."""
    answer = _objects(context)
    context.objects = Found(listing(answer, "ObjectInstanceResponse"), answer)
    if not context.objects.items:
        raise Doubtful("there are no objects")


@conformance_test(
    "EXP-13",
    "The type of each object is registered",
    guide="Address Space, Objects",
    rule="Each object's `typeElementId` is the elementId of a registered object type.",
    needs=("EXP-04", "EXP-12"),
)
def types_of_objects(context: Context) -> None:
    """Every typeElementId is known."""
    known = set(context.object_types.ids)
    refuse(
        (
            f"{shown(item['elementId'])} is of {shown(item['typeElementId'])}, which is not registered"
            for item in context.objects.items
            if item["typeElementId"] not in known
        ),
        context.objects.exchange,
    )


@conformance_test(
    "EXP-14",
    "Element ids are well-formed and unique",
    guide="Address Space, ElementId and DisplayName",
    rule="An elementId has no blanks at its ends, no characters that can't be printed, and no other element has it.",
    needs=("EXP-04", "EXP-09", "EXP-12"),
)
def element_ids(context: Context) -> None:
    """All ids of objects, object types and relationship types together."""
    everything = (context.objects, context.object_types, context.relationship_types)
    for found in everything:
        refuse(
            (f"the elementId {problem}" for element_id in found.ids for problem in id_problems(element_id)),
            found.exchange,
        )
    seen: set[str] = set()
    for found in everything:
        twice = [
            element_id for element_id, count in Counter(found.ids).items() if count > 1 or element_id in seen
        ]
        refuse(
            (f"{shown(element_id)} is the id of more than one element" for element_id in twice),
            found.exchange,
        )
        seen |= set(found.ids)


@conformance_test(
    "EXP-15",
    "There is a root object",
    guide="Address Space, Objects",
    rule="GET /objects?root=true gives at least one object; the `parentId` of a root is null.",
    needs=("EXP-12",),
)
def roots(context: Context) -> None:
    """At least one, and none of them below another."""
    found = entries(_objects(context, root=True))
    if not found:
        raise Broken("there is no root object")
    below = [item for item in found if item.get("parentId") not in _ROOT_PARENTS]
    if below:
        raise Doubtful(
            f"the root {shown(below[0].get('elementId'))} has the parent {shown(below[0]['parentId'])}"
        )


@conformance_test(
    "EXP-16",
    "Objects can be filtered by type",
    guide=OBJECTS,
    rule="With `typeElementId`, GET /objects gives the objects of that type and no others.",
    needs=("EXP-12",),
)
def objects_by_type(context: Context) -> None:
    """Some, and of one type."""
    kind = context.sample(1)[0]["typeElementId"]
    found = entries(_objects(context, type_element_id=kind))
    refuse(
        f"{shown(item.get('elementId'))} is of {shown(item.get('typeElementId'))}"
        for item in found
        if item.get("typeElementId") != kind
    )
    if not found:
        raise Broken(f"no object came, and the whole list has some of {shown(kind)}")


@conformance_test(
    "EXP-17",
    "Metadata tells where an object's type comes from",
    guide=OBJECTS,
    rule="With `includeMetadata`, objects have `metadata` with the strings `typeNamespaceUri` and `sourceTypeId`.",
    needs=("EXP-12",),
)
def metadata(context: Context) -> None:
    """Some object has metadata, and all metadata is complete."""
    if not context.objects.items:
        raise _nothing("there are no objects")
    found = entries(_objects(context, include_metadata=True))
    having = [item for item in found if isinstance(item.get("metadata"), dict)]
    if not having:
        raise Broken("no object has metadata")
    refuse(
        f"the metadata of {shown(item.get('elementId'))} has no `{name}` that is a string"
        for item in having
        for name in ("typeNamespaceUri", "sourceTypeId")
        if not isinstance(item["metadata"].get(name), str)
    )


@conformance_test(
    "EXP-18",
    "Objects can be looked up, and an unknown one fails alone",
    guide=BULK,
    rule="POST /objects/list answers in the order of the request; an unknown id fails alone, with 404.",
    needs=("EXP-12",),
)
def objects_by_id(context: Context) -> str | None:
    """Two that are known, and one that is not."""
    ids = context.sample_ids(2)
    return _by_id(context, list_objects_by_id, "ObjectInstanceResponse", ids, unknown=True)


# -- relationships


def _edge_problems(result: Any) -> list[str]:
    if not isinstance(result, list):
        return [f"is {kind_of(result)}, and not a list"]
    return [
        f"[{index}]: {misfit}"
        for index, edge in enumerate(result)
        for misfit in shape("RelatedObjectResult")(edge)
    ]


def _related(context: Context, element_id: str, **filters: str) -> tuple[list[Json], Exchange]:
    """The edges of one object; what else is wrong with their shape is no part of a rule about where they lead."""
    answer = context.server.send(query_related_objects, {"elementIds": [element_id], **filters})
    (item,) = bulk(answer, [element_id])
    edges = good(item)
    return [edge for edge in edges if isinstance(edge, dict)] if isinstance(edges, list) else [], answer


def _target(edge: Json) -> Any:
    """The id of the object that an edge leads to."""
    return edge["object"].get("elementId") if isinstance(edge.get("object"), dict) else None


@conformance_test(
    "EXP-19",
    "Related objects come with registered relationship types",
    guide=OBJECTS,
    rule="POST /objects/related gives edges whose `sourceRelationship` is a registered relationship type.",
    needs=("EXP-09", "EXP-12"),
)
def related(context: Context) -> None:
    """The edges of the first ten objects."""
    ids = context.objects.ids[:_SOURCES]
    if not ids:
        raise _nothing("there are no objects")
    items = bulk(context.server.send(query_related_objects, {"elementIds": ids}), ids, check=_edge_problems)
    edges = [(item.get("result") or []) if item["success"] else [] for item in items]
    known = set(context.relationship_types.ids)
    refuse(
        f"an edge of {shown(source)} is {shown(edge['sourceRelationship'])}, which is not registered"
        for source, found in zip(ids, edges, strict=True)
        for edge in found
        if edge["sourceRelationship"] not in known
    )
    context.edges = [(source, edge) for source, found in zip(ids, edges, strict=True) for edge in found]


@conformance_test(
    "EXP-20",
    "Every edge leads back",
    guide="Address Space, Relationship Semantics",
    rule="If an object has a relationship to another, that one has the reverse relationship back.",
    needs=("EXP-10", "EXP-19"),
)
def edges_back(context: Context) -> None:
    """The first five."""
    if not context.edges:
        raise _nothing("no object has an edge")
    reverse = {item["elementId"]: item["reverseOf"] for item in context.relationship_types.items}
    for source, edge in context.edges[:_EDGES]:
        target, kind = edge["object"]["elementId"], edge["sourceRelationship"]
        back, answer = _related(context, target)
        wanted = reverse[kind]
        if not any(each.get("sourceRelationship") == wanted and _target(each) == source for each in back):
            raise Broken(f"{shown(source)} has {kind} to {shown(target)}, which has no {wanted} back", answer)


@conformance_test(
    "EXP-21",
    "The hierarchy is among the relationships",
    guide=OBJECTS,
    rule="POST /objects/related includes the hierarchy: an object has an edge to its `parentId`.",
    needs=("EXP-12", "EXP-19"),
)
def hierarchy(context: Context) -> None:
    """The first object whose parent is listed."""
    known = set(context.objects.ids)
    child = next((item for item in context.objects.items if item.get("parentId") in known), None)
    if child is None:
        raise _nothing("no object has a parent that is listed")
    edges, _ = _related(context, child["elementId"])
    if not any(_target(edge) == child["parentId"] for edge in edges):
        raise Broken(
            f"{shown(child['elementId'])} has the parent {shown(child['parentId'])}, and no edge to it"
        )


@conformance_test(
    "EXP-22",
    "Related objects can be filtered by relationship type",
    guide=OBJECTS,
    rule="With `relationshipType`, POST /objects/related gives the edges of that type and no others.",
    needs=("EXP-19",),
)
def related_by_type(context: Context) -> None:
    """Some, and of one type."""
    if not context.edges:
        raise _nothing("no object has an edge")
    source, edge = context.edges[0]
    kind = edge["sourceRelationship"]
    edges, _ = _related(context, source, relationshipType=kind)
    refuse(
        f"an edge is {shown(other.get('sourceRelationship'))}"
        for other in edges
        if other.get("sourceRelationship") != kind
    )
    if not edges:
        raise Broken(f"no edge came, and {shown(source)} has one that is {shown(kind)}")


TESTS = (
    namespaces,
    at_least_one_namespace,
    unique_uris,
    object_types,
    types_in_namespaces,
    types_by_namespace,
    types_in_order,
    unknown_type,
    relationship_types,
    reverses,
    relationship_types_by_id,
    objects,
    types_of_objects,
    element_ids,
    roots,
    objects_by_type,
    metadata,
    objects_by_id,
    related,
    edges_back,
    hierarchy,
    related_by_type,
)
"""In the order of the run."""
