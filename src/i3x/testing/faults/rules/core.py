"""Breaks of what every server must say and do before anything else: `/info`, credentials, compression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders
from starlette.responses import Response

from ... import credentials
from ...answers import failure
from ..answers import verbatim
from ..base import Fault
from .base import Reply, Section

if TYPE_CHECKING:
    from ...exchange import Exchange

CORE = Section()


@CORE.answers("getInfo", fails="CORE-01")
def info_without_json(_exchange: Exchange) -> Response:
    """Answers `/info` with a web page."""
    return verbatim("<!doctype html><title>Pump Station</title>", 200, "text/html", {})


@CORE.answers("getInfo", fails="CORE-02")
def info_needs_credentials(exchange: Exchange) -> Response | None:
    """Asks for credentials on `/info` too; any will do, if the server was started without."""
    credentials.check(exchange.state.settings, exchange.headers)
    return None if "authorization" in exchange.headers else failure(401, "Who are you?")


@CORE.edits("getInfo", fails="CORE-03")
def spec_version_left_out(reply: Reply) -> None:
    """Does not say which version of the standard it follows."""
    del reply.result["specVersion"]


@CORE.edits("getInfo", fails="CORE-03")
def capability_left_out(reply: Reply) -> None:
    """Does not say whether history can be written: the matrix of capabilities has a hole."""
    del reply.result["capabilities"]["update"]["history"]


@CORE.edits("getInfo", warns="CORE-03")
def spec_version_of_another_major(reply: Reply) -> None:
    """Says that it follows version 2.0 of the standard."""
    reply.result["specVersion"] = "2.0"


@CORE.rewrites(fails="CORE-04")
def no_gzip(exchange: Exchange) -> None:
    """Never compresses, whatever the client accepts."""
    headers = MutableHeaders(exchange.headers)
    del headers["accept-encoding"]
    exchange.headers = headers


@CORE.fault("gzip_undeclared", fails="CORE-04")
class GzipUndeclared(Fault):
    """Compresses the list of namespaces where nothing else is accepted, and does not say so."""

    operations = frozenset({"getNamespaces"})

    async def send(
        self, exchange: Exchange, status: int, headers: Sequence[tuple[str, str]], body: bytes, /
    ) -> bool:
        """The body without the header that says what it is."""
        if exchange.headers.get("accept-encoding") != "gzip":
            return False
        await exchange.begin(status, [pair for pair in headers if pair[0] != "content-encoding"])
        await exchange.write(body, more=False)
        return True


@CORE.rewrites(warns="CORE-06")
def anonymous_requests_answered(exchange: Exchange) -> None:
    """Answers requests without credentials, although the server was started with some."""
    headers = MutableHeaders(exchange.headers)
    for name, value in credentials.accepted(exchange.state.settings):
        headers[name] = value
    exchange.headers = headers
