"""The last look at a generated module: whatever went wrong before, what runs is declarations alone."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from i3x.errors import InvalidServerResponseError
from i3x.typegen.plan import IMPORTS

_BASES = frozenset(("Struct", "StrEnum", "IntEnum"))
_IN_ANNOTATIONS = frozenset(
    ("Any", "Final", "Mapping", "TypeAlias", "UnsetType", "bool", "float", "int", "str")
)
_SUBSCRIPTED = frozenset(("Final", "Mapping", "dict", "list"))


def check_source(source: str, owners: Mapping[str, str]) -> None:
    """Raise :class:`~i3x.InvalidServerResponseError` unless a module is made of allowed declarations alone.

    ``owners`` maps the names that it may define to the element ids of their object types.
    """
    try:
        tree = ast.parse(source)
        compile(tree, "generated types", "exec")
    except (SyntaxError, ValueError, RecursionError) as error:
        raise _refused(f"it is no Python: {error}") from error
    check = _Check(owners)
    for statement in tree.body:
        check.statement(statement)


def _refused(what: str, element_id: str | None = None) -> InvalidServerResponseError:
    about = f"object type {element_id!r}: " if element_id is not None else ""
    return InvalidServerResponseError(
        f"{about}the module that its schema makes is refused, since {what}; leave this object type out, and report it "
        "to the maintainers of this package",
        element_id=element_id,
    )


class _Check:
    def __init__(self, owners: Mapping[str, str]) -> None:
        self._owners = owners
        self._names = _IN_ANNOTATIONS | owners.keys()
        self._bases = _BASES | owners.keys()
        self._current: str | None = None

    def statement(self, node: ast.stmt) -> None:
        self._current = None
        if isinstance(node, ast.ImportFrom):
            names = {each.name for each in node.names if each.asname is None}
            allowed = IMPORTS.get(node.module or "", ())
            self._demand(node.level == 0 and len(names) == len(node.names) and names.issubset(allowed), node)
        elif isinstance(node, ast.ClassDef):
            self._current = self._owners.get(node.name)
            self._class(node)
        elif isinstance(node, ast.AnnAssign):
            name = node.target.id if isinstance(node.target, ast.Name) else ""
            self._current = self._owners.get(name)
            self._demand(name in self._owners or name == "OBJECT_TYPES", node)
            self._annotation(node.annotation)
            self._module_value(name, node.value)
        else:
            self._demand(_is_text(node), node)

    def _class(self, node: ast.ClassDef) -> None:
        bases = [base.id if isinstance(base, ast.Name) else "" for base in node.bases]
        self._demand(node.name in self._owners and not node.decorator_list, node)
        self._demand(len(bases) == 1 and bases[0] in self._bases, node)
        for keyword in node.keywords:
            is_true = isinstance(keyword.value, ast.Constant) and keyword.value.value is True
            self._demand(keyword.arg in ("frozen", "kw_only") and is_true, keyword.value)
        is_enum = bases[0] in ("StrEnum", "IntEnum")
        for member in node.body:
            if isinstance(member, ast.Assign) and is_enum:
                self._demand(all(isinstance(target, ast.Name) for target in member.targets), member)
                self._demand(_is_literal(member.value), member)
            elif isinstance(member, ast.AnnAssign) and not is_enum:
                self._demand(isinstance(member.target, ast.Name), member)
                self._annotation(member.annotation)
                self._default(member.value)
            else:
                self._demand(isinstance(member, ast.Pass) or _is_text(member), member)

    def _annotation(self, node: ast.expr) -> None:
        waiting: list[ast.expr] = [node]  # no recursion: a union may be long
        while waiting:
            part = waiting.pop()
            if isinstance(part, ast.BinOp):
                self._demand(isinstance(part.op, ast.BitOr), part)
                waiting += [part.left, part.right]
            elif isinstance(part, ast.Subscript):
                self._demand(isinstance(part.value, ast.Name) and part.value.id in _SUBSCRIPTED, part)
                waiting += part.slice.elts if isinstance(part.slice, ast.Tuple) else [part.slice]
            elif isinstance(part, ast.Name):
                self._demand(part.id in self._names, part)
            else:
                self._demand(isinstance(part, ast.Constant) and part.value is None, part)

    def _default(self, node: ast.expr | None) -> None:
        if isinstance(node, ast.Call):
            self._demand(isinstance(node.func, ast.Name) and node.func.id == "field" and not node.args, node)
            for keyword in node.keywords:
                self._demand(keyword.arg in ("default", "name"), keyword.value)
                self._demand(_is_default(keyword.value) or _is_literal(keyword.value), keyword.value)
        elif node is not None:
            self._demand(_is_default(node), node)

    def _module_value(self, name: str, node: ast.expr | None) -> None:
        if name != "OBJECT_TYPES":
            self._demand(node is not None, node)
            if node is not None:
                self._annotation(node)
            return
        entries: Iterable[ast.expr | None] = node.values if isinstance(node, ast.Dict) else [None]
        self._demand(isinstance(node, ast.Dict) and all(key and _is_literal(key) for key in node.keys), node)
        for entry in entries:
            self._demand(isinstance(entry, ast.Name) and entry.id in self._owners, entry)

    def _demand(self, is_allowed: bool, node: ast.AST | None) -> None:
        if not is_allowed:
            place = getattr(node, "lineno", "?")
            raise _refused(f"line {place} is no declaration ({type(node).__name__})", self._current)


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _is_literal(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Constant) and type(node.value) in (str, int)


def _is_default(node: ast.expr) -> bool:
    return (isinstance(node, ast.Name) and node.id == "UNSET") or (
        isinstance(node, ast.Constant) and node.value is None
    )
