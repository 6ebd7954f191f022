"""`make bench`: prints how fast the client is beside the released one, and whether each bar is met."""

import argparse
import importlib
import json
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.bodies import Bodies
from tests.benchmarks.runner import Bench, Row, WorkFailedError

WORKS = ("decode", "loopback", "start", "streams", "limited", "growth")


def main() -> None:
    """Measure, and print a table or JSON; the exit status is 1 if a bar is missed."""
    parser = argparse.ArgumentParser(prog="tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--released", required=True, help="the Python of an environment with i3x-client 1.0.0"
    )
    parser.add_argument("--ours", default=sys.executable, help="the Python of one with this package alone")
    parser.add_argument(
        "--rows", nargs="+", choices=WORKS, default=WORKS, metavar="ROW", help=", ".join(WORKS)
    )
    parser.add_argument("--rounds", type=int, default=5, help="how often everybody does each work")
    parser.add_argument(
        "--quick", action="store_true", help="a thousandth of the work: tests the bench itself"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found: list[Row] = []
    failed: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        pythons = {"released": options.released, "ours": options.ours}
        bench = Bench(pythons, Bodies(Path(folder)), options.rounds, options.quick)
        for work in options.rows:
            try:
                for row in importlib.import_module(f"tests.benchmarks.{work}").rows(bench):
                    found.append(row)
                    if not options.json:
                        print(*row.lines(), sep="\n", flush=True)
            except WorkFailedError as error:
                failed.append(str(error))
    if options.json:
        print(json.dumps({"rows": [row.as_json() for row in found], "failed": failed}, indent=2))
    failed += [
        f"{row.work}: the bar is missed; on a busy machine, try again" for row in found if not row.is_met
    ]
    if failed:
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    main()
