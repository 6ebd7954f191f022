"""The examination, from the wire up: what is found first is what to mend first."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

import i3x
from i3x.cli.doctor import reaching
from i3x.cli.doctor.findings import Finding, Verdict
from i3x.cli.doctor.probe import Answer, Probe
from i3x.cli.liveness import comes_to_life
from i3x.cli.naming import in_options

_TOLERATED_SKEW = 5.0  # seconds
_SLOW = 2.0  # seconds
_STREAM_LIMIT = 10.0  # seconds


def examined(client: i3x.Client, settings: Mapping[str, Any]) -> Iterator[Finding]:
    """Give the findings one by one, and stop where going on would only find the same trouble again."""
    with Probe(settings) as probe:
        for finding in _findings(client, probe):
            yield replace(finding, seen=in_options(finding.seen))
            if finding.is_final:
                return


def _findings(client: i3x.Client, probe: Probe) -> Iterator[Finding]:
    yield reaching.route(probe)
    try:
        info = probe.get("/info")
    except httpx.RequestError as error:
        yield reaching.unreached(probe, error)
        return
    yield reaching.place(probe, info) or _pace(info)
    yield _clock(info)
    try:
        yield _version(client)
        yield _credentials(client, probe)
        yield _gzip(probe)
        yield from _features(client)
    finally:
        client.disconnect()


def _pace(info: Answer) -> Finding:
    if info.elapsed > _SLOW:
        return Finding(
            "server",
            Verdict.WARNING,
            f"it took {info.elapsed:.1f} s to say who it is",
            "it may be overloaded, or far away; give a larger --timeout",
        )
    return Finding("server", Verdict.OK, f"answers in {info.elapsed * 1000:.0f} ms")


def _clock(info: Answer) -> Finding:
    try:
        theirs = parsedate_to_datetime(info.headers.get("date", "")).astimezone(UTC)
    except (ValueError, TypeError):
        return Finding(
            "clock",
            Verdict.WARNING,
            "the server does not tell its time",
            "have it, or the proxy before it, send the header Date: gaps are reckoned by its clock",
        )
    skew = (datetime.now(UTC) - theirs).total_seconds() - info.elapsed
    if abs(skew) > _TOLERATED_SKEW:
        return Finding(
            "clock",
            Verdict.WARNING,
            f"this machine is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the server",
            "set both by a time server: ranges that end now, and gaps, are reckoned by the clock",
        )
    return Finding("clock", Verdict.OK, "agrees with the server's")


def _version(client: i3x.Client) -> Finding:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DeprecationWarning)
        try:
            client.connect()
        except i3x.UnsupportedVersionError as error:
            advice = "this client does not support that version: look for an address, or a client, that fits"
            return Finding("i3X", Verdict.FAULT, str(error), advice)
        except i3x.I3XError as error:
            return Finding(
                "i3X", Verdict.FAULT, str(error), "verify the address: is it that of an i3X server?"
            )
    info = client.server_info
    seen = f"{info.server_name or 'the server'} speaks i3X {info.spec_version}" if info else ""
    if caught:
        return Finding("i3X", Verdict.WARNING, f"{seen}, from before the release", "have the server updated")
    return Finding("i3X", Verdict.OK, seen)


def _credentials(client: i3x.Client, probe: Probe) -> Finding:
    try:
        client.get_namespaces()
    except i3x.I3XError as error:
        if (login := reaching.login(probe)) is not None:
            return login
        if isinstance(error, i3x.AuthenticationError):
            return _refused(error, probe.has_credentials)
        return Finding(
            "credentials", Verdict.FAULT, str(error), "the first call failed; the server's log knows more"
        )
    if probe.has_credentials:
        return Finding("credentials", Verdict.OK, "are accepted")
    return Finding(
        "credentials",
        Verdict.WARNING,
        "none are needed",
        "in production, everything but /info should want them",
    )


def _refused(error: i3x.AuthenticationError, were_given: bool) -> Finding:
    if not were_given:
        seen, advice = "are missing", "give --token, --token-env, --basic or --header, or set I3X_TOKEN"
    elif error.status_code == 403:
        seen, advice = "do not suffice", "ask whoever runs the server for the right to read"
    else:
        seen = "are refused"
        advice = "the token or password is wrong or has expired, or is of another kind than the server wants"
    return Finding("credentials", Verdict.FAULT, f"they {seen} (HTTP {error.status_code})", advice)


def _gzip(probe: Probe) -> Finding:
    try:
        answer = probe.get("/namespaces", with_credentials=True)
    except httpx.HTTPError as error:
        return Finding("gzip", Verdict.WARNING, f"could not be seen: {error}", "try again")
    if answer.headers.get("content-encoding", "").lower() != "gzip":
        return Finding(
            "gzip",
            Verdict.WARNING,
            "the server does not compress, though the standard says so",
            "large answers take several times as long; switch it on in the server or the proxy before it",
        )
    return Finding("gzip", Verdict.OK, "answers are compressed")


def _features(client: i3x.Client) -> Iterator[Finding]:
    info = client.server_info
    if info is None:
        return
    if not info.capabilities.query.history:
        yield Finding(
            "history", Verdict.WARNING, "the server keeps none", "gaps in updates can't be filled from it"
        )
    if not info.capabilities.subscribe.stream:
        yield Finding(
            "streams", Verdict.WARNING, "the server has none", "nothing to do: updates are fetched by polling"
        )
        return
    try:
        objects = client.get_objects()
    except i3x.I3XError as error:
        yield Finding(
            "streams", Verdict.WARNING, f"could not be tried: {error}", "the server's log knows more"
        )
        return
    ids = [each.element_id for each in objects if each.element_id.strip()]
    if empty := len(objects) - len(ids):
        yield Finding(
            "objects",
            Verdict.WARNING,
            f"{empty} {'has' if empty == 1 else 'have'} an empty element id",
            "tell whoever runs the server: what has no id can't be asked for",
        )
    yield _stream(client, ids)


def _stream(client: i3x.Client, ids: list[str]) -> Finding:
    """Open a stream for real: proxies hold events back that a capability promises."""
    if not ids:
        return Finding(
            "streams",
            Verdict.WARNING,
            "could not be tried: there are no objects",
            "verify that these credentials may see the plant",
        )
    try:
        with client.watch(ids[:1], delivery="stream") as changes:
            if comes_to_life(changes.delivery, _STREAM_LIMIT):
                return Finding("streams", Verdict.OK, "a stream opens")
            trouble = changes.delivery.trouble
    except i3x.I3XError as error:
        return Finding("streams", Verdict.WARNING, f"none opens: {error}", "updates are fetched by polling")
    if trouble is not None:
        status = trouble.status_code
        outcome = f"refuses one (HTTP {status})" if status else f"none opens: {trouble}"
        return Finding(
            "streams",
            Verdict.WARNING,
            f"the server declares them, and {outcome}",
            "updates are fetched by polling; have the server, or the proxy before it, let streams through",
        )
    return Finding(
        "streams",
        Verdict.WARNING,
        f"none opened within {_STREAM_LIMIT:g} s",
        "a proxy may hold events back: switch its buffering off for text/event-stream",
    )
