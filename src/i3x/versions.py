"""Which servers this client can talk to, decided from the answer to ``GET /info``."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

import httpx
from msgspec.structs import replace

from i3x.envelopes import read_result
from i3x.errors import I3XError, ServerError, UnsupportedVersionError
from i3x.failures import Reply, Subject, failed_reply, invalid
from i3x.models import ServerInfo
from i3x.operations import Call, get_info

SUPPORTED_MAJOR: Final = 1

_SUBJECT = Subject("getInfo")
_PREFIX = re.compile(r".*?/v\d+(?=/|$)")


def connecting(url: str) -> Call[ServerInfo]:
    """Return the call by which a connection to ``url`` begins: ``GET /info``, with each kind of failure told apart."""
    return replace(get_info(), read=partial(read_first_info, url=url))


def read_first_info(reply: Reply, url: str) -> ServerInfo:
    """Return what the server at ``url`` says of itself, after checking that it is one this client can talk to."""
    if reply.status_code >= 400:
        raise _failed(reply, url)
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


def _failed(reply: Reply, url: str) -> I3XError:
    error = failed_reply(reply, _SUBJECT)
    if reply.status_code in (404, 410):
        return UnsupportedVersionError(
            f"there is no /info at {url} (status {reply.status_code}): probably the path of base_url is wrong, "
            f"{_path(url)}. If it is right, the server is older than i3X 1.0 (an alpha) and has to be updated",
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


def _path(url: str) -> str:
    """Return what to do about an address at which there is no server."""
    address = httpx.URL(url)
    prefix = _PREFIX.match(address.path)
    if prefix is None:
        return f"which includes the version prefix of the API: try {url.rstrip('/')}/v{SUPPORTED_MAJOR}"
    if prefix[0] != address.path:
        return f"which ends with the version prefix of the API: try {address.copy_with(path=prefix[0])}"
    return "though it has a version prefix: check what is before that, the host and the port"


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
