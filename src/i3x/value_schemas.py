"""What the values of an element must be, by the schema of its type and what the element adds to it."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from i3x import value_checks
from i3x.errors import InvalidServerResponseError, InvalidValueError, ValueNotKeptError
from i3x.models import ObjectInstance, ObjectType
from i3x.value_checks import short

_INSTALL = 'checking values against their schemas needs jsonschema: pip install "i3x-client[types]"'
_MOST_TOLD = 20
_MOST_LIKENED = 1_000  # names of fields that a wrong one is compared with


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
        own = added = value
        if self._is_extended and self._known and isinstance(value, dict):
            extended = _property_names(self._extensions) if self._extensions else value.keys() - self._known
            own = {name: part for name, part in value.items() if name in self._known or name not in extended}
            added = {name: part for name, part in value.items() if name in extended}
        try:
            found = list(value_checks.problems(own, value, self._schema))
            if self._extensions is not None:
                found += value_checks.problems(added, value, self._extensions)
        except value_checks.UnusableError as error:
            raise self._unusable(str(error)) from error
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
            told = ", ".join(f"{name}: {short(fields[name])}, read {short(there.get(name))}" for name in lost)
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
        return f"; did you mean {short(repr(alike[found[0]]))}?" if found else ""

    def _refused(self, problems: tuple[str, ...]) -> InvalidValueError:
        problems = problems[:_MOST_TOLD]
        error = InvalidValueError(
            f"element {self._element_id!r}: not what its type {self._type_id!r} says: {'; '.join(problems)}",
            element_id=self._element_id,
        )
        error.problems = problems
        return error

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
    for part in value_checks.parts(schema, schema, ("allOf", "anyOf", "oneOf", "then", "else")):
        if isinstance(properties := part.get("properties"), Mapping):
            names |= properties.keys()
    return names


def _letters(name: str) -> str:
    """Return a name without what tells ``flow_rate`` from ``flowRate``."""
    return name.replace("_", "").lower()
