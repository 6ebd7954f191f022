"""Reads the API document, and gives it corrected: the one place that knows where both files are."""

import json
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from codegen import overlay as overlays
from codegen.errors import CodegenError

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "openapi" / "i3x-1.0.json"
OVERLAY = ROOT / "openapi" / "errata.overlay.yaml"


def load_corrected(document: Path = DOCUMENT, overlay: Path = OVERLAY) -> dict[str, Any]:
    """The API document with its errata mended: what the standard means, and all generated code says."""
    try:
        return overlays.apply(load(document), read(overlay))
    except CodegenError as error:
        raise CodegenError(f"{document.name} with {overlay.name}: {error}") from error


def load(file: Path) -> dict[str, Any]:
    """An OpenAPI 3 document as it is, from JSON or YAML."""
    document = read(file)
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
        raise CodegenError(f"{file} is no OpenAPI 3 document: it has no `openapi: 3.x`")
    return document


def read(file: Path) -> Any:
    """Any JSON or YAML file, in the types of JSON."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CodegenError(f"can't read {file}: {error}") from error
    try:
        if file.suffix == ".json":
            return json.loads(text, object_pairs_hook=_object)
        # Through JSON, because YAML has more than its types: keys that are numbers, dates.
        return json.loads(json.dumps(YAML(typ="safe", pure=True).load(text), default=str))
    except (ValueError, YAMLError) as error:
        raise CodegenError(f"{file} is neither JSON nor YAML: {error}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are unique: of two equal keys, JSON readers silently keep one."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(
            f"{next(name for name in names if names.count(name) > 1)!r} is there twice in one object"
        )
    return found
