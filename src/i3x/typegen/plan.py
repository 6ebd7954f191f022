"""Which classes a module of object types has: their names, their fields, and who inherits from whom."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from i3x.errors import InvalidServerResponseError
from i3x.models import ObjectType
from i3x.typegen.inheritance import Comparison, provable_parents
from i3x.typegen.names import Names, class_name, field_name, member_name
from i3x.typegen.schemas import describe, read_schema
from i3x.typegen.shapes import ANYTHING, Choice, Field, Record, Shape, UnreadableSchemaError
from i3x.typegen.texts import readable

logger = logging.getLogger("i3x.typegen")

IMPORTS = {
    "__future__": ("annotations",),
    "collections.abc": ("Mapping",),
    "enum": ("IntEnum", "StrEnum"),
    "typing": ("Any", "Final", "TypeAlias"),
    "msgspec": ("UNSET", "Struct", "UnsetType", "field"),
}
"""All that a generated module may import."""
_TAKEN = frozenset(("OBJECT_TYPES", *itertools.chain.from_iterable(IMPORTS.values())))
_MOST_CLASSES = 100_000


@dataclass(slots=True)
class StructField:
    """A field of a class: its Python name, its name on the wire, and what it holds."""

    name: str
    wire_name: str
    of: Field


@dataclass(slots=True)
class StructClass:
    """A class for an object with fields; ``fields`` are those that it does not inherit.

    ``owner`` is the element id of the object type that a declaration belongs to, here and below.
    """

    name: str
    owner: str
    doc: tuple[str, ...]
    record: Record
    base: StructClass | None = None
    fields: list[StructField] = field(default_factory=list[StructField])

    def known(self) -> dict[str, StructField]:
        """Return all fields, inherited ones included, by their names on the wire."""
        inherited = self.base.known() if self.base is not None else {}
        return inherited | {each.wire_name: each for each in self.fields}


@dataclass(slots=True)
class EnumClass:
    """A class for an enumeration; ``members`` maps its Python names to the values."""

    name: str
    owner: str
    doc: tuple[str, ...]
    members: dict[str, str | int]


@dataclass(slots=True)
class Alias:
    """Another name for a type that Python has already."""

    name: str
    owner: str
    doc: tuple[str, ...]
    shape: Shape


Declaration: TypeAlias = StructClass | EnumClass | Alias


@dataclass(slots=True)
class Plan:
    """All that a module declares, bases before their heirs, and the names of the types by their element ids."""

    object_types: dict[str, str] = field(default_factory=dict[str, str])
    declarations: list[Declaration] = field(default_factory=list[Declaration])
    _structs: dict[int, StructClass] = field(default_factory=dict[int, StructClass])
    _enums: dict[tuple[str, Choice, tuple[str, ...]], EnumClass] = field(
        default_factory=dict[tuple[str, Choice, tuple[str, ...]], EnumClass]
    )

    def struct_of(self, record: Record) -> StructClass | None:
        """Return the class for an object with fields, None while there is none."""
        return self._structs.get(id(record))

    def enum_of(self, owner: str, choice: Choice) -> EnumClass | None:
        """Return the class for an enumeration of an object type, None while there is none."""
        return self._enums.get((owner, choice, choice.words))

    def declare_struct(
        self,
        name: str,
        owner: str,
        doc: tuple[str, ...],
        record: Record,
        base: StructClass | None = None,
    ) -> StructClass:
        """Add the class for an object with fields."""
        struct = StructClass(name, owner, doc, record, base)
        self._structs[id(record)] = struct
        self._declare(struct)
        return struct

    def declare_enum(self, name: str, owner: str, doc: tuple[str, ...], choice: Choice) -> None:
        """Add the class for an enumeration."""
        names = Names()
        members = {names.take(member_name(value), "VALUE"): value for value in choice.values}
        enum = EnumClass(name, owner, doc, members)
        self._enums[owner, choice, choice.words] = enum
        self._declare(enum)

    def declare_alias(self, name: str, owner: str, doc: tuple[str, ...], shape: Shape) -> None:
        """Add another name for a type that Python has already."""
        self._declare(Alias(name, owner, doc, shape))

    def _declare(self, declaration: Declaration) -> None:
        self.declarations.append(declaration)
        if len(self.declarations) > _MOST_CLASSES:
            raise InvalidServerResponseError(
                f"these object types would make more than {_MOST_CLASSES} classes: generate fewer of them at once"
            )


def make_plan(object_types: Iterable[ObjectType]) -> Plan:
    """Return the plan for some object types, the same one in whatever order they come.

    A type or a field whose schema can't be read may be anything; the type says so, and a warning is logged.

    Raises :class:`~i3x.InvalidServerResponseError`, naming the object type, for two that have the same element id.
    """
    types = _distinct(object_types)
    plan, names = Plan(), Names(_TAKEN)
    for element_id, object_type in types.items():
        wish = class_name(object_type.display_name) or class_name(element_id)
        plan.object_types[element_id] = names.take(wish, "Type")
    unread: dict[str, str] = {}
    shapes = {element_id: _read(object_type, unread) for element_id, object_type in types.items()}
    records = {
        element_id: shape.record
        for element_id, shape in shapes.items()
        if shape.record is not None and shape.kinds == {"object"}
    }
    parents = provable_parents(types, records)
    for element_id in sorted(types, key=lambda each: (_generation(each, parents), each)):
        base = parents.get(element_id)
        base_class = None if base is None else plan.struct_of(records[base])
        said = (*describe(types[element_id].schema), unread.get(element_id, ""))
        _declare_type(plan, names, types[element_id], said, shapes[element_id], base_class)
    _name_fields(plan, names)
    return plan


def _distinct(object_types: Iterable[ObjectType]) -> dict[str, ObjectType]:
    """Return the types by their element ids, in the order of these."""
    found: dict[str, ObjectType] = {}
    for object_type in object_types:
        if not isinstance(object_type, ObjectType):
            raise TypeError(f"object_types must be i3x.ObjectType, not {type(object_type).__name__}")
        if found.setdefault(object_type.element_id, object_type) != object_type:
            name = object_type.element_id
            raise InvalidServerResponseError(
                f"object type {name!r}: there are two different ones with this element id; tell the server's "
                "administrator",
                element_id=name,
            )
    return dict(sorted(found.items()))


def _read(object_type: ObjectType, unread: dict[str, str]) -> Shape:
    """Return the shape of a type, and note what of its schema can't be read: that may be anything."""
    try:
        shape, said = read_schema(object_type.schema)
    except UnreadableSchemaError as error:
        shape, said = ANYTHING, f"Any, since no class can be made of its schema: {error}"
    if said:
        logger.warning("object type %r is %s", object_type.element_id, said)
        unread[object_type.element_id] = said
    return shape


def _generation(element_id: str, parents: Mapping[str, str]) -> int:
    generation = 0
    while element_id in parents:
        element_id, generation = parents[element_id], generation + 1
    return generation


def _declare_type(
    plan: Plan,
    names: Names,
    object_type: ObjectType,
    said: Sequence[str],
    shape: Shape,
    base: StructClass | None,
) -> None:
    owner = object_type.element_id
    name = plan.object_types[owner]
    paragraphs = (readable(object_type.display_name), *said, f"Object type: {readable(owner)}")
    doc = tuple(dict.fromkeys(text for text in paragraphs if text))
    choice = shape.strings or shape.integers
    waiting = []
    if shape.record is not None and shape.kinds == {"object"}:
        waiting.append(plan.declare_struct(name, owner, doc, shape.record, base))
    elif choice is not None and len(shape.kinds) == 1:
        plan.declare_enum(name, owner, doc, choice)
    else:
        plan.declare_alias(name, owner, doc, shape)
        waiting += _declare_parts(plan, names, owner, shape)
    while waiting:
        for own in _own_fields(waiting.pop(0)).values():
            waiting += _declare_parts(plan, names, owner, own.shape)


def _declare_parts(plan: Plan, names: Names, owner: str, shape: Shape) -> list[StructClass]:
    """Declare the classes that a shape needs; return those whose fields may need some in turn."""
    made: list[StructClass] = []
    for part in _parts(shape):
        for choice in (part.strings, part.integers):
            if choice is not None and plan.enum_of(owner, choice) is None:
                name = names.take(class_name(plan.object_types[owner], *(choice.words or ("Value",))))
                plan.declare_enum(name, owner, choice.doc, choice)
        record = part.record
        if record is not None and plan.struct_of(record) is None:
            name = names.take(class_name(plan.object_types[owner], *(record.words or ("Value",))))
            made.append(plan.declare_struct(name, owner, record.doc, record))
    return made


def _parts(shape: Shape | None) -> Iterator[Shape]:
    if shape is not None:
        yield shape
        yield from _parts(shape.items)
        yield from _parts(shape.values)


def _own_fields(struct: StructClass) -> dict[str, Field]:
    """Return the fields that a class does not inherit as they are, by their names on the wire."""
    if struct.base is None:
        return struct.record.fields
    comparison, inherited = Comparison(), struct.base.record.fields
    return {
        name: each
        for name, each in struct.record.fields.items()
        if name not in inherited or not comparison.is_same(each.shape, inherited[name].shape)
    }


def _name_fields(plan: Plan, names: Names) -> None:
    """Give the fields their names, when those of all classes are known: annotations name classes."""
    reserved = _TAKEN | names.taken
    for struct in plan.declarations:
        if not isinstance(struct, StructClass):
            continue
        inherited = struct.base.known() if struct.base is not None else {}
        free = Names(reserved, (each.name for each in inherited.values()))
        own = {name: each for name, each in _own_fields(struct).items() if is_writable(name)}
        chosen = {name: inherited[name].name for name in own if name in inherited}
        for wire_name in sorted(
            own.keys() - chosen.keys(), key=lambda name: (field_name(name) != name, name)
        ):
            chosen[wire_name] = free.take(field_name(wire_name), "field")
        struct.fields = [StructField(chosen[name], name, each) for name, each in own.items()]


def is_writable(wire_name: str) -> bool:
    """Tell whether msgspec can give a field this name on the wire."""
    return not any(char in '"\\' or char < " " or "\ud800" <= char <= "\udfff" for char in wire_name)
