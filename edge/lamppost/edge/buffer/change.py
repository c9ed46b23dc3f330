"""What a flush asks of the buffer file, and what became of it."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

from lamppost.edge.buffer.ledger import Accounts
from lamppost.edge.buffer.rows import Batch, Draft
from lamppost.wire.delivery import Ack


@dataclass(frozen=True, slots=True)
class Change:
    """What one flush asks of the file."""

    drafts: Sequence[Draft] = ()
    dropped: dict[int, int] = field(default_factory=dict)
    acks: Sequence[Ack] = ()
    broken: frozenset[int] = frozenset()
    protect: frozenset[int] = frozenset()
    sent: int = 0
    rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Extent:
    """How far the file reaches: oldest and newest batch, how many, and bytes in use."""

    oldest: int
    last: int
    batches: int
    used_bytes: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What the file knows about itself when it is opened."""

    epoch: int
    bdseq: int
    sent: int
    acked_once: bool
    rate: float
    accounts: Accounts
    extent: Extent


@dataclass(slots=True)
class Outcome:
    """What became of a change.

    Drafts that the disk refused are in `refused`. `extent` is None when nothing could be
    written; `anew` holds the facts of a new file when the old one was found broken.
    """

    batches: list[Batch] = field(default_factory=list)
    accounts: Accounts = field(default_factory=dict)
    evicted: int = 0
    acked: int = 0
    settled: bool = False
    refused: list[Draft] = field(default_factory=list)
    error: sqlite3.Error | None = None
    extent: Extent | None = None
    anew: Facts | None = None
