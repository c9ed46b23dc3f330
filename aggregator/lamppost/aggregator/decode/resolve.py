"""From (node, alias) to series: an open-addressing table in one numpy array, read by a kernel.

A metric without an alias (plain Sparkplug allows it) is found by a hash of its name, in the
same table. The table is the births' shadow: `put` at every birth, `drop` when a node's
aliases are no longer valid.
"""

import secrets

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.decode.wirebytes import Bytes
from lamppost.aggregator.jit import kernel
from lamppost.wire.datatypes import DataType

Columns = NDArray[np.int64]

# Columns of the table; a name's entry has its hash for an alias and NAMED added to its node.
NODE, ALIAS, SERIES, DATATYPE, WIDTH = 0, 1, 2, 3, 4
EMPTY = -1
REMOVED = -2
NAMED = 1 << 32

FIRST_CAPACITY = 1024  # a power of two, as every capacity
MAX_ENTRIES = 8_000_000  # 32 bytes each at half load or less

WORD = (1 << 62) - 1
MIX_A = 0x1E3779B97F4A7C15
MIX_B = 0x3F58476D1CE4E5B9
FNV_START = 0x4BF29CE484222325
FNV_PRIME = 0x100000001B3


class TableFullError(RuntimeError):
    """A birth wants more aliases than the table may hold."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} aliases and names were born; the limit is {limit}")
        self.limit = limit


class AliasTable:
    """Which series an alias or a name of a node means, and the datatype its birth gave it.

    `cells` and `seed` are what the kernel `resolve` takes. One thread writes and reads.
    """

    def __init__(self, max_entries: int = MAX_ENTRIES, seed: int | None = None) -> None:
        self.cells = _cells(FIRST_CAPACITY)
        # A secret seed: a node cannot choose aliases that all fall into one chain.
        self.seed = secrets.randbits(61) if seed is None else seed
        self._used = 0  # live and removed cells: what makes chains long
        self._live = 0
        self._max_entries = max_entries

    def __len__(self) -> int:
        return self._live

    def put(self, node: int, alias: int, series: int, datatype: int = DataType.UNKNOWN) -> None:
        """Let `alias` of `node` mean `series`, whatever it meant before.

        Raises:
            TableFullError: the table holds its maximum.
        """
        self._put(node, signed64(alias), series, int(datatype))

    def put_name(
        self, node: int, name: str, series: int, datatype: int = DataType.UNKNOWN
    ) -> None:
        """The same for a metric that comes by name.

        Raises:
            TableFullError: the table holds its maximum.
        """
        text = np.frombuffer(name.encode(), np.uint8)
        hashed = int(hash_name(text, 0, len(text), self.seed))
        self._put(node + NAMED, hashed, series, int(datatype))

    def get(self, node: int, alias: int) -> int:
        """The series of an alias, or UNKNOWN."""
        cell = int(find(self.cells, self.seed, node, signed64(alias)))
        return int(self.cells[cell, SERIES]) if cell >= 0 else c.UNKNOWN

    def drop(self, node: int) -> None:
        """Forget every alias and name of `node`."""
        mine = (self.cells[:, NODE] == node) | (self.cells[:, NODE] == node + NAMED)
        self.cells[mine, NODE] = REMOVED
        self._live -= int(mine.sum())

    def _put(self, node: int, alias: int, series: int, datatype: int) -> None:
        cell = int(find(self.cells, self.seed, node, alias))
        if cell < 0:
            if self._live >= self._max_entries:
                raise TableFullError(self._max_entries)
            if 2 * (self._used + 1) > len(self.cells):
                self._rebuild()
            cell = int(free(self.cells, self.seed, node, alias))
            self._used += int(self.cells[cell, NODE] == EMPTY)
            self._live += 1
        self.cells[cell] = node, alias, series, datatype

    def _rebuild(self) -> None:
        """Leave removed cells behind, and double when the live ones fill a quarter."""
        old = self.cells[self.cells[:, NODE] >= 0]
        size = len(self.cells) * (2 if 4 * len(old) >= len(self.cells) else 1)
        self.cells = _cells(size)
        fill(self.cells, self.seed, old)
        self._used = self._live = len(old)


def _cells(capacity: int) -> Columns:
    cells = np.zeros((capacity, WIDTH), np.int64)
    cells[:, NODE] = EMPTY
    return cells


def signed64(value: int) -> int:
    """An unsigned 64-bit number as the int64 with the same bits."""
    return value - (1 << 64) if value >= 1 << 63 else value


@kernel
def _slot(node: int, alias: int, seed: int, mask: int) -> int:
    """Where the chain of a key begins; masked so that plain Python gives the same number."""
    mixed = (((alias ^ seed) & WORD) * MIX_A + node * MIX_B + seed) & WORD
    mixed ^= mixed >> 29
    mixed = (mixed * MIX_B) & WORD
    mixed ^= mixed >> 32
    return mixed & mask


@kernel
def hash_name(buf: Bytes, start: int, length: int, seed: int) -> int:
    """A 62-bit hash of buf[start:start + length]."""
    value = FNV_START ^ seed
    for index in range(start, start + length):
        value = ((value ^ int(np.int64(buf[index]))) * FNV_PRIME) & WORD
        value ^= value >> 31
    return value


@kernel
def find(cells: Columns, seed: int, node: int, alias: int) -> int:
    """The cell of a key, or -1."""
    mask = cells.shape[0] - 1
    at = _slot(node, alias, seed, mask)
    for _ in range(cells.shape[0]):
        here = int(cells[at, NODE])
        if here == node and int(cells[at, ALIAS]) == alias:
            return at
        if here == EMPTY:
            return -1
        at = (at + 1) & mask
    return -1


@kernel
def free(cells: Columns, seed: int, node: int, alias: int) -> int:
    """The first cell of a new key's chain that holds nothing; -1 when the table is full."""
    mask = cells.shape[0] - 1
    at = _slot(node, alias, seed, mask)
    for _ in range(cells.shape[0]):
        if int(cells[at, NODE]) < 0:
            return at
        at = (at + 1) & mask
    return -1


@kernel
def fill(cells: Columns, seed: int, old: Columns) -> None:
    """Put every entry of `old` into an empty table."""
    for index in range(old.shape[0]):
        at = free(cells, seed, int(old[index, NODE]), int(old[index, ALIAS]))
        for column in range(WIDTH):
            cells[at, column] = old[index, column]


@kernel
def resolve(
    rows: Columns,
    count: int,
    nodes: NDArray[np.int32],
    joined: Bytes,
    cells: Columns,
    seed: int,
) -> int:
    """Fill SERIES of the first `count` rows, and give integers the sign their birth declared.

    Args:
        rows: what `decode_batch` filled.
        count: how many rows of it.
        nodes: int32 per message, the node's number; negative for a node nobody knows.
        joined: the buffer the rows' names point into.
        cells: the table, `AliasTable.cells`.
        seed: the table's seed.

    Returns:
        How many rows stayed UNKNOWN.
    """
    floats = rows.view(np.float64)
    unknown = 0
    for row in range(count):
        node = int(nodes[int(rows[row, c.MSG])])
        flags = int(rows[row, c.FLAGS])
        cell = -1
        if node >= 0 and flags & c.HAS_ALIAS:
            cell = find(cells, seed, node, int(rows[row, c.ALIAS]))
        if cell < 0 and node >= 0 and flags & c.HAS_NAME:
            name = hash_name(
                joined, int(rows[row, c.NAME_OFF]), int(rows[row, c.NAME_LEN]), seed
            )
            cell = find(cells, seed, node + NAMED, name)
        if cell < 0:
            rows[row, c.SERIES] = c.UNKNOWN
            unknown += 1
            continue
        rows[row, c.SERIES] = cells[cell, SERIES]
        datatype = int(cells[cell, DATATYPE])
        if datatype == 0:
            datatype = int(rows[row, c.DATATYPE])
        if rows[row, c.KIND] == c.NUMERIC and rows[row, c.LEN] != 0 and 1 <= datatype <= 7:
            floats[row, c.BITS] = float(_signed(int(rows[row, c.OFF]), datatype))
    return unknown


@kernel
def _signed(raw: int, datatype: int) -> int:
    """What `raw` means as an Int8, 16, 32, 64 (1 to 4) or UInt8, 16, 32 (5 to 7)."""
    if datatype == 4:
        return raw
    bits = 4 << (datatype if datatype < 4 else datatype - 4)
    low = raw & ((1 << bits) - 1)
    return low - (1 << bits) if datatype < 4 and low >> (bits - 1) else low


@kernel
def gather(
    rows: Columns,
    count: int,
    series: NDArray[np.int32],
    time_ms: Columns,
    value: NDArray[np.float64],
    quality: NDArray[np.int16],
    historical: NDArray[np.uint8],
    source: Columns,
) -> int:
    """Copy what the judge takes (known series; number, boolean or null) out of the first rows.

    Args:
        rows: what `resolve` filled.
        count: how many rows of it.
        series: out, int32.
        time_ms: out, int64.
        value: out, float64; NaN for null.
        quality: out, int16; BAD for a null that names none.
        historical: out, uint8.
        source: out, int64; the row it came from.

    Returns:
        How many readings were filled in.
    """
    floats = rows.view(np.float64)
    filled = 0
    for row in range(count):
        kind = int(rows[row, c.KIND])
        if rows[row, c.SERIES] < 0 or kind > c.BOOLEAN:
            continue
        flags = int(rows[row, c.FLAGS])
        good = int(rows[row, c.QUALITY])
        if kind == c.NULL and flags & c.HAS_QUALITY == 0:
            good = c.QUALITY_BAD
        series[filled] = rows[row, c.SERIES]
        time_ms[filled] = rows[row, c.TIME]
        value[filled] = np.nan if kind == c.NULL else floats[row, c.BITS]
        quality[filled] = min(max(good, -32768), 32767)
        historical[filled] = 1 if flags & c.HISTORICAL else 0
        source[filled] = row
        filled += 1
    return filled
