"""The address space: three requests, and everything after them is local until it is read again."""

import inspect
import threading
from collections.abc import Callable, Iterable
from typing import Any, cast

import pytest
from anyio.from_thread import BlockingPortal

import i3x
from i3x.testing import Server
from i3x.testing.pump_station import ODD_ID

from .both import Make
from .wire import received, says, serve, success

Refresh = Callable[..., i3x.AddressSpaceChanges]


@pytest.fixture
def refresh(portal: BlockingPortal) -> Refresh:
    """Refreshes an address space of either client."""

    def refresh(space: i3x.AddressSpace, **options: Any) -> i3x.AddressSpaceChanges:
        found: Any = space.refresh(**options)

        async def wait() -> Any:
            return await found

        return cast("i3x.AddressSpaceChanges", portal.call(wait) if inspect.iscoroutine(found) else found)

    return refresh


def ids(entries: Iterable[i3x.ObjectInstance]) -> list[str]:
    return [entry.element_id for entry in entries]


def operations(server: Server) -> list[str | None]:
    """What the server was asked, but for who it is."""
    return [request.operation for request in server.requests if request.operation != "getInfo"]


def listing(*entries: dict[str, Any]) -> Callable[[Any], Any]:
    """An edit of an answer that puts these objects in it."""
    return lambda document: {**document, "result": list(entries)}


def entry(element_id: str, parent_id: Any = None, **fields: Any) -> dict[str, Any]:
    required = {"displayName": element_id, "typeElementId": "type-pump", "isComposition": False}
    return {"elementId": element_id, "parentId": parent_id, **required, "isExtended": False, **fields}


def test_it_is_read_with_three_requests_and_local_from_then_on(client: i3x.Client, server: Server) -> None:
    space = client.address_space()
    read = ["getObjects", "getObjectTypes", "getRelationshipTypes"]
    assert operations(server) == read
    assert ids(space.roots) == ["station-1", "weather"]
    assert ids(space.children("pump-101")) == ["pump-101-motor", "pump-101-flow"]
    assert space.path_text("pump-101-bearing-de") == "Pump Station/Pump 101/Motor/Bearing DE"
    assert space.by_path("Pump Station/Pump 101") is space["pump-101"]
    assert ids(space.by_type("type-pump")) == ["pump-101", "pump-102"]
    assert ids(space.by_name("Tank *")) == ["tank-201", "tank-202"]
    assert space.find("Förderdruck").element_id == ODD_ID
    pump_type = space.type_of("pump-101")
    assert pump_type is not None
    assert pump_type.display_name == "Pump"
    assert space.relationship_types["SuppliesTo"].reverse_of == "SuppliedBy"
    assert sum(1 for _ in space.walk()) == len(space)
    assert (space.orphans, space.cycles, space.dangling, space.duplicates, space.partial) == (
        (),
        (),
        {},
        (),
        None,
    )
    assert operations(server) == read


def test_it_is_in_the_order_of_the_listing(client: i3x.Client) -> None:
    assert list(client.address_space()) == client.get_objects()


def test_metadata_is_read_if_asked_for_and_again_on_a_refresh(
    client: i3x.Client, server: Server, refresh: Refresh
) -> None:
    server.add_object("label", "Label", "type-mode", parent_id="pump-101")
    assert "label" in ids(client.address_space().components("pump-101"))
    space = client.address_space(include_metadata=True)
    assert ids(space.components("pump-101")) == ["pump-101-motor", "pump-101-flow"]
    assert ids(space.children("pump-101")) == ["pump-101-motor", "pump-101-flow", "label"]
    refresh(space)
    assert space["pump-101"].metadata is not None
    flags = [request.query["includeMetadata"] for request in received(server, "getObjects")]
    assert flags == ["false", "true", "true"]


def test_nothing_has_changed(client: i3x.Client, server: Server, refresh: Refresh) -> None:
    space = client.address_space(include_metadata=True)
    found = refresh(space)
    assert not found
    assert found == i3x.AddressSpaceChanges()
    assert len(operations(server)) == 6


def test_a_refresh_tells_what_has_changed_and_changes_the_space(
    client: i3x.Client, server: Server, refresh: Refresh
) -> None:
    space = client.address_space()
    server.add_object("pump-103", "Pump 103", "type-pump", parent_id="station-1")
    server.remove_object("pump-101-motor")
    server.move_object("weather", "station-1")
    server.retype_object("meter-301", "type-volume")
    server.rename_object("valve-401", "Drain Valve")
    server.add_object("tank-202-level", "Level", "type-level", parent_id="tank-202", component=True)
    found = refresh(space)
    assert ids(found.added) == ["pump-103", "tank-202-level"]
    assert set(ids(found.removed)) == {
        "pump-101-motor", "pump-101-bearing-de", "pump-101-bearing-nde", "pump-101-winding",
    }  # fmt: skip
    assert [(old.parent_id, new.parent_id) for old, new in found.moved] == [(None, "station-1")]
    assert [(old.type_element_id, new.type_element_id) for old, new in found.retyped] == [
        ("type-counter", "type-volume")
    ]
    assert [(old.display_name, new.display_name) for old, new in found.renamed] == [
        ("Outlet Valve Open", "Drain Valve")
    ]
    assert [new.element_id for _, new in found.altered] == ["tank-202"]
    assert found.partial is None
    assert "pump-103" in space
    assert "pump-101-motor" not in space
    assert ids(space.roots) == ["station-1"]
    assert space.find("Drain Valve") is space["valve-401"]
    assert not refresh(space)


def test_a_walk_that_has_begun_ends_in_what_it_began_in(
    client: i3x.Client, server: Server, refresh: Refresh
) -> None:
    space = client.address_space()
    count, walk = len(space), space.walk()
    next(walk)
    server.remove_object("station-1")
    refresh(space)
    assert ids(space) == ["weather"]
    assert sum(1 for _ in walk) == count - 1


@pytest.mark.parametrize("operation", ["getObjects", "getObjectTypes", "getRelationshipTypes"])
def test_a_refresh_that_fails_changes_nothing(
    client: i3x.Client, server: Server, refresh: Refresh, operation: str
) -> None:
    space = client.address_space()
    server.remove_object("pump-101")
    with (
        server.fault("status", operation=operation, status=403),
        pytest.raises(i3x.AuthenticationError, match=operation),
    ):
        refresh(space)
    assert "pump-101" in space
    assert ids(refresh(space).removed)[0] == "pump-101"


def test_others_see_the_old_or_the_new_and_no_mixture(
    client: i3x.Client, server: Server, refresh: Refresh
) -> None:
    space = client.address_space()
    whole = len(space)
    seen: set[int] = set()
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            seen.add(sum(1 for _ in space.walk()))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(5):
            server.add_object("extra", "Extra", "type-pump")
            refresh(space)
            server.remove_object("extra")
            refresh(space)
    finally:
        over.set()
        looking.join()
    assert seen <= {whole, whole + 1}


def test_it_outlives_its_connection(client: i3x.Client, refresh: Refresh) -> None:
    space = client.address_space()
    client.disconnect()
    assert ids(space.path("pump-101")) == ["station-1", "pump-101"]
    with pytest.raises(i3x.ConnectionError, match="not connected"):
        refresh(space)
    client.connect()
    assert not refresh(space)


def test_it_needs_a_connection(make: Make, server: Server) -> None:
    with pytest.raises(i3x.ConnectionError, match="not connected"):
        make(server.url).address_space()


@pytest.mark.parametrize("operation", ["getObjects", "getObjectTypes", "getRelationshipTypes"])
def test_a_timeout_is_that_of_each_request(
    client: i3x.Client, server: Server, refresh: Refresh, operation: str
) -> None:
    space = client.address_space(timeout=30)
    server.fault("hang", operation=operation, seconds=60)
    with pytest.raises(i3x.TimeoutError):
        refresh(space, timeout=0.1)


def test_what_does_not_hang_together_is_shown(client: i3x.Client, server: Server) -> None:
    server.fault(
        "edit_json",
        operation="getObjects",
        edit_with=listing(
            entry("a", "b"), entry("b", "a"), entry("below", "a"), entry("lost", "gone"), entry("root", "/"),
            entry("own", "own"), entry("root", None, displayName="again"),
        ),
    )  # fmt: skip
    space = client.address_space()
    assert ids(space.roots) == ["root"]
    assert [ids(cycle) for cycle in space.cycles] == [["a", "b"], ["own"]]
    assert ids(space.orphans) == ["lost"]
    assert {name: ids(named) for name, named in space.dangling.items()} == {"gone": ["lost"]}
    assert [each.display_name for each in space.duplicates] == ["again"]
    assert sorted(ids(each for each, _ in space.walk())) == ["a", "b", "below", "lost", "own", "root"]


@pytest.mark.parametrize("fault", ["extra_fields", "missing_optional", "nulls"])
def test_sloppy_servers_have_an_address_space_too(client: i3x.Client, server: Server, fault: str) -> None:
    server.fault(fault)
    space = client.address_space(include_metadata=True)
    assert "pump-101" in space
    assert sum(1 for _ in space.walk()) == len(space)


def test_what_was_cut_is_said(connect: Make) -> None:
    cut = success([entry("a")]).replace(b"200 OK", b"206 Partial Content")
    with serve(says(cut, success([]))) as wire:
        space = connect(wire.url).address_space()
    assert space.partial is not None
    assert space.partial.status == 206
    assert ids(space) == ["a"]


def test_an_answer_that_is_none_is_an_error_of_the_server(client: i3x.Client, server: Server) -> None:
    def answering(result: Any) -> Callable[[Any], Any]:
        return lambda _: {"success": True, "result": result}

    wrong: list[Any] = [{}, "objects", [5], [{"displayName": "without an id"}], [entry("a", 5)]]
    for result in wrong:
        with (
            server.fault("edit_json", operation="getObjects", edit_with=answering(result)),
            pytest.raises(i3x.InvalidServerResponseError, match=r"\$\.result"),
        ):
            client.address_space()
