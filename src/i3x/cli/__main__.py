"""`python -m i3x.cli`: the command `i3x`, where its script is not on the path."""

import sys

from i3x.cli.entry import main

if __name__ == "__main__":
    sys.exit(main())
