"""The SQL of the buffer: each change of it is one transaction that keeps the books with it.

Everything here blocks on the disk and is called by one thread at a time.
"""

import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from lamppost.edge.buffer import aliases, ledger, schema
from lamppost.edge.buffer.aliases import AliasBook
from lamppost.edge.buffer.change import Change, Extent, Facts, Outcome
from lamppost.edge.buffer.ledger import Account, Accounts
from lamppost.edge.buffer.rows import Batch, Draft

CHUNK_BYTES: Final = 65_536
"""Most bytes of rows in one transaction; bounds the WAL."""

TRANSACTION_PAGES: Final = 48
EVICT_STEP: Final = 8
REOPEN_EVERY: Final = 50
"""After so many failures in a row the file is opened anew: a disk may have been replaced."""

BATCH_BYTES: Final = 75
SPILL_BYTES: Final = 300
"""Measured on files of 20,000 rows: a batch beside its rows, and the loss on overflow pages."""

_COLUMNS: Final = (
    "number, stored_ms, device, priority, day, first_ms, last_ms, count, crc, blob"
)


def file_bytes(draft: Draft) -> int:
    """What a batch takes of the file, about; rows beyond a quarter page lie on their own."""
    spill = SPILL_BYTES if len(draft.blob) > schema.PAGE_BYTES // 4 else 0
    return len(draft.blob) + BATCH_BYTES + spill


def bound_bytes(max_bytes: int) -> int:
    """What the tables may fill when file and WAL together may take `max_bytes`."""
    return max_bytes - (schema.wal_pages(max_bytes) + TRANSACTION_PAGES) * schema.PAGE_BYTES


class BatchFile:
    """An open buffer file of at most `max_bytes`, its WAL included."""

    def __init__(self, path: Path, max_bytes: int, now_ms: Callable[[], int]) -> None:
        self._path, self._max_bytes, self._now_ms = path, max_bytes, now_ms
        self._failures = 0
        self.bound_bytes = bound_bytes(max_bytes)
        opened = schema.open_file(path, max_bytes, now_ms())
        self._db, self.moved, self.reason = opened.connection, opened.moved, opened.reason
        self._count = self._scalar("SELECT count(*) FROM batch")

    def close(self) -> None:
        """Fold the WAL back and let go of the file."""
        self._db.close()

    def write(self, change: Change) -> Outcome:
        """Apply a change: acks, drops and evictions first, then the drafts in chunks."""
        outcome = Outcome()
        chunks = list(_chunks(change.drafts)) or [[]]
        for index, chunk in enumerate(chunks):
            try:
                self._apply(change if index == 0 else None, chunk, change.protect, outcome)
                self._failures = 0
            except sqlite3.Error as error:
                outcome.error = error
                outcome.refused = [draft for rest in chunks[index:] for draft in rest]
                break
        if outcome.error is not None:
            self._after_failure(change, outcome)
        if outcome.settled:
            outcome.extent = self.extent()
        return outcome

    def next_bdseq(self) -> int:
        """Count the session number on, durably: it must never be used twice."""
        with self._transaction():
            last = self._scalar("SELECT value FROM meta WHERE key = 'bdseq'")
            number = (last + 1) % 256
            self._set("bdseq", number)
        return number

    def aliases(self, needed: Sequence[tuple[str, str, int]]) -> AliasBook:
        """Give every metric a number that has none yet, and tell all numbers."""
        with self._transaction():
            aliases.extend(self._db, needed)
        return aliases.load(self._db)

    def read_after(self, number: int, limit: int) -> list[Batch]:
        """The next batches by number; a batch whose rows are damaged comes with no rows."""
        found = self._db.execute(
            f"SELECT {_COLUMNS} FROM batch WHERE number > ? ORDER BY number LIMIT ?",  # noqa: S608
            (number, limit),
        )
        return [_batch(row) for row in found]

    def read(self, number: int) -> Batch | None:
        """One batch, or None when it is gone."""
        found = self._db.execute(
            f"SELECT {_COLUMNS} FROM batch WHERE number = ?",  # noqa: S608
            (number,),
        ).fetchone()
        return _batch(found) if found else None

    def facts(self) -> Facts:
        """What the file knows about itself."""
        meta = dict(self._db.execute("SELECT key, value FROM meta"))
        return Facts(
            meta["epoch"],
            meta["bdseq"],
            meta["sent"],
            bool(meta["acked"]),
            float(meta["rate"]),
            ledger.load(self._db),
            self.extent(),
        )

    def extent(self) -> Extent:
        """Where the file stands now."""
        oldest = self._scalar("SELECT min(number) FROM batch") or 0
        last = self._scalar("SELECT seq FROM sqlite_sequence WHERE name = 'batch'") or 0
        return Extent(oldest or last + 1, last, self._count, self._used())

    def begin_anew(self, bdseq: int, book: AliasBook) -> Path:
        """Move a file that broke while in use aside and begin a new epoch with known aliases.

        Returns:
            Where the broken file lies.
        """
        self._db.close()
        moved = schema.set_aside(self._path, self._now_ms())
        self._db = schema.open_file(self._path, self._max_bytes, self._now_ms()).connection
        self._count = 0
        with self._transaction():
            self._set("bdseq", bdseq)
            aliases.restore(self._db, book)
        return moved

    def _apply(
        self,
        change: Change | None,
        drafts: Sequence[Draft],
        protect: frozenset[int],
        outcome: Outcome,
    ) -> None:
        accounts: Accounts = {}
        count, gone = self._count, set[int]()
        try:
            with self._transaction():
                acked = self._settle(change, accounts) if change else 0
                batches = [self._insert(draft, accounts) for draft in drafts]
                evicted = self._evict(protect, accounts, gone)
                ledger.store(self._db, accounts)
        except sqlite3.Error:
            self._count = count
            raise
        outcome.settled |= change is not None
        outcome.acked += acked
        outcome.evicted += evicted
        outcome.batches += [batch for batch in batches if batch.number not in gone]
        ledger.add_all(outcome.accounts, accounts)

    def _settle(self, change: Change, accounts: Accounts) -> int:
        """Everything but the drafts; returns how many readings were acked."""
        acked = 0
        for ack in change.acks:
            for low, high in ((0, ack.upto), *ack.ranges):
                acked += self._delete(low, min(high, change.sent), accounts, evict=False)
        for number in change.broken:
            self._delete(number, number, accounts, evict=True)
        for day, count in change.dropped.items():
            ledger.add(accounts, day, Account(taken=count, evicted=count))
        self._set_if_new("sent", change.sent)
        self._set_if_new("rate", change.rate)
        if acked:
            self._set_if_new("acked", 1)
            ledger.prune(self._db)
        return acked

    def _delete(self, low: int, high: int, accounts: Accounts, *, evict: bool) -> int:
        rows = self._db.execute(
            "SELECT day, sum(count), count(*) FROM batch WHERE number BETWEEN ? AND ?"
            " GROUP BY day",
            (low, high),
        ).fetchall()
        for day, count, batches in rows:
            ledger.add(accounts, day, Account(0, count if evict else 0, -count))
            self._count -= batches
        if rows:
            self._db.execute("DELETE FROM batch WHERE number BETWEEN ? AND ?", (low, high))
        return sum(count for _, count, _ in rows)

    def _insert(self, draft: Draft, accounts: Accounts) -> Batch:
        stored_ms = self._now_ms()
        number = self._db.execute(
            "INSERT INTO batch (stored_ms, device, priority, day, first_ms, last_ms, count,"
            " crc, blob) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                stored_ms,
                draft.device,
                draft.priority,
                draft.day,
                draft.first_ms,
                draft.last_ms,
                draft.count,
                zlib.crc32(draft.blob),
                draft.blob,
            ),
        ).lastrowid
        ledger.add(accounts, draft.day, Account(taken=draft.count, pending=draft.count))
        self._count += 1
        return Batch(number or 0, stored_ms, draft)

    def _evict(self, protect: frozenset[int], accounts: Accounts, gone: set[int]) -> int:
        """Make room: the oldest batches of the lowest priority go, but none in flight."""
        evicted = 0
        while self._used() > self.bound_bytes:
            rows = self._db.execute(
                "SELECT number, day, count FROM batch ORDER BY priority, number LIMIT ?",
                (EVICT_STEP + len(protect),),
            ).fetchall()
            rows = [row for row in rows if row[0] not in protect][:EVICT_STEP]
            if not rows:
                break
            self._db.executemany(
                "DELETE FROM batch WHERE number = ?", [row[:1] for row in rows]
            )
            for number, day, count in rows:
                ledger.add(accounts, day, Account(evicted=count, pending=-count))
                gone.add(number)
                evicted += count
            self._count -= len(rows)
        return evicted

    def _after_failure(self, change: Change, outcome: Outcome) -> None:
        """The disk refused: at least free what was acked, from pages the file already has."""
        error = outcome.error
        self._failures += 1
        if error is None or schema.is_corrupt(error):
            return
        try:
            if self._failures % REOPEN_EVERY == 0:
                self._db.close()
                self._db = schema.connect(self._path, self._max_bytes)
            self._db.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
            if not outcome.settled:
                self._apply(change, (), change.protect, outcome)
        except sqlite3.Error as again:
            outcome.error = again if schema.is_corrupt(again) else error

    def _used(self) -> int:
        pages: int = self._scalar("PRAGMA page_count")
        free: int = self._scalar("PRAGMA freelist_count")
        return (pages - free) * schema.PAGE_BYTES

    def _set_if_new(self, key: str, value: float) -> None:
        self._db.execute(
            "UPDATE meta SET value = ? WHERE key = ? AND value <> ?", (value, key, value)
        )

    def _set(self, key: str, value: float) -> None:
        self._db.execute("UPDATE meta SET value = ? WHERE key = ?", (value, key))

    def _scalar(self, sql: str, *arguments: object) -> int:
        row = self._db.execute(sql, arguments).fetchone()
        return row[0] if row else 0

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise


def _chunks(drafts: Iterable[Draft]) -> Iterator[list[Draft]]:
    chunk: list[Draft] = []
    size = 0
    for draft in drafts:
        if chunk and size + len(draft.blob) > CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(draft)
        size += len(draft.blob)
    if chunk:
        yield chunk


def _batch(row: tuple[int, int, str, int, int, int, int, int, int, bytes]) -> Batch:
    number, stored_ms, device, priority, day, first_ms, last_ms, count, crc, blob = row
    sound = zlib.crc32(blob) == crc
    return Batch(
        number,
        stored_ms,
        Draft(device, priority, day, first_ms, last_ms, count, blob if sound else b""),
    )
