"""One request and its answer, on the way through the faults that are switched on for it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec
from starlette.datastructures import Headers
from starlette.types import Scope, Send

from .answers import Answer, Encoded
from .connection import Connection
from .faults.base import Fault
from .state import ReceivedRequest, State


class Exchange:
    """A request, the connection it came in on, and the faults that apply to it."""

    def __init__(
        self,
        state: State,
        request: ReceivedRequest,
        scope: Scope,
        send: Send,
        connection: Connection,
        faults: Sequence[Fault],
    ) -> None:
        self.state = state
        self.request = request
        self.headers = Headers(scope=scope)
        self.body = request.body
        self.scope = scope
        self.connection = connection
        self.faults = faults
        self._send = send

    def reroute(self, method: str, path: str, document: object) -> None:
        """Handle the request as if it had been another one."""
        self.scope["method"], self.scope["path"] = method, path
        self.body = msgspec.json.encode(document)

    async def send(self, answer: Answer) -> None:
        """Send an answer, after its faults have had their say."""
        for fault in self.faults:
            answer = self._edited(answer, fault)
        for fault in self.faults:
            answer = fault.replace(self, answer)
        headers, body = await self._prepare(answer)
        for fault in self.faults:
            if await fault.send(self, answer.status, headers, body):
                return
        await self.begin(answer.status, headers)
        await self.write(body, more=False)

    async def begin(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Send the status line and the headers."""
        for fault in self.faults:
            headers = fault.head(headers)
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})

    async def write(self, chunk: bytes, *, more: bool) -> None:
        """Send a part of the body; the last one has `more` false."""
        await self._send({"type": "http.response.body", "body": chunk, "more_body": more})

    def _edited(self, answer: Answer, fault: Fault) -> Answer:
        if not (answer.is_json and fault.edits):
            return answer
        before = msgspec.json.decode(answer.content.body)
        edited = fault.edit(self, before)
        if isinstance(edited, Answer):
            return edited
        # The standard library writes what is no JSON too: NaN, and surrogates without their other half.
        content = Encoded(json.dumps(edited).encode())
        return Answer(answer.status, content, answer.extra_headers, answer.media)

    async def _prepare(self, answer: Answer) -> tuple[list[tuple[str, str]], bytes]:
        headers = {"content-type": answer.media, "vary": "Accept-Encoding"}
        body = answer.content.body if answer.has_body else b""
        if answer.has_body and not answer.verbatim and _accepts_gzip(self.headers):
            headers["content-encoding"] = "gzip"
            body = await answer.content.gzip()
        if answer.has_body:
            headers["content-length"] = str(len(body))
        else:
            del headers["content-type"]
        headers |= {name.lower(): value for name, value in answer.extra_headers.items()}
        return list(headers.items()), body


def _accepts_gzip(headers: Headers) -> bool:
    weights: dict[str, str] = {}
    for part in ",".join(headers.getlist("accept-encoding")).split(","):
        coding, _, parameter = part.strip().lower().partition(";")
        weights[coding.strip()] = parameter.replace(" ", "").removeprefix("q=")
    weight = weights.get("gzip", weights.get("*"))
    return weight is not None and (weight == "" or weight.strip("0.") != "")
