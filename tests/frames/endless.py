"""A server with more history than any other: its points are worked out while they are asked for.

It answers the four operations that an export needs, and is a process of its own, so that what it takes is not
counted as the client's. `python -m tests.frames.endless POINTS ROWS` prints its port and serves elements `signal-0`
to `signal-9` of POINTS points in all, of which it gives at most ROWS in one answer (206).
"""

import json
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from i3x import nanoseconds

ELEMENTS = [f"signal-{number}" for number in range(10)]
START = "2026-01-01T00:00:00Z"
STEP = nanoseconds.SECOND // 4  # between two points of an element

_FIRST = nanoseconds.of_text(START)


def end_of(points: int) -> str:
    """Return the time of the last point, of so many in all."""
    return nanoseconds.to_text(_FIRST + (points // len(ELEMENTS) - 1) * STEP)


def value_at(index: int) -> float | None:
    """Return the value of the point with a number; one in a thousand is Bad."""
    return None if index % 1000 == 999 else index / 4


def _points(first: int, last: int) -> Iterator[str]:
    second = nanoseconds.to_text(_FIRST + first // 4 * 4 * STEP)[:-1]
    for index in range(first, last):
        if index % 4 == 0:
            second = nanoseconds.to_text(_FIRST + index * STEP)[:-1]
        value = value_at(index)
        text = "null" if value is None else repr(value)
        quality = "Bad" if value is None else "Good"
        yield f'{{"value":{text},"quality":"{quality}","timestamp":"{second}.{index % 4 * 25:02d}Z"}}'


class App:
    """The ASGI application."""

    def __init__(self, points: int, rows: int) -> None:
        self._each = points // len(ELEMENTS)
        self._rows = rows

    async def __call__(
        self,
        scope: Any,
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        status, content = self._answer(scope["path"], json.loads(body or "{}"))
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-type", b"application/json")],
            }
        )
        await send({"type": "http.response.body", "body": content.encode()})

    def _answer(self, path: str, asked: Any) -> tuple[int, str]:
        if path == "/v1/info":
            info = {"specVersion": "1.0", "capabilities": {"query": {"history": True}}}
            return 200, json.dumps({"success": True, "result": info})
        if path == "/v1/objects/history":
            return self._history(asked)
        if path == "/v1/objects/list":
            items = [
                {"elementId": each, "displayName": each, "typeElementId": "t"} for each in asked["elementIds"]
            ]
        else:
            items = [{"elementId": "t", "displayName": "T", "schema": {"type": "number"}}]
        results = [{"success": True, "elementId": each["elementId"], "result": each} for each in items]
        return 200, json.dumps({"success": True, "results": results})

    def _history(self, asked: Any) -> tuple[int, str]:
        start, end = nanoseconds.of_text(asked["startTime"]), nanoseconds.of_text(asked["endTime"])
        first, last = max(0, -(-(start - _FIRST) // STEP)), min(self._each, (end - _FIRST) // STEP + 1)
        left, cut, results = self._rows, False, []
        for element_id in asked["elementIds"]:
            until = max(first, min(last, first + left))
            cut, left = cut or until < last, left - (until - first)
            values = ",".join(_points(first, until))
            detail = ',"responseDetail":{"title":"cut","status":206,"detail":"rows"}' if until < last else ""
            results.append(
                f'{{"success":true,"elementId":"{element_id}","result":{{"isComposition":false,"values":[{values}]}}'
                f"{detail}}}"
            )
        return 206 if cut else 200, f'{{"success":true,"results":[{",".join(results)}]}}'


@contextmanager
def serving(points: int, rows: int) -> Iterator[str]:
    """Serve so many points from another process; gives the address."""
    command = [sys.executable, "-m", "tests.frames.endless", str(points), str(rows)]
    cwd = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        finally:
            process.kill()


if __name__ == "__main__":
    points, rows = map(int, sys.argv[1:])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        config = uvicorn.Config(App(points, rows), log_level="error", lifespan="off")
        uvicorn.Server(config).run([listener])
