"""Which servers this client can talk to, decided from the answer to ``GET /info``."""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from i3x.envelopes import read_result
from i3x.errors import I3XError, ServerError, UnsupportedVersionError
from i3x.failures import Reply, Subject, failed_reply, invalid
from i3x.models import ServerInfo
from i3x.operations import Call, get_info

SUPPORTED_MAJOR: Final = 1

_SUBJECT = Subject("getInfo")
_EXAMPLE = "https://server.example.com/v1"


def connecting() -> Call[ServerInfo]:
    """Return the call by which a connection begins: ``GET /info``, with each kind of failure told apart."""
    return replace(get_info(), read=read_first_info)


def read_first_info(reply: Reply) -> ServerInfo:
    """Return what a server says of itself, after checking that it is one this client can talk to."""
    if reply.status_code >= 400:
        raise _failed(reply)
    if reply.content.strip() and reply.content_type and "json" not in reply.content_type.lower():
        raise invalid(
            reply, _SUBJECT, "the answer is no JSON; it may be a web page, a login page or a gateway"
        )
    info, _ = read_result(reply, ServerInfo, _SUBJECT)
    major = _major(info.spec_version)
    if major is not None and major > SUPPORTED_MAJOR:
        raise UnsupportedVersionError(
            f"the server speaks i3X {info.spec_version}, and this client speaks i3X {SUPPORTED_MAJOR}; "
            f"install a newer i3x-client, or use the server's /v{SUPPORTED_MAJOR} if it has one",
            reply.status_code,
            operation="getInfo",
        )
    return info


def _failed(reply: Reply) -> I3XError:
    error = failed_reply(reply, _SUBJECT)
    if reply.status_code in (404, 410):
        return UnsupportedVersionError(
            f"GET /info is not there (status {reply.status_code}): either the server is older than i3X 1.0 (an "
            f"alpha; it has to be updated), or base_url is wrong: it must include the version prefix, such as "
            f"{_EXAMPLE}",
            reply.status_code,
            title=error.title,
            detail=error.detail,
            operation="getInfo",
        )
    if reply.status_code == 429 or reply.status_code >= 500:
        kind = type(error) if isinstance(error, ServerError) else ServerError
        return kind(
            f"{error}. This is overload or a fault of the server, and says nothing about its version",
            error.status_code,
            title=error.title,
            detail=error.detail,
            operation="getInfo",
        )
    return error


def is_before_release(info: ServerInfo) -> bool:
    """Whether a server is from before i3X 1.0: by its version, or because it calls itself alpha or beta."""
    versions = f"{info.spec_version} {info.server_version or ''}".lower()
    major = _major(info.spec_version)
    return "alpha" in versions or "beta" in versions or major is None or major < 1


def before_release_warning(info: ServerInfo) -> str:
    """Return the words of the warning about a server from before the release."""
    return (
        f"the server is from before the release of i3X 1.0 (specVersion {info.spec_version!r}, serverVersion "
        f"{info.server_version!r}); it works as far as it can, but support will end: update the server"
    )


def _major(version: str) -> int | None:
    found = re.match(r"\s*v?(\d{1,9})(?!\d)", version)
    return int(found[1]) if found else None
