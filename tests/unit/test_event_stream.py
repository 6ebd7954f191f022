"""Server-Sent Events: the rules of the standard, however the bytes are cut into chunks."""

import re
import time
from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from i3x.event_stream import Event, EventStream, EventTooLargeError

PIECES: list[bytes] = [
    b"data: [1]\n\n", b"data:x", b"data: ", b"data", b"event: close", b"event:", b"id: 7", b"retry: 5", b": ping",
    b"other: x", b"data: \xe2\x82\xac", b"\xff", b"\n", b"\r", b"\r\n", b"\n\n", b"\xef\xbb\xbf", b":", b" ",
]  # fmt: skip
streams = st.lists(st.sampled_from(PIECES) | st.binary(max_size=3), max_size=20).map(b"".join)


def read(chunks: Iterable[bytes], limit: int = 1000) -> list[Event]:
    stream = EventStream(limit)
    return [event for chunk in chunks for event in stream.feed(chunk)]


def cut(content: bytes, places: Iterable[int]) -> list[bytes]:
    ends = sorted({place % (len(content) + 1) for place in places})
    return [content[a:b] for a, b in zip([0, *ends], [*ends, len(content)], strict=True)]


def reference(content: bytes) -> list[Event]:
    """The standard's algorithm, word for word, on the whole of a stream."""
    *lines, _ = re.split(rb"\r\n|\r|\n", content.removeprefix(b"\xef\xbb\xbf"))
    events, name, buffer = [], b"", b""
    for line in lines:
        if line == b"":
            if buffer != b"":
                events.append(Event(name.decode("utf-8", "replace") or "message", buffer[:-1]))
            name = buffer = b""
        elif not line.startswith(b":"):
            field, value = line.split(b":", 1) if b":" in line else (line, b"")
            value = value[1:] if value.startswith(b" ") else value
            if field == b"event":
                name = value
            elif field == b"data":
                buffer += value + b"\n"
    return events


@given(content=streams, places=st.lists(st.integers(0, 200), max_size=8))
@example(content=b"\xef\xbb\xbfdata: a\r\n\r\n", places=range(20))
def test_any_cutting_gives_the_events_of_the_standard(content: bytes, places: Iterable[int]) -> None:
    assert read(cut(content, places)) == reference(content)


@given(content=streams, places=st.lists(st.integers(0, 200), max_size=8), limit=st.integers(0, 12))
@example(content=b"\xef\xbb\xbf:2345678901\n", places=[14], limit=4)
@example(content=b"\n:2345678901234\n", places=[15], limit=4)
def test_any_cutting_finds_the_same_event_too_large(content: bytes, places: list[int], limit: int) -> None:
    def outcome(chunks: list[bytes]) -> tuple[list[Event], bool]:
        stream, events = EventStream(limit), list[Event]()
        try:
            for chunk in chunks:
                events += stream.feed(chunk)
        except EventTooLargeError as error:
            return events + error.events, True
        return events, False

    assert outcome(cut(content, places)) == outcome([content])


@pytest.mark.parametrize(
    ("content", "events"),
    [
        (b"data: 1\n\n", [("message", b"1")]),
        (b"\xef\xbb\xbfdata: 1\n\n", [("message", b"1")]),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata: 1\n\n", []),
        (b"data: 1\n\n\xef\xbb\xbfdata: 2\n\n", [("message", b"1")]),
        (b"data: 1\r\n\r\ndata: 2\r\rdata: 3\n\r\n", [("message", b"1"), ("message", b"2"), ("message", b"3")]),
        (b": ping\n\n:\n\ndata: 1\n: ping\n\n", [("message", b"1")]),
        (b"event: close\ndata: {}\n\ndata: 1\n\n", [("close", b"{}"), ("message", b"1")]),
        (b"event: a\nevent: b\ndata: 1\n\n", [("b", b"1")]),
        (b"event:\ndata: 1\n\n", [("message", b"1")]),
        (b"event: close\n\ndata: 1\n\n", [("message", b"1")]),
        (b"event: \xff\ndata: \xff\n\n", [("\ufffd", b"\xff")]),
        (b"id: 5\nretry: 10\ndata: 1\n\nid\n\n", [("message", b"1")]),
        (b"data: [\ndata: 1]\n\n", [("message", b"[\n1]")]),
        (b"data\n\ndata\ndata\n\ndata:", [("message", b""), ("message", b"\n")]),
        (b"data:1\n\ndata:  1\n\n", [("message", b"1"), ("message", b" 1")]),
        (b"Data: 1\n data: 1\nunknown: 1\nunknown\ndatax: 1\n\n", []),
        (b"data: a:b\n\n", [("message", b"a:b")]),
        (b"data: 1\n\ndata: 2\n", [("message", b"1")]),
        ("data: 50 °C €\n\n".encode(), [("message", "50 °C €".encode())]),
    ],
)  # fmt: skip
def test_the_rules(content: bytes, events: list[tuple[str, bytes]]) -> None:
    assert read([content]) == events
    assert read(bytes([byte]) for byte in content) == events
    assert reference(content) == events


def test_an_event_is_handed_out_with_the_chunk_that_completes_it() -> None:
    stream = EventStream()
    assert stream.feed(b"data: 1\r") == []
    assert stream.feed(b"\n\r") == [("message", b"1")]
    assert stream.feed(b"\ndata: 2\r\r") == [("message", b"2")]
    assert stream.feed(b"") == []
    assert stream.feed(b"\n\n") == []
    assert stream.feed(b"data: 3\r") == []
    assert stream.feed(b"") == []
    assert stream.feed(b"\n") == []  # half of a line end, and no blank line
    assert stream.feed(b"\n") == [("message", b"3")]


@pytest.mark.parametrize(
    "content", [b"data: 12345\n\n", b"data: 12\ndata: 45\n\n", b"\xef\xbb\xbfdata: 12345\n\n"]
)
def test_an_event_is_as_large_as_its_data(content: bytes) -> None:
    assert len(read([content, content.lstrip(b"\xef\xbb\xbf")], 5)) == 2
    with pytest.raises(EventTooLargeError, match="over 4 bytes"):
        read([content], 4)


@pytest.mark.parametrize("start", [b"data: ", b": ", b"id: ", b""])
def test_a_line_without_end_is_too_large(start: bytes) -> None:
    chunks = [start, *[b"12345678"] * 20]
    with pytest.raises(EventTooLargeError):
        read(chunks, 100)


def test_lines_between_events_are_no_part_of_them() -> None:
    assert read([b": ping\n" * 100, b"id: 1\n" * 100, b"data: 1\n\n"], 10) == [("message", b"1")]


def test_what_came_before_a_too_large_event_is_not_lost() -> None:
    stream = EventStream(5)
    with pytest.raises(ValueError, match="over 5 bytes") as caught:
        stream.feed(b"data: 1\n\ndata: 123456\n\ndata: 2\n\n")
    assert isinstance(caught.value, EventTooLargeError)
    assert caught.value.events == [("message", b"1")]
    with pytest.raises(EventTooLargeError) as again:
        stream.feed(b"\n\ndata: 3\n\n")
    assert again.value.events == []


@pytest.mark.parametrize("size", [1, 7, 65536])
def test_a_line_in_many_chunks_takes_linear_time(size: int) -> None:
    """Quadratic time would be some minutes for the smallest chunks, and linear is a fraction of a second."""
    content = b"data: " + b"x" * 300_000 + b"\n\n"
    started = time.process_time()
    (event,) = read((content[at : at + size] for at in range(0, len(content), size)), len(content))
    assert len(event.data) == 300_000
    assert time.process_time() - started < 10
