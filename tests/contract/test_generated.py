"""The generated code: the same from equal documents wherever it is generated, complete, and well named."""

import ast
import json
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from codegen import raw, sync, trees
from codegen.__main__ import PACKAGE, check, main
from codegen.document import ROOT
from codegen.errors import CodegenError
from codegen.names import envelope_name
from tests.contract.test_compare import shuffled

GENERATE = [sys.executable, "-m", "codegen", "generate"]


def test_equal_documents_give_equal_code(tmp_path: Path, published: dict[str, Any], generated: Path) -> None:
    """Whatever the order of keys, the hash seed, the folder, and the user's own configuration of ruff."""
    document = tmp_path / "document.json"
    document.write_text(json.dumps(shuffled(published, random.Random(7))), encoding="utf-8")
    settings = "line-length = 60\n[format]\nquote-style = 'single'\n"
    for folder in (tmp_path, tmp_path / "ruff"):
        folder.mkdir(exist_ok=True)
        (folder / "ruff.toml").write_text(settings, encoding="utf-8")
    environment = os.environ | {
        "PYTHONHASHSEED": "4711",
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "RUFF_LINE_LENGTH": "70",
        "TZ": "Pacific/Auckland",
        "LC_ALL": "C",
    }
    command = [*GENERATE, "--document", document.name, "--output", "out/raw"]
    subprocess.run(command, check=True, cwd=tmp_path, env=environment, capture_output=True)
    assert trees.files(tmp_path / "out" / "raw") == trees.files(generated)


def test_what_is_committed_is_what_is_generated(generated: Path) -> None:
    assert trees.files(PACKAGE / "raw") == trees.files(generated)


@pytest.fixture
def package(tmp_path: Path, generated: Path) -> Path:
    """A package with generated code that is up to date."""
    shutil.copytree(generated, tmp_path / "i3x" / "raw")
    for name in sync.TARGETS:
        source = tmp_path / "i3x" / name
        source.parent.mkdir(exist_ok=True)
        source.write_text("class AsyncClient:\n    async def close(self) -> None: ...\n", encoding="utf-8")
    sync.write(tmp_path / "i3x")
    return tmp_path / "i3x"


def test_check_is_content_with_what_it_would_write(package: Path) -> None:
    assert check(package) == 0


def test_check_shows_every_file_that_was_touched(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (package / "raw" / "types.py").write_text("touched = True\n", encoding="utf-8")
    (package / "raw" / "added.py").write_text("added = True\n", encoding="utf-8")
    (package / "raw" / "errors.py").unlink()
    (package / "client.py").write_text("touched = True\n", encoding="utf-8")
    (package / "raw" / "__pycache__").mkdir()
    (package / "raw" / "__pycache__" / "types.cpython-311.pyc").write_bytes(b"\xff")

    assert check(package) == 1
    out, err = capsys.readouterr()
    assert "-touched = True" in out
    assert "--- src/i3x/raw/types.py (as it is)" in out
    assert "--- src/i3x/raw/added.py (as it is)\n+++ /dev/null" in out
    assert "--- /dev/null\n+++ src/i3x/raw/errors.py (generated)" in out
    assert "--- src/i3x/client.py (as it is)" in out
    assert "pycache" not in out
    assert "make generate" in err


def test_every_file_says_that_it_is_generated(generated: Path) -> None:
    says = trees.HEADER.removeprefix("# ").strip()
    assert all(says in text.partition(",\n")[0] for text in trees.files(generated).values())
    assert all(
        text.startswith("# " + says) for name, text in trees.files(generated).items() if name[-3:] == ".py"
    )


def test_what_the_document_says_of_answers_is_there_as_data(
    generated: Path, corrected: dict[str, Any]
) -> None:
    data = json.loads((generated / "schemas.json").read_text(encoding="utf-8"))
    operations = [operation for path in corrected["paths"].values() for operation in path.values()]
    assert set(data["answers"]) == {operation["operationId"] for operation in operations}
    assert set(data["components"]["schemas"]) == set(corrected["components"]["schemas"])
    assert "206" in data["answers"]["syncSubscription"], "the errata are mended there too"
    assert '"description"' not in json.dumps(data["components"]["schemas"]["ErrorDetail"])


def test_every_operation_and_every_schema_is_there(generated: Path, corrected: dict[str, Any]) -> None:
    operations = [operation for path in corrected["paths"].values() for operation in path.values()]
    modules = {file.stem for file in (generated / "api").glob("*/*.py")} - {"__init__"}
    assert modules == {
        re.sub("([A-Z])", r"_\1", operation["operationId"]).lower() for operation in operations
    }
    schemas = [schema for schema in corrected["components"]["schemas"].values() if "properties" in schema]
    assert len(list((generated / "models").glob("*.py"))) - 1 > len(schemas)


def test_no_class_has_a_name_of_machinery(generated: Path) -> None:
    names = [
        node.name
        for file in (generated / "models").glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    assert len(names) == len(set(names)) > 60
    assert [name for name in names if re.search(r"Type\d|(Response|Item)List|_", name)] == []


def test_timestamps_stay_text(generated: Path) -> None:
    assert "datetime" not in (generated / "models" / "get_object_history_request.py").read_text(
        encoding="utf-8"
    )


def test_one_operation_does_not_import_all_the_models() -> None:
    """Importing the whole layer costs more than most scripts that use one operation of it."""
    program = (
        "import sys, i3x.raw.api.info.get_info\n"
        "print(sum(name.startswith('i3x.raw.models.') for name in sys.modules))\n"
        "import i3x.raw.models as models\n"
        "print(len(dir(models)), models.VQT.__name__, hasattr(models, 'Nonsense'))\n"
        "from i3x.raw.models import *\n"
        "print(VQTInput.__module__)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    few, all_of_them, module = done.stdout.splitlines()
    assert int(few) < 10
    assert int(all_of_them.split()[0]) > 60
    assert all_of_them.endswith("VQT False")
    assert module == "i3x.raw.models.vqt_input"


@pytest.mark.parametrize(
    ("generic", "chosen"),
    [
        ("SuccessResponseServerInfo", "ServerInfoResponse"),
        ("SuccessResponseListNamespace", "NamespacesResponse"),
        ("SuccessResponseListSyncBatch", "SyncBatchesResponse"),
        ("SuccessResponseListCategory", "CategoriesResponse"),
        ("SuccessResponseListing", "ListingResponse"),
        ("BulkResponseCurrentValueResult", "CurrentValueBulkResponse"),
        ("BulkResultItemListRelatedObjectResult", "RelatedObjectsBulkItem"),
        ("ListSubscriptionsRequest", None),
        ("ErrorResponse", None),
    ],
)
def test_the_scheme_names_envelopes(generic: str, chosen: str | None) -> None:
    assert envelope_name(generic) == chosen


def config_with(tmp_path: Path, override: str) -> Path:
    text = raw.CONFIG.read_text(encoding="utf-8")
    file = tmp_path / "config.yaml"
    file.write_text(text.replace("class_overrides:\n", f"class_overrides:\n  {override}\n"), encoding="utf-8")
    return file


def test_an_override_that_matches_nothing_is_named(tmp_path: Path, corrected: dict[str, Any]) -> None:
    config = config_with(tmp_path, "Ghost: { class_name: Phantom }")
    with pytest.raises(CodegenError, match=r"matches nothing: Ghost\."):
        raw.generate(corrected, tmp_path / "raw", config)


def test_a_mechanical_name_is_refused_with_the_line_to_add(tmp_path: Path, corrected: dict[str, Any]) -> None:
    anything = {"anyOf": [{"type": "object", "properties": {"a": {"type": "string"}}}, {"type": "null"}]}
    corrected["components"]["schemas"]["Namespace"]["properties"]["owner"] = anything
    with pytest.raises(CodegenError, match=r"codegen/config\.yaml:\n  NamespaceOwnerType0: \{ class_name"):
        raw.generate(corrected, tmp_path / "raw")
    config = config_with(tmp_path, "NamespaceOwnerType0: { class_name: Owner }")
    raw.generate(corrected, tmp_path / "raw", config)
    assert (tmp_path / "raw" / "models" / "owner.py").is_file()


def test_what_the_generator_would_leave_out_is_an_error(tmp_path: Path, corrected: dict[str, Any]) -> None:
    corrected["components"]["schemas"]["Namespace"]["properties"]["owner"] = {
        "$ref": "#/components/schemas/Gone"
    }
    with pytest.raises(CodegenError, match=r"(?s)can't generate all of the document:.*Namespace.*overlay"):
        raw.generate(corrected, tmp_path / "raw")


def test_a_failure_leaves_the_old_folder_alone(
    tmp_path: Path, published: dict[str, Any], generated: Path
) -> None:
    output = tmp_path / "raw"
    shutil.copytree(generated, output)
    del published["paths"]["/subscriptions/sync"]
    document = tmp_path / "document.json"
    document.write_text(json.dumps(published), encoding="utf-8")
    assert main(["generate", "--document", str(document), "--output", str(output)]) == 1
    assert trees.files(output) == trees.files(generated)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["document.json", "raw"]


def test_a_folder_that_was_not_generated_is_not_replaced(tmp_path: Path, generated: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "__init__.py").write_text("precious = True\n", encoding="utf-8")
    with pytest.raises(CodegenError, match="would be lost"):
        trees.replace(mine, generated)
    assert (mine / "__init__.py").read_text(encoding="utf-8") == "precious = True\n"
