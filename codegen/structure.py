"""Tells what an OpenAPI document says to machines from what it says to people.

The words `title`, `description` and `example` are prose where OpenAPI puts them, and structure where they are
the name of somebody's property. So a document can't be searched for them: it must be walked, knowing at each
level whether the keys are OpenAPI's words or names that the author chose.
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import Any

Path = tuple[str, ...]
"""Where in a document something stands: the keys and indices that lead there."""


class Kind(Enum):
    """What the keys of an object are."""

    WORDS = auto()
    """Words of OpenAPI or JSON Schema: `type`, `responses`, `description`, ..."""

    NAMES = auto()
    """Names the author chose, of things described in OpenAPI's words: properties, paths, status codes, ..."""

    DATA = auto()
    """Neither: literal JSON, such as a default value."""


MAPS_OF_NAMES = frozenset(
    {
        "$defs",
        "callbacks",
        "content",
        "dependentRequired",
        "dependentSchemas",
        "encoding",
        "flows",
        "headers",
        "links",
        "mapping",
        "parameters",
        "pathItems",
        "paths",
        "patternProperties",
        "properties",
        "requestBodies",
        "responses",
        "schemas",
        "scopes",
        "securitySchemes",
        "security",
        "variables",
        "webhooks",
    }
)
LITERALS = frozenset({"const", "default", "enum", "example", "examples"})


def kind_below(key: str, kind: Kind) -> Kind:
    """What the keys of `node[key]` are, if those of `node` are of `kind`."""
    if kind is Kind.NAMES:
        return Kind.WORDS
    if kind is Kind.DATA or key in LITERALS or key.startswith("x-"):
        return Kind.DATA
    return Kind.NAMES if key in MAPS_OF_NAMES else Kind.WORDS


def rewrite(node: Any, change: Callable[[Path, dict[str, Any]], Any]) -> Any:
    """A copy of a document in which every object whose keys are OpenAPI's words went through `change`.

    `change` gets the path and the object, whose children are done already, and returns what takes its place.
    """
    return _rewrite(node, Kind.WORDS, (), change)


def _rewrite(node: Any, kind: Kind, path: Path, change: Callable[[Path, dict[str, Any]], Any]) -> Any:
    if isinstance(node, dict):
        below = {
            str(key): _rewrite(value, kind_below(str(key), kind), (*path, str(key)), change)
            for key, value in node.items()
        }
        return change(path, below) if kind is Kind.WORDS else below
    if isinstance(node, list):
        # The elements of a list are what its key announces: `parameters` is a map of names below
        # `components` and a list of OpenAPI objects below an operation; only `security` lists maps.
        inner = Kind.WORDS if kind is Kind.NAMES and path[-1] != "security" else kind
        return [_rewrite(item, inner, (*path, str(index)), change) for index, item in enumerate(node)]
    return node
