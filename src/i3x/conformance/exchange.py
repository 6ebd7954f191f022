"""One request with its answer, read once for the tests and told once for the reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import httpx

from i3x.conformance import document, strict_json
from i3x.conformance.asked import Asked
from i3x.conformance.definition import Broken
from i3x.conformance.redaction import Redaction
from i3x.raw_call import RawReply

_SHOWN = 1_000
"""Characters of a request or an answer that a report shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request, and what came back; all of its texts are free of credentials."""

    sent: str
    """The request, shortened."""
    received: str
    """The answer, shortened."""
    status: int | None = None
    """None if no answer came."""
    headers: httpx.Headers
    body: Any = None
    """The JSON of the body."""
    problem: str = ""
    """Why there is no complete answer, or no JSON in it; empty if there is both."""
    unpacked: bool = False
    """Whether the body was compressed, as its header said."""
    silent: bool = False
    """Whether the server did not give a complete answer."""
    is_unreachable: bool = False
    """Whether nobody is there, at whatever path."""
    anonymous: bool = False
    """Whether credentials were left out on purpose."""
    conforms: bool = False
    """Whether all of the answer is as the API document says; if so, there is no need to look at its shape again."""
    deviations: tuple[str, ...] = ()
    """How the answer breaks the API document, or is doubtful as JSON."""

    @classmethod
    def read(cls, asked: Asked, reply: RawReply, redaction: Redaction) -> Self:
        """Read an answer."""
        body: Any = None
        remarks: tuple[str, ...] = ()
        problem = _unfinished(reply)
        if not problem:
            try:
                found = strict_json.read(reply.content)
                body, remarks = found.value, found.remarks
            except strict_json.NotJsonError as error:
                problem = f"the body is no JSON ({error}); it is declared as {_declared(reply)}"
        finding = document.Finding()
        if not problem and reply.status_code is not None:
            finding = document.judge(asked.operation_id, reply.status_code, body)
            remarks += (*_undeclared(reply), *finding.deviations)
        return cls(
            sent=redaction.shorten(asked.text, _SHOWN),
            received=_told(reply, problem, redaction),
            status=reply.status_code,
            headers=reply.headers,
            body=body,
            problem=redaction.hide(problem),
            unpacked=reply.unpacked,
            silent=reply.failure is not None or reply.stopped_by == "seconds",
            is_unreachable=isinstance(reply.failure, (httpx.ConnectError, httpx.ConnectTimeout)),
            anonymous=asked.anonymous,
            conforms=finding.conforms,
            deviations=tuple(redaction.hide(f"{asked.path}: {remark}") for remark in remarks),
        )

    @classmethod
    def impossible(cls, asked: Asked, error: Exception, redaction: Redaction) -> Self:
        """A request that can't be sent, because of what the server uses as an id."""
        problem = redaction.hide(f"the request can't be sent: {error}")
        sent = redaction.shorten(asked.text, _SHOWN)
        return cls(sent=sent, received=problem, problem=problem, headers=httpx.Headers())

    @property
    def is_success(self) -> bool:
        """Whether the status is one of success."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_refused(self) -> bool:
        """Whether it was refused for want of credentials."""
        return self.status in (401, 403)

    @property
    def is_ok_json(self) -> bool:
        """Whether it is a complete answer of success with JSON in it."""
        return self.is_success and not self.problem

    def json(self) -> Any:
        """The JSON of an answer of success.

        Raises:
            Broken: It is none; the message says what it is instead.
        """
        if self.is_ok_json:
            return self.body
        if self.status is None or self.is_success:
            raise Broken(self.problem, self)
        raise Broken(f"the answer has the status {self.status}, where one of success was due", self)


def _unfinished(reply: RawReply) -> str:
    """Why there is no complete answer; empty if there is one."""
    begun = reply.status_code is not None
    if reply.failure is not None:
        what = "the answer broke off" if begun else "there is no answer"
        return f"{what}: {type(reply.failure).__name__}: {reply.failure}{_advice(reply.failure)}"
    if reply.stopped_by == "seconds":
        what = "the answer was not complete" if begun else "there was no answer"
        return f"{what} after {reply.elapsed:.1f} seconds"
    if reply.stopped_by == "bytes":
        return f"the answer is endless, or has more than {len(reply.content) >> 20} MiB"
    return ""


def _undeclared(reply: RawReply) -> tuple[str, ...]:
    """A remark on JSON that is called something else."""
    kind = _declared(reply).partition(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json"):
        return ()
    return (f"it is JSON, and declared as {_declared(reply)}",)


def _advice(failure: Exception) -> str:
    if "CERTIFICATE_VERIFY_FAILED" not in str(failure):
        return ""
    return "; for an authority of your own give --ca FILE; to try a server, accept any certificate with --insecure"


def _told(reply: RawReply, problem: str, redaction: Redaction) -> str:
    if reply.status_code is None:
        return redaction.shorten(problem, _SHOWN)
    # A character has at most four bytes, and a secret may go beyond the end: enough, and never all of a huge body.
    start = redaction.shorten(reply.content[: 8 * _SHOWN].decode("utf-8", "replace"), _SHOWN)
    first = redaction.hide(f"{reply.status_code} ({_declared(reply)})")
    broken = f" [{redaction.hide(problem)}]" if reply.failure or reply.stopped_by else ""
    return f"{first} {start}{broken}"


def _declared(reply: RawReply) -> str:
    kind: str = reply.headers.get("content-type", "no content type")
    return kind[:100]
