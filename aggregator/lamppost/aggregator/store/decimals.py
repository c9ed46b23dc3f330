"""Kernels that write numbers as decimal text which reads back as the very same number.

Most readings are short decimals: `rint(v * 10**k) / 10**k == v` proves that the short text
reads back exactly, since both sides of the division are exact. The others take fifteen to
seventeen digits, found in double-double arithmetic (Dekker 1971), whose error of 1e-30 is far
below what seventeen digits leave over.

A float32 of usual size has a fixed number of decimals, by its binary exponent: so many that
the nearest decimal lies surely closer to it than to its neighbours. Where the nearest one with
one decimal less does too, that is taken, and zeros at the end go: so it is the shortest. A
float64 holds all of it with 29 bits to spare. Very small and very large ones take nine digits.
"""

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.jit import kernel
from lamppost.aggregator.store.words import (
    EIGHT_DIGITS,
    ZEROS,
    bits_of,
    bytes_used,
    eight_digits,
    first_byte,
    put_word,
)

EXPONENT_MAX = 300
"""Powers of ten are in the table from -this to this."""

MAGNITUDE_MAX = 280
"""Numbers of 10**this and more, and of 10**-this and less, are written by others."""

NUMBER_BYTES = 26
"""Longest text of a number."""

OVERRUN_BYTES = 16
"""So much behind a text is overwritten too; there must be room for it."""

SHORT_DECIMALS = 6
MILLION = 1_000_000
WHOLE_MAX = 1e8  # numbers below have at most eight digits before the point
EXACT = 9_007_199_254_740_992.0  # 2**53
HALF_ULP = 0.99 * 2.0**-54  # of a number, at least: below a power of two it is this small
SPLIT = 134_217_729.0  # 2**27 + 1
SEVENTEEN, TEN_DIGITS = 1e16, 1_000_000_000  # the least of so many digits
TEN, HUNDRED = np.uint64(10), np.uint64(100)
TEN_AS_INT = 10
PAIRS = np.frombuffer("".join(f"{pair:02}" for pair in range(100)).encode(), np.uint8)
LOG10_2 = math.log10(2.0)
PLAIN_FROM, PLAIN_TO = -5, 16  # decimal exponents that are written without an e
BINARY_BIAS = 1023
FRACTION_BITS = (1 << 52) - 1
SMALLEST, LARGEST = -30, 22  # binary exponents of float32 with 1 to 16 decimals
NO_NUMBER = 0x0A302E30  # "0.0", and what is written over


def powers_of_ten() -> NDArray[np.float64]:
    """Return 10**k for -EXPONENT_MAX <= k <= EXPONENT_MAX as sums of two float64."""
    table = np.empty((2 * EXPONENT_MAX + 1, 2))
    for row, k in enumerate(range(-EXPONENT_MAX, EXPONENT_MAX + 1)):
        exact = Fraction(10) ** k
        table[row, 0] = float(exact)
        table[row, 1] = float(exact - Fraction(float(exact)))
    return table


def decimals_of(binary: int) -> int:
    """Return k so that a multiple of 10**-k is surely nearest to one float32 of an exponent."""
    spacing = Fraction(2) ** (binary - 23)
    return next(k for k in range(20) if Fraction(10) ** -k <= spacing)


PLACES = np.array([decimals_of(binary) for binary in range(SMALLEST, LARGEST + 1)])
SCALES = 10.0**PLACES
UNITS = 10**PLACES
FILLS = 10 ** np.where(PLACES > 8, 16 - PLACES, 8 - PLACES)
SHORT_FROM = int(np.argmax(PLACES <= 8))
# Half of the way to the next float32, in units of the last decimal, and a little less: so the
# float64 that is read lies on the right side as well, though product and sum are rounded.
NEAR = np.array(
    [
        float(Fraction(10) ** int(k) * Fraction(2) ** (binary - 24)) * (1 - 2.0**-20)
        for k, binary in zip(PLACES, range(SMALLEST, LARGEST + 1), strict=True)
    ]
)


@kernel
def put_digits(digits: int, count: int, out: NDArray[np.uint8], at: int) -> None:
    """Write the last `count` digits of a number of 0 or more, in `at` to `at + count`."""
    rest = np.uint64(digits)
    place = at + count - 1
    while place > at:
        fewer = rest // HUNDRED
        pair = 2 * np.int64(rest - fewer * HUNDRED)
        out[place - 1] = PAIRS[pair]
        out[place] = PAIRS[pair + 1]
        rest = fewer
        place -= 2
    if place == at:
        out[at] = 48 + rest - rest // TEN * TEN


@kernel
def digits_of(number: int) -> int:
    """Return how many decimal digits a number of 0 or more has."""
    count = 1
    bound = 10
    while count < 19 and number >= bound:
        bound *= 10
        count += 1
    return count


@kernel
def write_int(number: int, out: NDArray[np.uint8], at: int) -> int:
    """Write an int64 at a place; return the place behind it."""
    if 0 <= number < EIGHT_DIGITS:
        return write_up_to_eight(number, out, at)
    if 0 <= number < EIGHT_DIGITS * EIGHT_DIGITS:
        first = number // EIGHT_DIGITS
        at = write_up_to_eight(first, out, at)
        put_word(out, at, eight_digits(number - first * EIGHT_DIGITS))
        return at + 8
    if number < 0:
        out[at] = 45
        at += 1
        number = -number
    count = digits_of(number)
    put_digits(number, count, out, at)
    return at + count


@kernel
def write_up_to_eight(number: int, out: NDArray[np.uint8], at: int) -> int:
    """Write a number from 0 to 99,999,999 at a place; return the place behind it."""
    if number < TEN_AS_INT:
        put_word(out, at, 48 + number)
        return at + 1
    word = eight_digits(number)
    zeros = first_byte(word - ZEROS)
    put_word(out, at, word >> (8 * zeros))
    return at + 8 - zeros


@kernel
def write_fraction(digits: int, out: NDArray[np.uint8], at: int) -> int:
    """Write the point and eight digits without zeros at their end, or ".0"."""
    word = eight_digits(digits)
    out[at] = 46
    put_word(out, at + 1, word)
    return at + 1 + max(1, bytes_used(word - ZEROS))


@kernel
def write_long_fraction(digits: int, out: NDArray[np.uint8], at: int) -> int:
    """Write the point and sixteen digits without zeros at their end, or ".0"."""
    first = digits // EIGHT_DIGITS
    rest = eight_digits(digits - first * EIGHT_DIGITS)
    end = write_fraction(first, out, at)
    if rest == ZEROS:
        return end
    put_word(out, at + 9, rest)
    return at + 9 + bytes_used(rest - ZEROS)


@kernel
def exponent_of(number: float, powers: NDArray[np.float64]) -> int:
    """Return the decimal exponent of a number above 0; one off beside a power of ten."""
    _, binary = math.frexp(number)
    least = math.floor((binary - 1) * LOG10_2)
    return least + int(number >= powers[EXPONENT_MAX + 1 + least, 0])


@kernel
def scaled(number: float, hi: float, lo: float) -> tuple[float, float]:
    """Return number * (hi + lo) as a sum of two float64."""
    product = number * hi
    a = SPLIT * number
    a_hi = a - (a - number)
    a_lo = number - a_hi
    b = SPLIT * hi
    b_hi = b - (b - hi)
    b_lo = hi - b_hi
    error = ((a_hi * b_hi - product) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo
    error += number * lo
    top = product + error
    return top, error - (top - product)


@kernel
def reads_back(digits: int, exponent: int, wanted: float, powers: NDArray[np.float64]) -> bool:
    """Whether digits * 10**exponent is surely read as `wanted`."""
    row = exponent + EXPONENT_MAX
    top, rest = scaled(float(digits), powers[row, 0], powers[row, 1])
    if digits >= EXACT:  # its float64 is rounded: what was cut off is put back
        cut = float(digits - int(float(digits)))
        more = cut * powers[row, 0]
        total = top + (rest + more)
        rest = (rest + more) - (total - top)
        top = total
    return top == wanted and abs(rest) < HALF_ULP * top


@kernel
def write_digits(
    digits: int, count: int, exponent: int, out: NDArray[np.uint8], at: int
) -> int:
    """Write digits * 10**exponent without needless zeros; `digits` has `count` and is above 0.

    The digits are written in one go, and then make room for the point: to decide for each digit
    what it is costs more than to move the few before it.
    """
    whole = count + exponent  # digits before the point
    if PLAIN_FROM < whole <= 0:
        out[at] = 48
        out[at + 1] = 46
        at += 2
        for _ in range(-whole):
            out[at] = 48
            at += 1
        put_digits(digits, count, out, at)
        at += count
        while out[at - 1] == 48:
            at -= 1
        return at
    put_digits(digits, count, out, at + 1)
    point = 1
    if 0 < whole <= PLAIN_TO:
        point = whole
        for _ in range(whole - count):
            out[at + 1 + count] = 48
            count += 1
    for place in range(at, at + point):
        out[place] = out[place + 1]
    out[at + point] = 46
    end = at + count + 1
    while out[end - 1] == 48 and end > at + point + 1:
        end -= 1
    if 0 < whole <= PLAIN_TO:
        if end == at + point + 1:
            out[end] = 48
            end += 1
        return end
    end -= end == at + point + 1  # "1e22", not "1.e22"
    out[end] = 101
    return write_int(whole - 1, out, end + 1)


@kernel
def write_double(
    number: float, powers: NDArray[np.float64], out: NDArray[np.uint8], at: int
) -> int:
    """Write a float64 of less than MAGNITUDE_MAX so that it reads back as the same."""
    if number < 0.0:
        out[at] = 45
        at += 1
        number = -number
    if number < WHOLE_MAX:
        shifted = np.rint(number * MILLION)
        if shifted / MILLION == number:
            whole = int(number)
            at = write_up_to_eight(whole, out, at)
            return write_fraction((int(shifted) - whole * MILLION) * 100, out, at)
    return write_long_double(number, powers, out, at)


@kernel
def write_long_double(
    number: float, powers: NDArray[np.float64], out: NDArray[np.uint8], at: int
) -> int:
    """Write a float64 above 0 that has many digits."""
    scale = 1.0
    for decimals in range(SHORT_DECIMALS + 1):
        shifted = np.rint(number * scale)
        if shifted >= EXACT:
            break
        if shifted / scale == number:
            short = int(shifted)
            return write_digits(short, digits_of(short), -decimals, out, at)
        scale *= 10.0
    exponent = exponent_of(number, powers) - 16
    row = EXPONENT_MAX - exponent
    top, rest = scaled(number, powers[row, 0], powers[row, 1])
    if top < SEVENTEEN:  # just below a power of ten
        exponent -= 1
        row += 1
        top, rest = scaled(number, powers[row, 0], powers[row, 1])
    digits = int(top) + int(np.rint(rest))
    for cut in (100, 10):
        fewer = (digits + cut // 2) // cut
        shift = 2 if cut == 100 else 1
        if reads_back(fewer, exponent + shift, number, powers):
            return write_digits(fewer, digits_of(fewer), exponent + shift, out, at)
    return write_digits(digits, digits_of(digits), exponent, out, at)


@kernel
def write_single(
    number: float, powers: NDArray[np.float64], out: NDArray[np.uint8], at: int
) -> int:
    """Write a float32 so that it reads back as the same."""
    if number == 0.0:
        put_word(out, at, NO_NUMBER)
        return at + 3
    if number < 0.0:
        out[at] = 45
        at += 1
        number = -number
    bits = bits_of(number)
    row = (bits >> 52) - BINARY_BIAS - SMALLEST
    # The float32 below a power of two is only half as far away.
    if row < 0 or row > LARGEST - SMALLEST or not bits & FRACTION_BITS:
        return write_nine(number, powers, out, at)
    scaled = number * SCALES[row]
    fewer = np.rint(scaled * 0.1) * 10.0
    enough = abs(fewer - scaled) < NEAR[row]
    digits = int(fewer if enough else np.rint(scaled))
    whole = int(number)
    digits -= whole * UNITS[row]
    if digits >= UNITS[row]:  # rounded up to the next whole number
        whole += 1
        digits = 0
    at = write_up_to_eight(whole, out, at)
    digits *= FILLS[row]
    if row < SHORT_FROM:
        return write_long_fraction(digits, out, at)
    return write_fraction(digits, out, at)


@kernel
def write_nine(
    number: float, powers: NDArray[np.float64], out: NDArray[np.uint8], at: int
) -> int:
    """Write a float32 above 0 with nine digits, which are enough for each."""
    exponent = exponent_of(number, powers) - 8
    digits = int(np.rint(number * powers[EXPONENT_MAX - exponent, 0]))
    if digits >= TEN_DIGITS:  # rounded up, or just below a power of ten
        digits //= 10
        exponent += 1
    return write_digits(digits, 9, exponent, out, at)
