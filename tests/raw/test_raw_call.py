"""The raw call shows whatever a server answers, within its limits, and raises for none of it."""

import asyncio
import dataclasses
import gzip
import json
import socket
import threading
import time
import zlib
from typing import Any

import anyio
import httpx
import pytest

from i3x import raw_call
from i3x.raw import AuthenticatedClient, Client
from i3x.raw.api.explore import get_namespaces, get_objects
from i3x.raw.api.info import get_info
from i3x.raw.api.query import query_last_known_values
from i3x.raw.api.subscribe import create_subscription, stream_subscription
from i3x.raw.models import (
    CreateSubscriptionRequest,
    ErrorResponse,
    GetObjectValueRequest,
    Namespace,
    NamespacesResponse,
    StreamRequest,
)
from tests.raw.conftest import Send
from tests.raw.wire import Wire, answer, head, serve

NAMESPACES = b'{"success": true, "result": [{"uri": "urn:a", "displayName": "A"}]}'
JSON = "Content-Type: application/json"
EVENTS = "Content-Type: text/event-stream; charset=utf-8"


def sent(wire: Wire) -> Any:
    """The body of the last request."""
    return json.loads(wire.requests[-1].partition(b"\r\n\r\n")[2])


def test_a_good_answer(send: Send) -> None:
    with serve(answer(NAMESPACES, JSON, "X-Server: pump")) as wire:
        reply = send(wire.url, get_namespaces)
    assert reply.status_code == 200
    assert reply.headers["x-server"] == "pump"
    assert reply.content == NAMESPACES
    assert isinstance(reply.parsed, NamespacesResponse)
    assert reply.parsed.result == [Namespace(uri="urn:a", display_name="A")]
    assert (reply.parse_error, reply.failure, reply.stopped_by, reply.events) == (None, None, None, ())
    assert 0 < reply.elapsed < 5
    assert wire.requests[0].startswith(b"GET /v1/namespaces HTTP/1.1\r\n")


def test_the_reply_is_frozen(send: Send) -> None:
    with serve(answer(NAMESPACES)) as wire:
        reply = send(wire.url, get_namespaces)
    with pytest.raises(dataclasses.FrozenInstanceError):
        reply.status_code = 500  # type: ignore[misc]


def test_a_failure_of_the_server_is_parsed_as_the_document_says(send: Send) -> None:
    detail = {"title": "Gone", "status": 404, "detail": "no such thing"}
    body = json.dumps({"success": False, "responseDetail": detail}).encode()
    with serve(answer(body, JSON, status="404 Not Found")) as wire:
        reply = send(wire.url, get_namespaces)
    assert reply.status_code == 404
    assert isinstance(reply.parsed, ErrorResponse)
    assert reply.parsed.response_detail.detail == "no such thing"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"<html>proxy</html>", json.JSONDecodeError),
        (b"", json.JSONDecodeError),
        (b'{"success": tru', json.JSONDecodeError),
        (b"\xff\xfe\xfd", UnicodeDecodeError),
        (b"[]", Exception),
        (b"null", TypeError),
        (b"{}", KeyError),
        (b"[" * 100_000, RecursionError),
    ],
)
@pytest.mark.parametrize("status", ["200 OK", "500 Oops"])
def test_a_body_that_is_not_what_the_document_says(
    send: Send, body: bytes, error: type[Exception], status: str
) -> None:
    with serve(answer(body, status=status)) as wire:
        reply = send(wire.url, get_namespaces)
    assert reply.content == body
    assert reply.parsed is None
    assert isinstance(reply.parse_error, error)
    assert reply.failure is None


def test_where_null_is_allowed_the_generated_parser_leaves_what_it_can_not_read_as_json(send: Send) -> None:
    """So `parsed` is no proof of conformance: whoever needs one validates the content against the schema."""
    with serve(answer(b'{"success": true, "result": [{"uri": "urn:a"}]}')) as wire:
        reply = send(wire.url, get_namespaces)
    assert reply.parse_error is None
    assert reply.parsed.result == [{"uri": "urn:a"}]


@pytest.mark.parametrize("status", [201, 299, 418, 599, 999])
def test_any_status(send: Send, status: int) -> None:
    with serve(answer(NAMESPACES, status=f"{status} Whatever")) as wire:
        reply = send(wire.url, get_namespaces)
    assert reply.status_code == status
    assert isinstance(reply.parse_error, KeyError), "by the document, it is an error response"


def test_a_redirect_is_shown_and_not_followed(send: Send) -> None:
    with serve(answer(b"", "Location: /elsewhere", status="307 Temporary Redirect")) as wire:
        reply = send(wire.url, get_namespaces)
    assert (reply.status_code, reply.headers["location"]) == (307, "/elsewhere")


# -- how an exchange breaks


def test_nobody_listens(send: Send) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        reply = send(f"http://127.0.0.1:{unused.getsockname()[1]}/v1", get_namespaces)
    assert isinstance(reply.failure, httpx.ConnectError)
    assert (reply.status_code, reply.content, reply.parsed, reply.parse_error) == (None, b"", None, None)
    assert dict(reply.headers) == {}


def test_no_tls_where_it_was_asked_for(send: Send) -> None:
    with serve(answer(NAMESPACES)) as wire:
        # A TLS greeting is no request: the server waits for the rest of it.
        reply = send(wire.url.replace("http:", "https:"), get_namespaces, max_seconds=0.3)
    assert (reply.status_code, reply.failure, reply.stopped_by) == (None, None, "seconds")


def test_something_else_than_tls_where_it_was_asked_for(send: Send) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=refuse)
        thread.start()
        reply = send(f"https://127.0.0.1:{listener.getsockname()[1]}/v1", get_namespaces)
        thread.join()
    assert isinstance(reply.failure, httpx.ConnectError)


def test_closed_before_the_answer(send: Send) -> None:
    with serve(lambda _: None) as wire:
        reply = send(wire.url, get_namespaces)
    assert isinstance(reply.failure, httpx.RemoteProtocolError)
    assert reply.status_code is None


def test_no_http_at_all(send: Send) -> None:
    with serve(lambda connection: connection.sendall(b"220 mail.example ESMTP\r\n")) as wire:
        reply = send(wire.url, get_namespaces)
    assert isinstance(reply.failure, httpx.RemoteProtocolError)


def test_closed_in_the_middle_of_the_body(send: Send) -> None:
    with serve(lambda connection: connection.sendall(head("Content-Length: 1000") + NAMESPACES)) as wire:
        reply = send(wire.url, get_namespaces)
    assert isinstance(reply.failure, httpx.RemoteProtocolError)
    assert (reply.status_code, reply.content) == (200, NAMESPACES)
    assert (reply.parsed, reply.parse_error) == (None, None), "an incomplete body is not judged"


# -- limits


def hang(connection: socket.socket) -> None:
    """Answer nothing until the client hangs up."""
    connection.recv(1)


def hang_after_headers(connection: socket.socket) -> None:
    connection.sendall(head("Content-Length: 10") + b"abc")
    connection.recv(1)


def drip_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        connection.sendall(b"x")
        time.sleep(0.02)


def drip_body(connection: socket.socket) -> None:
    connection.sendall(head("Content-Length: 100000"))
    while True:
        connection.sendall(b"x")
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("script", "seconds", "status"),
    [(hang, 0.2, None), (hang_after_headers, 0.8, 200), (drip_headers, 0.2, None), (drip_body, 0.8, 200)],
)
def test_the_time_is_a_total(send: Send, script: Any, seconds: float, status: int | None) -> None:
    with serve(script) as wire:
        started = time.perf_counter()
        reply = send(wire.url, get_namespaces, max_seconds=seconds)
        took = time.perf_counter() - started
        assert wire.finished.wait(15), "the connection was not closed"
    assert reply.stopped_by == "seconds"
    assert reply.status_code == status
    assert (reply.failure, reply.parsed, reply.parse_error) == (None, None, None)
    assert 0.75 * seconds < reply.elapsed <= took < 15  # nothing else would end it


def test_nothing_is_left_behind_when_the_time_is_up() -> None:
    with serve(hang_after_headers) as wire, Client(base_url=wire.url) as client:
        before = set(threading.enumerate())
        raw_call.send(client, get_namespaces, max_seconds=0.1)
        deadline = time.perf_counter() + 15
        while set(threading.enumerate()) - before and time.perf_counter() < deadline:
            time.sleep(0.01)
        assert set(threading.enumerate()) <= before


def test_the_timeout_of_the_client_is_a_failure() -> None:
    with serve(hang) as wire, Client(base_url=wire.url, timeout=httpx.Timeout(15, read=0.1)) as client:
        reply = raw_call.send(client, get_namespaces)
    assert isinstance(reply.failure, httpx.ReadTimeout)
    assert reply.stopped_by is None


def test_the_size_is_limited(send: Send) -> None:
    with serve(answer(NAMESPACES)) as wire:
        reply = send(wire.url, get_namespaces, max_bytes=10)
    assert (reply.stopped_by, reply.content, reply.status_code) == ("bytes", NAMESPACES[:10], 200)
    assert (reply.parsed, reply.parse_error) == (None, None)


def test_a_body_as_large_as_the_limit_is_complete(send: Send) -> None:
    with serve(answer(NAMESPACES)) as wire:
        reply = send(wire.url, get_namespaces, max_bytes=len(NAMESPACES))
    assert reply.stopped_by is None
    assert reply.parsed is not None


@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_compressed_body(send: Send, encoding: str, compress: Any) -> None:
    with serve(answer(compress(NAMESPACES), f"Content-Encoding: {encoding}")) as wire:
        reply = send(wire.url, get_namespaces)
    assert reply.content == NAMESPACES
    assert reply.parsed.result[0].uri == "urn:a"
    assert reply.headers["content-encoding"] == encoding
    assert reply.unpacked


def test_a_body_that_explodes_when_decompressed(send: Send) -> None:
    with serve(answer(gzip.compress(bytes(50_000_000)), "Content-Encoding: gzip")) as wire:
        reply = send(wire.url, get_namespaces, max_bytes=1000)
    assert reply.stopped_by == "bytes"
    assert reply.content == bytes(1000)
    assert not reply.unpacked


@pytest.mark.parametrize("encoding", ["gzip", "br", "unheard-of"])
def test_a_body_that_is_not_compressed_as_it_says_is_shown_as_it_came(send: Send, encoding: str) -> None:
    with serve(answer(NAMESPACES, f"Content-Encoding: {encoding}")) as wire:
        reply = send(wire.url, get_namespaces)
    assert reply.content == NAMESPACES
    assert reply.failure is None
    assert not reply.unpacked


def test_a_compressed_body_that_is_cut_off_is_not_unpacked(send: Send) -> None:
    with serve(answer(gzip.compress(NAMESPACES)[:-9], "Content-Encoding: gzip")) as wire:
        reply = send(wire.url, get_namespaces)
    assert not reply.unpacked


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_bytes": 0},
        {"max_seconds": 0},
        {"max_seconds": float("nan")},
        {"max_seconds": float("inf")},
        {"max_events": -1},
    ],
)
def test_limits_are_above_zero(send: Send, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="above zero"):
        send("http://127.0.0.1:1/v1", get_info, **wrong)


# -- event streams


def stream(*pieces: bytes, then_hang: bool = True) -> Any:
    def script(connection: socket.socket) -> None:
        connection.sendall(head(EVENTS))
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.01)
        if then_hang:
            connection.recv(1)

    return script


BODY = StreamRequest(client_id="me", subscription_id="1")


def test_a_stream_ends_after_so_many_events(send: Send) -> None:
    with serve(stream(b"data: [1]\n\n", b"data: [2]\n\ndata: [3]\n\n")) as wire:
        reply = send(wire.url, stream_subscription, body=BODY, max_events=2)
    assert (reply.stopped_by, reply.events) == ("events", ("[1]", "[2]"))
    assert reply.parsed == reply.content.decode()
    assert reply.content.startswith(b"data: [1]\n\ndata: [2]")


def test_a_stream_ends_after_so_many_seconds(send: Send) -> None:
    with serve(stream(b"data: [1]\n\n", b": alive\n\n")) as wire:
        reply = send(wire.url, stream_subscription, body=BODY, max_seconds=0.8)
    assert (reply.stopped_by, reply.events, reply.status_code) == ("seconds", ("[1]",), 200)


def test_a_stream_ends_after_so_many_bytes(send: Send) -> None:
    with serve(stream(b"data: [1]\n\n" * 100)) as wire:
        reply = send(wire.url, stream_subscription, body=BODY, max_bytes=25)
    assert (reply.stopped_by, reply.events, len(reply.content)) == ("bytes", ("[1]", "[1]"), 25)


def test_a_stream_that_the_server_ends(send: Send) -> None:
    with serve(stream(b"data: [1]\n\n", b"data: half", then_hang=False)) as wire:
        reply = send(wire.url, stream_subscription, body=BODY)
    assert (reply.stopped_by, reply.failure, reply.events) == (None, None, ("[1]",))


@pytest.mark.parametrize(
    ("pieces", "events"),
    [
        ([b"\xef\xbb\xbfdata: a\n\n"], ("a",)),
        ([b"data: a\r\n\r\ndata:b\r\n\r\n"], ("a", "b")),
        ([b"data: a\r\rdata: b\r\r"], ("a", "b")),
        ([b"data: a\r", b"\n\r", b"\ndata: b\r\n\r\n"], ("a", "b")),
        ([b"data: a\ndata: b\ndata\n\n"], ("a\nb\n",)),
        ([b": comment\nid: 1\nretry: 5\nevent: close\n\ndata:  two blanks\n\n"], (" two blanks",)),
        ([b"dat", b"a: \xc3", b"\xa4\n", b"\n"], ("ä",)),
        ([b"data: \xff\n\n"], ("\ufffd",)),
    ],
)
def test_the_rules_of_event_streams(send: Send, pieces: list[bytes], events: tuple[str, ...]) -> None:
    with serve(stream(*pieces, then_hang=False)) as wire:
        reply = send(wire.url, stream_subscription, body=BODY)
    assert reply.events == events


def test_a_compressed_stream(send: Send) -> None:
    compressor = zlib.compressobj(wbits=31)
    piece = compressor.compress(b"data: [1]\n\n") + compressor.flush(zlib.Z_SYNC_FLUSH)

    def script(connection: socket.socket) -> None:
        connection.sendall(head(EVENTS, "Content-Encoding: gzip") + piece)
        connection.recv(1)

    with serve(script) as wire:
        reply = send(wire.url, stream_subscription, body=BODY, max_events=1)
    assert (reply.stopped_by, reply.events) == ("events", ("[1]",))


def test_a_stream_that_is_refused(send: Send) -> None:
    body = b'{"success": false, "responseDetail": {"title": "No", "status": 501, "detail": "no streams"}}'
    with serve(answer(body, JSON, status="501 Not Implemented")) as wire:
        reply = send(wire.url, stream_subscription, body=BODY, max_events=1)
    assert (reply.status_code, reply.events) == (501, ())
    assert reply.parsed.response_detail.status == 501


# -- what is sent


def test_a_request_is_what_the_generated_code_builds(send: Send) -> None:
    with serve(answer(b"{}")) as wire:
        send(wire.url, query_last_known_values, body=GetObjectValueRequest(element_ids=["a/b"], max_depth=0))
    assert wire.requests[0].startswith(b"POST /v1/objects/value HTTP/1.1\r\n")
    assert b"content-type: application/json\r\n" in wire.requests[0].lower()
    assert sent(wire) == {"elementIds": ["a/b"], "maxDepth": 0}


def test_arguments_are_not_checked(send: Send) -> None:
    with serve(answer(b"{}")) as wire:
        send(wire.url, get_objects, include_metadata="perhaps")
    assert b"?includeMetadata=perhaps " in wire.requests[0]


@pytest.mark.parametrize("body", [{"displayName": "no clientId"}, {"clientId": 7}, ["list"], "text", 5])
def test_any_json_in_place_of_the_model(send: Send, body: Any) -> None:
    with serve(answer(b"{}")) as wire:
        send(wire.url, create_subscription, body=body)
    assert sent(wire) == body
    assert b"content-type: application/json\r\n" in wire.requests[0].lower()


def test_bytes_in_place_of_the_model(send: Send) -> None:
    with serve(answer(b"{}")) as wire:
        send(wire.url, create_subscription, body=b'{"clientId": ')
    assert wire.requests[0].endswith(b'\r\n\r\n{"clientId": ')


def test_headers_are_added_replaced_and_left_out(send: Send) -> None:
    headers = {"X-Trace": "1", "Content-Type": "text/plain", "user-agent": None}
    with serve(answer(b"{}")) as wire:
        send(wire.url, create_subscription, body=CreateSubscriptionRequest(client_id="me"), headers=headers)
    request = wire.requests[0].lower()
    assert b"x-trace: 1\r\n" in request
    assert b"content-type: text/plain\r\n" in request
    assert b"user-agent" not in request


def test_credentials_are_those_of_the_client_and_can_be_left_out() -> None:
    with serve(answer(b"{}")) as wire, AuthenticatedClient(base_url=wire.url, token="secret") as client:
        raw_call.send(client, get_namespaces)
        raw_call.send(client, get_namespaces, headers={"Authorization": None})
    assert b"authorization: bearer secret\r\n" in wire.requests[0].lower()
    assert b"authorization" not in wire.requests[1].lower()


def test_wrong_arguments_are_the_callers_mistake(send: Send) -> None:
    nowhere = "http://127.0.0.1:1/v1"
    with pytest.raises(TypeError, match="unexpected keyword argument 'nonsense'"):
        send(nowhere, get_namespaces, nonsense=1)
    with pytest.raises(TypeError, match="body"):
        send(nowhere, create_subscription)
    with pytest.raises(TypeError, match="operation must be a generated module"):
        send(nowhere, "getNamespaces")
    with pytest.raises(TypeError, match="client must be"):
        raw_call.send("http://plant.example", get_namespaces)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="JSON"):
        send(nowhere, create_subscription, body={"clientId": float("nan")})


def test_a_closed_client_is_the_callers_mistake() -> None:
    client = Client(base_url="http://127.0.0.1:1/v1")
    with client:
        pass
    with pytest.raises(RuntimeError, match="closed"):
        raw_call.send(client, get_namespaces)


@pytest.mark.anyio
async def test_async_calls_run_side_by_side() -> None:
    replies: list[raw_call.RawReply] = []
    with serve(answer(NAMESPACES)) as wire:
        async with Client(base_url=wire.url) as client, anyio.create_task_group() as tasks:

            async def call() -> None:
                replies.append(await raw_call.send_async(client, get_namespaces))

            for _ in range(5):
                tasks.start_soon(call)
    assert [reply.status_code for reply in replies] == [200] * 5


@pytest.mark.anyio
async def test_a_call_that_is_cancelled_while_tls_begins_leaves_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/v1"
        async with Client(base_url=url) as client:
            call = asyncio.create_task(raw_call.send_async(client, get_namespaces))
            connection, _ = await anyio.to_thread.run_sync(listener.accept)
            with connection:
                connection.settimeout(15)
                assert await anyio.to_thread.run_sync(connection.recv, 65536)  # the greeting, never answered
                call.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await call
                assert connection.recv(65536) == b""


@pytest.mark.anyio
async def test_a_cancelled_call_is_cancelled() -> None:
    with serve(hang) as wire:
        async with Client(base_url=wire.url) as client:
            with anyio.move_on_after(0.05) as scope:
                await raw_call.send_async(client, get_namespaces)
    assert scope.cancelled_caught
