"""Checking a value by a JSON Schema of a server's, which may be made to keep a check busy for ever.

Nothing outside of a schema is read. What means nothing in it is left out, and what takes too long is not checked.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice
from typing import Any

from i3x.patterns import Budget
from i3x.schema_bounds import Keyword, extended, schema_errors, unique_items

_MOST_PARTS = 100_000  # of a schema
_MOST_STEPS = 200_000  # keywords that are looked at for one value; some that take long count for many
_MOST_PROBLEMS = 1_000  # that are told
_LONGEST = 200  # characters of a text that is told


class UnusableError(Exception):
    """A schema that no value can be checked against; the message says what it is about."""


def problems(value: Any, whole: Any, schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with a value, or with that part of a whole one which a schema speaks of.

    Raises :class:`UnusableError` where that can't be told.
    """
    from referencing import Registry

    draft = _draft(schema)
    try:
        usable = _usable(schema, draft)
        keywords = _Check(draft.VALIDATORS, usable, value, whole).keywords()
        errors = extended(draft, keywords)(usable, registry=Registry()).iter_errors(value)
        for error, _ in zip(errors, range(_MOST_PROBLEMS), strict=False):
            yield f"`{error.json_path}`: {short(_in_json(error))}"
    except (RecursionError, ArithmeticError, ValueError) as error:
        raise UnusableError(f"it can't be checked ({type(error).__name__})") from error


def declares_null(schema: Mapping[str, Any]) -> bool:
    """Tell whether a schema takes null whatever else it says: that is how i3X, and OpenAPI 3.0, declare a nullable."""
    kind = schema.get("type")
    return kind == "null" or (isinstance(kind, list) and "null" in kind) or schema.get("nullable") is True


def parts(schema: Any, root: Any, keywords: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """Yield a schema and what some keywords, and references within ``root``, say of the same value, once each."""
    waiting, seen = [schema], set[int]()
    while waiting:
        part = waiting.pop()
        if not isinstance(part, Mapping) or id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        for keyword in keywords:
            branches = part.get(keyword)
            waiting += branches if isinstance(branches, list) else [branches]
        waiting.append(_target(root, part.get("$ref")))


def _target(schema: Any, reference: Any) -> Any:
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
        return None
    for token in reference.split("/")[1:]:
        schema = (
            schema.get(token.replace("~1", "/").replace("~0", "~")) if isinstance(schema, Mapping) else None
        )
    return schema


def short(value: Any) -> str:
    """Return a text, or a value as JSON, so that it fits into a message."""
    text = value if isinstance(value, str) else _json(value)
    text = "".join(char if char.isprintable() else " " for char in text[: _LONGEST + 1])
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _in_json(error: Any) -> str:
    """Return what jsonschema says of a value, which is Python in its words, with the value as JSON has it."""
    said: str = error.message.removeprefix(repr(error.instance))
    if said != error.message:
        said = _json(error.instance) + said
    if error.validator in ("enum", "const"):
        said = said.replace(repr(error.validator_value), _json(error.validator_value))
    return said


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, skipkeys=True, default=repr)


def _draft(schema: Mapping[str, Any]) -> Any:
    """Return jsonschema's class for the draft that a schema names; the newest unless it is an older one."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for

    if not isinstance(schema.get("$schema"), str):
        return Draft202012Validator
    return validator_for(dict(schema), default=Draft202012Validator)


def _usable(schema: Mapping[str, Any], draft: Any) -> Mapping[str, Any]:
    """Return a schema without the keywords that mean nothing in its draft, such as a type that there isn't.

    What an exclusive bound means in draft 4, where it is a boolean beside the bound, is kept.
    """
    if _is_large(schema):
        raise UnusableError(f"it has more than {_MOST_PARTS} parts")
    errors = list(islice(schema_errors(_for_schemas(draft), schema), _MOST_PROBLEMS + 1))
    if len(errors) > _MOST_PROBLEMS:
        raise UnusableError(f"more than {_MOST_PROBLEMS} of its keywords mean nothing")
    usable = copy.deepcopy(schema) if errors else schema
    for error in errors:
        place = list(error.path)
        if error.validator == "dependencies":  # at what holds an exclusive bound without the bound
            for name, bound in _BOUNDS.items():
                if bound not in error.instance:
                    _drop(usable, [*place, name])
        else:
            _drop(usable, place)
    return usable


@functools.cache
def _for_schemas(draft: Any) -> Any:
    """Return the class that checks the schemas of a draft."""
    return extended(draft, {"uniqueItems": unique_items})


def _drop(schema: Any, place: Sequence[str | int]) -> None:
    """Take a keyword out of a schema: the innermost one on the way to a place that is no good."""
    holder, keyword, part = schema, "", schema
    for token in place:
        if isinstance(part, dict):
            if token not in part:
                return
            holder, keyword = part, str(token)
        part = part[token]
    said = holder.pop(keyword, None)
    bound = _BOUNDS.get(keyword)
    if said is True and bound in holder:
        holder[keyword] = holder.pop(bound)


_BOUNDS = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}


def _one(_said: Any, _value: Any) -> int:
    return 1


def _comparisons(said: Any, _value: Any) -> int:
    """A value is compared with each that is enumerated."""
    return 1 + len(said) // 10 if isinstance(said, list) else 1


def _pairs(_said: Any, value: Any) -> int:
    """What can't be sorted, such as objects, is compared with all before it."""
    if not isinstance(value, list):
        return 1
    try:
        sorted(value)
    except TypeError:
        return 1 + len(value) ** 2 // 20
    return 1 + len(value) // 10


_WEIGHTS = {"enum": _comparisons, "uniqueItems": _pairs}


class _Check:
    """The check of one value: it counts what it takes, and looks at some keywords in another way than a draft does.

    ``value`` may be a part of a ``whole`` one: the keywords that want fields to be there count those of the whole.
    """

    def __init__(
        self, originals: Mapping[str, Keyword], root: Mapping[str, Any], value: Any, whole: Any
    ) -> None:
        self._originals = originals
        self._root = root
        self._value, self._whole = value, whole
        self._outermost: dict[int, Mapping[str, Any]] = {}
        """The schema of each object by its identity; what is checked further on belongs to that one."""
        self._fields: dict[int, dict[str, list[Any]]] = {}
        self._patterns = Budget()
        self._left = _MOST_STEPS

    def keywords(self) -> dict[str, Keyword]:
        own: dict[str, Keyword] = {
            "$ref": self._reference,
            "pattern": self._pattern,
            "required": self._required,
            "minProperties": self._least_properties,
            "multipleOf": self._multiple_of,
            "divisibleBy": self._multiple_of,
            "patternProperties": self._by_names("patternProperties"),
            "additionalProperties": self._by_names("additionalProperties"),
            **dict.fromkeys(_LEFT_TO_THE_SERVER, _nothing),
        }
        return {
            name: self._counted(name, own.get(name, keyword)) for name, keyword in self._originals.items()
        }

    def _counted(self, name: str, keyword: Keyword) -> Keyword:
        weight = _WEIGHTS.get(name, _one)

        def counted(validator: Any, said: Any, value: Any, schema: Mapping[str, Any]) -> Iterator[Any] | None:
            self._left -= weight(said, value)
            if self._left < 0:
                raise UnusableError("it takes too long to check")
            if isinstance(value, dict):
                self._outermost.setdefault(id(value), schema)
            if value is None and declares_null(schema):
                return None
            return keyword(validator, said, value, schema)

        return counted

    def _reference(self, validator: Any, said: Any, value: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
        from referencing.exceptions import Unresolvable

        # What is not in the schema is not read, and so not checked.
        if isinstance(said, str) and said.startswith("#"):
            with contextlib.suppress(Unresolvable):
                yield from self._originals["$ref"](validator, said, value, schema) or ()

    def _pattern(self, validator: Any, said: Any, value: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
        if isinstance(value, str) and isinstance(said, str) and self._patterns.allows(said, [value]):
            yield from self._originals["pattern"](validator, said, value, schema) or ()

    def _required(self, validator: Any, said: Any, value: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
        if isinstance(value, dict):
            there = self._all_of(value)
            needed = [
                name
                for name in said
                if name in there or not self._is_nullable(name, validator, value, schema)
            ]
            yield from self._originals["required"](validator, needed, there, schema) or ()

    def _is_nullable(self, name: str, validator: Any, value: Any, schema: Mapping[str, Any]) -> bool:
        """Tell whether a field may be null: by the standard one that is left out means the same."""
        declared = [
            field
            for around in (self._outermost[id(value)], schema)
            for field in self._fields_of(around).get(name, ())
        ]
        return bool(declared) and all(validator.evolve(schema=field).is_valid(None) for field in declared)

    def _fields_of(self, schema: Mapping[str, Any]) -> dict[str, list[Any]]:
        """Return the schemas of the fields of an object, by their names."""
        if id(schema) not in self._fields:
            fields: dict[str, list[Any]] = {}
            for part in parts(schema, self._root, ("allOf",)):
                if isinstance(properties := part.get("properties"), dict):
                    for name, field in properties.items():
                        fields.setdefault(name, []).append(field)
            self._fields[id(schema)] = fields
        return self._fields[id(schema)]

    def _least_properties(
        self, validator: Any, said: Any, value: Any, schema: Mapping[str, Any]
    ) -> Iterator[Any]:
        yield from self._originals["minProperties"](validator, said, self._all_of(value), schema) or ()

    def _all_of(self, value: Any) -> Any:
        return self._whole if value is self._value else value

    def _multiple_of(
        self, validator: Any, said: Any, value: Any, _schema: Mapping[str, Any]
    ) -> Iterator[Any]:
        from jsonschema.exceptions import ValidationError

        # As the numbers are written: 0.3 is three times 0.1, though not in binary arithmetic.
        if validator.is_type(value, "number") and _exact(value) % _exact(said):
            yield ValidationError(f"{value!r} is not a multiple of {said!r}")

    def _by_names(self, name: str) -> Keyword:
        def checked(validator: Any, said: Any, value: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
            names = [name for name in value if isinstance(name, str)] if isinstance(value, dict) else []
            if all(self._patterns.allows(each, names) for each in schema.get("patternProperties", ())):
                yield from self._originals[name](validator, said, value, schema) or ()

        return checked


_LEFT_TO_THE_SERVER = ("$dynamicRef", "$recursiveRef", "unevaluatedProperties", "unevaluatedItems")
"""Patterns of names, wherever they are, decide about these."""


def _nothing(_validator: Any, _said: Any, _value: Any, _schema: Mapping[str, Any]) -> None:
    pass


def _exact(number: float) -> Fraction:
    return Fraction(repr(number))


def _is_large(schema: Any) -> bool:
    left, waiting = _MOST_PARTS, [schema]
    while waiting and left > 0:
        part = waiting.pop()
        parts = part.values() if isinstance(part, Mapping) else part if isinstance(part, list) else ()
        left -= len(parts)
        if left > 0:
            waiting += parts
    return left <= 0
