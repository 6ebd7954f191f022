"""The floor of decoding: msgspec and plain structs, and nothing checked that a server may get wrong."""

from collections.abc import Callable
from typing import Any

import msgspec


class _Struct(msgspec.Struct, frozen=True, rename="camel", gc=False):
    pass


class _Object(_Struct, frozen=True, rename="camel", gc=False):
    element_id: str
    display_name: str = ""
    type_element_id: str = ""
    parent_id: str | None = None
    is_composition: bool = False
    is_extended: bool = False


class _VQT(_Struct, frozen=True, rename="camel", gc=False):
    value: Any = None
    quality: str = ""
    timestamp: str = ""


class _Value(_Struct, frozen=True, rename="camel", gc=False):
    is_composition: bool = False
    value: Any = None
    quality: str = ""
    timestamp: str = ""
    components: dict[str, _VQT] | None = None


class _History(_Struct, frozen=True, rename="camel", gc=False):
    is_composition: bool = False
    values: list[_VQT] = []  # msgspec copies it


class _ValueItem(_Struct, frozen=True, rename="camel", gc=False):
    success: bool
    element_id: str
    result: _Value


class _HistoryItem(_Struct, frozen=True, rename="camel", gc=False):
    success: bool
    element_id: str
    result: _History


class _Objects(_Struct, frozen=True, rename="camel", gc=False):
    success: bool
    result: list[_Object]


class _Values(_Struct, frozen=True, rename="camel", gc=False):
    success: bool
    results: list[_ValueItem]


class _Histories(_Struct, frozen=True, rename="camel", gc=False):
    success: bool
    results: list[_HistoryItem]


_objects = msgspec.json.Decoder(_Objects)
_values = msgspec.json.Decoder(_Values)
_histories = msgspec.json.Decoder(_Histories)


def _read_objects(body: bytes) -> list[_Object]:
    return list(_objects.decode(body).result)


def _read_values(body: bytes) -> dict[str, _Value]:
    return {item.element_id: item.result for item in _values.decode(body).results}


def _read_history(body: bytes) -> list[_VQT]:
    return _histories.decode(body).results[0].result.values


READ: dict[str, Callable[[bytes], Any]] = {
    "objects": _read_objects,
    "values": _read_values,
    "history": _read_history,
}
