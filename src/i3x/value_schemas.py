"""Checking a value against the JSON Schema of its element's type, before it is written.

The schema is the server's, and may be made to harm: nothing outside of it is read, and what would take for ever is
left to the server to check.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from i3x.errors import InvalidServerResponseError, InvalidValueError, ValueNotKeptError
from i3x.models import ObjectInstance, ObjectType
from i3x.patterns import Budget
from i3x.schema_bounds import extended, schema_errors, unique_items

_INSTALL = 'checking values against their schemas needs jsonschema: pip install "i3x-client[types]"'
_MOST_PARTS = 100_000  # of a schema
_MOST_STEPS = 200_000  # keywords that are looked at for one value; some that take long count for many
_MOST_PROBLEMS = 1_000  # that are compared
_MOST_TOLD = 20
_MOST_LIKENED = 1_000  # names of fields that a wrong one is compared with
_LONGEST = 200


class ElementSchema:
    """What the values of one element must be: its type's schema, and what the element adds to it."""

    def __init__(self, element: ObjectInstance, object_type: ObjectType) -> None:
        self._element_id = element.element_id
        self._type_id = object_type.element_id
        self._schema = object_type.schema
        self._extensions = _extensions(element)
        self._is_extended = element.is_extended or self._extensions is not None
        self._known = frozenset(_property_names(self._schema))

    def check(self, value: Any) -> None:
        """Raise :class:`~i3x.InvalidValueError` if a value is not what the schema says."""
        if problems := self.problems(value):
            raise self._refused(problems)

    def problems(self, value: Any) -> tuple[str, ...]:
        """Return what is wrong with a value, each with its path; nothing for a good one."""
        own, added = value, {}
        if self._is_extended and self._known and isinstance(value, dict):
            extended = _property_names(self._extensions) if self._extensions else value.keys() - self._known
            added = {name: part for name, part in value.items() if name in extended}
            own = {name: part for name, part in value.items() if name not in extended}
        found = list(self._found(own, self._schema))
        if self._extensions is not None:
            found += self._found(added, self._extensions)
        return tuple(dict.fromkeys(found))

    def changed(self, value: Any, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return a value with some of its fields changed.

        Raises :class:`~i3x.InvalidValueError` if it has no fields, for fields that it can't have, and for what the
        change makes wrong; what was wrong before does not matter.
        """
        if not isinstance(value, dict):
            what = (
                "it has no value now"
                if value is None
                else f"its value is no object but {type(value).__name__}"
            )
            raise self._refused(
                (f"`$`: {what}, so that it has no fields: write it whole, with update_value()",)
            )
        unknown = [
            f"`$.{name}`: the type has no such field{self._meant(name, value)}"
            for name in fields
            if not self._can_have(name, value)
        ]
        changed = {**value, **fields}
        before = self.problems({name: part for name, part in value.items() if name not in fields})
        problems = (*unknown, *(problem for problem in self.problems(changed) if problem not in before))
        if problems:
            raise self._refused(problems)
        return changed

    def check_kept(self, fields: Mapping[str, Any], written: Any, found: Any) -> None:
        """Raise :class:`~i3x.ValueNotKeptError` unless a value that was read back has the fields that were written."""
        there: Mapping[str, Any] = found if isinstance(found, dict) else {}
        lost = [name for name, part in fields.items() if there.get(name) != part]
        if lost:
            told = ", ".join(
                f"{name}: {_short(fields[name])}, read {_short(there.get(name))}" for name in lost
            )
            error = ValueNotKeptError(
                f"element {self._element_id!r}: the server accepted the write and has another value: written {told}; "
                "it may drop writes to this element, or its value was written again since",
                element_id=self._element_id,
            )
            error.written, error.found = written, found
            raise error

    def _can_have(self, name: str, value: Mapping[str, Any]) -> bool:
        if not self._known or name in self._known or name in value:
            return True
        if self._extensions is not None and name in _property_names(self._extensions):
            return True
        return isinstance(more := self._schema.get("additionalProperties"), Mapping) or more is True

    def _meant(self, name: str, value: Mapping[str, Any]) -> str:
        """Return the question for the field that was perhaps meant: its Python name, or another spelling of it."""
        known = sorted({*self._known, *value, *_property_names(self._extensions or {})})
        alike = {_letters(each): each for each in known[:_MOST_LIKENED]}
        found = get_close_matches(_letters(name), alike, 1)
        return f"; did you mean {_short(repr(alike[found[0]]))}?" if found else ""

    def _refused(self, problems: tuple[str, ...]) -> InvalidValueError:
        problems = problems[:_MOST_TOLD]
        error = InvalidValueError(
            f"element {self._element_id!r}: not what its type {self._type_id!r} says: {'; '.join(problems)}",
            element_id=self._element_id,
        )
        error.problems = problems
        return error

    def _found(self, value: Any, schema: Mapping[str, Any]) -> Iterator[str]:
        from jsonschema.exceptions import SchemaError
        from referencing import Registry

        if _is_large(schema):
            raise self._unusable(f"it has more than {_MOST_PARTS} parts")
        draft = _draft(schema)
        kind = _validator(draft)
        try:
            for error in schema_errors(extended(draft, {"uniqueItems": unique_items}), schema):
                raise SchemaError.create_from(error)
            errors = kind(schema, registry=Registry()).iter_errors(value)
            for error, _ in zip(errors, range(_MOST_PROBLEMS), strict=False):
                yield f"`{error.json_path}`: {_short(error.message)}"
        except SchemaError as error:
            raise self._unusable(f"`{error.json_path}`: {_short(error.message)}") from error
        except _TooManyStepsError as error:
            raise self._unusable("it takes too long to check") from error
        except (RecursionError, ArithmeticError) as error:
            raise self._unusable(f"it can't be checked ({type(error).__name__})") from error

    def _unusable(self, what: str) -> InvalidServerResponseError:
        return InvalidServerResponseError(
            f"element {self._element_id!r}: the schema of its type {self._type_id!r} is of no use: {what}; "
            "update_value() writes without a check",
            element_id=self._element_id,
        )


def load() -> None:
    """Load what checking needs; raises ``ImportError`` with the command that installs it."""
    try:
        import jsonschema  # noqa: F401 - which takes a while, and is an extra
    except ImportError as error:
        raise ImportError(_INSTALL) from error


def _extensions(element: ObjectInstance) -> dict[str, Any] | None:
    """Return the schema of the fields that an element adds; servers send one, or its properties alone."""
    extensions = element.metadata.schema_extensions if element.metadata is not None else None
    if not extensions:
        return None
    if isinstance(extensions.get("properties"), Mapping):
        return extensions
    return {"type": "object", "properties": extensions}


def _property_names(schema: Mapping[str, Any]) -> set[str]:
    """Return the names of all fields that a schema speaks of, wherever at its top level."""
    names: set[str] = set()
    waiting: list[Any] = [schema]
    seen: set[int] = set()
    while waiting:
        part = waiting.pop()
        if not isinstance(part, Mapping) or id(part) in seen:
            continue
        seen.add(id(part))
        properties = part.get("properties")
        names |= properties.keys() if isinstance(properties, Mapping) else set()
        for keyword in ("allOf", "anyOf", "oneOf"):
            branches = part.get(keyword)
            waiting += branches if isinstance(branches, list) else []
        waiting += [part.get("then"), part.get("else"), _target(schema, part.get("$ref"))]
    return names


def _letters(name: str) -> str:
    """Return a name without what tells ``flow_rate`` from ``flowRate``."""
    return name.replace("_", "").lower()


def _target(schema: Any, reference: Any) -> Any:
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
        return None
    for token in reference.split("/")[1:]:
        schema = (
            schema.get(token.replace("~1", "/").replace("~0", "~")) if isinstance(schema, Mapping) else None
        )
    return schema


# --- jsonschema, with bounds ---------------------------------------------------------------------------------

Keyword = Callable[[Any, Any, Any, Mapping[str, Any]], Iterator[Any] | None]


class _TooManyStepsError(Exception):
    """A small schema may mean very much."""


def _draft(schema: Mapping[str, Any]) -> Any:
    """Return the class of the draft that a schema names."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for

    if isinstance(schema.get("$schema"), str):
        return validator_for(dict(schema), default=Draft202012Validator)
    return Draft202012Validator


def _validator(draft: Any) -> Any:
    """Return the class that checks values against a schema of a draft, for one use."""
    steps = _Steps()
    keywords = {
        name: steps.counted(keyword, _WEIGHTS.get(name, _one))
        for name, keyword in {**draft.VALIDATORS, **_guarded(draft)}.items()
    }
    return extended(draft, keywords)


class _Steps:
    """Counts what the check of one value takes, and ends it where that is too much."""

    def __init__(self) -> None:
        self._left = _MOST_STEPS

    def counted(self, keyword: Keyword, weight: Callable[[Any, Any], int]) -> Keyword:
        def counted(validator: Any, said: Any, value: Any, schema: Mapping[str, Any]) -> Iterator[Any] | None:
            self._left -= weight(said, value)
            if self._left < 0:
                raise _TooManyStepsError
            return keyword(validator, said, value, schema)

        return counted


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


def _guarded(draft: Any) -> dict[str, Keyword]:
    """Return the keywords that are looked at in another way than a draft does."""
    from referencing.exceptions import Unresolvable

    originals, budget = draft.VALIDATORS, Budget()

    def reference(validator: Any, said: Any, value: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
        # What is not in the schema is not read, and so not checked.
        if isinstance(said, str) and said.startswith("#"):
            with contextlib.suppress(Unresolvable):
                yield from originals["$ref"](validator, said, value, schema) or ()

    def pattern(validator: Any, said: Any, value: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
        if isinstance(value, str) and isinstance(said, str) and budget.allows(said, [value]):
            yield from originals["pattern"](validator, said, value, schema) or ()

    def required(validator: Any, said: Any, value: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
        # By the standard a nullable field that is left out means the same as null.
        needed = [name for name in said if not _is_nullable(schema, name)] if isinstance(said, list) else said
        yield from originals["required"](validator, needed, value, schema) or ()

    def nothing(_validator: Any, _said: Any, _value: Any, _schema: Mapping[str, Any]) -> None:
        """Patterns of names, wherever they are, decide about these: left to the server."""

    def by_names(name: str) -> Keyword:
        def checked(validator: Any, said: Any, value: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
            names = [name for name in value if isinstance(name, str)] if isinstance(value, dict) else []
            if all(budget.allows(each, names) for each in schema.get("patternProperties", ())):
                yield from originals[name](validator, said, value, schema) or ()

        return checked

    guarded: dict[str, Keyword] = {"$ref": reference, "pattern": pattern, "required": required}
    guarded |= {name: by_names(name) for name in ("patternProperties", "additionalProperties")}
    guarded |= dict.fromkeys(
        ("$dynamicRef", "$recursiveRef", "unevaluatedProperties", "unevaluatedItems"), nothing
    )
    return {name: keyword for name, keyword in guarded.items() if name in originals}


def _is_nullable(schema: Mapping[str, Any], name: str) -> bool:
    properties = schema.get("properties")
    field = properties.get(name) if isinstance(properties, Mapping) else None
    kind = field.get("type") if isinstance(field, Mapping) else None
    return kind == "null" or (isinstance(kind, list) and "null" in kind)


def _is_large(schema: Any) -> bool:
    left, waiting = _MOST_PARTS, [schema]
    while waiting and left > 0:
        part = waiting.pop()
        parts = part.values() if isinstance(part, Mapping) else part if isinstance(part, list) else ()
        left -= len(parts)
        if left > 0:
            waiting += parts
    return left <= 0


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    text = "".join(char if char.isprintable() else " " for char in text[: _LONGEST + 1])
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
