"""Reading values as Python types: what ``as_type=`` of the clients does, after an answer has been read."""

from __future__ import annotations

from collections.abc import Container
from types import UnionType
from typing import Any, Generic, TypeAlias, cast

import msgspec
from msgspec.structs import replace

from i3x.conversion import at_path
from i3x.errors import InvalidServerResponseError
from i3x.models import VQT, CurrentValue, HistoricalValue, V, ValueChange
from i3x.results import BulkDict

AsType: TypeAlias = type[V] | UnionType | None
"""A type to read values as: a class, ``list[float]``, ``float | None``; None leaves them as they are."""


class ValueReader(Generic[V]):
    """Reads values as one type. It is made before anything is sent, so that a wrong type raises ``TypeError`` then.

    A value that does not fit is an :class:`~i3x.InvalidServerResponseError` that names the path, or stays as it came
    if ``strict`` is False. Null is no value, and stays None.
    """

    def __init__(self, as_type: AsType[V], strict: bool) -> None:
        if as_type is not None:
            _check(as_type)
        self._type: Any = as_type
        self._strict = strict

    @property
    def has_type(self) -> bool:
        """Whether there is anything to do: where there is not, asking for each value would be the larger work."""
        return self._type is not None

    def value(self, current: CurrentValue) -> CurrentValue[V]:
        """Return the value of an element, read; those of its components stay as they are."""
        if self._type is None or current.value is None:
            return current
        return replace(current, value=self._read(current.value, current.element_id, "$"))

    def values(self, several: BulkDict[CurrentValue]) -> BulkDict[CurrentValue[V]]:
        """Return the values of elements, read; those that do not fit are in ``errors``."""
        return self._each(several, self.value)

    def history(self, history: HistoricalValue) -> HistoricalValue[V]:
        """Return the history of an element, each of its values read."""
        if self._type is None:
            return history
        return replace(history, values=self._points(history.values, history.element_id))

    def histories(self, several: BulkDict[HistoricalValue]) -> BulkDict[HistoricalValue[V]]:
        """Return the histories of elements, read; those with a value that does not fit are in ``errors``."""
        return self._each(several, self.history)

    def change(self, change: ValueChange, element_ids: Container[str]) -> ValueChange[V]:
        """Return a change, read if it is one of these elements and not of their components."""
        if self._type is None or change.value is None or change.element_id not in element_ids:
            return change
        return replace(change, value=self._read(change.value, change.element_id, "$"))

    def _each(self, several: BulkDict[Any], read: Any) -> BulkDict[Any]:
        if self._type is None:
            return several
        result: BulkDict[Any] = BulkDict()
        result.errors, result.partial = dict(several.errors), several.partial
        for element_id, value in several.items():
            try:
                result[element_id] = read(value)
            except InvalidServerResponseError as error:
                result.errors[element_id] = error
        return result

    def _points(self, points: list[VQT], element_id: str) -> list[VQT[V]]:
        there = [point.value for point in points if point.value is not None]
        try:
            read = iter(_converted(there, list[self._type]))  # type: ignore[name-defined] # many at once are faster
        except msgspec.ValidationError:
            return [
                point
                if point.value is None
                else replace(point, value=self._read(point.value, element_id, f"$.values[{index}].value"))
                for index, point in enumerate(points)
            ]
        return [point if point.value is None else replace(point, value=next(read)) for point in points]

    def _read(self, value: Any, element_id: str, path: str) -> V:
        try:
            return cast("V", _converted(value, self._type))
        except msgspec.ValidationError as error:
            if not self._strict:
                return cast("V", value)
            name = getattr(self._type, "__name__", None) or str(self._type)
            raise InvalidServerResponseError(
                f"element {element_id!r}: the value is no {name}: {at_path(error, path)}; "
                "use strict=False to have such values as the server sends them",
                element_id=element_id,
            ) from error


def _check(as_type: Any) -> None:
    try:
        msgspec.json.Decoder(as_type)
    except Exception as error:
        raise TypeError(f"as_type must be a type that msgspec can read, not {as_type!r}: {error}") from error


def _converted(value: Any, as_type: Any) -> Any:
    try:
        try:
            return msgspec.convert(value, as_type)
        except msgspec.ValidationError:
            # To JSON 3.0 is an integer, to Python it is a float.
            return msgspec.convert(_with_integers(value), as_type)
    except RecursionError as error:
        raise msgspec.ValidationError("nested too deep to be read") from error


def _with_integers(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, list):
        return [_with_integers(item) for item in value]
    if isinstance(value, dict):
        return {name: _with_integers(item) for name, item in value.items()}
    return value
