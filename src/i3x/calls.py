"""What can be sent: one request with the way to read its answer, or a matter of many items in any number of them.

Nothing here does I/O. :mod:`~i3x.operations` makes these, :mod:`~i3x.transport` carries them out.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec
from msgspec.structs import replace

from i3x.errors import I3XError
from i3x.failures import Reply

T = TypeVar("T")


def _as_it_is(result: T) -> T:
    return result


class Repeat(enum.Enum):
    """When an operation that failed on its way may be sent again."""

    ALWAYS = "it changes nothing, or the same when it is carried out twice"
    UNSENT = "only if the server has carried out nothing of it: it was not reached, or says so"
    NEVER = "never, since the server may then hold two of what it makes"


class Call(msgspec.Struct, Generic[T], frozen=True):
    """One request that is ready to be sent, and how to read what comes back.

    ``read`` returns the result or raises the :class:`~i3x.I3XError` that the reply stands for. A call that needs
    no request at all has an empty ``method``, and its ``read`` looks at no reply. ``changes`` says that the
    server is another one after it: a write, a registration, a deletion. ``most_bytes`` is the largest answer
    that is wanted, where that is less than the client reads. ``in_doubt`` says that a request before it, with the
    same items, may have been carried out.
    """

    operation: str
    method: str
    path: str
    read: Callable[[Reply], T]
    params: Mapping[str, Any] = msgspec.field(default_factory=dict[str, Any])
    content: bytes = b""
    repeat: Repeat = Repeat.ALWAYS
    needs_credentials: bool = True
    streams: bool = False
    changes: bool = False
    most_bytes: int | None = None
    in_doubt: bool = False

    def observed(self, observe: Callable[[Reply], object]) -> Call[T]:
        """Return a call that shows each reply before it is read."""
        read = self.read  # and not self, which may be larger

        def show_and_read(reply: Reply) -> T:
            observe(reply)
            return read(reply)

        return replace(self, read=show_and_read)

    def limited(self, most_bytes: int | None) -> Call[T]:
        """Return a call that wants no larger answer than this."""
        return replace(self, most_bytes=most_bytes)


class Bulk(msgspec.Struct, Generic[T], frozen=True):
    """An operation about many items, which are sent in as many requests as the server needs.

    - ``items``: the id that each item is about, and its JSON; read once, and only as far as it is sent.
    - ``call``: makes the call for some of the items, from their ids and their JSON.
    - ``envelope``: the bytes of a request beside its items.
    - ``empty``: makes the result for no items.
    - ``failed``: makes the result for items whose request failed, from their ids and the error.
    - ``settled``: has the last word on the whole result; it may raise.
    - ``repeat``: of each of its requests, as of a call.
    - ``is_whole``: whether all items are there already, so that those that are not sent can be named.
    - ``one_by_one``: the statuses of a refusal after which the items are sent one by one.
    - ``trial``: where a refusal may be due to what is asked of the items: makes a call that asks so little of them
      that it is refused for their number alone.
    """

    operation: str
    items: Iterable[tuple[str, bytes]]
    call: Callable[[Sequence[str], Sequence[bytes]], Call[T]]
    envelope: int
    empty: Callable[[], T]
    failed: Callable[[Sequence[str], I3XError], T]
    settled: Callable[[T], T] = _as_it_is
    repeat: Repeat = Repeat.ALWAYS
    is_whole: bool = True
    one_by_one: frozenset[int] = frozenset()
    trial: Callable[[Sequence[str], Sequence[bytes]], Call[T]] | None = None

    def whole(self) -> Call[T]:
        """Return all of it as one call."""
        items = list(self.items)
        if not items:
            return Call(self.operation, "", "", lambda _: self.empty())
        call = self.call([item_id for item_id, _ in items], [text for _, text in items])
        if self.settled is _as_it_is:
            return call
        return replace(call, read=lambda reply: self.settled(call.read(reply)))

    def observed(self, observe: Callable[[Reply], object]) -> Bulk[T]:
        """Return the same with calls that show each reply before it is read."""
        return self._changed(lambda call: call.observed(observe))

    def limited(self, most_bytes: int | None) -> Bulk[T]:
        """Return the same with calls that want no larger answers than this."""
        return self._changed(lambda call: call.limited(most_bytes))

    def _changed(self, change: Callable[[Call[T]], Call[T]]) -> Bulk[T]:
        trial = self.trial
        return replace(
            self,
            call=lambda ids, texts: change(self.call(ids, texts)),
            trial=None if trial is None else lambda ids, texts: change(trial(ids, texts)),
        )
