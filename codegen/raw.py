"""Generates the raw layer: one module for each operation and one for each model of the corrected document.

openapi-python-client writes the modules. This step sees to it that equal documents give equal text on every
machine, that nothing is silently left out, and that importing one operation does not import all the rest.
"""

import contextlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from openapi_python_client import Project
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError
from openapi_python_client.strings import PythonIdentifier

from codegen import schemas
from codegen.errors import CodegenError
from codegen.names import Overrides
from codegen.structure import Path as Place
from codegen.structure import rewrite
from codegen.tidy import tidy
from codegen.trees import HEADER

CONFIG = Path(__file__).with_name("config.yaml")

RAW = """\
The raw layer: every operation and every model of the i3X 1.0 API document, as it is written there.

For those who write servers or test them. It is generated, changes with the document, and judges nothing: what
the document requires, it requires. Applications are better served by `i3x.Client`.

`i3x.raw.api` has a module for each operation, in a package for each tag, `i3x.raw.models` a class for each
schema. Build a request from models and send it with `i3x.raw_call`, which shows what the server answered:

    from i3x import raw_call
    from i3x.raw import Client
    from i3x.raw.api.query import query_last_known_values
    from i3x.raw.models import GetObjectValueRequest

    with Client(base_url="https://plant.example/v1") as client:
        reply = raw_call.send(
            client, query_last_known_values, body=GetObjectValueRequest(element_ids=["pump-101"])
        )
    print(reply.status_code, reply.parsed or reply.parse_error or reply.failure)

Each module also has what the generator gives it: `sync`, `sync_detailed`, `asyncio` and `asyncio_detailed`
send the request and parse the answer themselves. They raise when an answer is not what the document says, and
on the event stream they wait for its end, which does not come.
"""
API = "The operations, in one package for each tag of the API document."
MODELS = "The models: one class for each schema of the API document, imported when first used."


def generate(document: Mapping[str, Any], folder: Path, config_file: Path = CONFIG) -> None:
    """Write the raw layer of a corrected document to a folder that does not exist yet."""
    overrides, config = _configuration(config_file, folder)
    data = GeneratorData.from_dict(prepare(document), config=config)
    if isinstance(data, GeneratorError):
        raise _failure([data])
    classes = {str(m.class_info.name): str(m.class_info.module_name) for m in (*data.models, *data.enums)}
    overrides.check(classes)
    with contextlib.redirect_stdout(io.StringIO()):
        errors = Project(openapi=data, config=config).build()
    if errors:
        raise _failure(errors)
    _write_inits(folder, document, classes)
    schemas.write(folder, document)
    for file in folder.rglob("*.py"):
        file.write_text(HEADER + "\n" + file.read_text(encoding="utf-8").lstrip(), encoding="utf-8")
    tidy(folder)


def prepare(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as the generator gets it: in one order, and without what would mislead it."""

    def change(place: Place, node: dict[str, Any]) -> dict[str, Any]:
        # A title renames its class, and the published documents put one on every property.
        if "title" in node and place != ("info",):
            node = {key: value for key, value in node.items() if key != "title"}
        # Timestamps stay the text that they are on the wire: as datetime objects they would lose the server's
        # digits and spelling, and nobody could send a malformed one to see what a server makes of it.
        if node.get("format") == "date-time":
            node = {key: value for key, value in node.items() if key != "format"}
        return node

    ordered: dict[str, Any] = json.loads(json.dumps(rewrite(document, change), sort_keys=True))
    return ordered


def _configuration(config_file: Path, folder: Path) -> tuple[Overrides, Config]:
    settings = ConfigFile.load_from_path(config_file)
    settings.post_hooks = []  # they would take the ruff and the rules of whoever runs this
    config = Config.from_sources(
        settings,
        meta_type=MetaType.NONE,
        document_source=config_file,
        file_encoding="utf-8",
        overwrite=False,
        output_path=folder,
    )
    config.class_overrides = overrides = Overrides(settings.class_overrides or {})
    return overrides, config


def _failure(errors: Sequence[GeneratorError]) -> CodegenError:
    lines = [f"{error.header.strip()} {(error.detail or '').strip()}" for error in errors]
    return CodegenError(
        "openapi-python-client can't generate all of the document:\n"
        + "\n".join(lines)
        + "\nIf the document is wrong there, mend it with an action in openapi/errata.overlay.yaml."
    )


def _write_inits(folder: Path, document: Mapping[str, Any], models: Mapping[str, str]) -> None:
    _write_init(folder, lazy_module(RAW, {"AuthenticatedClient": "client", "Client": "client"}))
    _write_init(folder / "models", lazy_module(MODELS, models))
    _write_init(folder / "api", f'"""{API}"""\n')
    for tag in document.get("tags", []):
        package = folder / "api" / PythonIdentifier(tag["name"], prefix="tag")
        if package.is_dir():
            about = " ".join(str(tag.get("description", "its operations")).split())
            _write_init(package, f'"""{_docstring(tag["name"] + ": " + about)}"""\n')


def _write_init(package: Path, text: str) -> None:
    (package / "__init__.py").write_text(text, encoding="utf-8")


def _docstring(text: str) -> str:
    """A foreign text made harmless between triple quotes."""
    return text.replace("\\", "\\\\").replace('"', "'")


def lazy_module(about: str, names: Mapping[str, str]) -> str:
    """The text of an `__init__.py` that imports each name from its module when it is first used (PEP 562).

    `__getattr__` is kept from type checkers, which would otherwise take any name for granted.
    """
    ordered = sorted(names.items())
    imports = "\n".join(f"    from .{module} import {name} as {name}" for name, module in ordered)
    table = "\n".join(f'        "{name}": "{module}",' for name, module in ordered)
    every = "\n".join(f'    "{name}",' for name, _ in ordered)
    return f'''"""{about}"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
{imports}
else:
    from importlib import import_module

    _MODULES = {{
{table}
    }}

    def __getattr__(name):
        if name not in _MODULES:
            raise AttributeError(f"module {{__name__!r}} has no attribute {{name!r}}")
        value = getattr(import_module(f".{{_MODULES[name]}}", __name__), name)
        globals()[name] = value
        return value


__all__ = (
{every}
)


def __dir__() -> list[str]:
    return sorted(__all__)
'''
