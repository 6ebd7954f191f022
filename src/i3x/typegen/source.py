"""Writes the module: classes with their generated annotations, their names on the wire, and what is said of them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from i3x.typegen.plan import (
    IMPORTS,
    Alias,
    Declaration,
    EnumClass,
    Plan,
    StructClass,
    StructField,
    is_writable,
)
from i3x.typegen.texts import docstring, literal, readable

_INDENT = "    "
_HEADER = '''\
# Generated from the object types of an i3X server by `python -m i3x.typegen`. Do not edit: generate it again.
# fmt: off
# ruff: noqa

"""The object types of an i3X server: what the values of their elements are."""

from __future__ import annotations
'''


def write_source(plan: Plan, annotations: Mapping[str, list[str]]) -> str:
    """Return the text of the module for a plan and the annotations of its declarations."""
    blocks = ["\n".join(_written(each, annotations[each.name])) for each in _ordered(plan)]
    blocks.append("\n".join(_object_types(plan)))
    body = "\n\n\n".join(blocks) + "\n"
    return "\n".join((_HEADER, *_imports(body), "\n", body))


def _ordered(plan: Plan) -> list[Declaration]:
    """Return the declarations in the order of their names, but enumerations first and bases before their heirs.

    Annotations are not evaluated, so that nothing else needs an order; aliases are values, and come last.
    """
    placed: dict[str, Declaration] = {}
    kinds = (EnumClass, StructClass, Alias)
    for kind in kinds:
        for declaration in sorted(plan.declarations, key=lambda each: each.name):
            if isinstance(declaration, kind):
                for each in reversed(list(_line(declaration))):
                    placed.setdefault(each.name, each)
    return list(placed.values())


def _line(declaration: Declaration) -> Iterable[Declaration]:
    current: Declaration | None = declaration
    while current is not None:
        yield current
        current = current.base if isinstance(current, StructClass) else None


def _imports(body: str) -> list[str]:
    used = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}
    lines = []
    for module, names in IMPORTS.items():
        if module == "msgspec":
            lines.append("")
        if found := [name for name in names if name in used]:
            lines.append(f"from {module} import {', '.join(found)}")
    return lines if lines[-1] else lines[:-1]


def _written(declaration: Declaration, annotations: list[str]) -> list[str]:
    if isinstance(declaration, Alias):
        head = f"{declaration.name}: TypeAlias = {annotations[0]}"
        return [head, *docstring(declaration.doc, "")]
    if isinstance(declaration, EnumClass):
        is_text = all(isinstance(value, str) for value in declaration.members.values())
        head = f"class {declaration.name}({'StrEnum' if is_text else 'IntEnum'}):"
        lines = _members(declaration)
    else:
        base = declaration.base.name if declaration.base is not None else "Struct"
        head = f"class {declaration.name}({base}, frozen=True, kw_only=True):"
        lines = _fields(declaration, annotations)
    doc = docstring((*declaration.doc, *_left_out(declaration)), _INDENT)
    between = [""] if doc and lines else []
    return [head, *doc, *between, *lines] if doc or lines else [head, f"{_INDENT}pass"]


def _members(enum: EnumClass) -> list[str]:
    return [
        f"{_INDENT}{name} = {literal(value) if isinstance(value, str) else value}"
        for name, value in enum.members.items()
    ]


def _fields(struct: StructClass, annotations: list[str]) -> list[str]:
    lines: list[str] = []
    for field, annotation in zip(struct.fields, annotations, strict=True):
        value = _value(field)
        lines.append(f"{_INDENT}{field.name}: {annotation}" + (f" = {value}" if value else ""))
        lines += docstring(["; ".join(field.of.doc)], _INDENT)
    return lines


def _value(field: StructField) -> str:
    """Return what stands after a field: its default, and its name on the wire where that is another one.

    A field that may be left out is UNSET, and nothing is written for it. One that must be there and may be null is
    null where a server leaves it out: by the standard that means the same.
    """
    default = "None" if field.of.shape.is_nullable else ""
    default = default if field.of.required else "UNSET"
    if field.name == field.wire_name:
        return default
    given = f"default={default}, " if default else ""
    return f"field({given}name={literal(field.wire_name)})"


def _left_out(declaration: Declaration) -> list[str]:
    if not isinstance(declaration, StructClass):
        return []
    names = [
        readable(name) or "(no printable name)" for name in declaration.record.fields if not is_writable(name)
    ]
    return (
        [f"Fields whose names no class can have, and which are left out: {', '.join(names)}"] if names else []
    )


def _object_types(plan: Plan) -> list[str]:
    lines = [f"{_INDENT}{literal(element_id)}: {name}," for element_id, name in plan.object_types.items()]
    return [
        "OBJECT_TYPES: Final[Mapping[str, Any]] = {",
        *lines,
        "}",
        '"""The types of this module, by the element ids of the object types."""',
    ]
