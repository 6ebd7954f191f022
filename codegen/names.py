"""Gives the generated classes names that a person would choose, and refuses those that no person would.

The document's envelopes are named by the program that wrote it (`SuccessResponse_List_Namespace__`). They
follow a pattern, so a scheme names them, those of later versions included:

    SuccessResponse_List_Namespace__     NamespacesResponse         a success envelope, plural around a list
    BulkResponse_CurrentValueResult_     CurrentValueBulkResponse   a bulk envelope
    BulkResultItem_CurrentValueResult_   CurrentValueBulkItem       one item of it

What the scheme does not cover is named in `codegen/config.yaml`, which goes before the scheme.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from openapi_python_client.config import ClassOverride

from codegen.errors import CodegenError

ENVELOPE = re.compile(
    r"(SuccessResponse|BulkResponse|BulkResultItem)(List(?=[A-Z]))?([A-Z]\w*?)(?:Response|Result)?"
)
SUFFIX = {"SuccessResponse": "Response", "BulkResponse": "BulkResponse", "BulkResultItem": "BulkItem"}
MECHANICAL = re.compile(
    r"Type_?\d+|(Response|Item)List[A-Z]|^(SuccessResponse|BulkResponse|BulkResultItem)[A-Z]"
)


class Overrides(dict[str, ClassOverride]):
    """The generator's `class_overrides`, which know the scheme and remember what they were asked for."""

    def __init__(self, configured: Mapping[str, ClassOverride]) -> None:
        super().__init__(configured)
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None, /) -> Any:
        """The configured name, else that of the scheme."""
        self.asked.add(key)
        by_scheme = envelope_name(key)
        if key not in self and by_scheme is not None:
            return ClassOverride.model_validate({"class_name": by_scheme})
        return super().get(key, default)

    def check(self, generated: Iterable[str]) -> None:
        """Fail if an override matched nothing, or if a generated class has a name of machinery."""
        stale = sorted(self.keys() - self.asked)
        if stale:
            raise CodegenError(
                f"codegen/config.yaml overrides what matches nothing: {', '.join(stale)}.\n"
                "The document has no such schema any more: delete the entry or give it the new name."
            )
        mechanical = sorted(name for name in generated if MECHANICAL.search(name))
        if mechanical:
            entries = "\n".join(f"  {name}: {{ class_name: ... }}" for name in mechanical)
            raise CodegenError(
                f"no person would have chosen the name of {len(mechanical)} generated class(es).\n"
                f"Name them under class_overrides in codegen/config.yaml:\n{entries}"
            )


def envelope_name(name: str) -> str | None:
    """The name of an envelope by the scheme, or None if it is no envelope."""
    match = ENVELOPE.fullmatch(name)
    if match is None:
        return None
    kind, is_list, content = match.groups()
    return (_plural(content) if is_list else content) + SUFFIX[kind]


def _plural(noun: str) -> str:
    if re.search(r"[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    return noun + ("es" if re.search(r"(s|x|z|ch|sh)$", noun) else "s")
