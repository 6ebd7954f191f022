"""The overlay: Overlay 1.0, and an action that has nothing to do stops the generation."""

import copy
from typing import Any

import pytest

from codegen.document import OVERLAY, read
from codegen.errors import CodegenError
from codegen.overlay import apply

DOCUMENT: dict[str, Any] = {
    "info": {"title": "Pumps", "tags": ["a"]},
    "paths": {"/pumps": {"get": {"responses": {"200": {}}}}, "/fans": {"get": {"responses": {"200": {}}}}},
    "list": [{"id": 1}, {"id": 2}, {"id": 3}],
}


def applied(*actions: dict[str, Any]) -> dict[str, Any]:
    before = copy.deepcopy(DOCUMENT)
    result = apply(DOCUMENT, {"overlay": "1.0.0", "actions": list(actions)})
    assert before == DOCUMENT, "the document itself is left alone"
    return result


def test_an_update_merges_objects_joins_arrays_and_replaces_values() -> None:
    update = {"title": "Fans", "tags": ["b"], "version": "1"}
    assert applied({"target": "$.info", "update": update})["info"] == {
        "title": "Fans",
        "tags": ["a", "b"],
        "version": "1",
    }


def test_an_update_of_an_array_is_appended() -> None:
    assert applied({"target": "$.info.tags", "update": "b"})["info"]["tags"] == ["a", "b"]


def test_every_match_is_updated() -> None:
    changed = applied({"target": "$.paths.*.get.responses", "update": {"404": {}}})
    assert all(path["get"]["responses"] == {"200": {}, "404": {}} for path in changed["paths"].values())


def test_matches_do_not_share_what_they_got() -> None:
    changed = applied(
        {"target": "$.paths.*.get", "update": {"x": {"y": []}}},
        {"target": "$.paths['/pumps'].get.x.y", "update": 1},
    )
    assert changed["paths"]["/fans"]["get"]["x"]["y"] == []


def test_remove() -> None:
    assert "/pumps" not in applied({"target": "$.paths['/pumps']", "remove": True})["paths"]
    assert applied({"target": "$.list[?@.id < 3]", "remove": True})["list"] == [{"id": 3}]


def test_actions_build_on_each_other() -> None:
    changed = applied({"target": "$", "update": {"new": {}}}, {"target": "$.new", "update": {"a": 1}})
    assert changed["new"] == {"a": 1}


FINE = {"target": "$.info", "update": {"title": "Fans"}}


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (
            {"target": "$.gone", "update": {}},
            r"action 2 of the overlay \(the reason\) finds nothing at \$\.gone",
        ),
        ({"target": "$.gone", "remove": True}, "delete the action"),
        (
            {"target": "$.info", "update": {"title": "Fans"}},
            r"action 2 of the overlay \(the reason\) changes nothing",
        ),
        ({"target": "$.info.title", "update": {}}, "bare value"),
        ({"target": "$.info", "update": "x"}, "must be an object"),
        ({"target": "$.info", "update": {"tags": "x"}}, "another kind"),
        ({"target": "$", "update": {"info": []}}, "another kind"),
        ({"target": "$.info", "update": {"title": {}}}, "another kind"),
        ({"target": "$", "remove": True}, "whole document"),
        ({"target": "info", "update": {}}, "no JSONPath"),
        ({"target": "$.info[?#]", "update": {}}, "no JSONPath"),
        ({"target": "$.info"}, "either an update or"),
        ({"target": "$.info", "update": {}, "remove": True}, "either an update or"),
        ({"update": {}}, "no target"),
        ({"target": "$.info", "copy": "$.list"}, "Overlay 1.0 lacks"),
    ],
)
def test_what_can_not_be_done_names_the_action(action: dict[str, Any], message: str) -> None:
    with pytest.raises(CodegenError, match=message) as caught:
        applied(FINE, {"description": "the reason\nand more", **action})
    assert "action 2 of the overlay" in str(caught.value)


@pytest.mark.parametrize("overlay", [None, [], {}, {"overlay": "2.0.0"}, {"overlay": "1.0.0", "actions": []}])
def test_a_file_that_is_no_overlay_is_refused(overlay: Any) -> None:
    with pytest.raises(CodegenError, match="the overlay"):
        apply(DOCUMENT, overlay)


def test_each_erratum_is_still_one(published: dict[str, Any]) -> None:
    """Each action has an effect of its own, and each says why."""
    actions = read(OVERLAY)["actions"]
    assert all(len(action["description"].splitlines()[0]) < 100 for action in actions)
    for action in actions:
        published = apply(published, {"overlay": "1.0.0", "actions": [action]})


def test_an_erratum_that_was_mended_upstream_is_pointed_out(published: dict[str, Any]) -> None:
    sync = published["paths"]["/subscriptions/sync"]["post"]["responses"]
    sync["206"]["content"] = sync["200"]["content"]
    with pytest.raises(
        CodegenError, match=r"action 1 of the overlay \(Sync 206 .*changes nothing.*\n.*delete"
    ):
        apply(published, read(OVERLAY))
