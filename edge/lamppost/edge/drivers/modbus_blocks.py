"""Which registers to ask for together."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from lamppost.edge.drivers.modbus_points import Point, Table

MAX_REGISTERS: Final = 125
"""Most registers of one read (Modbus application protocol 1.1b3, section 6.3)."""

MAX_BITS: Final = 2000
"""Most coils or discrete inputs of one read (section 6.1)."""


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring points of one table that are read with one request."""

    table: Table
    points: tuple[Point, ...]

    @property
    def address(self) -> int:
        """The first address asked for."""
        return self.points[0].address

    @property
    def count(self) -> int:
        """Words asked for, gaps included."""
        return max(point.end for point in self.points) - self.address


def blocks_of(points: Iterable[Point], max_gap: int) -> tuple[Block, ...]:
    """The fewest blocks that leave no gap wider than `max_gap` words unread between points.

    A gap of some registers costs two bytes each, a request of its own a round trip; but many
    devices refuse a block that touches an address they do not have, hence the bound.
    """
    by_table: dict[Table, list[Point]] = {}
    for point in points:
        by_table.setdefault(point.table, []).append(point)
    return tuple(
        block for table, found in by_table.items() for block in _pack(table, found, max_gap)
    )


def narrower(block: Block, bad: Collection[Point]) -> tuple[Block, ...]:
    """What to read in place of a block that was refused, given the points that alone are bad.

    Bad points stand alone, for they may come to life; the others form blocks without gaps. If
    that changes nothing, the block is simply too long for the device and is halved.
    """
    good = blocks_of((point for point in block.points if point not in bad), 0)
    alone = tuple(Block(block.table, (point,)) for point in block.points if point in bad)
    if alone or len(good) > 1:
        return (*good, *alone)
    middle = len(block.points) // 2
    return (
        Block(block.table, block.points[:middle]),
        Block(block.table, block.points[middle:]),
    )


def _pack(table: Table, points: Sequence[Point], max_gap: int) -> list[Block]:
    most = MAX_BITS if table.is_bits else MAX_REGISTERS
    blocks: list[Block] = []
    run: list[Point] = []
    end = 0
    for point in sorted(points, key=lambda point: (point.address, point.end)):
        wide = bool(run) and max(end, point.end) - run[0].address > most
        if run and (point.address - end > max_gap or wide):
            blocks.append(Block(table, tuple(run)))
            run = []
        end = max(end, point.end) if run else point.end
        run.append(point)
    if run:
        blocks.append(Block(table, tuple(run)))
    return blocks
