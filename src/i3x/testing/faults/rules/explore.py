"""Breaks of the address space: namespaces, types, objects, and how they refer to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base import Document, Reply, Section, ignore

if TYPE_CHECKING:
    from ...exchange import Exchange

EXPLORE = Section()

_BACKWARDS = frozenset({"HasChildren", "HasComponent", "SuppliedBy", "MonitoredBy"})


@EXPLORE.edits("getObjectTypes", "queryObjectTypesById")
def schemas_without_structure(reply: Reply) -> None:
    """Says of each value only which JSON type it has: allowed, and an immature type system."""
    carried = [item.get("result") for item in reply.items] if "results" in reply.document else reply.result
    for kind in carried:
        if kind is not None:
            kind["schema"] = {"type": kind["schema"]["type"]}


@EXPLORE.edits("getNamespaces", fails="EXP-01")
def namespace_without_display_name(reply: Reply) -> None:
    """Leaves the display name of a namespace out."""
    del reply.result[-1]["displayName"]


@EXPLORE.edits("getNamespaces", fails="EXP-02 EXP-05")
def no_namespaces(reply: Reply) -> None:
    """Lists no namespace at all, so that those of its types are not declared either."""
    reply.result.clear()


@EXPLORE.edits("getNamespaces", fails="EXP-03")
def namespace_listed_twice(reply: Reply) -> None:
    """Lists a namespace a second time under another display name."""
    reply.result.append(reply.result[-1] | {"displayName": "Once More"})


@EXPLORE.edits("getNamespaces", fails="EXP-05")
def namespace_undeclared(reply: Reply) -> None:
    """Leaves a namespace out that object types are in."""
    reply.result[:] = [entry for entry in reply.result if "measurements" not in entry["uri"]]


@EXPLORE.edits("getObjectTypes", fails="EXP-04")
def object_type_without_schema(reply: Reply) -> None:
    """Leaves the schema of an object type out."""
    if _lists_all(reply):
        del reply.result[-1]["schema"]


@EXPLORE.edits("getObjectTypes", fails="EXP-13", warns="EXP-04")
def no_object_types(reply: Reply) -> None:
    """Lists no object type at all, so that those of its objects are not registered either."""
    reply.result.clear()


@EXPLORE.rewrites("getObjectTypes", fails="EXP-06")
def namespace_filter_ignored(exchange: Exchange) -> None:
    """Lists the object types of all namespaces, whichever was asked for."""
    ignore(exchange, "namespaceUri")


@EXPLORE.edits("getObjectTypes", fails="EXP-06")
def namespace_filter_loses_a_type(reply: Reply) -> None:
    """Leaves an object type out where one namespace is asked for."""
    if not _lists_all(reply) and reply.result:
        reply.result.pop()


@EXPLORE.edits("getRelationshipTypes", fails="EXP-09")
def relationship_type_without_relationship_id(reply: Reply) -> None:
    """Leaves the relationship id of a relationship type out."""
    del reply.result[-1]["relationshipId"]


@EXPLORE.edits("getRelationshipTypes", fails="EXP-10")
def reverse_not_registered(reply: Reply) -> None:
    """Lists a relationship type whose reverse does not exist."""
    reply.result.append(_relationship_type(reply, "LocatedIn", "LocationOf"))


@EXPLORE.edits("getRelationshipTypes", fails="EXP-10")
def reverse_not_symmetric(reply: Reply) -> None:
    """Lists a relationship type whose reverse is the reverse of another one."""
    reply.result.append(_relationship_type(reply, "Observes", "MonitoredBy"))


@EXPLORE.edits("getObjects", fails="EXP-12")
def object_without_composition_flag(reply: Reply) -> None:
    """Does not say of an object whether it is a composition."""
    if _lists_all(reply):
        del reply.result[-1]["isComposition"]


@EXPLORE.edits("getObjects", warns="EXP-12")
def no_objects_listed(reply: Reply) -> None:
    """Lists no object where all are asked for; with a filter, they are there."""
    if _lists_all(reply):
        reply.result.clear()


@EXPLORE.edits("getObjects", fails="EXP-13")
def object_type_not_registered(reply: Reply) -> None:
    """Lists an object of a type that is not listed, not even as a placeholder."""
    for entry in reply.result:
        if entry["elementId"] == "weather":
            entry["typeElementId"] = "type-nowhere"


@EXPLORE.edits("getObjects", fails="EXP-14")
def element_id_with_trailing_blank(reply: Reply) -> None:
    """Lists an object with a blank at the end of its element id."""
    _rename(reply, "weather ")


@EXPLORE.edits("getObjects", fails="EXP-14")
def element_id_with_control_character(reply: Reply) -> None:
    """Lists an object with a line end in its element id."""
    _rename(reply, "wea\nther")


@EXPLORE.edits("getObjects", fails="EXP-14")
def element_id_empty(reply: Reply) -> None:
    """Lists an object with an empty element id."""
    _rename(reply, "")


@EXPLORE.edits("getObjectTypes", fails="EXP-14")
def element_id_shared(reply: Reply) -> None:
    """Lists an object type with the element id of an object."""
    for entry in reply.result[-1:]:
        if entry["elementId"] == "type-mode":
            reply.result.append(entry | {"elementId": "weather"})


@EXPLORE.edits("getObjects", fails="EXP-15")
def no_root(reply: Reply) -> None:
    """Finds no object without a parent."""
    if reply.query.get("root") == "true":
        reply.result.clear()


@EXPLORE.edits("getObjects", warns="EXP-15")
def root_with_parent(reply: Reply) -> None:
    """Gives a root object a parent."""
    if reply.query.get("root") == "true":
        reply.result[-1]["parentId"] = "station-1"


@EXPLORE.rewrites("getObjects", warns="EXP-15")
def root_filter_ignored(exchange: Exchange) -> None:
    """Lists all objects where the roots are asked for."""
    ignore(exchange, "root")


@EXPLORE.rewrites("getObjects", fails="EXP-16")
def type_filter_ignored(exchange: Exchange) -> None:
    """Lists the objects of all types, whichever was asked for."""
    ignore(exchange, "typeElementId")


@EXPLORE.edits("getObjects", fails="EXP-16")
def type_filter_finds_nothing(reply: Reply) -> None:
    """Lists no object where one type is asked for."""
    if "typeElementId" in reply.query:
        reply.result.clear()


@EXPLORE.rewrites("getObjects", fails="EXP-17")
def metadata_left_out(exchange: Exchange) -> None:
    """Lists objects without metadata, asked for or not."""
    ignore(exchange, "includeMetadata")


@EXPLORE.edits("getObjects", fails="EXP-17")
def metadata_without_source_type_id(reply: Reply) -> None:
    """Leaves the source type id out of an object's metadata."""
    if "metadata" in reply.result[-1]:
        del reply.result[-1]["metadata"]["sourceTypeId"]


@EXPLORE.edits("getObjects", fails="EXP-21")
def parent_id_disagrees(reply: Reply) -> None:
    """Lists objects with another parent than the one that they are related to."""
    for entry in reply.result:
        if entry["parentId"]:
            entry["parentId"] = "weather"


@EXPLORE.edits("queryRelatedObjects", fails="EXP-19")
def relationship_type_not_registered(reply: Reply) -> None:
    """Relates objects by a relationship type that is not listed, beside those that are."""
    if reply.asked.get("relationshipType") is None:
        for edges in _edges(reply):
            edges.extend([edge | {"sourceRelationship": "Knows"} for edge in edges[-1:]])


@EXPLORE.edits("queryRelatedObjects", fails="EXP-19")
def related_object_without_display_name(reply: Reply) -> None:
    """Leaves the display name of a related object out."""
    if reply.asked.get("relationshipType") is None:
        for edges in _edges(reply):
            for edge in edges[-1:]:
                del edge["object"]["displayName"]


@EXPLORE.edits("queryRelatedObjects", fails="EXP-20")
def edges_one_way(reply: Reply) -> None:
    """Knows each relationship from one of its ends only."""
    for edges in _edges(reply):
        edges[:] = [edge for edge in edges if edge["sourceRelationship"] not in _BACKWARDS]


@EXPLORE.rewrites("queryRelatedObjects", fails="EXP-22")
def relationship_type_filter_ignored(exchange: Exchange) -> None:
    """Finds the objects of all relationships, whichever was asked for."""
    ignore(exchange, "relationshipType")


@EXPLORE.edits("queryRelatedObjects", fails="EXP-22")
def relationship_type_filter_finds_nothing(reply: Reply) -> None:
    """Finds no related object where one relationship type is asked for."""
    if reply.asked.get("relationshipType") is not None:
        for edges in _edges(reply):
            edges.clear()


def _relationship_type(reply: Reply, element_id: str, reverse_of: str) -> Document:
    example: Document = reply.result[-1]
    names = {"elementId": element_id, "displayName": element_id, "relationshipId": element_id}
    return example | names | {"reverseOf": reverse_of}


def _lists_all(reply: Reply) -> bool:
    """Whether nothing narrows the listing down or adds to it."""
    return set(reply.query.values()) <= {"false"}


def _rename(reply: Reply, element_id: str) -> None:
    for entry in reply.result:
        if entry["elementId"] == "weather":
            entry["elementId"] = element_id


def _edges(reply: Reply) -> list[list[dict[str, Any]]]:
    return [item["result"] for item in reply.items if item["success"]]
