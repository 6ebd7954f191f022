"""How a fault works: one class per fault, whose options are its fields and whose hooks say where it applies.

An exchange passes the hooks in this order: `rewrite`, `instead`, (the operation), `edit`, `replace`, `send`, `head`.
An open event stream passes `stream` when it meets the fault and after each event, and `event` for each event.
A fault overrides the hooks that it needs and is entered, by its name, into the table in `faults/__init__.py`.
"""

from __future__ import annotations

import difflib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from starlette.responses import Response

if TYPE_CHECKING:
    from ..answers import Answer
    from ..exchange import Exchange
    from ..stream import EventStream


@dataclass(kw_only=True)
class Fault:
    """A fault with nothing wrong in it: every hook leaves things as they are."""

    operations: ClassVar[frozenset[str] | None] = None
    """The operations that it makes sense for; None means all."""

    edits: ClassVar[bool] = False
    """Whether `edit` is overridden: big answers are not decoded for nothing."""

    streams: ClassVar[bool] = False
    """Whether it applies to open event streams, and to nothing else."""

    def rewrite(self, exchange: Exchange, /) -> None:
        """Before routing: change the request."""

    async def instead(self, _exchange: Exchange, /) -> Response | None:
        """Instead of the operation: an answer, for which nothing is carried out; None goes on as usual."""
        return None

    def edit(self, _exchange: Exchange, document: Any, /) -> Any:
        """Transform the answer's JSON. An `Answer` in its place replaces the whole answer."""
        return document

    def replace(self, _exchange: Exchange, answer: Answer, /) -> Answer:
        """Transform the answer's bytes, before they are compressed."""
        return answer

    async def send(
        self, _exchange: Exchange, _status: int, _headers: Sequence[tuple[str, str]], _body: bytes, /
    ) -> bool:
        """Put the answer on the wire in another way; True if that was done."""
        return False

    def head(self, headers: Sequence[tuple[str, str]], /) -> Sequence[tuple[str, str]]:
        """Transform the headers, those of an event stream too."""
        return headers

    async def stream(self, stream: EventStream, events: int, /) -> None:
        """On the stream: called when it meets the fault, and whenever it is about to wait or to send.

        `events` counts the events sent since the stream met the fault.
        """

    def event(self, _updates: list[dict[str, Any]], chunks: list[bytes], /) -> list[bytes]:
        """Transform one event; each chunk is written on its own."""
        return chunks


class Entry:
    """A fault that is switched on: for which operation, from when on, and how often still."""

    def __init__(self, fault: Fault, operation: str | None, times: int | None, skip: int = 0) -> None:
        self.fault = fault
        self.active = True
        self.applied = 0
        self._operation = operation
        self._times = times
        self._spared = skip

    def matches(self, operation: str | None) -> bool:
        """Whether the fault is meant for this operation; an unknown route has none."""
        if self._operation is not None:
            return operation == self._operation
        return self.fault.operations is None or operation in self.fault.operations

    def claim(self) -> bool:
        """Apply it once more; False if that is still to come, was done often enough, or it was switched off."""
        if not self.active or (self._times is not None and self.applied >= self._times):
            return False
        if self._spared:
            self._spared -= 1
            return False
        self.applied += 1
        return True


class FaultHandle:
    """A fault that is switched on. As a context manager it switches the fault off at the end."""

    def __init__(self, entry: Entry, clear: Callable[[], None]) -> None:
        self._entry = entry
        self._clear = clear

    @property
    def applied(self) -> int:
        """How many requests (or streams) it has been applied to."""
        return self._entry.applied

    def clear(self) -> None:
        """Switch the fault off; a second time does nothing."""
        self._clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.clear()


class FaultTable:
    """The faults that are switched on, in the order in which they apply. Any thread may change it."""

    def __init__(self, known: Mapping[str, type[Fault]], operations: frozenset[str]) -> None:
        self._known = known
        self._operations = operations
        self._entries: list[Entry] = []
        self._lock = threading.Lock()

    def switch_on(
        self, name: str, operation: str | None, times: int | None, skip: int, options: Mapping[str, Any]
    ) -> FaultHandle:
        """Switch a fault on.

        Raises:
            ValueError: there is no such fault or operation, or the one does not go with the other.
            TypeError: the fault has no such option, or needs one that is missing.
        """
        kind = self._known.get(name)
        if kind is None:
            near = difflib.get_close_matches(name, self._known)
            hint = f"did you mean {' or '.join(near)}?" if near else "i3x.testing.faults.FAULTS lists them"
            raise ValueError(f"there is no fault {name!r}; {hint}")
        self._check(name, kind, operation)
        entry = Entry(kind(**options), operation, times, skip)
        with self._lock:
            self._entries.append(entry)
        return FaultHandle(entry, lambda: self._switch_off(entry))

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            entries, self._entries = self._entries, []
        for entry in entries:
            entry.active = False

    def take(self, operation: str | None) -> list[Fault]:
        """The faults for one request; each counts as applied."""
        with self._lock:
            matching = [e for e in self._entries if not e.fault.streams and e.matches(operation)]
            return [entry.fault for entry in matching if entry.claim()]

    def on_streams(self) -> list[Entry]:
        """The faults for open event streams."""
        with self._lock:
            return [entry for entry in self._entries if entry.fault.streams]

    def _check(self, name: str, kind: type[Fault], operation: str | None) -> None:
        if operation is None:
            return
        if operation not in self._operations:
            raise ValueError(f"there is no operation {operation!r}")
        if kind.operations is not None and operation not in kind.operations:
            raise ValueError(f"the fault {name!r} applies to {', '.join(sorted(kind.operations))} only")

    def _switch_off(self, entry: Entry) -> None:
        entry.active = False
        with self._lock:
            if entry in self._entries:
                self._entries.remove(entry)
