"""What the events of a stream hold: updates in any of the forms that servers send."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import i3x
from i3x import operations as op
from i3x import updates
from i3x.updates import Frame, read_frame, read_frames
from tests.unit.support import GOOD, UNREADABLE, ids, json_values, raw_bulk, read, success

CHANGE = {"elementId": "a", **GOOD}
READ = i3x.ValueChange("a", 1, "Good", "2026-01-31T08:00:00Z")
NO_NUMBERS: list[Any] = ["5", True, 5.5, []]
SYNC = op.sync_subscription("c", "s", None)


def frame(content: Any) -> Frame:
    return read_frame(json.dumps(content).encode())


def raw_update(element_id: str, value: bytes) -> bytes:
    return b'{"elementId":%b,"value":%b}' % (json.dumps(element_id).encode(), value)


# --- the forms ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "count", "number"),
    [
        ([CHANGE, CHANGE], 2, None),
        ([], 0, None),
        (CHANGE, 1, None),
        ({"sequenceNumber": 5, "updates": [CHANGE, CHANGE]}, 2, 5),
        ({"updates": [CHANGE]}, 1, None),
        ({"sequenceNumber": None, "updates": [CHANGE]}, 1, None),
        ({"sequenceNumber": 5, "updates": []}, 0, 5),
        ({"sequenceNumber": 5, "updates": None}, 0, 5),
        ({"sequenceNumber": 5}, 0, 5),
        ([{"sequenceNumber": n, "updates": [CHANGE]} for n in (2, 2**64 - 1, 3)], 3, 2**64 - 1),
        ([CHANGE, {"sequenceNumber": 5, "updates": [CHANGE]}, CHANGE], 3, 5),
        ([{"sequenceNumber": wrong, "updates": [CHANGE]} for wrong in NO_NUMBERS], 4, None),
    ],
)
def test_each_form_is_read(content: Any, count: int, number: int | None) -> None:
    assert frame(content) == Frame([READ] * count, number, [])


@pytest.mark.parametrize("data", [b"", b" \n ", b"{}", b" {} ", b"[]", b"\xef\xbb\xbf", b"\xef\xbb\xbf{}"])
def test_nothing_is_an_empty_frame(data: bytes) -> None:
    assert read_frame(data) == Frame([], None, [])


def test_a_byte_order_mark_and_the_lines_of_a_pretty_text_are_read_over() -> None:
    data = b"\xef\xbb\xbf" + json.dumps([CHANGE], indent=2).encode()
    assert read_frame(data) == Frame([READ], None, [])


def test_a_value_that_is_a_whole_current_value_is_handed_on() -> None:
    assert frame([{"elementId": "a", "value": GOOD}]).updates[0].value == GOOD


def test_null_is_left_out() -> None:
    nulls = {"elementId": "a", "value": None, "quality": None, "timestamp": None}
    assert frame([nulls]) == Frame([i3x.ValueChange("a")], None, [])


@pytest.mark.parametrize(
    "more", [{"vendor": 1}, {"updates": []}, {"updates": [CHANGE]}, {"sequenceNumber": 5}]
)
def test_an_update_with_more_fields_is_no_batch(more: dict[str, Any]) -> None:
    assert frame([{**CHANGE, **more}]).updates == [READ]
    assert frame({**CHANGE, **more}).updates == [READ]


@pytest.mark.parametrize("more", [{"vendor": 1}, {"elementId": "x"}, {"elementId": None}, {"value": 1}])
def test_a_batch_with_more_fields_is_no_update(more: dict[str, Any]) -> None:
    batch = {"sequenceNumber": 5, "updates": [CHANGE], **more}
    assert frame([batch]) == frame(batch) == Frame([READ], 5, [])


def test_a_value_that_looks_like_a_batch_is_a_value() -> None:
    value = {"sequenceNumber": 5, "updates": [CHANGE]}
    assert frame([{"elementId": "a", "value": value}]) == Frame([i3x.ValueChange("a", value)], None, [])


# --- what can't be read -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"ping", "`$` is no valid JSON"),
        (b"5", "Expected `object`, got `int` - at `$`"),
        (b"null", "Expected `object`, got `null` - at `$`"),
        (b'{"success": false}', "missing required field `elementId` - at `$`"),
        (b'[{"elementId": "a"}', "`$` is no valid JSON"),
        (b'{"updates": 5, "sequenceNumber": 1}', "missing required field `elementId` - at `$`"),
        (b'{"updates": {"result": [{"elementId": "a"}, NaN]}}', "`$` holds NaN"),
        (b'{"updates": NaN, "sequenceNumber": 1}', "`$` holds NaN"),
        (b"[" * 100_000, "`$` is nested too deep"),
        (json.dumps([CHANGE]).encode("utf-16"), "`$` is no valid"),
    ],
)
def test_what_is_no_update_is_one_error(data: bytes, message: str) -> None:
    found = read_frame(data)
    (error,) = found.errors
    assert (found.updates, found.sequence_number) == ([], None)
    assert isinstance(error, i3x.InvalidServerResponseError)
    assert (error.operation, error.element_id) == ("streamSubscription", None)
    assert message in str(error)


@pytest.mark.parametrize("update", [None, 5, "text", [], {}, {"elementId": 5}, [CHANGE], {"value": 1}])
def test_an_update_without_an_element_is_named_by_its_path(update: Any) -> None:
    found = frame([CHANGE, update])
    assert found.updates == [READ]
    assert [error.element_id for error in found.errors] == [None]
    assert "`$[1]" in str(found.errors[0])


def test_a_malformed_update_loses_itself_alone() -> None:
    wrong = {"elementId": "b", "quality": 5}
    found = frame([{"sequenceNumber": 1, "updates": [CHANGE, wrong]}, wrong, CHANGE])
    assert (found.updates, found.sequence_number) == ([READ, READ], 1)
    assert [error.element_id for error in found.errors] == ["b", "b"]
    assert "element 'b'" in str(found.errors[0])
    assert "at `$[0].updates[1].quality`" in str(found.errors[0])
    assert "at `$[1].quality`" in str(found.errors[1])


@pytest.mark.parametrize(("value", "message"), [pytest.param(*rest, id=name) for name, *rest in UNREADABLE])
@pytest.mark.parametrize(
    ("form", "path"),
    [
        (b"[%b, %b, %b]", "$[1]"),
        (b' [{"sequenceNumber": 7, "updates": [%b, %b, %b]}]', "$[0].updates[1]"),
        (b'{ "vendor": "a,b:{[", "updates": [%b, %b, %b] , "sequenceNumber": 7}', "$.updates[1]"),
        (b'[%b, {"updates": [%b], "sequenceNumber": 7}, %b]', "$[1].updates[0]"),
    ],
)
def test_an_update_that_is_no_json_loses_itself_alone(
    form: bytes, path: str, value: bytes, message: str
) -> None:
    good = json.dumps(CHANGE).encode()
    found = read_frame(form % (good, raw_update("b", value), good))
    (error,) = found.errors
    assert found.updates == [READ, READ]
    assert found.sequence_number == (7 if b"sequenceNumber" in form else None)
    assert error.element_id == "b"
    assert f"`{path}` " in str(error)
    assert message in str(error)


@pytest.mark.parametrize(("value", "message"), [pytest.param(*rest, id=name) for name, *rest in UNREADABLE])
def test_a_bare_update_that_is_no_json_is_one_error(value: bytes, message: str) -> None:
    found = read_frame(raw_update("b", value))
    assert found.updates == []
    assert [(error.element_id, message in str(error)) for error in found.errors] == [("b", True)]


@pytest.mark.parametrize(
    "form", [b"[%b] and more", b"[%b,]", b'{"updates":[%b],"sequenceNumber":NaN}', b'{"updates":[%b] more}']
)
def test_what_is_broken_around_good_updates_is_told(form: bytes) -> None:
    found = read_frame(form % json.dumps(CHANGE).encode())
    assert (found.updates, found.sequence_number, len(found.errors)) == ([READ], None, 1)


# --- properties ---------------------------------------------------------------------------------------------


@given(data=st.binary(max_size=60) | st.lists(st.sampled_from(
    [b"[", b"]", b"{", b"}", b",", b":", b'"', b'"updates"', b'"elementId"', b'"sequenceNumber"', b'"a"', b"1", b"NaN",
     b"\\", b"\xff", b" ", b"null", b'"\\ud800"', b'{"updates":[', b'{"elementId":"a"}', b'"sequenceNumber":'],
), max_size=30).map(b"".join))  # fmt: skip
def test_no_bytes_at_all_raise(data: bytes) -> None:
    found = read_frame(data)
    assert all(isinstance(update, i3x.ValueChange) for update in found.updates)
    assert all(isinstance(error, i3x.InvalidServerResponseError) for error in found.errors)


@given(content=json_values)
def test_no_json_at_all_raises(content: Any) -> None:
    frame(content)


good_updates = st.tuples(ids, json_values).map(
    lambda made: (i3x.ValueChange(*made), json.dumps({"elementId": made[0], "value": made[1]}).encode())
)
bad_updates = st.sampled_from(
    [(None, raw_update("b", value)) for _, value, _ in UNREADABLE]
    + [(None, text) for text in (b"null", b"5", b"{}", b'{"elementId":5}', b'{"elementId":"a","quality":[]}')]
)
mixtures = st.lists(st.lists(good_updates | bad_updates, min_size=1, max_size=5), min_size=1, max_size=4)


@given(runs=mixtures, batched=st.lists(st.booleans(), min_size=4, max_size=4))
def test_every_good_update_arrives_in_order_and_every_bad_one_is_an_error(
    runs: list[list[tuple[i3x.ValueChange | None, bytes]]], batched: list[bool]
) -> None:
    texts = []
    for number, (run, as_batch) in enumerate(zip(runs, batched, strict=False)):
        text = b",".join(text for _, text in run)
        texts.append(b'{"sequenceNumber":%d,"updates":[%b]}' % (number, text) if as_batch else text)
    found = read_frame(b"[%b]" % b",".join(texts))
    entries = [update for run in runs for update, _ in run]
    assert found.updates == [update for update in entries if update is not None]
    assert len(found.errors) == entries.count(None)
    numbers = [number for number, as_batch in enumerate(batched[: len(runs)]) if as_batch]
    assert found.sequence_number == max(numbers, default=None)


@given(made=st.lists(good_updates, max_size=5))
def test_the_fast_and_the_patient_reading_agree(made: list[tuple[i3x.ValueChange, bytes]]) -> None:
    for data in (b"[%b]" % b",".join(text for _, text in made), *(text for _, text in made)):
        assert read_frame(data) == updates._read_frame_patiently(data)


# --- what sync shares with it -------------------------------------------------------------------------------


@given(
    datas=st.lists(
        st.sampled_from(
            [
                json.dumps([CHANGE, CHANGE]).encode(),
                json.dumps(CHANGE).encode(),
                json.dumps({"sequenceNumber": 7, "updates": [CHANGE]}).encode(),
                b"[]",
                b"{}",
                b"",
                b"[1]",
                b"[" + json.dumps(CHANGE).encode(),
                json.dumps(CHANGE).encode() + b"]",
                b'[{"elementId": "a", "value": "x',
                b'y"}]',
            ]
        ),
        max_size=6,
    )
)
def test_events_that_came_together_hold_what_each_of_them_holds(datas: list[bytes]) -> None:
    together, apart = read_frames(datas), list(map(read_frame, datas))
    assert together.updates == [update for frame in apart for update in frame.updates]
    assert list(map(str, together.errors)) == [str(error) for frame in apart for error in frame.errors]
    numbers = [frame.sequence_number for frame in apart if frame.sequence_number is not None]
    assert together.sequence_number == max(numbers, default=None)


def test_an_update_with_a_number_is_no_batch_without_updates() -> None:
    assert read(SYNC, success([{**CHANGE, "sequenceNumber": 5}])) == [i3x.SyncBatch(None, [READ])]


@pytest.mark.parametrize(("value", "message"), [pytest.param(*rest, id=name) for name, *rest in UNREADABLE])
def test_an_update_of_a_sync_that_is_no_json_loses_itself_alone(value: bytes, message: str) -> None:
    good = json.dumps(CHANGE).encode()
    batch = b'{"sequenceNumber":7,"updates":[%b,%b]}' % (raw_update("b", value), good)
    result = read(SYNC, b'{"success":true,"result":[%b,{"sequenceNumber":8,"updates":[]}]}' % batch, 206)
    assert result == [i3x.SyncBatch(7, [READ]), i3x.SyncBatch(8, [])]
    assert list(result.errors) == ["b"]
    assert "`$.result[0].updates[0]` " in str(result.errors["b"])
    assert message in str(result.errors["b"])
    assert result.partial is not None


def test_a_sync_that_is_broken_around_its_batches_is_an_error() -> None:
    for body in (raw_bulk(json.dumps(CHANGE).encode())[:-1], b'{"result":[],"vendor":NaN}', b"<html>"):
        with pytest.raises(i3x.InvalidServerResponseError):
            read(SYNC, body)


def test_a_redirection_is_no_list_of_updates_whatever_it_holds() -> None:
    with pytest.raises(i3x.InvalidServerResponseError, match="redirection"):
        read(SYNC, b'[{"elementId":"a"},NaN]', 302)
