"""Bounds-checked reading of protobuf: every read is preceded by a compare with `end`.

Each reader returns (value, next position); a negative position is the negated status code of
the message. Values are int64 in both worlds: 64-bit unsigned values wrap to two's complement,
written so that plain Python (JIT off) gives the same number. Bytes go through `np.int64`, since
Numba makes `int` of an unsigned number unsigned, and a mix of both a float.
"""

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.columns import BAD_TAG, BAD_VARINT, CUT
from lamppost.aggregator.jit import kernel

Bytes = NDArray[np.uint8]

VARINT = 0
FIXED64 = 1
DELIMITED = 2
FIXED32 = 5

SIGN = -(2**63)
MASK32 = 0xFFFFFFFF
MAX_LENGTH = 0x7FFFFFFF


@kernel
def read_varint(buf: Bytes, pos: int, end: int) -> tuple[int, int]:
    """A varint of at most 10 bytes and 64 bits."""
    if pos >= end:
        return 0, -CUT
    byte = int(np.int64(buf[pos]))
    if byte < 128:
        return byte, pos + 1
    value = byte & 127
    shift = 7
    while shift < 63:
        pos += 1
        if pos >= end:
            return 0, -CUT
        byte = int(np.int64(buf[pos]))
        value |= (byte & 127) << shift
        if byte < 128:
            return value, pos + 1
        shift += 7
    pos += 1
    if pos >= end:
        return 0, -CUT
    byte = int(np.int64(buf[pos]))
    if byte > 1:
        return 0, -BAD_VARINT
    if byte == 1:
        value += SIGN
    return value, pos + 1


@kernel
def read_tag(buf: Bytes, pos: int, end: int) -> tuple[int, int]:
    """A field's tag; field 0, groups and wire types 6 and 7 are refused."""
    tag, after = read_varint(buf, pos, end)
    if after < 0:
        return 0, after
    if tag < 0 or tag > MASK32 or after - pos > 5:
        return 0, -BAD_VARINT
    wire = tag & 7
    if tag < 8 or wire == 3 or wire == 4 or wire > 5:
        return 0, -BAD_TAG
    return tag, after


@kernel
def read_length(buf: Bytes, pos: int, end: int) -> tuple[int, int]:
    """The length of a delimited field, already known to fit before `end`."""
    length, after = read_varint(buf, pos, end)
    if after < 0:
        return 0, after
    if length < 0 or length > MAX_LENGTH or after - pos > 5:
        return 0, -BAD_VARINT
    if length > end - after:
        return 0, -CUT
    return length, after


@kernel
def skip(buf: Bytes, pos: int, end: int, wire: int) -> int:
    """The position behind a field of wire type `wire` whose tag has been read."""
    if wire == VARINT:
        _, pos = read_varint(buf, pos, end)
        return pos
    if wire == DELIMITED:
        length, pos = read_length(buf, pos, end)
        return pos if pos < 0 else pos + length
    size = 8 if wire == FIXED64 else 4
    return -CUT if size > end - pos else pos + size


@kernel
def walk(buf: Bytes, pos: int, end: int) -> int:
    """Step over the fields of a message nobody reads; 0, or a negated status code."""
    while pos < end:
        tag, pos = read_tag(buf, pos, end)
        if pos < 0:
            return pos
        pos = skip(buf, pos, end, tag & 7)
        if pos < 0:
            return pos
    return 0


@kernel
def fixed32(buf: Bytes, pos: int) -> int:
    """Four bytes, little end first; the caller has compared with the end."""
    return (
        int(np.int64(buf[pos]))
        | int(np.int64(buf[pos + 1])) << 8
        | int(np.int64(buf[pos + 2])) << 16
        | int(np.int64(buf[pos + 3])) << 24
    )


@kernel
def fixed64(buf: Bytes, pos: int) -> int:
    """Eight bytes, little end first, as two's complement."""
    high = fixed32(buf, pos + 4)
    if high >= 0x80000000:
        high -= 0x100000000
    return high * 0x100000000 + fixed32(buf, pos)


@kernel
def double_bits(single: int) -> int:
    """The bits of the double that equals the float with the bits `single`."""
    exponent = (single >> 23) & 0xFF
    mantissa = single & 0x7FFFFF
    if exponent == 0xFF:
        bits = (0x7FF << 52) | (mantissa << 29)
    elif exponent != 0:
        bits = ((exponent + 896) << 52) | (mantissa << 29)
    elif mantissa == 0:
        bits = 0
    else:  # subnormal floats are normal doubles
        exponent = 897
        while mantissa < 0x800000:
            mantissa <<= 1
            exponent -= 1
        bits = (exponent << 52) | ((mantissa & 0x7FFFFF) << 29)
    if single >= 0x80000000:
        bits += SIGN
    return bits
