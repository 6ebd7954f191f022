"""A server that speaks bytes: each test says what goes over the wire, right or wrong."""

import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from i3x.testing import Server
from i3x.testing.state import ReceivedRequest

INFO: dict[str, Any] = {
    "specVersion": "1.0",
    "serverVersion": "1.0.0",
    "serverName": "Wire",
    "capabilities": {
        "query": {"history": True},
        "update": {"current": True, "history": True},
        "subscribe": {"stream": False},
    },
}


@dataclass(frozen=True)
class Request:
    """What was received."""

    method: str
    target: str
    headers: Mapping[str, str]
    """Keys in lower case."""
    body: bytes


Script = Callable[[socket.socket, Request], None]
"""What to do on a connection once a request was read from it; the connection stays open for the next one."""


@dataclass
class Wire:
    """A running server."""

    port: int
    scheme: str
    requests: list[Request] = field(default_factory=list[Request])
    connections: list[socket.socket] = field(default_factory=list[socket.socket])
    """The ones that are open, handshake included."""

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/v1"

    def all_closed(self, *, but: int = 0) -> bool:
        """Whether the other side closes its connections, waiting for it."""
        deadline = time.monotonic() + 20
        while len(self.connections) > but and time.monotonic() < deadline:
            time.sleep(0.005)
        return len(self.connections) <= but


def answer(body: bytes = b"", *headers: str, status: str = "200 OK", kind: str = "application/json") -> bytes:
    """A complete answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def success(result: Any) -> bytes:
    """An answer in the success envelope."""
    return answer(json.dumps({"success": True, "result": result}).encode())


def says(*answers: bytes) -> Script:
    """A script that answers `/info` as it should, and all else with these answers, the last one for ever."""
    left = list(answers)

    def script(connection: socket.socket, request: Request) -> None:
        if request.target.endswith("/info"):
            connection.sendall(success(INFO))
        else:
            connection.sendall(left.pop(0) if len(left) > 1 else left[0])

    return script


def reset(connection: socket.socket) -> None:
    """Throw a connection away: the other side sees a reset, not an end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@contextlib.contextmanager
def serve(script: Script, *, tls: ssl.SSLContext | None = None) -> Iterator[Wire]:
    """Run a server that treats every request by the script, each connection on a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire = Wire(listener.getsockname()[1], "http" if tls is None else "https")
        threads: list[threading.Thread] = []

        def accept() -> None:
            with contextlib.suppress(OSError):  # the listener is shut down when the test is over
                while True:
                    connection, _ = listener.accept()
                    wire.connections.append(connection)
                    arguments = (connection, script, wire, tls)
                    threads.append(threading.Thread(target=_converse, args=arguments, daemon=True))
                    threads[-1].start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield wire
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for connection in list(wire.connections):
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()


def _converse(raw: socket.socket, script: Script, wire: Wire, tls: ssl.SSLContext | None) -> None:
    try:
        with raw, contextlib.suppress(OSError, EOFError):
            if tls is None:
                _answer_all(raw, script, wire)
                return
            with tls.wrap_socket(raw, server_side=True) as connection:
                wire.connections[wire.connections.index(raw)] = raw = connection
                _answer_all(connection, script, wire)
    finally:
        wire.connections.remove(raw)


def _answer_all(connection: socket.socket, script: Script, wire: Wire) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while True:
        request = _read(connection)
        wire.requests.append(request)
        script(connection, request)


def _read(connection: socket.socket) -> Request:
    received = b""
    while b"\r\n\r\n" not in received:
        received += _more(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += _more(connection)
    method, target, _ = first.split(" ")
    return Request(method, target, headers, body)


def _more(connection: socket.socket) -> bytes:
    part = connection.recv(65536)
    if not part:
        raise EOFError
    return part


def received(server: Server, operation: str) -> list[ReceivedRequest]:
    """What a test server received for one operation."""
    return [request for request in server.requests if request.operation == operation]
