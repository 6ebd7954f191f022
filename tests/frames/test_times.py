"""Timestamps in frames: nanoseconds, exactly, and no text that is lost."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from i3x import nanoseconds

from .support import frame, point

BASE = nanoseconds.of_text("2026-01-31T08:00:00Z")


@pytest.mark.parametrize("digits", range(10))
def test_every_digit_of_a_timestamp_counts(digits: int) -> None:
    fraction = "123456789"[:digits]
    text = f"2026-01-31T08:00:00{'.' if digits else ''}{fraction}Z"
    table = frame({"a": [point(1.0, text)]})
    assert table["timestamp"].cast(pa.int64()).to_pylist() == [BASE + int(fraction.ljust(9, "0") or 0)]
    assert "timestamp_other" not in table.column_names


@given(
    moments=st.lists(
        st.integers(nanoseconds.of_text("1678-01-01T00:00:00Z"), nanoseconds.of_text("2262-01-01T00:00:00Z"))
    )
)
def test_any_moment_that_has_nanoseconds_is_kept(moments: list[int]) -> None:
    table = frame({"a": [point(1.0, nanoseconds.to_text(moment)) for moment in moments]})
    assert table["timestamp"].cast(pa.int64()).to_pylist() == sorted(moments)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-01-31T09:30:00+01:30", "2026-01-31T08:00:00Z"),
        ("2026-01-31t08:00:00z", "2026-01-31T08:00:00Z"),
        ("2026-01-31T08:00:00", "2026-01-31T08:00:00Z"),
        ("2026-01-31 08:00:00.5Z", "2026-01-31T08:00:00.5Z"),
    ],
)
def test_other_forms_of_a_moment(text: str, same: str) -> None:
    table = frame({"a": [point(1.0, text)]})
    assert table["timestamp"].cast(pa.int64()).to_pylist() == [nanoseconds.of_text(same)]
    assert "timestamp_other" not in table.column_names


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("2500-01-01T00:00:00Z", None),
        ("1600-01-01T00:00:00Z", None),
        ("yesterday", None),
        ("2026-01-31T08:00:00.1234567891Z", "2026-01-31T08:00:00.123456789Z"),
        ("2026-01-31T23:59:60Z", "2026-02-01T00:00:00Z"),
    ],
)
def test_a_timestamp_that_does_not_fit_is_kept_as_text(text: str, nearest: str | None) -> None:
    table = frame({"a": [point(1.0, text), point(2.0)]})
    rows = {row["value"]: row for row in table.to_pylist()}
    assert rows[1.0]["timestamp_other"] == text
    assert rows[2.0]["timestamp_other"] is None
    moments = dict(
        zip(table["value"].to_pylist(), table["timestamp"].cast(pa.int64()).to_pylist(), strict=True)
    )
    assert moments[1.0] == (None if nearest is None else nanoseconds.of_text(nearest))


def test_a_point_without_a_timestamp_comes_last() -> None:
    table = frame({"a": [point(1.0, ""), point(2.0)]})
    assert table["value"].to_pylist() == [2.0, 1.0]
    assert table["timestamp"].null_count == 1
    assert "timestamp_other" not in table.column_names


def test_another_time_zone_shows_the_same_moments() -> None:
    table = frame({"a": [point(1.0, "2026-07-01T08:00:00Z")]}, tz="Europe/Berlin")
    assert str(table.schema.field("timestamp").type) == "timestamp[ns, tz=Europe/Berlin]"
    shown = table["timestamp"].to_pandas()[0]
    assert (shown.hour, shown.to_pydatetime()) == (10, datetime(2026, 7, 1, 8, tzinfo=UTC))


def test_an_offset_is_a_time_zone() -> None:
    table = frame({"a": [point(1.0)]}, tz="+05:30")
    assert str(table.schema.field("timestamp").type) == "timestamp[ns, tz=+05:30]"


@pytest.mark.parametrize("name", ["Europe/Atlantis", "", "../../etc/passwd", "+25:00"])
def test_a_time_zone_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        frame({"a": []}, tz=name)
