"""Turns a plan into classes with datamodel-code-generator.

The generator gets a schema that was written here: of what the server said, it holds the structure alone. Classes,
fields and members of enumerations have numbers for names; their own names, and every text, are put in afterwards.
"""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from typing import Any

from i3x.typegen.plan import Declaration, EnumClass, Plan, StructClass
from i3x.typegen.shapes import Choice, Shape

_INSTALL = 'generating types needs datamodel-code-generator: pip install "i3x-client[types]"'


@dataclass(frozen=True, slots=True)
class Generated:
    """A class as it was generated: what it inherits from, and the annotations of its fields in the plan's order.

    An alias is the annotation of the one field of its class.
    """

    base: str
    annotations: list[str]


def generate(plan: Plan) -> dict[str, Generated]:
    """Return what was generated for each declaration of a plan, by its name."""
    if not plan.declarations:
        return {}
    names = {f"C{number}": declaration.name for number, declaration in enumerate(plan.declarations)}
    tree = ast.parse(_generated(_Writer(plan).document()))
    classes = {
        node.name: _Renaming(names).visit(node) for node in tree.body if isinstance(node, ast.ClassDef)
    }
    return {name: _read(classes[f"C{number}"], number) for number, name in enumerate(names.values())}


def _read(node: ast.ClassDef, number: int) -> Generated:
    fields = {ast.unparse(each.target): each for each in node.body if isinstance(each, ast.AnnAssign)}
    annotations = [ast.unparse(fields[_field(number, place)].annotation) for place in range(len(fields))]
    return Generated(ast.unparse(node.bases[0]), annotations)


def _field(number: int, place: int) -> str:
    """Return a name that no other class has: the generator gives an heir what its base says of the same name."""
    return f"f{number}_{place}"


def _generated(document: dict[str, Any]) -> str:
    try:
        from datamodel_code_generator import InputFileType, PythonVersion
        from datamodel_code_generator import generate as generate_models
        from datamodel_code_generator.enums import DataModelType
    except ImportError as error:
        raise ImportError(_INSTALL) from error
    source = generate_models(
        json.dumps(document),
        input_file_type=InputFileType.JsonSchema,
        output_model_type=DataModelType.MsgspecStruct,
        target_python_version=PythonVersion.PY_311,
        use_union_operator=True,
        use_standard_collections=True,
        disable_timestamp=True,
        formatters=[],
    )
    return str(source)


class _Writer:
    """Writes the schema for the generator."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._numbers = {declaration.name: number for number, declaration in enumerate(plan.declarations)}

    def document(self) -> dict[str, Any]:
        declarations = enumerate(self._plan.declarations)
        return {"$defs": {f"C{number}": self._schema(each, number) for number, each in declarations}}

    def _schema(self, declaration: Declaration, number: int) -> dict[str, Any]:
        if isinstance(declaration, EnumClass):
            return _enumeration(list(declaration.members.values()))
        if not isinstance(declaration, StructClass):  # an alias, as the one field of a class
            written = self._written(declaration.owner, declaration.shape)
            return {
                "type": "object",
                "properties": {_field(number, 0): written},
                "required": [_field(number, 0)],
            }
        places = list(enumerate(declaration.fields))
        fields = {
            _field(number, place): self._written(declaration.owner, each.of.shape) for place, each in places
        }
        required = [_field(number, place) for place, each in places if each.of.required]
        own = {"type": "object", "properties": fields, "required": required}
        if declaration.base is None:
            return own
        return {"allOf": [self._reference(declaration.base.name), own]}

    def _written(self, owner: str, shape: Shape) -> dict[str, Any]:
        if shape.is_anything:
            return {}
        kinds = [self._kind(owner, shape, kind) for kind in sorted(shape.kinds - {"null"})]
        kinds += [{"type": "null"}] if "null" in shape.kinds else []
        return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}

    def _kind(self, owner: str, shape: Shape, kind: str) -> dict[str, Any]:
        choice = {"string": shape.strings, "integer": shape.integers}.get(kind)
        if choice is not None:
            return self._reference(self._enum_name(owner, choice))
        if kind == "array":
            return {"type": "array", "items": self._written(owner, shape.items) if shape.items else {}}
        if kind == "object" and shape.record is not None:
            struct = self._plan.struct_of(shape.record)
            return self._reference(struct.name if struct is not None else "")
        if kind == "object":
            values = self._written(owner, shape.values) if shape.values else True
            return {"type": "object", "additionalProperties": values}
        return {"type": kind}

    def _enum_name(self, owner: str, choice: Choice) -> str:
        enum = self._plan.enum_of(owner, choice)
        return enum.name if enum is not None else ""

    def _reference(self, name: str) -> dict[str, Any]:
        return {"$ref": f"#/$defs/C{self._numbers[name]}"}


def _enumeration(values: list[str | int]) -> dict[str, Any]:
    members = [f"m{number}" for number in range(len(values))]
    if isinstance(values[0], str):
        return {"type": "string", "enum": members}
    return {"type": "integer", "enum": list(range(len(values))), "x-enum-varnames": members}


class _Renaming(ast.NodeTransformer):
    """Gives classes their own names, where they are defined and where they are used."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self._names.get(node.id, node.id), node.ctx)
