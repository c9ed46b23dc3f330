"""The account of a node, per UTC day: taken, evicted, pending; the rest is acked."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from lamppost.wire.delivery import LedgerRow

MAX_REPORTED_DAYS: Final = 60
MAX_KEPT_DAYS: Final = 1000
RECENT_DAYS: Final = 2
_EPOCH: Final = date(1970, 1, 1)
_MAX_DAY: Final = (date.max - _EPOCH).days
_MIN_DAY: Final = (date.min - _EPOCH).days


@dataclass(frozen=True, slots=True)
class Account:
    """Readings of a day, or a change of them. `acked` follows from the other three."""

    taken: int = 0
    evicted: int = 0
    pending: int = 0

    @property
    def acked(self) -> int:
        """Readings that the aggregator said are durable."""
        return self.taken - self.evicted - self.pending

    def __add__(self, other: "Account") -> "Account":
        return Account(
            self.taken + other.taken,
            self.evicted + other.evicted,
            self.pending + other.pending,
        )


Accounts = dict[int, Account]
"""Accounts by day, counted from 1970-01-01."""


def add(accounts: Accounts, day: int, change: Account) -> None:
    """Add a change to the account of a day."""
    accounts[day] = accounts.get(day, Account()) + change


def add_all(accounts: Accounts, changes: Mapping[int, Account]) -> None:
    """Add many changes."""
    for day, change in changes.items():
        add(accounts, day, change)


def total(accounts: Iterable[Account]) -> Account:
    """The sum over all days."""
    return sum(accounts, Account())


def load(connection: sqlite3.Connection) -> Accounts:
    """All accounts of the file."""
    rows = connection.execute("SELECT day, taken, evicted, pending FROM ledger ORDER BY day")
    return {day: Account(*counts) for day, *counts in rows}


def store(connection: sqlite3.Connection, changes: Mapping[int, Account]) -> None:
    """Add changes to the file; runs inside the transaction that makes them true."""
    connection.executemany(
        "INSERT INTO ledger VALUES (?, ?, ?, ?) ON CONFLICT (day) DO UPDATE SET"
        " taken = taken + excluded.taken, evicted = evicted + excluded.evicted,"
        " pending = pending + excluded.pending",
        [(day, one.taken, one.evicted, one.pending) for day, one in changes.items()],
    )


def prune(connection: sqlite3.Connection) -> None:
    """Forget settled days beyond the newest `MAX_KEPT_DAYS`."""
    connection.execute(
        "DELETE FROM ledger WHERE pending = 0 AND day NOT IN"
        " (SELECT day FROM ledger ORDER BY day DESC LIMIT ?)",
        (MAX_KEPT_DAYS,),
    )


def day_text(day: int) -> str:
    """A day as people and the wire write it."""
    clipped = max(_MIN_DAY, min(_MAX_DAY, day))
    return (_EPOCH + timedelta(days=clipped)).isoformat()


def wire_rows(
    accounts: Mapping[int, Account], today: int, changed: Iterable[int] = ()
) -> tuple[LedgerRow, ...]:
    """What the node tells: unsettled, recent and changed days, the newest 60 of them."""
    told = set(changed)
    days = [
        day
        for day, one in sorted(accounts.items())
        if one.pending or day in told or day > today - RECENT_DAYS
    ]
    return tuple(
        LedgerRow(day_text(day), one.taken, one.evicted, one.pending)
        for day in days[-MAX_REPORTED_DAYS:]
        for one in (accounts[day],)
    )
