"""How a break of one rule is written: a function, and a decorator that says where it applies and who notices.

A `Section` makes of each function a fault of the same name and docstring. The ids are those of the standard's
conformance tests: each of them states a rule, so that its id is the rule's shortest name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from ...answers import Answer
from ..base import Fault

if TYPE_CHECKING:
    from ...exchange import Exchange

Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What the conformance tests say of a server with this fault: no other test fails or warns because of it."""

    name: str
    operation: str | None = None
    """The operation to switch it on for; None for all that it fits."""

    fails: tuple[str, ...] = ()
    warns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reply:
    """An answer that carries a result, to be edited in place, and the request that it answers."""

    exchange: Exchange
    document: Document

    @property
    def asked(self) -> Document:
        """The JSON object of the request."""
        return asked(self.exchange)

    @property
    def query(self) -> Mapping[str, str]:
        """The query parameters of the request."""
        return self.exchange.request.query

    @property
    def result(self) -> Any:
        """What the success envelope carries."""
        return self.document["result"]

    @property
    def items(self) -> list[Document]:
        """The items of the bulk envelope."""
        return cast("list[Document]", self.document["results"])

    @property
    def failed(self) -> list[Document]:
        """The items that failed."""
        return [item for item in self.items if not item["success"]]

    def result_of(self, element_id: str) -> Any:
        """What a good item of this element carries, or None."""
        found = (item for item in self.items if item["success"] and item.get("elementId") == element_id)
        return next((item["result"] for item in found), None)


Edit = Callable[[Reply], Answer | None]
"""Edits the answer in place, or returns another one."""

Rewrite = Callable[["Exchange"], None]
"""Changes the request before it is handled."""

Instead = Callable[["Exchange"], Response | None]
"""Answers in place of the operation, unless it returns None."""

_Function = TypeVar("_Function", Edit, Rewrite, Instead)
_Class = TypeVar("_Class", bound=type[Fault])


class Section:
    """The breaks of one section of the guide, and what to expect of them."""

    def __init__(self) -> None:
        self.breaks: dict[str, type[Fault]] = {}
        self.expected: list[Expectation] = []

    def edits(self, *operations: str, fails: str = "", warns: str = "") -> Callable[[Edit], Edit]:
        """Enter a function that edits the good answers of these operations."""

        def enter(change: Edit) -> Edit:
            self._expect(self._enter(change, _editing(change), operations), fails, warns)
            return change

        return enter

    def bulk(self, **fails: str) -> Callable[[Edit], Edit]:
        """Enter a function that edits bulk answers; it depends on the operation which tests fail."""

        def enter(change: Edit) -> Edit:
            name = self._enter(change, _editing(change), fails)
            for operation, ids in fails.items():
                self._expect(name, ids, operation=operation)
            return change

        return enter

    def rewrites(self, *operations: str, fails: str = "", warns: str = "") -> Callable[[Rewrite], Rewrite]:
        """Enter a function that changes the requests of these operations; none means all."""

        def enter(change: Rewrite) -> Rewrite:
            class Break(Fault):
                def rewrite(self, exchange: Exchange, /) -> None:
                    change(exchange)

            self._expect(self._enter(change, Break, operations), fails, warns)
            return change

        return enter

    def answers(self, *operations: str, fails: str = "", warns: str = "") -> Callable[[Instead], Instead]:
        """Enter a function that answers in place of these operations."""

        def enter(answer: Instead) -> Instead:
            class Break(Fault):
                async def instead(self, exchange: Exchange, /) -> Response | None:
                    return answer(exchange)

            self._expect(self._enter(answer, Break, operations), fails, warns)
            return answer

        return enter

    def fault(self, name: str, *, fails: str = "", warns: str = "") -> Callable[[_Class], _Class]:
        """Enter a fault that is a class: one that needs several hooks, or remembers something."""

        def enter(kind: _Class) -> _Class:
            self.breaks[name] = kind
            self._expect(name, fails, warns)
            return kind

        return enter

    def _enter(self, function: _Function, kind: type[Fault], operations: Iterable[str]) -> str:
        written = cast("FunctionType", function)
        kind.__name__ = kind.__qualname__ = written.__name__
        kind.__doc__ = written.__doc__
        kind.operations = frozenset(operations) or None
        self.breaks[written.__name__] = kind
        return written.__name__

    def _expect(self, name: str, fails: str, warns: str = "", *, operation: str | None = None) -> None:
        self.expected.append(
            Expectation(
                name=name, operation=operation, fails=tuple(fails.split()), warns=tuple(warns.split())
            )
        )


def asked(exchange: Exchange) -> Document:
    """The JSON object of a request; an empty one if there is none, or if it is malformed."""
    try:
        document = msgspec.json.decode(exchange.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return cast("Document", document) if isinstance(document, dict) else {}


def ask(exchange: Exchange, **fields: Any) -> None:
    """Handle the request as if it had these fields too; it stays as it is if it is malformed."""
    document = asked(exchange)
    if document:
        exchange.body = msgspec.json.encode(document | fields)


def ignore(exchange: Exchange, *names: str) -> None:
    """Handle the request as if it had none of these query parameters and fields."""
    query = [(name, value) for name, value in exchange.request.query.items() if name not in names]
    exchange.scope["query_string"] = urlencode(query).encode()
    document = asked(exchange)
    if document:
        kept = {name: value for name, value in document.items() if name not in names}
        exchange.body = msgspec.json.encode(kept)


def _editing(change: Edit) -> type[Fault]:
    class Break(Fault):
        edits = True

        def edit(self, exchange: Exchange, document: Any, /) -> Any:
            if "result" not in document and "results" not in document:
                return document  # it is refused: there is no rule to break
            answer = change(Reply(exchange, document))
            return document if answer is None else answer

    return Break
