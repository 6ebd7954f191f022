"""Turns what fields hold into annotations with datamodel-code-generator.

The generator gets a schema that was written here: of what the server said, it holds the structure alone. It takes a
millisecond for every class, and an object type has several. But thousands of types have a few dozen kinds of fields,
if their classes are numbered in each field anew: one class with a field of every kind is all that is generated. The
names of classes are put in afterwards.
"""

from __future__ import annotations

import ast
import json
import re
from typing import Any

from i3x.typegen.plan import Alias, Declaration, Plan, StructClass
from i3x.typegen.shapes import Choice, Shape

_INSTALL = 'generating types needs datamodel-code-generator: pip install "i3x-client[types]"'
_ALL_FIELDS = "Fields"
_STANDING_IN: dict[str, dict[str, Any]] = {
    "Object": {"type": "object", "properties": {"field": {"type": "string"}}},
    "Strings": {"type": "string", "enum": ["member"]},
    "Integers": {"type": "integer", "enum": [0], "x-enum-varnames": ["member"]},
}
_NUMBERED = re.compile(rf"\b(?:{'|'.join(_STANDING_IN)})\d+\b")


def annotate(plan: Plan) -> dict[str, list[str]]:
    """Return the annotations of each declaration of a plan, by its name.

    Those of a class are its fields' in their order, the one of an alias is what it stands for; an enumeration has
    none. Raises ``ImportError`` without the extra ``[types]``.
    """
    names: dict[tuple[str, bool], str] = {}  # of the generator's fields, by what they hold
    fields: dict[str, list[tuple[str, dict[str, str]]]] = {}
    for declaration in plan.declarations:
        fields[declaration.name] = []
        for shape, required in _held(declaration):
            writer = _Writer(plan, declaration.owner)
            schema = json.dumps(writer.written(shape))
            name = names.setdefault((schema, required), f"f{len(names)}")
            fields[declaration.name].append((name, writer.classes))
    generated = _generated(names)
    return {
        name: [_renamed(generated[each], classes) for each, classes in held] for name, held in fields.items()
    }


def _held(declaration: Declaration) -> list[tuple[Shape, bool]]:
    """Return the shapes that need an annotation, and whether they are required."""
    if isinstance(declaration, StructClass):
        return [(field.of.shape, field.of.required) for field in declaration.fields]
    return [(declaration.shape, True)] if isinstance(declaration, Alias) else []


def _renamed(annotation: str, classes: dict[str, str]) -> str:
    return _NUMBERED.sub(lambda match: classes[match[0]], annotation)


def _generated(names: dict[tuple[str, bool], str]) -> dict[str, str]:
    """Return the generator's annotations by the names of its fields."""
    numbered = sorted({each for schema, _ in names for each in _NUMBERED.findall(schema)})
    definitions = {each: _STANDING_IN[each.rstrip("0123456789")] for each in numbered}
    definitions[_ALL_FIELDS] = {
        "type": "object",
        "properties": {name: json.loads(schema) for (schema, _), name in names.items()},
        "required": [name for (_, required), name in names.items() if required],
    }
    classes = [node for node in _module(definitions).body if isinstance(node, ast.ClassDef)]
    fields = next(node for node in classes if node.name == _ALL_FIELDS)
    return {
        ast.unparse(each.target): ast.unparse(each.annotation)
        for each in fields.body
        if isinstance(each, ast.AnnAssign)
    }


def _module(definitions: dict[str, Any]) -> ast.Module:
    try:
        from datamodel_code_generator import InputFileType, PythonVersion
        from datamodel_code_generator import generate as generate_models
        from datamodel_code_generator.enums import DataModelType
    except ImportError as error:
        raise ImportError(_INSTALL) from error
    source = generate_models(
        json.dumps({"$defs": definitions}),
        input_file_type=InputFileType.JsonSchema,
        output_model_type=DataModelType.MsgspecStruct,
        target_python_version=PythonVersion.PY_311,
        use_union_operator=True,
        use_standard_collections=True,
        disable_timestamp=True,
        formatters=[],
    )
    return ast.parse(str(source))


class _Writer:
    """Writes the schema of one field for the generator, and notes which classes its numbered ones stand for."""

    def __init__(self, plan: Plan, owner: str) -> None:
        self._plan = plan
        self._owner = owner
        self._numbered: dict[str, str] = {}

    @property
    def classes(self) -> dict[str, str]:
        """The names of classes by the numbered ones."""
        return {numbered: name for name, numbered in self._numbered.items()}

    def written(self, shape: Shape) -> dict[str, Any]:
        if shape.is_anything:
            return {}
        kinds = [self._kind(shape, kind) for kind in sorted(shape.kinds - {"null"})]
        kinds += [{"type": "null"}] if "null" in shape.kinds else []
        return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}

    def _kind(self, shape: Shape, kind: str) -> dict[str, Any]:
        if kind == "string" and shape.strings is not None:
            return self._reference("Strings", self._enum_name(shape.strings))
        if kind == "integer" and shape.integers is not None:
            return self._reference("Integers", self._enum_name(shape.integers))
        if kind == "array":
            return {"type": "array", "items": self.written(shape.items) if shape.items else {}}
        if kind == "object" and shape.record is not None:
            struct = self._plan.struct_of(shape.record)
            return self._reference("Object", struct.name if struct is not None else "")
        if kind == "object":
            values = self.written(shape.values) if shape.values else True
            return {"type": "object", "additionalProperties": values}
        return {"type": kind}

    def _enum_name(self, choice: Choice) -> str:
        enum = self._plan.enum_of(self._owner, choice)
        return enum.name if enum is not None else ""

    def _reference(self, stands_in: str, name: str) -> dict[str, Any]:
        numbered = self._numbered.setdefault(name, f"{stands_in}{len(self._numbered)}")
        return {"$ref": f"#/$defs/{numbered}"}
