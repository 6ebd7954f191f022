"""Cuts a stream of bytes into Server-Sent Events, by the rules of the WHATWG HTML standard.

Updates of a subscription arrive this way. The parsers for Python work on text line by line, lose the first
event after a byte order mark, or know no limit for what a server sends; this one works on bytes, knows nothing
of where they come from, and costs the same however they are cut into chunks.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["MAX_EVENT_BYTES", "Event", "EventStream", "EventTooLargeError"]

MAX_EVENT_BYTES = 64 * 1024 * 1024
"""What no event of a sane server reaches: a whole queue sent at once is some ten megabytes."""

_BOM = b"\xef\xbb\xbf"
_BEFORE_DATA = len(_BOM + b"data: ")
"""How much longer than its data a line can be."""


class Event(NamedTuple):
    """One event: its type, ``message`` if the server named none, and its data."""

    name: str
    data: bytes


class EventTooLargeError(ValueError):
    """An event, or a single line, is over the limit. ``events`` holds what the chunk completed before it."""

    def __init__(self, message: str, events: list[Event]) -> None:
        super().__init__(message)
        self.events = events


class EventStream:
    """One stream, from its first byte on: feed it what comes in, and take out the events that are complete.

    An event that the stream's end cuts short is none, by the standard; so there is nothing to call at the end.
    The id and the retry time of events are read over: i3X has no use for them.
    """

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._limit = max_event_bytes
        self._begun = False
        self._after_cr = False
        self._overflowed = False
        self._line = bytearray()  # the line that is not complete yet
        self._name = ""
        self._data: list[bytes] = []
        self._size = -1  # of the data so far: each line adds itself and the line feed before it

    def feed(self, chunk: bytes) -> list[Event]:
        """Take the next piece of the stream, and return the events that it completes.

        Raises :class:`EventTooLargeError` as soon as an event is over the limit, and from then on always: what
        follows in the stream can't be told apart from the rest of that event.
        """
        events: list[Event] = []
        if self._overflowed:
            raise self._overflow(events)
        end = chunk.rfind(b"\n\n") + 2  # of the last event that is complete
        if end > 1 and self._is_in_first_line and len(self._line) + end <= self._limit:
            plain = _plain_events(bytes(self._line) + chunk[:end])
            if plain is not None:
                self._line.clear()
                events, chunk = plain, chunk[end:]
        if chunk:
            self._read(chunk, events)
        return events

    def _read(self, chunk: bytes, events: list[Event]) -> None:
        """Read lines, of whatever kind, and add the events that they complete."""
        *lines, rest = self._in_line_feeds(chunk).split(b"\n")
        if lines:
            if self._line:
                lines[0] = bytes(self._line + lines[0])
                self._line.clear()
            if not self._begun:
                self._begun = True
                self._check(len(lines[0]), events)
                lines[0] = lines[0].removeprefix(_BOM)
            self._read_lines(lines, events)
        if rest:
            self._line += rest
            self._check(len(self._line), events)

    @property
    def _is_in_first_line(self) -> bool:
        """Whether no line of an event is complete, nor that of the stream, which may begin with a mark."""
        return self._begun and not (self._data or self._name or self._after_cr)

    def _in_line_feeds(self, chunk: bytes) -> bytes:
        """Return the chunk with one kind of line end; that of CR and LF may have been cut in two."""
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        if b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return chunk

    def _read_lines(self, lines: list[bytes], events: list[Event]) -> None:
        data = self._data
        for line in lines:
            # Nearly every line is one of the first two: they are read here, and what is not costs a call.
            if line.startswith(b"data:"):
                data.append(line[6:] if line.startswith(b" ", 5) else line[5:])
                self._size += 1 + len(data[-1])
                if self._size > self._limit:
                    raise self._overflow(events)
            elif line:
                self._read_field(line, events)
            else:
                if data:  # what came since the last blank line is an event only if it has data
                    events.append(Event(self._name or "message", b"\n".join(data)))
                    data.clear()
                    self._size = -1
                self._name = ""

    def _read_field(self, line: bytes, events: list[Event]) -> None:
        self._check(len(line), events)
        field, _, value = line.partition(b":")  # a comment is a field without a name
        if field == b"event":
            self._name = value.removeprefix(b" ").decode("utf-8", "replace")
        elif field == b"data":  # without a colon: an empty line of data
            self._read_lines([b"data:"], events)

    def _check(self, length: int, events: list[Event]) -> None:
        # Comments and unknown fields are held in memory too, while they are incomplete.
        if length > self._limit + _BEFORE_DATA:
            raise self._overflow(events)

    def _overflow(self, events: list[Event]) -> EventTooLargeError:
        self._overflowed = True
        self._line.clear()
        self._data.clear()
        return EventTooLargeError(f"an event of the stream has over {self._limit} bytes", events)


def _plain_events(text: bytes) -> list[Event] | None:
    """Return the events of a text that holds whole ones of one line of data each, None if it holds anything else.

    This is how nearly all servers send nearly all updates, and one look at the whole costs less than one at each
    line. Every line feed is counted: where there are more than the ends of such events, something else is there.
    """
    if not text.startswith(b"data: ") or b"\r" in text:
        return None
    found = text[6:-2].split(b"\n\ndata: ")
    if text.count(b"\n") != 2 * len(found):
        return None
    return [Event("message", data) for data in found]
