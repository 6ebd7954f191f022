"""A server that speaks bytes: each test says what goes over the wire, right or wrong."""

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Script = Callable[[socket.socket], None]
"""What to do with a connection once a request has been read from it. The connection is closed afterwards."""


@dataclass
class Wire:
    """A running server."""

    url: str
    requests: list[bytes] = field(default_factory=list[bytes])
    """What was received: head and body of each request."""

    finished: threading.Event = field(default_factory=threading.Event)
    """Set when a script is done, or its connection is lost."""


def answer(body: bytes, *headers: str, status: str = "200 OK") -> Script:
    """A complete answer."""

    def script(connection: socket.socket) -> None:
        connection.sendall(head(*headers, f"Content-Length: {len(body)}", status=status) + body)

    return script


def head(*headers: str, status: str = "200 OK") -> bytes:
    """The status line and the headers of an answer."""
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "Connection: close", "", ""]).encode("latin-1")


@contextlib.contextmanager
def serve(script: Script) -> Iterator[Wire]:
    """Run a server that treats every connection by the script."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire = Wire(f"http://127.0.0.1:{listener.getsockname()[1]}/v1")
        thread = threading.Thread(target=_accept, args=(listener, script, wire), daemon=True)
        thread.start()
        yield wire
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _accept(listener: socket.socket, script: Script, wire: Wire) -> None:
    with contextlib.suppress(OSError):  # the listener is shut down when the test is over
        while True:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                wire.requests.append(_read_request(connection))
                script(connection)
            wire.finished.set()


def _read_request(connection: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        request += _receive(connection)
    headers, _, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\ncontent-length: *(\d+)", headers)
    while length and len(body) < int(length[1]):
        body += _receive(connection)
    return headers + b"\r\n\r\n" + body


def _receive(connection: socket.socket) -> bytes:
    received = connection.recv(65536)
    if not received:
        raise ConnectionResetError("the client hung up")
    return received
