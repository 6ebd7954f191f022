"""Reading answers: from the bytes of an envelope to models, with every item accounted for.

An answer is read at most three times, each time slower and more patient:

1. by msgspec, straight into models; this is what a server that keeps to the standard gets (at once where every
   item is good, else item by item),
2. as plain JSON, tolerating nulls for left-out fields and the envelopes of other drafts, item by item,
3. as text, where the JSON itself is broken: cut into items, so that one bad value loses itself alone.
"""

from __future__ import annotations

import functools
import operator
import typing
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, Literal, TypeVar

import msgspec

from i3x.broken_json import UNREADABLE, fault_of, id_in_text, split_list
from i3x.conversion import at_path, converted, decode_hook
from i3x.errors import I3XError, InvalidServerResponseError, NotFoundError
from i3x.failures import Reply, Subject, clean, detail_in, failed_item, failed_reply, invalid
from i3x.models import ResponseDetail

T = TypeVar("T")
Key = Literal["elementId", "subscriptionId"]


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


class _GoodItem(msgspec.Struct, Generic[T], rename="camel", gc=False):
    """What there are many of: an element's item that has a result, and nothing to explain."""

    success: bool
    element_id: str
    result: T
    response_detail: None = None


class _GoodEnvelope(msgspec.Struct, Generic[T], rename="camel", gc=False):
    success: bool
    results: list[_GoodItem[T]]
    response_detail: Any = None


class Outcomes(msgspec.Struct, Generic[T]):
    """A bulk answer, sorted: for each id that was asked for, in that order, its result or its failure.

    ``results`` holds None where ``failures`` has the position, which counts from 0; an id may be asked for more
    than once. ``explained`` holds, by position, what the server said of items in its own form, ``details`` what a
    206 said of single ids, and ``whole`` what it said of the whole answer.
    """

    ids: Sequence[str]
    results: list[T | None]
    failures: dict[int, I3XError] = msgspec.field(default_factory=dict)
    explained: dict[int, Any] = msgspec.field(default_factory=dict)
    details: dict[str, ResponseDetail] = msgspec.field(default_factory=dict)
    whole: ResponseDetail | None = None

    @property
    def errors(self) -> dict[str, I3XError]:
        """The first failure of each id that has one."""
        found: dict[str, I3XError] = {}
        for position, error in self.failures.items():
            found.setdefault(self.ids[position], error)
        return found

    @property
    def partial(self) -> ResponseDetail | None:
        """What was cut, of the whole and of single ids; None if nothing was."""
        if not self.details:
            return self.whole
        said = [self.whole.detail] if self.whole is not None else []
        said += [
            f"{name}: {detail.detail or detail.title}" for name, detail in list(self.details.items())[:5]
        ]
        return ResponseDetail("Partial Content", 206, "; ".join(said))


@functools.cache
def _decoder(envelope: Any, expected: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(envelope[expected], dec_hook=decode_hook)


# --- one result ---------------------------------------------------------------------------------------------


def read_result(reply: Reply, expected: type[T], subject: Subject) -> tuple[T, ResponseDetail | None]:
    """Return the result of a success envelope as ``expected``, and what a 206 said was cut.

    Raises the :class:`~i3x.I3XError` that the answer stands for, or
    :class:`~i3x.InvalidServerResponseError`, naming the path, if it can't be read.
    """
    content = _content(reply, subject)
    try:
        envelope = _decoder(_Success, expected).decode(content)  # type: ignore[arg-type]  # types are hashable
    except UNREADABLE:
        return _read_result_patiently(reply, content, expected, subject)
    if not envelope.success:
        raise failed_item(envelope.response_detail, subject, reply.redact)
    return envelope.result, cut_detail(reply, envelope.response_detail)


def _read_result_patiently(
    reply: Reply, content: bytes, expected: type[T], subject: Subject
) -> tuple[T, ResponseDetail | None]:
    body = _plain_json(reply, content, subject)
    path, result = _unwrapped(reply, body, subject)
    if result is None and typing.get_origin(expected) is list:
        result = []
    detail = body.get("responseDetail") if isinstance(body, Mapping) else None
    return _convert(reply, result, expected, path, subject), cut_detail(reply, detail)


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
    except UNREADABLE as error:
        raise invalid(reply, subject, _place_of_fault(content, error)) from error


def _place_of_fault(content: bytes, error: Exception) -> str:
    """Name the item of a list that holds what is no JSON, so that a server's author finds it."""
    if content.lstrip()[:1] not in (b"{", b"["):
        return "the body is no JSON"
    for index, text in enumerate(split_list(content) or ()):
        try:
            msgspec.json.decode(text)
        except UNREADABLE as fault:
            return f"`$.result[{index}]` {fault_of(text, fault)}"
    return f"the body {fault_of(content, error)}"


# --- a bulk answer ------------------------------------------------------------------------------------------


Salvage = Callable[[bytes, str], Mapping[str, Any] | None]
"""Reads what is good of an item that can't be read as a whole, from its text and its path."""


def read_bulk(
    reply: Reply,
    expected: Any,
    ids: Sequence[str],
    key: Key,
    subject: Subject,
    *,
    required: bool = False,
    salvage: Salvage | None = None,
) -> Outcomes[Any]:
    """Return the outcome for each of ``ids``, matched by id first and by position second.

    ``expected`` is the type of an item's result, ``key`` the name of its id, and ``required`` says that a
    good item must have a result. ``salvage`` has a last look at items that can't be read. Raises as
    :func:`read_result` does, but only for what concerns the whole answer.
    """
    content = _content(reply, subject)
    may_be_good = required and key == "elementId"
    if may_be_good and (good := _read_good(content, expected, ids)) is not None:
        return Outcomes(ids, good[0], whole=cut_detail(reply, good[1]))
    items: Sequence[_Item[Any] | I3XError]
    try:
        envelope = _decoder(_BulkEnvelope, expected).decode(content)
    except UNREADABLE:
        items, detail = _items_patiently(reply, content, _Patience(expected, key, salvage), subject)
    else:
        items, detail = envelope.results, envelope.response_detail
        if not (envelope.success or items):
            raise failed_item(detail, subject, reply.redact)
    outcomes: Outcomes[Any] = Outcomes(ids, [], whole=cut_detail(reply, detail))
    for position, item in enumerate(_aligned(ids, items, key)):
        if isinstance(item, I3XError) or not item.success or (required and item.result is None):
            outcomes.failures[position] = _item_error(item, subject.item(key, ids[position]), reply)
            outcomes.results.append(None)
        else:
            outcomes.results.append(item.result)
        if not isinstance(item, I3XError) and item.response_detail is not None:
            _explain(outcomes, position, item, reply)
    return outcomes


_success = operator.attrgetter("success")
_result = operator.attrgetter("result")


def _read_good(content: bytes, expected: Any, ids: Sequence[str]) -> tuple[list[Any], Any] | None:
    """Return the results of an answer of which every item is good, and its own explanation; None for any other.

    Most answers are like that. What has to be asked of their items is asked of all at once, or left to msgspec: to
    ask one after the other would take as long as decoding them.
    """
    try:
        envelope = _decoder(_GoodEnvelope, expected).decode(content)
    except UNREADABLE:
        return None
    items = envelope.results
    in_order = len(items) == len(ids) and all(map(operator.eq, map(_ID["elementId"], items), ids))
    if not (in_order and all(map(_success, items))):
        return None
    return list(map(_result, items)), envelope.response_detail


def _explain(outcomes: Outcomes[Any], position: int, item: _Item[Any], reply: Reply) -> None:
    """Keep what the server said of an item."""
    outcomes.explained[position] = _redacted(item.response_detail, reply.redact)
    if item.success and (said := _cut_item(reply, item.response_detail)):
        outcomes.details[outcomes.ids[position]] = said


def _redacted(said: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(said, str):
        return redact(said)
    if isinstance(said, list):
        return [_redacted(each, redact) for each in said]
    if isinstance(said, dict):
        return {redact(name): _redacted(each, redact) for name, each in said.items()}
    return said


def _cut_item(reply: Reply, detail: Any) -> ResponseDetail | None:
    """Return what was cut of an item. Servers may explain a whole item too; only 206 says that it was cut."""
    said = detail_in({"detail": detail})
    return (
        _clean_detail(reply, said) if said is not None and 206 in (reply.status_code, said.status) else None
    )


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


class _Patience(msgspec.Struct, frozen=True):
    """Reads items one by one, each as far as it can be read."""

    expected: Any
    key: Key
    salvage: Salvage | None

    def read_entry(self, entry: Any, index: int) -> _Item[Any] | I3XError:
        """Read an item that is JSON."""
        item = _read_item(entry, index, self.expected, self.key)
        if isinstance(item, I3XError) and self.salvage is not None:
            return self._saved(msgspec.json.encode(entry), index) or item
        return item

    def read_text(self, text: bytes, index: int) -> _Item[Any] | I3XError:
        """Read an item that may be no JSON."""
        try:
            return self.read_entry(msgspec.json.decode(text), index)
        except UNREADABLE as error:
            return self._saved(text, index) or InvalidServerResponseError(
                f"`$.results[{index}]` {fault_of(text, error)}", element_id=id_in_text(text, self.key)
            )

    def _saved(self, text: bytes, index: int) -> _Item[Any] | None:
        saved = self.salvage(text, f"$.results[{index}]") if self.salvage is not None else None
        item = None if saved is None else _read_item(saved, index, self.expected, self.key)
        return item if isinstance(item, _Item) else None


def _items_patiently(
    reply: Reply, content: bytes, patience: _Patience, subject: Subject
) -> tuple[list[_Item[Any] | I3XError], Any]:
    try:
        body = msgspec.json.decode(content)
    except UNREADABLE as error:
        texts = split_list(content)
        if texts is None:
            raise invalid(reply, subject, _place_of_fault(content, error)) from error
        return [patience.read_text(text, index) for index, text in enumerate(texts)], None
    entries = _entries(reply, body, subject)
    detail = body.get("responseDetail") if isinstance(body, Mapping) else None
    return [patience.read_entry(entry, index) for index, entry in enumerate(entries)], detail


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


def cut_detail(reply: Reply, detail: Any) -> ResponseDetail | None:
    """Return what a 206 says was cut, None for a whole answer."""
    if reply.status_code != 206:
        return None
    if (said := detail_in({"detail": detail})) is not None:
        return _clean_detail(reply, said)
    return ResponseDetail("Partial Content", 206, "the server cut the answer and does not say where")


def _clean_detail(reply: Reply, said: ResponseDetail) -> ResponseDetail:
    return ResponseDetail(clean(reply.redact(said.title)), said.status, clean(reply.redact(said.detail)))
