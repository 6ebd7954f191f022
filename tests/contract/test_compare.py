"""`codegen compare`: every structural difference of two documents, and nothing else."""

import copy
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codegen.__main__ import main
from codegen.compare import differences

Document = dict[str, Any]


def document() -> Document:
    """A small document that has one of everything that matters."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pumps", "version": "1", "description": "About pumps."},
        "servers": [{"url": "/v1"}],
        "tags": [{"name": "One", "description": "first"}, {"name": "Two"}],
        "security": [{"bearer": []}, {"basic": []}],
        "paths": {
            "/pumps": {
                "get": {
                    "operationId": "getPumps",
                    "summary": "Pumps",
                    "tags": ["One"],
                    "parameters": [
                        {"name": "id", "in": "query", "required": False, "schema": {"type": "string"}},
                        {"name": "id", "in": "header", "required": False, "schema": {"type": "integer"}},
                    ],
                    "responses": {
                        "200": {
                            "description": "Fine.",
                            "content": {
                                "application/json": {"schema": {"$ref": "#/components/schemas/Pump"}}
                            },
                        }
                    },
                }
            }
        },
        "components": {
            "schemas": {
                "Pump": {
                    "title": "Pump",
                    "type": "object",
                    "properties": {
                        "title": {"type": "string", "title": "Title", "example": "P-101"},
                        "description": {"type": ["string", "null"], "description": "For people."},
                        "depth": {"type": "integer", "minimum": 0, "default": 1},
                        "state": {"enum": ["on", "off"]},
                        "unit": {"anyOf": [{"type": "string"}, {"$ref": "#/components/schemas/Unit"}]},
                    },
                    "required": ["title", "depth"],
                },
                "Unit": {"type": "object"},
            }
        },
    }


def pump(document: Document) -> Any:
    return document["components"]["schemas"]["Pump"]


def get(document: Document) -> Any:
    return document["paths"]["/pumps"]["get"]


def forget_prose(document: Document) -> None:
    del document["info"]["description"]
    document["info"]["title"] = "Other"
    document["tags"][0]["description"] = "other"
    get(document)["summary"] = "Other"
    get(document)["responses"]["200"]["description"] = "Other."
    del pump(document)["title"]
    del pump(document)["properties"]["title"]["title"]
    del pump(document)["properties"]["title"]["example"]
    pump(document)["properties"]["description"]["description"] = "Other."


def turn_orders(document: Document) -> None:
    document["tags"].reverse()
    document["security"].reverse()
    get(document)["parameters"].reverse()
    pump(document)["required"].reverse()
    pump(document)["properties"]["state"]["enum"].reverse()
    pump(document)["properties"]["description"]["type"].reverse()
    pump(document)["properties"]["unit"]["anyOf"].reverse()


@pytest.mark.parametrize("change", [lambda _: None, forget_prose, turn_orders])
def test_prose_and_meaningless_order_are_no_difference(change: Callable[[Document], Any]) -> None:
    changed = document()
    change(changed)
    assert differences(document(), changed) == []


def test_the_order_of_keys_is_no_difference(published: Document) -> None:
    assert differences(published, shuffled(published, random.Random(1))) == []


def shuffled(node: Any, chance: random.Random) -> Any:
    """A copy with the keys of every object in another order."""
    if isinstance(node, dict):
        keys = list(node)
        chance.shuffle(keys)
        return {key: shuffled(node[key], chance) for key in keys}
    return [shuffled(item, chance) for item in node] if isinstance(node, list) else copy.deepcopy(node)


PUMP = "/components/schemas/Pump"
GET = "/paths/~1pumps/get"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda d: d["info"].update(version="2"), '/info/version: A has "1", B has "2"'),
        (lambda d: d["servers"][0].update(url="/v2"), '/servers/0/url: A has "/v1", B has "/v2"'),
        (lambda d: d["paths"].update({"/fans": {}}), "/paths/~1fans: added, B has {}"),
        (lambda d: get(d).update(operationId="pumps"), f'{GET}/operationId: A has "getPumps", B has "pumps"'),
        (lambda d: get(d).update(tags=["Two"]), f'{GET}/tags/"One": removed, A has "One"'),
        (
            lambda d: get(d)["parameters"][1].update(required=True),
            f"{GET}/parameters/header:id/required: A has false, B has true",
        ),
        (lambda d: get(d)["responses"].update({"206": {}}), f"{GET}/responses/206: added, B has {{}}"),
        (lambda d: pump(d)["required"].remove("depth"), f'{PUMP}/required/"depth": removed, A has "depth"'),
        (
            lambda d: pump(d)["properties"]["depth"].update(minimum=1),
            f"{PUMP}/properties/depth/minimum: A has 0, B has 1",
        ),
        (
            lambda d: pump(d)["properties"]["depth"].update(default=True),
            f"{PUMP}/properties/depth/default: A has 1, B has true",
        ),
        (
            lambda d: pump(d)["properties"]["state"]["enum"].append("lost"),
            f'{PUMP}/properties/state/enum/"lost": added, B has "lost"',
        ),
        (
            lambda d: pump(d)["properties"]["unit"]["anyOf"].pop(),
            f'{PUMP}/properties/unit/anyOf/#~1components~1schemas~1Unit: removed, A has {{"$ref": '
            '"#/components/schemas/Unit"}',
        ),
        # Words of prose that are names of properties are structure.
        (
            lambda d: pump(d)["properties"].pop("description"),
            f'{PUMP}/properties/description: removed, A has {{"type": ["string", "null"]}}',
        ),
        (
            lambda d: pump(d)["properties"]["title"].update(type="integer"),
            f'{PUMP}/properties/title/type: A has "string", B has "integer"',
        ),
        (
            lambda d: pump(d)["properties"].update(example={"type": "string"}),
            f'{PUMP}/properties/example: added, B has {{"type": "string"}}',
        ),
        (
            lambda d: d["components"]["schemas"].update(summary={}),
            "/components/schemas/summary: added, B has {}",
        ),
    ],
)
def test_each_difference_has_a_line(change: Callable[[Document], Any], line: str) -> None:
    changed = document()
    change(changed)
    assert line in differences(document(), changed)


def test_what_is_inside_a_default_is_no_prose() -> None:
    changed = document()
    pump(changed)["properties"]["depth"]["default"] = {"title": "x"}
    again = document()
    pump(again)["properties"]["depth"]["default"] = {"title": "y"}
    assert differences(changed, again) == [f'{PUMP}/properties/depth/default/title: A has "x", B has "y"']


def test_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed = document()
    changed["info"]["version"] = "2"
    a, b = tmp_path / "a.json", tmp_path / "b.json"
    a.write_text(json.dumps(document()))
    b.write_text(json.dumps(changed))

    assert main(["compare", str(a), str(a)]) == 0
    assert "no structural difference" in capsys.readouterr().out
    assert main(["compare", str(a), str(b)]) == 1
    assert capsys.readouterr().out == '/info/version: A has "1", B has "2"\n'
    assert main(["compare", str(a), str(tmp_path / "none.json")]) == 2
    assert "can't read" in capsys.readouterr().err
    with pytest.raises(SystemExit) as caught:
        main(["compare", str(a)])
    assert caught.value.code == 2
