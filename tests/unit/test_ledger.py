"""The account of a delivery: what history has of a gap, between what was delivered and what is to be."""

from datetime import UTC, datetime, timedelta

from i3x.delivery.ledger import Ledger
from i3x.models import ValueChange

START = datetime(2026, 1, 31, 8, tzinfo=UTC)
ITEMS = {"a": 1, "b": 1}


def change(element_id: str, second: int, value: object = 1) -> ValueChange:
    return ValueChange(element_id, value, "Good", f"2026-01-31T08:00:{second:02d}Z", True)


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def closed(ledger: Ledger, found: list[ValueChange], fetched: list[ValueChange]) -> list[ValueChange]:
    assert ledger.gap is not None
    return ledger.close_gap(ledger.gap, at(30), found, fetched)


def test_a_gap_begins_at_the_horizon_and_what_is_lost_meanwhile_belongs_to_it() -> None:
    ledger = Ledger(START)
    ledger.horizon = at(5)
    ledger.open_gap("reconnect", ITEMS, is_certain=False)
    ledger.horizon = at(9)
    ledger.open_gap("overflow", {}, 7)
    assert ledger.gap is not None
    assert (ledger.gap.start, ledger.gap.reason, ledger.gap.missed) == (at(5), "reconnect", None)
    assert not ledger.gap.is_certain


def test_a_gap_in_which_the_subscription_is_gone_is_certain() -> None:
    ledger = Ledger(START)
    ledger.open_gap("silence", ITEMS, is_certain=False)
    ledger.open_gap("expired", ITEMS)
    assert ledger.gap is not None
    assert (ledger.gap.reason, ledger.gap.is_certain) == ("expired", True)


def test_what_history_has_is_delivered_where_it_fits_between_what_was_and_what_is_to_be() -> None:
    ledger = Ledger(START)
    before, after = change("a", 4), change("a", 9)
    assert ledger.new_ones([before]) == [before]
    ledger.open_gap("reconnect", ITEMS)
    found = [change("a", 3), before, change("a", 6), change("b", 7), after, change("a", 11)]
    assert closed(ledger, found, [after]) == [change("a", 6), change("b", 7)]
    assert ledger.gap is None
    assert ledger.horizon == at(30)


def test_a_value_that_was_read_before_is_left_out_if_it_comes_first() -> None:
    ledger = Ledger(START)
    ledger.begin_with([change("a", 1), change("b", 1)])
    changes = [change("a", 1), change("b", 2), change("b", 1)]
    assert ledger.new_ones(changes) == changes[1:]
