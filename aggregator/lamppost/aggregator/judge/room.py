"""The arrays that state is kept in: a row for each series, or blocks of some side by side."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.lanes import LANES

AnyArray = NDArray[Any]

LINE_BYTES = 64


def bytes_of(blanks: Mapping[str, AnyArray]) -> int:
    """Memory that one series takes in these arrays."""
    return sum(blank.nbytes for blank in blanks.values())


def as_rows(array: AnyArray) -> AnyArray:
    """The array, a row for each series."""
    if array.ndim == 2:
        return array
    return array.transpose(0, 2, 1).reshape(-1, array.shape[1])


def taller(array: AnyArray, rows: int, blank: AnyArray, lanes: int) -> AnyArray:
    """The array with room for more series, which begin blank."""
    room = on_lines(rows, blank, lanes)
    room[: len(array)] = array
    room[len(array) :] = blank if lanes == 1 else blank[:, None]
    return room


def on_lines(rows: int, blank: AnyArray, lanes: int) -> AnyArray:
    """Room for rows that begins with a cache line, which NumPy's own does not."""
    room = np.empty(rows * blank.nbytes + LINE_BYTES, np.uint8)
    first = -room.ctypes.data % LINE_BYTES
    mine = room[first : first + rows * blank.nbytes].view(blank.dtype)
    if lanes == 1:
        return mine.reshape(rows, len(blank))
    return mine.reshape(rows // lanes, len(blank), lanes)


def put_rows(array: AnyArray, rows: AnyArray) -> None:
    """Take over the first series' rows."""
    if array.ndim == 2:
        array[: len(rows)] = rows
        return
    every = as_rows(array)
    every[: len(rows)] = rows
    array[:] = every.reshape(-1, LANES, array.shape[1]).transpose(0, 2, 1)
