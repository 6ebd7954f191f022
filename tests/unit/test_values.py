"""What may be written as a value, and what is sent for it."""

import dataclasses
import json
import math
import re
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import i3x
from i3x.models import VQT
from i3x.plain_json import plain
from i3x.writing import new_points, new_value, new_values
from tests.unit.support import json_values, outcome

NOON = "2026-01-31T12:00:00Z"


class Scalar:
    """A number of a number library, which JSON's own writer does not know."""

    def __init__(self, number: Any) -> None:
        self.number = number

    def tolist(self) -> Any:
        return self.number


@dataclasses.dataclass
class Setpoint:
    speed: Any
    unit: str = "rpm"


class Recipe(msgspec.Struct, rename="camel"):
    batch_size: Any


# --- JSON data ----------------------------------------------------------------------------------------------


@given(value=json_values)
def test_json_data_is_sent_as_it_is(value: Any) -> None:
    assert plain(value) == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, 2), [1, 2]),
        ({1: "a"}, {"1": "a"}),
        (Scalar(5), 5),
        (Scalar([1.5, 2]), [1.5, 2]),
        ([Scalar(True)], [True]),
        ({"a": Scalar(Scalar(5))}, {"a": 5}),
        (Decimal("1.5"), 1.5),
        (Fraction(1, 4), 0.25),
        (frozenset({1}), [1]),
        (Setpoint(5), {"speed": 5, "unit": "rpm"}),
        (Setpoint(Scalar(5)), {"speed": 5, "unit": "rpm"}),
        (Setpoint(Decimal("1.5")), {"speed": 1.5, "unit": "rpm"}),
        (Setpoint(Setpoint(1)), {"speed": {"speed": 1, "unit": "rpm"}, "unit": "rpm"}),
        (Recipe(7), {"batchSize": 7}),
        ([Recipe(Decimal(7))], [{"batchSize": 7.0}]),
        (datetime(2026, 1, 31, 12, tzinfo=UTC), NOON),
        (Setpoint(datetime(2026, 1, 31, 12, tzinfo=UTC)), {"speed": NOON, "unit": "rpm"}),
        (2**64, 2**64),
    ],
)
def test_what_has_a_json_form_is_sent_in_it(value: Any, expected: Any) -> None:
    assert plain(value) == expected


@pytest.mark.parametrize(
    "wrap", [lambda v: v, lambda v: [v], lambda v: {"a": [{"b": v}]}, Setpoint, Recipe, Scalar]
)
@pytest.mark.parametrize(
    "number",
    [math.nan, math.inf, -math.inf, Scalar(math.nan), Decimal("NaN"), Decimal("sNaN"), Decimal("1e400")],
)
def test_a_number_that_json_does_not_have_is_refused_wherever_it_is(wrap: Any, number: Any) -> None:
    with pytest.raises(ValueError, match="write None with quality Bad"):
        plain(wrap(number))


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (math.nan, "$"),
        ({"flow": {"unit": "l/min", "rate": math.nan}}, "$.flow.rate"),
        ([1.5, [{"a": 1}, {"a": -math.inf}]], "$[1][1].a"),
        ({"a": (1, math.inf), "b": math.nan}, "$.a[1]"),
        (Setpoint(Scalar(math.nan)), "$.speed"),
        ({"a": Recipe([Decimal("sNaN")])}, "$.a.batchSize[0]"),
        ({"limit": Fraction(10**400)}, "$.limit"),
        ({"a": {math.nan: 1}}, "$.a"),
    ],
)
def test_a_number_that_json_does_not_have_is_named_by_its_path(value: Any, path: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"`{path}` is NaN or infinite")):
        plain(value)


def test_a_number_that_json_does_not_have_is_named_by_its_element_or_point() -> None:
    with pytest.raises(ValueError, match=r"element 'b': .* `\$\.rate`"):
        new_values({"a": 1, "b": {"rate": math.nan}})
    with pytest.raises(ValueError, match=r"point 1: .* `\$\[0\]`"):
        list(new_points([VQT(1, "Good", NOON), VQT([math.inf], "Good", NOON)]))


def test_a_number_that_is_too_large_is_refused() -> None:
    for number in (Fraction(10**400), 10**5000):
        with pytest.raises(ValueError, match="can't be sent as JSON"):
            plain(number)


@pytest.mark.parametrize("value", ["\ud800", ["\ud800"], {"\ud800": 1}, Setpoint("\ud800")])
def test_text_that_is_no_unicode_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="lone surrogate"):
        plain(value)


def test_a_list_within_itself_is_refused() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    with pytest.raises(ValueError, match="can't be sent as JSON"):
        plain(cycle)


def test_a_dict_within_itself_is_refused() -> None:
    cycle: dict[str, Any] = {}
    cycle["self"] = [cycle]
    with pytest.raises(ValueError, match="can't be sent as JSON"):
        plain(cycle)


def test_a_dataclass_within_itself_is_refused() -> None:
    cycle = Setpoint(None)
    cycle.speed = cycle
    with pytest.raises(ValueError, match="the value"):
        plain(cycle)


def test_a_value_that_is_nested_too_deep_is_refused() -> None:
    value: Any = 1
    for _ in range(10_000):
        value = [value]
    with pytest.raises(ValueError, match="nested too deep"):
        plain(value)


@pytest.mark.parametrize(
    "value", [object(), b"bytes", {1, object()}, Setpoint, {(1, 2): 3}, Setpoint(object()), len]
)
def test_an_object_without_a_json_form_is_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError):
        plain(value)


def test_a_datetime_without_a_time_zone_is_refused_in_a_value() -> None:
    for value in (datetime(2026, 1, 31), Setpoint(datetime(2026, 1, 31))):
        with pytest.raises(ValueError, match="without a time zone"):
            plain(value)


@given(
    value=st.recursive(
        st.floats()
        | st.text(st.characters())
        | st.binary()
        | st.decimals()
        | st.fractions()
        | st.datetimes(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()) | st.floats(), inner),
        max_leaves=5,
    )
)
def test_any_value_is_sent_or_refused_with_a_builtin_error(value: Any) -> None:
    result = outcome(plain, value)
    if isinstance(result, Exception):
        assert isinstance(result, (TypeError, ValueError))
    else:
        json.dumps(result, allow_nan=False).encode()


# --- VQTs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        (5, {"value": 5}),
        (None, {"value": None}),
        ({"value": 5}, {"value": 5}),
        ({"value": 5, "quality": "Good"}, {"value": 5, "quality": "Good"}),
        ({"value": 5, "timestamp": NOON}, {"value": 5, "timestamp": NOON}),
        ({"value": 5, "unit": "C"}, {"value": {"value": 5, "unit": "C"}}),
        ({"quality": "Good"}, {"value": {"quality": "Good"}}),
        ({"value": 5, "quality": None, "timestamp": None}, {"value": 5}),
        ({"value": 5, "quality": "", "timestamp": ""}, {"value": 5}),
        ({"value": {"value": 5}}, {"value": {"value": 5}}),
        ({}, {"value": {}}),
        (VQT(5), {"value": 5}),
        (VQT(5, "Uncertain", NOON), {"value": 5, "quality": "Uncertain", "timestamp": NOON}),
        (VQT(None, "Bad"), {"value": None, "quality": "Bad"}),
        (VQT(Scalar(5)), {"value": 5}),
    ],
)
def test_a_value_is_written_as_a_vqt(given_value: Any, expected: dict[str, Any]) -> None:
    assert new_value(given_value) == expected


def test_arguments_win_over_the_parts_of_a_vqt() -> None:
    written = new_value(VQT(5, "Good", NOON), "Bad", "2026-02-01T00:00:00Z")
    assert written == {"value": 5, "quality": "Bad", "timestamp": "2026-02-01T00:00:00Z"}


def test_a_timestamp_may_be_an_aware_datetime() -> None:
    assert new_value(5, timestamp=datetime(2026, 1, 31, 12, tzinfo=UTC))["timestamp"] == NOON


@pytest.mark.parametrize("quality", ["good", "OK", "Good ", 192])
def test_a_quality_that_the_standard_does_not_have_is_refused(quality: Any) -> None:
    with pytest.raises(ValueError, match="quality must be one of Good, GoodNoData, Bad, Uncertain"):
        new_value(5, quality)


@pytest.mark.parametrize("quality", ["Good", "Uncertain"])
def test_no_value_does_not_go_with_a_good_quality(quality: str) -> None:
    with pytest.raises(ValueError, match='a value of None goes with quality "Bad" or "GoodNoData"'):
        new_value(None, quality)


@pytest.mark.parametrize("quality", ["Bad", "GoodNoData"])
def test_no_value_goes_with_a_quality_that_says_so(quality: str) -> None:
    assert new_value(None, quality) == {"value": None, "quality": quality}


@given(value=json_values)
def test_any_json_data_is_written_whole(value: Any) -> None:
    written = new_value(value)
    if isinstance(value, dict) and "value" in value and set(value) <= {"value", "quality", "timestamp"}:
        return
    assert written == {"value": value}


@given(
    value=json_values.filter(lambda value: value is not None),
    quality=st.sampled_from(["", "Good", "Bad", "GoodNoData", "Uncertain"]),
    timestamp=st.sampled_from(["", NOON]),
)
def test_a_vqt_and_a_dict_of_its_parts_are_written_alike(value: Any, quality: str, timestamp: str) -> None:
    parts = {"value": value, "quality": quality, "timestamp": timestamp}
    written = {name: part for name, part in parts.items() if name == "value" or part}
    assert new_value(parts) == new_value(VQT(value, quality, timestamp)) == written


# --- points of a history ------------------------------------------------------------------------------------


@pytest.mark.parametrize("points", [VQT(5, "Good", NOON), {"value": 5, "timestamp": NOON}])
def test_one_point_may_stand_alone(points: Any) -> None:
    assert list(new_points(points)) == [{"value": 5, "quality": "Good", "timestamp": NOON}]


def test_several_points_may_come_from_any_iterable() -> None:
    points = list(new_points(VQT(number, "Good", NOON) for number in range(3)))
    assert [point["value"] for point in points] == [0, 1, 2]


def test_no_points_are_no_points() -> None:
    assert list(new_points([])) == []


def test_a_point_without_a_timestamp_is_refused() -> None:
    with pytest.raises(ValueError, match="point 1 has no timestamp"):
        list(new_points([VQT(5, "Good", NOON), VQT(6)]))


def test_a_point_without_a_value_and_a_quality_is_refused() -> None:
    with pytest.raises(ValueError, match='goes with quality "Bad"'):
        list(new_points(VQT(None, timestamp=NOON)))


def test_a_point_without_a_value_may_be_bad() -> None:
    assert list(new_points(VQT(None, "Bad", NOON))) == [{"value": None, "quality": "Bad", "timestamp": NOON}]


def test_a_point_with_other_keys_is_refused() -> None:
    with pytest.raises(ValueError, match="point 0 has keys that a VQT does not have: source, unit"):
        list(new_points({"value": 5, "timestamp": NOON, "unit": "C", "source": 1}))


@pytest.mark.parametrize(
    "points", [5, "text", b"bytes", None, {"timestamp": NOON}, [5], [[VQT(5)]], ["text"]]
)
def test_what_is_no_point_is_a_type_error(points: Any) -> None:
    with pytest.raises(TypeError, match="point 0 must be a VQT or a dict with value and timestamp"):
        list(new_points(points))


def test_the_public_record_is_the_one_that_is_written() -> None:
    assert i3x.VQT is VQT
