import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.wire.arrays import pack_array, unpack_array
from lamppost.wire.datatypes import DataType

ITEMS: dict[DataType, st.SearchStrategy[object]] = {
    DataType.INT8_ARRAY: st.integers(-(2**7), 2**7 - 1),
    DataType.INT16_ARRAY: st.integers(-(2**15), 2**15 - 1),
    DataType.INT32_ARRAY: st.integers(-(2**31), 2**31 - 1),
    DataType.INT64_ARRAY: st.integers(-(2**63), 2**63 - 1),
    DataType.UINT8_ARRAY: st.integers(0, 2**8 - 1),
    DataType.UINT16_ARRAY: st.integers(0, 2**16 - 1),
    DataType.UINT32_ARRAY: st.integers(0, 2**32 - 1),
    DataType.UINT64_ARRAY: st.integers(0, 2**64 - 1),
    DataType.FLOAT_ARRAY: st.floats(width=32, allow_nan=False),
    DataType.DOUBLE_ARRAY: st.floats(allow_nan=False),
    DataType.BOOLEAN_ARRAY: st.booleans(),
    DataType.STRING_ARRAY: st.text().filter(lambda text: "\0" not in text),
    DataType.DATETIME_ARRAY: st.integers(0, 2**64 - 1),
}


@given(st.data())
def test_every_array_comes_back(data: st.DataObject) -> None:
    """What was packed is what is unpacked, for every array type and any length."""
    datatype = data.draw(st.sampled_from(list(ITEMS)))
    items = tuple(data.draw(st.lists(ITEMS[datatype], max_size=40)))
    packed = pack_array(datatype, items)  # type: ignore[arg-type]
    assert unpack_array(datatype, packed) == items


@given(st.sampled_from(list(ITEMS)), st.binary(max_size=40))
def test_any_bytes_unpack_or_are_refused(datatype: DataType, data: bytes) -> None:
    """Arbitrary bytes are an array of the type or a ValueError, nothing else."""
    try:
        items = unpack_array(datatype, data)
    except ValueError:
        return
    assert len(items) <= 8 * len(data)


def test_numbers_are_little_endian() -> None:
    """The layout is the corrected one: lowest byte first."""
    assert pack_array(DataType.UINT16_ARRAY, [30, 52360]) == bytes.fromhex("1e0088cc")
    assert pack_array(DataType.DATETIME_ARRAY, [1]) == struct.pack("<Q", 1)


def test_booleans_are_bits_behind_their_count() -> None:
    """Twelve booleans are a count of 12 and two bytes, the first boolean in the highest bit."""
    bits = [bit == "1" for bit in "001101001101"]
    assert pack_array(DataType.BOOLEAN_ARRAY, bits) == bytes.fromhex("0c00000034d0")


@pytest.mark.parametrize(
    ("datatype", "items"),
    [
        (DataType.INT8_ARRAY, [128]),
        (DataType.UINT64_ARRAY, [-1]),
        (DataType.FLOAT_ARRAY, [1e300]),
        (DataType.BOOLEAN_ARRAY, [1]),
        (DataType.STRING_ARRAY, ["a\0b"]),
        (DataType.STRING_ARRAY, ["\ud800"]),
        (DataType.DOUBLE, [1.0]),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused(datatype: DataType, items: list[int]) -> None:
    """An item outside its type, or a type that is no array, is a ValueError."""
    with pytest.raises(ValueError, match=r".+"):
        pack_array(datatype, items)


@pytest.mark.parametrize(
    ("datatype", "data"),
    [
        (DataType.INT32_ARRAY, b"123"),
        (DataType.BOOLEAN_ARRAY, b"\1\0\0"),
        (DataType.BOOLEAN_ARRAY, b"\1\0\0\0"),
        (DataType.BOOLEAN_ARRAY, b"\xff\xff\xff\xff\0"),
        (DataType.STRING_ARRAY, b"ab\0cd"),
        (DataType.STRING_ARRAY, b"\xff\0"),
        (DataType.STRING, b"ab"),
    ],
    ids=str,
)
def test_bytes_that_are_no_whole_array_are_refused(datatype: DataType, data: bytes) -> None:
    """Bytes that end early, announce too much or are no text are a ValueError."""
    with pytest.raises(ValueError, match=r".+"):
        unpack_array(datatype, data)
