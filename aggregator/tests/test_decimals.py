"""Numbers as text: what is written reads back as the very same number."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lamppost.aggregator.store.columnlines import Block, ColumnLines, TagBook
from lamppost.aggregator.store.decimals import (
    NUMBER_BYTES,
    OVERRUN_BYTES,
    powers_of_ten,
    write_double,
    write_int,
    write_single,
)
from lamppost.wire.series import OPS, FieldType, Measurement
from lamppost.wire.series.schema import fields_of

from .twins_lines import slow_single

POWERS = powers_of_ten()
INF32 = np.float32(np.inf)
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
    """No digits that matter are left out of any float32, subnormal ones too."""
    assert np.float32(single(number)) == np.float32(number)


def single(number: float) -> str:
    """The text of a float32."""
    out = np.full(64, 33, np.uint8)
    end = write_single(np.float64(number), POWERS, out, 0)
    assert end <= NUMBER_BYTES
    assert (out[end + OVERRUN_BYTES :] == 33).all()
    return out[:end].tobytes().decode()


USUAL = st.floats(2.0**-30, 2.0**23, width=32, exclude_max=True)


@given(USUAL.filter(lambda number: math.frexp(number)[0] != 0.5), st.booleans())
@example(9.9999999, False)
@example(4194304.5, False)
@example(0.1, True)
@example(33.6651, False)
@example(float(np.nextafter(np.float32(1), np.float32(0))), False)
@example(float(np.nextafter(np.float32(2**23), np.float32(0))), False)
def test_a_float32_is_written_as_the_slow_way_does(number: float, below: bool) -> None:
    """The kernel and exact fractions choose the same digits, as few as there can be."""
    number = float(np.float32(-number if below else number))
    assert single(number) == slow_single(number)
    shortest = np.format_float_positional(np.float32(number), unique=True, trim="0")
    assert len(single(number)) <= len(shortest)


@pytest.mark.parametrize("exponent", range(-140, 127))
def test_float32_beside_powers_of_two(exponent: int) -> None:
    """Where the distance to the next number changes, and at both ends of the fast way."""
    middle = np.float32(2.0**exponent)
    for number in (middle, np.nextafter(middle, np.float32(0)), np.nextafter(middle, INF32)):
        assert np.float32(float(single(float(number)))) == number


@given(st.integers(-(2**62), 2**62) | st.integers(0, 10**17))
@example(10**8)
@example(10**16)
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
