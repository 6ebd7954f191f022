"""Writing current values and history."""

from typing import Any

import httpx
import pytest

from i3x.testing import Server, timestamps

AT = "2026-01-31T08:15:00Z"


def write(http: httpx.Client, element_id: str, **vqt: Any) -> dict[str, Any]:
    response = http.put("/objects/value", json={"updates": [{"elementId": element_id, "value": vqt}]})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()["results"][0]
    return found


def read(http: httpx.Client, element_id: str) -> dict[str, Any]:
    found: dict[str, Any] = http.post("/objects/value", json={"elementIds": [element_id]}).json()["results"][
        0
    ]["result"]
    return found


def points(http: httpx.Client, element_id: str, start: str, end: str) -> list[dict[str, Any]]:
    asked = {"elementIds": [element_id], "startTime": start, "endTime": end}
    found: list[dict[str, Any]] = http.post("/objects/history", json=asked).json()["results"][0]["result"][
        "values"
    ]
    return found


def put_point(http: httpx.Client, element_id: str, **vqt: Any) -> httpx.Response:
    return http.put("/objects/history", json={"updates": [{"elementId": element_id, "value": vqt}]})


@pytest.mark.parametrize("element_id", ["sensor-001", "sensor-002", "Förderpumpe 7/Druck #1?50%;ns=2:ß"])
def test_a_written_value_reads_back(http: httpx.Client, element_id: str) -> None:
    assert write(http, element_id, value=21.5, quality="Uncertain", timestamp=AT) == {
        "success": True,
        "elementId": element_id,
        "result": None,
    }
    found = read(http, element_id)
    assert (found["value"], found["quality"], found["timestamp"]) == (21.5, "Uncertain", AT)


@pytest.mark.parametrize("defaults", [{}, {"quality": None, "timestamp": None}])
def test_quality_and_timestamp_have_defaults(http: httpx.Client, defaults: dict[str, None]) -> None:
    before = timestamps.now()
    assert write(http, "sensor-001", value=1, **defaults)["success"]
    found = read(http, "sensor-001")
    assert found["quality"] == "Good"
    assert timestamps.parse(found["timestamp"]) >= before


def test_a_timestamp_with_an_offset_becomes_utc(http: httpx.Client) -> None:
    write(http, "sensor-001", value=1, timestamp="2026-01-31T09:15:00+01:00")
    assert read(http, "sensor-001")["timestamp"] == AT


def test_a_write_replaces_the_whole_value(http: httpx.Client) -> None:
    value = {"manufacturer": "Acme", "running": False, "speed": 0, "mode": "off"}
    assert write(http, "pump-101", value=value)["success"]
    assert read(http, "pump-101")["value"] == value


def test_a_written_live_value_stays(http: httpx.Client, server: Server) -> None:
    write(http, "meter-301", value=7)
    server._state.values.tick()
    assert read(http, "meter-301")["value"] == 7


def test_an_extended_object_takes_its_own_value(http: httpx.Client) -> None:
    assert write(http, "pump-102", value=read(http, "pump-102")["value"])["success"]


@pytest.mark.parametrize(
    ("element_id", "value", "what"),
    [
        ("sensor-001", "warm", "number"),
        ("meter-301", 1.5, "integer"),
        ("mode-501", "turbo", "auto"),
        ("tank-201-level", 101, "maximum"),
        ("pump-101", {"manufacturer": "Acme"}, "value.running"),
        ("pump-101-bearing-de", {"temperature": 1, "colour": "red"}, "colour"),
        (
            "pump-102",
            {"manufacturer": "A", "running": True, "speed": 1, "mode": "off", "energyRating": "Z"},
            "energy",
        ),
    ],
)
def test_a_value_that_does_not_fit_its_type_fails_with_400(
    http: httpx.Client, element_id: str, value: Any, what: str
) -> None:
    before = read(http, element_id)
    detail = write(http, element_id, value=value)["responseDetail"]
    assert detail["status"] == 400
    assert what in detail["detail"]
    assert read(http, element_id) == before


@pytest.mark.parametrize("quality", ["Bad", "GoodNoData"])
def test_null_can_be_written_as_bad_or_good_no_data(http: httpx.Client, quality: str) -> None:
    assert write(http, "sensor-001", value=None, quality=quality)["success"]
    assert read(http, "sensor-001")["value"] is None


@pytest.mark.parametrize(
    ("value", "quality"), [(None, "Good"), (None, "Uncertain"), (1, "Bad"), (1, "GoodNoData"), (None, None)]
)
def test_a_value_needs_a_quality_that_goes_with_it(
    http: httpx.Client, value: Any, quality: str | None
) -> None:
    assert write(http, "sensor-001", value=value, quality=quality)["responseDetail"]["status"] == 400


def test_a_read_only_object_fails_with_403(http: httpx.Client) -> None:
    assert write(http, "volume-stored", value=1)["responseDetail"]["status"] == 403
    assert put_point(http, "volume-stored", value=1, quality="Good", timestamp=AT).json()["success"] is False


def test_an_unknown_id_fails_alone_with_404(http: httpx.Client) -> None:
    updates = [{"elementId": each, "value": {"value": 3}} for each in ("no-such-id", "sensor-001")]
    answer = http.put("/objects/value", json={"updates": updates}).json()
    assert answer["success"] is False
    assert answer["results"][0]["responseDetail"]["status"] == 404
    assert answer["results"][1] == {"success": True, "elementId": "sensor-001", "result": None}


def test_a_malformed_update_leaves_all_of_them_unwritten(http: httpx.Client) -> None:
    updates = [{"elementId": "sensor-001", "value": {"value": 3}}, {"elementId": "sensor-002", "value": {}}]
    response = http.put("/objects/value", json={"updates": updates})
    assert response.status_code == 400
    assert response.json()["responseDetail"]["detail"] == "updates[1].value.value is required"
    assert read(http, "sensor-001")["value"] == 18.5


def test_a_value_nested_too_deeply_fails_with_400(http: httpx.Client) -> None:
    tower = "[" * 100 + "]" * 100
    value = f'{{"manufacturer":"A","running":true,"speed":1,"mode":"off","x":{tower}}}'
    body = f'{{"updates":[{{"elementId":"pump-101","value":{{"value":{value}}}}}]}}'
    response = http.put("/objects/value", content=body, headers={"Content-Type": "application/json"})
    assert response.json()["results"][0]["responseDetail"]["status"] == 400


def test_a_write_is_kept_in_history(http: httpx.Client) -> None:
    write(http, "sensor-001", value=1, timestamp=AT)
    assert points(http, "sensor-001", AT, AT) == [{"value": 1, "quality": "Good", "timestamp": AT}]


def test_a_historical_point_is_added_in_its_place(http: httpx.Client) -> None:
    for text in ("2020-01-01T00:00:02Z", "2020-01-01T00:00:01Z"):
        answer = put_point(http, "sensor-001", value=1, quality="Good", timestamp=text).json()
        assert answer == {
            "success": True,
            "results": [{"success": True, "elementId": "sensor-001", "result": None}],
        }
    found = points(http, "sensor-001", "2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z")
    assert [point["timestamp"] for point in found] == ["2020-01-01T00:00:01Z", "2020-01-01T00:00:02Z"]


def test_a_historical_point_replaces_one_of_the_same_moment(http: httpx.Client) -> None:
    now = read(http, "sensor-001")["timestamp"]
    for value in (1, 2):
        put_point(http, "sensor-001", value=value, quality="Good", timestamp=now)
    assert [point["value"] for point in points(http, "sensor-001", now, now)] == [2]


def test_a_historical_point_leaves_the_current_value_alone(http: httpx.Client) -> None:
    before = read(http, "sensor-001")
    put_point(http, "sensor-001", value=1, quality="Good", timestamp="2090-01-01T00:00:00Z")
    assert read(http, "sensor-001") == before


@pytest.mark.parametrize("missing", ["value", "quality", "timestamp"])
def test_a_historical_point_needs_all_three_fields(http: httpx.Client, missing: str) -> None:
    vqt = {"value": 1, "quality": "Good", "timestamp": AT}
    del vqt[missing]
    response = put_point(http, "sensor-001", **vqt)
    assert response.status_code == 400
    assert missing in response.json()["responseDetail"]["detail"]
