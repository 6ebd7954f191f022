"""What a check by a server's JSON Schema needs to come to an end: `jsonschema` alone can be kept busy for hours."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Keyword = Callable[[Any, Any, Any, Any], Iterator[Any] | None]


def extended(draft: Any, keywords: Mapping[str, Keyword]) -> Any:
    """Return the class that checks like a draft but for some keywords, in all parts of a schema.

    A part that names a draft itself, as the whole schema does where it refers to itself, would otherwise be left to
    the class of that draft.
    """
    import attrs
    from jsonschema import validators

    kind = validators.extend(draft, keywords)  # type: ignore[no-untyped-call]
    kind.evolve = attrs.evolve
    return kind


def schema_errors(kind: Any, schema: Any) -> Iterator[Any]:
    """Return what is wrong with a schema by its draft, found by a class that checks like this draft."""
    from referencing import Registry

    errors: Iterator[Any] = kind(kind.META_SCHEMA, registry=Registry()).iter_errors(schema)
    return errors


def unique_items(validator: Any, said: Any, value: Any, _schema: Any) -> Iterator[Any]:
    """The keyword `uniqueItems`, in linear time."""
    from jsonschema import ValidationError

    if said and validator.is_type(value, "array") and len({_canonical(item) for item in value}) < len(value):
        yield ValidationError(f"{value!r} has non-unique elements")


def _canonical(value: Any) -> str:
    # A text: a server can choose numbers that share one hash.
    return json.dumps(_with_whole_numbers(value), sort_keys=True)


def _with_whole_numbers(value: Any) -> Any:
    """Return a value with 1 for 1.0, which are the same in JSON Schema."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _with_whole_numbers(part) for name, part in value.items()}
    return [_with_whole_numbers(part) for part in value] if isinstance(value, list) else value
