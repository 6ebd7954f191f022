"""Answers with one result, and anything at all that may come back."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import i3x
from i3x import envelopes, versions
from i3x import operations as op
from i3x.calls import Bulk, Call
from i3x.envelopes import read_bulk, read_nothing, read_result
from i3x.failures import Reply, failed_reply
from i3x.updates import read_batches
from tests.unit.support import (
    GOOD,
    SUBJECT,
    UNREADABLE,
    json_values,
    one,
    outcome,
    read,
    reply,
    success,
)

each_unreadable = pytest.mark.parametrize(
    ("value", "words"), [case[1:] for case in UNREADABLE], ids=[case[0] for case in UNREADABLE]
)
NAMESPACES = [{"uri": "urn:a", "displayName": "A"}, {"uri": "urn:b", "displayName": "B"}]


# --- listings -----------------------------------------------------------------------------------------------


def test_a_listing_is_read() -> None:
    result = read(op.get_namespaces(), success(NAMESPACES))
    assert result == [i3x.Namespace("urn:a", "A"), i3x.Namespace("urn:b", "B")]
    assert (result.errors, result.partial) == ({}, None)


@pytest.mark.parametrize(
    "body", [NAMESPACES, {"result": NAMESPACES}, {"success": True, "results": NAMESPACES}]
)
def test_a_listing_in_another_envelope_is_read(body: Any) -> None:
    assert len(read(op.get_namespaces(), body)) == 2


@pytest.mark.parametrize("body", [success(None), {"success": True}, {"success": True, "result": []}])
def test_a_listing_without_a_result_is_empty(body: Any) -> None:
    assert read(op.get_namespaces(), body) == []


def test_a_listing_with_nulls_for_left_out_fields_is_read() -> None:
    sent = success([{"elementId": "a", "schema": None, "displayName": None, "version": None}])
    assert read(op.get_object_types(None), sent) == [i3x.ObjectType("a")]


def test_a_listing_that_was_cut_says_so() -> None:
    detail = {"title": "Partial", "status": 206, "detail": "1000 only"}
    result = read(op.get_namespaces(), success(NAMESPACES, responseDetail=detail), 206)
    assert result.partial == i3x.ResponseDetail("Partial", 206, "1000 only")


def test_a_wrong_type_in_a_listing_is_an_error_that_names_its_path() -> None:
    sent = [{"elementId": "a"}] * 3 + [{"elementId": 5}]
    with pytest.raises(i3x.InvalidServerResponseError, match=r"at `\$\.result\[3\]\.elementId`") as raised:
        read(op.get_objects(None, False, None), success(sent))
    assert (raised.value.operation, raised.value.status_code) == ("getObjects", 200)


@each_unreadable
def test_a_value_that_is_no_json_in_a_listing_is_an_error_that_names_the_index(
    value: bytes, words: str
) -> None:
    body = b'{"success":true,"result":[{"elementId":"a"},{"elementId":"b","schema":{"x":%s}}]}' % value
    with pytest.raises(i3x.InvalidServerResponseError) as raised:
        read(op.get_object_types(None), body)
    assert "`$.result[1]` " in str(raised.value)
    assert words in str(raised.value)


@each_unreadable
def test_a_value_that_is_no_json_in_a_single_result_is_an_error(value: bytes, words: str) -> None:
    with pytest.raises(i3x.InvalidServerResponseError) as raised:
        read(
            op.get_info(), b'{"success":true,"result":{"specVersion":"1.0","capabilities":{"x":%s}}}' % value
        )
    assert words in str(raised.value)


# --- failures -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["responseDetail", "problemDetail", "error", "detail"])
@pytest.mark.parametrize("call", [op.get_namespaces(), op.get_values(["a"], 1), op.get_info()])
def test_a_200_that_says_no_success_is_an_error(call: Call[Any] | Bulk[Any], name: str) -> None:
    body = {"success": False, name: {"title": "Forbidden", "status": 403, "detail": "not yours"}}
    with pytest.raises(i3x.AuthenticationError, match="not yours"):
        read(call, body)


def test_a_200_that_says_no_success_and_has_a_result_is_an_error() -> None:
    detail = {"status": 500, "detail": "database is gone"}
    with pytest.raises(i3x.ServerError, match="database is gone"):
        read(op.get_namespaces(), {"success": False, "result": NAMESPACES, "responseDetail": detail})


@pytest.mark.parametrize(
    "call", [op.get_namespaces(), op.get_values(["a"], 1), op.sync_subscription("c", "s", 1)]
)
@pytest.mark.parametrize("body", [b"", b" \n", b"\xef\xbb\xbf"])
def test_an_empty_body_is_an_error(call: Call[Any] | Bulk[Any], body: bytes) -> None:
    with pytest.raises(i3x.InvalidServerResponseError, match="the body is empty"):
        read(call, body)


@pytest.mark.parametrize("call", [op.get_namespaces(), op.get_values(["a"], 1)])
def test_a_web_page_is_no_answer(call: Call[Any] | Bulk[Any]) -> None:
    with pytest.raises(
        i3x.InvalidServerResponseError, match=r"the body is no JSON \(HTTP 200, content type text/html"
    ):
        one(call).read(reply(b"<html><title>Log in</title></html>", 200, "text/html"))


@pytest.mark.parametrize("reading", [op.get_namespaces().read, lambda it: read_nothing(it, SUBJECT)])
@pytest.mark.parametrize("status", [300, 304, 308])
def test_a_redirection_that_leads_nowhere_is_an_error(reading: Callable[[Reply], Any], status: int) -> None:
    with pytest.raises(i3x.InvalidServerResponseError, match="a redirection that leads nowhere"):
        reading(reply(success([]), status))


def test_an_answer_that_can_not_be_read_says_what_to_check() -> None:
    with pytest.raises(i3x.InvalidServerResponseError, match="check that base_url is the root of an i3X API"):
        read(op.get_namespaces(), b"hello")


def test_a_number_of_more_than_64_bits_is_read_where_it_can_be() -> None:
    result = read(
        op.get_object_types(None),
        b'{"success":true,"result":[{"elementId":"a","schema":{"x":%s}}]}' % (b"9" * 30),
    )
    assert result[0].schema == {"x": int("9" * 30)}


# --- answers of which only the success matters --------------------------------------------------------------

write_before_release = op.update_value_before_release("a", 5, None, None)


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b"5", b'{"success":true,"result":null}'])
def test_a_write_before_the_release_needs_no_certain_answer(body: bytes) -> None:
    assert read(write_before_release, body).success


def test_a_web_page_is_no_answer_to_a_write_before_the_release() -> None:
    with pytest.raises(i3x.InvalidServerResponseError, match="no JSON"):
        read(write_before_release, b"<html>log in</html>")


def test_a_write_before_the_release_that_fails_is_an_error() -> None:
    for body, status in ((b"", 404), ({"success": False, "error": {"code": 404, "message": "gone"}}, 200)):
        with pytest.raises(i3x.NotFoundError, match="element 'a'"):
            read(write_before_release, body, status)


def test_a_failure_behind_a_byte_order_mark_is_seen() -> None:
    with pytest.raises(i3x.NotFoundError):
        read(write_before_release, b'\xef\xbb\xbf{"success":false}')


# --- the readings agree -------------------------------------------------------------------------------------


@given(results=st.lists(st.fixed_dictionaries({"elementId": st.text(), "value": json_values}), max_size=4))
def test_the_patient_reading_agrees_with_the_fast_one(results: list[Any]) -> None:
    content = json.dumps(success(results), ensure_ascii=False).encode()
    expected = list[i3x.ValueChange]
    fast = read_result(reply(content), expected, SUBJECT)
    assert fast == envelopes._read_result_patiently(reply(content), content, expected, SUBJECT)


# --- any bytes at all ---------------------------------------------------------------------------------------

READINGS: dict[str, Callable[[Reply], Any]] = {
    "read_result": lambda it: read_result(it, i3x.CurrentValue, SUBJECT),
    "read_result of a list": lambda it: read_result(it, list[i3x.HistoricalValue], SUBJECT),
    "read_bulk": lambda it: read_bulk(it, i3x.CurrentValue, ["a", "b", "a"], "elementId", SUBJECT),
    "read_bulk of lists": lambda it: read_bulk(it, list[i3x.RelatedObject], ["a"], "elementId", SUBJECT),
    "read_bulk of subscriptions": lambda it: read_bulk(
        it, i3x.Subscription, ["s"], "subscriptionId", SUBJECT
    ),
    "read_batches": lambda it: read_batches(it, SUBJECT),
    "read_first_info": versions.connecting("https://server.example.com/v1").read,
    "read_nothing": lambda it: read_nothing(it, SUBJECT),
    "failed_reply": lambda it: failed_reply(it, SUBJECT),
}
NAMES = [
    "success",
    "result",
    "results",
    "elementId",
    "subscriptionId",
    "responseDetail",
    "error",
    "detail",
    "title",
    "status",
    "message",
    "code",
    "value",
    "quality",
    "timestamp",
    "components",
    "values",
    "updates",
    "sequenceNumber",
    "specVersion",
    "capabilities",
    "monitoredItems",
    "msg",
]
near_answers = st.recursive(
    json_values | st.sampled_from(["a", "b", "s", "1.0", 206, 404]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=12,
).map(lambda body: json.dumps(body).encode())


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """An answer with some of its bytes replaced."""
    content = draw(near_answers)
    start = draw(st.integers(0, len(content)))
    length = draw(st.integers(0, 4))
    return (
        content[:start]
        + draw(st.sampled_from([b"", b"NaN", b'"', b"\\", b"]", b"{", b"\xff", b"\x00"]))
        + content[start + length :]
    )


@pytest.mark.parametrize("reading", READINGS.values(), ids=READINGS)
@given(
    content=st.binary(max_size=60) | near_answers | damaged(),
    status=st.sampled_from([200, 200, 206, 302, 404, 500]),
    content_type=st.sampled_from(["application/json", "text/html", ""]),
)
def test_any_bytes_are_a_result_or_an_error_of_ours(
    reading: Callable[[Reply], Any], content: bytes, status: int, content_type: str
) -> None:
    result = outcome(reading, reply(content, status, content_type))
    if isinstance(result, Exception):
        assert isinstance(result, i3x.I3XError)
        assert str(result)
        assert "\n" not in str(result)


def test_a_good_value_is_read() -> None:
    assert read_result(reply(success(GOOD)), i3x.VQT, SUBJECT)[0] == i3x.VQT(
        1, "Good", "2026-01-31T08:00:00Z"
    )
