"""Is there a server at the address? Each way in which there is not has a cause and a remedy of its own."""

from __future__ import annotations

import re
import ssl
from dataclasses import replace

import httpx

from i3x.cli.doctor.findings import Finding, Verdict
from i3x.cli.doctor.probe import Answer, Probe

_PROXY_WANTS_CREDENTIALS = 407
_PREFIXES = ("", "/v1", "/api/v1", "/i3x/v1", "/api/i3x/v1")
_ENDS_WITH_VERSION = re.compile(r"/v\d+/?$")
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "UNKNOWN_PROTOCOL")


def route(probe: Probe) -> Finding:
    """Look at whether requests go through a proxy of the environment."""
    proxy = probe.proxy()
    if proxy is None:
        return Finding("route", Verdict.OK, f"straight to {probe.url.host}")
    return Finding("route", Verdict.OK, f"through the proxy {proxy} of the environment")


# --- nothing came back ----------------------------------------------------------------------------------


def unreached(probe: Probe, error: httpx.RequestError) -> Finding:
    """Say why nothing came back at all."""
    if (fault := _tls_fault(error)) is not None:
        return _tls(probe.url, fault)
    if isinstance(error, httpx.ProxyError) or (probe.proxy() and isinstance(error, httpx.ConnectError)):
        return _proxy(probe, str(error))
    if isinstance(error, httpx.ConnectTimeout):
        return _unreachable(
            f"nothing at {probe.url.host} answers", "a firewall may drop the packets, or the host is down"
        )
    if isinstance(error, httpx.TimeoutException):
        return _unreachable(
            "the server takes the connection and does not answer in time",
            "it may be overloaded: try again later, or with a larger --timeout",
        )
    if isinstance(error, httpx.ConnectError):
        return _no_connection(probe.url, str(error))
    return _broken(probe, error)


def _no_connection(url: httpx.URL, words: str) -> Finding:
    if "refused" in words.lower():
        return _unreachable(
            f"{url.host} refuses connections to this port", "start the server, or verify the port"
        )
    return _unreachable(f"no connection to {url.host}: {words}", "verify the name of the host")


def _broken(probe: Probe, error: httpx.RequestError) -> Finding:
    if probe.url.scheme == "http" and probe.speaks_tls():
        return _wants_tls(probe)
    return _unreachable(
        f"nothing that can be read comes back: {str(error) or type(error).__name__}",
        "a proxy may close the connection, or the port does not speak HTTP; verify scheme and port",
    )


def _proxy(probe: Probe, words: str) -> Finding:
    return _unreachable(
        f"the proxy {probe.proxy()} does not let us through: {words}",
        f"put {probe.url.host} into NO_PROXY if the server is to be reached without it; else verify HTTP_PROXY and "
        "HTTPS_PROXY (http://user:password@host:port), or ask whoever runs the proxy",
    )


def _wants_proxy_credentials(probe: Probe) -> Finding:
    if probe.proxy():
        return _proxy(probe, f"it wants credentials (HTTP {_PROXY_WANTS_CREDENTIALS})")
    return _unreachable(
        f"the server, or something before it, wants credentials for a proxy (HTTP {_PROXY_WANTS_CREDENTIALS})",
        "the environment names no proxy: verify the address; if there has to be a proxy, name it in HTTP_PROXY and "
        "HTTPS_PROXY (http://user:password@host:port)",
    )


def _unreachable(seen: str, advice: str) -> Finding:
    return Finding("server", Verdict.UNREACHABLE, seen, advice)


# --- TLS ------------------------------------------------------------------------------------------------


def _tls_fault(error: BaseException | None) -> ssl.SSLError | None:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__ or error.__context__
    return None


def _tls(url: httpx.URL, fault: ssl.SSLError) -> Finding:
    if isinstance(fault, ssl.SSLCertVerificationError):
        return _certificate(fault.verify_message)
    words = fault.reason or str(fault)
    if words in _NO_TLS:
        return _unreachable(
            "the port does not speak TLS", f"try {url.copy_with(scheme='http')}, or another port"
        )
    return _unreachable(
        f"the TLS handshake failed: {words}",
        "the server may want a client certificate, or speak only old versions of TLS; its log knows more",
    )


def _certificate(words: str) -> Finding:
    if "expired" in words:
        return _unreachable("the server's certificate has expired", "have it renewed")
    if "not yet valid" in words:
        return _unreachable("the server's certificate is not valid yet", "verify the clock of this machine")
    if "mismatch" in words:
        return _unreachable(
            f"the certificate is for another name: {words}", "use the name in the certificate in --url"
        )
    return _unreachable(
        f"the certificate is not trusted: {words}",
        "give the authority that signed it with --ca FILE; --insecure only to test",
    )


def _wants_tls(probe: Probe) -> Finding:
    address = str(probe.url.copy_with(scheme="https"))
    return _unreachable("the port speaks TLS, and was asked without", f"write --url {address}")


# --- something came back --------------------------------------------------------------------------------


def place(probe: Probe, answer: Answer) -> Finding | None:
    """Judge what ``/info`` answered; None if it is worth reading."""
    finding, proxy = _judged(probe, answer), probe.proxy()
    if finding is None or finding.verdict is not Verdict.FAULT or not proxy or probe.url.scheme != "http":
        return finding  # through TLS, a proxy can't answer in place of the server
    return replace(
        finding,
        seen=f"{finding.seen}, perhaps from the proxy {proxy}",
        advice=f"{finding.advice}; or put {probe.url.host} into NO_PROXY to reach the server without the proxy",
    )


def _judged(probe: Probe, answer: Answer) -> Finding | None:
    if answer.is_redirect:
        return _redirected(probe, answer)
    if answer.status == _PROXY_WANTS_CREDENTIALS:
        return _wants_proxy_credentials(probe)
    if answer.status == 429 or answer.status >= 500:
        return _overloaded(answer)
    if answer.status in (401, 403):
        return _protected(probe, answer)
    if answer.status == 400 and probe.url.scheme == "http" and b"HTTPS" in answer.content:
        return _wants_tls(probe)
    if answer.status >= 400:
        return _fault(
            f"there is no /info at this path (HTTP {answer.status})",
            _elsewhere(probe) or f"{_path(probe.url)}; a server without /info is older than 1.0",
        )
    if answer.is_page:
        return _fault(
            "a web page, perhaps a login page, and no i3X server",
            _elsewhere(probe)
            or "verify the path; a program can't use a login page: ask for an address without one",
        )
    return None


def _path(url: httpx.URL) -> str:
    if _ENDS_WITH_VERSION.search(url.path):
        return "verify the host, the port, and what is before the version prefix"
    return "the address must end with the version prefix, such as /v1"


def _protected(probe: Probe, answer: Answer) -> Finding:
    seen = f"/info wants credentials (HTTP {answer.status}); by the standard it needs none"
    if probe.has_credentials and _has_info(probe, probe.url, with_credentials=True):
        return Finding("server", Verdict.WARNING, seen, "those given open it; tell whoever runs the server")
    advice = "give --token, --basic or --header; and tell whoever runs the server"
    if probe.has_credentials:
        seen += ", and those given are refused"
        advice = "verify the credentials: they are wrong, have expired, or are of another kind than is wanted"
    return _fault(seen, _elsewhere(probe) or advice)


def _fault(seen: str, advice: str) -> Finding:
    return Finding("server", Verdict.FAULT, seen, advice)


def _overloaded(answer: Answer) -> Finding:
    wait = answer.headers.get("retry-after")
    return _fault(
        f"overloaded or broken: /info answers {answer.status}",
        f"it asks to wait: Retry-After is {wait}" if wait else "try again later; the server's log knows more",
    )


def _redirected(probe: Probe, answer: Answer) -> Finding:
    target = probe.url.join(answer.headers.get("location", ""))
    path = target.raw_path.partition(b"?")[0]
    base = target.copy_with(raw_path=path.rstrip(b"/").removesuffix(b"/info") or b"/")
    if target.host == probe.url.host and (probe.url.scheme, target.scheme) == ("http", "https"):
        return Finding(
            "server", Verdict.WARNING, "it moves every caller to https", f"write --url {base} from the start"
        )
    if _has_info(probe, base):
        return _fault(f"it has moved to {base}", f"write --url {base}")
    return _fault(
        f"it sends callers to {target.host}{target.path}, which looks like a login page",
        "a program can't use a login page: ask for an address without one, or for credentials that pass it",
    )


def login(probe: Probe) -> Finding | None:
    """Look at whether calls end at a login page, though ``/info`` is open; None if they do not."""
    try:
        answer = probe.get("/namespaces", with_credentials=True)
    except httpx.HTTPError:
        return None
    if answer.is_redirect:
        target = probe.url.join(answer.headers.get("location", ""))
        seen = f"calls are sent to {target.host}{target.path}, which looks like a login page"
    elif answer.status < 400 and answer.is_page:
        seen = "calls are answered by a web page, perhaps a login page"
    else:
        return None
    needed = "credentials that pass it (--token, --basic or --header)"
    if probe.has_credentials:
        needed = "other credentials, for those given do not pass it"
    return Finding(
        "credentials",
        Verdict.FAULT,
        seen,
        f"a program can't use a login page: ask for an address without one, or for {needed}",
    )


def _elsewhere(probe: Probe) -> str:
    """Return what to do if one of the usual places has the server; empty if none has."""
    path = probe.url.raw_path.partition(b"?")[0].rstrip(b"/")
    bases = [path + prefix.encode() for prefix in _PREFIXES[1:]] + [prefix.encode() for prefix in _PREFIXES]
    for base in dict.fromkeys(bases):
        url = probe.url.copy_with(raw_path=base or b"/")
        if base != path and _has_info(probe, url):
            return f"there is an i3X server at {url}: write --url {url}"
    return ""


def _has_info(probe: Probe, base: httpx.URL, *, with_credentials: bool = False) -> bool:
    try:
        answer = probe.get("/info", base=base, with_credentials=with_credentials)
    except httpx.HTTPError:
        return False
    document = answer.document
    result = document.get("result", document) if isinstance(document, dict) else None
    return answer.status == 200 and isinstance(result, dict) and "specVersion" in result
