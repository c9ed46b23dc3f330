"""The books of one node: taken = stored + evicted + in flight, and what is missing is lost.

The node declares, per UTC day of the reading's time and per epoch of its buffer, what it took,
what it evicted and what it still holds. What is stored is counted here, when it is durable.

Between two declarations readings go on arriving, so the declared figures are always a little
old: what became durable since the last one counts as taken too. What exceeds even that was
counted twice, and shows as stored being more than taken.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from lamppost.wire.delivery import LedgerRow

DAY_MS = 86_400_000
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
MAX_DAYS = 400
MAX_EPOCHS = 16


@dataclass(frozen=True, slots=True)
class Books:
    """One day of a node; the fields are numbers of readings."""

    day: str
    taken: int
    stored: int
    evicted: int
    in_flight: int
    lost: int
    duplicates: int


def day_text(day: int) -> str:
    """Days since 1970 to "YYYY-MM-DD"; a day outside the calendar keeps its number."""
    try:
        return date.fromordinal(day + EPOCH_ORDINAL).isoformat()
    except (ValueError, OverflowError):
        return f"day {day}"


def day_number(text: str) -> int:
    """Return the days since 1970 of "YYYY-MM-DD".

    Raises:
        ValueError: it is not a date.
    """
    return date.fromisoformat(text).toordinal() - EPOCH_ORDINAL


class Ledger:
    """Declared and counted readings of one node, by day."""

    def __init__(self) -> None:
        self.stored: dict[int, int] = {}
        self.duplicates: dict[int, int] = {}
        self._declared: dict[int, dict[int, tuple[int, int, int]]] = {}
        self._elsewhere: dict[int, dict[int, int]] = {}
        self._stored_then: dict[int, int] = {}  # by day, when the node last declared it

    def count_stored(self, day: int, readings: int) -> None:
        """Readings of that day became durable."""
        self.stored[day] = self.stored.get(day, 0) + readings
        _bound(self.stored)

    def count_duplicates(self, day: int, readings: int) -> None:
        """Readings of that day came again and were dropped."""
        self.duplicates[day] = self.duplicates.get(day, 0) + readings
        _bound(self.duplicates)

    def declare(self, epoch: int, rows: Iterable[LedgerRow], *, first_contact: bool) -> None:
        """Take the node's own figures; days it does not name keep their latest ones.

        Args:
            epoch: of the node's buffer.
            rows: cumulative figures of that epoch.
            first_contact: nothing of this epoch ever came here. What the node then already
                counts as acknowledged was stored by another aggregator, and is not ours to
                account for.
        """
        new = epoch not in self._declared
        days = self._declared.setdefault(epoch, {})
        if new and first_contact:
            self._elsewhere[epoch] = {}
        for row in rows:
            try:
                day = day_number(row.day)
            except ValueError:
                continue
            days[day] = (row.taken, row.evicted, row.pending)
            self._stored_then[day] = self.stored.get(day, 0)
            if new and first_contact:
                acked = max(0, row.taken - row.evicted - row.pending)
                self._elsewhere[epoch][day] = acked
        _bound(days)
        _bound(self._stored_then)
        while len(self._declared) > MAX_EPOCHS:
            gone = min(self._declared)
            del self._declared[gone]
            self._elsewhere.pop(gone, None)

    def books(self, limit: int = MAX_DAYS) -> list[Books]:
        """The days of the books, latest first."""
        days = {day for rows in self._declared.values() for day in rows}
        if not days:  # a foreign node declares nothing, so nothing can be balanced
            return []
        days |= self.stored.keys()
        return [self._day(day) for day in sorted(days, reverse=True)[:limit]]

    def _day(self, day: int) -> Books:
        taken = evicted = pending = 0
        newest = max(self._declared)
        for epoch, rows in self._declared.items():
            row = rows.get(day, (0, 0, 0))
            taken += row[0] - self._elsewhere.get(epoch, {}).get(day, 0)
            evicted += row[1]
            pending += row[2] if epoch == newest else 0  # an older buffer is gone for good
        stored = self.stored.get(day, 0)
        since = stored - self._stored_then.get(day, 0)
        taken = max(taken, min(stored + evicted, taken + since))
        missing = taken - evicted - stored
        return Books(
            day_text(day),
            taken,
            stored,
            evicted,
            in_flight=min(max(missing, 0), pending),
            lost=max(0, missing - pending),
            duplicates=self.duplicates.get(day, 0),
        )

    def state(self) -> dict[str, Any]:
        """All figures as JSON values."""
        return {
            "stored": list(self.stored.items()),
            "duplicates": list(self.duplicates.items()),
            "declared": [
                [e, [[d, *r] for d, r in x.items()]] for e, x in self._declared.items()
            ],
            "stored_then": list(self._stored_then.items()),
            "elsewhere": [[e, list(x.items())] for e, x in self._elsewhere.items()],
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Rebuild from `state`'s output."""
        ledger = cls()
        ledger.stored = dict(map(tuple, state["stored"]))
        ledger.duplicates = dict(map(tuple, state["duplicates"]))
        ledger._stored_then = dict(map(tuple, state["stored_then"]))
        ledger._declared = {
            e: {d: (taken, evicted, pending) for d, taken, evicted, pending in rows}
            for e, rows in state["declared"]
        }
        ledger._elsewhere = {e: dict(map(tuple, rows)) for e, rows in state["elsewhere"]}
        return ledger


def _bound(days: dict[int, Any]) -> None:
    while len(days) > MAX_DAYS:
        del days[min(days)]
