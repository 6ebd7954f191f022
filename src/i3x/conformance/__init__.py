"""The i3X 1.0 conformance suite, for those who write servers.

It asks a server all that the standard requires of one, sees what was really sent (it stands on the raw layer, never on
the models of the client), and says for every failure what was sent, what came back, what the rule is and where the
guide states it. Three ways to run it::

    python -m i3x.conformance https://server.example.com/v1 --token secret
    pytest --pyargs i3x.conformance --i3x-url https://server.example.com/v1 --i3x-token secret

    from i3x.conformance import Options, run
    report = run("https://server.example.com/v1", Options(token="secret"))

It needs the extra: ``pip install 'i3x-client[conformance]'``. The ids, the order and the meaning of the tests are those
of the standard's own suite, so that reports can be compared line by line.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from i3x.conformance.definition import Level, Outcome, Reason, Result
    from i3x.conformance.options import Options
    from i3x.conformance.report import Report
    from i3x.conformance.runner import run
    from i3x.conformance.verdict import Verdict

__all__ = ["Level", "Options", "Outcome", "Reason", "Report", "Result", "Verdict", "run"]

_MODULES = {
    "Level": "definition",
    "Options": "options",
    "Outcome": "definition",
    "Reason": "definition",
    "Report": "report",
    "Result": "definition",
    "Verdict": "verdict",
    "run": "runner",
}


def __getattr__(name: str) -> Any:
    # pytest imports this package in every run of everyone who has it, for the plugin's options.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
