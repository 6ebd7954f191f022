"""A survey of a server with plain httpx: one probe for each rule, and what two servers answer differently to it."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx

from i3x.testing import Server

TOKEN = "secret"

Findings = dict[str, Any]
"""Probe -> what is of interest in the answer, such as its `status`, `type`, `coding` and `body`."""

_DAY = {"startTime": "2000-01-01T00:00:00Z", "endTime": "2100-01-01T00:00:00Z"}
_PLATE = {"name": "Pump Station South", "commissioned": "2019-05-02T00:00:00Z", "staffed": False}
_VQT = {"value": _PLATE, "quality": "Good", "timestamp": "2026-01-31T08:15:00Z"}
_WRITE = {"elementId": "station-1", "value": _VQT}
_NO_WRITE = _WRITE | {"elementId": "no-such-id"}

_READS: dict[str, tuple[str, str, Any]] = {
    "info": ("GET", "/info", None),
    "namespaces": ("GET", "/namespaces", None),
    "types": ("GET", "/objecttypes", None),
    "types of a namespace": (
        "GET",
        "/objecttypes?namespaceUri=https://example.com/pump-station/equipment",
        None,
    ),
    "types by id": ("POST", "/objecttypes/query", ["type-tank", "type-pump"]),
    "types by id, one unknown": ("POST", "/objecttypes/query", ["type-tank", "no-such-id"]),
    "relationship types": ("GET", "/relationshiptypes", None),
    "relationship types by id, one unknown": (
        "POST",
        "/relationshiptypes/query",
        ["SuppliesTo", "no-such-id"],
    ),
    "objects": ("GET", "/objects", None),
    "roots": ("GET", "/objects?root=true", None),
    "objects of a type": ("GET", "/objects?typeElementId=type-station", None),
    "objects with metadata": ("GET", "/objects?includeMetadata=true", None),
    "objects by id, one unknown": ("POST", "/objects/list", ["tank-201", "tank-202", "no-such-id"]),
    "related": ("POST", "/objects/related", ["sensor-001", "station-1"]),
    "related by type": (
        "POST",
        "/objects/related",
        {"elementIds": ["sensor-001"], "relationshipType": "Monitors"},
    ),
    "values": ("POST", "/objects/value", ["station-1", "mode-501", "pump-101"]),
    "values, one unknown": ("POST", "/objects/value", ["station-1", "no-such-id"]),
    "components": ("POST", "/objects/value", {"elementIds": ["pump-101"], "maxDepth": 0}),
    "history": ("POST", "/objects/history", _DAY | {"elementIds": ["station-1", "sensor-002"]}),
    "history, one unknown": ("POST", "/objects/history", _DAY | {"elementIds": ["station-1", "no-such-id"]}),
    "history of components": ("POST", "/objects/history", _DAY | {"elementIds": ["pump-101"], "maxDepth": 0}),
    "history without start": (
        "POST",
        "/objects/history",
        {"elementIds": ["station-1"], "endTime": _DAY["endTime"]},
    ),
    "history without end": (
        "POST",
        "/objects/history",
        {"elementIds": ["station-1"], "startTime": _DAY["startTime"]},
    ),
    "history of no time": (
        "POST",
        "/objects/history",
        _DAY | {"elementIds": ["station-1"], "startTime": "lately"},
    ),
    "write": ("PUT", "/objects/value", {"updates": [_WRITE]}),
    "what was written": ("POST", "/objects/value", ["station-1"]),
    "write, one unknown": ("PUT", "/objects/value", {"updates": [_WRITE, _NO_WRITE]}),
    "write history": ("PUT", "/objects/history", {"updates": [_WRITE]}),
}


def survey(server: Server) -> Findings:
    """Ask everything once, in the same order and with the same ids every time."""
    credentials = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=server.url, verify=False, timeout=15, headers=credentials) as http:
        findings = {probe: _seen(_ask(http, *request)) for probe, request in _READS.items()}
        del http.headers["Authorization"]
        for path in ("/info", "/namespaces"):
            findings[f"{path[1:]}, anonymous"] = {"status": http.get(path).status_code}
        http.headers.update(credentials)
        findings["namespaces, compressed"] = _compressed(http)
        return findings | dict(_subscriptions(server, http))


def changes(before: Findings, after: Findings) -> set[str]:
    """What has changed, as `probe: place`; or as `probe: 404 becomes 200`, which makes the rest another matter."""
    return {f"{probe}: {place}" for probe in before for place in _change(before[probe], after[probe])}


def _change(before: Any, after: Any) -> Iterator[str]:
    if before.get("status") != after.get("status"):
        yield f"{before['status']} becomes {after['status']}"
    else:
        yield from (place.removeprefix(".body").removeprefix(".") for place in _differences(before, after))


def _differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """The places where two documents differ; all entries of a list are one place, `[]`."""
    if isinstance(one, dict) and isinstance(other, dict):
        moved = one.get("elementId") != other.get("elementId")
        for name in ["elementId"] if moved else sorted(one.keys() | other.keys()):
            yield from _differences(one.get(name, ...), other.get(name, ...), f"{path}.{name}")
    elif isinstance(one, list) and isinstance(other, list):
        for left, right in zip(one, other, strict=False):
            yield from _differences(left, right, f"{path}[]")
        if len(one) != len(other):
            yield f"{path}[{len(other) - len(one):+}]"
    elif one != other:
        yield path


def _ask(http: httpx.Client, method: str, path: str, body: Any) -> httpx.Response:
    fields = {"elementIds": body} if isinstance(body, list) else body
    return http.request(method, path, json=fields)


def _compressed(http: httpx.Client) -> Any:
    with http.stream("GET", "/namespaces", headers={"Accept-Encoding": "gzip"}) as response:
        begins = b"".join(response.iter_raw())[:2]
        return {"coding": response.headers.get("content-encoding"), "zipped": begins == b"\x1f\x8b"}


def _subscriptions(server: Server, http: httpx.Client) -> Iterator[tuple[str, Any]]:
    def ask(path: str, **fields: Any) -> Any:
        return _seen(http.post(f"/subscriptions{path}", json=fields))

    yield "create", ask("", clientId="me", displayName="Mine")
    yield "create for nobody", ask("")
    mine = next(each for each in server._state.subscriptions if each.client_id == "me").subscription_id
    scope = {"clientId": "me", "subscriptionId": mine}
    other = {"clientId": "other", "subscriptionId": mine}
    yield "list", ask("/list", clientId="me", subscriptionIds=[mine])
    yield "list, another client", ask("/list", clientId="other", subscriptionIds=[mine])
    yield "sync for nobody", ask("/sync", subscriptionId=mine)
    yield "sync, another client", ask("/sync", **other)
    yield "register", ask("/register", **scope, elementIds=["sensor-001", "tank-202"])
    yield "register again", ask("/register", **scope, elementIds=["sensor-001"])
    yield "register, one unknown", ask("/register", **scope, elementIds=["sensor-001", "no-such-id"])
    for value in (1.0, 2.0):
        server.set_value("sensor-001", value)
        yield f"sync {value:.0f}", ask("/sync", **scope)
    yield "acknowledge", ask("/sync", **scope, lastSequenceNumber=2)
    server.set_value("sensor-001", 3.0)
    yield "clear", ask("/sync", **scope, lastSequenceNumber=-1)
    yield "unregister, one unknown", ask("/unregister", **scope, elementIds=["tank-202", "no-such-id"])
    yield from _streams(http, scope)
    yield "delete", ask("/delete", clientId="me", subscriptionIds=[mine])
    yield "sync what is deleted", ask("/sync", **scope)


def _streams(http: httpx.Client, scope: dict[str, str]) -> Iterator[tuple[str, Any]]:
    with http.stream("POST", "/subscriptions/stream", json=scope, timeout=httpx.Timeout(15, read=2)) as first:
        yield "stream", _head(first)
        with http.stream("POST", "/subscriptions/stream", json=scope) as second:
            yield "second stream", _head(second)
            yield "end of the first stream", {"ends": _end(first)}


def _head(response: httpx.Response) -> Any:
    return {"status": response.status_code, "type": response.headers["content-type"]}


def _end(response: httpx.Response) -> str:
    try:
        response.read()
    except httpx.HTTPError as error:
        return type(error).__name__
    return "with an error event" if "event: error" in response.text else "cleanly"


def _seen(response: httpx.Response) -> Any:
    return {
        "status": response.status_code,
        "type": response.headers.get("content-type"),
        "coding": response.headers.get("content-encoding"),
        "body": _plain(response.json()) if "json" in response.headers["content-type"] else response.text,
    }


def _plain(node: Any) -> Any:
    """Without what is different every time: ids of subscriptions, and when it was."""
    if isinstance(node, dict):
        return {name: _plain(value) for name, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    if isinstance(node, str):
        return (
            "a time"
            if _is_time(node)
            else re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "an id", node)
        )
    return node


def _is_time(text: str) -> bool:
    if not re.fullmatch(r"\d{4}-.*Z", text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
