"""Checks values against the JSON Schemas of object types, which a server may write as it likes.

A schema may name documents elsewhere, refer to itself without end, or hold a pattern that takes for ever. None of
that may hang a run or fetch anything: what can't be checked in time is not checked, and said so.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from jsonschema import Draft202012Validator, FormatChecker, SchemaError, ValidationError, validators
from referencing import Registry
from referencing.exceptions import Unresolvable

from i3x.conformance import document
from i3x.patterns import Budget

_NO_FORMATS = FormatChecker(formats=())
"""A pattern that Python does not know may be one of ECMAScript, which JSON Schema means."""


class Unusable(Exception):  # noqa: N818 - it is the schema that has an error
    """Values can't be checked against this schema."""


class NoSchema(Unusable):
    """What is called a schema is none."""


def misfits(schema: Mapping[str, Any], value: Any, seconds: float) -> list[str]:
    """How a value breaks a schema: one line a place, empty if it does not. It takes no longer than some seconds.

    Raises:
        NoSchema: The schema is none.
        Unusable: The value can't be checked against it, or not in time.
    """
    base, budget = _dialect(schema), Budget()
    try:
        base.check_schema(schema, format_checker=_NO_FORMATS)
        _refuse_property_patterns(schema, list(_names(value)), budget)
        checker = _within(base, time.monotonic() + seconds, budget)(schema, registry=Registry())
        return document.describe(cast("Iterator[ValidationError]", checker.iter_errors(value)))
    except SchemaError as error:
        raise NoSchema(f"{error.json_path}: {error.message[:200]}") from None
    except Unresolvable as error:
        raise Unusable(f"it refers to {str(error.ref)[:100]!r}, which is not in it") from None
    except RecursionError:
        raise Unusable("it refers to itself without end, or is nested too deep") from None


def _dialect(schema: Mapping[str, Any]) -> Any:
    if not isinstance(schema.get("$schema", ""), str):
        raise NoSchema("its `$schema` is no text")
    return validators.validator_for(schema, default=Draft202012Validator)


def _within(base: Any, deadline: float, budget: Budget) -> Any:
    """The validator, but giving up at a time; what takes long goes through references, which are counted here."""

    def timed(keyword: str) -> Any:
        original = base.VALIDATORS[keyword]

        def check(validator: Any, target: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
            if time.monotonic() > deadline:
                raise Unusable("checking a value against it takes too long")
            yield from original(validator, target, instance, schema) or ()

        return check

    def pattern(validator: Any, said: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
        # One that Python does not know may be one of ECMAScript, which JSON Schema means.
        if isinstance(instance, str) and budget.allows(said, [instance]):
            yield from base.VALIDATORS["pattern"](validator, said, instance, schema) or ()

    changed = {
        name: timed(name) for name in ("$ref", "$dynamicRef", "$recursiveRef") if name in base.VALIDATORS
    }
    extend: Any = validators.extend
    return extend(base, {**changed, "pattern": pattern})


def _refuse_property_patterns(node: Any, names: Sequence[str], budget: Budget) -> None:
    """The names of properties are matched in too many places to look after each."""
    if isinstance(node, dict):
        patterns = node.get("patternProperties")
        if isinstance(patterns, dict) and not all(budget.allows(each, names) for each in patterns):
            raise Unusable(
                "a pattern for the names of properties may take for ever, or is none that Python knows"
            )
    for below in _parts(node):
        _refuse_property_patterns(below, names, budget)


def _names(value: Any) -> Iterator[str]:
    """The names of all properties in a value."""
    if isinstance(value, dict):
        yield from value
    for part in _parts(value):
        yield from _names(part)


def _parts(node: Any) -> Iterable[Any]:
    return node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
