"""A server that does nothing but stream as fast as it is read: `python stream_server.py PER_FRAME FRAMES UPDATES`.

It answers what a subscription needs, sends UPDATES updates, PER_FRAME in each event and FRAMES events in each
chunk, and then keeps the stream open and idle. Prints its port when it is ready.
"""

import asyncio
import json
import sys
from typing import Any

INFO = {
    "specVersion": "1.0",
    "capabilities": {
        "query": {"history": False},
        "update": {"current": False, "history": False},
        "subscribe": {"stream": True},
    },
}
GOOD_ITEM = {"success": True, "elementId": "sensor-001", "subscriptionId": "s", "result": None}
ANSWERS: dict[str, Any] = {
    "/v1/info": {"success": True, "result": INFO},
    "/v1/subscriptions": {"success": True, "result": {"clientId": "c", "subscriptionId": "s"}},
    "/v1/subscriptions/register": {"success": True, "results": [GOOD_ITEM]},
    "/v1/subscriptions/delete": {"success": True, "results": [GOOD_ITEM]},
}


class StreamServer:
    """Serves one stream after the other."""

    def __init__(self, per_frame: int, frames: int, updates: int) -> None:
        self._updates = updates
        self._per_chunk = per_frame * frames
        update = {
            "elementId": "sensor-001",
            "value": 20.25,
            "quality": "Good",
            "timestamp": "2026-01-31T08:00:00.125Z",
        }
        chunk = b"data: %b\n\n" % json.dumps([update] * per_frame).encode() * frames
        self._chunk = b"%x\r\n%b\r\n" % (len(chunk), chunk)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (
                        int(line[15:])
                        for line in head.split(b"\r\n")
                        if line.lower().startswith(b"content-length")
                    ),
                    0,
                )
                await reader.readexactly(length)
                path = head.split(b" ")[1].decode()
                if path.endswith("/stream"):
                    await self._stream(writer)
                else:
                    body = json.dumps(ANSWERS[path]).encode()
                    writer.write(
                        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                        % (len(body), body)
                    )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for _ in range(0, self._updates, self._per_chunk):
            writer.write(self._chunk)
            await writer.drain()
        await asyncio.sleep(3600)


async def main() -> None:
    """Serve until the process is ended."""
    server = await asyncio.start_server(StreamServer(*map(int, sys.argv[1:4])).serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
