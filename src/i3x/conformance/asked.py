"""Requests as the generated layer builds them, sent without its parsers and told in one line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self
from urllib.parse import urlencode

import httpx


class Operation(Protocol):
    """A generated module, of which only the request is used."""

    __name__: str

    def _get_kwargs(self, *args: Any, **kwargs: Any) -> dict[str, Any]: ...


class Unparsed:
    """An operation whose answers stay as they are: what the generated parser makes of one is no proof of anything."""

    def __init__(self, operation: Any) -> None:
        self._get_kwargs = operation._get_kwargs  # noqa: SLF001 - the generator's name for it

    def _parse_response(self, *, client: Any, response: httpx.Response) -> None:
        """Nothing: the tests look at the bytes."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked."""

    operation_id: str
    """The operation's name in the API document."""
    path: str
    """Verb and path."""
    text: str
    """All of it in one line."""
    anonymous: bool
    """Whether credentials were left out on purpose."""

    @classmethod
    def of(cls, operation: Any, body: Any, parameters: Mapping[str, Any], *, anonymous: bool) -> Self:
        """Tell of a request."""
        nothing = {} if body is None else {"body": _NoBody()}
        parts = operation._get_kwargs(**parameters, **nothing)  # noqa: SLF001
        path = f"{parts['method'].upper()} {parts['url']}"
        query = urlencode(
            {name: _plain(it) for name, it in parts.get("params", {}).items()}, errors="replace"
        )
        text = f"{path}?{query}" if query else path
        if anonymous:
            text += " (without credentials)"
        if body is not None:
            text += f" {json.dumps(body, ensure_ascii=False)}"
        return cls(_camel(operation.__name__.rpartition(".")[2]), path, text, anonymous)


class _NoBody:
    """Stands for the body where only the rest of a request is of interest."""

    def to_dict(self) -> dict[str, Any]:
        return {}


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _camel(snake: str) -> str:
    first, *words = snake.split("_")
    return first + "".join(word.title() for word in words)
