"""The engine that reads history: whatever a server does, each point comes once, or is told as missing."""

from collections import Counter

import pytest
from hypothesis import strategies as st

import i3x
from i3x import nanoseconds
from i3x.history.reading import Reading
from tests.unit.history.simulation import Historian, Series, points_in, points_of, read_all
from tests.unit.support import given

START = nanoseconds.of_text("2026-01-31T08:00:00Z")
SECOND = nanoseconds.SECOND
LENGTHS = [0, 1, 7, 50, 10**6, 10 * SECOND, 86_400 * SECOND, 10**18]

values = st.sampled_from([1, 1.0, True, None, "a", {"b": [1]}])


@st.composite
def ranges(draw: st.DrawFn) -> tuple[Series, int]:
    """Elements with points in and around a range of some length, many of them at the same moments."""
    length = draw(st.sampled_from(LENGTHS))
    moments = st.integers(-2, length + 2) | st.integers(0, 5).map(lambda part: part * length // 5)
    points = st.tuples(moments.map(lambda at: START + at), values, st.sampled_from(["Good", "Bad"]))
    count = draw(st.integers(1, 4))
    return {f"sensor-{index}": draw(st.lists(points, max_size=30)) for index in range(count)}, length


def text_of(digits: int | None) -> "st.SearchStrategy[object]":
    return st.just(digits)


def nine_digits(moment: int) -> str:
    seconds, rest = divmod(moment, SECOND)
    return f"{nanoseconds.to_text(seconds * SECOND)[:-1]}.{rest:09d}Z"


def with_offset(moment: int) -> str:
    return f"{nine_digits(moment + 7200 * SECOND)[:-1]}+02:00"


historians = st.fixed_dictionaries(
    {
        "per_element": st.booleans(),
        "keeps": st.sampled_from(["oldest", "newest", "random"]),
        "order": st.sampled_from(["oldest first", "newest first", "random"]),
        "names_cut": st.booleans(),
        "text": st.sampled_from([nanoseconds.to_text, nine_digits, with_offset]),
    }
)


def expected(
    series: Series, length: int, *, has_end: bool = True
) -> dict[str, Counter[tuple[int, str, str]]]:
    last = START + length if has_end else START + length - 1
    inside = {
        name: [point for point in points if START <= point[0] <= last] for name, points in series.items()
    }
    return {name: points_of(points) for name, points in inside.items() if points}


def reading_of(series: Series, length: int, *, in_windows: bool = True) -> Reading:
    start, end = nanoseconds.to_text(START), nanoseconds.to_text(START + length)
    return Reading(series, start, end, in_windows=in_windows)


def most_ties(series: Series) -> int:
    return max(
        (max(Counter(at for at, *_ in points).values(), default=0) for points in series.values()), default=0
    )


@given(given_range=ranges(), options=historians, in_windows=st.booleans(), data=st.data())
def test_every_point_comes_once(
    given_range: tuple[Series, int], options: dict[str, object], in_windows: bool, data: st.DataObject
) -> None:
    series, length = given_range
    most = data.draw(st.none() | st.integers(max(1, most_ties(series)), 40))
    historian = Historian(series, most_rows=most, **options)  # type: ignore[arg-type]
    reading = reading_of(series, length, in_windows=in_windows)
    assert points_in(read_all(historian, reading)) == expected(series, length)
    assert reading.missing == []
    assert reading.errors == {}


@given(given_range=ranges(), options=historians, data=st.data())
def test_every_point_comes_once_from_a_server_whose_ranges_have_no_end(
    given_range: tuple[Series, int], options: dict[str, object], data: st.DataObject
) -> None:
    series, length = given_range
    most = data.draw(st.none() | st.integers(max(1, most_ties(series)), 40))
    historian = Historian(series, most_rows=most, has_end=False, **options)  # type: ignore[arg-type]
    reading = reading_of(series, length)
    assert points_in(read_all(historian, reading)) == expected(series, length, has_end=False)
    assert reading.missing == []


@given(given_range=ranges(), options=historians, most=st.integers(0, 5), has_end=st.booleans())
def test_what_does_not_come_is_told_as_missing(
    given_range: tuple[Series, int], options: dict[str, object], most: int, has_end: bool
) -> None:
    series, length = given_range
    historian = Historian(series, most_rows=most, has_end=has_end, **options)  # type: ignore[arg-type]
    reading = reading_of(series, length)
    check_missing(read_all(historian, reading), reading, expected(series, length, has_end=has_end))


def check_missing(
    windows: list[i3x.HistoryWindow], reading: Reading, stored: dict[str, Counter[tuple[int, str, str]]]
) -> None:
    found = points_in(windows)
    for name in {*stored, *found}:
        here, there = found.get(name, Counter()), stored.get(name, Counter())
        assert not here - there
        gaps = [
            (nanoseconds.of_text(gap.start_time), nanoseconds.of_text(gap.end_time))
            for gap in reading.missing
            if name in gap.element_ids
        ]
        for moment, *_ in there - here:
            assert any(first <= moment <= last for first, last in gaps)


@given(
    given_range=ranges(),
    options=historians,
    longest=st.sampled_from([0, 1, 10, 10**6, SECOND, 3600 * SECOND]),
    slow=st.booleans(),
    data=st.data(),
)
def test_a_server_that_refuses_long_ranges(
    given_range: tuple[Series, int], options: dict[str, object], longest: int, slow: bool, data: st.DataObject
) -> None:
    series, length = given_range
    if longest < SECOND and length > longest:
        return  # whoever refuses a second is taken at its word: see below
    length = min(length, longest * 100)
    limit = {"slow_from" if slow else "longest": longest}
    most = data.draw(st.none() | st.integers(max(1, most_ties(series)), 40))
    historian = Historian(series, most_rows=most, **limit, **options)  # type: ignore[arg-type]
    reading = reading_of(series, length)
    assert points_in(read_all(historian, reading)) == expected(series, length)
    assert reading.missing == []


@given(given_range=ranges(), options=historians)
def test_a_server_that_ignores_the_range(given_range: tuple[Series, int], options: dict[str, object]) -> None:
    series, length = given_range
    historian = Historian(series, ignores_range=True, **options)  # type: ignore[arg-type]
    assert points_in(read_all(historian, reading_of(series, length))) == expected(series, length)


@given(given_range=ranges(), options=historians, most=st.none() | st.integers(0, 10), ignores=st.booleans())
def test_a_server_that_calls_every_answer_cut(
    given_range: tuple[Series, int], options: dict[str, object], most: int | None, ignores: bool
) -> None:
    series, length = given_range
    historian = Historian(series, most_rows=most, always_cut=True, ignores_range=ignores, **options)  # type: ignore[arg-type]
    reading = reading_of(series, length)
    check_missing(read_all(historian, reading), reading, expected(series, length))
    assert reading.missing


@pytest.mark.parametrize("always_cut", [True, False])
def test_one_request_is_enough_for_a_whole_answer(always_cut: bool) -> None:
    series: Series = {"a": [(START + second * SECOND, second, "Good") for second in range(100)]}
    historian = Historian(series, always_cut=always_cut)
    read_all(historian, reading_of(series, 100 * SECOND, in_windows=False))
    assert historian.requests == 1 or (always_cut and historian.requests < 150)
