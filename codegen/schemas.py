"""Writes what the document says of answers as data, for whoever checks answers against the document itself.

The generated parsers are no such check: they take what they can use and leave the rest. The document is not in
the package; this file is, beside the parsers.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codegen.structure import Path as Place
from codegen.structure import rewrite
from codegen.trees import HEADER

FILE = "schemas.json"


def write(folder: Path, document: Mapping[str, Any]) -> None:
    """Write the schemas of a corrected document into the folder of the raw layer."""
    text = json.dumps(answers(document), sort_keys=True, indent=1, ensure_ascii=False)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def answers(document: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of each JSON answer, by operation and status, and the components that they refer to."""
    bare = rewrite(document, _without_prose)
    operations = [
        operation
        for item in bare["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict) and "operationId" in operation
    ]
    return {
        "$comment": HEADER.removeprefix("#").strip(),
        "answers": {operation["operationId"]: _by_status(operation["responses"]) for operation in operations},
        "components": {"schemas": bare["components"]["schemas"]},
    }


def _by_status(responses: Mapping[str, Any]) -> dict[str, Any]:
    return {
        status: response["content"]["application/json"]["schema"]
        for status, response in responses.items()
        if "application/json" in response.get("content", {})
    }


def _without_prose(_place: Place, node: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in node.items() if name not in ("title", "description", "example")}
