"""The inbox between the network thread and the pipeline."""

import threading

from lamppost.aggregator.ingest.inbox import CONNECTED, OVERHEAD_BYTES, Inbox

ROOM_FOR_TWO = 2 * (OVERHEAD_BYTES + 10)


def test_order_is_kept_and_batches_are_bounded() -> None:
    """Messages come out as they went in, notes between them, no more than asked for."""
    inbox = Inbox(1 << 20)
    inbox.put("a", b"1", 1)
    inbox.note(CONNECTED, 2)
    inbox.put("b", b"2", 3)
    assert [item.topic for item in inbox.take(2, 0.0)] == ["a", CONNECTED]
    assert [item.topic for item in inbox.take(2, 0.0)] == ["b"]
    assert inbox.take(2, 0.0) == []


def test_full_inbox_drops_and_counts() -> None:
    """Beyond its bytes it drops, says so, and takes again when there is room."""
    inbox = Inbox(ROOM_FOR_TWO, patience_s=0.01)
    assert inbox.put("a", b"0123456789", 1)
    assert inbox.put("b", b"0123456789", 2)
    assert not inbox.put("c", b"0123456789", 3)
    assert not inbox.put("d", b"0123456789", 4)
    assert inbox.dropped == 2
    assert [item.topic for item in inbox.take(10, 0.0)] == ["a", "b"]
    assert inbox.put("e", b"0123456789", 5)


def test_a_full_inbox_waits_for_room() -> None:
    """The network thread is held back as long as the pipeline makes room in time."""
    inbox = Inbox(ROOM_FOR_TWO, patience_s=20.0)
    inbox.put("a", b"0123456789", 1)
    inbox.put("b", b"0123456789", 2)
    done: list[bool] = []
    writer = threading.Thread(target=lambda: done.append(inbox.put("c", b"0123456789", 3)))
    writer.start()
    assert len(inbox.take(1, 1.0)) == 1
    writer.join(10)
    assert done == [True]
    assert inbox.dropped == 0
    assert [item.topic for item in inbox.take(10, 1.0)] == ["b", "c"]


def test_a_waiting_reader_is_woken() -> None:
    """A message ends the wait at once, not after the whole timeout."""
    inbox = Inbox(1 << 20)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.extend(i.topic for i in inbox.take(5, 30.0)))
    reader.start()
    inbox.put("a", b"", 1)
    reader.join(10)
    assert got == ["a"]


def test_notes_are_never_dropped() -> None:
    """That the connection was lost is known however full the inbox is."""
    inbox = Inbox(ROOM_FOR_TWO, patience_s=0.0)
    for number in range(5):
        inbox.put("a", b"0123456789", number)
    inbox.note(CONNECTED, 9)
    assert inbox.take(10, 0.0)[-1].topic == CONNECTED
