"""Reading answers: from the bytes of an envelope to models, with every item accounted for.

An answer is read at most three times, each time slower and more patient:

1. by msgspec, straight into models; this is what a server that keeps to the standard gets,
2. as plain JSON, tolerating nulls for left-out fields and the envelopes of other drafts, item by item,
3. as text, where the JSON itself is broken: cut into items, so that one bad value loses itself alone.
"""

from __future__ import annotations

import contextlib
import functools
import json
import math
import operator
import re
import typing
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

import msgspec

from i3x.errors import I3XError, InvalidServerResponseError, NotFoundError
from i3x.failures import Reply, Subject, detail_in, failed_item, failed_reply, invalid
from i3x.models import ResponseDetail, at_path, converted, decode_hook

T = TypeVar("T")
Key = Literal["elementId", "subscriptionId"]

_UNREADABLE = (ValueError, RecursionError)  # msgspec's errors and UnicodeDecodeError are ValueErrors


class _Success(msgspec.Struct, Generic[T], rename="camel", gc=False):
    success: bool
    result: T
    response_detail: Any = None


class _Item(msgspec.Struct, Generic[T], rename="camel", gc=False):
    success: bool
    element_id: str | None = None
    subscription_id: str | None = None
    result: T | None = None
    response_detail: Any = None


class _BulkEnvelope(msgspec.Struct, Generic[T], rename="camel", gc=False):
    success: bool
    results: list[_Item[T]]
    response_detail: Any = None


@dataclass(slots=True)
class Outcomes(Generic[T]):
    """A bulk answer, sorted: for each id that was asked for, in that order, its result or its error.

    ``results`` holds None where ``errors`` has the id; ``details`` holds what a 206 said of single items.
    """

    results: list[T | None]
    errors: dict[str, I3XError] = field(default_factory=dict)
    details: dict[str, ResponseDetail] = field(default_factory=dict)
    partial: ResponseDetail | None = None


@functools.cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind, dec_hook=decode_hook)


# --- one result ---------------------------------------------------------------------------------------------


def read_result(reply: Reply, expected: type[T], subject: Subject) -> tuple[T, ResponseDetail | None]:
    """Return the result of a success envelope as ``expected``, and what a 206 said was cut.

    Raises the :class:`~i3x.I3XError` that the answer stands for, or
    :class:`~i3x.InvalidServerResponseError`, naming the path, if it can't be read.
    """
    content = _content(reply, subject)
    try:
        envelope = _decoder(_Success[expected]).decode(content)  # type: ignore[valid-type]
    except _UNREADABLE:
        return _read_result_patiently(reply, content, expected, subject)
    if not envelope.success:
        raise failed_item(envelope.response_detail, subject, reply.redact)
    return envelope.result, _cut(reply, envelope.response_detail)


def _read_result_patiently(
    reply: Reply, content: bytes, expected: type[T], subject: Subject
) -> tuple[T, ResponseDetail | None]:
    body = _plain_json(reply, content, subject)
    path, result = _unwrapped(reply, body, subject)
    if result is None and typing.get_origin(expected) is list:
        result = []
    detail = body.get("responseDetail") if isinstance(body, Mapping) else None
    return _convert(reply, result, expected, path, subject), _cut(reply, detail)


def _unwrapped(reply: Reply, body: Any, subject: Subject) -> tuple[str, Any]:
    """Return the path and the content of an envelope; a bare document is its own content."""
    if not isinstance(body, Mapping):
        return "$", body
    if body.get("success") is False:
        raise failed_item(_explanation(body), subject, reply.redact)
    for name in ("result", "results"):
        if name in body:
            return f"$.{name}", body[name]
    if body.get("success") is True:
        return "$.result", None
    return "$", body


def _convert(reply: Reply, data: Any, expected: type[T], path: str, subject: Subject) -> T:
    try:
        return converted(data, expected)
    except msgspec.ValidationError as error:
        raise invalid(reply, subject, f"not what i3X 1.0 says: {at_path(error, path)}") from error


def _plain_json(reply: Reply, content: bytes, subject: Subject) -> Any:
    try:
        return msgspec.json.decode(content)
    except _UNREADABLE as error:
        raise invalid(reply, subject, _place_of_fault(content, error)) from error


def _place_of_fault(content: bytes, error: Exception) -> str:
    """Name the item of a list that holds what is no JSON, so that a server's author finds it."""
    if content.lstrip()[:1] not in (b"{", b"["):
        return "the body is no JSON"
    for index, text in enumerate(_split(content) or ()):
        try:
            msgspec.json.decode(text)
        except _UNREADABLE as fault:
            return f"`$.result[{index}]` {_fault(text, fault)}"
    return f"the body {_fault(content, error)}"


# --- a bulk answer ------------------------------------------------------------------------------------------


def read_bulk(
    reply: Reply, expected: Any, ids: Sequence[str], key: Key, subject: Subject, *, required: bool = False
) -> Outcomes[Any]:
    """Return the outcome for each of ``ids``, matched by id first and by position second.

    ``expected`` is the type of an item's result, ``key`` the name of its id, and ``required`` says that a good
    item must have a result. Raises as :func:`read_result` does, but only for what concerns the whole answer.
    """
    content = _content(reply, subject)
    items: Sequence[_Item[Any] | I3XError]
    try:
        envelope = _decoder(_BulkEnvelope[expected]).decode(content)
    except _UNREADABLE:
        items, detail = _items_patiently(reply, content, expected, key, subject)
    else:
        items, detail = envelope.results, envelope.response_detail
        if not (envelope.success or items):
            raise failed_item(detail, subject, reply.redact)
    outcomes: Outcomes[Any] = Outcomes([], partial=_cut(reply, detail))
    for wanted, item in zip(ids, _aligned(ids, items, key), strict=True):
        if isinstance(item, I3XError) or not item.success or (required and item.result is None):
            outcomes.errors[wanted] = _item_error(item, subject.item(key, wanted), reply)
            outcomes.results.append(None)
            continue
        outcomes.results.append(item.result)
        if item.response_detail is not None and (said := _cut_item(reply, item.response_detail)):
            outcomes.details[wanted] = said
    return outcomes


def _cut_item(reply: Reply, detail: Any) -> ResponseDetail | None:
    """Return what was cut of an item. Servers may explain a whole item too; only 206 says that it was cut."""
    said = detail_in({"detail": detail})
    return said if said is not None and 206 in (reply.status_code, said.status) else None


def _item_error(item: _Item[Any] | I3XError, about: Subject, reply: Reply) -> I3XError:
    if isinstance(item, I3XError):
        return type(item)(
            f"{about}: {item}",
            operation=about.operation,
            element_id=about.element_id or about.subscription_id,
        )
    if not item.success:
        return failed_item(item.response_detail, about, reply.redact)
    return invalid(reply, about, "the item says success and has no result")


_ID: dict[Key, Callable[[Any], str | None]] = {
    "elementId": operator.attrgetter("element_id"),  # items and errors both have it
    "subscriptionId": lambda item: item.element_id if isinstance(item, I3XError) else item.subscription_id,
}


def _aligned(
    ids: Sequence[str], items: Sequence[_Item[Any] | I3XError], key: Key
) -> Sequence[_Item[Any] | I3XError]:
    """Return one item for each that was asked for; a missing one is an error."""
    known = list(map(_ID[key], items))
    if known == ids:  # a server that keeps to the standard
        return items
    return list(_matched(ids, known, items))


def _matched(
    ids: Sequence[str], known: list[str | None], items: Sequence[_Item[Any] | I3XError]
) -> Iterator[_Item[Any] | I3XError]:
    by_id: defaultdict[str, deque[_Item[Any] | I3XError]] = defaultdict(deque)
    for item_id, item in zip(known, items, strict=True):
        if item_id is not None:
            by_id[item_id].append(item)
    same_length = len(items) == len(ids)
    for position, wanted in enumerate(ids):
        if queue := by_id.get(wanted):
            # The last one stays: a server may answer an id once that was asked for twice.
            yield queue.popleft() if len(queue) > 1 else queue[0]
        elif same_length and known[position] is None:
            yield items[position]
        else:
            yield NotFoundError("the answer holds nothing for it; check the id")


def _items_patiently(
    reply: Reply, content: bytes, expected: Any, key: Key, subject: Subject
) -> tuple[list[_Item[Any] | I3XError], Any]:
    read = functools.partial(_read_item, expected=expected, key=key)
    try:
        body = msgspec.json.decode(content)
    except _UNREADABLE as error:
        texts = _split(content)
        if texts is None:
            raise invalid(reply, subject, _place_of_fault(content, error)) from error
        return [_read_text(text, index, key, read) for index, text in enumerate(texts)], None
    entries = _entries(reply, body, subject)
    detail = body.get("responseDetail") if isinstance(body, Mapping) else None
    return [read(entry, index) for index, entry in enumerate(entries)], detail


def _entries(reply: Reply, body: Any, subject: Subject) -> list[Any]:
    """Return the items of a bulk answer, from the envelope it has or one of those it should not have."""
    if isinstance(body, Mapping):
        results = body.get("results", body.get("result"))
        if isinstance(results, Mapping):  # {"result": {"monitoredItems": [...]}}
            lists = [value for value in results.values() if isinstance(value, list)]
            results = lists[0] if len(lists) == 1 else results
        if isinstance(results, list) and (results or body.get("success") is not False):
            return results
        if body.get("success") is False:
            raise failed_item(_explanation(body), subject, reply.redact)
    elif isinstance(body, list):
        return body
    raise invalid(reply, subject, "not what i3X 1.0 says: no list of results in the answer")


def _read_item(entry: Any, index: int, expected: Any, key: Key) -> _Item[Any] | I3XError:
    """Read one entry: an item, or a bare result as servers of other drafts send it."""
    path = f"$.results[{index}]"
    if isinstance(entry, Mapping) and "success" not in entry:
        bare = {key: entry.get(key), "result": entry}
        entry = {"success": True, **(entry if "result" in entry else bare)}
    try:
        item: _Item[Any] = converted(entry, _Item[expected])
    except msgspec.ValidationError as error:
        item_id = entry.get(key) if isinstance(entry, Mapping) else None
        return InvalidServerResponseError(
            f"not what i3X 1.0 says: {at_path(error, path)}",
            element_id=item_id if isinstance(item_id, str) else None,
        )
    return item


def _read_text(
    text: bytes, index: int, key: Key, read: Callable[[Any, int], _Item[Any] | I3XError]
) -> _Item[Any] | I3XError:
    try:
        return read(msgspec.json.decode(text), index)
    except _UNREADABLE as error:
        return InvalidServerResponseError(
            f"`$.results[{index}]` {_fault(text, error)}", element_id=_id_in_text(text, key)
        )


# --- what all readings share --------------------------------------------------------------------------------


def read_nothing(reply: Reply, subject: Subject) -> None:
    """Check an answer of which only the success matters; raises the error that it stands for."""
    _check_status(reply, subject)
    if not reply.body.strip():
        return
    body = _plain_json(reply, reply.body, subject)
    if isinstance(body, Mapping) and body.get("success") is False:
        raise failed_item(_explanation(body), subject, reply.redact)


def _content(reply: Reply, subject: Subject) -> bytes:
    """Return the body of a successful answer."""
    _check_status(reply, subject)
    if not reply.body.strip():
        raise invalid(reply, subject, "the body is empty")
    return reply.body


def _check_status(reply: Reply, subject: Subject) -> None:
    if reply.status_code >= 400:
        raise failed_reply(reply, subject)
    if reply.status_code >= 300:
        raise invalid(reply, subject, "a redirection that leads nowhere")


def _explanation(body: Mapping[str, Any]) -> Any:
    return detail_in(body) and msgspec.to_builtins(detail_in(body))


def _cut(reply: Reply, detail: Any) -> ResponseDetail | None:
    """Return what a 206 says was cut, None for a whole answer."""
    if reply.status_code != 206:
        return None
    return detail_in({"detail": detail}) or ResponseDetail(
        title="Partial Content", status=206, detail="the server cut the answer and does not say where"
    )


# The closing quote may be missing: a text that is cut short would else be searched again from each escaped quote.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{},:]', re.DOTALL)


def _split(body: bytes) -> list[bytes] | None:
    """Cut the list of results out of a body, as text; None if there is no whole list in it."""
    depth = 1 if body.lstrip()[:1] == b"[" else 0  # a bare list counts as one within an envelope
    name, last, start = b'"results"' if depth else b"", b"", -1
    texts: list[bytes] = []
    for token in _TOKEN.finditer(body):
        mark = token[0]
        if mark in (b"{", b"["):
            depth += 1
            if start < 0 and depth == 2 and mark == b"[" and name in (b'"results"', b'"result"'):
                start = token.end()
        elif mark in (b"}", b"]"):
            if start >= 0 and depth == 2:
                rest = body[start : token.start()]
                return [*texts, rest] if rest.strip() else texts
            depth -= 1
        elif mark == b"," and start >= 0 and depth == 2:
            texts.append(body[start : token.start()])
            start = token.end()
        elif mark == b":" and depth == 1:
            name = last
        last = mark
    return None


def _id_in_text(text: bytes, key: Key) -> str | None:
    """Return the id of an item that is no JSON; an id within its result is another element's."""
    depth, name, last = 0, b"", b""
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in (b"{", b"["):
            depth += 1
        elif mark in (b"}", b"]"):
            depth -= 1
        elif mark == b":":
            name = last
        elif depth == 1 and last == b":" and name == b'"%s"' % key.encode():
            with contextlib.suppress(ValueError):
                return msgspec.json.decode(mark, type=str)
        last = mark
    return None


def _fault(text: bytes, error: Exception) -> str:
    """Say in a user's words why a text is no JSON that can be read."""
    if isinstance(error, RecursionError):
        return "is nested too deep to be read"
    if isinstance(error, UnicodeDecodeError):
        return f"is no valid UTF-8: {error.reason}"
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite, parse_int=_short)
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        return "is nested too deep to be read"
    except UnicodeDecodeError as fault:
        return f"is no valid UTF-8: {fault.reason}"
    except UnicodeEncodeError:
        return "holds text that is no valid Unicode: a lone surrogate"
    except json.JSONDecodeError as fault:
        return f"is no valid JSON: {fault.msg} at character {fault.pos}"
    except ValueError as fault:
        return str(fault)
    return f"is no valid JSON: {error}"


def _refuse(constant: str) -> Any:
    raise ValueError(f"holds {constant}, which JSON does not have")


def _finite(text: str) -> float:
    if math.isinf(number := float(text)):
        raise ValueError(f"holds a number that is out of range: {text[:40]}")
    return number


def _short(text: str) -> int:
    if len(text) > 4000:
        raise ValueError(f"holds a number that is out of range: {text[:20]}... of {len(text)} digits")
    return int(text)
