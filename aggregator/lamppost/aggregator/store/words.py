"""Eight bytes of text at a time, for kernels that write lines.

A byte array takes a byte in about the time it takes eight of them. The functions here do not
look whether the eight bytes lie in the array: it must have room for them. Compiled, they are
single instructions; with the JIT off, plain Python with the same results.
"""

from typing import Any

import numba
import numpy as np
from numba.core import cgutils, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from lamppost.aggregator.jit import kernel

EIGHT_DIGITS = 100_000_000  # numbers below have so many at most
ZEROS = 0x3030303030303030


def _place(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:  # noqa: ANN401
    """A pointer to eight bytes of an array of bytes."""
    view = context.make_array(kind)(context, builder, array)
    byte = builder.gep(view.data, [at])
    return builder.bitcast(byte, cgutils.ir.IntType(64).as_pointer())


@intrinsic  # type: ignore[untyped-decorator]
def _get_word(_context: Any, source: Any, at: Any) -> Any:  # noqa: ANN401
    def lower(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        place = context.cast(builder, args[1], signature.args[1], types.intp)
        return builder.load(
            _place(context, builder, signature.args[0], args[0], place), align=1
        )

    return types.int64(source, at), lower


@intrinsic  # type: ignore[untyped-decorator]
def _put_word(_context: Any, out: Any, at: Any, word: Any) -> Any:  # noqa: ANN401
    def lower(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ANN401
        place = context.cast(builder, args[1], signature.args[1], types.intp)
        given = context.cast(builder, args[2], signature.args[2], types.int64)
        pointer = _place(context, builder, signature.args[0], args[0], place)
        builder.store(given, pointer, align=1)
        return context.get_dummy_value()

    return types.none(out, at, word), lower


@intrinsic  # type: ignore[untyped-decorator]
def _bits_of(_context: Any, number: Any) -> Any:  # noqa: ANN401, ARG001
    def lower(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:  # noqa: ANN401
        return builder.bitcast(args[0], cgutils.ir.IntType(64))

    return types.int64(types.float64), lower


@intrinsic  # type: ignore[untyped-decorator]
def _first_byte(_context: Any, word: Any) -> Any:  # noqa: ANN401, ARG001
    def lower(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:  # noqa: ANN401
        zeros = builder.cttz(args[0], cgutils.ir.IntType(1)(0))
        return builder.lshr(zeros, zeros.type(3))

    return types.int64(types.int64), lower


@intrinsic  # type: ignore[untyped-decorator]
def _bytes_used(_context: Any, word: Any) -> Any:  # noqa: ANN401, ARG001
    def lower(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:  # noqa: ANN401
        zeros = builder.ctlz(args[0], cgutils.ir.IntType(1)(0))
        return builder.sub(zeros.type(8), builder.lshr(zeros, zeros.type(3)))

    return types.int64(types.int64), lower


if numba.config.DISABLE_JIT:

    def get_word(source: NDArray[np.uint8], at: int) -> int:
        """Eight bytes as a number, the first one lowest."""
        return int.from_bytes(source[at : at + 8].tobytes(), "little", signed=True)

    def put_word(out: NDArray[np.uint8], at: int, word: int) -> None:
        """Write a number as eight bytes, the lowest one first."""
        given = int(word).to_bytes(8, "little", signed=True)
        out[at : at + 8] = np.frombuffer(given, np.uint8)

    def bits_of(number: float) -> int:
        """The bits of a float64."""
        return int(np.float64(number).view(np.int64))

    def first_byte(word: int) -> int:
        """How many of the lowest bytes are 0; all eight of 0 itself."""
        return ((int(word) & -int(word)).bit_length() - 1) // 8 if word else 8

    def bytes_used(word: int) -> int:
        """How many bytes a number that is not negative has up to its highest one above 0."""
        return (int(word).bit_length() + 7) // 8

else:
    get_word = _get_word
    put_word = _put_word
    bits_of = _bits_of
    first_byte = _first_byte
    bytes_used = _bytes_used


@kernel
def eight_digits(number: int) -> int:
    """The word of a number from 0 to 99,999,999 as text, with zeros in front.

    The number is cut in the middle, both halves at once are cut into pairs of digits, and all
    four pairs at once into digits: a division by 100 or 10 is exact as a product and a shift
    for numbers of four and two digits.
    """
    halves = number // 10_000
    halves = halves | ((number - halves * 10_000) << 32)
    pairs = ((halves * 5243) >> 19) & 0x0000007F_0000007F
    pairs = pairs | ((halves - pairs * 100) << 16)
    tens = ((pairs * 103) >> 10) & 0x000F000F_000F000F
    return ZEROS + tens + ((pairs - tens * 10) << 8)
