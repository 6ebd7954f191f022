"""`python -m i3x.testing`: the test server from the command line, until it is interrupted."""

from __future__ import annotations

import argparse
import errno
import signal
import sys
import threading
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None, *, program: str = "i3x.testing") -> int:
    """Serve until SIGINT or SIGTERM; returns the exit status: 0, or 2 if it could not start.

    What went wrong is told on stderr, under the name ``program``.
    """
    options = _parser().parse_args(arguments)
    try:
        from . import Server

        server = Server(
            host=options.host,
            port=options.port,
            token=options.token,
            objects=options.objects,
            tick=options.tick or None,
            ssl_certfile=options.ssl_certfile,
            ssl_keyfile=options.ssl_keyfile,
        )
        stopped = _stopped_by_signal()
        server.start()
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        words = str(error)
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            words = (
                f"port {options.port} is in use; give another with --port, or --port 0 for one that is free"
            )
        sys.stderr.write(f"{program}: {words}\n")
        return 2
    with server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        while not stopped.wait(0.5):  # waiting without an end could not be interrupted on Windows
            pass
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m i3x.testing",
        description="Serve a pump station as an i3X 1.0 server. Prints its URL when ready; Ctrl-C ends it.",
    )
    parser.add_argument("--port", type=int, default=8080, help="0 picks a free one (default: 8080)")
    parser.add_argument("--host", default="127.0.0.1", help="any but a loopback address needs --token")
    parser.add_argument("--token", help="the bearer token that clients must show")
    parser.add_argument("--objects", type=int, default=0, metavar="N", help="add N scalar sensors")
    parser.add_argument(
        "--tick",
        type=float,
        default=1.0,
        metavar="SECONDS",
        help="between live changes; 0 for none (default: 1)",
    )
    parser.add_argument("--ssl-certfile", metavar="PEM", help="serve https with this certificate chain")
    parser.add_argument("--ssl-keyfile", metavar="PEM", help="the certificate's private key")
    return parser


def _stopped_by_signal() -> threading.Event:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    return stopped


if __name__ == "__main__":
    sys.exit(main())
