"""Whatever a server does, a run ends, in bounded time and memory, with a verdict."""

import resource
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from i3x.conformance import Options, Verdict
from i3x.testing import Server
from tests.client.wire import INFO, Request, Script, answer, says, serve, success
from tests.conformance.support import QUICK, Found, examine

HASTY = replace(QUICK, timeout=1.0)
MEGABYTE = b"x" * 1_000_000


def soon(url: str, options: Options = QUICK) -> Found:
    started = time.monotonic()
    found = examine(url, options)
    assert time.monotonic() - started < 30
    assert len(found.report.outcomes) == 60
    assert found.verdict is Verdict.NOT_COMPLIANT
    return found


def after_info(script: Script) -> Script:
    """What is done with all requests but those to `/info`."""

    def whole(connection: socket.socket, request: Request) -> None:
        if request.target == "/v1/info":
            connection.sendall(success(INFO))
        else:
            script(connection, request)

    return whole


def drip(connection: socket.socket, request: Request) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
    connection.sendall(head)
    while True:
        connection.sendall(b" ")
        time.sleep(0.05)


def hang(connection: socket.socket, request: Request) -> None:
    while connection.recv(65536):
        pass
    raise EOFError


def close_in_mid_answer(connection: socket.socket, request: Request) -> None:
    connection.sendall(
        b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"succ'
    )
    raise EOFError


def close(connection: socket.socket, request: Request) -> None:
    raise EOFError


def flood(connection: socket.socket, request: Request) -> None:
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 200000000\r\n\r\n["
    )
    for _ in range(200):
        connection.sendall(MEGABYTE)


def endless_stream(connection: socket.socket, request: Request) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
    while True:
        connection.sendall(b"data: []\n\n")
        time.sleep(0.05)


@pytest.mark.parametrize("script", [drip, hang, close_in_mid_answer, close, flood, endless_stream])
def test_a_server_that_gives_no_complete_answer_is_given_up_soon(script: Script) -> None:
    with serve(after_info(script)) as wire:
        found = soon(wire.url, HASTY)
        assert len(wire.requests) < 60
    assert found.report.exit_code == 1
    assert "EXP-01" in found.fails or found.skips["EXP-01"] == "blocked"
    if script is not flood:  # it does answer, too much
        assert found.skips["SUB-01"] == "blocked"
        assert "stopped answering" in found.message("SUB-01")


@pytest.mark.parametrize("script", [hang, close])
def test_a_server_that_answers_nothing_can_not_be_reached(script: Script) -> None:
    with serve(script) as wire:
        found = soon(wire.url, HASTY)
    assert (found.report.reached, found.report.exit_code) == (False, 3)
    assert found.fails == {"CORE-01"}
    assert set(found.skips.values()) == {"blocked"}


def test_nobody_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    found = soon(f"http://127.0.0.1:{port}")
    assert found.report.exit_code == 3
    assert found.fails == {"CORE-01"}


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such measure")
def test_two_hundred_megabytes_do_not_stay_in_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with serve(after_info(flood)) as wire:
        found = examine(wire.url)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 400_000, "kilobytes: the limit of one answer, a few times over"
    assert "MiB" in found.message("EXP-01")


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (b"<!doctype html><h1>Sign in</h1>", "text/html", "text/html"),
        (b"", "application/json", "no JSON"),
        (b'{"success": true, "result": NaN}', "application/json", "NaN is no JSON"),
        (b'{"success": true, "result": ' + b"[" * 100_000, "application/json", "nested too deep"),
        (b'{"success": true, "result": ' + b"9" * 100_000 + b"}", "application/json", "no JSON"),
        (b"\xff\xfe", "application/json", "UTF-8"),
        (b'"\\ud800"', "application/json", "a string"),
        (b"[]", "application/json", "a list"),
        (b"null", "application/json", "null"),
    ],
)
def test_bodies_that_nobody_expects(body: bytes, kind: str, said: str) -> None:
    with serve(says(answer(body, kind=kind))) as wire:
        found = soon(wire.url)
    assert found.report.exit_code == 1
    assert said in found.message("EXP-01")


def test_web_pages_from_the_start() -> None:
    with serve(lambda connection, _: connection.sendall(answer(b"<html>", kind="text/html"))) as wire:
        found = soon(wire.url)
    assert (found.report.reached, found.report.exit_code) == (True, 1)
    assert "CORE-01" in found.fails


def edited(change: Callable[[dict[str, object]], object]) -> Callable[[object], object]:
    def edit(document: object) -> object:
        assert isinstance(document, dict)
        change(document)
        return document

    return edit


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"$ref": "#"}, "refers to itself"),
        ({"$ref": "http://127.0.0.1:9/elsewhere.json"}, "which is not in it"),
        ({"$ref": "file:///etc/passwd"}, "which is not in it"),
        ({"patternProperties": {"(a+)+$": False}}, "for ever"),
        ({"$defs": {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 10} for n in range(30)}
          | {"d30": True}, "$ref": "#/$defs/d0"}, "too long"),
    ],
    ids=["itself", "web", "file", "property patterns", "doubling"],
)  # fmt: skip
def test_schemas_that_can_not_be_used_fetch_nothing_and_hang_nothing(schema: object, said: str) -> None:
    with Server(tick=None) as server:

        def change(document: dict[str, object]) -> None:
            for item in document["result"]:  # type: ignore[attr-defined]
                item["schema"] = schema

        server.fault("edit_json", operation="getObjectTypes", edit_with=edited(change))
        started = time.monotonic()
        found = examine(server.url, QUICK)
        assert time.monotonic() - started < 60
    assert found.skips["QRY-03"] == "untestable"
    assert said in found.message("QRY-03")


def test_a_pattern_that_takes_for_ever_is_left_out() -> None:
    with Server(tick=None) as server:

        def schema(document: dict[str, object]) -> None:
            for item in document["result"]:  # type: ignore[attr-defined]
                item["schema"] = {"pattern": "^(a+)+$"}

        server.fault("edit_json", operation="getObjectTypes", edit_with=edited(schema))
        server.set_value("mode-501", "a" * 60 + "!")
        assert "QRY-03" not in examine(server.url).fails


def test_a_small_answer_that_takes_long_to_check_stalls_nothing() -> None:
    with Server(tick=None) as server:

        def schema(document: dict[str, object]) -> None:
            for item in document["result"]:  # type: ignore[attr-defined]
                item["schema"] = {
                    "uniqueItems": True,
                    "items": {"allOf": [{"not": {"type": "string"}}] * 100},
                }

        server.fault("edit_json", operation="getObjectTypes", edit_with=edited(schema))
        server.set_value("mode-501", [{"a": number} for number in range(6_000)])
        found = examine(server.url)
    (judged,) = (each for each in found.report.outcomes if each.test.id == "QRY-03")
    assert judged.seconds < 30
    assert "too long" in judged.message


def test_what_is_called_a_schema_and_is_none() -> None:
    with Server(tick=None) as server:

        def change(document: dict[str, object]) -> None:
            for item in document["result"]:  # type: ignore[attr-defined]
                item["schema"] = {"type": "float"}

        server.fault("edit_json", operation="getObjectTypes", edit_with=edited(change))
        found = examine(server.url)
    assert found.fails == {"QRY-03"}
    assert "no JSON Schema" in found.message("QRY-03")


def test_numbers_that_no_reader_takes() -> None:
    with Server(tick=None) as server:
        server.fault("edit_json", operation="queryLastKnownValues", edit_with=edited(_huge))
        found = examine(server.url)
    assert found.fails == {"QRY-03", "UPD-01", "UPD-04"}, "it does not take what it gives"
    assert not any("could not be judged" in each.message for each in found.report.outcomes)


def _huge(document: dict[str, object]) -> None:
    for item in document["results"]:  # type: ignore[attr-defined]
        if item["success"]:
            item["result"]["value"] = 10**400


def test_an_answer_that_breaks_the_document_alone_is_a_warning_of_its_own() -> None:
    def change(document: dict[str, object]) -> None:
        document["responseDetail"] = "all is well"

    with Server(tick=None) as server:
        server.fault("edit_json", operation="getNamespaces", edit_with=edited(change))
        found = examine(server.url)
    assert (found.verdict, found.fails) == (Verdict.FULL, set())
    deviations = {each.test.id: each.deviations for each in found.report.outcomes if each.deviations}
    assert list(deviations) == ["CORE-04"], "said once"
    assert "GET /namespaces" in deviations["CORE-04"][0]
    assert "$.responseDetail" in deviations["CORE-04"][0]
