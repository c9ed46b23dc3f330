"""One metric's fields into its row."""

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.decode.quality import read_quality
from lamppost.aggregator.decode.wirebytes import (
    DELIMITED,
    FIXED32,
    FIXED64,
    MASK32,
    VARINT,
    Bytes,
    double_bits,
    fixed32,
    fixed64,
    read_length,
    read_tag,
    read_varint,
    skip,
    walk,
)
from lamppost.aggregator.jit import kernel

Columns = NDArray[np.int64]

ONE_BITS = 0x3FF << 52  # 1.0 as float64 bits


@kernel
def read_metric(buf: Bytes, start: int, end: int, rows: Columns, row: int) -> int:
    """Fill row `row` from the metric in buf[start:end]; returns the message's status."""
    for column in range(c.WIDTH):
        rows[row, column] = 0
    rows[row, c.TIME] = -1
    rows[row, c.QUALITY] = c.QUALITY_GOOD
    rows[row, c.SERIES] = c.UNKNOWN
    pos = start
    has_properties = False
    while pos < end:
        tag, pos = read_tag(buf, pos, end)
        if pos < 0:
            return -pos
        field = tag >> 3
        if field >= 10 and field <= 19:
            pos = _read_value(buf, pos, end, tag, rows, row)
        elif tag & 7 == VARINT and field >= 2 and field <= 7:
            pos = _read_scalar(buf, pos, end, field, rows, row)
        elif tag & 7 == DELIMITED and (field == 1 or field == 8 or field == 9):
            pos = _read_part(buf, pos, end, field, rows, row)
            has_properties = has_properties or field == 9
        else:
            pos = skip(buf, pos, end, tag & 7)
        if pos < 0:
            return -pos
    if has_properties:
        return read_quality(buf, start, end, rows, row)
    return c.OK


@kernel
def _read_scalar(buf: Bytes, pos: int, end: int, field: int, rows: Columns, row: int) -> int:
    """Alias, timestamp, datatype and the three flags."""
    value, pos = read_varint(buf, pos, end)
    if pos < 0:
        return pos
    flags = int(rows[row, c.FLAGS])
    if field == 2:
        rows[row, c.ALIAS] = value
        flags |= c.HAS_ALIAS
    elif field == 3:
        rows[row, c.TIME] = value
        flags |= c.HAS_TIME
    elif field == 4:
        rows[row, c.DATATYPE] = value & MASK32
        flags |= c.HAS_DATATYPE
    elif field == 5:
        flags = flags | c.HISTORICAL if value != 0 else flags & ~c.HISTORICAL
    elif field == 7:
        flags = flags | c.IS_NULL if value != 0 else flags & ~c.IS_NULL
    rows[row, c.FLAGS] = flags
    return pos


@kernel
def _read_part(buf: Bytes, pos: int, end: int, field: int, rows: Columns, row: int) -> int:
    """Name, metadata or properties: located, and for the latter two stepped through."""
    length, pos = read_length(buf, pos, end)
    if pos < 0:
        return pos
    if field == 1:
        rows[row, c.NAME_OFF] = pos
        rows[row, c.NAME_LEN] = length
        rows[row, c.FLAGS] |= c.HAS_NAME
    elif field == 8:
        status = walk(buf, pos, pos + length)
        if status < 0:
            return status
    return pos + length


@kernel
def _read_value(buf: Bytes, pos: int, end: int, tag: int, rows: Columns, row: int) -> int:
    """One member of the value oneof; a foreign wire type makes it an unknown field."""
    field = tag >> 3
    wire = tag & 7
    if wire == VARINT and (field == 10 or field == 11 or field == 14):
        value, pos = read_varint(buf, pos, end)
        if field == 14:
            _put(rows, row, c.BOOLEAN, ONE_BITS if value != 0 else 0, 0, 0)
        elif field == 10:
            _put(rows, row, c.NUMERIC, 0, value & MASK32, c.INT_FIELD)
        else:
            _put(rows, row, c.NUMERIC, 0, value, c.LONG_FIELD)
        return pos
    if wire == FIXED64 and field == 13:
        if end - pos < 8:
            return -c.CUT
        _put(rows, row, c.NUMERIC, fixed64(buf, pos), 0, 0)
        return pos + 8
    if wire == FIXED32 and field == 12:
        if end - pos < 4:
            return -c.CUT
        _put(rows, row, c.NUMERIC, double_bits(fixed32(buf, pos)), 0, 0)
        return pos + 4
    if wire == DELIMITED and field >= 15:
        length, pos = read_length(buf, pos, end)
        if pos < 0:
            return pos
        kind = c.TEXT if field == 15 else c.BYTES if field == 16 else c.COMPLEX
        _put(rows, row, kind, 0, pos, length)
        return pos + length
    return skip(buf, pos, end, wire)


@kernel
def _put(rows: Columns, row: int, kind: int, bits: int, off: int, length: int) -> None:
    rows[row, c.KIND] = kind
    rows[row, c.BITS] = bits
    rows[row, c.OFF] = off
    rows[row, c.LEN] = length
