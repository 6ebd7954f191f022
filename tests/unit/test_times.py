"""Timestamps: what servers send, and what callers may pass."""

import json
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import i3x
from i3x import times
from i3x.models import to_datetime
from i3x.writing import new_value
from tests.unit.support import texts

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
moments = st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1))
offsets = st.integers(-14 * 60, 14 * 60)


# --- reading ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [i3x.VQT(), i3x.CurrentValue(), i3x.ValueChange("a")])
def test_a_timestamp_that_is_not_there_has_no_datetime(model: Any) -> None:
    assert model.datetime is None


@pytest.mark.parametrize("model", [i3x.VQT, i3x.CurrentValue, i3x.ValueChange])
def test_a_timestamp_has_a_datetime_in_utc(model: Any) -> None:
    moment = model("a", timestamp="2026-01-31T13:00:00+01:00").datetime
    assert moment == NOON
    assert moment.tzinfo is UTC


def test_the_text_of_the_server_stays_as_it_is() -> None:
    assert i3x.VQT(timestamp="2026-01-31T13:00:00.10+01:00").timestamp == "2026-01-31T13:00:00.10+01:00"


@given(digits=st.text("0123456789", max_size=9))
def test_any_number_of_fraction_digits_is_read_to_the_microsecond(digits: str) -> None:
    read = to_datetime(f"2026-01-31T12:00:00{'.' if digits else ''}{digits}Z")
    assert read == NOON + timedelta(microseconds=int(digits[:6].ljust(6, "0")))


@given(moment=moments, minutes=offsets)
def test_an_offset_is_taken_into_account(moment: datetime, minutes: int) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    read = to_datetime(aware.isoformat())
    assert read is not None
    assert read == aware
    assert read.utcoffset() == timedelta(0)


def test_a_leap_second_is_the_first_instant_of_the_next_minute() -> None:
    assert to_datetime("2016-12-31T23:59:60Z") == datetime(2017, 1, 1, tzinfo=UTC)


def test_small_letters_are_read_too() -> None:
    assert to_datetime("2026-01-31t12:00:00z") == NOON


def test_a_text_without_an_offset_is_taken_as_utc() -> None:
    assert to_datetime("2026-01-31T12:00:00") == NOON


@pytest.mark.parametrize(
    "text",
    ["yesterday", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:60Z", "\ud800"],
)
def test_a_text_that_is_no_timestamp_is_an_error_that_points_to_the_text(text: str) -> None:
    with pytest.raises(i3x.InvalidServerResponseError, match="`timestamp` holds the server's own text"):
        _ = i3x.VQT(timestamp=text).datetime


@given(text=st.text(max_size=30) | st.text("0123456789-:TZ.+", max_size=30))
def test_any_text_is_a_datetime_in_utc_or_an_error_of_ours(text: str) -> None:
    try:
        moment = to_datetime(text)
    except i3x.InvalidServerResponseError:
        return
    assert moment is None or moment.utcoffset() == timedelta(0)


# --- passing ------------------------------------------------------------------------------------------------


@given(moment=moments, minutes=offsets)
def test_an_aware_datetime_is_sent_in_utc(moment: datetime, minutes: int) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    text = times.time(aware)
    assert text.endswith("Z")
    assert datetime.fromisoformat(text) == aware


def test_a_timedelta_counts_back_from_now() -> None:
    assert times.time(timedelta(hours=8), now=NOON) == "2026-01-31T04:00:00Z"


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("-30s", timedelta(seconds=30)),
        ("-15m", timedelta(minutes=15)),
        ("-8h", timedelta(hours=8)),
        ("-7d", timedelta(days=7)),
        ("-2w", timedelta(weeks=2)),
        ("-1d12h", timedelta(days=1, hours=12)),
        ("-0s", timedelta(0)),
        ("now", timedelta(0)),
    ],
)
def test_a_text_may_count_back_from_now(text: str, back: timedelta) -> None:
    assert times.time(text, now=NOON) == times.time(NOON - back)


@pytest.mark.parametrize(
    "text", ["-", "-8", "8h", "-h", "-8y", "-12h1d", "-1.5h", "--8h", "-8H", "Now", "-8h "]
)
def test_what_only_looks_like_counting_back_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r'such as "-8h", "-1d12h" or "now"'):
        times.time(text)


@pytest.mark.parametrize("text", ["-9999999w", "-99999999999999999999d"])
def test_a_text_that_counts_back_beyond_all_dates_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="further back than there are dates"):
        times.time(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T08:00:00Z",
        "2026-01-31t08:00:00z",
        "2026-01-31T08:00:00.123456789+01:00",
        "2016-12-31T23:59:60Z",
    ],
)
def test_rfc_3339_text_is_sent_as_it_is(text: str) -> None:
    assert times.time(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-01-31",
        "2026-01-31T08:60:00Z",
        "2026-01-31T08:00Z",
        "20260131T080000Z",
        "2026-W05-6T08:00:00Z",
        "2026-02-30T08:00:00Z",
        "2026-01-31T08:00:00Z ",
        "2026-01-31T08:00:00,5Z",
        "2026-01-31T08:00:00+0100",
    ],
)
def test_a_text_that_is_not_rfc_3339_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be RFC 3339 text"):
        times.time(text)


@given(text=texts)
def test_any_text_is_sent_as_it_is_or_refused(text: str) -> None:
    try:
        assert times.time(text) == text
    except ValueError:
        return


class _Nowhere(tzinfo):
    """A time zone that does not say what it is."""

    def utcoffset(self, dt: datetime | None) -> None:
        return None

    def tzname(self, dt: datetime | None) -> None:
        return None

    def dst(self, dt: datetime | None) -> None:
        return None


@pytest.mark.parametrize("moment", [datetime(2026, 1, 31), datetime(2026, 1, 31, tzinfo=_Nowhere())])
def test_a_datetime_without_a_time_zone_is_refused(moment: datetime) -> None:
    with pytest.raises(ValueError, match=r"without a time zone.*value\.astimezone\(\)"):
        times.time(moment)


def test_a_negative_timedelta_is_refused() -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        times.time(timedelta(seconds=-1))


@pytest.mark.parametrize("value", [timedelta.max, datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))])
def test_a_moment_beyond_all_dates_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^start_time "):
        times.time(value, "start_time")


@pytest.mark.parametrize("value", [5, 5.0, b"2026-01-31T08:00:00Z", NOON.date(), [NOON]])
def test_what_is_no_moment_is_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError, match="must be a datetime, a timedelta or text"):
        times.time(value)


# --- ranges -------------------------------------------------------------------------------------------------


def test_a_range_without_ends_goes_from_the_epoch_to_now() -> None:
    before = datetime.now(UTC)
    start, end = times.time_range(None, None)
    assert start == "1970-01-01T00:00:00Z"
    assert before <= datetime.fromisoformat(end) <= datetime.now(UTC)


def test_both_ends_of_a_range_count_back_from_the_same_moment() -> None:
    start, end = map(datetime.fromisoformat, times.time_range(timedelta(hours=2), timedelta(hours=1)))
    assert end - start == timedelta(hours=1)


@given(first=moments, second=moments)
def test_a_range_that_ends_before_it_starts_is_refused(first: datetime, second: datetime) -> None:
    assume(first != second)
    start, end = sorted((first.replace(tzinfo=UTC), second.replace(tzinfo=UTC)))
    assert [datetime.fromisoformat(text) for text in times.time_range(start, end)] == [start, end]
    with pytest.raises(ValueError, match="start_time must not be after end_time"):
        times.time_range(end, start)


def test_a_range_may_be_given_back_from_now_in_text() -> None:
    start, end = map(datetime.fromisoformat, times.time_range("-8h", "now"))
    assert end - start == timedelta(hours=8)


def test_ends_that_differ_by_a_nanosecond_are_two() -> None:
    early, late = "2026-01-31T08:00:00.000000001Z", "2026-01-31T08:00:00.000000002Z"
    assert times.time_range(early, late) == (early, late)
    with pytest.raises(ValueError, match="must not be after"):
        times.time_range(late, early)


def test_a_range_may_be_one_instant() -> None:
    assert times.time_range(NOON, NOON) == ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z")


def test_offsets_are_taken_into_account_where_ends_are_compared() -> None:
    times.time_range("2026-01-31T13:00:00+02:00", "2026-01-31T12:00:00Z")
    with pytest.raises(ValueError, match="must not be after"):
        times.time_range("2026-01-31T11:00:00-02:00", "2026-01-31T12:00:00Z")


def test_an_error_names_the_end_that_is_wrong() -> None:
    with pytest.raises(ValueError, match=r"^end_time must be RFC 3339"):
        times.time_range(None, "today")


def test_a_timedelta_of_nothing_is_now() -> None:
    sent = new_value(1, timestamp=timedelta(0))
    assert datetime.fromisoformat(json.loads(json.dumps(sent))["timestamp"]) <= datetime.now(UTC)


@pytest.mark.parametrize("text", ["2026-01-31T08:00:00", "2026-01-31 08:00:00.25"])
def test_a_text_without_an_offset_could_mean_any_of_24_moments(text: str) -> None:
    with pytest.raises(ValueError, match="without an offset"):
        times.time(text)
    with pytest.raises(ValueError, match=r"^start_time is text without an offset"):
        times.time_range(text, None)


@pytest.mark.parametrize("text", ["2026-01-31T08:00:00", "2026-01-31 08:00:00Z", "2026-01-31 08:00:00.25"])
def test_a_value_keeps_the_text_of_a_server_that_leaves_the_offset_out(text: str) -> None:
    assert new_value(i3x.VQT(1, "Good", text))["timestamp"] == text


def test_a_range_without_an_end_may_begin_later_than_this_clock_says() -> None:
    later = (datetime.now(UTC) + timedelta(seconds=30)).isoformat()
    start, end = times.time_range(later, None)
    assert to_datetime(start) == to_datetime(end)
