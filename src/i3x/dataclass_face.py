"""Structs that pass for dataclasses: what the released client promises of its models."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec


@dataclasses.dataclass(frozen=True)
class _Frozen:
    """Lends its parameters to the models: they behave as dataclasses with ``frozen=True``."""


def show_as_dataclass(cls: Any) -> None:
    """Let the functions of `dataclasses` work on a struct, with the fields of a shadow dataclass."""
    shadow = dataclasses.make_dataclass(
        cls.__name__,
        [(field.name, field.type, _dataclass_field(field)) for field in msgspec.structs.fields(cls)],
        # Nothing of the shadow but its fields is used, and generating methods is what costs import time; so does
        # inspecting its signature, for a class that has no docstring.
        namespace={"__doc__": cls.__name__},
        init=False,
        repr=False,
        eq=False,
    )
    cls.__dataclass_fields__ = vars(shadow)["__dataclass_fields__"]
    cls.__dataclass_params__ = vars(_Frozen)["__dataclass_params__"]


def _dataclass_field(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return dataclasses.field(default_factory=field.default_factory)
    if field.default is not msgspec.NODEFAULT:
        return dataclasses.field(default=field.default)
    return dataclasses.field()
