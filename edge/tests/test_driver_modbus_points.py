"""Register encodings, and which registers are read together."""

import math
import struct

from hypothesis import given
from hypothesis import strategies as st

from lamppost.edge.drivers.modbus_blocks import (
    MAX_BITS,
    MAX_REGISTERS,
    Block,
    blocks_of,
    narrower,
)
from lamppost.edge.drivers.modbus_points import (
    BIG,
    LITTLE,
    Encoding,
    Point,
    Table,
    decode,
)
from lamppost.wire.datatypes import DataType

ORDERS = st.sampled_from([BIG, LITTLE])


def registers(data: bytes, order: str) -> list[int]:
    """The obvious twin of a device: bytes, cut in two, the first register first or last."""
    words = [256 * data[at] + data[at + 1] for at in range(0, len(data), 2)]
    return words if order == BIG else list(reversed(words))


@given(number=st.integers(-(2**31), 2**31 - 1), order=ORDERS)
def test_int32(number: int, order: str) -> None:
    """A signed number of two registers comes back, whatever the order of the registers."""
    data = number.to_bytes(4, "big", signed=True)
    assert decode(registers(data, order), Encoding.INT32, order) == number


@given(number=st.integers(0, 2**32 - 1), order=ORDERS)
def test_uint32(number: int, order: str) -> None:
    """An unsigned number of two registers comes back."""
    assert decode(registers(number.to_bytes(4, "big"), order), Encoding.UINT32, order) == number


@given(number=st.integers(-(2**15), 2**15 - 1), order=ORDERS)
def test_int16(number: int, order: str) -> None:
    """A signed number of one register comes back; there is no order to mistake."""
    data = number.to_bytes(2, "big", signed=True)
    assert decode(registers(data, BIG), Encoding.INT16, order) == number


@given(number=st.integers(0, 2**16 - 1), order=ORDERS)
def test_uint16(number: int, order: str) -> None:
    """An unsigned number of one register comes back."""
    assert decode([number], Encoding.UINT16, order) == number


@given(number=st.floats(width=32), order=ORDERS)
def test_float32(number: float, order: str) -> None:
    """Every single-precision number comes back exactly, NaN and infinities included."""
    back = decode(registers(struct.pack(">f", number), order), Encoding.FLOAT32, order)
    assert back == number or (math.isnan(back) and math.isnan(number))


def point(**keys: object) -> Point:
    """A holding register of a Double channel, except as told."""
    usual: dict[str, object] = {
        "channel": "x",
        "table": Table.HOLDING,
        "address": 10,
        "datatype": DataType.DOUBLE,
        "encoding": Encoding.INT16,
    }
    return Point(**(usual | keys))  # type: ignore[arg-type]


def test_scale_and_offset() -> None:
    """A Double is raw times scale plus offset; 0xFFFF as int16 is -1."""
    assert point(scale=0.5, offset=-3.0).value([0, 0xFFFF, 7], 9) == -3.5


def test_whole_numbers_stay_whole() -> None:
    """An Int64 channel scales without a detour over floats, so no digit is lost."""
    wide = point(
        datatype=DataType.INT64, encoding=Encoding.UINT32, scale=4_000_000_001.0, offset=7.0
    )
    value = wide.value([0xFFFF, 0xFFFF], 10)
    assert value == 0xFFFFFFFF * 4_000_000_001 + 7
    assert isinstance(value, int)


def test_booleans() -> None:
    """A coil is a boolean, and so is a register that is not zero."""
    coil = point(table=Table.COIL, encoding=None, datatype=DataType.BOOLEAN)
    assert coil.value([False, True], 9) is True
    assert point(datatype=DataType.BOOLEAN).value([0], 10) is False


POINTS = st.builds(
    lambda table, address, encoding: Point(
        f"{table.value}{address}{encoding.name}",
        table,
        address,
        DataType.DOUBLE,
        None if table.is_bits else encoding,
    ),
    st.sampled_from(list(Table)),
    st.integers(0, 3000),
    st.sampled_from(list(Encoding)),
)
MANY = st.lists(POINTS, max_size=60, unique=True)


def check_blocks(points: list[Point], blocks: tuple[Block, ...]) -> None:
    """Every point is in one block, no block is longer than the protocol allows."""
    assert sorted(map(repr, points)) == sorted(
        repr(point) for block in blocks for point in block.points
    )
    for block in blocks:
        assert 1 <= block.count <= (MAX_BITS if block.table.is_bits else MAX_REGISTERS)
        for inner in block.points:
            assert inner.table is block.table
            assert block.address <= inner.address
            assert inner.end <= block.address + block.count


@given(points=MANY, max_gap=st.integers(0, 125))
def test_blocks_hold_every_point_once(points: list[Point], max_gap: int) -> None:
    """Blocks cover what is configured, within bounds, with no gap wider than allowed."""
    blocks = blocks_of(points, max_gap)
    check_blocks(points, blocks)
    for block in blocks:
        read = {word for inner in block.points for word in range(inner.address, inner.end)}
        hole = 0
        for word in range(block.address, block.address + block.count):
            hole = 0 if word in read else hole + 1
            assert hole <= max_gap


@given(points=MANY, max_gap=st.integers(0, 125), data=st.data())
def test_narrowing_ends(points: list[Point], max_gap: int, data: st.DataObject) -> None:
    """However often blocks are refused, more and smaller ones replace it, down to 1."""
    waiting = list(blocks_of(points, max_gap))
    done: list[Block] = []
    while waiting:
        block = waiting.pop()
        if len(block.points) == 1:
            done.append(block)
            continue
        bad = data.draw(st.sets(st.sampled_from(block.points), max_size=3))
        parts = narrower(block, bad)
        check_blocks(list(block.points), parts)
        assert all(
            len(part.points) < len(block.points) or part.count < block.count for part in parts
        )
        assert len(parts) > 1
        waiting += parts
    check_blocks(points, tuple(done))


def test_neighbours_are_read_together() -> None:
    """Six floats side by side and one across a small gap are one request; a far one is not."""
    near = [point(channel=f"n{n}", address=2 * n, encoding=Encoding.FLOAT32) for n in range(6)]
    gap = point(channel="gap", address=20)
    far = point(channel="far", address=200)
    blocks = blocks_of([far, gap, *near], 16)
    assert [(block.address, block.count) for block in blocks] == [(0, 21), (200, 1)]
