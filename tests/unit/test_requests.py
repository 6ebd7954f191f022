"""What is sent for each operation, and what is refused before anything is."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import i3x
from i3x import operations as op
from i3x.calls import Bulk, Call, Repeat
from i3x.failures import Reply
from tests.unit.support import ids, json_values, one, read, sent

NOON = "2026-01-31T12:00:00Z"

# A call of each operation that takes a list of ids, with the rest of its arguments filled in.
WITH_IDS: dict[str, Callable[[Any], Any]] = {
    "query_object_types": op.query_object_types,
    "query_relationship_types": op.query_relationship_types,
    "list_objects": lambda given: op.list_objects(given, include_metadata=False),
    "get_related_objects": lambda given: op.get_related_objects(given, None, include_metadata=False),
    "get_values": lambda given: op.get_values(given, 1),
    "get_histories": lambda given: op.get_histories(given, None, None, 1),
    "register_items": lambda given: op.register_items("c", "s", given, 1),
    "unregister_items": lambda given: op.unregister_items("c", "s", given),
    "list_subscriptions": lambda given: op.list_subscriptions("c", given),
    "delete_subscriptions": lambda given: op.delete_subscriptions("c", given),
}
# And of each that takes one.
WITH_ID: dict[str, Callable[[Any], Any]] = {
    "get_object": lambda given: op.get_object(given, include_metadata=False),
    "get_value": lambda given: op.get_value(given, 1),
    "update_value": lambda given: op.update_value(given, 5, None, None),
    "update_value_before_release": lambda given: op.update_value_before_release(given, 5, None, None),
    "update_history": lambda given: op.update_history(given, i3x.VQT(5, "Good", NOON)),
    "register_items": lambda given: op.register_items("c", given, ["a"], 1),
    "unregister_items": lambda given: op.unregister_items("c", given, ["a"]),
    "get_subscription": lambda given: op.get_subscription("c", given),
    "sync_subscription": lambda given: op.sync_subscription("c", given, None),
    "delete_subscription": lambda given: op.delete_subscription("c", given),
}
WITH_DEPTH: dict[str, Callable[[Any], Any]] = {
    "get_value": lambda depth: op.get_value("a", depth),
    "get_values": lambda depth: op.get_values(["a"], depth),
    "get_histories": lambda depth: op.get_histories(["a"], None, None, depth),
    "register_items": lambda depth: op.register_items("c", "s", ["a"], depth),
}
with_ids = pytest.mark.parametrize("call", WITH_IDS.values(), ids=WITH_IDS)
with_id = pytest.mark.parametrize("call", WITH_ID.values(), ids=WITH_ID)
with_depth = pytest.mark.parametrize("call", WITH_DEPTH.values(), ids=WITH_DEPTH)


# --- ids ----------------------------------------------------------------------------------------------------


@with_ids
def test_a_single_id_for_a_list_is_a_type_error_that_shows_the_list(call: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match=r"must be a list of ids, not a single str: use \['pump-1'\]"):
        call("pump-1")


@with_ids
@pytest.mark.parametrize("value", [None, 5, b"pump-1", object()])
def test_what_is_no_list_of_ids_is_a_type_error(call: Callable[[Any], Any], value: Any) -> None:
    with pytest.raises(TypeError, match="must be a list of ids"):
        call(value)


@with_ids
@pytest.mark.parametrize("value", [None, 5, b"pump-1", ["a"], True])
def test_an_id_in_a_list_that_is_no_text_is_a_type_error(call: Callable[[Any], Any], value: Any) -> None:
    with pytest.raises(TypeError, match="must be a str"):
        call(["a", value])


@with_ids
@pytest.mark.parametrize("value", ["", " ", "\n"])
def test_an_empty_id_in_a_list_is_refused(call: Callable[[Any], Any], value: str) -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        call(["a", value])


@with_ids
def test_an_id_in_a_list_that_is_no_unicode_is_refused(call: Callable[[Any], Any]) -> None:
    with pytest.raises(ValueError, match="lone surrogate"):
        call(["a", "\ud800"])


@with_ids
def test_no_ids_need_no_request(call: Callable[[Any], Any]) -> None:
    asked = one(call([]))
    answer = asked.read(Reply(200, b""))
    assert (asked.method, len(answer), answer.errors) == ("", 0, {})


@with_ids
def test_ids_may_come_from_any_iterable_and_keep_their_order(call: Callable[[Any], Any]) -> None:
    body = sent(call(name for name in ("b", "a", "b")))
    assert ["b", "a", "b"] in body.values()


@given(asked=st.lists(ids, min_size=1, max_size=5))
def test_ids_are_sent_as_they_are(asked: list[str]) -> None:
    assert sent(op.get_values(asked, 1))["elementIds"] == asked


@with_id
@pytest.mark.parametrize("value", [None, 5, b"pump-1", ["a"]])
def test_an_id_that_is_no_text_is_a_type_error(call: Callable[[Any], Any], value: Any) -> None:
    with pytest.raises(TypeError, match="must be a str"):
        call(value)


@with_id
@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_id_is_refused(call: Callable[[Any], Any], value: str) -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        call(value)


@with_id
def test_an_id_that_is_no_unicode_is_refused(call: Callable[[Any], Any]) -> None:
    with pytest.raises(ValueError, match="lone surrogate"):
        call("\ud800")


@pytest.mark.parametrize(
    "call",
    [
        lambda record: op.register_items("c", record, ["a"], 1),
        lambda record: op.unregister_items("c", record, ["a"]),
        lambda record: op.sync_subscription("c", record, None),
    ],
)
def test_a_subscription_may_be_given_as_a_record(call: Callable[[Any], Any]) -> None:
    assert sent(call(i3x.Subscription("s-1")))["subscriptionId"] == "s-1"


@pytest.mark.parametrize("call", [op.get_object_types, op.get_relationship_types])
@pytest.mark.parametrize("value", [5, b"urn:x", ["urn:x"]])
def test_a_namespace_that_is_no_text_is_a_type_error(call: Callable[[Any], Any], value: Any) -> None:
    with pytest.raises(TypeError, match="namespace_uri must be a str or None"):
        call(value)


@pytest.mark.parametrize(
    "call",
    [
        lambda text: op.get_object_types(text),
        lambda text: op.get_relationship_types(text),
        lambda text: op.get_objects(text, include_metadata=False, root=None),
        lambda text: op.get_related_objects(["a"], text, include_metadata=False),
        lambda text: op.create_subscription("c", text),
    ],
)
def test_an_optional_text_that_is_no_unicode_is_refused(call: Callable[[Any], Any]) -> None:
    with pytest.raises(ValueError, match="lone surrogate"):
        call("\ud800")


# --- depths, numbers, times ---------------------------------------------------------------------------------


@with_depth
@pytest.mark.parametrize("depth", [0, 1, 7])
def test_the_depth_is_always_sent(call: Callable[[Any], Any], depth: int) -> None:
    assert sent(call(depth))["maxDepth"] == depth


@with_depth
def test_a_negative_depth_is_refused(call: Callable[[Any], Any]) -> None:
    with pytest.raises(ValueError, match=r"max_depth must be 1 \(this element alone\).*, not -1"):
        call(-1)


@with_depth
@pytest.mark.parametrize("depth", [True, False, 1.0, "1", None, Decimal(1)])
def test_a_depth_that_is_no_int_is_a_type_error(call: Callable[[Any], Any], depth: Any) -> None:
    with pytest.raises(TypeError, match="max_depth must be an int"):
        call(depth)


@pytest.mark.parametrize("number", [-1, 0, 5, 2**63, 2**64 - 1])
def test_a_sequence_number_is_sent_as_it_is(number: int) -> None:
    assert sent(op.sync_subscription("c", "s", number))["lastSequenceNumber"] == number


def test_without_a_sequence_number_none_is_sent() -> None:
    assert sent(op.sync_subscription("c", "s", None)) == {"clientId": "c", "subscriptionId": "s"}


@pytest.mark.parametrize("number", [-2, 2**64, 10**100])
def test_a_sequence_number_outside_64_bits_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="last_sequence_number must"):
        op.sync_subscription("c", "s", number)


@pytest.mark.parametrize("number", [True, 1.0, "5"])
def test_a_sequence_number_that_is_no_int_is_a_type_error(number: Any) -> None:
    with pytest.raises(TypeError, match="last_sequence_number must be an int"):
        op.sync_subscription("c", "s", number)


def test_both_times_of_a_history_are_sent_when_none_is_given() -> None:
    body = sent(op.get_histories(["a"], None, None, 1))
    assert body["startTime"] == "1970-01-01T00:00:00Z"
    assert datetime.fromisoformat(body["endTime"]).tzinfo is not None


@pytest.mark.parametrize("start", [NOON, datetime(2026, 1, 31, 12, tzinfo=UTC)])
def test_both_times_of_a_history_are_sent_when_one_is_given(start: Any) -> None:
    body = sent(op.get_histories(["a"], start, None, 1))
    assert body["startTime"] == NOON
    assert body["endTime"] > NOON


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (datetime(2026, 1, 31), None),
        (None, datetime(2026, 1, 31)),
        (timedelta(-1), None),
        (timedelta(hours=1), timedelta(hours=2)),
        (NOON, "2026-01-31T11:59:59Z"),
        ("today", None),
    ],
)
def test_a_wrong_range_of_time_is_refused(start: Any, end: Any) -> None:
    for elements in (["a"], []):
        with pytest.raises(ValueError, match=r"start_time|end_time"):
            op.get_histories(elements, start, end, 1)


# --- the requests -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "operation", "verb", "path"),
    [
        (op.get_info(), "getInfo", "GET", "/info"),
        (op.get_namespaces(), "getNamespaces", "GET", "/namespaces"),
        (op.get_object_types(None), "getObjectTypes", "GET", "/objecttypes"),
        (op.query_object_types(["a"]), "queryObjectTypesById", "POST", "/objecttypes/query"),
        (op.get_relationship_types(None), "getRelationshipTypes", "GET", "/relationshiptypes"),
        (
            op.query_relationship_types(["a"]),
            "queryRelationshipTypesById",
            "POST",
            "/relationshiptypes/query",
        ),
        (op.get_objects(None, False, None), "getObjects", "GET", "/objects"),
        (op.list_objects(["a"], False), "listObjectsById", "POST", "/objects/list"),
        (op.get_object("a", False), "listObjectsById", "POST", "/objects/list"),
        (op.get_related_objects(["a"], None, False), "queryRelatedObjects", "POST", "/objects/related"),
        (op.get_values(["a"], 1), "queryLastKnownValues", "POST", "/objects/value"),
        (op.get_value("a", 1), "queryLastKnownValues", "POST", "/objects/value"),
        (op.get_histories(["a"], None, None, 1), "queryHistoricalValues", "POST", "/objects/history"),
        (op.update_value("a", 5, None, None), "updateObjectValues", "PUT", "/objects/value"),
        (op.update_values({"a": 5}), "updateObjectValues", "PUT", "/objects/value"),
        (op.update_history("a", i3x.VQT(5, "", NOON)), "updateObjectHistory", "PUT", "/objects/history"),
        (op.create_subscription("c", None), "createSubscription", "POST", "/subscriptions"),
        (op.list_subscriptions("c", ["s"]), "listSubscriptions", "POST", "/subscriptions/list"),
        (op.register_items("c", "s", ["a"], 1), "registerMonitoredItems", "POST", "/subscriptions/register"),
        (op.unregister_items("c", "s", ["a"]), "removeMonitoredItems", "POST", "/subscriptions/unregister"),
        (op.sync_subscription("c", "s", None), "syncSubscription", "POST", "/subscriptions/sync"),
        (op.delete_subscription("c", "s"), "deleteSubscriptions", "POST", "/subscriptions/delete"),
    ],
)
def test_a_call_goes_where_the_standard_says(
    call: Call[Any] | Bulk[Any], operation: str, verb: str, path: str
) -> None:
    call = one(call)
    assert (call.operation, call.method, call.path) == (operation, verb, path)


def test_only_info_needs_no_credentials() -> None:
    assert not op.get_info().needs_credentials
    for call in (op.get_namespaces(), op.get_value("a", 1), op.create_subscription("c", None)):
        assert call.needs_credentials


@pytest.mark.parametrize(
    ("call", "params"),
    [
        (op.get_object_types(None), {}),
        (op.get_object_types("urn:x"), {"namespaceUri": "urn:x"}),
        (op.get_relationship_types(None), {}),
        (op.get_objects(None, False, None), {"includeMetadata": False}),
        (
            op.get_objects("pump", True, True),
            {"typeElementId": "pump", "includeMetadata": True, "root": True},
        ),
        (op.get_objects(None, False, False), {"includeMetadata": False, "root": False}),
    ],
)
def test_what_is_left_out_is_no_parameter(call: Call[Any], params: dict[str, Any]) -> None:
    assert dict(call.params) == params
    assert call.content == b""


@pytest.mark.parametrize(
    ("call", "body"),
    [
        (op.create_subscription("c", None), {"clientId": "c"}),
        (op.create_subscription("c", "mine"), {"clientId": "c", "displayName": "mine"}),
        (op.list_objects(["a"], True), {"elementIds": ["a"], "includeMetadata": True}),
        (op.get_related_objects(["a"], None, False), {"elementIds": ["a"], "includeMetadata": False}),
        (
            op.get_related_objects(["a"], "HasParent", False),
            {"elementIds": ["a"], "includeMetadata": False, "relationshipType": "HasParent"},
        ),
        (
            op.register_items("c", "s", ["a"], 0),
            {"clientId": "c", "subscriptionId": "s", "elementIds": ["a"], "maxDepth": 0},
        ),
        (
            op.unregister_items("c", "s", ["a"]),
            {"clientId": "c", "subscriptionId": "s", "elementIds": ["a"]},
        ),
        (op.list_subscriptions("c", ["s"]), {"clientId": "c", "subscriptionIds": ["s"]}),
        (op.delete_subscription("c", "s"), {"clientId": "c", "subscriptionIds": ["s"]}),
    ],
)
def test_what_is_left_out_is_not_in_the_body(call: Call[Any], body: dict[str, Any]) -> None:
    assert sent(call) == body


# --- writing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "vqt"),
    [
        (5, {"value": 5}),
        ({"value": 5, "unit": "C"}, {"value": {"value": 5, "unit": "C"}}),
        ({"value": 5, "quality": "Bad"}, {"value": 5, "quality": "Bad"}),
        (i3x.VQT(5, "Good", NOON), {"value": 5, "quality": "Good", "timestamp": NOON}),
        (None, {"value": None}),
    ],
)
def test_a_value_is_sent_as_a_vqt_without_what_is_empty(value: Any, vqt: dict[str, Any]) -> None:
    expected = {"updates": [{"elementId": "a", "value": vqt}]}
    assert sent(op.update_value("a", value, None, None)) == expected
    assert sent(op.update_values({"a": value})) == expected


@given(
    values=st.dictionaries(ids, json_values.filter(lambda v: not isinstance(v, dict)), min_size=1, max_size=4)
)
def test_every_value_is_sent_under_its_id(values: dict[str, Any]) -> None:
    updates = sent(op.update_values(values))["updates"]
    assert [(update["elementId"], update["value"]["value"]) for update in updates] == list(values.items())


def test_a_request_is_utf_8_without_escapes() -> None:
    assert "Öl/№5".encode() in one(op.get_values(["Öl/№5"], 1)).content


def test_every_point_of_a_history_has_all_three_parts() -> None:
    points = [i3x.VQT(5, "", NOON), {"value": None, "quality": "Bad", "timestamp": NOON}]
    assert sent(op.update_history("a", points)) == {
        "updates": [
            {"elementId": "a", "value": {"value": 5, "quality": "Good", "timestamp": NOON}},
            {"elementId": "a", "value": {"value": None, "quality": "Bad", "timestamp": NOON}},
        ]
    }


def test_no_points_and_no_updates_need_no_request() -> None:
    for call in map(one, (op.update_history("a", []), op.update_values({}))):
        assert (call.method, read(call, b"")) == ("", [])


@pytest.mark.parametrize("updates", [None, 5, "a", [("a", 5)], ["a"]])
def test_updates_that_are_no_dict_are_a_type_error(updates: Any) -> None:
    with pytest.raises(TypeError, match="updates must be a dict from element id to value"):
        op.update_values(updates)


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], {"a": {"b": float("nan")}}])
def test_numbers_that_json_does_not_have_are_refused_in_every_write(value: Any) -> None:
    for call in (
        lambda: op.update_value("a", value, None, None),
        lambda: op.update_values({"a": 1, "b": value}),
        lambda: op.update_value_before_release("a", value, None, None),
        lambda: op.update_history("a", i3x.VQT(value, "Good", NOON)),
    ):
        with pytest.raises(ValueError, match="can't be sent as JSON"):
            call()


def test_values_of_any_depth_are_sent_or_refused() -> None:
    value: Any = 1
    depth = 0
    while depth < 200_000:
        further = max(1, depth // 200)  # each depth around the limit, which is not the same in each Python
        for _ in range(further):
            value = [value]
        depth += further
        try:
            json.loads(op.update_value("a", value, None, None).content)
        except ValueError as error:
            assert "nested too deep" in str(error)  # noqa: PT017  # which depth it is, is not ours to say
            return
    raise AssertionError("a depth beyond Python's limit was sent")


def test_before_the_release_a_bare_vqt_goes_to_the_address_of_the_element() -> None:
    call = op.update_value_before_release("line 1/pump#1?é", 5, "Good", None)
    assert (call.method, call.path) == ("PUT", "/objects/line%201%2Fpump%231%3F%C3%A9/value")
    assert sent(call) == {"value": 5, "quality": "Good"}


# --- how often it may be sent -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "repeat"),
    [
        (op.get_info(), Repeat.ALWAYS),
        (op.get_value("a", 1), Repeat.ALWAYS),
        (op.get_histories(["a"], None, None, 1), Repeat.ALWAYS),
        (op.update_value("a", 5, None, None), Repeat.UNSENT),
        (op.update_value("a", 5, None, NOON), Repeat.ALWAYS),
        (op.update_values({"a": i3x.VQT(5, "", NOON), "b": 5}), Repeat.UNSENT),
        (op.update_value_before_release("a", 5, None, None), Repeat.UNSENT),
        (op.update_value_before_release("a", 5, None, NOON), Repeat.ALWAYS),
        (op.update_history("a", i3x.VQT(5, "", NOON)), Repeat.ALWAYS),
        (op.create_subscription("c", None), Repeat.NEVER),
        (op.register_items("c", "s", ["a"], 1), Repeat.ALWAYS),
        (op.unregister_items("c", "s", ["a"]), Repeat.UNSENT),
        (op.sync_subscription("c", "s", None), Repeat.ALWAYS),
        (op.sync_subscription("c", "s", 5), Repeat.ALWAYS),
        (op.sync_subscription("c", "s", -1), Repeat.UNSENT),
        (op.delete_subscription("c", "s"), Repeat.ALWAYS),
    ],
)
def test_a_call_says_how_often_it_may_be_sent(call: Call[Any] | Bulk[Any], repeat: Repeat) -> None:
    assert (call.repeat, one(call).repeat) == (repeat, repeat)
