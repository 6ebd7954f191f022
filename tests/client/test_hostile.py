"""Bodies that are wrong, huge or never end: each is one clear error, and the client goes on working."""

import gzip
import json
import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest

import i3x
from i3x.testing import Server

from .both import Make, patiently
from .wire import answer, says, serve


def _namespaces(text: str) -> bytes:
    return f'{{"success": true, "result": [{{"uri": "u", "displayName": {text}}}]}}'.encode()


BODIES: dict[str, bytes] = {
    "empty": b"",
    "no JSON": b"<html>",
    "cut off": b'{"success": true, "result": [{"uri": "u"',
    "too long": b'{"success": true, "result": []} {}',
    "a number": b"42",
    "a string": b'"result"',
    "wrong type": b'{"success": true, "result": 7}',
    "wrong type deep inside": b'{"success": true, "result": [{"uri": "u"}, {"uri": 5}]}',
    "required field missing": b'{"success": true, "result": [{"displayName": "x"}]}',
    "wrong type of item": b'{"success": true, "result": [null]}',
    "huge integer": _namespaces("1" * 5000),
    "NaN": _namespaces("NaN"),
    "Infinity": _namespaces("-Infinity"),
    "out of range": _namespaces("1e400"),
    "lone surrogate": _namespaces('"\\ud800"'),
    "invalid UTF-8": b'{"success": true, "result": [{"uri": "\xff\xfe"}]}',
    "UTF-16": '{"success": true, "result": []}'.encode("utf-16"),
    "NUL": b"\0" * 100,
    "10,000 levels": b'{"success": true, "result": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "10,000 levels, cut off": b'{"success": true, "result": ' + b"[" * 10_000,
    "10,000 levels of objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_wrong_is_one_clear_error(client: i3x.Client, server: Server, name: str) -> None:
    with server.fault("body", body=BODIES[name]), pytest.raises(i3x.InvalidServerResponseError) as caught:
        client.get_namespaces()
    assert str(caught.value).startswith("getNamespaces: ")
    assert "HTTP 200" in str(caught.value)
    assert len(str(caught.value)) < 1000
    assert caught.value.operation == "getNamespaces"
    assert len(client.get_namespaces()) == 3


@pytest.mark.parametrize("name", sorted(BODIES.keys() - {"required field missing"}))
def test_a_bulk_body_that_is_wrong_is_one_clear_error(client: i3x.Client, server: Server, name: str) -> None:
    with server.fault("body", body=BODIES[name]):
        failure: Exception | None = None
        try:
            failure = client.get_values(["sensor-001"]).errors["sensor-001"]
        except i3x.InvalidServerResponseError as error:
            failure = error
    assert isinstance(failure, i3x.I3XError)
    assert client.get_value("sensor-001").quality == "Good"


@pytest.mark.parametrize("status", [400, 404, 500])
@pytest.mark.parametrize("name", BODIES)
def test_an_error_with_a_wrong_body_keeps_its_status(
    client: i3x.Client, server: Server, name: str, status: int
) -> None:
    server.fault("body", body=BODIES[name], status=status)
    with pytest.raises(i3x.I3XError) as caught:
        client.get_namespaces()
    assert caught.value.status_code == status
    assert not isinstance(caught.value, i3x.InvalidServerResponseError)
    assert len(str(caught.value)) < 1500


def test_the_place_of_a_wrong_type_is_named(client: i3x.Client, server: Server) -> None:
    server.fault("body", body=BODIES["wrong type deep inside"])
    with pytest.raises(i3x.InvalidServerResponseError, match=r"\$\.result\[1\]\.uri"):
        client.get_namespaces()


BAD_VALUES = {
    "NaN": "NaN",
    "out of range": "1e400",
    "lone surrogate": '"\\ud800"',
    "10,000 levels": "[" * 10_000 + "]" * 10_000,
    "invalid UTF-8": '"\udcff"',
    "huge integer": "9" * 5000,
    "no JSON": "{oops}",
}


@pytest.mark.parametrize("name", BAD_VALUES)
def test_of_a_bulk_answer_only_the_bad_item_fails(client: i3x.Client, server: Server, name: str) -> None:
    def item(element_id: str, value: str) -> str:
        return (
            f'{{"success": true, "elementId": "{element_id}", "result": {{"isComposition": false, '
            f'"value": {value}, "quality": "Good", "timestamp": "2026-01-31T08:00:00Z"}}}}'
        )

    items = [item("sensor-001", "1.5"), item("sensor-002", BAD_VALUES[name]), item("valve-401", "true")]
    body = f'{{"success": true, "results": [{", ".join(items)}]}}'.encode(errors="surrogateescape")
    with server.fault("body", body=body):
        values = client.get_values(["sensor-001", "sensor-002", "valve-401"])
    assert {element_id: value.value for element_id, value in values.items()} == {
        "sensor-001": 1.5,
        "valve-401": True,
    }
    assert isinstance(values.errors["sensor-002"], i3x.InvalidServerResponseError)
    assert "sensor-002" in str(values.errors["sensor-002"])
    assert len(client.get_values(["sensor-001", "sensor-002"])) == 2


def test_of_a_bulk_answer_only_the_item_of_a_wrong_type_fails(client: i3x.Client, server: Server) -> None:
    def spoil(document: Any) -> Any:
        document["results"][1]["result"]["timestamp"] = 5
        return document

    server.fault("edit_json", operation="queryLastKnownValues", edit_with=spoil)
    values = client.get_values(["sensor-001", "sensor-002", "valve-401"])
    assert list(values) == ["sensor-001", "valve-401"]
    assert "timestamp" in str(values.errors["sensor-002"])


def test_integers_of_any_common_size_are_kept(client: i3x.Client, server: Server) -> None:
    for number in (2**53 + 1, 2**63, 2**64 - 1, -(2**63)):
        server.set_value("meter-301", number)
        assert client.get_value("meter-301").value == number


# --- packing -----------------------------------------------------------------------------------------------------

GOOD = b'{"success": true, "result": []}'
ZIPPED = gzip.compress(GOOD, mtime=0)


@pytest.mark.parametrize(
    ("body", "encoding", "message"),
    [
        (GOOD, "gzip", "says that it is packed with gzip and is not"),
        (ZIPPED[:-9], "gzip", "ends too early"),
        (ZIPPED[:12], "gzip", "ends too early"),
        (ZIPPED[:-8] + b"\0" * 8, "gzip", "packed with gzip and is not"),
        (ZIPPED + b"trailing", "gzip", "packed with gzip and is not"),
        (zlib.compress(GOOD), "gzip", "packed with gzip and is not"),
        (b"\x0b\x02\x80abc\x03", "br", "not asked for"),
        (zlib.compress(GOOD), "deflate", "not asked for"),
        (GOOD, "zstd", "not asked for"),
        (gzip.compress(ZIPPED, mtime=0), "gzip, gzip", "not asked for"),
        (gzip.compress(ZIPPED, mtime=0), "gzip", "no JSON|UTF-8"),
    ],
    ids=[
        "not packed",
        "without its end",
        "cut off",
        "wrong checksum",
        "more behind it",
        "zlib",
        "br",
        "deflate",
        "zstd",
        "gzip twice and said so",
        "gzip twice",
    ],
)
def test_a_body_that_is_packed_wrong(
    client: i3x.Client, server: Server, body: bytes, encoding: str, message: str
) -> None:
    with (
        server.fault("body", body=body, headers={"Content-Encoding": encoding}),
        pytest.raises(i3x.InvalidServerResponseError, match=message) as caught,
    ):
        client.get_namespaces()
    assert caught.value.operation == "getNamespaces"
    assert len(client.get_namespaces()) == 3


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (GOOD, "identity"),
        (GOOD, ""),
        (ZIPPED, "GZIP"),
        (ZIPPED, "x-gzip"),
        (gzip.compress(GOOD[:9], mtime=0) + gzip.compress(GOOD[9:], mtime=0), "gzip"),
    ],
    ids=["identity", "empty", "capitals", "x-gzip", "two members"],
)
def test_a_body_that_is_packed_well(client: i3x.Client, server: Server, body: bytes, encoding: str) -> None:
    server.fault("body", body=body, headers={"Content-Encoding": encoding})
    assert client.get_namespaces() == []


def test_an_error_that_is_packed_wrong_keeps_its_status(client: i3x.Client, server: Server) -> None:
    server.fault("body", body=b"oops", status=503, headers={"Content-Encoding": "br", "Retry-After": "0"})
    with pytest.raises(i3x.ServerError) as caught:
        client.get_namespaces()
    assert caught.value.status_code == 503


def test_a_gzip_bomb_is_not_unpacked(server: Server, connect: Make) -> None:
    bomb = gzip.compress(b'{"success": true, "result": [' + b" " * 50_000_000)
    client = connect(server.url, max_response_bytes=100_000)
    with (
        server.fault("body", body=bomb, headers={"Content-Encoding": "gzip"}),
        pytest.raises(i3x.InvalidServerResponseError, match="max_response_bytes=100000"),
    ):
        client.get_namespaces()
    assert len(client.get_namespaces()) == 3


@pytest.mark.parametrize(("size", "fits"), [(1000, True), (1001, False)])
def test_the_largest_answer_is_what_was_set(server: Server, connect: Make, size: int, fits: bool) -> None:
    body = GOOD + b" " * (size - len(GOOD))
    client = connect(server.url, max_response_bytes=1000)
    server.fault("body", body=body)
    if fits:
        assert client.get_namespaces() == []
    else:
        with pytest.raises(i3x.InvalidServerResponseError, match="ask for less"):
            client.get_namespaces()


# --- the wire ----------------------------------------------------------------------------------------------------


def test_a_hang_is_a_timeout(server: Server, connect: Make) -> None:
    client = connect(server.url, timeout=0.1)
    with (
        server.fault("hang", seconds=60),
        pytest.raises(i3x.TimeoutError, match="did not answer in time") as caught,
    ):
        client.get_namespaces()
    assert isinstance(caught.value, TimeoutError)
    assert len(client.get_namespaces(timeout=30)) == 3


def test_a_hang_on_connecting_is_a_timeout(server: Server, make: Make) -> None:
    server.fault("hang", seconds=60)
    with pytest.raises(i3x.TimeoutError):
        make(server.url, timeout=0.1).connect()


def test_a_drip_fed_body_ends_with_the_deadline(server: Server, connect: Make) -> None:
    client = connect(server.url, deadline=0.3)
    began = time.monotonic()
    with (
        server.fault("slow", interval=0.1, chunk=1),
        pytest.raises(i3x.TimeoutError, match=r"within 0\.3 s"),
    ):
        client.get_namespaces()
    assert time.monotonic() - began < 20
    assert len(patiently(client.get_namespaces)) == 3


def test_a_reset_in_the_middle_of_a_body(client: i3x.Client, server: Server, quick: None) -> None:
    with server.fault("truncate"), pytest.raises(i3x.ConnectionError, match="broke"):
        client.get_objects()
    assert client.get_objects()


RAW: dict[str, bytes] = {
    "no HTTP": b"SSH-2.0-OpenSSH_9.9\r\n\r\n",
    "no status": b"HTTP/1.1 \r\n\r\n",
    "bad length": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
    "negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n123456",
    "bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "endless header": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
    "bad header": b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
}


@pytest.mark.parametrize("name", RAW)
def test_an_answer_that_is_no_http(connect: Make, name: str) -> None:
    with serve(says(RAW[name], answer(GOOD))) as wire:
        client = connect(wire.url, retries=0)
        with pytest.raises(i3x.ConnectionError, match="broke"):
            client.get_namespaces()
        assert wire.all_closed()
        assert client.get_namespaces() == []


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.update_values({"sensor-001": 1.5}),
        lambda client: client.create_subscription(),
        lambda client: client.sync_subscription("s"),
        lambda client: client.get_related_objects(["pump-101"]),
        lambda client: client.get_history("sensor-001"),
        lambda client: client.list_subscriptions(["s"]),
        lambda client: client.get_info(),
        lambda client: client.register_items("s", ["sensor-001"]),
    ],
    ids=[
        "updateObjectValues",
        "createSubscription",
        "syncSubscription",
        "queryRelatedObjects",
        "queryHistoricalValues",
        "listSubscriptions",
        "getInfo",
        "registerMonitoredItems",
    ],
)
@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        None,
        {"success": True},
        {"success": True, "result": 5, "results": 5},
        [[[]]],
        {"results": [[]]},
    ],
)
def test_no_call_is_broken_by_any_json(
    client: i3x.Client, server: Server, call: Callable[[i3x.Client], Any], document: Any
) -> None:
    server.fault("body", body=json.dumps(document))
    try:
        result = call(client)
    except i3x.I3XError:
        return
    assert not result or result.errors
