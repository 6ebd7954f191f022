"""`python -m i3x.conformance URL`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from i3x.conformance.option_help import DEFAULT_TIMEOUT, HELP, METAVARS

_READER_GONE = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the suite and return the exit code."""
    parser = _parser()
    options = vars(parser.parse_args(arguments))
    try:
        from i3x.conformance.command import execute

        return execute(**options)
    except BrokenPipeError:
        # The reader went away, as `head` does; nor must the interpreter try to write the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _READER_GONE
    except (ValueError, ImportError) as error:
        parser.error(str(error))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m i3x.conformance",
        description="Test whether a server conforms to i3X 1.0.",
        epilog="Exit codes: 0 compliant or compatible, 1 not compliant, 2 wrong usage, 3 the server can't be reached.",
        allow_abbrev=False,
    )
    parser.add_argument("url", metavar=METAVARS["url"], help=HELP["url"])
    for name in ("token", "basic", "ca", "json", "junit"):
        parser.add_argument(f"--{name}", metavar=METAVARS[name], help=HELP[name])
    parser.add_argument(
        "--header", action="append", default=[], metavar=METAVARS["header"], help=HELP["header"]
    )
    parser.add_argument(
        "--timeout", default=DEFAULT_TIMEOUT, metavar=METAVARS["timeout"], help=HELP["timeout"]
    )
    for name in ("insecure", "no_writes", "quiet"):
        parser.add_argument(f"--{name.replace('_', '-')}", action="store_true", help=HELP[name])
    return parser


if __name__ == "__main__":
    sys.exit(main())
