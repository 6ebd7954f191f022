"""Each fault does what it says, where it is told to, as often as it is told to."""

import gzip
import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from i3x.testing import Server
from i3x.testing.faults import FAULTS

IDS = {"elementIds": ["sensor-001", "no-such-id", "sensor-002"]}


def test_a_fault_applies_until_it_is_cleared(server: Server, http: httpx.Client) -> None:
    handle = server.fault("status", status=503)
    assert [http.get("/info").status_code for _ in range(2)] == [503, 503]
    assert handle.applied == 2
    handle.clear()
    handle.clear()
    assert http.get("/info").status_code == 200


def test_a_fault_is_a_context_manager(server: Server, http: httpx.Client) -> None:
    with server.fault("status", status=503):
        assert http.get("/info").status_code == 503
    assert http.get("/info").status_code == 200


def test_a_fault_applies_to_one_operation(server: Server, http: httpx.Client) -> None:
    server.fault("status", operation="queryLastKnownValues", status=500)
    assert http.post("/objects/value", json=IDS).status_code == 500
    assert http.get("/info").status_code == 200


def test_a_fault_applies_so_many_times(server: Server, http: httpx.Client) -> None:
    server.fault("status", operation="getNamespaces", times=2, status=401)
    statuses = [http.get(path).status_code for path in ("/info", "/namespaces", "/namespaces", "/namespaces")]
    assert statuses == [200, 401, 401, 200]


def test_a_fault_lets_so_many_pass_before(server: Server, http: httpx.Client) -> None:
    server.fault("status", operation="getNamespaces", times=1, skip=2, status=401)
    assert [http.get("/namespaces").status_code for _ in range(4)] == [200, 200, 401, 200]


def test_all_faults_can_be_cleared(server: Server, http: httpx.Client) -> None:
    server.fault("status", status=500)
    server.fault("not_json")
    server.clear_faults()
    assert http.get("/info").json()["success"]


def test_faults_can_be_combined(server: Server, http: httpx.Client) -> None:
    server.fault("reorder")
    server.fault("drop_item")
    results = http.post("/objects/value", json=IDS).json()["results"]
    assert [item["elementId"] for item in results] == ["sensor-002", "sensor-001"]


def test_unknown_names_are_refused(server: Server) -> None:
    with pytest.raises(ValueError, match=r"there is no fault 'nope'; .*FAULTS lists them"):
        server.fault("nope")
    with pytest.raises(ValueError, match=r"no fault 'nogzip'; did you mean no_gzip\?"):
        server.fault("nogzip")
    with pytest.raises(ValueError, match="there is no operation 'getNope'"):
        server.fault("status", operation="getNope", status=500)
    with pytest.raises(ValueError, match="applies to deleteSubscriptions only"):
        server.fault("bulk_not_found", operation="getInfo")
    with pytest.raises(TypeError, match="colour"):
        server.fault("status", status=500, colour="red")
    with pytest.raises(TypeError, match="status"):
        server.fault("status")


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_says_in_one_line_what_it_does(name: str) -> None:
    assert (FAULTS[name].__doc__ or "").partition("\n")[0].endswith((".", ","))


def test_tick_with_every_request_needs_no_clock(server: Server, http: httpx.Client) -> None:
    server.fault("tick_with_every_request")
    answers = [http.post("/objects/value", json={"elementIds": ["meter-301"]}).json() for _ in range(2)]
    assert [answer["results"][0]["result"]["value"] for answer in answers] == [125_001, 125_002]


def test_status_has_the_failure_envelope(server: Server, http: httpx.Client) -> None:
    server.fault("status", status=429, retry_after=2)
    response = http.get("/info")
    assert response.headers["retry-after"] == "2"
    assert response.json()["responseDetail"]["status"] == 429


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 429, 500, 502, 503, 504])
def test_status_can_have_any_body(server: Server, http: httpx.Client, status: int) -> None:
    server.fault("status", status=status, body="<h1>no</h1>", headers={"X-Proxy": "p"}, times=1)
    server.fault("status", status=status, body=b"")
    response = http.get("/info")
    assert (response.status_code, response.text) == (status, "<h1>no</h1>")
    assert (response.headers["content-type"], response.headers["x-proxy"]) == ("text/html", "p")
    assert http.get("/info").content == b""


def test_status_204_has_no_body(server: Server, http: httpx.Client) -> None:
    server.fault("status", status=204)
    response = http.get("/info")
    assert (response.status_code, response.content) == (204, b"")


@pytest.mark.parametrize("options", [{"items": 2}, {"element_id": "sensor-002"}])
def test_refuse_refuses_a_bulk_request_as_a_whole(
    server: Server, http: httpx.Client, options: dict[str, Any]
) -> None:
    server.fault("refuse", detail="no", **options)
    refused = http.post("/objects/value", json=IDS)
    assert (refused.status_code, refused.json()["responseDetail"]["detail"]) == (400, "no")
    assert http.post("/objects/value", json={"elementIds": ["sensor-001"]}).status_code == 200
    update = {"elementId": "sensor-002", "value": {"value": 1.5}}
    status = 400 if "element_id" in options else 200
    assert http.put("/objects/value", json={"updates": [update]}).status_code == status


def test_refuse_may_say_nothing(server: Server, http: httpx.Client) -> None:
    server.fault("refuse", items=1, status=413)
    refused = http.post("/objects/value", json=IDS)
    assert (refused.status_code, refused.content) == (413, b"")


def test_busy_answers_so_many_at_once(server: Server, http: httpx.Client) -> None:
    with server.fault("busy", most=2, seconds=60, retry_after=1) as busy, ThreadPoolExecutor(2) as threads:
        taken = [threads.submit(http.get, "/namespaces") for _ in range(2)]
        while busy.applied < 2:
            time.sleep(0.005)
        refused = http.get("/namespaces")
        server.restart()  # which ends the wait of those that were taken
        assert [each.result().status_code for each in taken] == [200, 200]
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")


def test_busy_answers_one_after_the_other(server: Server, http: httpx.Client) -> None:
    server.fault("busy", most=1, seconds=0.01)
    assert [http.get("/namespaces").status_code for _ in range(2)] == [200, 200]


def test_redirect_names_another_place(server: Server, http: httpx.Client) -> None:
    server.fault("redirect", location="https://example.com{path}", status=308)
    response = http.get("/objects?root=true")
    assert response.status_code == 308
    assert response.headers["location"] == "https://example.com/v1/objects?root=true"


@pytest.mark.parametrize("keep", [None, 0, 10, 10**6])
def test_truncate_promises_more_than_it_sends(server: Server, keep: int | None) -> None:
    server.fault("truncate", keep=keep)
    head, _, body = exchange(server).partition(b"\r\n\r\n")
    promised = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert len(body) == {None: promised // 2, 0: 0, 10: 10}.get(keep, promised - 1)


def exchange(server: Server, request: bytes = b"GET /v1/info HTTP/1.1\r\nHost: x\r\n\r\n") -> bytes:
    """What comes back on a raw socket until the server closes it."""
    url = httpx.URL(server.url)
    received = b""
    with socket.create_connection((url.host, url.port or 0), timeout=5) as connection:
        connection.sendall(request)
        while chunk := connection.recv(65536):
            received += chunk
    return received


@pytest.mark.parametrize("processed", [True, False])
def test_reset_is_a_reset_on_the_socket(server: Server, processed: bool) -> None:
    server.fault("reset", processed=processed)
    with pytest.raises(ConnectionResetError):
        exchange(server)


@pytest.mark.parametrize(("processed", "expected"), [(True, 99), (False, 18.5)])
def test_reset_comes_before_or_after_the_work(
    server: Server, http: httpx.Client, processed: bool, expected: float
) -> None:
    with server.fault("reset", processed=processed), pytest.raises(httpx.ReadError):
        http.put("/objects/value", json={"updates": [{"elementId": "sensor-001", "value": {"value": 99}}]})
    answer = http.post("/objects/value", json={"elementIds": ["sensor-001"]}).json()
    assert answer["results"][0]["result"]["value"] == expected


def test_hang_says_nothing_for_a_while(server: Server, http: httpx.Client) -> None:
    server.fault("hang", seconds=0.1)
    began = time.monotonic()
    assert http.get("/info").status_code == 200
    assert time.monotonic() - began >= 0.1


def test_hang_outlasts_an_impatient_client_but_not_the_server(
    server: Server, http: httpx.Client, patient_stop: None
) -> None:
    server.fault("hang", seconds=60)
    with pytest.raises(httpx.ReadTimeout):
        http.get("/info", timeout=httpx.Timeout(15, read=0.05))
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 15


def test_slow_sends_the_whole_body_in_pieces(server: Server, http: httpx.Client) -> None:
    whole = http.get("/info", headers={"Accept-Encoding": "identity"}).content
    server.fault("slow", interval=0.001, chunk=7)
    with http.stream("GET", "/info", headers={"Accept-Encoding": "identity"}) as response:
        assert b"".join(response.iter_raw()) == whole


def test_not_json_is_a_web_page(server: Server, http: httpx.Client) -> None:
    server.fault("not_json")
    response = http.get("/info")
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html")
    assert response.text.startswith("<!doctype html>")


@pytest.mark.parametrize(
    "body", [b'{"success":true,"result":NaN}', b'{"x":1e400}', b'{"x":"\\ud800"}', b"\xff\xfe", b""]
)
def test_body_is_sent_as_it_is(server: Server, http: httpx.Client, body: bytes) -> None:
    server.fault("body", body=body)
    response = http.get("/info")
    assert response.content == body
    assert response.headers["content-type"] == "application/json"


def test_body_can_be_broken_gzip(server: Server, http: httpx.Client) -> None:
    server.fault("body", body=b"no gzip", headers={"Content-Encoding": "gzip"})
    with pytest.raises(httpx.DecodingError):
        http.get("/info")


def test_body_can_be_a_gzip_bomb(server: Server, http: httpx.Client) -> None:
    server.fault(
        "body", body=gzip.compress(b" " * 1_000_000), headers={"Content-Encoding": "gzip"}, status=502
    )
    response = http.get("/info")
    assert (response.status_code, len(response.content)) == (502, 1_000_000)


def test_edit_json_hands_the_answer_to_a_function(server: Server, http: httpx.Client) -> None:
    def wrong_type(document: Any) -> Any:
        document["result"][2]["elementId"] = 7
        return document

    server.fault("edit_json", operation="getObjects", edit_with=wrong_type)
    assert http.get("/objects").json()["result"][2]["elementId"] == 7
    server.clear_faults()
    assert http.get("/objects").json()["result"][2]["elementId"] == "sensor-001"


def test_edit_json_can_send_what_is_no_json(server: Server, http: httpx.Client) -> None:
    server.fault("edit_json", edit_with=lambda _: {"nan": float("nan"), "half": "\ud800"})
    assert http.get("/info").text == '{"nan": NaN, "half": "\\ud800"}'


def test_nested_is_deeper_than_parsers_go(server: Server, http: httpx.Client) -> None:
    server.fault("nested")
    with pytest.raises(RecursionError):
        http.get("/objects").json()


def test_reorder_turns_bulk_results_around(server: Server, http: httpx.Client) -> None:
    server.fault("reorder")
    results = http.post("/objects/value", json=IDS).json()["results"]
    assert [item["elementId"] for item in results] == IDS["elementIds"][::-1]
    assert http.get("/objects").json()["success"]


def test_drop_item_leaves_unknown_ids_out(server: Server, http: httpx.Client) -> None:
    server.fault("drop_item")
    answer = http.post("/objects/value", json=IDS).json()
    assert answer["success"] is True
    assert [item["elementId"] for item in answer["results"]] == ["sensor-001", "sensor-002"]


def test_success_envelope_has_bare_items(server: Server, http: httpx.Client) -> None:
    server.fault("success_envelope")
    answer = http.post("/objects/value", json=IDS).json()
    assert answer["success"] is True
    assert [item["elementId"] for item in answer["result"]] == ["sensor-001", "sensor-002"]
    assert answer["result"][0]["value"] == 18.5
    edges = http.post("/objects/related", json={"elementIds": ["temp-sensor-101"]}).json()["result"]
    assert edges[0]["elementId"] == "temp-sensor-101"
    assert len(edges[0]["result"]) == 2


def test_success_envelope_of_register_has_monitored_items(
    server: Server, http: httpx.Client, subscribe: Callable[..., dict[str, Any]]
) -> None:
    scope = subscribe(http)
    server.fault("success_envelope")
    answer = http.post("/subscriptions/register", json=scope | IDS | {"maxDepth": 0}).json()
    assert answer == {
        "success": True,
        "result": {
            "monitoredItems": [
                {"elementId": "sensor-001", "maxDepth": 0},
                {"elementId": "sensor-002", "maxDepth": 0},
            ]
        },
    }


def test_bulk_not_found_deletes_all_or_nothing(
    server: Server, http: httpx.Client, subscribe: Callable[..., dict[str, Any]]
) -> None:
    server.fault("bulk_not_found")
    known = subscribe(http)["subscriptionId"]
    asked: dict[str, Any] = {"clientId": "client-1", "subscriptionIds": [known, "none"]}
    assert http.post("/subscriptions/delete", json=asked).status_code == 404
    answer = http.post("/subscriptions/delete", json=asked | {"subscriptionIds": [known]})
    assert answer.json()["success"] is True
    assert http.post("/subscriptions/delete", json={}).status_code == 400


def test_beta_says_so(server: Server, http: httpx.Client) -> None:
    server.fault("beta")
    found = http.get("/info").json()["result"]
    assert (found["specVersion"], found["serverVersion"]) == ("1.0", "beta")


def test_beta_has_another_error_envelope(server: Server, http: httpx.Client) -> None:
    server.fault("beta")
    response = http.post("/objects/list", json={})
    assert response.status_code == 400
    assert response.json() == {"error": {"code": "400", "message": "elementIds is required"}}
    assert http.get("/nothing").json()["error"]["code"] == "404"


def test_beta_takes_no_bulk_writes(server: Server, http: httpx.Client) -> None:
    server.fault("beta")
    response = http.put("/objects/value", json={"updates": []})
    assert response.status_code == 405
    assert "error" in response.json()


@pytest.mark.parametrize("element_id", ["sensor-001", "Förderpumpe 7/Druck #1?50%;ns=2:ß"])
def test_beta_takes_one_value_at_a_time(server: Server, http: httpx.Client, element_id: str) -> None:
    server.fault("beta")
    response = http.put(f"/objects/{quote(element_id, safe='')}/value", json={"value": 5, "quality": "Good"})
    assert (response.status_code, response.json()) == (200, {"success": True, "result": None})
    answer = http.post("/objects/value", json={"elementIds": [element_id]}).json()
    assert answer["results"][0]["result"]["value"] == 5


@pytest.mark.parametrize(
    ("element_id", "body", "status"),
    [
        ("none", {"value": 1}, 404),
        ("sensor-001", {"value": "x"}, 400),
        ("sensor-001", {}, 400),
        ("none", 7, 400),
    ],
)
def test_beta_refuses_a_wrong_value(
    server: Server, http: httpx.Client, element_id: str, body: object, status: int
) -> None:
    server.fault("beta")
    response = http.put(f"/objects/{element_id}/value", json=body)
    assert response.status_code == status
    assert response.json()["error"]["code"] == str(status)


def test_without_beta_the_old_place_is_not_there(http: httpx.Client) -> None:
    assert http.put("/objects/sensor-001/value", json={"value": 1}).status_code == 404


def test_extra_fields_are_everywhere_but_in_values(server: Server, http: httpx.Client) -> None:
    asked = {"elementIds": ["pump-101"], "maxDepth": 0}
    plain = http.post("/objects/value", json=asked).json()
    server.fault("extra_fields")
    answer = http.post("/objects/value", json=asked).json()
    item = answer["results"][0]
    for node in (answer, item, item["result"], item["result"]["components"]["pump-101-flow"]):
        assert node["vendor"] == "Acme"
    assert item["result"]["value"] == plain["results"][0]["result"]["value"]


def test_extra_fields_add_no_elements(server: Server, http: httpx.Client) -> None:
    asked = {"elementIds": ["pump-101"], "maxDepth": 0}
    plain = http.post("/objects/value", json=asked).json()["results"][0]["result"]["components"]
    server.fault("extra_fields")
    assert (
        http.post("/objects/value", json=asked).json()["results"][0]["result"]["components"].keys()
        == plain.keys()
    )


def test_missing_optional_leaves_fields_out(server: Server, http: httpx.Client) -> None:
    server.fault("missing_optional")
    assert "sourceTypeId" not in http.get("/objecttypes").json()["result"][0]
    assert "relationshipId" not in http.get("/relationshiptypes").json()["result"][0]
    assert http.get("/info").json()["result"].keys() == {"specVersion", "capabilities"}
    listed = http.get("/objects").json()["result"][0]
    assert listed.keys() == {"elementId", "displayName", "typeElementId"}
    asked = {"elementIds": ["pump-101"], "maxDepth": 0}
    found = http.post("/objects/value", json=asked).json()["results"][0]["result"]
    assert found.keys() == {"value", "quality", "timestamp", "components"}
    assert http.post("/subscriptions", json={"clientId": "c"}).json()["result"].keys() == {"subscriptionId"}


def test_nulls_stand_where_a_default_would(server: Server, http: httpx.Client) -> None:
    server.fault("nulls")
    listed = http.get("/objects").json()["result"][0]
    assert (listed["isExtended"], listed["metadata"]) == (None, None)
    answer = http.post("/objects/value", json={"elementIds": ["pump-101"]}).json()
    assert answer["responseDetail"] is None
    assert answer["results"][0]["responseDetail"] is None
    assert answer["results"][0]["result"]["components"] is None
    assert answer["results"][0]["result"]["value"]["running"] is True


def test_nulls_hide_nothing_that_is_said(server: Server, http: httpx.Client) -> None:
    server.fault("nulls")
    assert http.get("/info").json()["result"]["serverName"] == "Pump Station"
    item = http.post("/objects/value", json={"elementIds": ["x"]}).json()["results"][0]
    assert item["responseDetail"]["status"] == 404


def test_a_faulty_answer_is_compressed_like_any_other(server: Server, http: httpx.Client) -> None:
    server.fault("extra_fields")
    with http.stream("GET", "/info", headers={"Accept-Encoding": "gzip"}) as response:
        assert json.loads(gzip.decompress(b"".join(response.iter_raw())))["vendor"] == "Acme"


# Event streams


@pytest.fixture
def scope(http: httpx.Client, subscribe: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return subscribe(http, "sensor-001")


def test_a_stream_closes_cleanly_after_some_events(
    server: Server, http: httpx.Client, scope: dict[str, Any]
) -> None:
    server.fault("lossy_stream_close", after=1)
    with http.stream("POST", "/subscriptions/stream", json=scope) as response:
        server.set_value("sensor-001", 1)
        lines = list(response.iter_lines())
    assert [line.startswith("data: ") for line in lines] == [True, False]


def test_a_stream_that_is_open_meets_a_fault_too(
    server: Server, http: httpx.Client, scope: dict[str, Any]
) -> None:
    with http.stream("POST", "/subscriptions/stream", json=scope) as response:
        lines = response.iter_lines()
        server.set_value("sensor-001", 1)
        assert next(lines).startswith("data: ")
        handle = server.fault("lossy_stream_close")
        assert list(lines) == [""]
    assert handle.applied == 1


def test_a_stream_fault_applies_to_so_many_streams(
    server: Server, http: httpx.Client, scope: dict[str, Any]
) -> None:
    server.fault("lossy_stream_close", times=1)
    with http.stream("POST", "/subscriptions/stream", json=scope) as response:
        assert list(response.iter_lines()) == []
    with http.stream("POST", "/subscriptions/stream", json=scope) as response:
        server.set_value("sensor-001", 1)
        assert next(response.iter_lines()).startswith("data: ")


def test_what_a_lossy_close_finds_in_the_queue_is_lost(
    server: Server, http: httpx.Client, scope: dict[str, Any]
) -> None:
    server.set_value("sensor-001", 1)
    server.fault("lossy_stream_close")
    with http.stream("POST", "/subscriptions/stream", json=scope) as response:
        assert list(response.iter_lines()) == []
    assert http.post("/subscriptions/sync", json=scope).json()["result"] == []


def test_a_stream_says_that_it_closes(server: Server, http: httpx.Client, scope: dict[str, Any]) -> None:
    server.fault("event_close")
    with http.stream("POST", "/subscriptions/stream", json=scope) as response:
        assert list(response.iter_lines()) == ["event: close", "data: {}", ""]


def test_a_stream_is_reset_in_the_middle_of_an_event(
    server: Server, http: httpx.Client, scope: dict[str, Any]
) -> None:
    server.fault("stream_reset", after=1, partial=b'data: [{"elem')
    with http.stream("POST", "/subscriptions/stream", json=scope) as response:
        chunks = response.iter_raw()
        server.set_value("sensor-001", 1)
        received: list[bytes] = []
        with pytest.raises(httpx.ReadError):
            received.extend(chunks)
    assert b"".join(received).startswith(b'data: [{"elementId":"sensor-001"')


def test_a_silent_stream_stays_open(server: Server, http: httpx.Client, scope: dict[str, Any]) -> None:
    server.fault("stream_silence")
    with http.stream("POST", "/subscriptions/stream", json=scope) as response:
        server.set_value("sensor-001", 1)
        assert http.post("/subscriptions/sync", json=scope).status_code == 400  # while a stream is open
        server.stop()
        assert list(response.iter_raw()) == []


def test_an_answer_in_place_of_a_stream(server: Server, http: httpx.Client, scope: dict[str, Any]) -> None:
    server.fault("status", operation="streamSubscription", status=503, retry_after="1")
    assert http.post("/subscriptions/stream", json=scope).status_code == 503


def test_a_loss_takes_what_was_on_its_way(server: Server, http: httpx.Client, scope: dict[str, Any]) -> None:
    server.fault("stream_loss", times=1, after=1)
    with http.stream("POST", "/subscriptions/stream", json=scope) as response:
        server.set_value("sensor-001", 1)
        lines = response.iter_lines()
        assert json.loads(next(lines).removeprefix("data: "))[0]["value"] == 1
        server.set_value("sensor-001", 2)
        assert list(lines) == [""]
    assert http.post("/subscriptions/sync", json=scope).json()["result"] == []


def test_a_loss_can_be_a_reset(server: Server, http: httpx.Client, scope: dict[str, Any]) -> None:
    server.fault("stream_loss", reset=True)
    with http.stream("POST", "/subscriptions/stream", json=scope) as response:
        server.set_value("sensor-001", 1)
        with pytest.raises(httpx.ReadError):
            list(response.iter_lines())


def test_an_orphaned_stream_stays_open_without_its_subscription(
    server: Server, http: httpx.Client, scope: dict[str, Any]
) -> None:
    server.fault("stream_orphan", after=1)
    with (
        ThreadPoolExecutor(1) as threads,
        http.stream("POST", "/subscriptions/stream", json=scope) as response,
    ):
        chunks = response.iter_raw()
        server.set_value("sensor-001", 1)
        assert next(chunks)
        server.set_value("sensor-001", 2)
        rest = threads.submit(list, chunks)
        assert http.post("/subscriptions/sync", json=scope).status_code == 404
        with pytest.raises(TimeoutError):
            rest.result(timeout=0.1)
        server.stop()
        assert rest.result() == []


def test_a_stream_begins_with_repeats(server: Server, http: httpx.Client, scope: dict[str, Any]) -> None:
    server.fault("stream_repeats", count=2)
    server.fault("lossy_stream_close", after=1)
    for number in range(3):
        server.set_value("sensor-001", number)
    with http.stream("POST", "/subscriptions/stream", json=scope) as response:
        assert len(list(response.iter_lines())) == 2
    server.set_value("sensor-001", 3)
    with http.stream("POST", "/subscriptions/stream", json=scope) as response:
        lines = [line for line in response.iter_lines() if line]
    sent = [[update["value"] for update in json.loads(line.removeprefix("data: "))] for line in lines]
    assert sent == [[1, 2], [3]]


@pytest.mark.parametrize(
    ("shape", "events"),
    [
        ("array", [["U", "U"]]),
        ("bare", ["U", "U"]),
        ("batch", [{"sequenceNumber": 1, "updates": ["U", "U"]}]),
        ("batches", [[{"sequenceNumber": 1, "updates": ["U", "U"]}]]),
    ],
)
def test_updates_have_a_shape(
    server: Server, http: httpx.Client, scope: dict[str, Any], shape: str, events: list[Any]
) -> None:
    server.fault("stream_shape", shape=shape)
    server.fault("lossy_stream_close", after=1)
    for number in range(2):
        server.set_value("sensor-001", number)
    with http.stream("POST", "/subscriptions/stream", json=scope) as response:
        lines = [line.removeprefix("data: ") for line in response.iter_lines() if line]

    def named(entry: dict[str, Any]) -> Any:
        return "U" if "elementId" in entry else entry

    assert [json.loads(line, object_hook=named) for line in lines] == events


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"line_end": "\r\n"}, b'data: [{"elementId":X}]\r\n\r\n'),
        ({"line_end": "\r", "mark": True}, b'\xef\xbb\xbfdata: [{"elementId":X}]\r\r'),
        ({"before": ": hm\nid: 5\n"}, b': hm\nid: 5\ndata: [{"elementId":X}]\n\n'),
        ({"lines": True}, b'data: [{\ndata: "elementId":X}]\n\n'),
    ],
)
def test_events_have_other_words(
    server: Server, http: httpx.Client, scope: dict[str, Any], options: dict[str, Any], text: bytes
) -> None:
    server.fault("stream_text", **options)
    server.fault("lossy_stream_close", after=1)
    server.set_value("sensor-001", 1)
    with http.stream("POST", "/subscriptions/stream", json=scope) as response:
        received = b"".join(response.iter_raw())
    before, _, after = text.partition(b"X")
    assert received.startswith(before)
    assert received.endswith(after)


def test_events_are_cut_into_chunks(server: Server, http: httpx.Client, scope: dict[str, Any]) -> None:
    server.fault("stream_chunks", size=3)
    server.fault("lossy_stream_close", after=1)
    server.set_value("sensor-001", "ü")
    with http.stream("POST", "/subscriptions/stream", json=scope) as response:
        chunks = [chunk for chunk in response.iter_raw() if chunk]
    assert {len(chunk) for chunk in chunks[:-1]} == {3}
    assert json.loads(b"".join(chunks).removeprefix(b"data: "))[0]["value"] == "ü"


def test_subscriptions_are_forgotten_when_a_request_comes(
    server: Server, http: httpx.Client, scope: dict[str, Any]
) -> None:
    server.fault("forget", operation="syncSubscription", times=1)
    assert http.post("/subscriptions/sync", json=scope).status_code == 404
