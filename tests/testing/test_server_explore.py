"""What there is: server info, namespaces, types, objects, relationships."""

from typing import Any

import httpx
import pytest

ODD_ID = "Förderpumpe 7/Druck #1?50%;ns=2:ß"


def result(response: httpx.Response) -> Any:
    assert response.status_code == 200, response.text
    document = response.json()
    assert document["success"] is True
    return document["result"]


def test_info_tells_the_version_and_the_capabilities(http: httpx.Client) -> None:
    assert result(http.get("/info")) == {
        "specVersion": "1.0",
        "serverVersion": "1.0.0",
        "serverName": "Pump Station",
        "capabilities": {
            "query": {"history": True},
            "update": {"current": True, "history": True},
            "subscribe": {"stream": True},
        },
    }


def test_namespaces_have_unique_uris(http: httpx.Client) -> None:
    uris = [entry["uri"] for entry in result(http.get("/namespaces"))]
    assert len(uris) == len(set(uris)) >= 2


@pytest.mark.parametrize("path", ["/objecttypes", "/relationshiptypes"])
def test_types_can_be_filtered_by_namespace(http: httpx.Client, path: str) -> None:
    listed = result(http.get(path))
    uri = listed[0]["namespaceUri"]
    filtered = result(http.get(path, params={"namespaceUri": uri}))
    assert filtered == [entry for entry in listed if entry["namespaceUri"] == uri]
    assert result(http.get(path, params={"namespaceUri": "urn:unknown"})) == []


@pytest.mark.parametrize("path", ["/objecttypes", "/relationshiptypes"])
def test_types_are_queried_by_id_in_the_order_asked_for(http: httpx.Client, path: str) -> None:
    listed = result(http.get(path))[:3]
    ids = [entry["elementId"] for entry in reversed(listed)]
    answer = http.post(f"{path}/query", json={"elementIds": ids}).json()
    assert answer["success"] is True
    assert [item["elementId"] for item in answer["results"]] == ids
    assert [item["result"] for item in answer["results"]] == listed[::-1]


@pytest.mark.parametrize(
    "path", ["/objecttypes/query", "/relationshiptypes/query", "/objects/list", "/objects/related"]
)
def test_an_unknown_id_fails_alone_with_404(http: httpx.Client, path: str) -> None:
    known = {"/objecttypes/query": "type-pump", "/relationshiptypes/query": "HasParent"}.get(path, "pump-101")
    response = http.post(path, json={"elementIds": [known, "no-such-id"]})
    assert response.status_code == 200
    answer = response.json()
    assert answer["success"] is False
    assert [item["success"] for item in answer["results"]] == [True, False]
    detail = answer["results"][1]["responseDetail"]
    assert (detail["title"], detail["status"]) == ("Not Found", 404)
    assert "no-such-id" in detail["detail"]


def test_a_bulk_request_in_which_every_item_fails_is_still_200(http: httpx.Client) -> None:
    response = http.post("/objects/list", json={"elementIds": ["x", "y"]})
    assert response.status_code == 200
    assert response.json()["success"] is False


def test_a_bulk_request_may_name_an_id_twice(http: httpx.Client) -> None:
    results = http.post("/objects/list", json={"elementIds": ["pump-101", "pump-101"]}).json()["results"]
    assert len(results) == 2
    assert results[0] == results[1]


def test_an_empty_bulk_request_is_a_success(http: httpx.Client) -> None:
    assert http.post("/objects/list", json={"elementIds": []}).json() == {"success": True, "results": []}


def test_the_roots_have_no_parent(http: httpx.Client) -> None:
    roots = result(http.get("/objects", params={"root": "true"}))
    assert [(root["elementId"], root["parentId"]) for root in roots] == [
        ("station-1", None),
        ("weather", None),
    ]


def test_root_false_lists_everything(http: httpx.Client) -> None:
    assert len(result(http.get("/objects", params={"root": "false"}))) == len(result(http.get("/objects")))


def test_objects_can_be_filtered_by_type(http: httpx.Client) -> None:
    pumps = result(http.get("/objects", params={"typeElementId": "type-pump"}))
    assert [pump["elementId"] for pump in pumps] == ["pump-101", "pump-102"]
    assert result(http.get("/objects", params={"typeElementId": "no-such-type"})) == []


def test_metadata_comes_only_when_asked_for(http: httpx.Client) -> None:
    plain = result(http.get("/objects"))
    assert not any("metadata" in entry for entry in plain)
    full = result(http.get("/objects", params={"includeMetadata": "true"}))
    assert all(entry["metadata"]["sourceTypeId"] for entry in full)


def test_metadata_has_unit_relationships_and_extensions(http: httpx.Client) -> None:
    ids = ["sensor-001", "pump-101", "pump-102"]
    answer = http.post("/objects/list", json={"elementIds": ids, "includeMetadata": True}).json()
    sensor, pump, extended = (item["result"]["metadata"] for item in answer["results"])
    assert sensor["engUnit"] == "°C"
    assert pump["relationships"]["SuppliesTo"] == ["tank-201"]
    assert pump["relationships"]["HasParent"] == ["station-1"]
    assert "energyRating" in extended["schemaExtensions"]["properties"]


def test_an_element_id_may_hold_characters_that_addresses_escape(http: httpx.Client) -> None:
    answer = http.post("/objects/list", json={"elementIds": [ODD_ID]}).json()
    assert answer["results"][0]["result"]["elementId"] == ODD_ID


def related(http: httpx.Client, element_id: str, **options: Any) -> set[tuple[str, str]]:
    answer = http.post("/objects/related", json={"elementIds": [element_id]} | options).json()
    return {
        (edge["sourceRelationship"], edge["object"]["elementId"]) for edge in answer["results"][0]["result"]
    }


def test_related_objects_span_hierarchy_composition_and_graph(http: httpx.Client) -> None:
    assert related(http, "pump-101") == {
        ("HasParent", "station-1"),
        ("HasComponent", "pump-101-motor"),
        ("HasComponent", "pump-101-flow"),
        ("SuppliesTo", "tank-201"),
        ("SuppliedBy", "tank-202"),
        ("MonitoredBy", "sensor-001"),
        ("MonitoredBy", "sensor-002"),
    }


def test_related_objects_can_be_filtered_by_relationship_type(http: httpx.Client) -> None:
    assert related(http, "pump-101", relationshipType="SuppliesTo") == {("SuppliesTo", "tank-201")}
    assert related(http, "temp-sensor-101", relationshipType="Monitors") == {("Monitors", "tank-201")}
    assert related(http, "pump-101", relationshipType="no-such-type") == set()


def test_related_objects_have_metadata_when_asked_for(http: httpx.Client) -> None:
    asked = {"elementIds": ["temp-sensor-101"], "relationshipType": "Monitors", "includeMetadata": True}
    edge = http.post("/objects/related", json=asked).json()["results"][0]["result"][0]
    assert edge["object"]["metadata"]["sourceTypeId"] == "TankType"


def test_every_edge_has_its_reverse(http: httpx.Client) -> None:
    reverse = {entry["elementId"]: entry["reverseOf"] for entry in result(http.get("/relationshiptypes"))}
    assert all(reverse[other] == name for name, other in reverse.items())
    ids = [entry["elementId"] for entry in result(http.get("/objects"))]
    answer = http.post("/objects/related", json={"elementIds": ids}).json()
    edges = {
        (item["elementId"], edge["sourceRelationship"], edge["object"]["elementId"])
        for item in answer["results"]
        for edge in item["result"]
    }
    assert edges == {(target, reverse[kind], source) for source, kind, target in edges}


def test_inheritance_is_told_and_the_schema_expanded(http: httpx.Client) -> None:
    answer = http.post("/objecttypes/query", json={"elementIds": ["type-equipment", "type-pump"]}).json()
    base, pump = (item["result"] for item in answer["results"])
    assert pump["related"] == {"relationshipType": "InheritsFrom", "types": ["type-equipment"]}
    assert base["schema"]["properties"].items() <= pump["schema"]["properties"].items()
