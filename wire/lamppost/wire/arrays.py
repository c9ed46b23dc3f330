"""Array types: how many values of one kind lie in a metric's bytes.

Numbers lie little-endian one after the other (the printed examples of Sparkplug 3.0.0 that show
otherwise were corrected since); booleans are bits, highest first, behind their 4-byte count;
texts end in NUL.
"""

import struct
from collections.abc import Sequence

from lamppost.wire.datatypes import DataType
from lamppost.wire.payload import MAX_PAYLOAD_BYTES

_CODES = {
    DataType.INT8_ARRAY: "b",
    DataType.INT16_ARRAY: "h",
    DataType.INT32_ARRAY: "i",
    DataType.INT64_ARRAY: "q",
    DataType.UINT8_ARRAY: "B",
    DataType.UINT16_ARRAY: "H",
    DataType.UINT32_ARRAY: "I",
    DataType.UINT64_ARRAY: "Q",
    DataType.FLOAT_ARRAY: "f",
    DataType.DOUBLE_ARRAY: "d",
    DataType.DATETIME_ARRAY: "Q",
}
_COUNT = struct.Struct("<I")

Items = Sequence[int] | Sequence[float] | Sequence[bool] | Sequence[str]


def pack_array(datatype: DataType, items: Items) -> bytes:
    """Return the bytes of an array.

    Raises:
        ValueError: The type is no array, or an item does not fit it.
    """
    try:
        if datatype is DataType.BOOLEAN_ARRAY:
            return _pack_bits([_bit(item) for item in items])
        if datatype is DataType.STRING_ARRAY:
            return b"".join(_text(item) for item in items)
        return struct.pack(f"<{len(items)}{_code(datatype)}", *items)
    except (struct.error, OverflowError) as error:
        raise ValueError(f"{datatype.name}: {error}") from None


def unpack_array(datatype: DataType, data: bytes) -> tuple[int | float | bool | str, ...]:
    """Return the items of an array.

    Raises:
        ValueError: The type is no array, or the bytes are not a whole array of it.
    """
    if len(data) > MAX_PAYLOAD_BYTES:
        raise ValueError(
            f"{datatype.name}: came {len(data)} bytes, allowed: {MAX_PAYLOAD_BYTES}"
        )
    if datatype is DataType.BOOLEAN_ARRAY:
        return _unpack_bits(data)
    if datatype is DataType.STRING_ARRAY:
        if data and data[-1]:
            raise ValueError("STRING_ARRAY: the last text does not end in NUL")
        return tuple(item.decode() for item in data.split(b"\0")[:-1])
    size = struct.calcsize(f"<{_code(datatype)}")
    if len(data) % size:
        raise ValueError(
            f"{datatype.name}: came {len(data)} bytes, allowed: a multiple of {size}"
        )
    return struct.unpack(f"<{len(data) // size}{_code(datatype)}", data)


def _code(datatype: DataType) -> str:
    if datatype not in _CODES:
        raise ValueError(f"came {datatype.name}, allowed: an array type")
    return _CODES[datatype]


def _bit(item: object) -> bool:
    if not isinstance(item, bool):
        raise ValueError(f"BOOLEAN_ARRAY: came {item!r}, allowed: true or false")  # noqa: TRY004
    return item


def _text(item: object) -> bytes:
    if not isinstance(item, str) or "\0" in item:
        raise ValueError(f"STRING_ARRAY: came {item!r}, allowed: a text without NUL")
    return item.encode() + b"\0"


def _pack_bits(items: Sequence[bool]) -> bytes:
    packed = bytearray((len(items) + 7) // 8)
    for at, item in enumerate(items):
        packed[at // 8] |= item << (7 - at % 8)
    return _COUNT.pack(len(items)) + packed


def _unpack_bits(data: bytes) -> tuple[bool, ...]:
    if len(data) < _COUNT.size:
        raise ValueError(f"BOOLEAN_ARRAY: came {len(data)} bytes, allowed: a count of 4 first")
    (count,) = _COUNT.unpack_from(data)
    bits = data[_COUNT.size :]
    if len(bits) != (count + 7) // 8:
        raise ValueError(f"BOOLEAN_ARRAY: came {len(bits)} bytes for {count} bits")
    return tuple(bool(bits[at // 8] >> (7 - at % 8) & 1) for at in range(count))
