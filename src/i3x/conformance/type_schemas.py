"""Checks values against the JSON Schemas of object types, which a server may write as it likes.

A schema may name documents elsewhere, refer to itself without end, or hold a pattern that takes for ever. None of
that may hang a run or fetch anything: what can't be checked in time is not checked, and said so.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from typing import Any, cast

from jsonschema import Draft202012Validator, FormatChecker, SchemaError, ValidationError, validators
from referencing import Registry
from referencing.exceptions import Unresolvable

from i3x.conformance import document

_TEXT = 1_000
_NO_FORMATS = FormatChecker(formats=())
"""A pattern that Python does not know may be one of ECMAScript, which JSON Schema means."""
_QUANTIFIED_GROUP = re.compile(r"\)[*+{]")
_UNBOUNDED = re.compile(r"[*+]|\{\d*,")
_ALTERNATIVE = re.compile(r"\|")


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
    base = _dialect(schema)
    try:
        base.check_schema(schema, format_checker=_NO_FORMATS)
        _refuse_property_patterns(schema)
        checker = _within(base, time.monotonic() + seconds)(schema, registry=Registry())
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


def _within(base: Any, deadline: float) -> Any:
    """The validator, but giving up at a time; what takes long goes through references, which are counted here."""

    def timed(keyword: str) -> Any:
        original = base.VALIDATORS[keyword]

        def check(validator: Any, target: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
            if time.monotonic() > deadline:
                raise Unusable("checking a value against it takes too long")
            yield from original(validator, target, instance, schema) or ()

        return check

    changed = {
        name: timed(name) for name in ("$ref", "$dynamicRef", "$recursiveRef") if name in base.VALIDATORS
    }
    extend: Any = validators.extend
    return extend(base, {**changed, "pattern": _pattern})


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and _is_quick(pattern, len(instance)):
        try:
            found = re.search(pattern, instance)
        except re.error:  # JSON Schema has the patterns of ECMAScript, and Python does not know all of them
            return
        if found is None:
            yield ValidationError(f"{instance[:80]!r} does not match {pattern[:80]!r}")


def _is_quick(pattern: str, length: int) -> bool:
    """Whether a search is sure to end soon: no repeated repetitions, and few of them in a long text."""
    repeats = len(_UNBOUNDED.findall(pattern))
    if _QUANTIFIED_GROUP.search(pattern) and repeats + len(_ALTERNATIVE.findall(pattern)) > 1:
        return False
    return repeats <= 1 or (repeats <= 3 and length <= _TEXT)


def _refuse_property_patterns(node: Any) -> None:
    """The names of properties are matched in too many places to look after each."""
    if isinstance(node, dict):
        patterns = node.get("patternProperties")
        if isinstance(patterns, dict) and not all(_is_quick(pattern, 0) for pattern in patterns):
            raise Unusable("a pattern for the names of properties may take for ever")
        for below in node.values():
            _refuse_property_patterns(below)
    elif isinstance(node, list):
        for below in node:
            _refuse_property_patterns(below)
