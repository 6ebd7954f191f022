"""Faults of history: the limits and the manners of historians."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from starlette.responses import Response

from .. import timestamps, validation
from ..answers import detail, encode, failure
from .base import Fault

if TYPE_CHECKING:
    from ..exchange import Exchange

_HISTORY = frozenset({"queryHistoricalValues"})


@dataclass(kw_only=True)
class HistoryCut(Fault):
    """Keeps no more than `rows` rows and answers 206: the oldest ones, the newest ones, or any (`random`).

    The limit is one of the whole answer, or with `per_element` of each element and component. With
    `names_elements=False` the 206 does not say of which elements there is more. With another `status` than 206 it
    refuses the whole in place of cutting it.
    """

    edits = True
    operations = _HISTORY
    rows: int
    keeps: Literal["oldest", "newest", "random"] = "oldest"
    per_element: bool = False
    names_elements: bool = True
    status: int = 206

    def edit(self, _exchange: Exchange, document: Any, /) -> Any:
        """The answer with less in it."""
        left, is_cut = self.rows, False
        for item in document.get("results", ()):
            cut = 0
            for series in _series(item):
                found = series["values"]
                series["values"] = kept = self._kept(found, self.rows if self.per_element else left)
                left -= len(kept)
                cut += len(found) - len(kept)
            is_cut |= cut > 0
            if cut and self.names_elements:
                item["responseDetail"] = detail(206, f"{cut} rows were cut")
        if not is_cut:
            return document
        words = f"This server returns {self.rows} rows in one request"
        if self.status != 206:
            return failure(self.status, words)
        whole = detail(206, words)
        return encode(document | {"responseDetail": whole}, 206)

    def _kept(self, values: list[Any], most: int) -> list[Any]:
        if len(values) <= most:
            return values
        if self.keeps == "random":
            # Some for a given answer, but the same ones each time.
            return [values[at] for at in sorted(random.Random(most).sample(range(len(values)), most))]  # noqa: S311
        return values[:most] if self.keeps == "oldest" else values[len(values) - most :]


@dataclass(kw_only=True)
class HistoryOrder(Fault):
    """Sends the newest values first, or all in any order (`random`)."""

    edits = True
    operations = _HISTORY
    order: Literal["newest", "random"]

    def edit(self, _exchange: Exchange, document: Any, /) -> Any:
        """The answer in another order."""
        for item in document.get("results", ()):
            for series in _series(item):
                if self.order == "newest":
                    series["values"].reverse()
                else:
                    random.Random(1).shuffle(series["values"])  # noqa: S311 - no secret
        return document


@dataclass(kw_only=True)
class HistoryOpenEnd(Fault):
    """Leaves out what was recorded at the end of the range itself."""

    edits = True
    operations = _HISTORY

    def edit(self, exchange: Exchange, document: Any, /) -> Any:
        """The answer without its last moment."""
        end = validation.body(exchange.headers, exchange.body).moment("endTime")
        for item in document.get("results", ()):
            for series in _series(item):
                series["values"] = [
                    each for each in series["values"] if timestamps.parse(each["timestamp"]) < end
                ]
        return document


@dataclass(kw_only=True)
class HistoryLongest(Fault):
    """Refuses ranges that are longer than `seconds`, with 400 or another `status`."""

    operations = _HISTORY
    seconds: float
    status: int = 400

    async def instead(self, exchange: Exchange, /) -> Response | None:
        """The refusal, if one is due."""
        if _seconds(exchange) <= self.seconds:
            return None
        return failure(self.status, f"The range must not be longer than {self.seconds:g} seconds")


@dataclass(kw_only=True)
class HistorySlow(Fault):
    """Takes `delay` seconds to answer for ranges that are longer than `seconds`."""

    operations = _HISTORY
    seconds: float
    delay: float

    async def instead(self, exchange: Exchange, /) -> Response | None:
        """The silence."""
        if _seconds(exchange) > self.seconds:
            await exchange.connection.pause(self.delay)
        return None


@dataclass(kw_only=True)
class HistoryRange(Fault):
    """Takes every range for another one: sends `values`, in the standard's form, whatever is asked for."""

    edits = True
    operations = _HISTORY
    values: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def edit(self, _exchange: Exchange, document: Any, /) -> Any:
        """The answer with other values."""
        for item in document.get("results", ()):
            for series in _series(item):
                series["values"] = list(self.values)
        return document


def _series(item: Any) -> Iterator[dict[str, Any]]:
    """The element of an item and its components, as far as they have values."""
    result = item.get("result")
    if isinstance(result, dict):
        yield result
        yield from result.get("components", {}).values()


def _seconds(exchange: Exchange) -> float:
    fields = validation.body(exchange.headers, exchange.body)
    return (fields.moment("endTime") - fields.moment("startTime")) / timestamps.SECOND
