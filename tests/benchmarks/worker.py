"""One of those who are compared, in a process of its own: ``python -m tests.benchmarks.worker MODULE WHO``.

Calls the function WHO of the module with the arguments of each line it reads, as JSON, and writes what it returns.
It runs in the environment of the released client too, and so imports nothing but the standard library.
"""

import gc
import importlib
import json
import sys


def main() -> None:
    """Work until there are no more lines."""
    work = getattr(importlib.import_module(sys.argv[1]), sys.argv[2])
    for line in sys.stdin:
        gc.collect()
        print(json.dumps(work(**json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
