"""Exploring the address space: what there is, and how it hangs together."""

import pytest

import i3x
from i3x.testing import Server
from i3x.testing.pump_station import EQUIPMENT, ODD_ID, RELATIONSHIPS

from .wire import received


def test_get_info_tells_the_versions_and_the_capabilities(client: i3x.Client) -> None:
    info = client.get_info()
    assert (info.spec_version, info.server_version, info.server_name) == ("1.0", "1.0.0", "Pump Station")
    assert info.capabilities.query.history
    assert info.capabilities.subscribe.stream


def test_get_namespaces_returns_all(client: i3x.Client) -> None:
    namespaces = client.get_namespaces()
    assert [namespace.display_name for namespace in namespaces] == [
        "Equipment",
        "Measurements",
        "Relationships",
    ]
    assert namespaces[0].uri == EQUIPMENT
    assert namespaces.errors == {}


def test_get_object_types_returns_all(client: i3x.Client) -> None:
    object_types = {object_type.element_id: object_type for object_type in client.get_object_types()}
    assert object_types["type-pump"].schema["properties"]["running"] == {"type": "boolean"}
    assert object_types["type-pump"].related == {
        "relationshipType": "InheritsFrom",
        "types": ["type-equipment"],
    }
    assert object_types["UnknownType"].version is None


def test_get_object_types_of_a_namespace(client: i3x.Client, server: Server) -> None:
    object_types = client.get_object_types(EQUIPMENT)
    assert {object_type.namespace_uri for object_type in object_types} == {EQUIPMENT}
    assert server.requests[-1].query == {"namespaceUri": EQUIPMENT}


def test_query_object_types_keeps_the_order_and_names_the_unknown(client: i3x.Client) -> None:
    object_types = client.query_object_types(["type-tank", "no-such-type", "type-pump"])
    assert [object_type.element_id for object_type in object_types] == ["type-tank", "type-pump"]
    assert isinstance(object_types.errors["no-such-type"], i3x.NotFoundError)


def test_get_relationship_types_returns_all_with_their_inverse(client: i3x.Client) -> None:
    relationship_types = {entry.element_id: entry for entry in client.get_relationship_types()}
    assert relationship_types["SuppliesTo"].reverse_of == "SuppliedBy"
    assert relationship_types["HasComponent"].reverse_of == "ComponentOf"


def test_get_relationship_types_of_a_namespace(client: i3x.Client, server: Server) -> None:
    assert client.get_relationship_types(RELATIONSHIPS)
    assert client.get_relationship_types(namespace_uri="https://example.com/none") == []
    assert server.requests[-1].query == {"namespaceUri": "https://example.com/none"}


def test_query_relationship_types(client: i3x.Client) -> None:
    relationship_types = client.query_relationship_types(["Monitors", "nothing"])
    assert [entry.element_id for entry in relationship_types] == ["Monitors"]
    assert list(relationship_types.errors) == ["nothing"]


def test_get_objects_returns_all_without_metadata(client: i3x.Client, server: Server) -> None:
    objects = client.get_objects()
    assert {entry.element_id for entry in objects} >= {"station-1", "pump-101", ODD_ID}
    assert all(entry.metadata is None for entry in objects)
    assert server.requests[-1].method == "GET"


def test_get_objects_of_a_type(client: i3x.Client, server: Server) -> None:
    pumps = client.get_objects("type-pump")
    assert [pump.element_id for pump in pumps] == ["pump-101", "pump-102"]
    assert server.requests[-1].query["typeElementId"] == "type-pump"


def test_get_objects_without_a_parent(client: i3x.Client, server: Server) -> None:
    roots = client.get_objects(root=True)
    assert [entry.element_id for entry in roots] == ["station-1", "weather"]
    assert server.requests[-1].query["root"] == "true"


def test_root_false_is_sent_and_root_none_is_not(client: i3x.Client, server: Server) -> None:
    client.get_objects(root=False)
    assert server.requests[-1].query["root"] == "false"
    client.get_objects()
    assert "root" not in server.requests[-1].query


def test_get_objects_with_metadata(client: i3x.Client) -> None:
    objects = {entry.element_id: entry for entry in client.get_objects(include_metadata=True)}
    metadata = objects["sensor-001"].metadata
    assert metadata is not None
    assert metadata.eng_unit == "°C"
    assert metadata.relationships is not None
    assert metadata.relationships["Monitors"] == ["pump-101"]


def test_get_object_returns_one(client: i3x.Client) -> None:
    pump = client.get_object("pump-102", include_metadata=True)
    assert (pump.display_name, pump.parent_id, pump.is_extended) == ("Pump 102", "station-1", True)
    assert pump.metadata is not None
    assert pump.metadata.schema_extensions is not None


def test_get_object_that_is_unknown(client: i3x.Client) -> None:
    with pytest.raises(i3x.NotFoundError, match="no-such-object") as caught:
        client.get_object("no-such-object")
    assert (caught.value.status_code, caught.value.element_id) == (404, "no-such-object")


def test_list_objects_keeps_the_order_and_names_the_unknown(client: i3x.Client, server: Server) -> None:
    objects = client.list_objects(["tank-201", "nothing", "pump-101"], include_metadata=True)
    assert [entry.element_id for entry in objects] == ["tank-201", "pump-101"]
    assert objects.errors["nothing"].status_code == 404
    assert server.requests[-1].json["includeMetadata"] is True


def test_list_objects_with_an_id_twice(client: i3x.Client, server: Server) -> None:
    objects = client.list_objects(["pump-101", "sensor-001", "pump-101"])
    assert [entry.element_id for entry in objects] == ["pump-101", "sensor-001", "pump-101"]
    assert server.requests[-1].json["elementIds"] == ["pump-101", "sensor-001", "pump-101"]


def test_get_related_objects_holds_hierarchy_composition_and_graph(client: i3x.Client) -> None:
    edges = client.get_related_objects(["pump-101"])
    found = {(edge.source_relationship, edge.object.element_id) for edge in edges}
    assert found == {
        ("HasParent", "station-1"),
        ("HasComponent", "pump-101-motor"),
        ("HasComponent", "pump-101-flow"),
        ("SuppliesTo", "tank-201"),
        ("SuppliedBy", "tank-202"),
        ("MonitoredBy", "sensor-001"),
        ("MonitoredBy", "sensor-002"),
    }


def test_get_related_objects_names_the_source_of_each_edge(client: i3x.Client) -> None:
    edges = client.get_related_objects(["pump-101", "nothing", "tank-201"], "SuppliesTo")
    assert [(edge.source_element_id, edge.object.element_id) for edge in edges] == [
        ("pump-101", "tank-201"),
        ("tank-201", "pump-102"),
    ]
    assert isinstance(edges.errors["nothing"], i3x.NotFoundError)


def test_get_related_objects_with_metadata(client: i3x.Client, server: Server) -> None:
    (edge,) = client.get_related_objects(["temp-sensor-101"], "Monitors", include_metadata=True)
    assert edge.object.metadata is not None
    assert edge.object.metadata.source_type_id == "TankType"
    assert server.requests[-1].json == {
        "elementIds": ["temp-sensor-101"],
        "relationshipType": "Monitors",
        "includeMetadata": True,
    }


def test_an_id_with_everything_that_an_address_would_escape(client: i3x.Client, server: Server) -> None:
    assert client.get_object(ODD_ID).display_name == "Förderdruck"
    assert [edge.source_element_id for edge in client.get_related_objects([ODD_ID])] == [ODD_ID]
    assert server.requests[-1].json["elementIds"] == [ODD_ID]


def test_a_query_value_with_everything_that_an_address_would_escape(
    client: i3x.Client, server: Server
) -> None:
    assert client.get_objects("ä/ö?a=b&c#d%41+ e") == []
    assert server.requests[-1].query["typeElementId"] == "ä/ö?a=b&c#d%41+ e"
    assert len(received(server, "getObjects")) == 1


def test_a_type_that_is_not_there_filters_everything_out_and_is_no_error(client: i3x.Client) -> None:
    objects = client.get_objects("nothing")
    edges = client.get_related_objects(["pump-101"], "nothing")
    assert (objects, objects.errors) == ([], {})
    assert (edges, edges.errors) == ([], {})
    assert list(client.query_object_types(["nothing"]).errors) == ["nothing"]
    assert list(client.query_relationship_types(["nothing"]).errors) == ["nothing"]
