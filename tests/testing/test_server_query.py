"""Current values and history."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from i3x.testing import Server

ALL_TIME = {"startTime": "2000-01-01T00:00:00Z", "endTime": "2100-01-01T00:00:00Z"}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def current(http: httpx.Client, element_id: str, **options: Any) -> dict[str, Any]:
    answer = http.post("/objects/value", json={"elementIds": [element_id]} | options).json()
    assert answer["success"], answer
    found: dict[str, Any] = answer["results"][0]["result"]
    return found


def history(http: httpx.Client, element_id: str, **options: Any) -> dict[str, Any]:
    answer = http.post("/objects/history", json={"elementIds": [element_id]} | ALL_TIME | options).json()
    assert answer["success"], answer
    found: dict[str, Any] = answer["results"][0]["result"]
    return found


def test_a_scalar_has_value_quality_and_timestamp(http: httpx.Client) -> None:
    found = current(http, "sensor-001")
    assert found.pop("timestamp").endswith("Z")
    assert found == {"isComposition": False, "value": 18.5, "quality": "Good"}


def test_a_structured_value_is_an_object(http: httpx.Client) -> None:
    assert current(http, "pump-101")["value"]["manufacturer"] == "Nordwerk"


@pytest.mark.parametrize(("element_id", "quality"), [("sensor-bad", "Bad"), ("sensor-idle", "GoodNoData")])
def test_a_null_value_is_bad_or_good_no_data(http: httpx.Client, element_id: str, quality: str) -> None:
    found = current(http, element_id)
    assert (found["value"], found["quality"]) == (None, quality)


def test_an_unknown_id_fails_alone_with_404(http: httpx.Client) -> None:
    answer = http.post("/objects/value", json={"elementIds": ["no-such-id", "sensor-001"]}).json()
    assert answer["success"] is False
    assert [item["success"] for item in answer["results"]] == [False, True]
    assert answer["results"][0]["responseDetail"]["status"] == 404


@pytest.mark.parametrize(
    ("max_depth", "components"),
    [
        (1, None),
        (2, {"pump-101-motor", "pump-101-flow"}),
        (
            0,
            {
                "pump-101-motor",
                "pump-101-flow",
                "pump-101-bearing-de",
                "pump-101-bearing-nde",
                "pump-101-winding",
            },
        ),
        (
            3,
            {
                "pump-101-motor",
                "pump-101-flow",
                "pump-101-bearing-de",
                "pump-101-bearing-nde",
                "pump-101-winding",
            },
        ),
    ],
)
def test_max_depth_counts_levels_of_composition(
    http: httpx.Client, max_depth: int, components: set[str] | None
) -> None:
    found = current(http, "pump-101", maxDepth=max_depth)
    assert found["isComposition"] is True
    assert (set(found["components"]) if "components" in found else None) == components


def test_the_default_depth_is_the_element_alone(http: httpx.Client) -> None:
    assert "components" not in current(http, "pump-101")


def test_depth_does_not_follow_the_hierarchy(http: httpx.Client) -> None:
    assert "components" not in current(http, "station-1", maxDepth=0)


def test_a_component_has_value_quality_and_timestamp(http: httpx.Client) -> None:
    found = current(http, "tank-201", maxDepth=0)["components"]["tank-201-level"]
    assert set(found) == {"value", "quality", "timestamp"}


def test_history_is_seeded_for_a_day(http: httpx.Client) -> None:
    points = history(http, "sensor-001")["values"]
    assert len(points) == 145
    assert moment(points[-1]["timestamp"]) - moment(points[0]["timestamp"]) == timedelta(days=1)


def test_history_ascends_and_ends_with_the_current_value(http: httpx.Client) -> None:
    points = history(http, "sensor-001")["values"]
    assert [point["timestamp"] for point in points] == sorted(point["timestamp"] for point in points)
    now = current(http, "sensor-001")
    assert points[-1] == {name: now[name] for name in ("value", "quality", "timestamp")}


def test_history_includes_both_ends_of_the_range(http: httpx.Client) -> None:
    points = history(http, "sensor-001")["values"]
    inner = history(http, "sensor-001", startTime=points[3]["timestamp"], endTime=points[7]["timestamp"])
    assert inner["values"] == points[3:8]


def test_history_of_a_moment_between_points_is_empty(http: httpx.Client) -> None:
    between = moment(history(http, "sensor-001")["values"][3]["timestamp"]) + timedelta(seconds=1)
    text = between.astimezone(UTC).isoformat()
    assert history(http, "sensor-001", startTime=text, endTime=text)["values"] == []


def test_history_with_depth_has_the_history_of_components(http: httpx.Client) -> None:
    found = history(http, "tank-201", maxDepth=0)
    assert set(found["components"]) == {"tank-201-level"}
    assert len(found["components"]["tank-201-level"]["values"]) == 145


def test_history_at_depth_one_has_no_components(http: httpx.Client) -> None:
    assert "components" not in history(http, "tank-201")


def test_history_of_an_unknown_id_fails_alone_with_404(http: httpx.Client) -> None:
    answer = http.post("/objects/history", json={"elementIds": ["x", "sensor-001"]} | ALL_TIME).json()
    assert answer["success"] is False
    assert answer["results"][0]["responseDetail"]["status"] == 404
    assert answer["results"][1]["success"] is True


def test_history_beyond_the_row_limit_is_partial(connect: Callable[..., httpx.Client]) -> None:
    with Server(max_history_rows=150, tick=None) as server:
        response = connect(server).post(
            "/objects/history", json={"elementIds": ["sensor-001", "sensor-002"]} | ALL_TIME
        )
    assert response.status_code == 206
    answer = response.json()
    assert answer["success"] is True
    assert answer["responseDetail"]["status"] == 206
    assert answer["responseDetail"]["detail"].startswith("140 rows were cut")
    whole, cut = answer["results"]
    assert (len(whole["result"]["values"]), "responseDetail" in whole) == (145, False)
    assert (len(cut["result"]["values"]), cut["responseDetail"]["status"]) == (5, 206)


def test_history_below_the_row_limit_is_whole(connect: Callable[..., httpx.Client]) -> None:
    with Server(max_history_rows=145, tick=None) as server:
        response = connect(server).post("/objects/history", json={"elementIds": ["sensor-001"]} | ALL_TIME)
    assert response.status_code == 200
    assert "responseDetail" not in response.json()


def test_live_values_change_with_the_tick(connect: Callable[..., httpx.Client]) -> None:
    with Server(tick=0.01) as server:
        http = connect(server)
        first = current(http, "meter-301")["value"]
        while current(http, "meter-301")["value"] < first + 3:
            pass
        assert len(history(http, "meter-301")["values"]) > 145


def test_live_values_can_be_switched_off(http: httpx.Client) -> None:
    assert current(http, "meter-301") == current(http, "meter-301")


def test_two_servers_have_the_same_values(http: httpx.Client, connect: Callable[..., httpx.Client]) -> None:
    with Server(tick=None) as other:
        theirs = current(connect(other), "pump-101", maxDepth=0)
    assert theirs["value"] == current(http, "pump-101", maxDepth=0)["value"]
