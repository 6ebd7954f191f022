"""Answers to sync."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import i3x
from i3x import operations as op
from tests.unit.support import GOOD, json_values, read, success

CALL = op.sync_subscription("c", "s", None)
CHANGE = {"elementId": "a", **GOOD}
READ = i3x.ValueChange("a", 1, "Good", "2026-01-31T08:00:00Z")


def test_batches_are_read_in_order() -> None:
    result = read(CALL, success([{"sequenceNumber": n, "updates": [CHANGE]} for n in (1, 2)]))
    assert result == [i3x.SyncBatch(1, [READ]), i3x.SyncBatch(2, [READ])]
    assert (result.errors, result.partial) == ({}, None)


def test_no_updates_are_an_empty_list() -> None:
    assert read(CALL, success([])) == []


def test_a_sequence_number_has_64_bits() -> None:
    assert read(CALL, success([{"sequenceNumber": 2**64 - 1, "updates": []}]))[0].sequence_number == 2**64 - 1


def test_a_206_says_that_updates_were_dropped() -> None:
    detail = {"title": "Partial", "status": 206, "detail": "the queue was full"}
    result = read(CALL, success([{"sequenceNumber": 7, "updates": [CHANGE]}], responseDetail=detail), 206)
    assert result.partial == i3x.ResponseDetail("Partial", 206, "the queue was full")


def test_updates_without_batches_are_one_batch_without_a_number() -> None:
    assert read(CALL, success([CHANGE, CHANGE])) == [i3x.SyncBatch(None, [READ, READ])]


def test_a_bare_list_of_updates_is_read() -> None:
    assert read(CALL, [CHANGE]) == [i3x.SyncBatch(None, [READ])]


def test_a_value_that_is_a_whole_current_value_is_handed_on() -> None:
    result = read(CALL, success([{"sequenceNumber": 1, "updates": [{"elementId": "a", "value": GOOD}]}]))
    assert result[0].updates[0].value == GOOD


def test_a_malformed_update_loses_itself_alone() -> None:
    batches = [
        {"sequenceNumber": 1, "updates": [CHANGE, {"elementId": "b", "quality": 5}]},
        {"sequenceNumber": 2, "updates": [CHANGE]},
    ]
    result = read(CALL, success(batches))
    assert result == [i3x.SyncBatch(1, [READ]), i3x.SyncBatch(2, [READ])]
    assert "at `$.result[0].updates[1].quality`" in str(result.errors["b"])
    assert result.errors["b"].operation == "syncSubscription"


@pytest.mark.parametrize("update", [None, 5, "text", [], {}, {"elementId": 5}])
def test_an_update_without_an_element_is_named_by_its_path(update: Any) -> None:
    result = read(CALL, success([{"sequenceNumber": 1, "updates": [update, CHANGE]}]))
    assert result == [i3x.SyncBatch(1, [READ])]
    assert list(result.errors) == ["$.result[0].updates[0]"]


@pytest.mark.parametrize("number", ["5", True, 5.5, [], {}])
def test_a_batch_with_a_number_that_is_none_has_no_number(number: Any) -> None:
    assert read(CALL, success([{"sequenceNumber": number, "updates": [CHANGE]}])) == [
        i3x.SyncBatch(None, [READ])
    ]


def test_a_subscription_that_is_gone_is_not_found() -> None:
    for status in (404, 410):
        with pytest.raises(i3x.NotFoundError, match=r"subscription 's'.*create a new subscription"):
            read(CALL, b"", status)


def test_an_answer_that_is_no_list_is_an_error() -> None:
    with pytest.raises(i3x.InvalidServerResponseError):
        read(CALL, success({"a": 1}))


@given(
    batches=st.lists(
        st.tuples(st.integers(0, 2**64 - 1), st.lists(st.none() | json_values, max_size=4)), max_size=4
    )
)
def test_every_good_update_arrives_whatever_stands_beside_it(batches: list[tuple[int, list[Any]]]) -> None:
    good = [{"sequenceNumber": number, "updates": [*others, CHANGE]} for number, others in batches]
    result = read(CALL, success(good))
    assert [batch.sequence_number for batch in result] == [number for number, _ in batches]
    assert all(batch.updates[-1] == READ for batch in result)
