"""Faults that change the JSON of an answer: what sloppy and older servers send."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

from starlette.responses import Response

from ..answers import Answer, encode, failure
from ..paths import BULK_OPERATIONS, PREFIX
from .base import Fault

if TYPE_CHECKING:
    from ..exchange import Exchange

Document = dict[str, Any]

# What stands in these is the plant's, not the protocol's: a fault of the protocol leaves it alone.
_CONTENT = frozenset({"value", "schema", "schemaExtensions", "relationships"})


@dataclass(kw_only=True)
class EditJson(Fault):
    """Hands the parsed answer to `edit_with`, and sends what that returns."""

    edits = True
    edit_with: Callable[[Any], Any]

    def edit(self, _exchange: Exchange, document: Any, /) -> Any:
        """The edited answer."""
        return self.edit_with(document)


@dataclass(kw_only=True)
class Reorder(Fault):
    """Turns the order of bulk results around."""

    edits = True
    operations = BULK_OPERATIONS

    def edit(self, _exchange: Exchange, document: Any, /) -> Any:
        """The answer, last result first."""
        if "results" in document:
            document["results"].reverse()
        return document


@dataclass(kw_only=True)
class DropItem(Fault):
    """Leaves failed items out of bulk results: an unknown id is simply not there, and all is well."""

    edits = True
    operations = BULK_OPERATIONS

    def edit(self, _exchange: Exchange, document: Any, /) -> Any:
        """The answer without its failed items."""
        if "results" in document:
            document["results"] = [item for item in document["results"] if item["success"]]
            document["success"] = True
        return document


@dataclass(kw_only=True)
class SuccessEnvelope(Fault):
    """Sends bulk answers as `{"success": true, "result": [...]}`, with bare items and no failed ones."""

    edits = True
    operations = BULK_OPERATIONS

    def edit(self, exchange: Exchange, document: Any, /) -> Any:
        """The answer in the other envelope."""
        if "results" not in document:
            return document
        bare = [_bare(item) for item in document["results"] if item["success"]]
        if exchange.request.operation == "registerMonitoredItems":
            depth = exchange.request.json.get("maxDepth")
            depth = 1 if depth is None else depth
            return {
                "success": True,
                "result": {"monitoredItems": [item | {"maxDepth": depth} for item in bare]},
            }
        return {"success": True, "result": bare}


@dataclass(kw_only=True)
class Beta(Fault):
    """Behaves like a pre-release server: it says so, has another error envelope, takes one value at a time.

    Values are written with `PUT /objects/{elementId}/value`, the body being the VQT, and with nothing else:
    `PUT /objects/value` is 405.
    """

    edits = True

    def rewrite(self, exchange: Exchange, /) -> None:
        """A write in the old place becomes one in the new place."""
        element_id = _old_write(exchange)
        if element_id is not None:
            update = {"elementId": element_id, "value": exchange.request.json}
            exchange.reroute("PUT", f"{PREFIX}/objects/value", {"updates": [update]})

    async def instead(self, exchange: Exchange, /) -> Response | None:
        """The new place is not there yet."""
        if exchange.request.operation == "updateObjectValues":
            return failure(405, "Method not allowed", {"Allow": "POST"})
        return None

    def edit(self, exchange: Exchange, document: Any, /) -> Any:
        """The old envelopes."""
        if exchange.request.operation == "getInfo" and document["success"]:
            document["result"]["serverVersion"] = "beta"
        if "results" in document and _old_write(exchange) is not None:
            return _single(document["results"][0])
        if not document["success"] and "results" not in document:
            return _old_error(document["responseDetail"])
        return document


@dataclass(kw_only=True)
class ExtraFields(Fault):
    """Adds fields that the standard does not know, everywhere."""

    edits = True

    def edit(self, _exchange: Exchange, document: Any, /) -> Any:
        """The answer with more in it."""
        return _everywhere(document, _with_extras)


@dataclass(kw_only=True)
class MissingOptional(Fault):
    """Leaves out fields that some servers leave out, required ones among them."""

    edits = True

    _LEFT_OUT = frozenset(
        {
            "isComposition",
            "isExtended",
            "sourceTypeId",
            "relationshipId",
            "parentId",
            "serverName",
            "serverVersion",
            "version",
            "clientId",
            "displayName",
        }
    )

    def edit(self, exchange: Exchange, document: Any, /) -> Any:
        """The answer with less in it."""
        # The display names of types and objects are always sent; the one of a subscription is not.
        keep = frozenset() if exchange.request.operation in _ON_SUBSCRIPTIONS else frozenset({"displayName"})
        left_out = self._LEFT_OUT - keep
        return _everywhere(document, lambda it: {name: it[name] for name in it if name not in left_out})


@dataclass(kw_only=True)
class Nulls(Fault):
    """Sends null where a default stands, or where a field could have been left out."""

    edits = True

    def edit(self, _exchange: Exchange, document: Any, /) -> Any:
        """The answer with nulls."""
        return _everywhere(document, _with_nulls)


_ON_SUBSCRIPTIONS = frozenset({"createSubscription", "listSubscriptions"})

_NULLED: tuple[tuple[frozenset[str], tuple[str, ...]], ...] = (
    (frozenset({"typeElementId"}), ("isExtended", "metadata")),
    (frozenset({"schema"}), ("version", "related")),
    (frozenset({"typeNamespaceUri"}), ("engUnit", "description", "system", "schemaExtensions")),
    (frozenset({"isComposition", "quality"}), ("components",)),
    (frozenset({"isComposition", "values"}), ("components",)),
    (frozenset({"specVersion"}), ("serverVersion", "serverName")),
    (frozenset({"monitoredObjects"}), ("displayName",)),
    (frozenset({"success"}), ("responseDetail",)),
)
"""Fields that tell what kind of object this is -> the fields that are null there if nothing else."""

_DEFAULTS = frozenset({"isExtended"})


def _everywhere(node: Any, change: Callable[[Document], Document]) -> Any:
    """The document with every object of the protocol changed, inside out."""
    if isinstance(node, list):
        return [_everywhere(item, change) for item in node]
    if not isinstance(node, dict):
        return node
    return change({name: _inside(name, it, change) for name, it in cast("Document", node).items()})


def _inside(name: str, node: Any, change: Callable[[Document], Document]) -> Any:
    if name in _CONTENT:
        return node
    if name == "components" and isinstance(node, dict):  # a map, whose keys are element ids and no fields
        return {key: _everywhere(it, change) for key, it in cast("Document", node).items()}
    return _everywhere(node, change)


def _with_extras(fields: Document) -> Document:
    return {
        "vendor": "Acme",
        **fields,
        "license": {"tier": 3},
        "extendedAttributes": [{"name": "x"}, None, 1.5],
    }


def _with_nulls(fields: Document) -> Document:
    changed = dict(fields)
    for marks, nullable in _NULLED:
        if marks <= fields.keys():
            for name in nullable:
                changed[name] = None if name in _DEFAULTS else fields.get(name)
    return changed


def _bare(item: Document) -> Document:
    key = "elementId" if "elementId" in item else "subscriptionId"
    result = item.get("result")
    if isinstance(result, dict):
        return {key: item[key], **cast("Document", result)}
    return {key: item[key]} if result is None else {key: item[key], "result": result}


def _old_write(exchange: Exchange) -> str | None:
    """The element id in `PUT /objects/{elementId}/value`; None if the request is another one."""
    # An id may hold a slash: only the target as it was sent tells the path's parts from the id's.
    parts = exchange.request.target.partition("?")[0].removeprefix(f"{PREFIX}/").split("/")
    if exchange.request.method != "PUT" or len(parts) != 3 or (parts[0], parts[2]) != ("objects", "value"):
        return None
    return unquote(parts[1])


def _single(item: Document) -> Document | Answer:
    if item["success"]:
        return {"success": True, "result": None}
    return encode(_old_error(item["responseDetail"]), item["responseDetail"]["status"])


def _old_error(detail: Document) -> Document:
    return {"error": {"code": str(detail["status"]), "message": detail["detail"]}}
