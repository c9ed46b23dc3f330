"""The audit trail: who changed what, when, from what to what; each entry seals those before it.

An entry's hash covers the entry and the hash before it, so no entry can be changed, put in or
taken out in the middle without breaking the chain. A chain cut at its end looks whole; whoever
must rule that out notes the head (`SEQ:HASH`) elsewhere and has it checked.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, func, insert, select

from lamppost.register.records.tables import RECORDS, audit, audited, entered
from lamppost.register.records.values import Entry

ORIGIN = "0" * 64
"""What stands as `previous` in the first entry."""

CHUNK = 2_000
FAULTS_MAX = 100

_COLUMNS = tuple(field.name for field in fields(Entry))
_SEALED = tuple(name for name in _COLUMNS if name != "hash")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one record, before it is entered.

    Attributes:
        what: "create", "update", "close" or "reopen".
        kind: The kind of record.
        record: Its id.
        before: The audited columns before, None when it is new.
        after: The audited columns after.
    """

    what: str
    kind: str
    record: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the trail, and where.

    Attributes:
        seq: The entry where it shows; 0 when it is about a record.
        told: What is wrong.
    """

    seq: int
    told: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of the trail found.

    Attributes:
        entries: How many entries were read.
        records: How many records were compared with their last entry.
        head: "SEQ:HASH" of the last entry.
        faults: What is wrong, at most `FAULTS_MAX` of them; empty when the trail holds.
    """

    entries: int
    records: int
    head: str
    faults: tuple[Fault, ...]


def canonical(record: Mapping[str, Any]) -> str:
    """Return a record as the one JSON text that its hash is made of."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(entry: Mapping[str, Any]) -> str:
    """Return the hash of an entry: SHA-256 of the JSON array of its other fields, in order."""
    sealed = [entry[name] for name in _SEALED]
    return sha256(json.dumps(sealed, separators=(",", ":")).encode()).hexdigest()


def append(connection: Connection, who: str, time_ms: int, changes: Iterable[Change]) -> int:
    """Enter changes at the end of the chain; returns how many.

    Must be called within `Database.writing`, which keeps other writers out.
    """
    seq, previous = head(connection)
    began = seq
    rows: list[dict[str, Any]] = []
    for change in changes:
        seq += 1
        row: dict[str, Any] = {
            "seq": seq,
            "time_ms": time_ms,
            "who": who,
            "what": change.what,
            "kind": change.kind,
            "record": change.record,
            "before": None if change.before is None else canonical(change.before),
            "after": canonical(change.after),
            "previous": previous,
        }
        row["hash"] = previous = digest(row)
        rows.append(row)
    if rows:
        connection.execute(insert(audit), rows)
    return seq - began


def head(connection: Connection) -> tuple[int, str]:
    """Return number and hash of the last entry; 0 and `ORIGIN` when there is none."""
    last = select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
    row = connection.execute(last).first()
    return (0, ORIGIN) if row is None else (row.seq, row.hash)


def ends(connection: Connection, kinds: Sequence[str]) -> tuple[int, ...]:
    """Return the number of the last entry of each kind, 0 without one.

    While these stay the same, so do the records of these kinds: every change is entered.
    """
    last = [
        select(func.max(audit.c.seq)).where(audit.c.kind == kind).scalar_subquery()
        for kind in kinds
    ]
    return tuple(end or 0 for end in connection.execute(select(*last)).one())


def verify(connection: Connection, expected_head: tuple[int, str] | None = None) -> Verdict:
    """Read the whole trail again, and compare every record with its last entry.

    Args:
        connection: From `Database.reading`.
        expected_head: Number and hash of an entry noted earlier; it must still be there.
    """
    check = _Check(expected_head)
    for row in _entries(connection):
        check.entry(row)
    check.noted_head()
    records = check.compare(connection)
    return Verdict(check.count, records, f"{check.seq}:{check.previous}", tuple(check.faults))


def _entries(connection: Connection) -> Iterator[Mapping[str, Any]]:
    after = None
    while True:
        page = select(audit).order_by(audit.c.seq).limit(CHUNK)
        if after is not None:
            page = page.where(audit.c.seq > after)
        rows = connection.execute(page).mappings().all()
        for row in rows:
            yield dict(row)
        if len(rows) < CHUNK:
            return
        after = rows[-1]["seq"]


class _Check:
    """One pass over the trail."""

    def __init__(self, expected_head: tuple[int, str] | None) -> None:
        self.seq = 0
        self.count = 0
        self.previous = ORIGIN
        self.faults: list[Fault] = []
        self._expected = expected_head
        self._met = expected_head in {None, (0, ORIGIN)}
        self._last: dict[tuple[str, str], bytes] = {}

    def entry(self, row: Mapping[str, Any]) -> None:
        """Look at the next entry."""
        seq = row["seq"]
        if seq != self.seq + 1:
            self._fault(seq, f"entry {self.seq + 1} is missing")
        if row["previous"] != self.previous:
            self._fault(seq, f"it does not follow entry {self.seq}: that one has another hash")
        if digest(row) != row["hash"]:
            self._fault(seq, "its content was changed: the hash differs")
        key = (row["kind"], row["record"])
        before = None if row["before"] is None else _mark(row["before"])
        if before != self._last.get(key):
            told = f"{_name(key)} was changed without an entry before this one"
            self._fault(seq, told)
        self._last[key] = _mark(row["after"])
        self._met = self._met or (seq, row["hash"]) == self._expected
        self.seq, self.previous = seq, row["hash"]
        self.count += 1

    def noted_head(self) -> None:
        """Look whether the entry that was noted elsewhere is still there."""
        if not self._met and self._expected is not None:
            told = f"entry {self._expected[0]} with the noted hash is not in the trail"
            self._fault(self._expected[0], told)

    def compare(self, connection: Connection) -> int:
        """Compare the records with their last entries; returns how many there are."""
        count = 0
        for kind, table in RECORDS.items():
            names = audited(table)
            rows = connection.execution_options(yield_per=CHUNK).execute(
                select(*(table.c[name] for name in names))
            )
            for row in rows.mappings():
                count += 1
                key = (kind, row["id"])
                last = self._last.pop(key, None)
                if last is None:
                    self._fault(0, f"{_name(key)} has no entry")
                elif last != _mark(canonical(entered(table, dict(row)))):
                    self._fault(0, f"{_name(key)} is not what its last entry says")
        for key in self._last:
            self._fault(0, f"{_name(key)} has entries but is not there")
        return count

    def _fault(self, seq: int, told: str) -> None:
        if len(self.faults) < FAULTS_MAX:
            self.faults.append(Fault(seq, told))


def _mark(text: str) -> bytes:
    """A short stand-in for a record's text: the trail of a large city must fit in memory."""
    return sha256(text.encode()).digest()[:16]


def _name(key: tuple[str, str]) -> str:
    return f"{key[0]} {key[1]!r}"
