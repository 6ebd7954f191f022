"""A history of which some points can't be read: the others arrive, and what is missing is told."""

import json
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

import i3x
from i3x import histories, operations
from i3x.failures import Reply

GOOD = '{"value": 1.5, "quality": "Good", "timestamp": "2026-01-31T08:00:00Z"}'
UNREADABLE_POINTS = {
    "NaN": '{"value": NaN, "quality": "Good", "timestamp": "2026-01-31T08:00:00Z"}',
    "out of range": '{"value": 1e400, "quality": "Good", "timestamp": "2026-01-31T08:00:00Z"}',
    "surrogate": '{"value": "\\ud800", "quality": "Good", "timestamp": "2026-01-31T08:00:00Z"}',
    "too deep": '{"value": ' + "[" * 10_000 + "]" * 10_000 + "}",
    "got `int`": '{"value": 1, "quality": 5, "timestamp": "2026-01-31T08:00:00Z"}',
    "got `array`": "[1, 2]",
}


def answer(*histories: list[str]) -> Reply:
    items = [
        f'{{"success": true, "elementId": "sensor-{index}", '
        f'"result": {{"isComposition": false, "values": [{", ".join(points)}]}}}}'
        for index, points in enumerate(histories)
    ]
    return Reply(200, f'{{"success": true, "results": [{", ".join(items)}]}}'.encode())


def read(*histories: list[str]) -> i3x.BulkDict[i3x.HistoricalValue]:
    ids = [f"sensor-{index}" for index in range(len(histories))]
    return operations.get_histories(ids, None, None, 1).whole().read(answer(*histories))


@pytest.mark.parametrize("what", UNREADABLE_POINTS)
def test_one_unreadable_point_does_not_cost_the_others(what: str) -> None:
    histories = read([GOOD], [GOOD, UNREADABLE_POINTS[what], GOOD])

    assert not histories.errors
    assert len(histories["sensor-0"].values) == 1
    assert histories["sensor-0"].partial is None
    damaged = histories["sensor-1"]
    assert [point.value for point in damaged.values] == [1.5, 1.5]
    assert damaged.partial is not None
    assert "`$.results[1].result.values[1]" in damaged.partial.detail
    assert what in damaged.partial.detail


def test_a_single_history_says_what_is_missing_of_it() -> None:
    history = read([UNREADABLE_POINTS["NaN"], GOOD])["sensor-0"]
    assert (history.element_id, len(history.values)) == ("sensor-0", 1)
    assert history.partial is not None
    assert "1 parts can't be read" in history.partial.detail


def test_an_unreadable_point_of_a_component_is_told() -> None:
    point = UNREADABLE_POINTS["NaN"]
    body = (
        '{"success": true, "results": [{"success": true, "elementId": "a", "result": {"isComposition": true, '
        f'"values": [{GOOD}], "components": {{"b": {{"values": [{point}]}}}}}}}}]}}'
    )
    history = operations.get_histories(["a"], None, None, 0).whole().read(Reply(200, body.encode()))["a"]
    assert len(history.values) == 1
    assert history.partial is not None
    assert "`$.results[0].result.components`" in history.partial.detail


def test_a_failed_history_stays_a_failure() -> None:
    body = json.dumps(
        {
            "success": False,
            "results": [
                {
                    "success": False,
                    "elementId": "a",
                    "responseDetail": {"title": "Not Found", "status": 404, "detail": "gone"},
                }
            ],
        }
    ).replace('"gone"', '"gone", "limit": NaN')
    histories = operations.get_histories(["a"], None, None, 1).whole().read(Reply(200, body.encode()))
    assert list(histories.errors) == ["a"]


CUT = {"title": "Partial Content", "status": 206, "detail": "10 rows only"}


def cut(*details: dict[str, Any] | None, unreadable: int | None = None) -> i3x.BulkDict[i3x.HistoricalValue]:
    """Read a 206 with one history for each of `details`, which is what the server says of it."""
    items = []
    for index, detail in enumerate(details):
        point = UNREADABLE_POINTS["NaN"] if index == unreadable else GOOD
        said = f', "responseDetail": {json.dumps(detail)}' if detail else ""
        items.append(
            f'{{"success": true, "elementId": "sensor-{index}", "result": {{"values": [{point}]}}{said}}}'
        )
    body = f'{{"success": true, "results": [{", ".join(items)}], "responseDetail": {json.dumps(CUT)}}}'
    ids = [f"sensor-{index}" for index in range(len(details))]
    return operations.get_histories(ids, None, None, 1).whole().read(Reply(206, body.encode()))


def cut_ones(found: i3x.BulkDict[i3x.HistoricalValue]) -> list[str]:
    return [name for name, value in found.items() if histories.is_cut(value.partial)]


def test_a_206_that_names_no_element_may_have_cut_any() -> None:
    assert cut_ones(cut(None, None)) == ["sensor-0", "sensor-1"]


def test_a_206_that_names_elements_has_cut_those() -> None:
    found = cut(None, CUT)
    assert cut_ones(found) == ["sensor-1"]
    assert found["sensor-0"].partial is None


def test_unreadable_points_alone_are_no_cut() -> None:
    found = read([GOOD], [UNREADABLE_POINTS["NaN"]])
    assert cut_ones(found) == []
    assert histories.is_unreadable(found["sensor-1"].partial)


def test_an_element_with_unreadable_points_in_a_206_may_be_cut_as_well() -> None:
    found = cut(CUT, None, unreadable=1)
    assert cut_ones(found) == ["sensor-0", "sensor-1"]
    assert histories.is_unreadable(found["sensor-1"].partial)
    assert not histories.is_unreadable(found["sensor-0"].partial)


@given(points=st.lists(st.sampled_from([GOOD, *UNREADABLE_POINTS.values()]), max_size=8))
def test_every_point_is_there_or_told(points: list[Any]) -> None:
    history = read(points)["sensor-0"]
    unreadable = sum(point != GOOD for point in points)
    assert len(history.values) == len(points) - unreadable
    assert (history.partial is not None) == (unreadable > 0)
    if history.partial is not None:
        assert history.partial.detail.startswith(f"{unreadable} parts")
