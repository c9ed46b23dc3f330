"""Fetching ahead: rows that the habit tier will need are asked for while it is at earlier ones.

Ten kilobytes a series are more than any cache holds for a city. Most readings of fast channels
need a head and no more, so first the head is asked for, and nearer to its turn, when that
tells that the reading will end a cell, what this touches of the memories. It is a guess, for
speed alone: nothing is decided by it.
"""

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.jit import fetch, kernel
from lamppost.aggregator.judge import habit_state as h
from lamppost.aggregator.judge.seasonal_nn import PLACES, SLOT_MS

Heads = NDArray[np.float64]
Fine = NDArray[np.float32]
Codes = NDArray[np.int16]

FAR_AHEAD = 8  # readings
NEAR_AHEAD = 4
LINE_BYTES = 64
PER_HEAD = LINE_BYTES // 8
PER_FINE = LINE_BYTES // 4
PER_CODE = LINE_BYTES // 2


@kernel
def look_ahead(
    series: NDArray[np.int32],
    time_ms: NDArray[np.int64],
    i: int,
    heads: Heads,
    fines: Fine,
    memories: Codes,
    cell_ms: float,
) -> None:
    """Ask for what the readings after the `i`-th need."""
    if i + FAR_AHEAD < series.shape[0]:
        head = heads[int(series[i + FAR_AHEAD])]
        for j in range(0, h.HEAD_WIDTH, PER_HEAD):
            fetch(head, j)
    if i + NEAR_AHEAD >= series.shape[0]:
        return
    s, time = int(series[i + NEAR_AHEAD]), time_ms[i + NEAR_AHEAD]
    if heads[s, h.CELLS] > 0.0 and time - heads[s, h.CLOSED] < cell_ms:
        return
    fine, codes = fines[s], memories[s]
    for j in range(0, h.SCALES_AT, PER_FINE):
        fetch(fine, j)
    _fetch_tail(fine, h.FAST_TAIL)
    _fetch_tail(fine, h.SLOW_TAIL)
    first = h.DAYS_AT + int(time // SLOT_MS) % h.SLOTS * h.DAY_PLACES
    for j in range(0, PLACES, PER_CODE):
        fetch(codes, first + j)
    ending = int(heads[s, h.ENDING])
    for k in range(h.SCALES):
        if ending >> k & 1:
            _fetch_scale(fine, codes, k)


@kernel
def _fetch_scale(fine: Fine, codes: Codes, k: int) -> None:
    """Ask for the points, the patterns and the tail of a scale.

    One that is forgotten is found by the stamps: they are needed often enough to ask for them.
    """
    fetch(fine, h.SCALES_AT + k * h.SCALE_WIDTH)
    _fetch_tail(fine, k)
    first = k * h.POINTS * h.PATTERNS
    for j in range(0, h.POINTS * h.PATTERNS, PER_CODE):
        fetch(codes, first + j)
    for j in range(0, h.PATTERNS, PER_CODE):
        fetch(codes, h.STAMPS_AT + k * h.PATTERNS + j)


@kernel
def _fetch_tail(fine: Fine, k: int) -> None:
    """Ask for the head of a tail and for the bins of most distances, which are in two lines.

    A bin that is not there holds up all that follows it, although nothing needs its count.
    """
    fetch(fine, h.TAILS_AT + k * h.TAIL_WIDTH)
    fetch(fine, h.TAILS_AT + k * h.TAIL_WIDTH + PER_FINE)
