"""Numbers as text: what is written reads back as the very same number."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lamppost.aggregator.store.columnlines import Block, ColumnLines, TagBook
from lamppost.aggregator.store.decimals import (
    NUMBER_BYTES,
    powers_of_ten,
    write_double,
    write_int,
    write_single,
)
from lamppost.wire.series import OPS, FieldType, Measurement
from lamppost.wire.series.schema import fields_of

POWERS = powers_of_ten()
MEASURED = Measurement(
    "m", OPS, (), (*fields_of(FieldType.FLOAT, "x", "y"), *fields_of(FieldType.INTEGER, "n"))
)


def double(number: float) -> str:
    """The text of a float64."""
    out = np.full(64, 33, np.uint8)
    end = write_double(number, POWERS, out, 0)
    assert end <= NUMBER_BYTES
    return out[:end].tobytes().decode()


@given(st.floats(1e-279, 1e279) | st.floats(-1e6, 1e6).filter(lambda x: abs(x) > 1e-279))
@example(9.999999999999999e22)
@example(0.30000000000000004)
@example(2.0**53 + 2)
@example(float(np.nextafter(1e15, 0)))
@example(5e-5)
def test_a_float64_reads_back(number: float) -> None:
    """Seventeen digits are enough for every number, whatever its size."""
    text = double(number)
    assert float(text) == number
    assert double(-number) == "-" + text if number > 0 else True


@given(st.integers(-(10**9), 10**9), st.integers(0, 6))
def test_a_short_decimal_stays_short(digits: int, decimals: int) -> None:
    """What a device measured with a few digits is written with these, as Python does."""
    number = digits / 10**decimals
    if number != 0.0 and abs(number) >= 1e-4:
        assert double(number) == repr(number)


@pytest.mark.parametrize("exponent", range(-270, 271, 9))
def test_beside_powers_of_ten_and_two(exponent: int) -> None:
    """Where logarithms are rounded to the wrong side nothing is lost."""
    for middle in (float(f"1e{exponent}"), 2.0 ** (3 * exponent)):
        for beside in (middle, np.nextafter(middle, 0), np.nextafter(middle, 1e300)):
            assert float(double(float(beside))) == beside


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float32_reads_back(number: float) -> None:
    """Nine digits are enough for every float32, subnormal ones too."""
    out = np.empty(64, np.uint8)
    text = out[: write_single(number, POWERS, out, 0)].tobytes().decode()
    assert np.float32(text) == np.float32(number)


@given(st.integers(-(2**62), 2**62))
def test_an_integer_is_itself(number: int) -> None:
    """Counts are written digit by digit."""
    out = np.empty(64, np.uint8)
    assert int(out[: write_int(number, out, 0)].tobytes()) == number


@given(
    st.lists(
        st.tuples(st.floats(), st.floats(), st.integers(-(2**62), 2**62)),
        min_size=1,
        max_size=9,
    )
)
def test_columns_as_lines(rows: list[tuple[float, float, int]]) -> None:
    """Any number is written, the largest and smallest too; what is none is left out."""
    columns = dict(zip("xyn", map(np.array, zip(*rows, strict=True)), strict=True))
    tags = TagBook()
    tags.put(0, ",a=b")
    block = ColumnLines(MEASURED).of(
        tags, np.zeros(len(rows), np.int32), np.arange(len(rows)), columns.__getitem__
    )
    expected = []
    for time, (x, y, n) in enumerate(rows):
        fields = {name: number for name, number in (("x", x), ("y", y)) if np.isfinite(number)}
        expected.append(("m,a=b", fields, n, time))
    found = []
    for line in block.texts():
        head, written, at = line.split(" ")
        *floats, count = written.split(",")
        numbers = {name: float(text) for name, _, text in (f.partition("=") for f in floats)}
        found.append((head, numbers, int(count[2:-1]), int(at)))
    assert found == expected


@given(st.lists(st.text(st.characters(exclude_characters="\n", codec="utf-8"), min_size=1)))
def test_parts_of_a_block(lines: list[str]) -> None:
    """Any part is the same lines, and halves make the whole."""
    block = Block.of(lines)
    half = len(lines) // 2
    assert len(block) == len(lines)
    assert block.part(0, half).texts() + block.part(half, len(lines)).texts() == lines
    assert block.body == "\n".join(lines).encode()
