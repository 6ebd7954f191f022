"""What an operation is called with: the server's state and the request's fields, checked as they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from . import validation
from .answers import RequestError
from .state import State

_T = TypeVar("_T")


@dataclass(frozen=True)
class Call:
    """One call of one operation."""

    state: State
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes

    @cached_property
    def fields(self) -> validation.Fields:
        """The JSON object in the body."""
        return validation.body(self.headers, self.body)

    def element_ids(self) -> list[str]:
        """The required `elementIds`, no more than the server takes in one request."""
        return self._limited("elementIds", self.fields.strings("elementIds"))

    def subscription_ids(self) -> list[str]:
        """The required `subscriptionIds`, no more than the server takes in one request."""
        return self._limited("subscriptionIds", self.fields.strings("subscriptionIds"))

    def updates(self) -> list[validation.Fields]:
        """The required `updates`, no more than the server takes in one request."""
        return self._limited("updates", self.fields.objects("updates"))

    def flag(self, name: str) -> bool:
        """A query parameter that is `true` or `false`."""
        return validation.query_boolean(self.query, name)

    def _limited(self, name: str, items: list[_T]) -> list[_T]:
        limit = self.state.settings.max_request_items
        if limit is not None and len(items) > limit:
            raise RequestError(
                400, f"{name} has {len(items)} entries; this server takes {limit} in one request"
            )
        return items
