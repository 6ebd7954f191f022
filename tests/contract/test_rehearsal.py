"""A rehearsal of the next version of the standard: new things in the document work before a line is written.

What remains to be done by hand is what the coverage check lists.
"""

import http.server
import importlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from codegen.__main__ import main
from codegen.compare import differences
from codegen.document import load_corrected
from i3x import raw_call
from tests.contract.coverage import HIDDEN, METHODS, MODELS, unknown_operations, unknown_properties

REF = "#/components/schemas/"


def next_version(document: dict[str, Any]) -> dict[str, Any]:
    """The document with an operation, the schemas that it needs, and a property on what was there before."""
    schemas = document["components"]["schemas"]
    schemas["Namespace"]["properties"]["version"] = {"type": "string"}
    schemas["Alarm"] = {
        "type": "object",
        "properties": {"elementId": {"type": "string"}, "severity": {"type": "integer"}},
        "required": ["elementId", "severity"],
    }
    schemas["QueryAlarmsRequest"] = {
        "type": "object",
        "properties": {"elementIds": {"type": "array", "items": {"type": "string"}}},
        "required": ["elementIds"],
    }
    schemas["SuccessResponse_List_Alarm__"] = {
        "type": "object",
        "properties": {
            "success": {"type": "boolean"},
            "result": {"anyOf": [{"type": "array", "items": {"$ref": REF + "Alarm"}}, {"type": "null"}]},
        },
        "required": ["success"],
    }
    responses = document["paths"]["/namespaces"]["get"]["responses"]
    answer = {"application/json": {"schema": {"$ref": REF + "SuccessResponse_List_Alarm__"}}}
    document["paths"]["/alarms/query"] = {
        "post": {
            "operationId": "queryAlarms",
            "tags": ["Alarms"],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"$ref": REF + "QueryAlarmsRequest"}}},
            },
            "responses": {
                "200": {"description": "The alarms.", "content": answer},
                "default": responses["default"],
            },
        }
    }
    return document


class AlarmServer(http.server.BaseHTTPRequestHandler):
    """The next version of the standard, as far as it is needed."""

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.path == "/v1/alarms/query"
        alarms = [{"elementId": element_id, "severity": 7} for element_id in request["elementIds"]]
        body = json.dumps({"success": True, "result": alarms}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that it has above
        pass


@pytest.fixture
def alarm_server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), AlarmServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.01}).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


@pytest.fixture
def document(tmp_path: Path, published: dict[str, Any]) -> Path:
    file = tmp_path / "i3x-next.json"
    file.write_text(json.dumps(next_version(published)), encoding="utf-8")
    return file


def test_a_new_operation_can_be_called_at_once(
    tmp_path: Path, document: Path, alarm_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["generate", "--document", str(document), "--output", str(tmp_path / "next_raw")]) == 0

    monkeypatch.syspath_prepend(tmp_path)
    fresh, models, operation = (
        importlib.import_module(f"next_raw{name}") for name in ("", ".models", ".api.alarms.query_alarms")
    )
    with fresh.Client(base_url=alarm_server) as client:
        request = models.QueryAlarmsRequest(element_ids=["pump-101"])
        parsed = operation.sync(client=client, body=request)
        assert isinstance(parsed, models.AlarmsResponse)
        reply = raw_call.send(client, cast("Any", operation), body=request)
    assert (reply.status_code, reply.parse_error) == (200, None)
    assert reply.parsed.result == [models.Alarm(element_id="pump-101", severity=7)]
    assert models.Namespace(uri="urn:a", display_name="A", version="2").to_dict()["version"] == "2"


def test_what_is_left_to_do_is_listed(document: Path) -> None:
    corrected = load_corrected(document)
    assert unknown_operations(corrected) == ["queryAlarms"]
    assert unknown_properties(corrected) == ["Alarm.elementId", "Alarm.severity", "Namespace.version"]


def test_a_new_property_of_an_envelope_is_listed_too(corrected: dict[str, Any]) -> None:
    corrected["components"]["schemas"]["BulkResponse_NoneType_"]["properties"]["took"] = {"type": "number"}
    assert unknown_properties(corrected) == ["BulkResponse_NoneType_.took"]


def test_compare_says_what_is_new(document: Path, corrected: dict[str, Any]) -> None:
    lines = differences(corrected, load_corrected(document))
    assert [line.partition(":")[0] for line in lines] == [
        "/components/schemas/Alarm",
        "/components/schemas/Namespace/properties/version",
        "/components/schemas/QueryAlarmsRequest",
        "/components/schemas/SuccessResponse_List_Alarm__",
        "/paths/~1alarms~1query",
    ]


def test_nothing_of_the_present_version_is_left_to_do(corrected: dict[str, Any]) -> None:
    assert unknown_operations(corrected) == []
    assert unknown_properties(corrected) == []


def test_the_tables_hold_nothing_of_the_past(corrected: dict[str, Any]) -> None:
    operations = {
        operation["operationId"] for path in corrected["paths"].values() for operation in path.values()
    }
    assert operations == METHODS.keys()
    schemas = corrected["components"]["schemas"]
    assert schemas.keys() >= MODELS.keys()
    assert all(name.partition(".")[2] in schemas[name.partition(".")[0]]["properties"] for name in HIDDEN)


@pytest.mark.parametrize("name", ["Client", "AsyncClient"])
def test_every_method_in_the_table_is_one_of_the_client(name: str) -> None:
    client = getattr(importlib.import_module("i3x"), name)
    assert [method for method in METHODS.values() if not callable(getattr(client, method, None))] == []
