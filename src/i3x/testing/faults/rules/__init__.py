"""The breaks: faults of which each breaks one rule of the standard and leaves the rest of the server right.

`EXPECTED` says of each which conformance tests notice: on a server that asks for credentials, and whose values have
moved on whenever somebody looks (the fault `tick_with_every_request`), so that there is something to be noticed.
"""

from __future__ import annotations

from ..base import Fault
from .base import Expectation
from .bulk import BULK
from .core import CORE
from .explore import EXPLORE
from .query import QUERY
from .subscribe import SUBSCRIBE
from .update import UPDATE

__all__ = ["BREAKS", "EXPECTED", "Expectation"]

_SECTIONS = (BULK, CORE, EXPLORE, QUERY, UPDATE, SUBSCRIBE)

BREAKS: dict[str, type[Fault]] = {name: kind for each in _SECTIONS for name, kind in each.breaks.items()}
"""Name -> fault, as in the table of all faults."""

EXPECTED: tuple[Expectation, ...] = tuple(entry for each in _SECTIONS for entry in each.expected)
"""What the conformance tests say of each break; those of the bulk envelope, for each operation."""
