"""The switches for history: a historian's limits and manners."""

import time
from typing import Any

import httpx
import pytest

from i3x.testing import Server

HOUR = {"startTime": "2026-01-31T08:00:00Z", "endTime": "2026-01-31T09:00:00Z"}


@pytest.fixture(autouse=True)
def _planted(server: Server) -> None:
    for element_id in ("sensor-001", "sensor-002"):
        server.set_history(
            element_id, [(minute, "Good", f"2026-01-31T08:{minute:02d}:00Z") for minute in range(60)]
        )


def asked(http: httpx.Client, *element_ids: str, **changed: Any) -> httpx.Response:
    ids = element_ids or ("sensor-001",)
    return http.post("/objects/history", json={"elementIds": ids, "maxDepth": 1} | HOUR | changed)


def values(response: httpx.Response, item: int = 0) -> list[Any]:
    return [each["value"] for each in response.json()["results"][item]["result"]["values"]]


def test_a_history_of_ones_own_stands_in_place_of_the_other(http: httpx.Client) -> None:
    assert values(asked(http)) == list(range(60))
    assert values(asked(http, startTime="2000-01-01T00:00:00Z", endTime="2100-01-01T00:00:00Z")) == list(
        range(60)
    )


def test_points_may_share_a_moment_and_have_any_number_of_digits(server: Server, http: httpx.Client) -> None:
    points = [(2, "Good", "2026-01-31T08:00:00.000000001Z"), (1, "Bad", "2026-01-31T08:00:00.0Z")]
    server.set_history("sensor-001", [*points, (3, "Good", "2026-01-31T08:00:00Z")])
    assert values(asked(http)) == [1, 3, 2]
    assert values(asked(http, startTime="2026-01-31T08:00:00.000000001Z")) == [2]


def test_what_is_written_is_part_of_it(server: Server, http: httpx.Client) -> None:
    written = [
        {"elementId": "sensor-001", "value": {"value": value, "quality": "Good", "timestamp": timestamp}}
        for value, timestamp in [(100.0, "2026-01-31T08:00:00Z"), (200.0, "2026-01-31T08:00:30Z")]
    ]
    assert http.put("/objects/history", json={"updates": written}).json()["success"]
    assert values(asked(http))[:4] == [100, 200, 1, 2]


def test_it_goes_with_its_object(server: Server, http: httpx.Client) -> None:
    server.remove_object("sensor-001")
    server.add_object("sensor-001", "Another", "type-mode")
    assert values(asked(http)) == []


def test_only_objects_can_have_a_history(server: Server) -> None:
    with pytest.raises(KeyError):
        server.set_history("nothing", [])
    with pytest.raises(ValueError, match="RFC 3339"):
        server.set_history("sensor-001", [(1, "Good", "yesterday")])


@pytest.mark.parametrize(("keeps", "kept"), [("oldest", [0, 1, 2]), ("newest", [57, 58, 59])])
def test_history_is_cut_at_either_end(
    server: Server, http: httpx.Client, keeps: str, kept: list[int]
) -> None:
    server.fault("history_cut", rows=3, keeps=keeps)
    response = asked(http)
    assert response.status_code == 206
    assert values(response) == kept
    assert response.json()["results"][0]["responseDetail"]["detail"] == "57 rows were cut"


def test_history_is_cut_anywhere(server: Server, http: httpx.Client) -> None:
    server.fault("history_cut", rows=3, keeps="random")
    assert values(asked(http)) == values(asked(http))
    assert len(values(asked(http))) == 3


def test_the_rows_are_counted_over_all_elements_or_for_each(server: Server, http: httpx.Client) -> None:
    with server.fault("history_cut", rows=90):
        response = asked(http, "sensor-001", "sensor-002")
        assert (len(values(response)), len(values(response, 1))) == (60, 30)
        assert "responseDetail" not in response.json()["results"][0]
    server.fault("history_cut", rows=50, per_element=True, names_elements=False)
    response = asked(http, "sensor-001", "sensor-002")
    assert (len(values(response)), len(values(response, 1))) == (50, 50)
    assert "responseDetail" not in response.json()["results"][0]
    assert response.json()["responseDetail"]["status"] == 206


def test_what_fits_is_not_cut(server: Server, http: httpx.Client) -> None:
    server.fault("history_cut", rows=60)
    assert asked(http).status_code == 200


def test_what_does_not_fit_may_be_refused(server: Server, http: httpx.Client) -> None:
    with server.fault("history_cut", rows=59, status=413):
        assert asked(http).status_code == 413
    server.fault("history_cut", rows=60, status=413)
    assert asked(http).status_code == 200


def test_the_order_may_be_another(server: Server, http: httpx.Client) -> None:
    with server.fault("history_order", order="newest"):
        assert values(asked(http)) == list(range(59, -1, -1))
    server.fault("history_order", order="random")
    assert values(asked(http)) != list(range(60))
    assert sorted(values(asked(http))) == list(range(60))


def test_a_range_may_be_without_its_end(server: Server, http: httpx.Client) -> None:
    assert values(asked(http, endTime="2026-01-31T08:02:00Z")) == [0, 1, 2]
    server.fault("history_open_end")
    assert values(asked(http, endTime="2026-01-31T08:02:00Z")) == [0, 1]


def test_long_ranges_may_be_refused(server: Server, http: httpx.Client) -> None:
    server.fault("history_longest", seconds=3599)
    response = asked(http)
    assert response.status_code == 400
    assert "3599 seconds" in response.json()["responseDetail"]["detail"]
    assert asked(http, endTime="2026-01-31T08:59:59Z").status_code == 200


def test_long_ranges_may_take_long(server: Server, http: httpx.Client) -> None:
    with server.fault("history_slow", seconds=60, delay=0.2):
        began = time.monotonic()
        assert asked(http).status_code == 200
        assert time.monotonic() - began > 0.2
    server.fault("history_slow", seconds=60, delay=60)  # more than the client waits
    assert asked(http, endTime="2026-01-31T08:01:00Z").status_code == 200


def test_the_range_may_be_ignored(server: Server, http: httpx.Client) -> None:
    point = {"value": 5, "quality": "Good", "timestamp": "1999-01-01T00:00:00Z"}
    server.fault("history_range", values=[point])
    assert asked(http).json()["results"][0]["result"]["values"] == [point]
