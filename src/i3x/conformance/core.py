"""CORE: the transport, `/info`, compression and security."""

from __future__ import annotations

from i3x.conformance import document
from i3x.conformance.context import Context
from i3x.conformance.definition import Broken, Doubtful, Level, Reason, Skipped, conformance_test
from i3x.conformance.exchange import Exchange
from i3x.conformance.rules import refuse, shown
from i3x.raw.api.explore import get_namespaces
from i3x.raw.api.info import get_info


def _anonymous_info(context: Context) -> Exchange:
    """`/info` without credentials, as it was answered when the server was looked for."""
    if context.anonymous_info is None:
        context.anonymous_info = context.server.send(get_info, anonymous=True)
    else:
        context.server.exchanges.append(context.anonymous_info)
    return context.anonymous_info


@conformance_test(
    "CORE-01",
    "GET /info answers with JSON",
    guide="Exploratory Methods, Server Capabilities Endpoints",
    rule="GET /info answers 200 with JSON.",
)
def info(context: Context) -> str | None:
    """Ask without credentials, and if that brings nothing, with them."""
    context.info = _anonymous_info(context)
    known = context.server.options.credentials()
    if context.info.is_ok_json or context.info.is_unreachable or not known:
        context.info.json()
        return None
    if context.authenticated_info is None:
        context.authenticated_info = context.server.send(get_info)
    context.info = context.authenticated_info
    context.info.json()
    return "only with credentials: CORE-02 judges that"


@conformance_test(
    "CORE-02",
    "GET /info needs no authentication",
    guide="Exploratory Methods, Server Capabilities Endpoints",
    rule="GET /info must not require authentication.",
)
def info_is_open(context: Context) -> None:
    """Refused without credentials is wrong; any other trouble is not about them."""
    answer = _anonymous_info(context)
    if answer.is_refused:
        raise Broken(f"without credentials, the answer has the status {answer.status}")
    if not answer.is_ok_json:
        raise Skipped(Reason.BLOCKED, "without credentials, /info brings no JSON, for other reasons")


@conformance_test(
    "CORE-03",
    "GET /info declares the version and all capabilities",
    guide="Exploratory Methods, Server Capabilities Endpoints",
    rule="GET /info declares `specVersion` and every capability: `query.history`, `update.current`, "
    "`update.history`, `subscribe.stream`.",
    needs=("CORE-01",),
)
def declaration(context: Context) -> None:
    """A bare document is accepted where the envelope should be: what is wrong with that, the document says."""
    context.server.exchanges.append(context.info)
    body = context.info.body
    declared = body["result"] if isinstance(body, dict) and "result" in body else body
    refuse(document.misfits("ServerInfo", declared))
    context.capabilities = declared["capabilities"]
    if not declared["specVersion"].startswith("1"):
        raise Doubtful(f"`specVersion` is {shown(declared['specVersion'])}, and this suite is for 1.0")


@conformance_test(
    "CORE-04",
    "Answers are compressed when the client asks for it",
    guide="Transport & Encoding",
    rule="A request with `Accept-Encoding: gzip` is answered with `Content-Encoding: gzip`, and so compressed.",
)
def compression(context: Context) -> None:
    """The header says gzip, and the body is, whatever the answer says."""
    answer = context.server.send(get_namespaces, headers={"Accept-Encoding": "gzip"})
    if answer.status is None:
        raise Broken(answer.problem)
    encoding = answer.headers.get("content-encoding", "")
    if encoding.strip().lower() not in ("gzip", "x-gzip"):
        raise Broken(
            f"`Content-Encoding` is {shown(encoding)}" if encoding else "there is no `Content-Encoding`"
        )
    if answer.problem:
        raise Broken(answer.problem)
    if not answer.unpacked:
        raise Broken("`Content-Encoding` says gzip, and the body is not, or not to its end, compressed")


@conformance_test(
    "CORE-05",
    "The server is reached over HTTPS",
    guide="Transport & Encoding, Security & Authentication",
    rule="In production, the transport is encrypted, with a certificate that can be verified.",
    level=Level.SHOULD,
)
def encryption(context: Context) -> None:
    """Plain HTTP and certificates that nobody verified are for development."""
    if not context.server.base_url.startswith("https:"):
        raise Doubtful("the server is reached over plain HTTP")
    if context.server.options.insecure:
        raise Doubtful("the certificate was not verified")


@conformance_test(
    "CORE-06",
    "Data is not for everybody",
    guide="Transport & Encoding, Security & Authentication",
    rule="In production, every endpoint but GET /info requires authentication.",
    level=Level.SHOULD,
)
def authentication(context: Context) -> None:
    """Anonymous requests for data are refused."""
    answer = context.server.send(get_namespaces, anonymous=True)
    if answer.is_refused:
        return
    if answer.is_success:
        raise Doubtful("data is given without credentials")
    status = answer.problem if answer.status is None else f"the status {answer.status}"
    raise Skipped(Reason.UNTESTABLE, f"an anonymous request gets {status}")


TESTS = (info, info_is_open, declaration, compression, encryption, authentication)
"""In the order of the run."""
