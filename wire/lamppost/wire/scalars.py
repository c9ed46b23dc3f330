"""Single values to their bytes on the wire: tag and content, by data type.

Sparkplug has four places for a value (metric, property, table cell, template parameter). They
differ only in the number of their first field, so one factory makes the writers for all four.
"""

import struct
from collections.abc import Callable
from functools import lru_cache

from lamppost.wire.datatypes import DataType

Writer = Callable[[object], bytes]

VARINT, FIXED64, LEN, FIXED32 = 0, 1, 2, 5
_SHORT = tuple(bytes((n,)) for n in range(128))
_MASK32 = 2**32 - 1
_MASK64 = 2**64 - 1
_SHOWN_CHARS = 60
_SHOWN_BITS = 1_024


class EncodeError(ValueError):
    """A value that its type or a bound does not allow; nothing was encoded."""


def varint(number: int) -> bytes:
    """Return a number >= 0 in base 128, lowest digit first."""
    if number < 0x80:
        return _SHORT[number]
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def tag(field: int, wire: int) -> bytes:
    """Return the bytes that begin a field."""
    return varint(field << 3 | wire)


def misfit(value: object, allowed: str) -> EncodeError:
    """Return the error for a value that is not what is allowed."""
    # Python refuses to print an integer of thousands of digits.
    huge = isinstance(value, int) and value.bit_length() > _SHOWN_BITS
    came = "a huge number" if huge else repr(value)
    if len(came) > _SHOWN_CHARS:
        came = came[:_SHOWN_CHARS] + "..."
    return EncodeError(f"came {came}, allowed: {allowed}")


def sized(prefix: bytes, content: bytes) -> bytes:
    """Return a length-delimited field."""
    return prefix + varint(len(content)) + content


def text_writer(field: int) -> Writer:
    """Return the writer of a text field."""
    prefix = tag(field, LEN)

    def write(value: object) -> bytes:
        if not isinstance(value, str):
            raise misfit(value, "a text")
        try:
            content = value.encode()
        except UnicodeEncodeError:
            raise misfit(value, "a text that UTF-8 can hold") from None
        return prefix + varint(len(content)) + content

    return write


def bytes_writer(field: int) -> Writer:
    """Return the writer of a bytes field."""
    prefix = tag(field, LEN)

    def write(value: object) -> bytes:
        if not isinstance(value, bytes):
            raise misfit(value, "bytes")
        return prefix + varint(len(value)) + value

    return write


def bool_writer(field: int) -> Writer:
    """Return the writer of a boolean field."""
    false, true = tag(field, VARINT) + b"\0", tag(field, VARINT) + b"\1"

    def write(value: object) -> bytes:
        if value is True:
            return true
        if value is False:
            return false
        raise misfit(value, "true or false")

    return write


def int_writer(field: int, low: int, high: int, mask: int = _MASK64) -> Writer:
    """Return the writer of an integer field; `mask` makes negative numbers two's complement."""
    prefix = tag(field, VARINT)
    allowed = f"a whole number in {low}..{high}"

    def write(value: object) -> bytes:
        # bool is a subclass of int, and True where a count belongs is a mistake of the caller.
        if not isinstance(value, int) or value is True or value is False:
            raise misfit(value, allowed)
        if not low <= value <= high:
            raise misfit(value, allowed)
        return prefix + varint(value & mask)

    return write


def uint_writer(field: int, bits: int = 64, cached: int = 0) -> Writer:
    """Return the writer of an unsigned field; `cached` keeps that many of its last results."""
    write = int_writer(field, 0, 2**bits - 1)
    # By type, or a kept result for 1 would let 1.0 and True pass.
    return lru_cache(maxsize=cached, typed=True)(write) if cached else write


def _real_writer(field: int, layout: struct.Struct, wire: int, name: str) -> Writer:
    prefix, pack = tag(field, wire), layout.pack
    allowed = f"a number that {name} can hold"

    def write(value: object) -> bytes:
        if not isinstance(value, (float, int)) or value is True or value is False:
            raise misfit(value, allowed)
        try:
            return prefix + pack(value)
        except (OverflowError, struct.error):
            raise misfit(value, allowed) from None

    return write


def scalar_writers(first: int) -> dict[DataType, Writer]:
    """Return the writers of the value whose field for small integers has the number `first`.

    The fields for large integers, float, double, boolean and text follow in this order.
    """
    narrow = {8: (DataType.INT8, DataType.UINT8), 16: (DataType.INT16, DataType.UINT16)}
    narrow[32] = (DataType.INT32, DataType.UINT32)
    writers: dict[DataType, Writer] = {}
    for bits, (with_sign, without) in narrow.items():
        half = 2 ** (bits - 1)
        writers[with_sign] = int_writer(first, -half, half - 1, _MASK32)
        writers[without] = int_writer(first, 0, 2 * half - 1, _MASK32)
    writers[DataType.INT64] = int_writer(first + 1, -(2**63), 2**63 - 1)
    writers[DataType.UINT64] = writers[DataType.DATETIME] = uint_writer(first + 1)
    writers[DataType.FLOAT] = _real_writer(first + 2, struct.Struct("<f"), FIXED32, "a float")
    writers[DataType.DOUBLE] = _real_writer(first + 3, struct.Struct("<d"), FIXED64, "a double")
    writers[DataType.BOOLEAN] = bool_writer(first + 4)
    for datatype in (DataType.STRING, DataType.TEXT, DataType.UUID):
        writers[datatype] = text_writer(first + 5)
    return writers
