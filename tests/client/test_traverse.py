"""Traversals: along the relationships of a server, one request a level."""

import json
import socket
from collections.abc import Callable
from typing import Any, cast

import pytest
from anyio.from_thread import BlockingPortal

import i3x
from i3x.testing import Server

from .both import Make, patiently
from .wire import INFO, Request, answer, received, serve, success

Next = Callable[..., list[i3x.Hop]]


@pytest.fixture
def take(portal: BlockingPortal) -> Next:
    """Takes the next few hops of a traversal of either client, or all that are left."""

    def take(traversal: Any, count: int = 1_000) -> list[i3x.Hop]:
        hops: list[i3x.Hop] = []
        if hasattr(traversal, "__next__"):
            while len(hops) < count and (hop := next(traversal, None)) is not None:
                hops.append(hop)
            return hops

        async def go_on() -> None:
            while len(hops) < count and (hop := await anext(traversal, None)) is not None:
                hops.append(hop)

        portal.call(go_on)
        return hops

    return take


def told(hops: list[i3x.Hop]) -> list[tuple[str, int]]:
    return [(hop.object.element_id, hop.depth) for hop in hops]


def asked(server: Server) -> list[Any]:
    """The bodies of the requests that a traversal has sent."""
    return [request.json for request in received(server, "queryRelatedObjects")]


def related(*edges: tuple[str, str]) -> Callable[[Any], Any]:
    """An edit of an answer that makes these the edges of its first element."""

    def edit(document: Any) -> Any:
        target = document["results"][0]
        objects = [
            {"sourceRelationship": relationship, "object": {"elementId": element_id, "displayName": "odd"}}
            for relationship, element_id in edges
        ]
        target.update(success=True, result=objects)
        return document

    return edit


def test_a_chain_is_walked_with_one_request_a_level(client: i3x.Client, server: Server, take: Next) -> None:
    hops = take(client.traverse("pump-101", "SuppliesTo"))
    assert told(hops) == [("tank-201", 1), ("pump-102", 2), ("tank-202", 3)]  # which supplies pump-101 again
    assert [hop.edge.source_element_id for hop in hops] == ["pump-101", "tank-201", "pump-102"]
    assert {hop.edge.source_relationship for hop in hops} == {"SuppliesTo"}
    assert [request["elementIds"] for request in asked(server)] == [
        ["pump-101"], ["tank-201"], ["pump-102"], ["tank-202"],
    ]  # fmt: skip
    assert all(request["relationshipType"] == "SuppliesTo" for request in asked(server))


def test_a_level_of_many_is_one_request(connect: Make, take: Next) -> None:
    with Server(tick=None, objects=300) as server:
        client = connect(server.url)
        objects, depths = len(client.get_objects()), []
        for hop in take(client.traverse("station-1")):
            depths.append(hop.depth)
        assert len(depths) == objects - 1  # all but the start
        assert [len(request["elementIds"]) for request in asked(server)] == [
            1, depths.count(1), depths.count(2), depths.count(3),
        ]  # fmt: skip


def test_a_hop_can_be_unpacked(client: i3x.Client, take: Next) -> None:
    ((tank, depth, edge),) = take(client.traverse("temp-sensor-101", "Monitors"))
    assert (tank.display_name, depth) == ("Tank 201", 1)
    assert (edge.source_element_id, edge.source_relationship) == ("temp-sensor-101", "Monitors")
    assert edge.object is tank


def test_all_relationships_are_followed_unless_some_are_named(
    client: i3x.Client, server: Server, take: Next
) -> None:
    hops = take(client.traverse("pump-101", max_hops=1))
    assert {hop.edge.source_relationship for hop in hops} == {
        "HasParent", "HasComponent", "SuppliesTo", "SuppliedBy", "MonitoredBy",
    }  # fmt: skip
    assert "relationshipType" not in asked(server)[0]


def test_several_relationships_are_still_one_request_a_level(
    client: i3x.Client, server: Server, take: Next
) -> None:
    hops = take(client.traverse("station-1", ["HasChildren", "HasComponent"]))
    space = client.address_space()
    assert {hop.object.element_id: hop.depth for hop in hops} == {
        each.element_id: depth for each, depth in space.walk("station-1") if depth
    }
    assert len(asked(server)) == 4
    assert not any("relationshipType" in request for request in asked(server))


def test_of_several_relationships_no_others_are_followed(client: i3x.Client, take: Next) -> None:
    hops = take(client.traverse("pump-101", ["SuppliesTo", "MonitoredBy"]))
    assert told(hops) == [
        ("tank-201", 1), ("sensor-001", 1), ("sensor-002", 1), ("pump-102", 2), ("temp-sensor-101", 2),
        ("tank-202", 3),
    ]  # fmt: skip


def test_one_relationship_in_a_list_is_asked_for(client: i3x.Client, server: Server, take: Next) -> None:
    take(client.traverse("pump-101", ["SuppliesTo", "SuppliesTo"], max_hops=1))
    assert asked(server)[0]["relationshipType"] == "SuppliesTo"


def test_max_hops_ends_it_without_another_request(client: i3x.Client, server: Server, take: Next) -> None:
    assert told(take(client.traverse("pump-101", "SuppliesTo", 2))) == [("tank-201", 1), ("pump-102", 2)]
    assert len(asked(server)) == 2


def test_it_may_start_at_several_elements_which_are_not_given(
    client: i3x.Client, server: Server, take: Next
) -> None:
    start: list[i3x.ObjectInstance | str] = [client.get_object("pump-101"), "tank-201", "pump-101"]
    assert told(take(client.traverse(start, "SuppliesTo"))) == [("pump-102", 1), ("tank-202", 2)]
    assert asked(server)[0]["elementIds"] == ["pump-101", "tank-201"]
    assert told(take(client.traverse(client.get_object("pump-101"), "SuppliesTo", 1))) == [("tank-201", 1)]


def test_nothing_is_asked_before_it_is_needed(client: i3x.Client, server: Server, take: Next) -> None:
    traversal = client.traverse("pump-101", "SuppliesTo")
    assert len(asked(server)) == 0
    take(traversal, 1)
    assert len(asked(server)) == 1
    take(traversal, 1)
    assert len(asked(server)) == 2


def test_no_start_is_no_request(client: i3x.Client, server: Server, take: Next) -> None:
    assert take(client.traverse([])) == []
    assert asked(server) == []


def test_metadata_comes_along(client: i3x.Client, server: Server, take: Next) -> None:
    (hop,) = take(client.traverse("temp-sensor-101", "Monitors", include_metadata=True))
    assert hop.object.metadata is not None
    assert asked(server)[0]["includeMetadata"] is True


def test_a_start_that_is_not_there_is_not_found(client: i3x.Client, take: Next) -> None:
    with pytest.raises(i3x.NotFoundError) as caught:
        take(client.traverse("nothing"))
    assert caught.value.element_id == "nothing"


def test_of_several_starts_the_ones_that_are_not_there_are_in_errors(client: i3x.Client, take: Next) -> None:
    traversal = client.traverse(["nothing", "pump-101"], "SuppliesTo", max_hops=1)
    assert told(take(traversal)) == [("tank-201", 1)]
    assert list(traversal.errors) == ["nothing"]
    with pytest.raises(i3x.BulkError, match="nothing"):
        traversal.raise_for_errors()


def test_an_edge_that_leads_nowhere_is_given_and_then_in_errors(
    client: i3x.Client, server: Server, take: Next
) -> None:
    server.fault(
        "edit_json",
        operation="queryRelatedObjects",
        times=1,
        edit_with=related(("SuppliesTo", "gone"), ("SuppliesTo", "tank-201")),
    )
    traversal = client.traverse("pump-101", "SuppliesTo", max_hops=2)
    assert told(take(traversal)) == [("gone", 1), ("tank-201", 1), ("pump-102", 2)]
    assert isinstance(traversal.errors["gone"], i3x.NotFoundError)


def test_an_object_without_an_id_is_given_and_can_not_be_followed(
    client: i3x.Client, server: Server, take: Next
) -> None:
    server.fault("edit_json", times=1, edit_with=related(("SuppliesTo", " "), ("SuppliesTo", "tank-202")))
    traversal = client.traverse("pump-101", "SuppliesTo")
    assert told(take(traversal)) == [(" ", 1), ("tank-202", 1)]
    assert isinstance(traversal.errors[" "], i3x.InvalidServerResponseError)
    assert asked(server)[1]["elementIds"] == ["tank-202"]


def test_edges_to_itself_and_twice_to_another_are_one_object(
    client: i3x.Client, server: Server, take: Next
) -> None:
    edges = (("SuppliesTo", "pump-101"), ("SuppliesTo", "weather"), ("Monitors", "weather"))
    server.fault("edit_json", times=1, edit_with=related(*edges))
    assert told(take(client.traverse("pump-101", max_hops=1))) == [("weather", 1)]


def test_a_level_that_fails_can_be_asked_for_again(client: i3x.Client, server: Server, take: Next) -> None:
    traversal = client.traverse("pump-101", "SuppliesTo")
    take(traversal, 1)
    with (
        server.fault("status", operation="queryRelatedObjects", status=403),
        pytest.raises(i3x.AuthenticationError),
    ):
        take(traversal)
    assert told(take(traversal)) == [("pump-102", 2), ("tank-202", 3)]


def test_a_timeout_is_that_of_each_request(client: i3x.Client, server: Server, take: Next) -> None:
    traversal = client.traverse("pump-101", "SuppliesTo", timeout=0.1)
    patiently(lambda: take(traversal, 1))
    server.fault("hang", operation="queryRelatedObjects", seconds=60)
    with pytest.raises(i3x.TimeoutError):
        take(traversal)


@pytest.mark.parametrize("fault", ["reorder", "drop_item", "success_envelope", "extra_fields", "nulls"])
def test_sloppy_servers_can_be_traversed_too(
    client: i3x.Client, server: Server, take: Next, fault: str
) -> None:
    expected = sorted(told(take(client.traverse("station-1"))))
    server.fault(fault)
    assert sorted(told(take(client.traverse("station-1")))) == expected


def test_a_server_that_invents_objects_without_end_is_ended_by_max_hops(connect: Make, take: Next) -> None:
    def invent(connection: socket.socket, request: Request) -> None:
        if request.target.endswith("/info"):
            connection.sendall(success(INFO))
            return
        (element_id,) = json.loads(request.body)["elementIds"]
        edge = {"sourceRelationship": "HasChildren", "object": {"elementId": f"{element_id}+"}}
        item = {"success": True, "elementId": element_id, "result": [edge]}
        detail = {"title": "Partial Content", "status": 206, "detail": f"cut at {element_id}"}
        body = {"success": True, "results": [item], "responseDetail": detail}
        connection.sendall(answer(json.dumps(body).encode(), status="206 Partial Content"))

    with serve(invent) as wire:
        traversal = connect(wire.url).traverse("a", max_hops=3)
        assert told(take(traversal)) == [("a+", 1), ("a++", 2), ("a+++", 3)]
        assert traversal.partial is not None
        assert traversal.partial.detail == "cut at a; cut at a+; cut at a++"


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ((5,), TypeError, "start must be an element or several, not int"),
        ((None,), TypeError, "start"),
        ((b"pump-101",), TypeError, "start"),
        ((["pump-101", 5],), TypeError, "each of start"),
        (("",), ValueError, "each of start must not be empty"),
        (("pump-101", 5), TypeError, "relationship_types"),
        (("pump-101", ["Monitors", None]), TypeError, "each of relationship_types"),
        (("pump-101", []), ValueError, "None follows all"),
        (("pump-101", ""), ValueError, "relationship_types must not be empty"),
        (("pump-101", None, 0), ValueError, "max_hops must be 1"),
        (("pump-101", None, -1), ValueError, "max_hops"),
        (("pump-101", None, 1.5), TypeError, "max_hops must be an int"),
        (("pump-101", None, True), TypeError, "max_hops"),
    ],
)
def test_wrong_arguments_are_refused_at_once(
    client: i3x.Client, server: Server, arguments: tuple[Any, ...], error: type[Exception], said: str
) -> None:
    before = len(server.requests)
    with pytest.raises(error, match=said):
        cast("Any", client).traverse(*arguments)
    assert len(server.requests) == before


def test_it_needs_a_connection(make: Make, server: Server, take: Next) -> None:
    with pytest.raises(i3x.ConnectionError, match="not connected"):
        take(make(server.url).traverse("pump-101"))
