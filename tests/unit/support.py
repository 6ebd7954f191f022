"""What the unit tests share: answers of a server, as bytes, and strategies for what can be in them."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from i3x.calls import Bulk, Call
from i3x.failures import Reply, Subject

SUBJECT = Subject("queryLastKnownValues")
GOOD: dict[str, Any] = {
    "isComposition": False,
    "value": 1,
    "quality": "Good",
    "timestamp": "2026-01-31T08:00:00Z",
}
SECRET = "s3cr3t-t0ken"  # no real one: it stands for what must not be repeated

ids = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(str.strip)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | texts | st.text('[]{},:"\\ab', max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def reply(
    body: Any = b"", status: int = 200, content_type: str = "application/json", attempts: int = 1
) -> Reply:
    """An answer; a body that is no bytes is sent as JSON. The secret is one of the client's credentials."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(
        status, content, content_type, attempts=attempts, redact=lambda text: text.replace(SECRET, "***")
    )


def item(element_id: str, result: Any = None, key: str = "elementId") -> dict[str, Any]:
    """A good item of a bulk answer."""
    return {"success": True, key: element_id, "result": result}


def failed(
    element_id: str, status: int = 404, detail: str = "not here", key: str = "elementId"
) -> dict[str, Any]:
    """A failed item of a bulk answer."""
    explanation = {"title": "Failed", "status": status, "detail": detail}
    return {"success": False, key: element_id, "responseDetail": explanation}


def bulk(*items: Any, **more: Any) -> dict[str, Any]:
    """A bulk answer as the standard says."""
    well = all(isinstance(entry, Mapping) and entry.get("success") is True for entry in items)
    return {"success": well, "results": list(items), **more}


def success(result: Any, **more: Any) -> dict[str, Any]:
    """A success envelope as the standard says."""
    return {"success": True, "result": result, **more}


def raw_bulk(*items: bytes) -> bytes:
    """A bulk answer whose items may be no JSON."""
    return b'{"success":true,"results":[' + b",".join(items) + b"]}"


def raw_item(element_id: str, value: bytes) -> bytes:
    """An item with a current value that may be no JSON."""
    return b'{"success":true,"elementId":%s,"result":{"value":%s}}' % (json.dumps(element_id).encode(), value)


def one(call: Call[Any] | Bulk[Any]) -> Call[Any]:
    """Return a call, a bulk call in one request."""
    return call.whole() if isinstance(call, Bulk) else call


def read(call: Call[Any] | Bulk[Any], body: Any, status: int = 200, attempts: int = 1) -> Any:
    """Return what an operation makes of an answer."""
    return one(call).read(reply(body, status, attempts=attempts))


def sent(call: Call[Any] | Bulk[Any]) -> Any:
    """Return the body of a request, parsed."""
    return json.loads(one(call).content)


def outcome(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a function returns, or the exception that it raises."""
    try:
        return function(*arguments)
    except Exception as error:  # noqa: BLE001  # the caller says which are right
        return error


UNREADABLE: Sequence[Any] = [
    ("NaN", b"NaN", "holds NaN, which JSON does not have"),
    ("Infinity", b"Infinity", "holds Infinity, which JSON does not have"),
    ("-Infinity", b"-Infinity", "holds -Infinity, which JSON does not have"),
    ("1e400", b"1e400", "holds a number that is out of range: 1e400"),
    ("a number of 5000 digits", b"9" * 5000, "of 5000 digits"),
    ("a lone surrogate", rb'"\ud800"', "a lone surrogate"),
    ("invalid UTF-8", b'"\xff"', "is no valid UTF-8"),
    ("10,000 levels", b"[" * 10_000 + b"]" * 10_000, "is nested too deep to be read"),
    ("Python's True", b"True", "is no valid JSON"),
]
"""Values that are no JSON that can be read: a name, the bytes, and what must be said of them."""
