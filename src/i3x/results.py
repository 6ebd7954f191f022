"""What bulk calls return: plain lists and dicts that also carry what failed and what was cut.

A bulk answer of i3X can be partly good. The good part is the content of the list or dict, so that simple
programs stay simple; the rest is in ``errors`` and ``partial``, so that nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from i3x.errors import BulkError, I3XError
from i3x.models import ResponseDetail

T = TypeVar("T")

_MOST_TOLD = 5


class Bulk:
    """What results of many items have beside their content."""

    errors: dict[str, I3XError]
    partial: ResponseDetail | None

    def _described(self, content: str) -> str:
        """Return the text of a plain list or dict, and of what stands beside it if anything does."""
        beside = f", errors={self.errors!r}" if self.errors else ""
        beside += f", partial={self.partial!r}" if self.partial is not None else ""
        return f"{type(self).__name__}({content}{beside})" if beside else content

    def raise_for_errors(self) -> None:
        """Raise a :class:`~i3x.BulkError` if any item failed; do nothing otherwise."""
        if not self.errors:
            return
        first = next(iter(self.errors.values()))
        others = f" (and {len(self.errors) - 1} more; see `.errors`)" if len(self.errors) > 1 else ""
        failure = BulkError(f"{first}{others}", self.errors)
        failure.result = self
        raise failure from first


class BulkList(Bulk, list[T]):
    """A list of the items that succeeded, in the order asked for.

    - ``errors``: failed id → :class:`~i3x.I3XError`; empty if nothing failed.
    - ``partial``: what a 206 answer said was cut, as a :class:`~i3x.ResponseDetail`; None for a whole answer.
    """

    def __init__(self, content: Iterable[T] = ()) -> None:
        super().__init__(content)
        self.errors = {}
        self.partial = None

    def __repr__(self) -> str:
        return self._described(list.__repr__(self))


class BulkDict(Bulk, dict[str, T]):
    """A dict from id to result, of the items that succeeded, in the order asked for.

    - ``errors``: failed id → :class:`~i3x.I3XError`; empty if nothing failed.
    - ``partial``: what a 206 answer said was cut, as a :class:`~i3x.ResponseDetail`; None for a whole answer.
    """

    def __init__(self, content: Mapping[str, T] | Iterable[tuple[str, T]] = ()) -> None:
        super().__init__(content)
        self.errors = {}
        self.partial = None

    def __repr__(self) -> str:
        return self._described(dict.__repr__(self))

    def __missing__(self, key: str) -> T:
        if key in self.errors:
            raise KeyError(str(self.errors[key]))
        raise KeyError(key)


R = TypeVar("R", BulkList[Any], BulkDict[Any])


def merged(result: R, parts: Sequence[tuple[str, R]]) -> R:
    """Add parts to a result that is empty, each with the words for what it is about, and return it."""
    cut: dict[str, list[str]] = {}
    for about, part in parts:
        if isinstance(result, dict):
            result.update(part)
        else:
            result.extend(part)
        for item_id, error in part.errors.items():
            result.errors.setdefault(item_id, error)
        if part.partial is not None:
            result.partial = part.partial
            cut.setdefault(part.partial.detail, []).append(about)
    if result.partial is not None and list(map(len, cut.values())) != [len(parts)]:  # not all of them alike
        said = [f"{', '.join(about[:_MOST_TOLD])}: {words}" for words, about in cut.items()]
        result.partial = ResponseDetail("Partial Content", 206, "; ".join(said[:_MOST_TOLD]))
    return result


def item_errors(result: Bulk) -> dict[str, I3XError]:
    """Return the errors of the items, or raise the one of a request that failed as a whole."""
    for error in result.errors.values():
        if error.element_id is None:
            raise error
    return result.errors


class BulkItem(dict[str, Any]):
    """The outcome for one item of a write, a registration or a deletion.

    A dict in the standard's form (``item["success"]``, ``item.get("responseDetail")``, ``json.dumps(item)``)
    that also has attributes. ``error`` is None for a good item.
    """

    error: I3XError | None = None

    @classmethod
    def of(
        cls, key: str, item_id: str, error: I3XError | None, result: Any = None, detail: Any = None
    ) -> BulkItem:
        """Return the outcome for an id; ``key`` is its name, ``elementId`` or ``subscriptionId``.

        ``detail`` is the server's ``responseDetail``; a failed item always has one.
        """
        item = cls({"success": error is None, key: item_id, "result": result})
        if error is not None:
            item.error = error
            if not isinstance(detail, Mapping):
                detail = {
                    "title": error.title or type(error).__name__,
                    "status": error.status_code,
                    "detail": error.detail or str(error),
                }
        if detail is not None:
            item["responseDetail"] = detail
        return item

    @property
    def success(self) -> bool:
        """Whether the server carried the item out."""
        return self.get("success") is True

    @property
    def element_id(self) -> str | None:
        """The element that the item is about; None for an item about a subscription."""
        return self.get("elementId")

    @property
    def subscription_id(self) -> str | None:
        """The subscription that the item is about; None for an item about an element."""
        return self.get("subscriptionId")

    @property
    def result(self) -> Any:
        """What the server returned for the item; i3X 1.0 says null for writes and registrations."""
        return self.get("result")

    @property
    def response_detail(self) -> dict[str, Any] | None:
        """The server's ``responseDetail`` of a failed item: ``title``, ``status``, ``detail``."""
        return self.get("responseDetail")
