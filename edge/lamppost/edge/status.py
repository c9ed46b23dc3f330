"""A node's account, read from its buffer file while the agent may be running."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from lamppost.edge.buffer import ledger, schema
from lamppost.edge.buffer.batchfile import bound_bytes
from lamppost.edge.buffer.buffer import max_bytes_of
from lamppost.edge.buffer.ledger import Account
from lamppost.edge.buffer.rate import autonomy_h
from lamppost.edge.config.file import Config


class StatusError(Exception):
    """There is no buffer to read, or it cannot be read."""


@dataclass(frozen=True, slots=True)
class Status:
    """What a buffer file says of itself. `autonomy_h` is None while no rate is known."""

    node: str
    epoch: int
    days: dict[int, Account]
    batches: int
    used_bytes: int
    max_bytes: int
    autonomy_h: float | None

    @property
    def total(self) -> Account:
        """The account over all days."""
        return ledger.total(self.days.values())

    def as_json(self) -> dict[str, object]:
        """The status as scripts read it; in the aggregator's words: stored, in flight."""
        return {
            "node": self.node,
            "epoch": self.epoch,
            **_counts(self.total),
            "days": [
                {"day": ledger.day_text(day), **_counts(one)} for day, one in self.days.items()
            ],
            "batches": self.batches,
            "used_bytes": self.used_bytes,
            "max_bytes": self.max_bytes,
            "autonomy_h": None if self.autonomy_h is None else round(self.autonomy_h, 3),
        }

    def as_text(self) -> str:
        """The status as people read it."""
        hours = "unknown yet" if self.autonomy_h is None else f"{self.autonomy_h:.1f} h"
        used_mb = self.used_bytes / 1e6
        lines = [
            f"{self.node}: could stay offline for {hours}",
            f"buffer: {self.batches} batches, {used_mb:.1f} of {self.max_bytes / 1e6:.1f} MB",
            "",
            f"{'day':<10} {'taken':>12} {'stored':>12} {'evicted':>12} {'in flight':>12}",
        ]
        rows = [(ledger.day_text(day), one) for day, one in self.days.items()]
        lines += [_line(*row) for row in (*rows, ("total", self.total))]
        return "\n".join(lines)


def read(config: Config) -> Status:
    """Read the status of the configured node.

    Raises:
        StatusError: the node never ran here, or its file cannot be read.
    """
    path = config.node.data_dir / schema.FILE_NAME
    if not path.exists():
        raise StatusError(f"{path}: no buffer; has this node ever run?")
    try:
        return _read(path, config)
    except sqlite3.Error as error:
        raise StatusError(f"{path}: {error}") from None


def _read(path: Path, config: Config) -> Status:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        # One transaction, so that all figures are of one moment.
        connection.execute("BEGIN")
        meta = dict(connection.execute("SELECT key, value FROM meta"))
        days = ledger.load(connection)
        batches = connection.execute("SELECT count(*) FROM batch").fetchone()[0]
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        free = connection.execute("PRAGMA freelist_count").fetchone()[0]
    finally:
        connection.close()
    max_bytes, used = max_bytes_of(config.buffer), (pages - free) * schema.PAGE_BYTES
    left_h = autonomy_h(bound_bytes(max_bytes) - used, float(meta["rate"]))
    name = f"{config.node.group}/{config.node.name}"
    return Status(name, meta["epoch"], days, batches, used, max_bytes, left_h)


def _counts(account: Account) -> dict[str, int]:
    return {
        "taken": account.taken,
        "stored": account.acked,
        "evicted": account.evicted,
        "in_flight": account.pending,
    }


def _line(day: str, one: Account) -> str:
    return f"{day:<10} {one.taken:>12} {one.acked:>12} {one.evicted:>12} {one.pending:>12}"
