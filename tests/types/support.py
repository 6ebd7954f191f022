"""What the tests of types share: generating a module, and loading it."""

from __future__ import annotations

import itertools
import sys
import types
from collections.abc import Mapping
from typing import Any

import i3x
from i3x.typegen import generate_types

_numbers = itertools.count()


def object_type(
    schema: Any, name: str = "Pump", element_id: str | None = None, **rest: Any
) -> i3x.ObjectType:
    """Return an object type with a schema."""
    return i3x.ObjectType(element_id or f"type-{name}", name, schema=schema, **rest)


def load(*object_types: i3x.ObjectType) -> types.ModuleType:
    """Return the module that is generated for object types."""
    module = types.ModuleType(f"plant_{next(_numbers)}")
    sys.modules[module.__name__] = module  # where msgspec looks for what annotations name
    exec(compile(generate_types(object_types), module.__name__, "exec"), vars(module))
    return module


def record(*required: str, **properties: Any) -> dict[str, Any]:
    """Return the schema of an object."""
    return {"type": "object", "properties": properties, "required": list(required)}


def source_lines(*object_types: i3x.ObjectType) -> list[str]:
    """Return the lines of a generated module, without their indent."""
    return [line.strip() for line in generate_types(object_types).splitlines()]


def names(mapping: Mapping[str, Any]) -> dict[str, str]:
    """Return the names of the classes that element ids stand for."""
    return {element_id: kind.__name__ for element_id, kind in mapping.items()}
