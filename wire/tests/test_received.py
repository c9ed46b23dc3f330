import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from lamppost.wire.ack import MAX_RANGES, Ack
from lamppost.wire.header import DeliveryError
from lamppost.wire.received import MAX_HELD_RANGES, Received

HIGHEST = 60


class AgainstASet(RuleBasedStateMachine):
    """`Received` beside a plain set of numbers that does the same."""

    def __init__(self) -> None:
        super().__init__()
        self.received = Received(epoch=9)
        self.model = {0}

    @rule(batch=st.integers(0, HIGHEST))
    def add(self, batch: int) -> None:
        """Add a batch to both; both know alike whether it is new."""
        assert self.received.add(batch) is (batch not in self.model)
        self.model.add(batch)

    @rule(oldest=st.integers(1, HIGHEST))
    def raise_floor(self, oldest: int) -> None:
        """Close the holes below in both."""
        self.received.raise_floor(oldest)
        self.model.update(range(oldest))

    @rule()
    def restart(self) -> None:
        """Go through a checkpoint."""
        self.received = Received.from_state(json.loads(json.dumps(self.received.state())))

    @invariant()
    def they_hold_the_same(self) -> None:
        """Every number is seen in both or in neither."""
        seen = {batch for batch in range(HIGHEST + 2) if self.received.seen(batch)}
        assert seen == self.model

    @invariant()
    def the_acknowledgement_is_the_shortest_that_says_it(self) -> None:
        """The cumulative number reaches to the first hole, and ranges never touch."""
        ack = self.received.ack()
        first_hole = min(set(range(HIGHEST + 3)) - self.model)
        assert ack.epoch == 9
        assert ack.upto == first_hole - 1
        starts = sorted(n for n in self.model if n > first_hole and n - 1 not in self.model)
        ends = sorted(n for n in self.model if n > first_hole and n + 1 not in self.model)
        assert ack.ranges == tuple(zip(starts, ends, strict=True))


TestAgainstASet = AgainstASet.TestCase


@given(st.permutations(range(1, 40)))
def test_any_order_ends_in_one_number(order: list[int]) -> None:
    """Whatever the order of arrival, without holes nothing is left but the number."""
    received = Received(1)
    assert all(received.add(batch) for batch in order)
    assert received.ack() == Ack(1, 39)


def test_ranges_are_bounded_and_what_is_not_remembered_is_not_seen() -> None:
    """At the bound a batch that needs a new range is refused, one beside a range is not."""
    received = Received(1)
    for batch in range(2, 2 + 2 * MAX_HELD_RANGES, 2):
        assert received.add(batch)
    beyond = 4 * MAX_HELD_RANGES
    assert not received.add(beyond)
    assert not received.seen(beyond)
    assert received.add(3)
    assert received.add(beyond)
    assert len(received.state()["ranges"]) == MAX_HELD_RANGES


def test_an_acknowledgement_names_the_lowest_ranges() -> None:
    """Of more ranges than an acknowledgement may name, those that unblock the node come."""
    received = Received(1)
    for batch in range(2, 2 + 4 * MAX_RANGES, 2):
        received.add(batch)
    ranges = received.ack().ranges
    assert len(ranges) == MAX_RANGES
    assert ranges[0] == (2, 2)
    assert Ack.parse(received.ack().text) == received.ack()


def test_a_floor_never_falls() -> None:
    """A late message with an older floor takes nothing back."""
    received = Received(1)
    received.raise_floor(50)
    received.raise_floor(10)
    assert received.ack() == Ack(1, 49)


def test_it_may_begin_anywhere() -> None:
    """A node that is met in the middle of its epoch begins at its floor."""
    received = Received(1, upto=7)
    assert received.seen(7)
    assert received.add(8)
    assert received.ack() == Ack(1, 8)
    assert repr(received) == "Received({'epoch': 1, 'upto': 8, 'ranges': []})"


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"epoch": 1, "upto": 0},
        {"epoch": 1, "upto": "x", "ranges": []},
        {"epoch": 1, "upto": 5, "ranges": [[6, 7]]},
        {"epoch": 1, "upto": 5, "ranges": [[9, 8]]},
        {"epoch": 1, "upto": 5, "ranges": [[8, 9], [10, 11]]},
        {"epoch": 1, "upto": 5, "ranges": [[8]]},
        {"epoch": 1, "upto": 5, "ranges": 3},
        {
            "epoch": 1,
            "upto": 0,
            "ranges": [[n, n] for n in range(2, 2 * MAX_HELD_RANGES + 4, 2)],
        },
    ],
    ids=lambda state: str(state)[:40],
)
def test_a_broken_checkpoint_is_refused(state: dict[str, Any]) -> None:
    """A state that `state` did not write is a DeliveryError, not a wrong set."""
    with pytest.raises(DeliveryError, match="came"):
        Received.from_state(state)
