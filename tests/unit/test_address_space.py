"""The address space once it was read: whatever a server lists, everything is found, once, and every walk ends."""

import gc
import pickle
import tracemalloc
import weakref
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import i3x
from i3x.navigate.changes import changes
from i3x.navigate.local import LocalAddressSpace
from i3x.navigate.reading import Reading
from i3x.navigate.tree import Order
from i3x.results import BulkList

STATION = (
    ("station", "Pump Station", None),
    ("pump-1", "Pump 1", "station"),
    ("pump-2", "Pump 2", "station"),
    ("motor", "Motor", "pump-1"),
    ("bearing", "Bearing", "motor"),
    ("tank", "Tank", "station"),
    ("weather", "Weather", None),
)


def entry(element_id: str, name: str = "", parent_id: str | None = None, **fields: Any) -> i3x.ObjectInstance:
    return i3x.ObjectInstance(element_id, name or element_id, parent_id=parent_id, **fields)


def linked(element_id: str, parent_id: str | None = None, /, **edges: Any) -> i3x.ObjectInstance:
    """A composition, by what it says of itself, with metadata."""
    metadata = i3x.ObjectInstanceMetadata(relationships=edges)
    return entry(element_id, parent_id=parent_id, is_composition=True, metadata=metadata)


def reading(
    entries: Iterable[i3x.ObjectInstance],
    object_types: Iterable[i3x.ObjectType] = (),
    relationship_types: Iterable[i3x.RelationshipType] = (),
) -> Reading:
    return Reading(BulkList(entries), BulkList(object_types), BulkList(relationship_types))


def space_of(*entries: i3x.ObjectInstance, **types: Any) -> LocalAddressSpace:
    return LocalAddressSpace(reading(entries, **types))


@pytest.fixture
def station() -> LocalAddressSpace:
    return space_of(*(entry(*row) for row in STATION))


def ids(entries: Iterable[i3x.ObjectInstance]) -> list[str]:
    return [each.element_id for each in entries]


# --- any listing at all -------------------------------------------------------------------------------------

_IDS = ["a", "b", "c", "d", "e", "f", "/"]
_NAMES = st.sampled_from(["", "x", "y", "x/y", "/", "y/", "*", "[x]"])
listings = st.lists(
    st.builds(entry, st.sampled_from(_IDS), _NAMES, st.sampled_from([None, "", "gone", *_IDS])), max_size=9
)


@given(entries=listings)
def test_all_that_is_listed_is_found_once(entries: list[i3x.ObjectInstance]) -> None:
    space = space_of(*entries)
    assert sorted(ids([*space, *space.duplicates])) == sorted(ids(entries))
    assert len(set(ids(space))) == len(space)
    assert all(space[each.element_id] is each and each in space for each in space)
    for order in ("depth", "breadth"):
        assert sorted(ids(each for each, _ in space.walk(order=order))) == sorted(ids(space))


@given(entries=listings)
def test_every_object_is_a_root_an_orphan_or_below_something(entries: list[i3x.ObjectInstance]) -> None:
    space = space_of(*entries)
    without_parent = {each.element_id for each in space if space.parent(each) is None}
    assert without_parent == {*ids(space.roots), *ids(space.orphans)}
    assert not set(ids(space.roots)) & set(ids(space.orphans))
    assert set(ids(space.tops)) == without_parent | {cycle[0].element_id for cycle in space.cycles}
    assert set(ids(space.orphans)) == {name for named in space.dangling.values() for name in ids(named)}
    assert not [target_id for target_id in space.dangling if target_id in space]


@given(entries=listings)
def test_parents_and_children_agree(entries: list[i3x.ObjectInstance]) -> None:
    space = space_of(*entries)
    for each in space:
        assert ids(space.children(each)) == ids(other for other in space if space.parent(other) is each)


@given(entries=listings)
def test_cycles_are_cycles_and_are_all_of_them(entries: list[i3x.ObjectInstance]) -> None:
    space = space_of(*entries)
    listed = ids(space)
    for cycle in space.cycles:
        assert [space.parent(each) for each in cycle] == [cycle[-1], *cycle[:-1]]
        assert min(cycle, key=lambda each: listed.index(each.element_id)) is cycle[0]
    firsts = [listed.index(cycle[0].element_id) for cycle in space.cycles]
    assert firsts == sorted(firsts)
    in_cycles = ids(each for cycle in space.cycles for each in cycle)
    assert len(set(in_cycles)) == len(in_cycles)

    assert set(in_cycles) == {each.element_id for each in space if each.element_id in above(space, each)}


def above(space: LocalAddressSpace, each: i3x.ObjectInstance) -> set[str]:
    """Return the ids of the parent, of its parent and so on; the object's own is among them in a cycle."""
    found: set[str] = set()
    while (parent := space.parent(each)) is not None and parent.element_id not in found:
        found.add(parent.element_id)
        each = parent
    return found


@given(entries=listings)
def test_paths_walks_and_subtrees_agree(entries: list[i3x.ObjectInstance]) -> None:
    space = space_of(*entries)
    assert {each.element_id: depth for each, depth in space.walk()} == {
        each.element_id: len(space.path(each)) - 1 for each in space
    }
    for each in space:
        path = space.path(each)
        assert path[0] in space.tops
        assert path[-1] is each
        assert [space.parent(below) for below in path[1:]] == list(path[:-1])
        assert sorted(ids(space.subtree(each))) == sorted(
            other.element_id for other in space if other is each or each.element_id in above(space, other)
        )


@given(entries=listings)
def test_a_walk_gives_parents_before_children_and_a_broad_one_level_by_level(
    entries: list[i3x.ObjectInstance],
) -> None:
    space = space_of(*entries)
    deep = list(space.walk())
    for (_, above), (_, below) in pairwise(deep):
        assert below <= above + 1
    depths = [depth for _, depth in space.walk(order="breadth")]
    assert depths == sorted(depths)


@given(entries=listings)
def test_the_path_of_an_object_leads_to_it(entries: list[i3x.ObjectInstance]) -> None:
    space = space_of(*entries)
    for each in space:
        names = [above.display_name for above in space.path(each)]
        same_names = ids(
            other for other in space if [above.display_name for above in space.path(other)] == names
        )
        same_text = ids(other for other in space if space.path_text(other) == space.path_text(each))
        for path, expected in ((names, same_names), (space.path_text(each), same_text)):
            if len(expected) == 1:
                assert space.by_path(path) is each
            else:
                with pytest.raises(i3x.AmbiguousPathError) as caught:
                    space.by_path(path)
                assert list(caught.value.candidates) == expected


@given(entries=listings, other=listings)
def test_changes_lead_from_one_reading_to_the_other(
    entries: list[i3x.ObjectInstance], other: list[i3x.ObjectInstance]
) -> None:
    before, after = reading(entries), reading(other)
    found = changes(before, after)
    assert bool(found) == any(
        (found.added, found.removed, found.moved, found.retyped, found.renamed, found.altered)
    )
    was = {each.element_id: each for each in before.objects}
    now = {each.element_id: each for each in after.objects}
    assert set(ids(found.added)) == now.keys() - was.keys()
    assert set(ids(found.removed)) == was.keys() - now.keys()
    assert {new.element_id for _, new in found.renamed} == {
        name for name in was.keys() & now.keys() if was[name].display_name != now[name].display_name
    }
    assert {new.element_id for _, new in found.moved} == {
        name for name in was.keys() & now.keys() if before.parent_id(was[name]) != after.parent_id(now[name])
    }


# --- as a collection ----------------------------------------------------------------------------------------


def test_it_is_a_collection_in_the_order_of_the_listing(station: LocalAddressSpace) -> None:
    assert ids(station) == [row[0] for row in STATION]
    assert len(station) == 7
    assert "pump-1" in station
    assert "pump-9" not in station
    assert 5 not in station
    assert station["motor"].display_name == "Motor"


def test_an_element_may_be_an_object_or_its_id(station: LocalAddressSpace) -> None:
    assert station[station["motor"]] is station["motor"]
    assert station.path(station["motor"]) == station.path("motor")
    older = entry("motor", "As it was called before")
    assert station[older] is station["motor"]


def test_an_unknown_element_is_not_found_and_a_key_error(station: LocalAddressSpace) -> None:
    looks = (
        station.__getitem__, station.parent, station.children, station.components, station.path,
        station.path_text, station.walk, station.subtree, station.type_of,
    )  # fmt: skip
    for look in looks:
        with pytest.raises(i3x.NotFoundError, match=r"no element 'pump-9'.*refresh\(\)") as caught:
            look("pump-9")
        assert isinstance(caught.value, KeyError)
        assert caught.value.element_id == "pump-9"
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_what_is_no_element_is_a_type_error(station: LocalAddressSpace) -> None:
    looks: list[Callable[[Any], object]] = [station.__getitem__, station.parent, station.path, station.walk]
    for look in looks:
        with pytest.raises(TypeError, match="an object or its id, not int"):
            look(5)


def test_an_empty_address_space() -> None:
    space = space_of()
    assert (len(space), space.roots, list(space.walk()), space.dangling) == (0, (), [], {})
    assert repr(space) == "<i3x.LocalAddressSpace: empty>"


def test_repr_counts_what_there_is(station: LocalAddressSpace) -> None:
    assert repr(station) == "<i3x.LocalAddressSpace: 7 objects, 2 roots>"
    odd = space_of(entry("a", parent_id="a"), entry("b", parent_id="gone"))
    assert repr(odd) == "<i3x.LocalAddressSpace: 2 objects, 1 orphan, 1 cycle>"


# --- the tree -----------------------------------------------------------------------------------------------


def test_from_a_root_down_and_up_again(station: LocalAddressSpace) -> None:
    assert ids(station.roots) == ["station", "weather"]
    assert ids(station.children("station")) == ["pump-1", "pump-2", "tank"]
    assert ids(station.path("bearing")) == ["station", "pump-1", "motor", "bearing"]
    assert station.parent("bearing") is station["motor"]
    assert station.parent("station") is None
    assert ids(station.subtree("pump-1")) == ["pump-1", "motor", "bearing"]


def test_a_walk_goes_deep_or_broad(station: LocalAddressSpace) -> None:
    deep = [(each.element_id, depth) for each, depth in station.walk()]
    assert deep == [
        ("station", 0), ("pump-1", 1), ("motor", 2), ("bearing", 3), ("pump-2", 1), ("tank", 1), ("weather", 0),
    ]  # fmt: skip
    assert ids(each for each, _ in station.walk(order="breadth")) == [
        "station", "weather", "pump-1", "pump-2", "tank", "motor", "bearing",
    ]  # fmt: skip
    assert [(each.element_id, depth) for each, depth in station.walk("pump-1")] == [
        ("pump-1", 0), ("motor", 1), ("bearing", 2),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="order must be"):
        station.walk(order="sideways")  # type: ignore[arg-type]


@pytest.mark.parametrize("written", [None, "", "/"])
def test_a_root_is_a_root_however_the_server_writes_it(written: str | None) -> None:
    space = space_of(entry("a", parent_id=written), entry("b", parent_id="a"))
    assert ids(space.roots) == ["a"]
    assert space.dangling == {}


def test_an_element_that_is_called_slash_has_children() -> None:
    space = space_of(entry("/", "Plant", "/"), entry("pump", parent_id="/"), entry("tank", parent_id=""))
    assert ids(space.roots) == ["/", "tank"]
    assert ids(space.children("/")) == ["pump"]


def test_an_orphan_is_listed_with_the_id_that_leads_nowhere() -> None:
    space = space_of(entry("pump", parent_id="gone"), entry("motor", parent_id="pump"))
    assert ids(space.orphans) == ["pump"]
    assert {name: ids(named) for name, named in space.dangling.items()} == {"gone": ["pump"]}
    assert space.roots == ()
    assert ids(space.path("motor")) == ["pump", "motor"]


def test_an_object_below_itself_and_a_ring_are_cycles() -> None:
    space = space_of(
        entry("c", parent_id="b"), entry("a", parent_id="c"), entry("b", parent_id="a"),
        entry("own", parent_id="own"), entry("below", parent_id="b"),
    )  # fmt: skip
    assert [ids(cycle) for cycle in space.cycles] == [["c", "a", "b"], ["own"]]
    assert space.parent("own") is space["own"]
    assert ids(space.children("own")) == ["own"]
    assert ids(space.subtree("c")) == ["c", "a", "b", "below"]
    assert ids(space.path("below")) == ["c", "a", "b", "below"]


@pytest.mark.parametrize(
    ("start", "found"),
    [
        ("a", [("a", 0), ("b", 1), ("c", 1)]),
        ("b", [("b", 0), ("a", 1), ("c", 2)]),
        ("c", [("c", 0)]),
    ],
)
@pytest.mark.parametrize("order", ["depth", "breadth"])
def test_a_walk_goes_round_a_cycle_once_wherever_it_begins(
    start: str, found: list[tuple[str, int]], order: Order
) -> None:
    space = space_of(entry("a", parent_id="b"), entry("b", parent_id="a"), entry("c", parent_id="a"))
    assert [(each.element_id, depth) for each, depth in space.walk(start, order)] == found


def test_cycles_are_in_the_order_of_the_listing() -> None:
    space = space_of(entry("below", parent_id="z"), entry("a", parent_id="a"), entry("z", parent_id="z"))
    assert [ids(cycle) for cycle in space.cycles] == [["a"], ["z"]]


def test_an_id_that_is_listed_twice_counts_once() -> None:
    space = space_of(entry("a", "First"), entry("a", "Second", "a"), entry("b", parent_id="a"))
    assert space["a"].display_name == "First"
    assert [each.display_name for each in space.duplicates] == ["Second"]
    assert ids(space.children("a")) == ["b"]


def test_a_chain_of_a_hundred_thousand_is_no_recursion() -> None:
    space = space_of(*(entry(str(n), parent_id=str(n + 1)) for n in range(100_000)), entry("100000"))
    assert len(space.path("0")) == 100_001
    assert sum(1 for _ in space.walk()) == 100_001


# --- components ---------------------------------------------------------------------------------------------


def test_without_metadata_the_children_of_a_composition_are_taken_for_its_components() -> None:
    space = space_of(
        entry("pump", is_composition=True), entry("motor", parent_id="pump"),
        entry("station"), entry("tank", parent_id="station"),
    )  # fmt: skip
    assert ids(space.components("pump")) == ["motor"]
    assert space.components("station") == ()


def test_metadata_tells_components_from_other_children() -> None:
    space = space_of(
        linked("pump", HasComponent=["motor", "gone"], HasChildren="label"),
        linked("label", "pump", HasParent="pump"),
        linked("motor", "pump", ComponentOf="pump"),
        linked("flow", "pump", ComponentOf=["pump"]),
    )
    assert ids(space.children("pump")) == ["label", "motor", "flow"]
    assert ids(space.components("pump")) == ["motor", "flow"]
    assert space.components("label") == ()
    assert {name: ids(named) for name, named in space.dangling.items()} == {"gone": ["pump"]}


def test_a_part_counts_where_its_owner_is_not_its_parent() -> None:
    space = space_of(linked("pump", HasComponent=["motor"]), linked("motor", "hall"), linked("hall"))
    assert ids(space.components("pump")) == ["motor"]
    assert space.components("hall") == ()


def test_relationship_types_may_have_ids_of_the_servers_own() -> None:
    known = [i3x.RelationshipType("rel:7", "Has part", relationship_id="HasComponent")]
    space = space_of(
        linked("pump", **dict[str, Any]({"rel:7": "motor"})), linked("motor"), relationship_types=known
    )
    assert ids(space.components("pump")) == ["motor"]


def test_relationships_that_are_no_ids_lead_nowhere() -> None:
    odd: dict[str, Any] = {
        "HasComponent": [5, None, {"elementId": "b"}, "b"],
        "Monitors": {"a": "b"},
        "HasParent": "",
    }
    space = space_of(linked("a", **odd), linked("b"))
    assert ids(space.components("a")) == ["b"]
    assert space.dangling == {}


# --- look-ups -----------------------------------------------------------------------------------------------


def test_by_path(station: LocalAddressSpace) -> None:
    assert station.by_path("Pump Station/Pump 1/Motor") is station["motor"]
    assert station.by_path(["Pump Station", "Pump 1"]) is station["pump-1"]
    assert station.by_path("Weather") is station["weather"]
    assert station.path_text("motor") == "Pump Station/Pump 1/Motor"


def test_a_path_that_leads_nowhere_says_how_far_it_led(station: LocalAddressSpace) -> None:
    for path in ("Pump Station/Pump 1/Rotor", ["Pump Station", "Pump 1", "Rotor"]):
        with pytest.raises(i3x.NotFoundError, match="ends below 'Pump Station/Pump 1'") as caught:
            station.by_path(path)
        assert isinstance(caught.value, KeyError)
    for path in ("Pump 1", "pump station", "", "Pump Station/", "/Pump Station"):
        with pytest.raises(i3x.NotFoundError, match="at the path"):
            station.by_path(path)


def test_an_ambiguous_path_lists_its_candidates() -> None:
    space = space_of(entry("hall"), entry("p1", "Pump", "hall"), entry("p2", "Pump", "hall"))
    with pytest.raises(i3x.AmbiguousPathError, match="2 objects: 'p1', 'p2'; use the element id") as caught:
        space.by_path("hall/Pump")
    assert caught.value.candidates == ("p1", "p2")
    assert isinstance(caught.value, ValueError)
    assert pickle.loads(pickle.dumps(caught.value)).candidates == ("p1", "p2")


def test_an_ambiguous_path_shows_some_of_many_candidates() -> None:
    space = space_of(*(entry(f"p{n}", "Pump") for n in range(9)))
    with pytest.raises(i3x.AmbiguousPathError, match=r"'p4' and 4 more \(see `.candidates`\)") as caught:
        space.by_path("Pump")
    assert len(caught.value.candidates) == 9


def test_a_name_with_a_slash_in_it_is_found_by_every_reading_of_the_text() -> None:
    space = space_of(
        entry("line", "Line A/B"), entry("pump", "Pump 1/2", "line"),
        entry("a", "A"), entry("ab", "B", "a"), entry("flat", "A/B"),
    )  # fmt: skip
    assert space.by_path("Line A/B/Pump 1/2") is space["pump"]
    with pytest.raises(i3x.AmbiguousPathError) as caught:
        space.by_path("A/B")
    assert caught.value.candidates == ("ab", "flat")
    assert space.by_path(["A/B"]) is space["flat"]
    assert space.by_path(("A", "B")) is space["ab"]


def test_a_long_path_of_a_deep_tree_is_found_at_once() -> None:
    space = space_of(entry("0"), *(entry(str(n), "level", str(n - 1)) for n in range(1, 5_000)))
    assert space.by_path(space.path_text("4999")) is space["4999"]


@pytest.mark.parametrize("path", [5, None, b"a", {"a"}, ["a", 5]])
def test_what_is_no_path_is_refused(station: LocalAddressSpace, path: Any) -> None:
    with pytest.raises(TypeError, match="path"):
        station.by_path(path)
    with pytest.raises(ValueError, match="at least one"):
        station.by_path([])


def test_by_name_takes_a_name_or_a_glob(station: LocalAddressSpace) -> None:
    assert ids(station.by_name("Pump 1")) == ["pump-1"]
    assert ids(station.by_name("Pump ?")) == ["pump-1", "pump-2"]
    assert ids(station.by_name("*a*")) == ["station", "bearing", "tank", "weather"]
    assert ids(station.by_name("Pump [!1]")) == ["pump-2"]
    assert station.by_name("pump 1") == ()
    with pytest.raises(TypeError, match="name must be a str"):
        station.by_name(5)  # type: ignore[arg-type]


def test_a_name_that_looks_like_a_glob_is_found_by_itself() -> None:
    space = space_of(entry("1", "Tank [A]"), entry("2", "Tank A"), entry("3", "Tank [A]"))
    assert ids(space.by_name("Tank [A]")) == ["1", "2", "3"]


def test_by_type() -> None:
    pump = i3x.ObjectType("type-pump", "Pump")
    space = space_of(
        entry("a", type_element_id="type-pump"), entry("b", type_element_id="unlisted"),
        entry("c", type_element_id="type-pump"), object_types=[pump, i3x.ObjectType("type-tank")],
    )  # fmt: skip
    assert ids(space.by_type("type-pump")) == ids(space.by_type(pump)) == ["a", "c"]
    assert space.by_type("type-tank") == ()
    assert ids(space.by_type("unlisted")) == ["b"]
    assert space.type_of("a") is pump
    assert space.type_of("b") is None
    with pytest.raises(i3x.NotFoundError, match="no object type 'type-pmup'") as caught:
        space.by_type("type-pmup")
    assert isinstance(caught.value, KeyError)
    with pytest.raises(TypeError):
        space.by_type(None)  # type: ignore[arg-type]


def test_find_takes_an_id_before_a_path_and_a_path_before_a_name() -> None:
    space = space_of(
        entry("Pump", "Hall"), entry("p1", "Pump", "Pump"), entry("p2", "Tank"), entry("p3", "Tank", "p1"),
        entry("p4", "Valve", "p1"), entry("p5", "Seal", "p1"), entry("p6", "Seal", "p4"),
    )  # fmt: skip
    assert space.find("Pump") is space["Pump"]
    assert space.find("Hall/Pump") is space["p1"]
    assert space.find("Tank") is space["p2"]
    assert space.find("Valve") is space["p4"]
    with pytest.raises(i3x.AmbiguousPathError) as caught:
        space.find("Seal")
    assert caught.value.candidates == ("p5", "p6")
    with pytest.raises(i3x.NotFoundError, match="neither an element id nor a path nor a display name"):
        space.find("Rotor")
    with pytest.raises(i3x.NotFoundError, match="it is there as far as 'Hall/Pump'"):
        space.find("Hall/Pump/Rotor")
    with pytest.raises(TypeError):
        space.find(space["p1"])  # type: ignore[arg-type]


# --- types --------------------------------------------------------------------------------------------------


def test_types_are_in_the_order_of_their_listing_and_the_first_of_an_id_counts() -> None:
    listed = [i3x.ObjectType("b", "First"), i3x.ObjectType("a"), i3x.ObjectType("b", "Second")]
    space = space_of(object_types=listed)
    assert list(space.object_types) == ["b", "a"]
    assert space.object_types["b"].display_name == "First"
    with pytest.raises(TypeError):
        space.object_types["c"] = listed[0]  # type: ignore[index]


# --- changes ------------------------------------------------------------------------------------------------


def test_changes_say_what_has_become_of_each_object() -> None:
    before = reading([entry("a"), entry("b", parent_id="a"), entry("c", parent_id="a"), entry("d")])
    after = reading([
        entry("d", parent_id="a", type_element_id="t", is_composition=True), entry("c", "C", "a"), entry("a"),
        entry("e"),
    ])  # fmt: skip
    found = changes(before, after)
    assert (ids(found.added), ids(found.removed)) == (["e"], ["b"])
    pair = (before.objects[3], after.objects[0])
    assert found.moved == found.retyped == found.altered == (pair,)
    assert found.renamed == ((before.objects[2], after.objects[1]),)
    assert found


def test_the_same_again_is_no_change() -> None:
    before = reading([entry("a"), entry("b", parent_id="a")])
    assert not changes(before, reading([entry("b", parent_id="a"), entry("a")]))


def test_a_root_that_is_written_in_another_way_has_not_moved() -> None:
    assert not changes(reading([entry("a")]), reading([entry("a", parent_id="/")]))


def test_a_slash_that_becomes_an_element_becomes_a_parent() -> None:
    found = changes(reading([entry("a", parent_id="/")]), reading([entry("a", parent_id="/"), entry("/")]))
    assert [new.element_id for _, new in found.moved] == ["a"]


def test_a_parent_that_is_no_longer_listed_is_no_move() -> None:
    found = changes(reading([entry("a"), entry("b", parent_id="a")]), reading([entry("b", parent_id="a")]))
    assert (ids(found.removed), found.moved) == (["a"], ())


def test_types_that_change_are_named() -> None:
    before = reading([], [i3x.ObjectType("a"), i3x.ObjectType("b")], [i3x.RelationshipType("r")])
    after = reading([], [i3x.ObjectType("b", schema={"type": "number"}), i3x.ObjectType("c")])
    found = changes(before, after)
    assert found.object_types == ("a", "b", "c")
    assert found.relationship_types == ("r",)
    assert found


def test_what_a_refresh_replaces_is_freed_at_once(station: LocalAddressSpace) -> None:
    assert station.by_name("Pump 1")
    assert station.by_type("") == tuple(station)
    assert station.by_path(station.path_text("motor")) is station["motor"]
    before = weakref.ref(station._reading)
    gc.disable()
    try:
        station._replace(reading([]))
        assert before() is None
    finally:
        gc.enable()


# --- size ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fan_out", [1, 10, 20_000])
def test_an_object_costs_less_than_400_bytes_more_with_every_index_built(fan_out: int) -> None:
    count = 20_000
    listed: BulkList[i3x.ObjectInstance] = BulkList(
        entry(f"object-{n}", f"Object {n}", f"object-{(n - 1) // fan_out}" if n else None)
        for n in range(count)
    )
    gc.collect()
    tracemalloc.start()
    try:
        space = LocalAddressSpace(Reading(listed, BulkList(), BulkList()))
        assert space.by_name("Object 7")
        assert space.by_path(space.path_text("object-7")) is space["object-7"]
        assert space.by_type("")
        assert space.components("object-7") == ()
        assert (len(space.tops), space.dangling) == (1, {})
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held / count < 400
