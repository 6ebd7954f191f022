"""An i3X 1.0 server for tests and demonstrations: a pump station in memory, behind a real socket.

Three ways to start it: `python -m i3x.testing --port 8080`, `with i3x.testing.Server() as server:` in a
program, and the pytest fixture `i3x_server`. It shares no code with the client, so that a mistake in one
cannot hide in the other. Starlette and uvicorn come with the extra: `pip install 'i3x-client[testing]'`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .server import Server as Server

__all__ = ["Server"]


def __getattr__(name: str) -> object:
    # The pytest plugin imports this package in every test run, and must not pay for a web server there.
    if name != "Server":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from .server import Server
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in {"starlette", "uvicorn", "h11"}:
            raise
        raise ImportError(
            f"i3x.testing.Server needs {error.name}, which is missing: pip install 'i3x-client[testing]'"
        ) from error
    return Server


def __dir__() -> list[str]:
    return [*globals(), *__all__]
