"""What the node tells of itself: its ledger, how long it could stay offline, its drivers."""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import version
from typing import Final

from lamppost.edge.board import Board
from lamppost.edge.buffer import ledger
from lamppost.edge.buffer.buffer import Buffer
from lamppost.edge.buffer.ledger import Account
from lamppost.edge.buffer.rows import DAY_MS
from lamppost.wire.datatypes import DataType
from lamppost.wire.delivery import LEDGER, ledger_metric
from lamppost.wire.payload import Metric, Value
from lamppost.wire.session import ACK

EPOCH: Final = "Delivery/Epoch"
PENDING: Final = "Delivery/Pending"
EVICTED: Final = "Delivery/Evicted"
AUTONOMY: Final = "Delivery/Autonomy"
BUFFER_FULL: Final = "Delivery/Buffer Full"
DISK_FULL: Final = "Delivery/Disk Full"
VERSION: Final = "Node Info/Version"
DRIVERS: Final = "Node Info/Drivers"

CHANGED_EVERY_S: Final = 2.0
ALWAYS_EVERY_S: Final = 30.0
DAY_TOLD_S: Final = 120.0
"""A day's account is repeated for so long after its last change: messages may be lost."""

_TYPES: Final[Mapping[str, DataType]] = {
    EPOCH: DataType.UINT64,
    PENDING: DataType.UINT64,
    EVICTED: DataType.UINT64,
    AUTONOMY: DataType.DOUBLE,
    BUFFER_FULL: DataType.BOOLEAN,
    DISK_FULL: DataType.BOOLEAN,
    VERSION: DataType.STRING,
    DRIVERS: DataType.STRING,
}


class NodeReport:
    """Builds the node's own metrics and remembers what was already told."""

    def __init__(self, buffer: Buffer, board: Board) -> None:
        self._buffer, self._board = buffer, board
        self._told: dict[str, Value] = {}
        self._told_s = self._looked_s = float("-inf")
        self._accounts: dict[int, Account] = {}
        self._changed_s: dict[int, float] = {}

    def birth(self, now_ms: int, now_s: float) -> tuple[Metric, ...]:
        """Every metric of the node, as its birth announces them."""
        values = self._values()
        self._watch(now_s)
        table = self._ledger(now_ms, self._buffer.accounts)
        self._note(values | {LEDGER: table.value}, now_s)
        acks = Metric(ACK, "", DataType.STRING, timestamp=now_ms)
        told = (_metric(name, value, now_ms, _TYPES[name]) for name, value in values.items())
        return (acks, table, *told)

    def due_s(self) -> float:
        """When the next report may be due at the earliest."""
        return self._looked_s + CHANGED_EVERY_S

    def news(self, now_ms: int, now_s: float, *, all_of_it: bool = False) -> tuple[Metric, ...]:
        """The metrics to send now: what changed, or after a while everything; often nothing."""
        if not all_of_it and now_s < self.due_s():
            return ()
        self._looked_s = now_s
        values = self._values()
        self._watch(now_s)
        table = self._ledger(now_ms, self._changed_s)
        current: dict[str, Value] = values | {LEDGER: table.value}
        everything = all_of_it or now_s - self._told_s >= ALWAYS_EVERY_S
        changed = [name for name in current if current[name] != self._told.get(name)]
        told = list(current) if everything else changed
        if not told:
            return ()
        self._note(current, now_s)
        return tuple(
            table if name == LEDGER else _metric(name, values[name], now_ms) for name in told
        )

    def _values(self) -> dict[str, Value]:
        total, trouble = self._buffer.total, self._buffer.trouble
        return {
            EPOCH: self._buffer.epoch,
            PENDING: total.pending,
            EVICTED: total.evicted,
            AUTONOMY: _rounded(self._buffer.autonomy_h),
            BUFFER_FULL: self._buffer.full,
            DISK_FULL: trouble is not None,
            VERSION: _version(),
            DRIVERS: self._board.words(),
        }

    def _watch(self, now_s: float) -> None:
        """Note which days changed, and forget when that is long ago."""
        for day, account in self._buffer.accounts.items():
            if self._accounts.get(day) != account:
                self._changed_s[day] = now_s
        self._accounts = dict(self._buffer.accounts)
        for day, at in list(self._changed_s.items()):
            if now_s - at > DAY_TOLD_S:
                del self._changed_s[day]

    def _ledger(self, now_ms: int, days: Iterable[int]) -> Metric:
        rows = ledger.wire_rows(self._buffer.accounts, now_ms // DAY_MS, days)
        return ledger_metric(rows, now_ms)

    def _note(self, current: dict[str, Value], now_s: float) -> None:
        self._told, self._told_s, self._looked_s = current, now_s, now_s


def _metric(name: str, value: Value, now_ms: int, datatype: DataType | None = None) -> Metric:
    null = True if value is None else None
    return Metric(name, value, datatype, timestamp=now_ms, is_null=null)


def _rounded(hours: float | None) -> float | None:
    # Three digits: hours to the second would be told anew every two seconds.
    return None if hours is None else float(f"{hours:.3g}")


@cache
def _version() -> str:
    return version("lamppost-edge")
