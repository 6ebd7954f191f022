"""Python classes for the object types of a server: what ``as_type=`` takes, and what can be written.

::

    from i3x.typegen import generate_types

    print(generate_types(client.get_object_types()))

``python -m i3x.typegen URL -o plant.py`` does the same from the command line. It needs the extra ``[types]``:
datamodel-code-generator. The schemas of a server are taken for what they may be, an attack: nothing but names, types
and quoted text of them gets into the module, nothing that they refer to is read, and the module is checked to hold
declarations alone before it is returned.
"""

from __future__ import annotations

from collections.abc import Iterable

from i3x.errors import InvalidServerResponseError
from i3x.models import ObjectType
from i3x.typegen.files import difference, save

__all__ = ["difference", "generate_types", "save"]


def generate_types(object_types: Iterable[ObjectType]) -> str:
    """Return the text of a Python module with a class for each object type.

    An object with fields becomes a frozen ``msgspec.Struct``, an enumeration a ``StrEnum`` or ``IntEnum``, and
    anything else an alias, such as ``float``. Fields have Python names, and keep theirs on the wire. A field that may
    be left out is ``UNSET`` then, one that may be null is None. A type inherits from its supertype where their
    schemas agree. Ranges, patterns and formats are not checked when a value is read: a sensor may well be out of
    range. ``OBJECT_TYPES`` of the module maps element ids of types to classes.

    A type whose schema no class can be made of is ``Any``, and so is what refers to something outside of its schema,
    to nothing in it, or only to itself: the docstring of the type says why, and the logger ``i3x.typegen`` warns.

    The text is the same for the same types in any order. Raises :class:`~i3x.InvalidServerResponseError`, naming the
    object type, for two with the same element id, and ``ImportError`` without the extra ``[types]``.
    """
    from i3x.typegen.annotations import annotate
    from i3x.typegen.plan import make_plan
    from i3x.typegen.safety import check_source
    from i3x.typegen.source import write_source

    try:
        plan = make_plan(object_types)
    except RecursionError as error:
        raise InvalidServerResponseError(
            "the schemas of the object types are nested too deep to be read"
        ) from error
    source = write_source(plan, annotate(plan))
    check_source(source, {declaration.name: declaration.owner for declaration in plan.declarations})
    return source
