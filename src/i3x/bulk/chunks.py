"""The items of one request, and where they are taken from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from i3x.bulk.limits import Size
from i3x.errors import I3XError


@dataclass(slots=True, eq=False)
class Refused:
    """A request that was refused and cut: what its parts do tells whether its size was the reason."""

    size: Size
    status: int | None
    open: int
    is_size: bool = True
    worked: Size = field(default_factory=lambda: Size(0, 0))


@dataclass(slots=True, eq=False)
class Chunk:
    """The items of one request; ``start`` is the position of the first one in the whole call."""

    start: int
    ids: Sequence[str]
    texts: Sequence[bytes]
    size: Size
    part_of: Refused | None = None
    sent_after: int = 0
    is_trial: bool = False
    refusal: I3XError | None = None
    """What a trial of all its items is to explain."""
    in_doubt: bool = False
    """Whether a request with these items, that is to be sent again or in parts, may have been carried out."""

    @property
    def end(self) -> int:
        """The position behind its last item."""
        return self.start + len(self.ids)

    @property
    def about(self) -> str:
        """Words for what it is about."""
        if len(self.ids) == 1:
            return self.ids[0]
        return f"{self.ids[0]} to {self.ids[-1]}, items {self.start} to {self.end - 1}"


@dataclass(slots=True)
class Source:
    """Items, taken out as they are needed; they may come from a program that fails on the way."""

    items: Any
    envelope: int
    taken: int = 0
    failure: Exception | None = None
    _held: tuple[str, bytes] | None = field(default=None)

    def __post_init__(self) -> None:
        self.items = iter(self.items)

    @property
    def holds_one(self) -> bool:
        """Whether an item was taken that no request has."""
        return self._held is not None

    def has_more(self) -> bool:
        """Whether there is another item; takes it, to find out."""
        if self._held is None and self.failure is None:
            try:
                self._held = next(self.items, None)
            except Exception as error:  # noqa: BLE001  # raised when what came before it is dealt with
                self.failure = error
        return self._held is not None

    def take(self, largest: Size) -> Chunk:
        """Take out as many items as a request may have, and at least one."""
        ids: list[str] = []
        texts: list[bytes] = []
        start, size = self.taken, self.envelope
        while len(ids) < largest.count and self.has_more() and (item := self._held) is not None:
            size += len(item[1]) + 1
            if ids and size > largest.bytes:
                size -= len(item[1]) + 1
                break
            ids.append(item[0])
            texts.append(item[1])
            self._held = None
        self.taken += len(ids)
        return Chunk(start, ids, texts, Size(len(ids), size))
