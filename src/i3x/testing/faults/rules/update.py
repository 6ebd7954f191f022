"""Breaks of what is written: taken or refused in spite of what `/info` says, answered wrongly, or lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from ...answers import bad, bulk, failure, good
from ..base import Fault
from .base import Reply, Section, asked

if TYPE_CHECKING:
    from ...exchange import Exchange

UPDATE = Section()


@UPDATE.answers("updateObjectValues", fails="UPD-01")
def declared_update_refused(_exchange: Exchange) -> Response:
    """Refuses to write current values, which it says it can."""
    return failure(501, "This server takes no values")


@UPDATE.edits("updateObjectValues", warns="UPD-01")
def write_answered_with_value(reply: Reply) -> None:
    """Sends the value back that was written, where the result is null."""
    for item in reply.items:
        if item["success"]:
            item["result"] = {"elementId": item["elementId"]}


@UPDATE.answers("updateObjectValues")
def writes_dropped(exchange: Exchange) -> Response | None:
    """Takes current values, and writes nothing; no conformance test can tell, for they write what is there."""
    known = exchange.state.station.space.elements
    updates = asked(exchange).get("updates", [])
    if not all(update["elementId"] in known for update in updates):
        return None
    return bulk(good("elementId", update["elementId"], None) for update in updates)


@UPDATE.fault("written_object_unreadable", fails="UPD-02")
@dataclass(kw_only=True)
class WrittenObjectUnreadable(Fault):
    """Fails to read an object once after the first write of it."""

    operations = frozenset({"queryLastKnownValues", "updateObjectValues"})
    edits = True
    _written: dict[str, bool] = field(default_factory=dict[str, bool], init=False)
    """Element id -> whether it still has to fail."""

    def edit(self, exchange: Exchange, document: Any, /) -> Any:
        """The answer with failed items in it."""
        if exchange.request.operation == "updateObjectValues":
            for item in document.get("results", []):
                self._written.setdefault(item["elementId"], item["success"])
            return document
        items = document.get("results", [])
        return (
            self._failing(items) if any(self._written.get(item["elementId"]) for item in items) else document
        )

    def _failing(self, items: list[dict[str, Any]]) -> Any:
        for index, item in enumerate(items):
            if self._written.get(item["elementId"]):
                self._written[item["elementId"]] = False
                items[index] = bad("elementId", item["elementId"], 500, "It was just written")
        return {"success": False, "results": items}


@UPDATE.answers("updateObjectHistory", fails="UPD-04")
def declared_history_update_refused(_exchange: Exchange) -> Response:
    """Refuses to write history, which it says it can."""
    return failure(501, "This server takes no historical values")


@UPDATE.edits("getInfo", warns="UPD-05")
def undeclared_update_taken(reply: Reply) -> None:
    """Takes current values, which it says it does not."""
    reply.result["capabilities"]["update"]["current"] = False


@UPDATE.edits("getInfo", warns="UPD-05")
def undeclared_history_update_taken(reply: Reply) -> None:
    """Takes historical values, which it says it does not."""
    reply.result["capabilities"]["update"]["history"] = False


@UPDATE.fault("undeclared_update_refused_with_400", warns="UPD-05")
class UndeclaredUpdateRefusedWith400(Fault):
    """Refuses current values, which it says it does not take, as if the request were malformed."""

    operations = frozenset({"getInfo", "updateObjectValues"})
    edits = True

    async def instead(self, exchange: Exchange, /) -> Response | None:
        """The refusal."""
        refused = exchange.request.operation == "updateObjectValues"
        return failure(400, "This server takes no values") if refused else None

    def edit(self, exchange: Exchange, document: Any, /) -> Any:
        """What `/info` says."""
        if exchange.request.operation == "getInfo":
            document["result"]["capabilities"]["update"]["current"] = False
        return document
