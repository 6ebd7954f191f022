"""What is found out of the ranges that a server takes: it is kept to, and costs nothing where it does not apply."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import i3x
from i3x import nanoseconds
from i3x.bulk.limits import Ranges
from i3x.history.questions import Question
from i3x.history.reading import Reading
from tests.unit.history.simulation import Historian, Series, Stored, points_in, points_of, read_all

START = nanoseconds.of_text("2016-01-31T08:00:00Z")
SECOND = nanoseconds.SECOND
DAY = 86_400


def every(seconds: int, count: int) -> list[Stored]:
    return [(START + number * seconds * SECOND, number, "Good") for number in range(count)]


DENSE: Series = {name: every(1, 3000) for name in ("a", "b", "c")}
SHORT: Series = {name: every(1, 800) for name in ("a", "b", "c")}
SPARSE: Series = {name: every(DAY, 3650) for name in ("x", "y", "z")}


def read(
    historian: Historian, ranges: Ranges, names: Iterable[str], seconds: int, *, in_windows: bool = False
) -> tuple[int, int]:
    """Read elements from the start on; returns how many requests were made for it, and how many refused."""
    before = historian.requests, historian.refused
    names = list(names)
    texts = nanoseconds.to_text(START), nanoseconds.to_text(START + seconds * SECOND)
    reading = Reading(names, *texts, ranges, in_windows=in_windows)
    stored = {
        name: [point for point in historian.series[name] if point[0] <= START + seconds * SECOND]
        for name in names
    }
    assert points_in(read_all(historian, reading)) == {name: points_of(each) for name, each in stored.items()}
    assert reading.missing == []
    return historian.requests - before[0], historian.refused - before[1]


@given(
    seconds=st.integers(10, 799),
    limit=st.integers(20, 500),
    names=st.sampled_from(["a", "ab", "abc"]),
    by_rows=st.booleans(),
    modes=st.tuples(st.booleans(), st.booleans()),
)
def test_a_call_after_others_meets_no_refusal(
    seconds: int, limit: int, names: str, by_rows: bool, modes: tuple[bool, bool]
) -> None:
    limits = {"most_rows": limit, "refuses_cut": True} if by_rows else {"longest": limit * SECOND}
    historian, ranges = Historian(SHORT, **limits), Ranges()  # type: ignore[arg-type]
    calls = [read(historian, ranges, names, seconds, in_windows=mode) for mode in (*modes, *modes)]
    calms = sum(requests for requests, _ in calls) // 100  # after which one refusal is dared
    # A window that held just what the server takes may hold one point more elsewhere.
    assert sum(refused > 0 for _, refused in calls) <= 1 + by_rows + calms
    assert sum(refused for _, refused in calls[2:]) <= calms or not any(refused for _, refused in calls[:2])
    assert sum(refused for _, refused in calls) <= 12 + calms


@pytest.mark.parametrize("limits", [{"longest": 600 * SECOND}, {"most_rows": 500, "refuses_cut": True}])
@pytest.mark.parametrize("names", ["a", "abc"])
def test_sparse_elements_are_read_with_few_requests_after_dense_ones(
    limits: dict[str, int], names: str
) -> None:
    historian, ranges = Historian(DENSE | SPARSE, **limits), Ranges()  # type: ignore[arg-type]
    read(historian, ranges, names, 2999)
    requests, refused = read(historian, ranges, "x", DAY // 8)
    if "longest" in limits:
        assert 1 <= refused <= 3  # it was dared once, which tells one rule from the other
        assert read(historian, ranges, "x", DAY // 8)[1] == read(historian, ranges, "xy", DAY // 8)[1] == 0
    else:
        assert requests <= 4
        assert read(historian, ranges, "y", 300 * DAY) == (1, 0)


def test_ten_years_of_a_sparse_element_are_not_read_in_minutes() -> None:
    historian, ranges = Historian(DENSE | SPARSE, most_rows=4000, refuses_cut=True), Ranges()
    historian.series["a"] = every(1, 6000)
    assert read(historian, ranges, "a", 5999)[1]
    assert read(historian, ranges, "x", 3649 * DAY)[0] < 12
    assert read(historian, ranges, "y", 3649 * DAY)[0] == 1


def test_one_refusal_that_had_another_reason_is_forgotten_in_time() -> None:
    refusals = [i3x.BadRequestError("not now", 400)]

    def refuse(_: str, question: Question) -> i3x.I3XError | None:
        if question.length > 100 * SECOND and refusals:
            raise refusals.pop()
        return None

    historian, ranges = Historian(DENSE, fails=refuse), Ranges()
    requests = [read(historian, ranges, "a", 600)[0] for _ in range(60)]
    assert requests[-1] == 1
    assert sum(requests) < 250


def test_a_server_that_takes_more_than_it_did_is_asked_for_more_in_time() -> None:
    historian, ranges = Historian(DENSE, longest=300 * SECOND), Ranges()
    before = read(historian, ranges, "a", 2999)[0]
    historian.longest = 900 * SECOND
    requests = [read(historian, ranges, "a", 2999)[0] for _ in range(40)]
    assert requests[-1] <= before // 2


def test_what_is_too_much_of_many_elements_is_not_of_one() -> None:
    historian, ranges = Historian(DENSE, most_rows=4000, refuses_cut=True), Ranges()
    assert read(historian, ranges, "abc", 2999)[1]
    assert read(historian, ranges, "a", 2999) == (1, 0)
    assert read(historian, ranges, "abc", 2999)[1] == 0


def test_a_range_that_is_refused_for_its_begin_says_nothing_about_others() -> None:
    historian, ranges = Historian(DENSE, broken=(START, START)), Ranges()
    reading = Reading(["a"], nanoseconds.to_text(START), nanoseconds.to_text(START + 2999 * SECOND), ranges)
    with pytest.raises(i3x.BadRequestError):
        read_all(historian, reading)
    assert ranges.bracket(1) is None


def test_a_range_that_was_refused_is_dared_after_calms_that_grow() -> None:
    ranges = Ranges()
    ranges.note_answered(1, 300, 300)
    ranges.note_refused(1, 600)
    calms = []
    for _ in range(4):
        answers = 0
        while not ranges.dare(3000):
            ranges.note_answered(1, 300, 300)
            answers += 1
        calms.append(answers)
    assert calms == [100, 200, 400, 800]
    assert ranges.bracket(1) == (300, 600)
    ranges.note_answered(1, 3000, 3000)
    assert ranges.bracket(1) is None


def test_what_was_refused_of_few_elements_is_refused_of_more_and_not_the_other_way_round() -> None:
    ranges = Ranges()
    ranges.note_answered(4, 10, 0)
    ranges.note_refused(4, 100)
    assert ranges.bracket(1) is None
    assert ranges.bracket(4) == ranges.bracket(1000) == (10, 100)
    ranges.note_refused(1, 50)
    assert ranges.bracket(1) == ranges.bracket(1000) == (10, 50)
    ranges.note_answered(1000, 200, 0)
    assert ranges.bracket(4) is None
    ranges.note_refused(4, 100)  # of elements that hold more
    assert ranges.bracket(4) == (10, 100)
