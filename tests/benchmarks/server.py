"""The local server: it does as little as can be, so that what is measured is the client.

``python -m tests.benchmarks.server SETTINGS``, as JSON, prints its port when it is ready. It tells at ``/count`` how
many requests for values it has had.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks import bodies

_INFO = {
    "specVersion": "1.0",
    "capabilities": {
        "query": {"history": False},
        "update": {"current": False, "history": False},
        "subscribe": {"stream": True},
    },
}
_GOOD_ITEM = {"success": True, "elementId": bodies.ELEMENT, "subscriptionId": "s", "result": None}
_FIXED: dict[str, Any] = {
    "/v1/info": {"success": True, "result": _INFO},
    "/v1/subscriptions": {"success": True, "result": {"clientId": "c", "subscriptionId": "s"}},
    "/v1/subscriptions/register": {"success": True, "results": [_GOOD_ITEM]},
    "/v1/subscriptions/delete": {"success": True, "results": [_GOOD_ITEM]},
}
_TOO_MANY = {"success": False, "responseDetail": {"title": "Payload Too Large", "status": 413}}
_BLOCK = 64 * 1024  # what is written of a stream at once


@dataclass(frozen=True)
class Settings:
    """What a server has: the file with its objects, its limit of ids, and how it streams."""

    objects: str = ""
    most_ids: int = 1_000_000
    per_frame: int = 1
    frames: int = 1
    updates: int = 0


class Server:
    """Answers the requests of any number of connections."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._objects = Path(settings.objects).read_bytes() if settings.objects else b""
        self._count = 0
        self._answers: dict[str, Callable[[bytes], bytes]] = {
            "/count": lambda _: _answer(str(self._count).encode()),
            "/v1/objects": lambda _: _answer(self._objects, "Content-Encoding: gzip\r\n"),
            "/v1/objects/value": self._values,
        }

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                length = head.partition("content-length:")[2].partition("\r\n")[0]
                body = await reader.readexactly(int(length or 0))
                path = head.split(" ")[1].partition("?")[0]
                if path == "/v1/subscriptions/stream":
                    await self._stream(writer)
                elif path in _FIXED:
                    writer.write(_answer(json.dumps(_FIXED[path]).encode()))
                else:
                    writer.write(self._answers[path](body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _values(self, body: bytes) -> bytes:
        self._count += 1
        ids = json.loads(body)["elementIds"]
        if len(ids) > self._settings.most_ids:
            return _answer(json.dumps(_TOO_MANY).encode(), status="413 Payload Too Large")
        return _answer(bodies.bulk(map(bodies.current_value, ids)))

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        """Send the updates as fast as they are read, and then keep the stream open and idle."""
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        per_chunk = self._settings.per_frame * self._settings.frames
        update = f'{{"elementId": "{bodies.ELEMENT}", {bodies.value(0)}}}'
        frame = f"data: [{', '.join([update] * self._settings.per_frame)}]\n\n".encode()
        chunk = b"%x\r\n%b\r\n" % (len(frame) * self._settings.frames, frame * self._settings.frames)
        left, at_once = self._settings.updates // per_chunk, max(1, _BLOCK // len(chunk))
        while left:
            writer.write(chunk * min(left, at_once))
            await writer.drain()
            left -= min(left, at_once)
        await asyncio.sleep(3600)


def _answer(body: bytes, headers: str = "", status: str = "200 OK") -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def main() -> None:
    """Serve until the process is ended."""
    handler = Server(Settings(**json.loads(sys.argv[1]))).serve
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
