"""Checks values against the JSON Schemas of object types, which a server may write as it likes.

A schema may name documents elsewhere, refer to itself without end, or hold a pattern that takes for ever. None of
that may hang a run or fetch anything: what can't be checked in time is not checked, and said so.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from jsonschema import Draft202012Validator, ValidationError, validators
from referencing import Registry
from referencing.exceptions import Unresolvable

from i3x.conformance import document
from i3x.patterns import Budget
from i3x.schema_bounds import Keyword, extended, schema_errors, unique_items

_MULTIPLYING = frozenset(("dependentSchemas", "$dynamicRef", "$recursiveRef"))
"""What multiplies the ways through a schema where nobody looks at the clock: in the search for what is evaluated."""

_MOST_ITEMS = 100
"""Of a list, of which each is looked for among all that are evaluated."""


class Unusable(Exception):  # noqa: N818 - it is the schema that has an error
    """Values can't be checked against this schema."""


class NoSchema(Unusable):
    """What is called a schema is none."""


def misfits(schema: Mapping[str, Any], value: Any, seconds: float) -> list[str]:
    """How a value breaks a schema: one line a place, empty if it does not. It takes no longer than some seconds,
    not counting those that the machine has for others.

    Raises:
        NoSchema: The schema is none.
        Unusable: The value can't be checked against it, or not in time.
    """
    base, deadline = _dialect(schema), time.thread_time() + seconds
    try:
        # Without a look at formats: a pattern that Python does not know may be one of ECMAScript.
        for error in schema_errors(_within(base, base.META_SCHEMA, deadline), schema):
            raise NoSchema(f"{error.json_path}: {error.message[:200]}")
        _refuse_property_patterns(schema, list(_names(value)), Budget())
        checker = _within(base, schema, deadline)(schema, registry=Registry())
        return document.describe(cast("Iterator[ValidationError]", checker.iter_errors(value)))
    except Unresolvable as error:
        raise Unusable(f"it refers to {str(error.ref)[:100]!r}, which is not in it") from None
    except RecursionError:
        raise Unusable("it refers to itself without end, or is nested too deep") from None
    except (ArithmeticError, re.error) as error:  # numbers out of Python's range, names of groups used twice
        raise Unusable(f"values can't be checked against it ({error})") from None


def _dialect(schema: Mapping[str, Any]) -> Any:
    if not isinstance(schema.get("$schema", ""), str):
        raise NoSchema("its `$schema` is no text")
    return validators.validator_for(schema, default=Draft202012Validator)


def _within(base: Any, schema: Any, deadline: float) -> Any:
    """The validator, but giving up at a time: every keyword looks at the clock, and none takes long by itself."""
    budget = Budget()

    def check_time() -> None:
        if time.thread_time() > deadline:
            raise Unusable("checking a value against it takes too long")

    def timed(keyword: Keyword) -> Keyword:
        def check(validator: Any, said: Any, value: Any, part: Any) -> Iterator[ValidationError]:
            check_time()
            for error in keyword(validator, said, value, part) or ():
                yield error
                check_time()

        return check

    def pattern(validator: Any, said: str, value: Any, part: Any) -> Iterator[ValidationError]:
        # One that Python does not know may be one of ECMAScript, which JSON Schema means.
        if isinstance(value, str) and budget.allows(said, [value]):
            yield from base.VALIDATORS["pattern"](validator, said, value, part) or ()

    bounded = {"pattern": pattern, "uniqueItems": unique_items, **_unevaluated(base, schema)}
    keywords = {name: timed(bounded.get(name, keyword)) for name, keyword in base.VALIDATORS.items()}
    return extended(base, keywords)


def _unevaluated(base: Any, schema: Any) -> dict[str, Keyword]:
    is_countable = not _mentions(schema, _MULTIPLYING)

    def properties(validator: Any, said: Any, value: Any, part: Any) -> Iterator[ValidationError]:
        if isinstance(value, dict):
            if not is_countable:
                raise Unusable("what its `unevaluatedProperties` are may take too long to find")
            # Each property is looked for among all that are evaluated: one more keyword sees the clock in between.
            yield from (
                base.VALIDATORS["unevaluatedProperties"](validator, {"allOf": [said]}, value, part) or ()
            )

    def items(validator: Any, said: Any, value: Any, part: Any) -> Iterator[ValidationError]:
        if isinstance(value, list):
            if not is_countable or len(value) > _MOST_ITEMS:
                raise Unusable("what its `unevaluatedItems` are may take too long to find")
            yield from base.VALIDATORS["unevaluatedItems"](validator, said, value, part) or ()

    return {"unevaluatedProperties": properties, "unevaluatedItems": items}


def _mentions(node: Any, names: frozenset[str]) -> bool:
    return (isinstance(node, dict) and not names.isdisjoint(node)) or any(
        _mentions(below, names) for below in _parts(node)
    )


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
