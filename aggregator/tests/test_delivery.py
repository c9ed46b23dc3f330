"""Claims, durability and acks of one node."""

from hypothesis import given
from hypothesis import strategies as st

from lamppost.aggregator.delivery.batches import MAX_EPOCHS, Delivery
from lamppost.wire.delivery import Header


def test_only_durable_batches_are_acked() -> None:
    """A claimed batch is a duplicate when it comes again, and is acked only when durable."""
    delivery = Delivery()
    assert delivery.ack() is None
    assert not delivery.seen(Header(1, 1, 1))
    delivery.claim(1, 1)
    assert delivery.seen(Header(1, 1, 1))
    ack = delivery.ack()
    assert ack is not None
    assert not ack.covers(1)
    delivery.durable(1, 1)
    ack = delivery.ack()
    assert ack is not None
    assert ack.covers(1)


def test_forgotten_batches_are_welcome_again() -> None:
    """A batch whose frame was dropped is as if it had never come."""
    delivery = Delivery()
    delivery.seen(Header(1, 1, 1))
    delivery.claim(1, 1)
    delivery.forget(1, 1)
    assert not delivery.seen(Header(1, 1, 1))


def test_eviction_closes_holes() -> None:
    """What the node no longer holds will never come, so the ack goes beyond it."""
    delivery = Delivery()
    delivery.seen(Header(1, 9, 8))
    delivery.claim(1, 9)
    delivery.durable(1, 9)
    ack = delivery.ack()
    assert ack is not None
    assert (ack.upto, ack.ranges) == (7, ((9, 9),))


def test_a_new_buffer_counts_anew() -> None:
    """Batch 1 of a new epoch is not batch 1 of the old one; old epochs are bounded."""
    delivery = Delivery()
    for epoch in range(1, 2 * MAX_EPOCHS):
        assert not delivery.seen(Header(epoch, 1, 1))
        delivery.claim(epoch, 1)
        delivery.durable(epoch, 1)
    assert delivery.epoch == 2 * MAX_EPOCHS - 1
    assert not delivery.knows(1)
    assert len(delivery.state()["received"]) == MAX_EPOCHS


@given(st.lists(st.integers(1, 60), max_size=80))
def test_state_comes_back(batches: list[int]) -> None:
    """Whatever came, a restored delivery acks and knows the same."""
    delivery = Delivery()
    for batch in batches:
        delivery.seen(Header(5, batch, 1))
        delivery.durable(5, batch)
    again = Delivery.from_state(delivery.state())
    assert again.ack() == delivery.ack()
    assert all(again.seen(Header(5, batch, 1)) for batch in batches)
