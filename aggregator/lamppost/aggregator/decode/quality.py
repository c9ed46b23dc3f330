"""The `Quality` property, found among a metric's property sets.

Keys and values are parallel lists, values may come before keys, and a repeated `properties`
field continues the lists. So the sets are walked twice: for the key's place, then its value.
"""

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.decode.wirebytes import (
    DELIMITED,
    FIXED32,
    FIXED64,
    MASK32,
    VARINT,
    Bytes,
    read_length,
    read_tag,
    read_varint,
    skip,
)
from lamppost.aggregator.jit import kernel

Columns = NDArray[np.int64]

KEY = np.frombuffer(b"Quality", np.uint8)


@kernel
def read_quality(buf: Bytes, start: int, end: int, rows: Columns, row: int) -> int:
    """Put the `Quality` of the metric in buf[start:end] into its row; returns a status."""
    wanted, status = _scan(buf, start, end, -1, rows, row)
    if status != c.OK or wanted < 0:
        return status
    _, status = _scan(buf, start, end, wanted, rows, row)
    return status


@kernel
def _scan(
    buf: Bytes, pos: int, end: int, wanted: int, rows: Columns, row: int
) -> tuple[int, int]:
    """Walk all property sets of a metric whose own fields are known to be well formed.

    Returns:
        The index of the last key `Quality`, or -1; and a status.
    """
    found = -1
    keys = 0
    values = 0
    while pos < end:
        tag, pos = read_tag(buf, pos, end)
        if tag != 9 << 3 | DELIMITED:
            pos = skip(buf, pos, end, tag & 7)
            continue
        length, pos = read_length(buf, pos, end)
        stop = pos + length
        while pos < stop:
            tag, pos = read_tag(buf, pos, stop)
            if pos < 0:
                return -1, -pos
            if tag & 7 != DELIMITED or tag >> 3 > 2:
                pos = skip(buf, pos, stop, tag & 7)
                if pos < 0:
                    return -1, -pos
                continue
            length, pos = read_length(buf, pos, stop)
            if pos < 0:
                return -1, -pos
            if tag >> 3 == 1:
                if _is_key(buf, pos, length):
                    found = keys
                keys += 1
            else:
                status = _read_value(buf, pos, pos + length, values == wanted, rows, row)
                if status != c.OK:
                    return -1, status
                values += 1
            pos += length
    return found, c.OK if keys == values else c.BAD_PROPERTIES


@kernel
def _is_key(buf: Bytes, pos: int, length: int) -> bool:
    if length != KEY.shape[0]:
        return False
    for index in range(length):  # noqa: SIM110 - Numba compiles no generator for all()
        if buf[pos + index] != KEY[index]:
            return False
    return True


@kernel
def _read_value(buf: Bytes, pos: int, end: int, wanted: bool, rows: Columns, row: int) -> int:
    """Check one PropertyValue; when it is the wanted one, keep its integer."""
    value = 0
    member = 0
    is_null = False
    while pos < end:
        tag, pos = read_tag(buf, pos, end)
        if pos < 0:
            return -pos
        field = tag >> 3
        if tag & 7 == VARINT and 2 <= field <= 4:
            number, pos = read_varint(buf, pos, end)
            if field == 2:
                is_null = number != 0
            else:
                value, member = number, field
        else:
            if tag & 7 == _wire_of(field):
                member = field
            pos = skip(buf, pos, end, tag & 7)
        if pos < 0:
            return -pos
    if wanted and not is_null and (member == 3 or member == 4):
        rows[row, c.QUALITY] = _code(value)
        rows[row, c.FLAGS] |= c.HAS_QUALITY
    return c.OK


@kernel
def _wire_of(field: int) -> int:
    """The wire type of the value oneof's other members; -1 for what is not one of them."""
    if field == 5:
        return FIXED32
    if field == 6:
        return FIXED64
    if field == 7:
        return VARINT
    return DELIMITED if 8 <= field <= 11 else -1


@kernel
def _code(value: int) -> int:
    """The low 32 bits as the signed Int32 that Sparkplug's quality codes are."""
    value &= MASK32
    return value - 0x100000000 if value >= 0x80000000 else value
