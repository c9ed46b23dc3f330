"""Following a node's sequence numbers."""

from lamppost.aggregator.nodes.sequence import SequenceWatch

TIMEOUT_MS = 1000


def watch(*numbers: int, now_ms: int = 0) -> SequenceWatch:
    """A watch after a birth with 0 and these messages."""
    one = SequenceWatch()
    one.birth(0)
    for number in numbers:
        one.message(number, now_ms, TIMEOUT_MS)
    return one


def test_a_whole_round_is_no_gap() -> None:
    """255 is followed by 0."""
    one = watch(*range(1, 256), 0, 1)
    assert not one.waiting
    assert not one.expired(10_000)


def test_a_gap_is_told_once_and_late() -> None:
    """A missing message may still come; only after the timeout is it a gap."""
    one = watch(1, 3)
    assert one.waiting
    assert not one.expired(TIMEOUT_MS - 1)
    assert one.expired(TIMEOUT_MS)
    assert not one.expired(TIMEOUT_MS + 1)
    assert one.gaps == 1


def test_reordered_messages_are_no_gap() -> None:
    """What comes late within the timeout closes the gap."""
    one = watch(1, 4, 2, 3, 5)
    assert not one.waiting
    assert not one.expired(TIMEOUT_MS)


def test_a_birth_ends_all_waiting() -> None:
    """After a birth the counting starts where the birth says."""
    one = watch(1, 5)
    one.birth(200)
    one.message(201, 0, TIMEOUT_MS)
    assert not one.waiting


def test_a_far_jump_needs_no_patience() -> None:
    """Nothing is reordered by a hundred messages: the stretch is lost at once."""
    one = watch(1, 120)
    assert one.expired(0)


def test_unseen_messages_are_not_held_against_a_node() -> None:
    """After an interruption of ours the next message says where the counter is."""
    one = watch(1)
    one.forget()
    one.message(77, 0, TIMEOUT_MS)
    one.message(78, 0, TIMEOUT_MS)
    assert not one.waiting
