"""What `lamppost tail` holds back until it can be named."""

from lamppost.aggregator.tail.held import Held

ONE, OTHER = ("spBv1.0/g/DDATA/one/d", b"1"), ("spBv1.0/g/DDATA/other/d", b"2")


def test_messages_wait_for_their_birth() -> None:
    """A message leaves once, when its birth has come; the others stay, in order."""
    held = Held(clock=lambda: 0.0)
    assert all(held.keep(message) for message in (ONE, OTHER, ONE))
    assert held.ready(lambda _: False) == []
    assert held.ready(lambda topic: "one" in topic) == [ONE, ONE]
    assert held.ready(lambda _: True) == [OTHER]
    assert held.ready(lambda _: True) == []


def test_nothing_waits_for_ever_and_nothing_grows() -> None:
    """After the hold a message is shown as it is; beyond the bound at once."""
    now = [0.0]
    held = Held(limit=1, hold_s=3.0, clock=lambda: now[0])
    assert held.keep(ONE)
    assert not held.keep(OTHER)
    now[0] = 3.0
    assert held.ready(lambda _: False) == [ONE]
