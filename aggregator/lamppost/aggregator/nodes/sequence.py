"""The `seq` of one node's messages: gaps, and how long a missing one may still come."""

MODULUS = 256
MAX_MISSING = 64
"""A jump further than this is a lost stretch at once; nothing is that much reordered."""


class SequenceWatch:
    """Follows one counter shared by a node and all its devices."""

    def __init__(self) -> None:
        self.gaps = 0
        self._expected: int | None = None
        self._missing: set[int] = set()
        self._deadline_ms = 0

    def birth(self, seq: int) -> None:
        """An NBIRTH came: its number is where the counting starts."""
        self._expected = (seq + 1) % MODULUS
        self._missing.clear()

    def forget(self) -> None:
        """Messages may have passed unseen; the next one says where the counter is."""
        self._expected = None
        self._missing.clear()

    def message(self, seq: int, now_ms: int, reorder_timeout_ms: int) -> None:
        """A message with that number came."""
        if seq == self._expected:
            self._expected = (seq + 1) % MODULUS
            return
        if self._expected is None or seq in self._missing:
            self._missing.discard(seq)
            self._expected = (seq + 1) % MODULUS if self._expected is None else self._expected
            return
        ahead = (seq - self._expected) % MODULUS
        if not self._missing:
            self._deadline_ms = now_ms + reorder_timeout_ms
        if ahead <= MAX_MISSING:
            self._missing.update((self._expected + i) % MODULUS for i in range(ahead))
        else:
            self._missing.add(self._expected)
            self._deadline_ms = now_ms
        self._expected = (seq + 1) % MODULUS

    def expired(self, now_ms: int) -> bool:
        """True once per gap whose missing messages did not come in time."""
        if not self._missing or now_ms < self._deadline_ms:
            return False
        self._missing.clear()
        self.gaps += 1
        return True

    @property
    def waiting(self) -> bool:
        """Whether something is missing and may still come."""
        return bool(self._missing)
