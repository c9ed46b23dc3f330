"""The delivery ledger on the wire: per day, what a node took and what became of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lamppost.wire.datatypes import DataType
from lamppost.wire.header import DeliveryError
from lamppost.wire.payload import MAX_UINT64, DataSet, Metric

LEDGER = "Delivery/Ledger"
MAX_LEDGER_ROWS = 60
_COLUMNS = ("Day", "Taken", "Evicted", "Pending")
_TYPES = (DataType.STRING, DataType.UINT64, DataType.UINT64, DataType.UINT64)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A node's account of one day, cumulative for its epoch.

    Attributes:
        day: "YYYY-MM-DD", the UTC day of the readings' own times.
        taken: Readings accepted into the buffer.
        evicted: Of these, dropped at the buffer's bound before they were acknowledged.
        pending: Of these, still held and not acknowledged.
    """

    day: str
    taken: int
    evicted: int
    pending: int

    def __post_init__(self) -> None:
        if not _DAY.fullmatch(self.day):
            raise DeliveryError(f"ledger day: came {self.day!r}, allowed: YYYY-MM-DD")
        counts = (self.taken, self.evicted, self.pending)
        # A boolean cell would pass for a count of 0 or 1.
        if not all(type(count) is int and 0 <= count <= MAX_UINT64 for count in counts):
            raise DeliveryError(f"ledger: came {self}, allowed: counts of 64 bits")


def ledger_metric(
    rows: Sequence[LedgerRow],
    timestamp: int,
    *,
    name: str | None = LEDGER,
    alias: int | None = None,
) -> Metric:
    """Return the metric that carries the ledger.

    Args:
        rows: At most `MAX_LEDGER_ROWS` days.
        timestamp: UTC milliseconds of the account.
        name: None in data messages that use the alias; the type is left out with it.
        alias: The alias given at birth.

    Raises:
        DeliveryError: There are too many rows.
    """
    if len(rows) > MAX_LEDGER_ROWS:
        raise DeliveryError(f"ledger: came {len(rows)} rows, allowed: {MAX_LEDGER_ROWS}")
    cells = tuple((row.day, row.taken, row.evicted, row.pending) for row in rows)
    return Metric(
        name=name,
        value=DataSet(_COLUMNS, _TYPES, cells),
        datatype=None if name is None else DataType.DATASET,
        alias=alias,
        timestamp=timestamp,
    )


def ledger_rows(metric: Metric) -> tuple[LedgerRow, ...]:
    """Return the rows of a ledger metric.

    Raises:
        DeliveryError: The metric holds no ledger.
    """
    table = metric.value
    if not isinstance(table, DataSet) or table.columns != _COLUMNS or table.types != _TYPES:
        came = table.columns if isinstance(table, DataSet) else type(table).__name__
        raise DeliveryError(f"ledger: came {came}, allowed: a DataSet of {', '.join(_COLUMNS)}")
    if len(table.rows) > MAX_LEDGER_ROWS:
        raise DeliveryError(f"ledger: came {len(table.rows)} rows, allowed: {MAX_LEDGER_ROWS}")
    return tuple(_row(row) for row in table.rows)


def _row(cells: tuple[object, ...]) -> LedgerRow:
    match cells:
        case (str(day), int(taken), int(evicted), int(pending)):
            return LedgerRow(day, taken, evicted, pending)
    raise DeliveryError(f"ledger: came the row {cells}, allowed: a text and three counts")
