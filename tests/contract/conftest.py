"""What the contract tests share: the corrected document, and code generated from it, once for all of them."""

import copy
from pathlib import Path
from typing import Any

import pytest

from codegen import raw
from codegen.document import DOCUMENT, load, load_corrected


@pytest.fixture(scope="session")
def _corrected() -> dict[str, Any]:
    return load_corrected()


@pytest.fixture
def corrected(_corrected: dict[str, Any]) -> dict[str, Any]:
    """The corrected document, to change at will."""
    return copy.deepcopy(_corrected)


@pytest.fixture
def published() -> dict[str, Any]:
    """The document before its errata are mended, to change at will."""
    return load(DOCUMENT)


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory, _corrected: dict[str, Any]) -> Path:
    """The raw layer as it is generated now. Not to be changed."""
    folder = tmp_path_factory.mktemp("generated") / "raw"
    raw.generate(_corrected, folder)
    return folder
