"""One bulk call on its way: what to send next, and what to do with what comes of it.

A request that is refused (400, 413, 414, 422) is cut in two. What the halves do tells why: if both work, the whole
was too large, and its size is not tried again; if one is refused on its own, down to one item, that item is to
blame and fails alone; if nothing works whatever the size, it is the call that is wrong. This needs no words of the
server's, but where it says its limit, the guessing is spared.

A history may be refused for its range too, of which fewer elements are no cure. Such a call has a trial, which asks
so little that only the items can be to blame. If it works for as many items, nothing is cut, and the refusal is the
call's. Otherwise it is the trial that is cut, until it works: only then is all asked for, of items that can be had.

Until a size is known to work, one request is on its way at a time. After that there are several, of which one may
be larger than what has worked, and fewer when the server is overloaded. When the server can't be reached, or
refuses the client, what has not been sent stays unsent. Every item ends in exactly one outcome: a result, the
server's refusal, unknown, or not sent.
"""

from __future__ import annotations

import enum
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from msgspec.structs import replace as replaced

from i3x.bulk.chunks import Chunk, Refused, Source
from i3x.bulk.limits import Limits, Size
from i3x.bulk.stated import stated_limit
from i3x.calls import Bulk, Call, Repeat
from i3x.errors import (
    AuthenticationError,
    ConnectionError,
    I3XError,
    NotFoundError,
    NotSupportedError,
    TimeoutError,
)
from i3x.failures import put_in_doubt, retold
from i3x.results import merged

T = TypeVar("T")

_REFUSALS = frozenset((400, 413, 414, 422))
_OVERLOADS = frozenset((429, 503))
_FOR_ALL = (AuthenticationError, ConnectionError, NotFoundError, NotSupportedError, TimeoutError)
"""What the requests after it would only meet too."""

_FRUITLESS = 4
"""Requests in a row that may fail, beside those that find out how small a request has to be."""

_MOST_REFUSALS = 100
"""Requests of one call that may be refused: beyond them, items are no longer sought out one by one."""

_PAUSE = 1.0  # seconds, where an overloaded server does not say how long


class Phase(enum.Enum):
    """How a call goes on."""

    PROBING = "one request at a time: its size is not known to work yet"
    FLOWING = "several requests at once"
    STOPPED = "nothing more is sent"


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is to be sent now: wait so many seconds, or until a request has ended; None: for that alone."""

    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What became of a request: its result, or its error and the seconds that the server asks to be left alone."""

    part: T | None = None
    error: I3XError | None = None
    retry_after: float | None = None


class Plan(Generic[T]):
    """One bulk call on its way; the senders ask it what to do, and tell it what came of it.

    All times are those of one clock, in seconds. ``patience`` is how long a request may wait in all; a server that
    wants to be left alone for longer is given up. Only :meth:`overloaded` may be called from any thread.
    """

    def __init__(self, bulk: Bulk[T], limits: Limits, patience: float | None = None) -> None:
        self._bulk = bulk
        self._limits = limits
        self._patience = patience
        self._source = Source(bulk.items, bulk.envelope)
        self._stack: list[Chunk] = []  # the first items are on top
        self._tried: list[Chunk] = []  # for which a trial has worked; sent when all trials are done
        self._phase = Phase.PROBING
        self._on_their_way: list[Chunk] = []
        self._parts: dict[int, tuple[str, Any]] = {}
        self._errors: dict[int, I3XError] = {}
        self._first_refusal: I3XError | None = None
        self._stopped_by: I3XError | None = None
        self._worked = self._refused = self._fruitless = self._bits = 0
        self._not_before = 0.0
        self._lock = threading.Lock()

    # --- what to do next --------------------------------------------------------------------------------

    def next(self, now: float) -> Chunk | Wait | None:
        """Return what to send, how long to wait, or None when all is done."""
        if not self._has_more():
            return Wait() if self._on_their_way else None
        if self._on_their_way and (
            self._phase is Phase.PROBING or len(self._on_their_way) >= self._limits.at_once
        ):
            return Wait()
        if now < self._not_before:
            return Wait(self._not_before - now)
        chunk = self._take()
        if self._is_daring(chunk) and any(map(self._is_daring, self._on_their_way)):
            self._stack.append(chunk)
            return Wait()
        # Too much may be asked of as many items as have worked: then one refusal is enough.
        is_sane = self._bulk.trial is None or self._limits.ranges.are_known
        if is_sane and not chunk.start and self._limits.works(self._bulk.operation, chunk.size):
            self._phase = Phase.FLOWING
        chunk.sent_after = self._worked
        self._on_their_way.append(chunk)
        return chunk

    def _is_daring(self, chunk: Chunk) -> bool:
        return self._limits.is_daring(self._bulk.operation, chunk.size)

    def call(self, chunk: Chunk) -> Call[T]:
        """Return the request for what is to be sent."""
        make = self._bulk.trial if chunk.is_trial else None
        call = (make or self._bulk.call)(chunk.ids, chunk.texts)
        return replaced(call, in_doubt=True) if chunk.in_doubt else call

    @property
    def is_alone(self) -> bool:
        """Whether the request that was asked for last is the only one to be on its way until it is settled."""
        return len(self._on_their_way) == 1 and (self._phase is not Phase.FLOWING or not self._has_more())

    def _has_more(self) -> bool:
        return self._phase is not Phase.STOPPED and (bool(self._stack) or self._source.has_more())

    def _take(self) -> Chunk:
        largest = self._limits.largest(self._bulk.operation)
        if not self._stack:
            return self._source.take(largest)
        chunk = self._stack.pop()
        if chunk.size.fits(largest) or len(chunk.ids) == 1:
            return chunk
        first = Source(zip(chunk.ids, chunk.texts, strict=True), self._bulk.envelope).take(largest)
        return self._first_part(chunk, len(first.ids), None)

    def _first_part(self, chunk: Chunk, count: int, whole: Refused | None) -> Chunk:
        """Cut a chunk in two, leave the second part for later, and return the first."""
        if count >= len(chunk.ids):
            return chunk
        self._stack.append(self._piece(chunk, count, len(chunk.ids), whole))
        return self._piece(chunk, 0, count, whole)

    def _piece(self, chunk: Chunk, first: int, last: int, whole: Refused | None) -> Chunk:
        texts = chunk.texts[first:last]
        size = Size(len(texts), self._bulk.envelope + sum(map(len, texts)) + len(texts))
        ids = chunk.ids[first:last]
        start, is_trial, in_doubt = chunk.start + first, chunk.is_trial, chunk.in_doubt
        return Chunk(start, ids, texts, size, whole, is_trial=is_trial, in_doubt=in_doubt)

    # --- what came of it --------------------------------------------------------------------------------

    def overloaded(self, now: float, seconds: float) -> None:
        """Note that the server asks for fewer requests, and for none at all for some seconds."""
        self._limits.note_overload()
        with self._lock:
            self._not_before = max(self._not_before, now + seconds)

    def settle(self, chunk: Chunk, outcome: Outcome[T], now: float) -> None:
        """Note what became of a request."""
        self._on_their_way.remove(chunk)
        chunk.in_doubt = outcome.error is not None and outcome.error.outcome_unknown
        if outcome.error is None and chunk.refusal is not None:
            self._acquit(chunk, chunk.refusal)
        elif outcome.error is None and chunk.is_trial:
            self._tried.append(replace(chunk, part_of=None, is_trial=False))
            self._note_worked(chunk)
            self._end_trials()
        elif outcome.error is None:
            self._accept(chunk, outcome.part)
        elif self._is_worth_waiting(chunk, outcome):
            self.overloaded(now, _PAUSE if outcome.retry_after is None else outcome.retry_after)
            self._stack.append(chunk)
        elif outcome.error.status_code in self._bulk.one_by_one and len(chunk.ids) > 1:
            self._stack += [self._piece(chunk, at, at + 1, None) for at in reversed(range(len(chunk.ids)))]
        else:
            self._reject(chunk, outcome.error)

    def _accept(self, chunk: Chunk, part: T | None) -> None:
        self._parts[chunk.start] = chunk.about, part
        self._worked += 1
        self._note_worked(chunk)
        self._go_on()

    def _note_worked(self, chunk: Chunk) -> None:
        """Remember a size that has worked, and what it tells of the request that it is a part of."""
        self._fruitless = 0
        self._limits.note_worked(self._bulk.operation, chunk.size)
        if (whole := chunk.part_of) is not None:
            whole.open -= 1
            whole.worked = whole.worked.union(chunk.size)
            if whole.is_size and not whole.open:
                self._know_limit(whole)

    def _know_limit(self, whole: Refused) -> None:
        """Note that a request was refused for its size, which explains those that it was cut out of too."""
        self._limits.note_refused(self._bulk.operation, whole.size, whole.worked, whole.status)
        for chunk in self._stack:
            chunk.part_of, chunk.is_trial, chunk.refusal = None, False, None

    def _end_trials(self) -> None:
        """Send what was only tried, once no trial is left."""
        if self._tried and not any(chunk.is_trial for chunk in self._stack):
            self._stack = sorted(self._stack + self._tried, key=lambda chunk: -chunk.start)
            self._tried = []

    def _go_on(self) -> None:
        """Send several at once, unless there are parts of which it is not known why the whole was refused."""
        if self._phase is not Phase.STOPPED:
            in_doubt = any(chunk.part_of is not None or chunk.is_trial for chunk in self._stack)
            self._phase = Phase.PROBING if in_doubt else Phase.FLOWING

    def _is_worth_waiting(self, chunk: Chunk, outcome: Outcome[T]) -> bool:
        """Whether an overloaded server is asked once more, since it has answered others, or may be about to."""
        error, pause = outcome.error, outcome.retry_after or 0.0
        return (
            error is not None
            and error.status_code in _OVERLOADS
            and self._bulk.repeat is not Repeat.NEVER  # none of it was carried out
            and (self._worked > chunk.sent_after or bool(self._on_their_way))
            and (self._patience is None or pause < self._patience)
            and self._phase is not Phase.STOPPED
        )

    def _reject(self, chunk: Chunk, error: I3XError) -> None:
        self._fruitless += chunk.refusal is None
        is_refusal = error.status_code in _REFUSALS
        if is_refusal and len(chunk.ids) > 1 and self._may_cut(chunk):
            self._explain(chunk, error)
            return
        self._blame(chunk)
        self._fail(chunk, error)
        self._end_trials()
        if isinstance(error, _FOR_ALL) or error.status_code in _OVERLOADS or self._is_hopeless():
            self._stop(error)
        elif self._worked:
            self._go_on()

    def _is_hopeless(self) -> bool:
        """Whether so many requests in a row have failed that the next ones will too."""
        return self._fruitless >= self._bound() * (2 if self._worked else 1)

    def _bound(self) -> int:
        return _FRUITLESS + self._bits

    def _may_cut(self, chunk: Chunk) -> bool:
        self._bits = max(self._bits, len(chunk.ids).bit_length())
        return self._refused < _MOST_REFUSALS and self._fruitless < self._bound()

    def _explain(self, chunk: Chunk, error: I3XError) -> None:
        """Cut a request that was refused, unless something else than its items is to blame, or may be."""
        if self._bulk.trial is None or chunk.is_trial or stated_limit(error, chunk.size):
            self._blame(chunk)
            self._cut(chunk, error)
        elif self._limits.works(self._bulk.operation, chunk.size):
            self._acquit(chunk, error)
        else:
            self._stack.append(replace(chunk, is_trial=True, refusal=error))
            if self._phase is not Phase.STOPPED:
                self._phase = Phase.PROBING

    def _blame(self, chunk: Chunk) -> None:
        """Note that the request that this one is a part of was not refused for its size, or not for that alone."""
        if chunk.part_of is not None:
            chunk.part_of.is_size = False

    def _acquit(self, chunk: Chunk, refusal: I3XError) -> None:
        """Let a request fail as it is: fewer items would be refused as well."""
        self._note_worked(chunk)
        self._fail(chunk, refusal)
        self._stop(refusal)

    def _cut(self, chunk: Chunk, error: I3XError) -> None:
        """Cut a request that was refused: where the server says its limit, there, else in the middle."""
        self._first_refusal = self._first_refusal or chunk.refusal or error
        self._refused += 1
        if self._phase is not Phase.STOPPED:
            self._phase = Phase.PROBING
        middle = (len(chunk.ids) + 1) // 2
        if limit := stated_limit(error, chunk.size):
            whole = Refused(chunk.size, error.status_code, open=1)
            first = Source(zip(chunk.ids, chunk.texts, strict=True), self._bulk.envelope).take(limit)
            count = min(len(first.ids), len(chunk.ids) - 1)
            # What comes after is no larger than a half, lest it is refused for its size too.
            for at in range(len(chunk.ids), count, -middle):
                self._stack.append(self._piece(chunk, max(at - middle, count), at, None))
            self._stack.append(self._piece(chunk, 0, count, whole))
        else:
            whole = Refused(chunk.size, error.status_code, open=2)
            self._stack.append(self._first_part(chunk, middle, whole))

    # --- failures ---------------------------------------------------------------------------------------

    def _fail(self, chunk: Chunk, error: I3XError) -> None:
        is_to_blame = len(chunk.ids) == 1 and error.status_code in _REFUSALS
        self._errors[chunk.start] = error
        told = retold(error, str(error), element_id=chunk.ids[0] if is_to_blame else None)
        told.__cause__ = error.__cause__
        self._parts[chunk.start] = chunk.about, self._bulk.failed(chunk.ids, told)

    def _stop(self, error: I3XError) -> None:
        """Send nothing more: what follows would only fail too."""
        self._phase = Phase.STOPPED
        self._stopped_by = self._stopped_by or error

    def _unsent(self) -> Iterator[Chunk]:
        yield from self._stack
        yield from self._tried
        if not self._bulk.is_whole and self._source.holds_one:
            yield self._source.take(Size(1, 0))
        while self._bulk.is_whole and self._source.has_more():
            yield self._source.take(Size(10_000, 2**62))

    def result(self) -> T:
        """Return the result of the whole call when all is done, or raise the error of all of it, or of its source.

        The error has the outcome of each item in its ``result``.
        """
        if (cause := self._stopped_by) is not None:
            words = f"{self._bulk.operation}: not sent, since a request before it failed: {cause}"
            unsent = retold(cause, words)
            unsent.outcome_unknown = False
            self._fail_unsent(unsent)
        whole = self._whole()
        if (failure := self._source.failure) is not None:
            self._tell(failure, whole)
            raise failure
        if self._errors and not self._worked and (error := self._common_error()) is not None:
            error.outcome_unknown |= any(each.outcome_unknown for each in self._errors.values())
            error.result = whole
            raise error
        return self._bulk.settled(whole)

    def abandon(self, cause: BaseException) -> None:
        """Let an exception that ends the call on its way, as an interrupt does, tell what became of each item."""
        operation, kind = self._bulk.operation, type(cause).__name__
        for chunk in self._on_their_way:
            error = I3XError(f"{operation}: {kind} before the answer was there", operation=operation)
            if self.call(chunk).changes:
                self._doubt(error)
            self._parts[chunk.start] = chunk.about, self._bulk.failed(chunk.ids, error)
        self._fail_unsent(I3XError(f"{operation}: not sent, since {kind} came before", operation=operation))
        self._tell(cause, self._whole())

    def _fail_unsent(self, error: I3XError) -> None:
        doubted = retold(error, str(error))
        self._doubt(doubted)
        for chunk in self._unsent():
            told = doubted if chunk.in_doubt else error
            self._parts[chunk.start] = chunk.about, self._bulk.failed(chunk.ids, told)

    def _doubt(self, error: I3XError) -> None:
        put_in_doubt(error, may_repeat=self._bulk.repeat is Repeat.ALWAYS)

    def _whole(self) -> T:
        empty: Any = self._bulk.empty()
        whole: T = merged(empty, [self._parts[start] for start in sorted(self._parts)])
        return whole

    def _tell(self, failure: BaseException, whole: T) -> None:
        """Let an exception that is not of the server's making tell what became of each item."""
        failed = "".join(
            f"; a request with some of them failed: {error}" for error in [*self._errors.values()][:1]
        )
        failure.add_note(
            f"{self._bulk.operation}: {self._source.taken} items were taken before it{failed}; what became of each "
            "is in `result` of this exception"
        )
        vars(failure).setdefault("result", whole)  # setattr() would stumble over exceptions that are frozen

    def _common_error(self) -> I3XError | None:
        """Return the error of a call of which nothing has worked, None if its requests failed in several ways."""
        errors = [self._errors[start] for start in sorted(self._errors)]
        kinds = {(type(error), error.status_code) for error in errors}
        if len(kinds) > 1:
            return None
        return self._first_refusal or self._stopped_by or errors[0]
