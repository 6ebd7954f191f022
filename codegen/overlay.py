"""Applies an OpenAPI Overlay 1.0, and insists that each of its actions still has something to do.

The overlay holds the errata of the published document. When a later version of the document has one mended,
its action would silently do nothing, or worse, mend the mended text again. So an action that finds no target,
or leaves the document as it was, stops the generation and says which one it is.
"""

import copy
from dataclasses import dataclass
from typing import Any, Self

from jsonpath import JSONPathEnvironment, JSONPathError, JSONPathMatch

from codegen.errors import CodegenError

JSONPATH = JSONPathEnvironment(strict=True)
"""Strict: RFC 9535 and nothing more, so that any other tool reads the overlay alike."""


@dataclass(frozen=True)
class Action:
    """One action of an overlay."""

    number: int
    target: str
    description: str
    update: Any
    remove: bool

    @classmethod
    def read(cls, number: int, raw: Any) -> Self:
        """Read an action, refusing what Overlay 1.0 does not define."""
        if not isinstance(raw, dict):
            raise CodegenError(
                f"action {number} of the overlay is no object: give it a target and an update or remove"
            )
        known = {"target", "description", "update", "remove"}
        unknown = sorted(key for key in raw if key not in known and not str(key).startswith("x-"))
        if unknown:
            raise CodegenError(
                f"action {number} of the overlay has {', '.join(unknown)}, which Overlay 1.0 lacks"
            )
        target, remove = raw.get("target"), raw.get("remove", False)
        if not isinstance(target, str):
            raise CodegenError(f"action {number} of the overlay has no target: give it a JSONPath (RFC 9535)")
        if (remove is True) == ("update" in raw):
            raise CodegenError(f"action {number} of the overlay must have either an update or `remove: true`")
        return cls(number, target, str(raw.get("description", "")).strip(), raw.get("update"), remove is True)

    def __str__(self) -> str:
        """The action as an error message names it."""
        first_line = self.description.partition("\n")[0] or "without description"
        return f"action {self.number} of the overlay ({first_line})"


def apply(document: dict[str, Any], overlay: Any) -> dict[str, Any]:
    """A copy of the document with every action applied, in their order."""
    for action in _actions(overlay):
        corrected = _apply(action, document)
        if corrected == document:
            raise CodegenError(
                f"{action} changes nothing: the document says already what it wants to say.\n"
                "The erratum was mended upstream: delete the action."
            )
        document = corrected
    return document


def _actions(overlay: Any) -> list[Action]:
    if not isinstance(overlay, dict) or not str(overlay.get("overlay", "")).startswith("1.0."):
        raise CodegenError("the overlay is none: it must begin with `overlay: 1.0.0`")
    raw = overlay.get("actions")
    if not isinstance(raw, list) or not raw:
        raise CodegenError("the overlay has no actions: give it a list of them")
    return [Action.read(number, item) for number, item in enumerate(raw, start=1)]


def _apply(action: Action, document: dict[str, Any]) -> dict[str, Any]:
    document = copy.deepcopy(document)
    for match in _targets(action, document):
        if not isinstance(match.obj, dict | list):
            raise CodegenError(f"{action}: {match.path} is a bare value; target the object that contains it")
        if action.remove:
            _remove(action, match)
        elif isinstance(match.obj, list):
            match.obj.append(copy.deepcopy(action.update))
        else:
            _merge(action, match.obj, action.update, match.path)
    return document


def _targets(action: Action, document: dict[str, Any]) -> list[JSONPathMatch]:
    try:
        matches = list(JSONPATH.finditer(action.target, document))
    except JSONPathError as error:
        raise CodegenError(f"{action}: the target {action.target} is no JSONPath: {error}") from error
    if not matches:
        raise CodegenError(
            f"{action} finds nothing at {action.target}.\n"
            "If the erratum was mended upstream, delete the action; if the place moved, mend its target."
        )
    # From the end, so that removing one element of an array does not shift those still to come.
    return matches[::-1]


def _remove(action: Action, match: JSONPathMatch) -> None:
    if match.parent is None:
        raise CodegenError(f"{action} would remove the whole document: give it a narrower target")
    container: Any = match.parent.obj
    del container[match.parts[-1]]


def _merge(action: Action, old: dict[str, Any], new: Any, path: str) -> None:
    """Merge as Overlay 1.0 says: objects recursively, arrays end to end, a bare value in place of another."""
    if not isinstance(new, dict):
        raise CodegenError(f"{action}: the update of the object at {path} must be an object")
    for key, value in new.items():
        current = old.get(key)
        if isinstance(current, dict) and isinstance(value, dict):
            _merge(action, current, value, f"{path}['{key}']")
        elif isinstance(current, list) and isinstance(value, list):
            current.extend(copy.deepcopy(value))
        elif isinstance(current, dict | list) or (key in old and isinstance(value, dict | list)):
            raise CodegenError(
                f"{action}: {key} at {path} is of another kind than its update. "
                "Remove what contains it in an action before, then update."
            )
        else:
            old[key] = copy.deepcopy(value)
