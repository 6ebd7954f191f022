"""The pytest plugin: its options are known in every run, and all else is loaded when the suite is asked for.

`pytest --pyargs i3x.conformance --i3x-url URL` has one item for each test, named by its id, so that a server's own
`conftest.py` can mark them::

    def pytest_collection_modifyitems(items):
        for item in items:
            if item.name == "SUB-14":
                item.add_marker(pytest.mark.xfail(reason="our proxy keeps streams open"))
"""

from __future__ import annotations

from pathlib import Path

import pytest

from i3x.conformance.option_help import HELP, METAVARS

_SUITE = Path(__file__).with_name("suite.py")
_FLAGS = ("insecure", "no_writes", "quiet")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the command, each with `i3x` before it."""
    group = parser.getgroup("i3x", "i3X 1.0 conformance: pytest --pyargs i3x.conformance --i3x-url URL")
    for name, about in HELP.items():
        option = f"--i3x-{name.replace('_', '-')}"
        if name in _FLAGS:
            group.addoption(option, action="store_true", default=False, help=about)
        elif name == "header":
            group.addoption(option, action="append", default=[], metavar=METAVARS[name], help=about)
        else:
            group.addoption(option, metavar=METAVARS[name], help=about)


def pytest_configure(config: pytest.Config) -> None:
    """With a URL, check all options before anything is collected or sent."""
    given = {name: config.getoption(f"i3x_{name}") for name in HELP}
    if given["url"] is not None:
        from i3x.conformance.pytest_items import Conformance

        config.pluginmanager.register(Conformance(config, given), "i3x-conformance-run")
    elif any(given.values()):
        raise pytest.UsageError(
            "the options --i3x-... say how to test a server; give its address with --i3x-url"
        )


def pytest_collection_finish(session: pytest.Session) -> None:
    """Without a URL, there is nothing to test: to pass then would be worse than to fail."""
    if session.config.getoption("i3x_url") is None and any(item.path == _SUITE for item in session.items):
        raise pytest.UsageError("i3x.conformance needs the address of a server: give it with --i3x-url")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the suite, wherever it is installed."""
    if file_path.name != _SUITE.name or file_path != _SUITE:
        return None
    from i3x.conformance.pytest_items import SuiteFile

    # An id of its own, because the one that pytest would make depends on where the package is installed.
    node_id = "i3x/conformance/suite.py"
    collector: pytest.Collector = SuiteFile.from_parent(parent, path=file_path, nodeid=node_id)
    return collector
