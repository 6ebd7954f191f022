"""The model of a running server can be changed: the standard has no call for it, but plants change."""

from typing import Any

import httpx
import pytest

from i3x.testing import Server


def listed(http: httpx.Client) -> dict[str, dict[str, Any]]:
    """All objects with their metadata, by element id."""
    entries = http.get("/objects", params={"includeMetadata": "true"}).json()["result"]
    return {entry["elementId"]: entry for entry in entries}


def related(http: httpx.Client, element_id: str) -> set[tuple[str, str]]:
    """The relationship types and the other ends of the edges that leave an object."""
    (item,) = http.post("/objects/related", json={"elementIds": [element_id]}).json()["results"]
    return {(edge["sourceRelationship"], edge["object"]["elementId"]) for edge in item["result"]}


def value_of(http: httpx.Client, element_id: str) -> dict[str, Any]:
    (item,) = http.post("/objects/value", json={"elementIds": [element_id]}).json()["results"]
    return dict(item)


def test_an_added_object_is_listed_related_and_has_its_value(server: Server, http: httpx.Client) -> None:
    listed(http)  # so that there is something which could be stale
    server.add_object("pump-103", "Pump 103", "type-pump", parent_id="station-1", value={"running": False})
    assert listed(http)["pump-103"]["parentId"] == "station-1"
    assert related(http, "pump-103") == {("HasParent", "station-1")}
    assert ("HasChildren", "pump-103") in related(http, "station-1")
    assert value_of(http, "pump-103")["result"]["value"] == {"running": False}


def test_an_added_object_without_a_value_has_no_data(server: Server, http: httpx.Client) -> None:
    server.add_object("rain-2", "Rain Gauge 2", "type-rain")
    assert listed(http)["rain-2"]["parentId"] is None
    assert value_of(http, "rain-2")["result"]["quality"] == "GoodNoData"


def test_an_added_component_makes_its_owner_a_composition(server: Server, http: httpx.Client) -> None:
    server.add_object(
        "tank-202-level", "Level", "type-level", parent_id="tank-202", component=True, value=1.0
    )
    assert listed(http)["tank-202"]["isComposition"] is True
    assert ("HasComponent", "tank-202-level") in related(http, "tank-202")
    assert related(http, "tank-202-level") == {("ComponentOf", "tank-202")}


def test_a_moved_object_takes_along_what_is_below_it(server: Server, http: httpx.Client) -> None:
    server.move_object("pump-101", None)
    assert listed(http)["pump-101"]["parentId"] is None
    assert listed(http)["pump-101-motor"]["parentId"] == "pump-101"
    assert ("HasChildren", "pump-101") not in related(http, "station-1")
    server.move_object("pump-101", "tank-201")
    assert ("HasChildren", "pump-101") in related(http, "tank-201")


def test_a_moved_component_is_a_component_of_its_new_owner(server: Server, http: httpx.Client) -> None:
    server.move_object("pump-101-flow", "tank-202")
    assert listed(http)["tank-202"]["isComposition"] is True
    assert related(http, "pump-101-flow") == {("ComponentOf", "tank-202")}
    assert ("HasComponent", "pump-101-flow") not in related(http, "pump-101")


def test_names_and_types_change(server: Server, http: httpx.Client) -> None:
    server.rename_object("pump-102", "Standby")
    server.retype_object("pump-102", "type-equipment")
    pump = listed(http)["pump-102"]
    assert (pump["displayName"], pump["typeElementId"]) == ("Standby", "type-equipment")
    assert pump["metadata"]["sourceTypeId"] == "EquipmentType"


def test_a_removed_object_is_gone_with_all_below_it_and_all_that_led_there(
    server: Server, http: httpx.Client
) -> None:
    server.remove_object("pump-101")
    assert not [element_id for element_id in listed(http) if element_id.startswith("pump-101")]
    assert value_of(http, "pump-101-winding")["responseDetail"]["status"] == 404
    assert "SuppliesTo" not in {relationship for relationship, _ in related(http, "tank-202")}
    assert ("HasChildren", "pump-101") not in related(http, "station-1")


def test_the_last_component_may_go(server: Server, http: httpx.Client) -> None:
    server.remove_object("tank-201-level")
    assert "HasComponent" not in {relationship for relationship, _ in related(http, "tank-201")}


def test_what_can_not_be_is_refused(server: Server) -> None:
    with pytest.raises(ValueError, match="already"):
        server.add_object("pump-101", "Pump", "type-pump")
    with pytest.raises(ValueError, match="owner"):
        server.add_object("part", "Part", "type-pump", component=True)
    with pytest.raises(ValueError, match="below it"):
        server.move_object("pump-101", "pump-101-bearing-de")
    with pytest.raises(KeyError):
        server.add_object("new", "New", "type-pump", parent_id="nothing")
    with pytest.raises(KeyError):
        server.retype_object("pump-101", "no-such-type")
    with pytest.raises(KeyError):
        server.remove_object("nothing")


def test_a_server_that_does_not_run_can_be_changed_too() -> None:
    server = Server()
    server.add_object("rain-2", "Rain Gauge 2", "type-rain")
    server.remove_object("rain-2")
