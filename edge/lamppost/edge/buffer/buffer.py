"""The buffer: what was read and is not yet known to be durable at the aggregator.

`append` collects in memory, a commit makes batches of it in one fsynced transaction, an ack
deletes them, and at the bound the oldest batches of the lowest priority are evicted. For every
day `taken = acked + evicted + pending` holds after every commit.

A commit has three steps so that the event loop never waits for the disk: `prepare` and
`settle` run where `append` runs, `write` runs in another thread. `commit` does all three.
"""

import sqlite3
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lamppost.edge.buffer import ledger, schema
from lamppost.edge.buffer.aliases import AliasBook
from lamppost.edge.buffer.batchfile import BatchFile, file_bytes
from lamppost.edge.buffer.change import Change, Facts, Outcome
from lamppost.edge.buffer.ledger import Account, Accounts
from lamppost.edge.buffer.rate import ByteRate, autonomy_h
from lamppost.edge.buffer.rows import Batch, Row
from lamppost.edge.buffer.staging import RING_BYTES, Staging
from lamppost.edge.config.model import BufferConfig
from lamppost.wire.delivery import Ack

MAX_WAITING_ACKS: Final = 16
TAIL_BATCHES: Final = 256
"""How many of the newest batches are kept in memory, so that live data is not read back."""

TAIL_BYTES: Final = 1_000_000
READ_BATCHES: Final = 32
RATE_EVERY_S: Final = 60.0
FULL_UNTIL_SHARE: Final = 0.9
"""The buffer counts as full from an eviction until this share of it is in use again."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the last commit failed, in words, and whether the disk is what refused."""

    text: str
    disk_full: bool


def wall_ms() -> int:
    """UTC now, in milliseconds."""
    return time.time_ns() // 1_000_000


def max_bytes_of(plan: BufferConfig) -> int:
    """The configured bound in bytes; a megabyte is a million."""
    return int(plan.max_mb * 1_000_000)


class Buffer:
    """A bounded, durable queue of batches in one SQLite file.

    Args:
        path: the file; it is made when it does not exist, and replaced when it is broken.
        max_bytes: the most the file and its WAL may take.
        ring_bytes: the most that waits in memory while the disk refuses.
        now_ms: wall clock, names new epochs.
        clock: monotonic seconds, for the byte rate.

    Raises:
        sqlite3.Error: the file cannot be opened (the disk is full, the folder read-only).
        FormatError: another release wrote the file.
    """

    def __init__(
        self,
        path: Path,
        max_bytes: int,
        *,
        ring_bytes: int = RING_BYTES,
        now_ms: Callable[[], int] = wall_ms,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = BatchFile(path, max_bytes, now_ms)
        self._staging = Staging(ring_bytes)
        self._clock = clock
        self.book = AliasBook()
        self._acks: list[Ack] = []
        self._broken: set[int] = set()
        self._writing = 0
        self._tail: list[Batch] = []
        self._rate_told_s = clock()
        self.protected: frozenset[int] = frozenset()
        self.moved: Path | None = self._file.moved
        self.moved_reason: str = self._file.reason
        self.trouble: Trouble | None = None
        self.full = False
        facts = self._file.facts()
        self.bdseq = facts.bdseq
        self._rate = ByteRate(clock(), facts.rate)
        self._told_rate = facts.rate
        self._take_over(facts)

    def _take_over(self, facts: Facts) -> None:
        self.epoch, self.sent, self.acked_once = facts.epoch, facts.sent, facts.acked_once
        self.accounts: Accounts = facts.accounts
        self.extent = facts.extent

    def close(self) -> None:
        """Close the file; what was not committed is lost, so commit first."""
        self._file.close()

    def append(self, device: str, priority: int, rows: Iterable[Row]) -> None:
        """Take readings; they are durable after the next commit."""
        self._staging.add(device, priority, rows)

    def ack(self, ack: Ack) -> bool:
        """Note that batches are durable elsewhere; they are deleted at the next commit.

        Returns:
            False when the ack is of another epoch.
        """
        if ack.epoch != self.epoch:
            return False
        if ack not in self._acks:
            self._acks = [*self._acks[-MAX_WAITING_ACKS + 1 :], ack]
        self._tail = [batch for batch in self._tail if not ack.covers(batch.number)]
        return True

    def mark_sent(self, number: int) -> None:
        """Note that a batch went out, so that sending it again is told as a repeat."""
        self.sent = max(self.sent, number)

    def mark_broken(self, number: int) -> None:
        """Give up a batch whose rows are damaged on the disk; it counts as evicted."""
        self._broken.add(number)

    @property
    def dirty(self) -> bool:
        """Whether a commit has anything to do."""
        return bool(self._staging or self._acks or self._broken)

    @property
    def waiting(self) -> int:
        """Readings that are not durable yet: in memory, or on their way to the disk."""
        return self._staging.rows + self._writing

    def prepare(self) -> Change:
        """Take what the next commit will write."""
        drafts, dropped = self._staging.take()
        self._writing = sum(draft.count for draft in drafts)
        size = sum(file_bytes(draft) for draft in drafts)
        now_s = self._clock()
        self._rate.add(size if self.trouble is None else 0, now_s)
        if now_s - self._rate_told_s >= RATE_EVERY_S or not self._told_rate:
            self._rate_told_s, self._told_rate = now_s, round(self._rate.per_s, 1)
        change = Change(
            drafts,
            dropped,
            self._acks,
            frozenset(self._broken),
            self.protected,
            self.sent,
            self._told_rate,
        )
        self._acks, self._broken = [], set()
        return change

    def write(self, change: Change) -> Outcome:
        """Write a change to the disk; the only step that blocks. Raises nothing."""
        outcome = self._file.write(change)
        if outcome.error is not None and schema.is_corrupt(outcome.error):
            try:
                self.moved = self._file.begin_anew(self.bdseq, self.book)
                self.moved_reason = str(outcome.error)
                outcome.anew = self._file.facts()
            except (sqlite3.Error, OSError) as error:
                outcome.error = sqlite3.OperationalError(f"no new buffer file: {error}")
        return outcome

    def settle(self, change: Change, outcome: Outcome) -> None:
        """Take over what a write did; what the disk refused goes back into memory."""
        self._writing = 0
        ledger.add_all(self.accounts, outcome.accounts)
        self.acked_once |= outcome.acked > 0
        self._keep_tail(outcome)
        if outcome.refused or not outcome.settled:
            self._staging.give_back(outcome.refused, {} if outcome.settled else change.dropped)
        if not outcome.settled:
            self._acks = [*change.acks, *self._acks][-MAX_WAITING_ACKS:]
            self._broken |= change.broken
        self._note(outcome)

    def commit(self) -> Outcome:
        """`prepare`, `write` and `settle` in one go."""
        change = self.prepare()
        outcome = self.write(change)
        self.settle(change, outcome)
        return outcome

    def aliases(self, needed: Sequence[tuple[str, str, int]]) -> AliasBook:
        """The numbers of all metrics; `needed` is device, metric and type of those in use."""
        self.book = self._file.aliases(needed)
        return self.book

    def next_bdseq(self) -> int:
        """The number of the next session, durable before it is used. Blocks on the disk."""
        try:
            self.bdseq = self._file.next_bdseq()
        except sqlite3.Error:
            self.bdseq = (self.bdseq + 1) % 256
        return self.bdseq

    def tail_after(self, number: int) -> Batch | None:
        """The batch after that number, when the newest batches in memory tell for sure."""
        if not self._tail or number + 1 < self._tail[0].number:
            return None
        at = bisect_right(self._tail, number, key=lambda batch: batch.number)
        return self._tail[at] if at < len(self._tail) else None

    def read_after(self, number: int, limit: int = READ_BATCHES) -> list[Batch]:
        """The batches after that number, oldest first, from the disk. Blocks on it."""
        return self._file.read_after(number, limit)

    def read(self, number: int) -> Batch | None:
        """One batch from the disk, or None when it is gone. Blocks on the disk."""
        return self._file.read(number)

    @property
    def total(self) -> Account:
        """The account over all days."""
        return ledger.total(self.accounts.values())

    @property
    def autonomy_h(self) -> float | None:
        """How long the node could stay offline at the present rate."""
        return autonomy_h(self._file.bound_bytes - self.extent.used_bytes, self._rate.per_s)

    def _keep_tail(self, outcome: Outcome) -> None:
        tail = [] if outcome.evicted else self._tail
        tail = [*tail, *outcome.batches][-TAIL_BATCHES:]
        size, first = 0, len(tail)
        while first > 0 and size + len(tail[first - 1].draft.blob) <= TAIL_BYTES:
            first -= 1
            size += len(tail[first].draft.blob)
        self._tail = tail[first:]

    def _note(self, outcome: Outcome) -> None:
        error = outcome.error
        self.trouble = Trouble(str(error), schema.is_disk_full(error)) if error else None
        if outcome.anew is not None:
            self._take_over(outcome.anew)
            self._tail, self._acks, self._broken = [], [], set()
        elif outcome.extent is not None:
            self.extent = outcome.extent
        if outcome.evicted:
            self.full = True
        elif self.extent.used_bytes < FULL_UNTIL_SHARE * self._file.bound_bytes:
            self.full = False
