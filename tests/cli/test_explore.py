"""`info`, `ls`, `tree`, `related`: what is there."""

from pathlib import Path

import pytest

from i3x.testing import Server

from .running import Runner


def test_info_tells_who_the_server_is(i3x: Runner, server: Server) -> None:
    (record,) = i3x("info").records

    assert record["url"] == server.url
    assert record["capabilities"] == {
        "query": {"history": True},
        "update": {"current": True, "history": True},
        "subscribe": {"stream": True},
    }
    assert "server          Pump Station\n" in i3x("info", "-o", "table").out


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        ([], ["station-1", "weather"]),
        (["pump-101-motor"], ["pump-101-bearing-de", "pump-101-bearing-nde", "pump-101-winding"]),
        (["Pump Station/Pump 101"], ["pump-101-motor", "pump-101-flow"]),
        (["Pump 101", "--type", "type-flow"], ["pump-101-flow"]),
        (["-r", "--type", "type-tank"], ["tank-201", "tank-202"]),
        (["tank-201", "-r"], ["tank-201-level"]),
        (["sensor-001"], []),
    ],
)
def test_ls_lists_what_is_below(i3x: Runner, arguments: list[str], ids: list[str]) -> None:
    assert sorted(each["elementId"] for each in i3x("ls", *arguments).records) == sorted(ids)


def test_ls_tells_units_and_descriptions_if_asked(i3x: Runner) -> None:
    with_metadata = {each["elementId"]: each["metadata"] for each in i3x("ls", "-rm").records}

    assert with_metadata["sensor-001"]["engUnit"] == "°C"
    assert with_metadata["pump-101"]["description"] == "Duty pump"
    assert {each["metadata"] for each in i3x("ls", "-r").records} == {None}
    assert "Duty pump" in i3x("ls", "-rm", "-o", "table").out


def test_a_path_that_leads_to_several_lists_them(i3x: Runner, server: Server) -> None:
    for element_id in ("twin-1", "twin-2"):
        server.add_object(element_id, "Twin", "type-level", parent_id="station-1", value=1)
    for verb in ("ls", "tree", "get", "related"):
        run = i3x(verb, "Pump Station/Twin")

        assert (run.status, run.out) == (2, "")
        assert "'twin-1', 'twin-2'" in run.complaint


def test_a_name_that_many_have_lists_all_of_them(i3x: Runner, server: Server) -> None:
    ids = [f"twin-{number}" for number in range(8)]
    for element_id in ids:
        server.add_object(element_id, "Twin", "type-level", parent_id="station-1", value=1)
    for verb in ("ls", "get"):
        complaint = i3x(verb, "Twin").complaint

        assert all(repr(each) in complaint for each in ids)
        assert "candidates" not in complaint


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ls", "--type", "type-tnk"], "the server has no object type 'type-tnk': do you mean 'type-tank'"),
        (["ls", "-r", "--type", "Tank"], "'type-tank'"),
        (["ls", "--type", "xyzzy"], "give the element id of one"),
        (
            ["related", "pump-101", "-t", "SupplysTo"],
            "relationship type 'SupplysTo': do you mean 'SuppliesTo'",
        ),
    ],
)
def test_a_type_that_is_not_there_is_refused(i3x: Runner, arguments: list[str], said: str) -> None:
    run = i3x(*arguments)

    assert (run.status, run.out) == (1, "")
    assert said in run.complaint


def test_a_type_of_which_nothing_is_there_is_no_error(i3x: Runner) -> None:
    assert (
        i3x("ls", "--type", "type-flow").status,
        i3x("related", "tank-202", "-t", "SuppliesTo").status,
    ) == (
        0,
        0,
    )


def test_related_shows_what_there_is_beside_a_type_that_is_not(i3x: Runner) -> None:
    run = i3x("related", "pump-101", "-t", "SuppliesTo", "-t", "Nothing")

    assert (run.status, len(run.records)) == (1, 1)
    assert "no relationship type 'Nothing'" in run.complaint


@pytest.mark.parametrize("verb", ["ls", "tree", "get", "history", "related"])
def test_what_is_not_there_is_refused(i3x: Runner, verb: str) -> None:
    run = i3x(verb, "Pump Station/No Such Pump")

    assert (run.status, run.out) == (1, "")
    assert "No Such Pump" in run.complaint


def test_tree_draws_what_is_below(i3x: Runner) -> None:
    assert i3x("tree", "pump-101", "-o", "table").out.splitlines() == [
        "Pump 101  pump-101",
        "├── Motor  pump-101-motor",
        "│   ├── Bearing DE  pump-101-bearing-de",
        "│   ├── Bearing NDE  pump-101-bearing-nde",
        "│   └── Winding Temperature  pump-101-winding",
        "└── Flow  pump-101-flow",
    ]


def test_tree_goes_as_deep_as_it_is_told(i3x: Runner) -> None:
    records = i3x("tree", "Pump Station", "--depth", "2").records

    assert {record["depth"] for record in records} == {0, 1, 2}
    assert i3x("tree", "--depth", "0").status == 2


def test_tree_tells_what_dangles(i3x: Runner, server: Server) -> None:
    def orphaned(answer: dict[str, object]) -> dict[str, object]:
        objects: list[dict[str, object]] = answer["result"]  # type: ignore[assignment]
        for each in objects:
            if each["elementId"] == "sensor-001":
                each["parentId"] = "gone"
        return answer

    server.fault("edit_json", operation="getObjects", edit_with=orphaned)
    run = i3x("tree")

    assert run.status == 0
    assert run.complaint == "i3x: sensor-001 names 'gone', which the server does not list"
    assert "sensor-001" in [record["elementId"] for record in run.records]


def test_related_goes_as_far_as_it_is_told(i3x: Runner) -> None:
    options = ["related", "pump-101", "--type", "SuppliesTo", "--hops"]
    far = [(each["hops"], each["object"]["elementId"]) for each in i3x(*options, "0").records]

    assert far == [(1, "tank-201"), (2, "pump-102"), (3, "tank-202")]
    assert len(i3x(*options, "2").records) == 2


def test_related_begins_at_several_elements(i3x: Runner) -> None:
    run = i3x("related", "-", "nowhere", "--type", "SuppliesTo", stdin="Pump 101\npump-102\n")

    assert [(each["sourceElementId"], each["object"]["elementId"]) for each in run.records] == [
        ("pump-101", "tank-201"),
        ("pump-102", "tank-202"),
    ]
    assert run.status == 1
    assert "nowhere" in run.complaint


def test_related_takes_several_relationship_types(i3x: Runner) -> None:
    found = i3x("related", "pump-101", "-t", "SuppliesTo", "-t", "SuppliedBy").records

    assert {each["sourceRelationship"] for each in found} == {"SuppliesTo", "SuppliedBy"}


def test_an_empty_server_is_no_error(i3x: Runner, server: Server) -> None:
    server.fault("edit_json", operation="getObjects", edit_with=lambda answer: answer | {"result": []})

    for verb in (["ls"], ["tree"], ["tree", "-o", "table"], ["ls", "-o", "table"]):
        assert (i3x(*verb).status, i3x(*verb).out) == (0, "")


@pytest.mark.parametrize("verb", [("ls", "-r"), ("tree",)])
def test_a_hundred_thousand_objects_are_shown(bare: Runner, verb: tuple[str, ...]) -> None:
    with Server(tick=None, objects=100_000) as server:
        run = bare(*verb, "-o", "table", "--url", server.url)

    assert run.status == 0
    assert len(run.out.splitlines()) > 100_000


VERBS = [
    ["get"],
    ["ls"],
    ["tree"],
    ["related"],
    ["history"],
    ["watch"],
    ["smoke", "--element"],
]


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_verb_helps_alike_with_a_path_that_leads_nowhere(i3x: Runner, verb: list[str]) -> None:
    run = i3x(*verb, "Pump Station/Pump 1O1")

    assert run.status == 1
    assert "it is there as far as 'Pump Station'; do you mean 'Pump Station/Pump 101' or" in run.complaint


def test_so_do_those_that_need_more_than_the_path(i3x: Runner, tmp_path: Path) -> None:
    file = tmp_path / "plant.csv"
    for arguments in (["set", "Pump Station/Pump 1O1", "5"], ["export", "Pump Station/Pump 1O1", str(file)]):
        run = i3x(*arguments)

        assert run.status == 1
        assert "do you mean 'Pump Station/Pump 101' or" in run.complaint
    assert not file.exists()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("PUMP-101", "do you mean 'pump-101' or"),
        ("pump 10l", "'Pump 101'"),
        ("pump station/tank 201", "do you mean 'Pump Station/Tank 201' or"),
        ("zzz", "`i3x ls -r` lists all that there is"),
    ],
)
def test_what_is_near_a_name_is_found_whatever_its_case(i3x: Runner, typed: str, meant: str) -> None:
    assert meant in i3x("get", typed).complaint


def test_a_watch_tells_what_it_does_not_find_and_watches_the_rest(i3x: Runner) -> None:
    run = i3x("watch", "sensor-001", "sensor-00l", "--initial", "--count", "1")

    assert (run.status, [each["elementId"] for each in run.records]) == (1, ["sensor-001"])
    assert "'sensor-001'" in run.complaint
