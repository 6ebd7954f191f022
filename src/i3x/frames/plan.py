"""What a frame is going to look like, settled once: the columns for the types of its elements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

import msgspec

from i3x.frames.columns import Column, columns_of
from i3x.frames.report import FrameElement
from i3x.frames.shapes import Shape, completed, merged, shape_of_schema, shape_of_value
from i3x.frames.tidy import Series
from i3x.models import ObjectInstance, ObjectType

_SAMPLES = 100
"""Values that are looked at where the type does not say what they are."""


class Plan(msgspec.Struct, frozen=True):
    """The columns of a frame, and what is known of its elements, in the order of the frame."""

    columns: list[Column]
    elements: list[FrameElement]

    @classmethod
    def of(
        cls,
        element_ids: Iterable[str],
        instances: Iterable[ObjectInstance],
        types: Iterable[ObjectType],
        first: Sequence[Series],
    ) -> Plan:
        """Settle the columns, from the objects, their types, and the first points that have come.

        The points decide for the elements of which the type says nothing.
        """
        known = {instance.element_id: instance for instance in instances}
        schemas = {each.element_id: each.schema for each in types}
        points = dict(first)
        shapes: dict[str, Shape] = {}
        declared: dict[str, Shape] = {}  # by type, since most elements share theirs
        for element_id in dict.fromkeys((*element_ids, *points)):
            shape = _declared(known.get(element_id), schemas, declared)
            if not (shape and all(shape.values())):
                seen = _seen(points.get(element_id, ()))
                shape = completed(shape, seen) if shape else seen
            shapes[element_id] = shape
        columns = columns_of(shapes.values())
        by_path: dict[tuple[str, ...], list[Column]] = {}
        for column in columns:
            by_path.setdefault(column.path, []).append(column)
        elements = [
            FrameElement.of(known.get(element_id) or ObjectInstance(element_id), _own(shape, by_path))
            for element_id, shape in shapes.items()
        ]
        return cls(columns, elements)


def _declared(
    instance: ObjectInstance | None, schemas: Mapping[str, Mapping[str, object]], cache: dict[str, Shape]
) -> Shape:
    if instance is None:
        return {}
    type_id = instance.type_element_id
    if type_id not in cache:
        cache[type_id] = shape_of_schema(schemas.get(type_id))
    extensions = instance.metadata and instance.metadata.schema_extensions
    return merged((cache[type_id], shape_of_schema(extensions))) if extensions else cache[type_id]


def _seen(points: Iterable[object]) -> Shape:
    values = (getattr(point, "value", None) for point in points)
    return merged(shape_of_value(value) for value in islice(filter(_is_there, values), _SAMPLES))


def _is_there(value: object) -> bool:
    return value is not None


def _own(shape: Shape, by_path: Mapping[tuple[str, ...], list[Column]]) -> dict[str, str]:
    """Return the columns that an element's values belong in, with the kinds that its type gives them."""
    return {
        column.name: "integer" if column.kind == "number" and "number" not in kinds else column.kind
        for path, kinds in shape.items()
        for column in by_path.get(path, ())
        if column.kind in kinds or (column.kind == "number" and "integer" in kinds)
    }
