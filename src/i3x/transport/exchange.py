"""One call on its way: its hops, its time and its attempts, as a policy that does no I/O."""

from __future__ import annotations

import logging
import random
import ssl
import threading
import time
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import msgspec
from msgspec.structs import replace

from i3x.calls import Call, Repeat
from i3x.errors import ConnectionError, I3XError, InvalidServerResponseError, TimeoutError
from i3x.failures import Reply, clean, put_in_doubt
from i3x.results import BulkList
from i3x.transport.options import Timeout, steps
from i3x.transport.server import Server

if TYPE_CHECKING:
    from tenacity import RetryCallState

E = TypeVar("E", bound=I3XError)

logger = logging.getLogger("i3x.transport")

_MOST_REDIRECTS = 5
_OVERLOADED = frozenset((429, 503))  # which did not come to carrying it out
_PASSING = _OVERLOADED | {502, 504}
_REFUSED = _OVERLOADED | {501}  # of the failures of a server, those that did not either
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
BROKEN = (*_NOTHING_SENT, httpx.NetworkError, httpx.RemoteProtocolError, httpx.ProxyError)
"""What may be worth another attempt."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 8.0  # seconds


class Hop(msgspec.Struct, frozen=True):
    """One request to one URL, on the way of a call."""

    method: str
    url: httpx.URL
    content: bytes
    with_credentials: bool


class Answer(msgspec.Struct, frozen=True):
    """What came back for one hop."""

    status_code: int
    headers: httpx.Headers
    content: bytes


class StaleToken(msgspec.Struct, frozen=True):
    """Asks for a new token in place of this one; None asks for the first."""

    token: str | None


class Exchange:
    """One call on its way: its time, its attempts, and the rules for both.

    ``overloaded`` is told for how many seconds the server asks to be left alone, when it does. Once ``stopped`` is
    set, nobody waits for the call any more: no pause goes on, and no request is begun.
    """

    def __init__(
        self,
        server: Server,
        call: Call[Any],
        timeout: Timeout | None,
        *,
        connecting: bool = False,
        overloaded: Callable[[float], object] | None = None,
        stopped: threading.Event | None = None,
    ) -> None:
        self.server = server
        self.call = call
        self.connecting = connecting
        self.attempts = self._earlier = int(call.in_doubt)
        self.retry_after: float | None = None
        self._overloaded = overloaded
        self._stopped = stopped or threading.Event()
        self.timeout = server.steps if timeout is None else steps(timeout)
        self._started = time.monotonic()
        self._deadline = self.patience(server, timeout)

    # time

    @staticmethod
    def patience(server: Server, timeout: Timeout | None) -> float | None:
        """Return the seconds that a whole request may take, None if it may take for ever."""
        if server.options.deadline is not None:
            return server.options.deadline
        limits = (server.steps if timeout is None else steps(timeout)).as_dict().values()
        given = [limit for limit in limits if limit is not None]
        return 4 * max(given) if given else None

    def remaining(self) -> float | None:
        """Return the seconds that are left for the whole call, None if it may take for ever."""
        if self._stopped.is_set():
            raise self.doubted(
                ConnectionError(
                    f"{self.call.operation}: interrupted before the answer was there",
                    operation=self.call.operation,
                )
            )
        if self._deadline is None:
            return None
        left = self._started + self._deadline - time.monotonic()
        if left <= 0:
            raise self.expired()
        return left

    def _is_over(self) -> bool:
        return self._deadline is not None and time.monotonic() - self._started >= self._deadline

    def expired(self) -> TimeoutError:
        """Return the error for a call that took too long in all."""
        return self.doubted(
            TimeoutError(
                f"{self.call.operation}: no whole answer within {self._deadline:g} s; ask for less at once, or "
                "give the client a larger timeout= or deadline=",
                operation=self.call.operation,
            )
        )

    def limits(self) -> dict[str, float | None]:
        """Return the time-outs for the next request: no step may take longer than the call has left."""
        left = self.remaining()
        limits = self.timeout.as_dict()
        return limits if left is None else {name: min(limit or left, left) for name, limit in limits.items()}

    # hops

    def attempt(self) -> Generator[Hop | StaleToken, Any, Reply]:
        """Yield what has to be done next, one thing after the other, until there is a final answer.

        A :class:`Hop` is answered with what came back for it, a :class:`StaleToken` with None.
        """
        self._earlier = self.attempts  # of which a refusal says nothing
        self.attempts += 1
        call = self.call
        hop = Hop(call.method, self.server.url_of(call), call.content, call.needs_credentials)
        for _ in range(_MOST_REDIRECTS + 1):
            answer = yield from self._ask(hop)
            if answer.status_code in (401, 403) and self._may_identify(hop):
                hop = replace(hop, with_credentials=True)
                answer = yield from self._ask(hop)
            if answer.status_code not in _REDIRECTS:
                return self.reply(answer, hop)
            hop = self._redirected(hop, answer)
        raise ConnectionError(
            f"{call.operation}: the server redirects without end ({_MOST_REDIRECTS} times); check base_url",
            operation=call.operation,
        )

    def _ask(self, hop: Hop) -> Generator[Hop | StaleToken, Any, Answer]:
        """Make one hop; where the user's function gives the token, once more with a new one after a 401."""
        may_renew = hop.with_credentials and callable(self.server.options.token)
        if may_renew and self.server.token is None:
            yield StaleToken(None)
        used = self.server.token
        answer: Answer = yield hop
        if answer.status_code == 401 and may_renew:
            yield StaleToken(used)
            answer = yield hop
        return answer

    def _may_identify(self, hop: Hop) -> bool:
        """Whether credentials were held back so far and may be shown to the host of this hop."""
        at_home = _origin(hop.url) == _origin(self.server.url)
        return not hop.with_credentials and at_home and bool(self.server.credentials)

    def _redirected(self, hop: Hop, answer: Answer) -> Hop:
        target = self._target(hop, answer)
        upgraded = (hop.url.scheme, target.scheme) == ("http", "https")
        if (hop.url.scheme, target.scheme) == ("https", "http"):
            raise self._refused(target, "which would give up the encryption")
        same_host = target.host == hop.url.host
        if same_host and (upgraded or _origin(target) == _origin(hop.url)):
            if answer.status_code == 303 and hop.method != "GET":
                raise self._refused(target, "as if the request had been a form (303)")
            if upgraded and _origin(hop.url) == _origin(self.server.url):
                self.server.move(target, self.call.path)
            return replace(hop, url=target)
        if hop.method != "GET":
            raise self._refused(target, "which is another host")
        return replace(hop, url=target, with_credentials=False)

    def _target(self, hop: Hop, answer: Answer) -> httpx.URL:
        try:
            target = hop.url.join(answer.headers.get("location", "")).copy_with(userinfo=b"", fragment=None)
        except (httpx.InvalidURL, ValueError):
            target = httpx.URL("")
        is_address = target.scheme in ("http", "https") and target.host and 0 < (target.port or 1) < 65536
        if not is_address or "location" not in answer.headers:
            raise InvalidServerResponseError(
                f"{self.call.operation}: the server redirects (HTTP {answer.status_code}) to no address that "
                "can be followed; check base_url",
                answer.status_code,
                operation=self.call.operation,
            )
        return target

    def _refused(self, target: httpx.URL, why: str) -> ConnectionError:
        address = f"{target.scheme}://{target.netloc.decode('ascii', 'replace')}{target.path}"
        address = clean(self.server.redact(address))
        return ConnectionError(
            f"{self.call.operation}: the server redirects to {address}, {why}, so nothing was sent there; "
            "if that is where the server is, give its address as base_url",
            operation=self.call.operation,
        )

    def reply(self, answer: Answer, hop: Hop) -> Reply:
        """Return the final answer, to this hop, as what an operation reads."""
        content_type = answer.headers.get("content-type", "").partition(";")[0].strip()
        return Reply(
            answer.status_code,
            answer.content,
            clean(content_type),
            _retry_after(answer.headers),
            http_date(answer.headers.get("date", "")),
            self.attempts,
            self.server.credentials if hop.with_credentials else "",
            self.server.redact,
        )

    # retries

    def retrying(self) -> dict[str, Any]:
        """Return the arguments of tenacity's ``Retrying`` for this call."""
        return {
            "retry": self._worth_another_try,
            "wait": self._pause,
            "stop": self._enough,
            "before_sleep": self._announce,
            "retry_error_callback": _outcome,
        }

    def sleep(self, seconds: float) -> None:
        """Wait before another attempt, on a thread, unless the call is stopped."""
        self._stopped.wait(seconds)

    def is_final(self, reply: Reply) -> bool:
        """Whether no other attempt can follow, whatever is left of the time."""
        return reply.status_code not in _PASSING

    def _worth_another_try(self, state: RetryCallState) -> bool:
        error, reply = _result(state)
        repeat = self.call.repeat
        if reply is not None:
            self.retry_after = reply.retry_after
            if reply.status_code in _OVERLOADED:
                self.attempts -= 1
                return repeat is not Repeat.NEVER
            return reply.status_code in _PASSING and repeat is Repeat.ALWAYS
        if isinstance(error, _NOTHING_SENT):
            self.attempts -= 1  # it counts what may have been carried out
        if not isinstance(error, BROKEN) or self.connecting or _is_tls(error):
            return False
        return repeat is Repeat.ALWAYS or (repeat is Repeat.UNSENT and isinstance(error, _NOTHING_SENT))

    def _pause(self, state: RetryCallState) -> float:
        """Return the seconds to wait: what the server asks for, or a random part of a growing time."""
        _, reply = _result(state)
        if reply is not None and reply.retry_after is not None:
            return reply.retry_after
        longest: float = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**state.attempt_number)
        return longest * (0.5 + random.random() / 2)  # noqa: S311  # spreads clients, protects no secret

    def _enough(self, state: RetryCallState) -> bool:
        left = self.remaining()
        too_late = left is not None and state.upcoming_sleep >= left
        return too_late or state.attempt_number > self.server.options.retries

    def _announce(self, state: RetryCallState) -> None:
        error, reply = _result(state)
        what = f"HTTP {reply.status_code}" if reply is not None else type(error).__name__
        if reply is not None and reply.status_code in _OVERLOADED and self._overloaded is not None:
            self._overloaded(state.upcoming_sleep)
        logger.info(
            "%s failed (%s), trying again in %.1f s",
            self.call.operation,
            what,
            state.upcoming_sleep,
            extra={"operation": self.call.operation, "attempt": state.attempt_number},
        )

    # failures

    def told(self, error: Exception) -> I3XError:
        """Return the error to raise for an exchange that failed on the way."""
        words = clean(self.server.redact(str(error))) or type(error).__name__
        server = self._url_of(error)
        address = f"{server.scheme}://{server.netloc.decode('ascii', 'replace')}"
        kind: type[I3XError] = ConnectionError
        if isinstance(error, httpx.ConnectTimeout):
            kind, text = TimeoutError, f"no connection to {address} in time; check base_url and the network"
        elif isinstance(error, httpx.TimeoutException) and self._is_over():
            return self.expired()  # the step had no longer than the whole call
        elif isinstance(error, httpx.TimeoutException):
            kind, text = (
                TimeoutError,
                f"{address} did not answer in time; ask for less, or give a larger timeout=",
            )
        elif "WRONG_VERSION_NUMBER" in words:
            text = f"{address} does not speak TLS; if it is meant to, verify its port, else use http:// in base_url"
        elif _is_tls(error):
            text = (
                f"no trusted TLS connection to {address}: {words}; for a certificate of your own authority pass "
                "verify='/path/to/ca.pem', for a URL through a tunnel server_hostname='its.real.name', and "
                "verify=False only to test"
            )
        elif isinstance(error, httpx.ConnectError):
            text = f"can't connect to {address}: {words}; check base_url, and that the server is running"
        else:
            text = f"the exchange with {address} broke ({type(error).__name__}: {words}); try again"
        return self.doubted(kind(f"{self.call.operation}: {text}", operation=self.call.operation))

    def _url_of(self, error: Exception) -> httpx.URL:
        """Return where the request went; a redirect may have led to another host than that of base_url."""
        try:
            return error.request.url if isinstance(error, httpx.RequestError) else self.server.url
        except RuntimeError:  # httpx's word for "there was no request yet"
            return self.server.url

    def judge(self, error: I3XError) -> None:
        """Let an error say so if this attempt, or one before it that had no answer, may have been carried out."""
        status = error.status_code or 0
        failed = status >= 500 and status not in _REFUSED
        if failed or self._earlier or isinstance(error, InvalidServerResponseError):
            self.doubted(error)

    def doubted(self, error: E) -> E:
        """Let an error say that a change may have been carried out, if anything of it may have been received."""
        if self.call.changes and self.attempts and not error.outcome_unknown:
            put_in_doubt(error, may_repeat=self.call.repeat is Repeat.ALWAYS)
        return error

    # answers

    def result(self, reply: Reply) -> Any:
        """Return what the call makes of its reply, or raise the error that it stands for."""
        result = self.call.read(reply)
        if self.call.changes and isinstance(result, BulkList) and result.errors:
            for error in (item.error for item in result):
                if error is not None:
                    self.judge(error)
        return result


class Opening(Exchange):
    """The opening of an event stream; how long it may then say nothing is for its reader to limit."""

    def __init__(self, server: Server, call: Call[None], seconds: float) -> None:
        super().__init__(server, call, httpx.Timeout(seconds))
        self._deadline = seconds

    def limits(self) -> dict[str, float | None]:
        """Return the time-outs for the next request: the wait for its answer ends with that for the opening."""
        return {**super().limits(), "read": None}

    def expired(self) -> TimeoutError:
        """Return the error for a stream that took too long to begin."""
        return TimeoutError(
            f"{self.call.operation}: the server began no event stream within {self._deadline:g} s; look whether "
            "it is overloaded, or deliver with delivery='sync'",
            operation=self.call.operation,
        )


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _outcome(state: RetryCallState) -> Any:
    """Return or raise what the last attempt ended with."""
    assert state.outcome is not None  # noqa: S101  # tenacity's contract
    return state.outcome.result()


def _result(state: RetryCallState) -> tuple[BaseException | None, Reply | None]:
    assert state.outcome is not None  # noqa: S101  # tenacity's contract
    error = state.outcome.exception()
    return (error, None) if error is not None else (None, state.outcome.result())


def _retry_after(headers: httpx.Headers) -> float | None:
    """Return the seconds that a Retry-After header asks for; a moment is one by the server's own clock."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal() and len(text) < 10:
        return float(text)
    if (moment := http_date(text)) is None:
        return None
    now = http_date(headers.get("date", "")) or datetime.now(UTC)
    return max(0.0, (moment - now).total_seconds())


def http_date(text: str) -> datetime | None:
    """Return the moment that a header names, None if it names none."""
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None
