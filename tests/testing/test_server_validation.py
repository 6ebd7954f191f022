"""What is refused, and how: always in the standard's failure envelope."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from i3x.testing import Server

RANGE = {"startTime": "2026-01-01T00:00:00Z", "endTime": "2026-01-02T00:00:00Z"}
VQT = {"value": 1, "quality": "Good", "timestamp": "2026-01-01T00:00:00Z"}
SCOPE = {"clientId": "client-1", "subscriptionId": "none"}

GOOD: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/objecttypes/query"): {"elementIds": ["type-pump"]},
    ("POST", "/relationshiptypes/query"): {"elementIds": ["HasParent"]},
    ("POST", "/objects/list"): {"elementIds": ["pump-101"]},
    ("POST", "/objects/related"): {"elementIds": ["pump-101"]},
    ("POST", "/objects/value"): {"elementIds": ["pump-101"]},
    ("PUT", "/objects/value"): {"updates": [{"elementId": "sensor-001", "value": VQT}]},
    ("POST", "/objects/history"): {"elementIds": ["pump-101"]} | RANGE,
    ("PUT", "/objects/history"): {"updates": [{"elementId": "sensor-001", "value": VQT}]},
    ("POST", "/subscriptions"): {"clientId": "client-1"},
    ("POST", "/subscriptions/list"): {"clientId": "client-1", "subscriptionIds": []},
    ("POST", "/subscriptions/register"): SCOPE | {"elementIds": []},
    ("POST", "/subscriptions/unregister"): SCOPE | {"elementIds": []},
    ("POST", "/subscriptions/stream"): SCOPE,
    ("POST", "/subscriptions/sync"): SCOPE,
    ("POST", "/subscriptions/delete"): {"clientId": "client-1", "subscriptionIds": []},
}
REQUIRED = [(*route, name) for route, body in GOOD.items() for name in body]


def refused(response: httpx.Response, status: int = 400) -> str:
    """The detail of a failure envelope, which must be one in every respect."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    document = response.json()
    assert document["success"] is False
    detail = document["responseDetail"]
    assert detail["status"] == status
    assert isinstance(detail["title"], str)
    text = detail["detail"]
    assert isinstance(text, str)
    return text


@pytest.mark.parametrize(("method", "path", "name"), REQUIRED)
def test_a_required_field_may_not_be_left_out(http: httpx.Client, method: str, path: str, name: str) -> None:
    body = {key: value for key, value in GOOD[method, path].items() if key != name}
    assert refused(http.request(method, path, json=body)) == f"{name} is required"


@pytest.mark.parametrize(("method", "path", "name"), REQUIRED)
@pytest.mark.parametrize("wrong", [None, 7, {}, [1]], ids=repr)
def test_a_required_field_must_have_its_type(
    http: httpx.Client, method: str, path: str, name: str, wrong: object
) -> None:
    response = http.request(method, path, json=GOOD[method, path] | {name: wrong})
    assert name in refused(response)


@pytest.mark.parametrize(("method", "path"), GOOD)
@pytest.mark.parametrize(
    "body", ["", "{", '{"a": NaN}', "[1, 2]", '"text"', "null", '{"a": "\\ud800"}', "[" * 5000]
)
def test_a_body_must_be_a_json_object(http: httpx.Client, method: str, path: str, body: str) -> None:
    headers = {"Content-Type": "application/json"}
    refused(http.request(method, path, content=body, headers=headers))


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "application/json-patch", ""]
)
def test_a_body_must_be_declared_as_json(http: httpx.Client, media_type: str) -> None:
    headers = {"Content-Type": media_type}
    refused(http.post("/objects/list", content='{"elementIds": []}', headers=headers), 415)


def test_a_charset_beside_the_content_type_is_fine(http: httpx.Client) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert http.post("/objects/list", content='{"elementIds": []}', headers=headers).status_code == 200


def test_a_compressed_body_is_not_taken(http: httpx.Client) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    refused(http.post("/objects/list", content=b"\x1f\x8b", headers=headers), 415)


@pytest.mark.parametrize("path", ["/objects/value", "/objects/history"])
@pytest.mark.parametrize("depth", [-1, 1.5, "1", True, None, []])
def test_max_depth_must_be_a_whole_number_from_zero(http: httpx.Client, path: str, depth: object) -> None:
    assert "maxDepth" in refused(http.post(path, json={"elementIds": []} | RANGE | {"maxDepth": depth}))


def test_max_depth_of_a_monitored_item_may_be_null_but_not_negative(
    http: httpx.Client, subscribe: Callable[..., dict[str, Any]]
) -> None:
    scope = subscribe(http) | {"elementIds": ["sensor-001"]}
    assert http.post("/subscriptions/register", json=scope | {"maxDepth": None}).status_code == 200
    assert "maxDepth" in refused(http.post("/subscriptions/register", json=scope | {"maxDepth": -1}))


@pytest.mark.parametrize("path", ["/objects/list", "/objects/related"])
@pytest.mark.parametrize("flag", ["true", 1, None])
def test_a_flag_in_a_body_must_be_a_boolean(http: httpx.Client, path: str, flag: object) -> None:
    assert "includeMetadata" in refused(http.post(path, json={"elementIds": [], "includeMetadata": flag}))


@pytest.mark.parametrize("name", ["includeMetadata", "root"])
@pytest.mark.parametrize("flag", ["True", "1", "yes", ""])
def test_a_flag_in_a_query_must_be_true_or_false(http: httpx.Client, name: str, flag: str) -> None:
    assert name in refused(http.get("/objects", params={name: flag}))


@pytest.mark.parametrize("name", ["startTime", "endTime"])
@pytest.mark.parametrize("text", ["", "yesterday", "2026-01-01", "2026-13-01T00:00:00Z", "1767225600"])
def test_times_must_be_rfc_3339(http: httpx.Client, name: str, text: str) -> None:
    body = {"elementIds": ["sensor-001"]} | RANGE | {name: text}
    assert name in refused(http.post("/objects/history", json=body))


def test_the_start_may_not_be_after_the_end(http: httpx.Client) -> None:
    body = {"elementIds": [], "startTime": RANGE["endTime"], "endTime": RANGE["startTime"]}
    assert refused(http.post("/objects/history", json=body)) == "startTime must not be after endTime"


@pytest.mark.parametrize("path", ["/objects/value", "/objects/history"])
@pytest.mark.parametrize(
    ("field", "wrong"), [("quality", "good"), ("quality", 1), ("timestamp", "today"), ("timestamp", 1)]
)
def test_a_written_vqt_must_be_one(http: httpx.Client, path: str, field: str, wrong: object) -> None:
    update = {"elementId": "sensor-001", "value": VQT | {field: wrong}}
    assert f"updates[0].value.{field}" in refused(http.put(path, json={"updates": [update]}))


@pytest.mark.parametrize(
    "update", [1, {}, {"elementId": "x"}, {"elementId": 1, "value": VQT}, {"elementId": "x", "value": 1}]
)
def test_an_update_must_have_an_element_id_and_a_vqt(http: httpx.Client, update: object) -> None:
    assert "updates[0]" in refused(http.put("/objects/value", json={"updates": [update]}))


@pytest.mark.parametrize("number", [-2, 2**64, 1.5, "1", True])
def test_a_sequence_number_must_be_one(
    http: httpx.Client, subscribe: Callable[..., dict[str, Any]], number: object
) -> None:
    body = subscribe(http) | {"lastSequenceNumber": number}
    assert "lastSequenceNumber" in refused(http.post("/subscriptions/sync", json=body))


@pytest.mark.parametrize(
    "path", ["/nothing", "/objects/", "/objects/a/b", "//objects", "/subscriptions/none"]
)
def test_an_unknown_route_is_not_found(http: httpx.Client, path: str) -> None:
    refused(http.get(http.base_url.copy_with(path=f"/v1{path}")), 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/info", "GET, HEAD"),
        ("GET", "/objects/value", "POST, PUT"),
        ("DELETE", "/subscriptions", "POST"),
        ("PATCH", "/objects/history", "POST, PUT"),
    ],
)
def test_another_method_is_not_allowed(http: httpx.Client, method: str, path: str, allowed: str) -> None:
    response = http.request(method, path)
    refused(response, 405)
    assert response.headers["allow"] == allowed


def test_unknown_fields_are_no_mistake(http: httpx.Client) -> None:
    assert http.post("/objects/list", json={"elementIds": [], "vendor": {"x": 1}}).status_code == 200


def test_more_items_than_the_server_takes_are_refused(connect: Callable[..., httpx.Client]) -> None:
    with Server(max_request_items=2, tick=None) as server:
        http = connect(server)
        assert http.post("/objects/list", json={"elementIds": ["a", "b"]}).status_code == 200
        assert "2 in one request" in refused(http.post("/objects/list", json={"elementIds": ["a", "b", "c"]}))
        updates = [{"elementId": "sensor-001", "value": {"value": 1}}] * 3
        refused(http.put("/objects/value", json={"updates": updates}))
        refused(http.post("/subscriptions/list", json={"clientId": "c", "subscriptionIds": ["a", "b", "c"]}))


def test_a_larger_body_than_the_server_takes_is_refused(connect: Callable[..., httpx.Client]) -> None:
    with Server(max_body_bytes=100, tick=None) as server:
        http = connect(server)
        refused(http.post("/objects/list", json={"elementIds": ["x" * 100]}), 413)
        assert http.get("/info").status_code == 200


@pytest.mark.parametrize(
    ("switch", "method", "path"),
    [
        ("history", "POST", "/objects/history"),
        ("update_current", "PUT", "/objects/value"),
        ("update_history", "PUT", "/objects/history"),
        ("stream", "POST", "/subscriptions/stream"),
    ],
)
def test_a_capability_that_is_off_is_not_implemented(
    connect: Callable[..., httpx.Client], switch: str, method: str, path: str
) -> None:
    options: dict[str, Any] = {switch: False}
    with Server(tick=None, **options) as server:
        http = connect(server)
        refused(http.request(method, path, json=GOOD[method, path]), 501)
        capabilities = http.get("/info").json()["result"]["capabilities"]
    flat = {
        "history": capabilities["query"]["history"],
        "update_current": capabilities["update"]["current"],
        "update_history": capabilities["update"]["history"],
        "stream": capabilities["subscribe"]["stream"],
    }
    assert flat == dict.fromkeys(flat, True) | {switch: False}
