"""The cap on notifications."""

import json

from lamppost.aggregator.alarms.notify import HOUR_MS, Budget

from .samples_events import PUMP, at

OTHER = ("riverside", "lights-1", "cabinet-1")


def test_an_asset_has_its_share() -> None:
    """One asset cannot use up what is for all."""
    budget = Budget(per_asset=2, total=100)
    assert [budget.ask(PUMP, at(n), urgent=True) for n in range(4)] == [
        True,
        True,
        False,
        False,
    ]
    assert budget.ask(OTHER, at(5), urgent=True)
    assert (budget.capped, budget.capped_lately(at(6))) == (2, 2)


def test_the_last_quarter_is_for_what_is_urgent() -> None:
    """A storm of broken sensors does not silence a leak."""
    budget = Budget(per_asset=100, total=8)
    assert [budget.ask(OTHER, at(n), urgent=False) for n in range(8)] == [True] * 6 + [
        False
    ] * 2
    assert [budget.ask(PUMP, at(9), urgent=True) for _ in range(3)] == [True, True, False]


def test_an_hour_later_there_is_room_again() -> None:
    """Any hour, not the hour on the clock."""
    budget = Budget(per_asset=1, total=10)
    assert budget.ask(PUMP, at(0), urgent=True)
    assert not budget.ask(PUMP, at(0) + HOUR_MS - 1, urgent=True)
    assert budget.ask(PUMP, at(0) + HOUR_MS, urgent=True)
    assert budget.capped_lately(at(0) + 2 * HOUR_MS) == 0
    assert budget.capped == 1


def test_a_restart_forgets_nothing() -> None:
    """State is JSON-ready."""
    budget, again = Budget(2, 3), Budget(2, 3)
    for n in range(5):
        budget.ask(PUMP, at(n), urgent=n % 2 == 0)
    again.restore(json.loads(json.dumps(budget.state())))
    assert again.state() == budget.state()
    assert not again.ask(PUMP, at(6), urgent=True)
