"""The command line of the code generation.

Exit codes: 0 done or equal, 1 different or failed, 2 wrongly called.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from codegen import compare, document, raw, sync, trees
from codegen.errors import CodegenError

RAW = document.ROOT / "src" / "i3x" / "raw"
PACKAGE = RAW.parent


def main(arguments: list[str] | None = None) -> int:
    """Run one command and give its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except CodegenError as error:
        print(f"codegen {options.command}: {error}", file=sys.stderr)
        return 2 if options.command == "compare" else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m codegen", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    command = commands.add_parser("generate", help="write all generated code anew")
    command.add_argument(
        "--document", type=Path, default=document.DOCUMENT, help="the API document, JSON or YAML"
    )
    command.add_argument(
        "--output", type=Path, default=RAW, help="the folder of the raw layer; any other is a trial"
    )
    command.set_defaults(run=_generate)

    command = commands.add_parser("check", help="fail if generated code is not what would be generated now")
    command.set_defaults(run=_check)

    command = commands.add_parser("compare", help="the structural differences of two API documents")
    command.add_argument("a", type=Path, metavar="A")
    command.add_argument("b", type=Path, metavar="B")
    command.set_defaults(run=_compare)
    return parser


def _generate(options: argparse.Namespace) -> int:
    corrected = document.load_corrected(options.document)
    with tempfile.TemporaryDirectory() as temporary:
        generated = Path(temporary) / "raw"
        raw.generate(corrected, generated)
        trees.replace(options.output.resolve(), generated)
    print(f"wrote {options.output}")
    # A trial of another document leaves the package alone.
    if options.output.resolve() == RAW:
        sync.write(PACKAGE)
        print("".join(f"wrote {PACKAGE / target}\n" for target in sync.TARGETS.values()), end="")
    return 0


def _check(_: argparse.Namespace) -> int:
    return check(PACKAGE)


def check(package: Path) -> int:
    """Print how the generated code of a package differs from what would be generated now; 1 if it does."""
    with tempfile.TemporaryDirectory() as temporary:
        generated = Path(temporary) / "raw"
        raw.generate(document.load_corrected(), generated)
        lines = list(trees.diff(trees.files(package / "raw"), trees.files(generated), "src/i3x/raw"))
    lines += trees.diff(*sync.both(package), "src/i3x")
    sys.stdout.writelines(lines)
    if lines:
        print(
            "generated code is not what it should be: run `make generate` and commit the result",
            file=sys.stderr,
        )
        return 1
    print("generated code is up to date")
    return 0


def _compare(options: argparse.Namespace) -> int:
    found = compare.differences(document.load(options.a), document.load(options.b))
    print("\n".join(found) if found else f"no structural difference between {options.a} and {options.b}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
