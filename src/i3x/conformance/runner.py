"""Runs the tests against one server: each at most once, after those that it needs, and tidies up behind them."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from i3x.conformance.context import Context
from i3x.conformance.definition import (
    UNREACHED,
    Broken,
    Doubtful,
    Level,
    Outcome,
    Reason,
    Result,
    Skipped,
    Test,
)
from i3x.conformance.exchange import Exchange
from i3x.conformance.options import Options, checked_url
from i3x.conformance.redaction import Redaction
from i3x.conformance.report import Report
from i3x.conformance.server import Server
from i3x.conformance.suite import BY_ID, TESTS
from i3x.conformance.verdict import is_structured
from i3x.raw.api.info import get_info

_MESSAGE = 2_000
"""Characters of a message."""
_SHOWN = 100
"""Characters of what a server says of itself."""
_VERSIONED = re.compile(r"/v\d+$", re.ASCII)


def run(
    url: str,
    options: Options | None = None,
    on_outcome: Callable[[Outcome], None] | None = None,
    on_start: Callable[[Test], None] | None = None,
) -> Report:
    """Run all tests against a server and return the report.

    Args:
        url: The address of the server, with or without `/v1`.
        options: How to reach and to treat it.
        on_outcome: Called with each outcome as soon as it is there.
        on_start: Called with each test when it begins.

    Raises:
        ValueError: The address can't be one. Whatever a server or a network does is in the report.
    """
    with contextlib.closing(Run(url, options)) as running:
        for test in TESTS:
            if on_start is not None:
                on_start(test)
            outcome = running.outcome(test.id)
            if on_outcome is not None:
                on_outcome(outcome)
        return running.report()


class Run:
    """One run. Close it: what it has created on the server is then deleted."""

    def __init__(self, url: str, options: Options | None = None) -> None:
        self._url = checked_url(url)
        self._options = options or Options()
        self._redaction = Redaction(self._options.secrets())
        self._context = Context(Server(self._url, self._options, self._redaction))
        self._outcomes: dict[str, Outcome] = {}
        self._begun = time.monotonic()
        self._started = datetime.now(UTC)
        self._search: list[Exchange] = []
        self._deviations: set[str] = set()
        self._refused: int | None = None
        """The first status of an answer that a test failed on and that other credentials may change."""

    def outcome(self, test_id: str) -> Outcome:
        """The outcome of a test; it is run, after those that it needs, if it was not yet."""
        if test_id not in self._outcomes:
            if not self._search:
                self._find()
            self._outcomes[test_id] = self._run(BY_ID[test_id])
        return self._outcomes[test_id]

    @property
    def reached(self) -> bool:
        """Whether the server answers at all."""
        return any(exchange.status is not None for exchange in self._search)

    @property
    def structured(self) -> bool:
        """Whether some object type has structure, as far as is known."""
        types = getattr(self._context, "object_types", None)
        return types is not None and any(is_structured(item["schema"]) for item in types.items)

    @property
    def hint(self) -> str:
        """What failures may have as their cause beside the server; empty if there is no sign of it."""
        if self._refused is None:
            return ""
        if self._options.credentials():
            return f"the credentials may be the cause: the server refuses them ({self._refused})"
        return f"no credentials were given, and the server wants some ({self._refused})"

    def report(self) -> Report:
        """What was found so far."""
        return Report(
            url=self._redaction.hide(self._url),
            base_url=self._redaction.hide(self._context.server.base_url),
            started=self._started.isoformat(timespec="seconds").replace("+00:00", "Z"),
            seconds=time.monotonic() - self._begun,
            reached=self.reached,
            structured=self.structured,
            hint=self.hint,
            server=self._declared(),
            outcomes=tuple(self._outcomes.values()),
        )

    def close(self) -> None:
        """Delete what was created on the server, and close the connections."""
        try:
            self._context.tidy_up()
        finally:
            self._context.server.close()

    def _find(self) -> None:
        """Find the address: the first at which `/info` answers with JSON, or refuses to without credentials."""
        # With a version at its end it is the address: many servers refuse before they look what is below it.
        versioned = _VERSIONED.search(self._url) is not None
        addresses = (self._url,) if versioned else (f"{self._url}/v1", self._url)
        answers: dict[str, Exchange] = {}
        for address in addresses:
            answers[address] = answer = self._ask(address, anonymous=True)
            if answer.is_ok_json or answer.is_refused or answer.is_unreachable:
                self._context.anonymous_info = answer
                return
        self._context.anonymous_info = answers[addresses[0]]
        self._context.server.move(addresses[0])
        if not self.reached and self._options.credentials():  # there are servers that hang up on strangers
            self._context.authenticated_info = self._ask(addresses[0], anonymous=False)

    def _ask(self, address: str, *, anonymous: bool) -> Exchange:
        self._context.server.move(address)
        self._search.append(self._context.server.send(get_info, anonymous=anonymous))
        return self._search[-1]

    def _run(self, test: Test) -> Outcome:
        begun = time.monotonic()
        exchanges = self._context.server.exchanges
        skip = self._reason_to_skip(test)
        if skip is not None:
            return self._skipped(test, skip)
        for used in test.uses:
            self.outcome(used)
        exchanges.clear()
        try:
            remark = test.function(self._context)
            outcome = self._told(test, Result.PASS, remark or "")
        except Doubtful as doubt:
            outcome = self._told(test, Result.WARN, str(doubt), doubt.exchange)
        except Broken as broken:
            # What should be is a warning if it is not, also where it is the way there that is broken.
            result = Result.WARN if test.level is Level.SHOULD else Result.FAIL
            outcome = self._told(test, result, str(broken), broken.exchange)
        except Skipped as skipped:
            outcome = replace(self._skipped(test, skipped), deviations=self._new_deviations())
        except Exception as error:  # noqa: BLE001 - whatever a server sends, the other tests go on
            message = f"the answer could not be judged ({type(error).__name__}: {error})"
            outcome = self._told(test, Result.FAIL, message)
        return replace(outcome, seconds=time.monotonic() - begun)

    def _skipped(self, test: Test, why: Skipped) -> Outcome:
        return Outcome(test, Result.SKIP, why.reason, self._redaction.shorten(str(why), _MESSAGE))

    def _reason_to_skip(self, test: Test) -> Skipped | None:
        if not self.reached and test.id != "CORE-01":
            return Skipped(Reason.BLOCKED, UNREACHED)
        if test.capability is not None:
            skip = self._because_of("CORE-03")
            if skip is not None:
                return skip
            if not self._context.declares(test.capability):
                return Skipped(Reason.OMITTED, f"the server declares no `{test.capability}`")
        if test.writes and not self._options.writes:
            return Skipped(Reason.DISABLED, "writes are switched off")
        skips = map(self._because_of, test.needs)
        return next((skip for skip in skips if skip is not None), None)

    def _because_of(self, needed: str) -> Skipped | None:
        """Why a test can't be exercised that stands on this one, if so."""
        outcome = self.outcome(needed)
        if outcome.result is Result.FAIL:
            return Skipped(Reason.BLOCKED, f"{needed} failed")
        if outcome.reason is not None:
            return Skipped(outcome.reason, f"{needed} was skipped: {outcome.message}")
        return None

    def _told(self, test: Test, result: Result, message: str, exchange: Exchange | None = None) -> Outcome:
        exchanges = self._context.server.exchanges
        shown = exchange or (exchanges[-1] if exchanges else None)
        if result is Result.PASS:
            shown = None
        failing = shown if result is Result.FAIL else None  # the failure itself says what is wrong there
        if failing is not None and failing.is_refused and not failing.anonymous and self._refused is None:
            self._refused = failing.status
        return Outcome(
            test,
            result,
            None,
            self._redaction.shorten(message, _MESSAGE),
            shown.sent if shown is not None else "",
            shown.received if shown is not None else "",
            self._new_deviations(failing),
        )

    def _new_deviations(self, failing: Exchange | None = None) -> tuple[str, ...]:
        """What the document says of the answers of this test, without what was said before."""
        answers = (each for each in self._context.server.exchanges if each is not failing)
        found = dict.fromkeys(line for each in answers for line in each.deviations)
        new = tuple(line for line in found if line not in self._deviations)
        self._deviations.update(new)
        return new

    def _declared(self) -> dict[str, Any]:
        info = self._context.anonymous_info
        body = info.body if info is not None and isinstance(info.body, dict) else {}
        result = body.get("result", body)
        if not isinstance(result, dict):
            return {}
        texts = {
            name: self._redaction.shorten(str(result[name]), _SHOWN)
            for name in ("specVersion", "serverVersion", "serverName")
            if isinstance(result.get(name), str)
        }
        capabilities = self._context.capabilities
        return texts if not capabilities else {**texts, "capabilities": _flags(capabilities)}


def _flags(capabilities: dict[str, Any]) -> dict[str, dict[str, bool]]:
    """The capabilities that the standard knows; a server may say more, and at any length."""
    known = {"query": ("history",), "update": ("current", "history"), "subscribe": ("stream",)}
    return {group: {name: capabilities[group][name] for name in names} for group, names in known.items()}
