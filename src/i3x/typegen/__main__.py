"""`python -m i3x.typegen URL -o plant.py`: the classes for a server's object types, in a file."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import i3x
from i3x.typegen import difference, generate_types, save

_USAGE, _UNREACHABLE = 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program.

    Returns 0, 1 (the file is not current, or the server said no), 2 (the address or the environment is wrong), or 3
    (the server can't be reached).
    """
    options = _parser().parse_args(arguments)
    try:
        unconnected = i3x.Client.from_env({**os.environ, "I3X_URL": options.url})
    except ValueError as error:
        return _failed(error, _USAGE)
    try:
        with unconnected as client:
            source = generate_types(client.get_object_types(options.namespace))
        return _deliver(source, options.output, options.check)
    except (i3x.ConnectionError, i3x.TimeoutError) as error:
        return _failed(error, _UNREACHABLE)
    except (i3x.I3XError, ImportError, OSError) as error:
        return _failed(error, 1)


def _deliver(source: str, output: str | None, is_check: bool) -> int:
    if output is None:
        sys.stdout.write(source)
        return 0
    if is_check:
        changes = difference(source, output)
        sys.stdout.write(changes)
        return 1 if changes else 0
    save(source, output)
    return 0


def _failed(error: Exception, code: int) -> int:
    sys.stderr.write(f"{type(error).__name__}: {error}\n")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m i3x.typegen",
        description="Write Python classes for the object types of an i3X server.",
        epilog="Credentials come from the environment: I3X_TOKEN, I3X_USERNAME and I3X_PASSWORD, I3X_HEADER.",
    )
    parser.add_argument("url", help="the address of the API, such as https://server.example.com/v1")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="the module to write; without it, it is printed"
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if FILE is not current")
    parser.add_argument("--namespace", metavar="URI", help="the object types of one namespace alone")
    return parser


if __name__ == "__main__":
    sys.exit(main())
