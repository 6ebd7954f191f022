"""What a delivery remembers of the updates it has delivered."""

from i3x.delivery import repeats
from i3x.delivery.repeats import Repeats
from i3x.models import ValueChange


def changes(first: int, last: int) -> list[ValueChange]:
    return [ValueChange(f"sensor-{n}", n, "Good", f"2026-01-31T08:00:00.{n:06}Z") for n in range(first, last)]


def test_exact_repeats_are_dropped_once_they_are_expected() -> None:
    remembered = Repeats()
    assert remembered.new_ones(changes(0, 5)) == changes(0, 5)
    remembered.expect()
    assert remembered.new_ones(changes(3, 8)) == changes(5, 8)


def test_the_last_update_of_every_element_is_known_however_many_there_are() -> None:
    remembered = Repeats()
    many = 3 * repeats._REMEMBERED
    remembered.new_ones(changes(0, many))
    remembered.expect()
    assert len(remembered.latest()) == many
    assert len(remembered._known) <= repeats._REMEMBERED


def test_the_updates_that_are_remembered_are_shared_out() -> None:
    alone = Repeats()._share
    others = [Repeats() for _ in range(repeats._REMEMBERED)]
    assert others[0]._share == repeats._LEAST < alone
