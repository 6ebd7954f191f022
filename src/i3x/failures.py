"""How an error is told: from whatever a server answered to one exception that says what to do next.

Servers word their failures in many ways: the standard's ``responseDetail``, the envelopes of earlier drafts and
of web frameworks, pages of proxies, nothing at all. All of them end here as the right class of error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from i3x.errors import I3XError, InvalidServerResponseError, NotFoundError, error_class
from i3x.models import ResponseDetail

_LONGEST = 500
_HTML_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

_CREDENTIALS = "token=, auth= or headers="
_ADVICE = {
    400: "correct the request",
    401: f"give the client credentials that this server accepts: {_CREDENTIALS}",
    403: "these credentials do not allow it: ask the server's administrator, or use others",
    404: "check the id, and that base_url ends with the version prefix, such as /v1",
    405: "the server does not take this call here: check that base_url ends with the version prefix, such as /v1",
    408: "try again, or ask for less at once",
    410: "it existed once: make it anew",
    413: "ask for fewer elements, or a shorter time range, at once",
    422: "correct the request",
    429: "the server is overloaded: call less often, or later",
    500: "the server failed: try again later, and tell its administrator if it stays",
    501: "the server does not offer this optional feature: see server_info.capabilities",
    502: "a gateway does not reach the server: try again later",
    503: "the server is overloaded or starting: try again later",
    504: "a gateway got no answer in time: try again later, or ask for less at once",
}
_SUBSCRIPTION_GONE = (
    "it does not exist, has expired, or belongs to another client_id: create a new subscription"
)


def _as_it_is(text: str) -> str:
    return text


class Reply(msgspec.Struct, frozen=True):
    """What came back for a request: any status, the whole body, nothing of it judged yet.

    ``date`` is the server's own clock as its Date header gives it, None if it does not. ``attempts`` counts how
    often the request may have been carried out; ``credentials`` says in words which ones were sent with it ("the
    token"), and is empty if there were none; ``redact`` takes credentials out of a server's words.
    """

    status_code: int
    content: bytes
    content_type: str = ""
    retry_after: float | None = None
    date: datetime | None = None
    attempts: int = 1
    credentials: str = ""
    redact: Callable[[str], str] = _as_it_is

    @property
    def body(self) -> bytes:
        """The body without a byte order mark."""
        return self.content.removeprefix(b"\xef\xbb\xbf")

    def describe(self) -> str:
        """Return status and content type, for messages."""
        return f"HTTP {self.status_code}, content type {self.redact(self.content_type) or 'not given'}"


class Subject(msgspec.Struct, frozen=True):
    """What a message is about: the operation, and an element or a subscription if it is about one."""

    operation: str
    element_id: str | None = None
    subscription_id: str | None = None

    def item(self, key: str, item_id: str) -> Subject:
        """Return the subject of one item, by the name of its id in the answer."""
        if key == "elementId":
            return Subject(self.operation, element_id=item_id)
        return Subject(self.operation, subscription_id=item_id)

    def __str__(self) -> str:
        if self.element_id is not None:
            return f"{self.operation}, element {self.element_id!r}"
        if self.subscription_id is not None:
            return f"{self.operation}, subscription {self.subscription_id!r}"
        return self.operation


def failed_reply(reply: Reply, subject: Subject) -> I3XError:
    """Return the error for an answer with an HTTP status of 400 or more."""
    detail = detail_in(_parsed(reply))
    if detail is None:
        detail = ResponseDetail(detail=_page_text(reply))
    return told(detail, reply.status_code, subject, reply.redact, _about_credentials(reply))


def _about_credentials(reply: Reply) -> str | None:
    """Return what to do where the server wants credentials: those that were sent are wrong, or none were."""
    if reply.status_code != 401:
        return None
    if not reply.credentials:
        return f"the server wants credentials, and none were sent: give the client {_CREDENTIALS}"
    return f"the server refused {reply.credentials}: give the client others that it accepts: {_CREDENTIALS}"


def failed_item(detail: Any, subject: Subject, redact: Callable[[str], str]) -> I3XError:
    """Return the error for one item of a bulk answer, or for a 200 that says ``success: false``.

    ``detail`` is anything the server sent to explain itself; a failure without a status counts as not found,
    which is what nearly all failures of single items are.
    """
    found = detail_in({"responseDetail": detail}) or ResponseDetail()
    if found.status is not None:
        return told(found, found.status, subject, redact)
    words = clean(redact(found.detail or found.title)) or "the server says that it failed, and not why"
    return NotFoundError(
        f"{subject}: {words}; check the id",
        404,
        title=clean(redact(found.title)) or None,
        detail=clean(redact(found.detail)) or None,
        operation=subject.operation,
        element_id=subject.element_id or subject.subscription_id,
    )


def told(
    detail: ResponseDetail,
    status: int,
    subject: Subject,
    redact: Callable[[str], str],
    advice: str | None = None,
) -> I3XError:
    """Return the error for a status and the words that came with it; what to do depends on the status unless given."""
    words = clean(redact(detail.detail or detail.title))
    if advice is None:
        advice = _ADVICE.get(status, _ADVICE[500] if status >= 500 else "ask the server's administrator")
    if status in (404, 410) and subject.subscription_id is not None:
        advice = _SUBSCRIPTION_GONE
    elif status == 404 and subject.element_id is not None:
        advice = "check the id: get_objects() and the calls for types list those that exist"
    return error_class(status)(
        f"{subject}: {words or 'the server gives no reason'} (status {status}); {advice}",
        status,
        title=clean(redact(detail.title)) or None,
        detail=clean(redact(detail.detail)) or None,
        operation=subject.operation,
        element_id=subject.element_id or subject.subscription_id,
    )


def retold(error: I3XError, message: str, *, element_id: str | None = None) -> I3XError:
    """Return an error of the same kind with another message, about an element or about the call."""
    other = type(error)(
        message,
        error.status_code,
        title=error.title,
        detail=error.detail,
        operation=error.operation,
        element_id=element_id,
    )
    other.outcome_unknown = error.outcome_unknown
    return other


def put_in_doubt(error: I3XError, *, may_repeat: bool) -> None:
    """Let an error say that the server may have carried the change out all the same."""
    advice = "; it may be done again" if may_repeat else ": look before doing it again"
    error.args = (f"{error}. Whether the server carried it out is unknown{advice}",)
    error.outcome_unknown = True


def invalid(reply: Reply, subject: Subject, what: str) -> InvalidServerResponseError:
    """Return the error for an answer that can't be read: what is wrong, and with which answer."""
    return InvalidServerResponseError(
        f"{subject}: {what} ({reply.describe()}); check that base_url is the root of an i3X API, "
        "such as https://server.example.com/v1, and tell the server's maintainers if it is",
        reply.status_code,
        operation=subject.operation,
        element_id=subject.element_id or subject.subscription_id,
    )


def detail_in(body: Any) -> ResponseDetail | None:
    """Return what a parsed answer says about its failure, None if it says nothing in a known form."""
    if not isinstance(body, Mapping):
        return None
    for name in ("responseDetail", "problemDetail", "error", "detail", "message"):
        if (found := _detail(body.get(name))) is not None:
            return found
    return _detail(body) if "title" in body else None


def _detail(value: Any) -> ResponseDetail | None:
    if isinstance(value, str) and value.strip():
        return ResponseDetail(detail=value)
    if isinstance(value, list):  # a web framework's list of what is wrong with a request
        words = [_complaint(entry) for entry in value if isinstance(entry, Mapping)]
        return ResponseDetail(detail="; ".join(filter(None, words))) if any(words) else None
    if not isinstance(value, Mapping):
        return None
    return ResponseDetail(
        title=_text(value.get("title")),
        status=_status(value.get("status", value.get("code"))),
        detail=_text(value.get("detail")) or _text(value.get("message")),
    )


def _status(value: Any) -> int | None:
    """Return a status, which some servers send as text or as a float."""
    if isinstance(value, str) and value.isdecimal() and len(value) == 3:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1000:
        return None
    return int(value) if value == int(value) else None


def _complaint(entry: Mapping[Any, Any]) -> str:
    """Return what a web framework finds wrong with a request, and where."""
    place = entry.get("loc")
    where = ".".join(map(str, place)) if isinstance(place, list) else ""
    words = _text(entry.get("msg"))
    return f"{where}: {words}" if where and words else words


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _parsed(reply: Reply) -> Any:
    try:
        return msgspec.json.decode(reply.body)
    except (ValueError, RecursionError):
        return None  # what is no JSON is read as a page


def _page_text(reply: Reply) -> str:
    page = reply.body[:20_000].decode("utf-8", "replace")
    if title := _HTML_TITLE.search(page):
        return f"a web page titled {clean(title[1])!r}"
    return "a web page" if page.lstrip().startswith("<") else page


def clean(text: str) -> str:
    """Return a server's words on one line, without control characters, and not too long."""
    line = _INVISIBLE.sub(" ", text).strip()
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
