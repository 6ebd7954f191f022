"""Bulk answers: every id that was asked for ends as a result or as an error, whatever the server sends."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import i3x
from i3x import broken_json, envelopes
from i3x import operations as op
from i3x.envelopes import Key, read_bulk
from tests.unit.support import (
    GOOD,
    SECRET,
    SUBJECT,
    UNREADABLE,
    bulk,
    failed,
    ids,
    item,
    json_values,
    raw_bulk,
    raw_item,
    read,
    reply,
    success,
)

each_unreadable = pytest.mark.parametrize(
    ("value", "words"), [case[1:] for case in UNREADABLE], ids=[case[0] for case in UNREADABLE]
)


def values(asked: list[str], body: Any, status: int = 200) -> Any:
    """What get_values makes of an answer."""
    return read(op.get_values(asked, 1), body, status)


# --- the standard's form ------------------------------------------------------------------------------------


def test_good_items_are_the_content_of_the_result() -> None:
    result = values(["a", "b"], bulk(item("a", GOOD), item("b", {**GOOD, "value": 2})))
    assert {name: value.value for name, value in result.items()} == {"a": 1, "b": 2}
    assert (result.errors, result.partial) == ({}, None)


def test_each_value_carries_its_id() -> None:
    assert values(["a"], bulk(item("a", GOOD)))["a"].element_id == "a"


def test_a_failed_item_is_an_error_and_the_others_arrive() -> None:
    result = values(["a", "b"], bulk(item("a", GOOD), failed("b", 403, "not yours")))
    assert list(result) == ["a"]
    assert type(result.errors["b"]) is i3x.AuthenticationError
    assert (result.errors["b"].detail, result.errors["b"].element_id) == ("not yours", "b")


def test_a_secret_in_a_failed_item_is_taken_out() -> None:
    error = values(
        ["a"], bulk({"success": False, "elementId": "a", "responseDetail": {"detail": SECRET}})
    ).errors["a"]
    assert SECRET not in f"{error} {vars(error)}"


def test_a_call_for_one_element_raises_its_error() -> None:
    with pytest.raises(i3x.NotFoundError, match="element 'a': not here") as raised:
        read(op.get_value("a", 1), bulk(failed("a")))
    assert raised.value.status_code == 404


def test_a_call_for_one_element_returns_its_result() -> None:
    assert read(op.get_value("a", 1), bulk(item("a", GOOD))).value == 1
    assert read(op.get_object("a", False), bulk(item("a", {"elementId": "a"}))) == i3x.ObjectInstance("a")


def test_a_failure_of_the_whole_is_raised() -> None:
    detail = {"title": "Forbidden", "status": 403, "detail": "not yours"}
    with pytest.raises(i3x.AuthenticationError, match="not yours"):
        values(["a"], {"success": False, "results": [], "responseDetail": detail})
    with pytest.raises(i3x.AuthenticationError, match="not yours"):
        values(["a"], {"success": False, "responseDetail": detail})


def test_a_good_item_without_a_result_is_an_error_where_one_is_needed() -> None:
    result = values(["a", "b"], bulk(item("a", GOOD), item("b", None)))
    assert list(result) == ["a"]
    assert "success and has no result" in str(result.errors["b"])


def test_a_good_item_of_a_write_needs_no_result() -> None:
    result = read(op.update_values({"a": 1}), bulk(item("a", None)))
    assert [entry.success for entry in result] == [True]


# --- order, duplicates, missing -----------------------------------------------------------------------------


def test_items_in_another_order_are_matched_by_id() -> None:
    result = values(["a", "b"], bulk(item("b", {"value": 2}), item("a", {"value": 1})))
    assert [(name, value.value) for name, value in result.items()] == [("a", 1), ("b", 2)]


def test_items_without_ids_are_matched_by_position() -> None:
    result = values(["a", "b"], bulk({"success": True, "result": GOOD}, {"success": False}))
    assert list(result) == ["a"]
    assert list(result.errors) == ["b"]


def test_an_item_that_is_missing_is_not_found() -> None:
    result = values(["a", "b"], bulk(item("b", GOOD)))
    assert type(result.errors["a"]) is i3x.NotFoundError
    assert "the answer holds nothing for it" in str(result.errors["a"])


def test_items_that_were_not_asked_for_are_left_out() -> None:
    result = values(["a"], bulk(item("x", GOOD), item("a", GOOD)))
    assert (list(result), result.errors) == (["a"], {})


def test_an_id_that_was_asked_for_twice_may_be_answered_once() -> None:
    call = op.list_objects(["a", "a"], False)
    assert len(read(call, bulk(item("a", {"elementId": "a"})))) == 2


def test_an_id_that_was_asked_for_twice_and_answered_twice_keeps_both() -> None:
    call = op.list_objects(["a", "b", "a"], False)
    answer = bulk(*(item(name, {"elementId": name, "displayName": str(n)}) for n, name in enumerate("aab")))
    assert [entry.display_name for entry in read(call, answer)] == ["0", "2", "1"]


def test_the_same_failure_of_an_id_that_was_asked_for_twice_is_one_error() -> None:
    result = values(["a", "a"], bulk(failed("a"), failed("a")))
    assert (dict(result), list(result.errors)) == ({}, ["a"])


BROKEN: Any = st.sampled_from(["good", "failed", "missing", "twice", "malformed", "unreadable", "nameless"])


@given(
    data=st.data(),
    asked=st.lists(ids, min_size=1, max_size=6, unique=True),
    envelope=st.sampled_from([b'{"success":false,"results":[%s]}', b'{"results":[%s],"success":true}']),
)
def test_each_id_ends_in_results_or_in_errors_in_the_order_asked_for(
    data: st.DataObject, asked: list[str], envelope: bytes
) -> None:
    fates = {name: data.draw(BROKEN) for name in asked}
    texts: list[bytes] = []
    for name, fate in fates.items():
        good = json.dumps(item(name, {**GOOD, "value": name})).encode()
        malformed = json.dumps({**item(name), "result": {"quality": 5}}).encode()
        texts += {
            "good": [good],
            "failed": [json.dumps(failed(name)).encode()],
            "missing": [],
            "twice": [good, good],
            "malformed": [malformed],
            "unreadable": [raw_item(name, b"NaN")],
            "nameless": [b'{"success":true,"elementId":5}'],
        }[fate]
    if not texts:  # no success and no items is a failure of the whole
        envelope = b'{"success":true,"results":[%s]}'
    result = values(asked, envelope % b", ".join(data.draw(st.permutations(texts))))
    arrived = [name for name in asked if fates[name] in ("good", "twice")]
    assert list(result) == arrived
    assert [result[name].value for name in arrived] == arrived
    assert list(result.errors) == [name for name in asked if name not in arrived]
    assert all(
        name in (error.element_id, None) and repr(name) in str(error) for name, error in result.errors.items()
    )


@given(asked=st.lists(ids, min_size=1, max_size=5), results=st.lists(json_values, max_size=6))
def test_whatever_the_items_are_each_id_is_accounted_for(asked: list[str], results: list[Any]) -> None:
    result = values(asked, {"success": True, "results": results})
    assert set(result) | set(result.errors) == set(asked)


# --- other envelopes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["results", "result"])
def test_bare_items_in_an_envelope_are_matched_by_their_id(name: str) -> None:
    bare = [{"elementId": "b", "displayName": "B"}, {"elementId": "a", "displayName": "A"}]
    result = read(op.list_objects(["a", "b", "c"], False), {"success": True, name: bare})
    assert [entry.display_name for entry in result] == ["A", "B"]
    assert list(result.errors) == ["c"]


def test_a_bare_list_is_read() -> None:
    assert values(["a"], [item("a", GOOD)])["a"].value == 1


def test_items_in_a_success_envelope_are_read() -> None:
    assert values(["a"], success([item("a", GOOD)]))["a"].value == 1


def test_monitored_items_within_a_success_envelope_are_read() -> None:
    answer = success({"monitoredItems": [{"elementId": "b", "maxDepth": 1}]})
    result = read(op.register_items("c", "s", ["a", "b"], 1), answer)
    assert [(entry.element_id, entry.success) for entry in result] == [("a", False), ("b", True)]
    assert list(result.errors) == ["a"]


@pytest.mark.parametrize(
    "body", [{}, {"success": True}, success(5), success({"a": [], "b": []}), "text", 5, None]
)
def test_an_answer_without_a_list_of_results_can_not_be_read(body: Any) -> None:
    with pytest.raises(i3x.InvalidServerResponseError, match="no list of results in the answer"):
        values(["a"], body)


def test_null_takes_the_default_within_an_item() -> None:
    result = values(["a"], bulk(item("a", {"value": 1, "isComposition": None, "quality": None})))
    assert result["a"] == i3x.CurrentValue("a", value=1)


def test_a_byte_order_mark_is_no_part_of_the_answer() -> None:
    assert values(["a"], b"\xef\xbb\xbf" + json.dumps(bulk(item("a", GOOD))).encode())["a"].value == 1


# --- one bad item -------------------------------------------------------------------------------------------


@each_unreadable
def test_a_value_that_is_no_json_loses_its_item_alone(value: bytes, words: str) -> None:
    body = raw_bulk(raw_item("a", b"1"), raw_item("b", value), raw_item("c", b"3"))
    result = values(["a", "b", "c"], body)
    assert [(name, entry.value) for name, entry in result.items()] == [("a", 1), ("c", 3)]
    error = result.errors["b"]
    assert type(error) is i3x.InvalidServerResponseError
    assert str(error).startswith("queryLastKnownValues, element 'b': `$.results[1]` ")
    assert words in str(error)


@each_unreadable
def test_a_value_that_is_no_json_is_an_error_when_it_is_alone(value: bytes, words: str) -> None:
    with pytest.raises(i3x.InvalidServerResponseError) as raised:
        read(op.get_value("a", 1), raw_bulk(raw_item("a", value)))
    assert words in str(raised.value)


@each_unreadable
def test_a_value_that_is_no_json_loses_its_item_alone_in_a_bare_list(value: bytes, words: str) -> None:
    result = values(["a", "b"], b"[" + raw_item("a", value) + b"," + raw_item("b", b"2") + b"]")
    assert list(result) == ["b"]
    assert words in str(result.errors["a"])


@pytest.mark.parametrize(
    ("result", "path"),
    [
        ({"quality": 5}, "$.results[1].result.quality"),
        ({"components": {"x": {"timestamp": []}}}, "$.results[1].result.components[...].timestamp"),
        ([], "$.results[1].result"),
        ("text", "$.results[1].result"),
    ],
)
def test_a_wrong_type_loses_its_item_alone(result: Any, path: str) -> None:
    answer = values(["a", "b"], bulk(item("a", GOOD), item("b", result)))
    assert list(answer) == ["a"]
    assert f"at `{path}`" in str(answer.errors["b"])


@pytest.mark.parametrize(
    "entry", [None, 5, "text", [], {"success": "yes"}, {"success": None}, {"success": 1}]
)
def test_an_item_that_is_no_item_loses_itself_alone(entry: Any) -> None:
    answer = values(["a", "b"], bulk(item("a", GOOD), entry))
    assert list(answer) == ["a"]
    assert type(answer.errors["b"]) is i3x.InvalidServerResponseError


def test_an_id_within_a_value_is_not_taken_for_that_of_the_item() -> None:
    first = b'{"success":true,"result":{"value":{"elementId":"b","x":NaN}},"elementId":"a"}'
    answer = values(["a", "b"], raw_bulk(first, raw_item("b", b"2")))
    assert answer["b"].value == 2
    assert "holds NaN" in str(answer.errors["a"])


def test_an_id_with_escapes_is_found_in_an_item_that_is_no_json() -> None:
    name = 'a"]},\\é'
    answer = values(["b", name], raw_bulk(raw_item(name, b"NaN"), raw_item("b", b"2")))
    assert "holds NaN" in str(answer.errors[name])


@pytest.mark.parametrize("cut", [2, 10, 40])
def test_an_answer_that_is_cut_short_can_not_be_read(cut: int) -> None:
    with pytest.raises(i3x.InvalidServerResponseError, match="is no valid JSON"):
        values(["a"], json.dumps(bulk(item("a", GOOD))).encode()[:-cut])


@pytest.mark.timeout(60)
@pytest.mark.parametrize("end", [b"", b"\\", b'"', b'"]'])
def test_an_answer_that_is_cut_short_within_a_long_text_is_read_in_no_time(end: bytes) -> None:
    body = b'{"success":true,"results":[{"success":true,"elementId":"' + b'\\"' * 200_000 + end
    with pytest.raises(i3x.InvalidServerResponseError):
        values(["a"], body)


def test_a_history_that_is_nested_too_deep_loses_its_item_alone() -> None:
    deep = b'{"values":null,"components":{"x":' * 300 + b"{}" + b"}}" * 300
    body = raw_bulk(
        b'{"success":true,"elementId":"a","result":%s}' % deep,
        b'{"success":true,"elementId":"b","result":{}}',
    )
    answer = read(op.get_histories(["a", "b"], None, None, 0), body)
    assert list(answer) == ["b"]
    assert "nested too deep" in str(answer.errors["a"])


# --- the readings agree -------------------------------------------------------------------------------------


@given(
    asked=st.lists(ids, min_size=1, max_size=5),
    results=st.lists(
        st.fixed_dictionaries({"value": json_values, "quality": st.text()}), min_size=5, max_size=5
    ),
    key=st.sampled_from(["elementId", "subscriptionId"]),
)
def test_the_patient_readings_agree_with_the_fast_one(
    asked: list[str], results: list[dict[str, Any]], key: Key
) -> None:
    entries = [item(name, result, key) for name, result in zip(asked, results, strict=False)]
    content = json.dumps(bulk(*entries), ensure_ascii=False).encode()
    fast = read_bulk(reply(content), i3x.VQT, asked, key, SUBJECT)
    patience = envelopes._Patience(i3x.VQT, key, None)
    patient, _ = envelopes._items_patiently(reply(content), content, patience, SUBJECT)
    texts = broken_json.split_list(content)
    assert texts is not None
    split = [json.loads(text) for text in texts]
    assert not fast.errors
    assert [entry.result for entry in patient if not isinstance(entry, i3x.I3XError)] == fast.results
    assert split == entries
    assert [broken_json.id_in_text(text, key) for text in texts] == asked


@given(
    entries=st.lists(json_values, max_size=5),
    before=st.dictionaries(st.text(), json_values, max_size=2),
    after=st.dictionaries(st.text(), json_values, max_size=2),
    indent=st.sampled_from([None, 0, 2]),
    ascii_only=st.booleans(),
    name=st.sampled_from(["results", "result"]),
)
def test_the_splitter_finds_the_items_of_any_answer(
    entries: list[Any], before: Any, after: Any, indent: int | None, ascii_only: bool, name: str
) -> None:
    body = {
        **{f"-{key}": value for key, value in before.items()},
        name: entries,
        **{f"-{key}": value for key, value in after.items()},
    }
    texts = broken_json.split_list(json.dumps(body, indent=indent, ensure_ascii=ascii_only).encode())
    assert texts is not None
    assert [json.loads(text) for text in texts] == entries


@given(entries=st.lists(json_values, max_size=5))
def test_the_splitter_finds_the_items_of_a_bare_list(entries: list[Any]) -> None:
    texts = broken_json.split_list(json.dumps(entries).encode())
    assert texts is not None
    assert [json.loads(text) for text in texts] == entries


@pytest.mark.parametrize(
    "body", [b"", b"5", b"{}", b'{"results":{"a":[1]}}', b'{"a":{"results":[1]}}', b'{"results":[']
)
def test_the_splitter_finds_no_items_where_there_is_no_whole_list(body: bytes) -> None:
    assert broken_json.split_list(body) is None


def test_a_value_without_end_is_not_looked_through() -> None:
    limit = broken_json._MOST_LEVELS
    for levels, is_read in ((limit - 2, True), (limit, False)):
        body = b'[%b, {"elementId": "a"}]' % (b"[" * levels + b"]" * levels)
        texts = broken_json.split_list(body)
        assert (texts is not None) is is_read
        item = b'{"value": %b, "elementId": "a"}' % (b"[" * levels + b"]" * levels)
        assert broken_json.id_in_text(item, "elementId") == ("a" if is_read else None)


def test_a_body_without_end_is_nested_too_deep() -> None:
    content = b"[" * 2 * broken_json._MOST_LEVELS
    with pytest.raises(i3x.InvalidServerResponseError, match="nested too deep"):
        read_bulk(reply(content), i3x.VQT, ["a"], "elementId", SUBJECT)


# --- partial answers ----------------------------------------------------------------------------------------

CUT = {"title": "Partial", "status": 206, "detail": "100 rows only"}


def test_a_206_says_what_was_cut() -> None:
    result = values(["a", "b"], bulk(item("a", GOOD), item("b", GOOD), responseDetail=CUT), 206)
    assert result.partial == i3x.ResponseDetail("Partial", 206, "100 rows only")
    assert result["a"].partial is None


def test_a_206_without_words_is_partial_too() -> None:
    assert values(["a", "b"], bulk(item("a", GOOD), item("b", GOOD)), 206).partial.status == 206


def test_a_206_for_one_element_is_about_that_element() -> None:
    assert (
        values(["a"], bulk(item("a", GOOD), responseDetail=CUT), 206)["a"].partial.detail == "100 rows only"
    )


@pytest.mark.parametrize("status", [200, 206])
def test_an_item_may_say_itself_what_was_cut_of_it(status: int) -> None:
    answer = bulk({**item("a", {}), "responseDetail": CUT}, item("b", {}))
    result = read(op.get_histories(["a", "b"], None, None, 1), answer, status)
    assert result["a"].partial.detail == "100 rows only"
    assert result["b"].partial is None


def test_information_on_a_whole_answer_is_not_taken_for_a_cut() -> None:
    note = {"title": "Note", "detail": "cached"}
    result = values(["a"], bulk({**item("a", GOOD), "responseDetail": note}, responseDetail=note))
    assert (result.partial, result["a"].partial) == (None, None)


# --- single operations --------------------------------------------------------------------------------------


def test_related_objects_name_the_element_that_they_start_from() -> None:
    edge = {"sourceRelationship": "HasChildren", "object": {"elementId": "x"}}
    answer = bulk(item("b", [edge]), item("a", [edge, edge]), failed("c"), item("d", []), item("e", None))
    result = read(op.get_related_objects(["a", "b", "c", "d", "e"], None, False), answer)
    assert [entry.source_element_id for entry in result] == ["a", "a", "b"]
    assert list(result.errors) == ["c"]


def test_components_of_a_history_carry_their_ids() -> None:
    answer = bulk(item("a", {"values": [], "components": {"x": {"values": [GOOD]}}}))
    history = read(op.get_histories(["a"], None, None, 0), answer)["a"]
    assert history.components["x"].element_id == "x"


def test_a_registration_returns_an_item_for_each_element() -> None:
    result = read(op.register_items("c", "s", ["a", "b"], 1), bulk(failed("b"), item("a")))
    assert [(entry.element_id, entry.success) for entry in result] == [("a", True), ("b", False)]
    assert result[1].error is result.errors["b"]
    assert json.loads(json.dumps(result))[1]["responseDetail"]["status"] == 404


def test_a_registration_in_a_subscription_that_is_gone_is_about_the_subscription() -> None:
    with pytest.raises(i3x.NotFoundError, match="create a new subscription"):
        read(op.register_items("c", "s", ["a"], 1), {"responseDetail": {"detail": "?"}}, 404)


def test_subscriptions_carry_the_id_of_the_client() -> None:
    answer = bulk(item("s", {"subscriptionId": "s"}, "subscriptionId"))
    assert read(op.get_subscription("c", "s"), answer) == i3x.Subscription("s", "c")


def test_a_subscription_that_is_gone_is_named() -> None:
    with pytest.raises(i3x.NotFoundError, match="create a new subscription") as raised:
        read(op.get_subscription("c", "s"), bulk(failed("s", 404, key="subscriptionId")))
    assert raised.value.element_id == "s"


def test_a_new_subscription_without_an_id_is_an_error() -> None:
    with pytest.raises(i3x.SubscriptionError, match="gave it no id"):
        read(op.create_subscription("c", None), success({"subscriptionId": ""}))


def test_a_new_subscription_has_its_id_and_that_of_the_client() -> None:
    answer = success({"subscriptionId": "s", "clientId": None})
    assert read(op.create_subscription("c", None), answer) == i3x.Subscription("s", "c")


def test_a_deletion_that_was_sent_twice_has_succeeded_when_nothing_is_there() -> None:
    answer = bulk(failed("s", key="subscriptionId"))
    assert read(op.delete_subscription("c", "s"), answer, attempts=2).success
    with pytest.raises(i3x.NotFoundError):
        read(op.delete_subscription("c", "s"), answer)


def test_a_deletion_of_one_that_fails_whole_is_a_failure_of_the_one() -> None:
    result = read(op.delete_subscriptions("c", ["s"]), b"", 404)
    assert [(entry.subscription_id, entry.success) for entry in result] == [("s", False)]


def test_a_deletion_of_several_that_fails_whole_is_raised() -> None:
    with pytest.raises(i3x.NotFoundError):
        read(op.delete_subscriptions("c", ["s", "t"]), b"", 404)


def test_a_history_that_was_written_returns_an_item_for_each_point() -> None:
    points = [i3x.VQT(n, "Good", f"2026-01-31T12:00:0{n}Z") for n in range(3)]
    result = read(op.update_history("a", points), bulk(*[item("a")] * 3))
    assert [entry.success for entry in result] == [True] * 3


def test_a_history_of_which_a_point_failed_is_an_error() -> None:
    points = [i3x.VQT(n, "Good", f"2026-01-31T12:00:0{n}Z") for n in range(2)]
    with pytest.raises(i3x.NotSupportedError, match="no history"):
        read(op.update_history("a", points), bulk(item("a"), failed("a", 501, "no history")))
