"""The API document: every part of it is explained, and its errata are mended."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ruamel.yaml import YAML

from codegen.document import DOCUMENT, load, load_corrected, read
from codegen.errors import CodegenError
from codegen.structure import Path, rewrite


def undescribed(document: dict[str, Any]) -> Iterator[str]:
    """Where a description is missing: tags, operations, parameters, responses, schemas and their properties."""
    missing: list[str] = []

    def look(path: Path, node: dict[str, Any]) -> dict[str, Any]:
        match path:
            case ("tags", _) | ("paths", _, _) | ("paths", _, _, "parameters" | "responses", _):
                named = True
            case ("components", "schemas", _) | ("components", "schemas", _, "properties", _):
                named = True
            case _:
                named = False
        if named and not node.get("description"):
            missing.append("/".join(path))
        return node

    rewrite(document, look)
    return iter(missing)


def test_everything_is_described(published: dict[str, Any], corrected: dict[str, Any]) -> None:
    assert list(undescribed(published)) == []
    assert list(undescribed(corrected)) == []


def test_every_operation_has_a_name_a_summary_and_one_tag(published: dict[str, Any]) -> None:
    operations = [operation for path in published["paths"].values() for operation in path.values()]
    assert len(operations) == len({operation["operationId"] for operation in operations}) == 20
    assert all(operation["summary"] and len(operation["tags"]) == 1 for operation in operations)


def test_no_component_is_left_over(corrected: dict[str, Any]) -> None:
    """Each is used by another part, but for the payload of an event, which OpenAPI has no place for."""
    used: set[str] = set()

    def note(_: Path, node: dict[str, Any]) -> dict[str, Any]:
        used.add(str(node.get("$ref")))
        return node

    rewrite(corrected, note)
    names = corrected["components"]["schemas"].keys()
    assert {name for name in names if f"#/components/schemas/{name}" not in used} == {"StreamUpdates"}


def schema_of(
    document: dict[str, Any], verb: str, path: str, status: str, kind: str = "application/json"
) -> Any:
    return document["paths"][path][verb]["responses"][status]["content"][kind]["schema"]


def test_erratum_1_a_sync_that_lost_updates_has_the_body_of_one_that_did_not(
    corrected: dict[str, Any],
) -> None:
    sync = ("post", "/subscriptions/sync")
    assert schema_of(corrected, *sync, "206") == schema_of(corrected, *sync, "200")


def test_erratum_2_a_history_write_answers_like_a_value_write(corrected: dict[str, Any]) -> None:
    assert schema_of(corrected, "put", "/objects/history", "200") == schema_of(
        corrected, "put", "/objects/value", "200"
    )


def test_erratum_3_a_stream_is_an_event_stream(corrected: dict[str, Any]) -> None:
    content = corrected["paths"]["/subscriptions/stream"]["post"]["responses"]["200"]["content"]
    assert list(content) == ["text/event-stream"]
    assert content["text/event-stream"]["schema"]["type"] == "string"
    payload = corrected["components"]["schemas"]["StreamUpdates"]
    assert payload["items"] == {"$ref": "#/components/schemas/SyncUpdateEntry"}


def test_erratum_3_the_times_of_a_history_read_are_timestamps(corrected: dict[str, Any]) -> None:
    properties = corrected["components"]["schemas"]["GetObjectHistoryRequest"]["properties"]
    assert {name for name, schema in properties.items() if schema.get("format") == "date-time"} == {
        "startTime",
        "endTime",
    }


def test_erratum_4_every_envelope_may_carry_a_response_detail(corrected: dict[str, Any]) -> None:
    envelopes = {
        name: schema["properties"]
        for name, schema in corrected["components"]["schemas"].items()
        if "success" in schema.get("properties", {})
    }
    assert len(envelopes) == 7 + 8 + 8 + 1
    assert [name for name, properties in envelopes.items() if "responseDetail" not in properties] == []


def test_errata_5_and_6_what_was_open_is_typed(corrected: dict[str, Any]) -> None:
    schemas = corrected["components"]["schemas"]
    monitored = schemas["SubscriptionDetail"]["properties"]["monitoredObjects"]["items"]
    assert monitored == {"$ref": "#/components/schemas/MonitoredObject"}
    history = schemas["HistoricalValueResult"]["properties"]["components"]["anyOf"]
    assert {"type": "null"} in history
    assert {
        "type": "object",
        "additionalProperties": {"$ref": "#/components/schemas/HistoricalComponent"},
    } in history


def test_erratum_7_credentials_are_declared_and_info_needs_none(corrected: dict[str, Any]) -> None:
    assert corrected["components"]["securitySchemes"].keys() == {"bearer", "basic", "apiKey"}
    assert corrected["paths"]["/info"]["get"]["security"] == []
    others = [operation for path in corrected["paths"].values() for operation in path.values()]
    assert sum("security" in operation for operation in others) == 1


def test_the_document_is_stored_in_the_order_and_indentation_it_is_reviewed_in() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"


def test_yaml_reads_like_json(tmp_path: Any, published: dict[str, Any]) -> None:
    file = tmp_path / "document.yaml"
    with file.open("w", encoding="utf-8") as stream:
        YAML(typ="safe", pure=True).dump(published, stream)
    assert load(file) == published


def test_yaml_keys_that_are_numbers_are_names(tmp_path: Any) -> None:
    file = tmp_path / "document.yaml"
    file.write_text("responses: {200: ok}\nsince: 2026-01-02", encoding="utf-8")
    assert read(file) == {"responses": {"200": "ok"}, "since": "2026-01-02"}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", '{"openapi": "3.1.0", "openapi": "3.1.0"}', "'openapi' is there twice"),
        ("a.json", "{", "neither JSON nor YAML"),
        ("a.yaml", "a: [", "neither JSON nor YAML"),
        ("a.json", '{"swagger": "2.0"}', "no OpenAPI 3 document"),
        ("a.json", "[]", "no OpenAPI 3 document"),
    ],
)
def test_a_file_that_is_no_document_is_named(tmp_path: Any, name: str, text: str, message: str) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CodegenError, match=message) as caught:
        load(file)
    assert str(file) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Any) -> None:
    with pytest.raises(CodegenError, match=r"can't read .*none\.json"):
        load_corrected(tmp_path / "none.json")
