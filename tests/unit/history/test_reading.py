"""The engine that reads history: whatever a server does, each point comes once, or is told as missing."""

import itertools
from collections import Counter

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import i3x
from i3x import nanoseconds
from i3x.bulk.limits import Ranges
from i3x.history.merging import points_of as points_of_window
from i3x.history.questions import Question
from i3x.history.reading import Reading
from tests.unit.history.simulation import Historian, Series, Stored, points_in, points_of, read_all

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


def nine_digits(moment: int) -> str:
    seconds, rest = divmod(moment, SECOND)
    return f"{nanoseconds.to_text(seconds * SECOND)[:-1]}.{rest:09d}Z"


def with_offset(moment: int) -> str:
    return f"{nine_digits(moment + 7200 * SECOND)[:-1]}+02:00"


def with_leap_seconds(moment: int) -> str:
    """A text that takes the first second of each minute for a leap second at the end of the one before."""
    before = nanoseconds.to_text(moment - SECOND)
    is_last = before[16:19] == ":59"
    return f"{before[:16]}:60{before[19:]}" if is_last else nanoseconds.to_text(moment)


historians = st.fixed_dictionaries(
    {
        "per_element": st.booleans(),
        "keeps": st.sampled_from(["oldest", "newest", "random"]),
        "order": st.sampled_from(["oldest first", "newest first", "random"]),
        "names_cut": st.booleans(),
        "text": st.sampled_from([nanoseconds.to_text, nine_digits, with_offset, with_leap_seconds]),
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
    return Reading(series, start, end, Ranges(), in_windows=in_windows)


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
    windows: list[i3x.HistoryWindow],
    reading: Reading,
    stored: dict[str, Counter[tuple[int, str, str]]],
    told: int = 1,
) -> None:
    """Check that nothing came twice, and what did not come is missing; ``told`` is the unit of the moments."""
    found = points_in(windows)
    for name in {*stored, *found}:
        here, there = found.get(name, Counter()), stored.get(name, Counter())
        assert not here - there
        gaps = [
            (nanoseconds.of_text(gap.start_time) // told * told, nanoseconds.of_text(gap.end_time))
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
    historian = Historian({"a": every_second(100)}, always_cut=always_cut)
    read_all(historian, reading_of(historian.series, 100 * SECOND, in_windows=False))
    assert historian.requests == 1 or (always_cut and historian.requests < 150)


@pytest.mark.parametrize("unit", [1_000, 1_000_000, SECOND])
@pytest.mark.parametrize("most", [7, 12, 50, 400])
@pytest.mark.parametrize("has_end", [True, False])
def test_a_server_that_rounds_the_times_asked_for_loses_nothing_at_the_seams(
    unit: int, most: int, has_end: bool
) -> None:
    series: Series = {"a": [(START + number * 370_001_003, number, "Good") for number in range(1000)]}
    historian = Historian(series, most_rows=most, keeps_time_to=unit, has_end=has_end)
    reading = reading_of(series, 400 * SECOND)
    assert points_in(read_all(historian, reading)) == expected(series, 400 * SECOND)
    assert reading.missing == []


@st.composite
def crowds(draw: st.DrawFn) -> Series:
    """Elements with many points within a few seconds."""
    count = draw(st.integers(1, 6))
    every = draw(st.sampled_from([SECOND, 100_000_000, 10_000_000, 100_000]))
    shift = draw(st.sampled_from([0, 1, 370_001_003]))
    return {
        f"sensor-{index}": [
            (START + (number * every + index * shift) % (10 * SECOND + 1), number, "Good")
            for number in range(draw(st.integers(0, 150)))
        ]
        for index in range(count)
    }


ROUNDED = [
    {"keeps_time_to": SECOND, "rounds": "down"},
    {"keeps_time_to": SECOND, "rounds": "up"},
    {"keeps_time_to": SECOND, "rounds": "to the nearest"},
    {"tells_time_to": SECOND},
]


@given(
    series=crowds(),
    options=historians,
    unit=st.sampled_from([1_000, 1_000_000, SECOND]),
    rounds=st.sampled_from(["down", "to the nearest", "up"]),
    room=st.integers(1, 50),
    in_windows=st.booleans(),
)
def test_what_a_server_that_rounds_times_does_not_give_is_told_as_missing(
    series: Series, options: dict[str, object], unit: int, rounds: str, room: int, in_windows: bool
) -> None:
    """Where it takes what two units have: with less, no two windows need have a point in common."""
    options |= {"keeps_time_to": unit, "rounds": rounds}
    most = 2 * densest(series, unit) + room
    historian = Historian(series, most_rows=most, **options)  # type: ignore[arg-type]
    reading = reading_of(series, 10 * SECOND, in_windows=in_windows)
    check_missing(read_all(historian, reading), reading, expected(series, 10 * SECOND))


def densest(series: Series, unit: int) -> int:
    """Return the most points that an element has within a unit of time."""
    counts = (Counter(at // unit for at, *_ in points) for points in series.values())
    return max((max(count.values(), default=0) for count in counts), default=0)


@pytest.mark.parametrize("does", ROUNDED)
@pytest.mark.parametrize("keeps", ["oldest", "newest"])
@pytest.mark.parametrize("refuses_cut", [False, True])
def test_many_elements_of_a_server_that_rounds_times_are_read_in_whole(
    does: dict[str, object], keeps: str, refuses_cut: bool
) -> None:
    series: Series = {
        f"sensor-{index}": [
            (START + number * SECOND + index * 37_000_003 % SECOND, number, "Good") for number in range(20)
        ]
        for index in range(100)
    }
    historian = Historian(series, most_rows=50, keeps=keeps, refuses_cut=refuses_cut, **does)  # type: ignore[arg-type]
    reading = reading_of(series, 20 * SECOND)
    unit = historian.tells_time_to
    stored = {
        name: points_of([(at // unit * unit, value, quality) for at, value, quality in points])
        for name, points in series.items()
    }
    assert points_in(read_all(historian, reading)) == stored
    assert reading.missing == []
    assert historian.requests < 150


@pytest.mark.parametrize("does", ROUNDED)
def test_what_a_server_that_rounds_times_can_not_give_of_one_element_is_told(does: dict[str, object]) -> None:
    series: Series = {"a": [(START + number * 10_000_000, number, "Good") for number in range(2000)]}
    historian = Historian(series, most_rows=50, **does)  # type: ignore[arg-type]
    reading, unit = reading_of(series, 20 * SECOND), historian.tells_time_to
    told = {"a": points_of([(at // unit * unit, value, quality) for at, value, quality in series["a"]])}
    check_missing(read_all(historian, reading, 100), reading, told, unit)


@given(
    series=crowds(),
    options=historians,
    has_start=st.booleans(),
    most=st.integers(5, 60),
    in_windows=st.booleans(),
)
def test_what_a_server_whose_ranges_lack_an_end_does_not_give_is_told_as_missing(
    series: Series, options: dict[str, object], has_start: bool, most: int, in_windows: bool
) -> None:
    options |= {"has_start": has_start, "has_end": not has_start}
    historian = Historian(series, most_rows=most, **options)  # type: ignore[arg-type]
    reading = reading_of(series, 10 * SECOND, in_windows=in_windows)
    first = START if has_start else START + 1
    inside = {name: [point for point in points if point[0] >= first] for name, points in series.items()}
    check_missing(
        read_all(historian, reading, 6000), reading, expected(inside, 10 * SECOND, has_end=not has_start)
    )


def test_points_at_one_moment_that_a_range_lacks_are_kept_as_far_as_they_came() -> None:
    series: Series = {
        "a": every_second(90) + [(START + 50 * SECOND, number, "Good") for number in range(100, 120)]
    }
    historian = Historian(series, most_rows=15, has_start=False)
    reading = Reading(
        ["a"], nanoseconds.to_text(START - SECOND), nanoseconds.to_text(START + 90 * SECOND), Ranges()
    )
    windows = read_all(historian, reading, 60)
    check_missing(windows, reading, {"a": points_of(series["a"])})
    assert points_in(windows)["a"].total() >= 89 + 14


def test_ranges_without_either_end_lose_nothing_where_windows_meet() -> None:
    historian = Historian({"a": every_second(1000)}, most_rows=100, has_start=False, has_end=False)
    end = nanoseconds.to_text(START + 1000 * SECOND)
    reading = Reading(["a"], nanoseconds.to_text(START - SECOND), end, Ranges(), in_windows=True)
    assert points_in(read_all(historian, reading, 20)) == expected(historian.series, 1000 * SECOND)
    assert reading.missing == []


# --- failures -----------------------------------------------------------------------------------------------


def every_second(count: int) -> list[Stored]:
    return [(START + number * SECOND, number, "Good") for number in range(count)]


LONG: Series = {"a": every_second(3000), "b": every_second(3000), "c": every_second(3000)}


@pytest.mark.parametrize("in_windows", [True, False])
def test_a_block_that_is_never_given_costs_no_more_than_itself_and_few_requests(in_windows: bool) -> None:
    block = (START + 1000 * SECOND, START + 1100 * SECOND)
    historian = Historian(LONG, broken=block)
    reading = reading_of(LONG, 3000 * SECOND, in_windows=in_windows)
    check_missing(read_all(historian, reading, 400), reading, expected(LONG, 3000 * SECOND))
    first, last = reading.missing[0].start_time, reading.missing[-1].end_time
    assert nanoseconds.of_text(first) >= START + 998 * SECOND
    assert nanoseconds.of_text(last) <= START + 1700 * SECOND


def test_a_server_that_refuses_everything_is_asked_for_little_before_its_error_is_raised() -> None:
    historian = Historian(LONG, broken=(0, 2**63))
    with pytest.raises(i3x.BadRequestError):
        read_all(historian, reading_of(LONG, 3000 * SECOND), 5)


def test_an_element_that_refuses_by_itself_costs_the_others_nothing() -> None:
    def fails(element_id: str, question: Question) -> i3x.I3XError | None:
        return i3x.BadRequestError("no", 400) if element_id == "b" else None

    reading = reading_of(LONG, 3000 * SECOND, in_windows=False)
    found = points_in(read_all(Historian(LONG, fails=fails), reading))
    whole = expected(LONG, 3000 * SECOND)
    assert found == {name: whole[name] for name in ("a", "c")}
    assert list(reading.errors) == ["b"]
    assert reading.missing == []


@pytest.mark.parametrize("length", [0, 3000 * SECOND])
@pytest.mark.parametrize("unknown", ["x", "xy"])
def test_elements_that_a_server_does_not_know_cost_the_others_nothing(length: int, unknown: str) -> None:
    reading = reading_of({**LONG, **{name: [] for name in unknown}}, length)
    assert points_in(read_all(Historian(LONG), reading)) == expected(LONG, length)
    assert list(reading.errors) == list(unknown)


def test_an_element_that_refuses_long_ranges_by_itself_is_read_in_parts() -> None:
    def fails(element_id: str, question: Question) -> i3x.I3XError | None:
        too_long = element_id == "b" and question.length > 60 * SECOND
        return i3x.TimeoutError("no answer in time") if too_long else None

    reading = reading_of(LONG, 3000 * SECOND)
    assert points_in(read_all(Historian(LONG, fails=fails), reading)) == expected(LONG, 3000 * SECOND)
    assert (reading.errors, reading.missing) == ({}, [])


def test_an_element_that_goes_away_is_missing_from_then_on() -> None:
    def fails(element_id: str, question: Question) -> i3x.I3XError | None:
        gone = element_id == "b" and question.end > START + 2000 * SECOND
        return i3x.NotFoundError("gone", 410) if gone else None

    reading = Reading(
        LONG, "2026-01-31T08:00:00Z", "2026-01-31T08:50:00Z", Ranges(), in_windows=True, window=60 * SECOND
    )
    stored = expected(LONG, 3000 * SECOND)
    check_missing(read_all(Historian(LONG, most_rows=900, fails=fails), reading), reading, stored)
    assert list(reading.errors) == ["b"]
    (missing,) = reading.missing
    assert (missing.element_ids, missing.end_time) == (("b",), "2026-01-31T08:50:00Z")


@pytest.mark.parametrize("error", [i3x.ConnectionError("broken"), i3x.ServerError("down", 503)])
def test_what_keeps_a_server_from_answering_for_an_element_is_raised_and_asked_for_again(
    error: i3x.I3XError,
) -> None:
    failures = iter([None, None, error])

    def fails(element_id: str, question: Question) -> i3x.I3XError | None:
        return next(failures, None) if element_id == "b" else None

    historian = Historian(LONG, fails=fails)
    reading = Reading(
        LONG, "2026-01-31T08:00:00Z", "2026-01-31T08:50:00Z", Ranges(), in_windows=True, window=SECOND
    )
    windows: list[i3x.HistoryWindow] = []
    with pytest.raises(type(error)):
        read_all(historian, reading, windows=windows)
    read_all(historian, reading, windows=windows)
    assert points_in(windows) == expected(LONG, 3000 * SECOND)


@pytest.mark.parametrize("error", [i3x.TimeoutError("no answer in time"), i3x.ServerError("no answer", 504)])
@pytest.mark.parametrize("names", ["a", "abc"])
@pytest.mark.parametrize("by_element", [True, False])
def test_a_server_that_falls_silent_is_asked_for_little_before_that_is_raised(
    error: i3x.I3XError, names: str, by_element: bool
) -> None:
    series = {name: LONG[name] for name in names}
    silent = False

    def fails(element_id: str, question: Question) -> i3x.I3XError | None:
        if silent and (not by_element or len(question.element_ids) == 1):
            raise error
        return error if silent else None

    historian = Historian(series, most_rows=300, fails=fails)
    reading = reading_of(series, 3000 * SECOND)
    windows = [read_next(historian, reading)]
    silent, before = True, historian.requests
    for _ in range(2):
        with pytest.raises(type(error)):
            read_all(historian, reading, windows=windows)
    assert historian.requests - before < 40
    silent = False
    read_all(historian, reading, windows=windows)
    assert points_in(windows) == expected(series, 3000 * SECOND)
    assert (reading.errors, reading.missing) == ({}, [])
    assert historian.requests - before < 120


def read_next(historian: Historian, reading: Reading) -> i3x.HistoryWindow:
    while (window := reading.take()) is None:
        question = reading.question()
        assert question is not None
        reading.answered(question, historian(question))
    return window


def test_a_server_that_is_out_of_reach_is_not_asked_for_less() -> None:
    error = i3x.TimeoutError("no connection in time")
    error.__cause__ = httpx.ConnectTimeout("timed out")
    failures = iter([None, None, error])

    def fails(element_id: str, question: Question) -> i3x.I3XError | None:
        if (failure := next(failures, None)) is not None:
            raise failure
        return None

    historian = Historian({"a": LONG["a"]}, most_rows=300, fails=fails)
    reading = reading_of(historian.series, 3000 * SECOND)
    windows: list[i3x.HistoryWindow] = []
    with pytest.raises(i3x.TimeoutError):
        read_all(historian, reading, windows=windows)
    assert historian.requests == 3
    read_all(historian, reading, windows=windows)
    assert points_in(windows) == expected(historian.series, 3000 * SECOND)
    assert reading.missing == []


def test_an_element_for_which_a_server_never_answers_costs_the_others_nothing() -> None:
    def fails(element_id: str, question: Question) -> i3x.I3XError | None:
        if "b" in question.element_ids:
            raise i3x.TimeoutError("no answer in time")
        return None

    reading = reading_of(LONG, 3000 * SECOND)
    found = points_in(read_all(Historian(LONG, fails=fails), reading))
    whole = expected(LONG, 3000 * SECOND)
    assert found == {name: whole[name] for name in ("a", "c")}
    assert list(reading.errors) == ["b"]


def test_many_elements_for_which_a_server_never_answers_are_taken_for_its_silence() -> None:
    def fails(element_id: str, question: Question) -> i3x.I3XError | None:
        if question.element_ids != ["a"]:
            raise i3x.TimeoutError("no answer in time")
        return None

    series: Series = {"a": LONG["a"], **{f"silent-{number}": [] for number in range(100)}}
    historian = Historian(series, fails=fails)
    reading = reading_of(series, 3000 * SECOND)
    with pytest.raises(i3x.TimeoutError):
        read_all(historian, reading)
    assert historian.requests < 30


def test_an_element_that_can_not_be_answered_for_is_an_error_where_all_is_kept_until_the_end() -> None:
    def fails(element_id: str, question: Question) -> i3x.I3XError | None:
        return i3x.ConnectionError("broken") if element_id == "b" else None

    reading = reading_of(LONG, 3000 * SECOND, in_windows=False)
    read_all(Historian(LONG, fails=fails), reading)
    assert list(reading.errors) == ["b"]


# --- windows ------------------------------------------------------------------------------------------------


def test_windows_do_not_overlap_and_leave_nothing_out() -> None:
    windows = read_all(Historian(LONG, most_rows=500), reading_of(LONG, 3000 * SECOND))
    assert windows[0].start_time == "2026-01-31T08:00:00Z"
    assert windows[-1].end_time == "2026-01-31T08:50:00Z"
    assert all(window.end_time == after.start_time for window, after in itertools.pairwise(windows))
    for window in windows:
        for history in window.histories.values():
            moments = [nanoseconds.of_text(point.timestamp) for point in history.values]
            assert moments == sorted(moments)
            assert nanoseconds.of_text(window.start_time) <= moments[0]
            assert moments[-1] < nanoseconds.of_text(window.end_time) or window is windows[-1]
    last = windows[-1].histories["a"].values[-1]
    assert last.value == 2999


@pytest.mark.parametrize("keeps", ["oldest", "newest"])
@pytest.mark.parametrize("length", [1, 2, 8])
def test_only_the_last_window_reaches_the_end(keeps: str, length: int) -> None:
    series: Series = {"a": [(START + number // 2, number, "Good") for number in range(2 * length + 2)]}
    historian, reading = Historian(series, most_rows=2, keeps=keeps), reading_of(series, length)
    windows: list[i3x.HistoryWindow] = []
    while (question := reading.question()) is not None:
        reading.answered(question, historian(question))
        while (window := reading.take()) is not None:
            windows.append(window)
    *others, last = windows
    assert all(nanoseconds.of_text(window.end_time) < START + length for window in others)
    assert nanoseconds.of_text(last.end_time) == START + length
    assert points_in(windows) == expected(series, length)


@pytest.mark.parametrize("keeps", ["oldest", "newest"])
def test_few_requests_are_made_in_vain(keeps: str) -> None:
    series: Series = {"a": every_second(20_000)}
    historian = Historian(series, most_rows=500, keeps=keeps)
    read_all(historian, reading_of(series, 20_000 * SECOND))
    assert historian.requests < 1.5 * 20_000 / 500


def every_minute_and(bursts: list[tuple[int, int, int]]) -> list[Stored]:
    """A day of points, one a minute, and bursts: the minute that each begins at, its length, and its points."""
    moments = [minute * 60 * SECOND for minute in range(1440)]
    for minute, length, count in bursts:
        moments += [minute * 60 * SECOND + number * length // count for number in range(count)]
    return [(START + moment, number, "Good") for number, moment in enumerate(sorted(moments))]


@given(
    bursts=st.lists(
        st.tuples(
            st.integers(1, 1380), st.sampled_from([10**6, SECOND, 60 * SECOND]), st.sampled_from([20, 60])
        ),
        min_size=1,
        max_size=3,
        unique_by=lambda burst: burst[0],
    ),
    most=st.sampled_from([15, 50, 200]),
    does=st.sampled_from([{"refuses_cut": True}, {"silent_when_cut": True}, {}]),
    in_windows=st.booleans(),
)
def test_a_burst_costs_no_more_than_itself(
    bursts: list[tuple[int, int, int]], most: int, does: dict[str, bool], in_windows: bool
) -> None:
    if "silent_when_cut" in does:  # silence about a second is raised
        bursts = [(minute, 60 * SECOND, 2 * count) for minute, _, count in bursts]
    series: Series = {"a": every_minute_and(bursts)}
    historian = Historian(series, most_rows=most, **does)  # type: ignore[arg-type]
    reading = reading_of(series, 86_400 * SECOND, in_windows=in_windows)
    assert points_in(read_all(historian, reading)) == expected(series, 86_400 * SECOND)
    assert reading.missing == []
    assert historian.requests <= 3 * len(series["a"]) // most + 200 * len(bursts)


def test_points_of_several_elements_are_in_the_order_of_time_whatever_their_form() -> None:
    forms = [nanoseconds.to_text, nine_digits, with_offset]
    histories = {
        f"sensor-{index}": i3x.HistoricalValue(
            f"sensor-{index}",
            False,
            [i3x.VQT(at, "Good", form(START + at)) for at in range(index, 10**9, 10**8)],
        )
        for index, form in enumerate(forms)
    }
    histories["sensor-3"] = i3x.HistoricalValue("sensor-3", False, [i3x.VQT(-1, "Good", "yesterday")])
    for names in (["sensor-0", "sensor-1"], list(histories)):
        window = i3x.HistoryWindow("", "", {name: histories[name] for name in names})
        found = [point.value for point in points_of_window(window)]
        assert found == sorted(found)
        assert len(found) == sum(len(histories[name].values) for name in names)
