"""What bulk calls return: lists and dicts that carry what failed."""

import copy
import json
import pickle
from typing import Any

import pytest

import i3x

GONE = i3x.NotFoundError("a: gone", 404, title="Not Found", detail="gone", element_id="a")


def _list() -> i3x.BulkList[Any]:
    result: i3x.BulkList[Any] = i3x.BulkList([1, 2])
    result.errors, result.partial = {"a": GONE}, i3x.ResponseDetail("Cut", 206, "too much")
    return result


def _dict() -> i3x.BulkDict[Any]:
    result: i3x.BulkDict[Any] = i3x.BulkDict({"b": 1})
    result.errors, result.partial = {"a": GONE}, i3x.ResponseDetail("Cut", 206, "too much")
    return result


both = pytest.mark.parametrize("result", [_list(), _dict()], ids=["list", "dict"])


def test_a_bulk_list_is_a_list() -> None:
    assert isinstance(_list(), list)
    assert _list() == [1, 2]


def test_a_bulk_dict_is_a_dict() -> None:
    assert isinstance(_dict(), dict)
    assert _dict() == {"b": 1}


@pytest.mark.parametrize("empty", [i3x.BulkList[int](), i3x.BulkDict[int]()])
def test_a_new_result_has_no_errors_and_is_whole(empty: Any) -> None:
    assert (len(empty), empty.errors, empty.partial) == (0, {}, None)


@both
def test_a_result_can_be_dumped_as_json(result: Any) -> None:
    assert json.loads(json.dumps(result)) == result


@both
@pytest.mark.parametrize("duplicate", [lambda it: pickle.loads(pickle.dumps(it)), copy.deepcopy])
def test_a_result_survives_copying_with_its_errors(result: Any, duplicate: Any) -> None:
    copied = duplicate(result)
    assert (type(copied), copied, copied.partial) == (type(result), result, result.partial)
    assert vars(copied.errors["a"]) == vars(GONE)


def test_errors_are_not_shared_between_results() -> None:
    first: i3x.BulkList[int] = i3x.BulkList()
    first.errors["a"] = GONE
    assert i3x.BulkList[int]().errors == {}


@pytest.mark.parametrize("result", [i3x.BulkList([1]), i3x.BulkDict({"a": 1})])
def test_a_result_without_errors_raises_nothing(result: Any) -> None:
    result.raise_for_errors()


@both
def test_a_result_with_errors_raises_them(result: Any) -> None:
    with pytest.raises(i3x.BulkError, match=r"^a: gone$") as raised:
        result.raise_for_errors()
    assert raised.value.errors == {"a": GONE}
    assert raised.value.status_code == 404
    assert raised.value.__cause__ is GONE


def test_a_bulk_error_says_how_many_more_there_are() -> None:
    result = _list()
    result.errors |= {"b": i3x.I3XError("b: broken"), "c": i3x.I3XError("c: broken")}
    with pytest.raises(i3x.BulkError, match=r"^a: gone \(and 2 more; see `\.errors`\)$"):
        result.raise_for_errors()


# --- items --------------------------------------------------------------------------------------------------


def test_a_good_item_has_the_form_of_the_standard() -> None:
    item = i3x.BulkItem.of("elementId", "a", None)
    assert item == {"success": True, "elementId": "a", "result": None}
    assert (item.success, item.element_id, item.subscription_id) == (True, "a", None)
    assert (item.result, item.response_detail, item.error) == (None, None, None)


def test_a_failed_item_has_the_form_of_the_standard() -> None:
    item = i3x.BulkItem.of("elementId", "a", GONE)
    assert item["success"] is item.success is False
    assert item.get("responseDetail") == {"title": "Not Found", "status": 404, "detail": "gone"}
    assert item.response_detail == item["responseDetail"]
    assert item.error is GONE


def test_a_failed_item_has_words_where_the_server_had_none() -> None:
    item = i3x.BulkItem.of("elementId", "a", i3x.TimeoutError("no answer"))
    assert item.response_detail == {"title": "TimeoutError", "status": None, "detail": "no answer"}


def test_an_item_about_a_subscription_has_its_id() -> None:
    item = i3x.BulkItem.of("subscriptionId", "s", None)
    assert (item.subscription_id, item.element_id) == ("s", None)


def test_an_item_can_be_dumped_as_json() -> None:
    item = i3x.BulkItem.of("elementId", "a", GONE)
    assert json.loads(json.dumps(item)) == item


def test_an_item_survives_pickling_with_its_error() -> None:
    item = pickle.loads(pickle.dumps(i3x.BulkItem.of("elementId", "a", GONE)))
    assert item.error is not None
    assert vars(item.error) == vars(GONE)


def test_a_look_up_of_what_failed_says_why() -> None:
    values: i3x.BulkDict[int] = i3x.BulkDict({"a": 1})
    values.errors["b"] = i3x.NotFoundError("no such element")
    with pytest.raises(KeyError, match="no such element"):
        values["b"]
    with pytest.raises(KeyError, match="c"):
        values["c"]


def test_what_failed_is_seen_when_the_result_is_printed() -> None:
    values: i3x.BulkDict[int] = i3x.BulkDict({"a": 1})
    assert repr(values) == "{'a': 1}"
    values.errors["b"] = i3x.NotFoundError("no such element")
    assert "no such element" in repr(values)
    found = i3x.BulkList([1])
    found.partial = i3x.ResponseDetail(detail="cut")
    assert repr(found).startswith("BulkList([1], partial=")
