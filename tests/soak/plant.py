"""A plant in a process of its own. It says its URL; one line begins its work, and one ends it and has it say its
last number.
"""

import sys

from i3x.testing import Server

from .support import Plant


def main() -> None:
    """Serve until the input ends."""
    host, user, password, pace, *elements = sys.argv[1:]
    with Server(tick=None, host=host, basic=(user, password), keep_alive=1) as server:
        print(server.url, flush=True)
        sys.stdin.readline()
        plant = Plant(server, elements, float(pace))
        sys.stdin.readline()
        plant.stop()
        print(plant.last, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
