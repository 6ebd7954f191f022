"""Checks JSON against the corrected API document: whole answers by operation and status, and single components."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, cast

try:
    from jsonschema import Draft202012Validator, ValidationError
except ModuleNotFoundError as error:  # pragma: no cover - depends on what is installed
    raise ImportError(
        f"the conformance suite needs {error.name}, which is missing: pip install 'i3x-client[conformance]'"
    ) from error

_MANY = 1000
"""Of a longer listing, the first so many items are checked against the document; the tests look at all."""

_SHOWN = 3
_LONG = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """What the document says of an answer."""

    deviations: tuple[str, ...] = ()
    """How the answer breaks it: one line a place, the first few of them."""
    conforms: bool = False
    """Whether all of the answer was looked at and is as the document says: it need not be looked at again."""


def judge(operation_id: str, status: int, body: Any) -> Finding:
    """Check a whole answer against the document."""
    validator = _answer(operation_id, status)
    if validator is None:
        return Finding((f"the status {status} is none that the API document has",))
    abridged = _abridged(body)
    deviations = _lines(validator, abridged)
    return Finding(tuple(deviations), conforms=not deviations and abridged is body)


def misfits(component: str, value: Any) -> list[str]:
    """How a value breaks a component of the document, such as `Namespace`: empty if it does not."""
    return _lines(_component(component), value)


def describe(errors: Iterator[ValidationError]) -> list[str]:
    """The first few errors, one line each, with the place."""
    first = list(itertools.islice(errors, _SHOWN + 1))
    lines = [f"{_place(error)} {_message(error)}" for error in first[:_SHOWN]]
    return [*lines, "and more"] if len(first) > _SHOWN else lines


def _lines(validator: Draft202012Validator, value: Any) -> list[str]:
    try:
        return describe(cast("Iterator[ValidationError]", validator.iter_errors(value)))
    except RecursionError:
        return ["it is nested too deep to be checked"]


def _place(error: ValidationError) -> str:
    return error.json_path[:_LONG]


def _message(error: ValidationError) -> str:
    # Of alternatives, the branch that got furthest says more than "is not valid under any of the given schemas".
    deeper = [sub for sub in error.context or () if sub.validator != "type" or sub.relative_path]
    if deeper:
        sub = deeper[0]
        return f"{sub.message[:_LONG]} (at {sub.json_path[:_LONG]})"
    if error.validator == "anyOf":
        kinds = [str(sub.validator_value) for sub in error.context or ()]
        return f"is neither {' nor '.join(kinds)}: {str(error.instance)[:40]}"
    message = error.message
    return message if len(message) <= _LONG else f"{message[:_LONG]} ..."


def _abridged(body: Any) -> Any:
    """The answer with a long listing cut: against a huge server, the whole check would take minutes."""
    if not isinstance(body, dict):
        return body
    fields = cast("dict[str, Any]", body)
    if not any(isinstance(it, list) and len(it) > _MANY for it in fields.values()):
        return fields
    return {name: it[:_MANY] if isinstance(it, list) else it for name, it in fields.items()}


@functools.cache
def _data() -> Mapping[str, Any]:
    text = (resources.files("i3x.raw") / "schemas.json").read_text(encoding="utf-8")
    data: Mapping[str, Any] = json.loads(text)
    return data


@functools.cache
def _answer(operation_id: str, status: int) -> Draft202012Validator | None:
    by_status = _data()["answers"][operation_id]
    if 200 <= status < 300 and str(status) not in by_status:
        return None
    schema = by_status.get(str(status), by_status.get("default"))
    return None if schema is None else _validator(schema)


@functools.cache
def _component(name: str) -> Draft202012Validator:
    return _validator({"$ref": f"#/components/schemas/{name}"})


def _validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**_inlined(schema, ()), "components": _data()["components"]})


def _inlined(node: Any, above: tuple[str, ...]) -> Any:
    """The schema with its components in place: following references would take most of the time of a check."""
    if isinstance(node, list):
        return [_inlined(below, above) for below in node]
    if not isinstance(node, dict):
        return node
    target = node.get("$ref")
    if isinstance(target, str) and target not in above:
        component = _data()["components"]["schemas"][target.rpartition("/")[2]]
        return _inlined(component, (*above, target))
    return {name: _inlined(below, above) for name, below in node.items()}
