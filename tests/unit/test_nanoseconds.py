"""Timestamps as whole nanoseconds: every digit that a server may send survives."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from i3x import nanoseconds
from i3x.models import to_datetime

DATED = st.integers(nanoseconds.of_text("0001-01-01T00:00:00Z"), nanoseconds.of_text("9999-12-31T23:59:59Z"))
NOON = "2026-01-31T12:00:00Z"


@given(moment=DATED)
def test_every_nanosecond_has_its_text(moment: int) -> None:
    assert nanoseconds.of_text(nanoseconds.to_text(moment)) == moment


@given(moment=st.datetimes(timezones=st.just(UTC)))
def test_a_datetime_is_the_same_moment_as_its_text(moment: datetime) -> None:
    assert nanoseconds.of_datetime(moment) == nanoseconds.of_text(moment.isoformat())


@given(digits=st.text("0123456789", max_size=12))
def test_digits_are_read_down_to_the_nanosecond(digits: str) -> None:
    text = f"2026-01-31T12:00:00{'.' if digits else ''}{digits}Z"
    assert nanoseconds.of_text(text) - nanoseconds.of_text(NOON) == int(digits[:9].ljust(9, "0"))


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31t12:00:00z",
        "2026-01-31 12:00:00",
        "2026-01-31T13:30:00+01:30",
        "2026-01-31T11:00:00.000-01:00",
        "2026-01-31T11:59:60Z",
        "20260131T120000Z",
    ],
)
def test_other_forms_of_the_same_moment(text: str) -> None:
    assert nanoseconds.of_text(text) == nanoseconds.of_text(NOON)


@pytest.mark.parametrize("digits", [0, 3, 6, 9])
def test_a_text_has_no_more_digits_than_it_needs(digits: int) -> None:
    text = "2026-01-31T12:00:00" + (f".{'1' * digits}" if digits else "") + "Z"
    assert nanoseconds.to_text(nanoseconds.of_text(text)) == text


@given(text=st.text(max_size=30) | st.text("0123456789-:TZ.+", max_size=30))
def test_any_text_is_a_moment_or_a_value_error(text: str) -> None:
    try:
        nanoseconds.of_text(text)
    except ValueError:
        return


@given(moment=DATED)
def test_a_moment_agrees_with_the_datetime_of_its_text(moment: int) -> None:
    text = nanoseconds.to_text(moment)
    assert to_datetime(text) == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment // 1000)
