"""The inbox between paho's thread and the pipeline: raw messages, in order, bounded in bytes.

The network thread does nothing but `put`. When the inbox is full it waits a moment, which
lets TCP slow the broker down; when that does not help, messages are dropped and counted until
there is room again. Nodes that take part in the acknowledged delivery send them again.
"""

import threading
from collections import deque
from typing import NamedTuple

OVERHEAD_BYTES = 200
"""What one queued message costs beside its payload, roughly."""

PATIENCE_S = 1.0
"""Longest wait for room; well under a keep-alive, for the network thread also pings."""

CONNECTED = "\0connected"
LOST = "\0lost"
"""Topics of the two notes the host session puts between messages; NUL is never in a topic."""


class Arrival(NamedTuple):
    """One message as it came."""

    topic: str
    payload: bytes
    arrival_ns: int


class Inbox:
    """Messages waiting for the pipeline; any thread puts, one thread takes."""

    def __init__(self, max_bytes: int, patience_s: float = PATIENCE_S) -> None:
        self.max_bytes = max_bytes
        self.dropped = 0
        self._patience_s = patience_s
        self._items: deque[Arrival] = deque()
        self._bytes = 0
        self._wake_at = max_bytes
        self._full = False
        lock = threading.Lock()
        self._filled = threading.Condition(lock)
        self._room = threading.Condition(lock)

    def __len__(self) -> int:
        return len(self._items)

    def put(self, topic: str, payload: bytes, arrival_ns: int) -> bool:
        """Queue one message; False when it was dropped for want of room."""
        size = len(payload) + OVERHEAD_BYTES
        with self._filled:
            if self._bytes + size > self.max_bytes and not self._wait_for_room(size):
                self.dropped += 1
                return False
            self._items.append(Arrival(topic, payload, arrival_ns))
            self._bytes += size
            if self._bytes >= self._wake_at:
                self._filled.notify()
        return True

    def note(self, topic: str, arrival_ns: int) -> None:
        """Queue CONNECTED or LOST; these are few and are never dropped."""
        with self._filled:
            self._items.append(Arrival(topic, b"", arrival_ns))
            self._filled.notify()

    def take(
        self, max_items: int, wait_s: float, linger_s: float = 0.0, enough_bytes: int = 1 << 18
    ) -> list[Arrival]:
        """Return what is queued, oldest first, at most `max_items`.

        Waits up to `wait_s` for a first message; when one is there, waits up to `linger_s`
        more for `enough_bytes`, so that a brisk stream is handled in fewer, larger batches.
        """
        with self._filled:
            if not self._items:
                self._await_bytes(1, wait_s)
            if self._items and self._bytes < enough_bytes and linger_s > 0:
                self._await_bytes(min(enough_bytes, self.max_bytes // 2), linger_s)
            if len(self._items) <= max_items:
                batch = list(self._items)
                self._items.clear()
                self._bytes = 0
            else:
                batch = [self._items.popleft() for _ in range(max_items)]
                self._bytes -= sum(len(item.payload) + OVERHEAD_BYTES for item in batch)
                self._bytes = max(0, self._bytes)
            self._full = False
            self._room.notify_all()
        return batch

    def _await_bytes(self, count: int, timeout_s: float) -> None:
        self._wake_at = count
        self._filled.wait(timeout_s)
        self._wake_at = self.max_bytes

    def _wait_for_room(self, size: int) -> bool:
        if self._full:  # waited in vain once: do not stall the network thread for each message
            return False
        fits = self._room.wait_for(
            lambda: self._bytes + size <= self.max_bytes, self._patience_s
        )
        self._full = not fits
        return fits
