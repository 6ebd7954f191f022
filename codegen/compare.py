"""Finds what two OpenAPI documents say differently to a machine: names, types, bounds, defaults, statuses.

Prose is left out, and so is every order that has no meaning. What is left is what generated code depends on,
so no difference means that the documents generate the same code but for its comments.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from codegen.structure import Path, rewrite

PROSE = frozenset({"$comment", "description", "example", "examples", "externalDocs", "summary", "title"})


def differences(a: dict[str, Any], b: dict[str, Any]) -> list[str]:
    """One line for each structural difference, in the order of their paths."""
    return sorted(_differences(_comparable(a), _comparable(b), ()))


def _comparable(document: dict[str, Any]) -> Any:
    """The document without prose, its unordered lists turned into objects with a telling key."""
    return rewrite(
        document, lambda _, node: {key: _unordered(key, node[key]) for key in node if key not in PROSE}
    )


def _by_content(item: Any) -> str:
    return json.dumps(item, sort_keys=True, ensure_ascii=False)


def _by_name(item: Any) -> str:
    return str(item["name"])


def _by_place(parameter: Any) -> str:
    return str(parameter.get("$ref") or f"{parameter.get('in')}:{parameter.get('name')}")


def _by_reference(schema: Any) -> str:
    return (
        str(schema["$ref"]) if isinstance(schema, dict) and set(schema) == {"$ref"} else _by_content(schema)
    )


KEY_OF_ITEMS: dict[str, Callable[[Any], str]] = {
    "allOf": _by_reference,
    "anyOf": _by_reference,
    "enum": _by_content,
    "oneOf": _by_reference,
    "parameters": _by_place,
    "required": _by_content,
    "security": _by_content,
    "tags": lambda tag: _by_name(tag) if isinstance(tag, dict) else _by_content(tag),
    "type": _by_content,
}
"""The lists whose order says nothing, and what tells their items apart."""


class _Unordered(dict[str, Any]):
    """A list whose order says nothing, keyed so that its items can be matched."""


def _unordered(key: str, value: Any) -> Any:
    key_of = KEY_OF_ITEMS.get(key)
    if key_of is None or not isinstance(value, list):
        return value
    return _Unordered({key_of(item): item for item in value})


def _differences(a: Any, b: Any, path: Path) -> Iterator[str]:
    if isinstance(a, dict) and isinstance(b, dict):
        for key in a.keys() | b.keys():
            here = (*path, key)
            if key not in b:
                yield f"{_pointer(here)}: removed, A has {_short(a[key])}"
            elif key not in a:
                yield f"{_pointer(here)}: added, B has {_short(b[key])}"
            else:
                yield from _differences(a[key], b[key], here)
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for index, (left, right) in enumerate(zip(a, b, strict=True)):
            yield from _differences(left, right, (*path, str(index)))
    elif a != b or isinstance(a, bool) is not isinstance(b, bool):
        yield f"{_pointer(path)}: A has {_short(a)}, B has {_short(b)}"


def _pointer(path: Path) -> str:
    """The path as a JSON Pointer (RFC 6901)."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path) or "/"


def _short(value: Any) -> str:
    text = json.dumps(_as_written(value), ensure_ascii=False)
    return text if len(text) <= 120 else text[:117] + "..."


def _as_written(value: Any) -> Any:
    if isinstance(value, _Unordered):
        return [_as_written(item) for item in value.values()]
    if isinstance(value, dict):
        return {key: _as_written(item) for key, item in value.items()}
    return [_as_written(item) for item in value] if isinstance(value, list) else value
