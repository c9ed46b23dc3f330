"""How rare is a distance, among those this series has shown before? A calibrated tail.

Distances are counted in bins of a tenth of a decade, older ones fading. Below the upper
twentieth the answer is a constant; above, a generalised Pareto tail is fitted to the counts
every so often, so a reading costs two operations and an amortised fit.
"""

from math import e, log10

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.jit import kernel
from lamppost.aggregator.judge import habit_state as h
from lamppost.aggregator.judge.logs import decimal_log

Fine = NDArray[np.float32]

SMALLEST = 1e-3
PER_DECADE = 10.0
DECADES = 3.0  # below 1
COMMON = 0.3  # -log10 of what half of all readings show
SHARE = 0.05
RAREST = 10.0  # further out the fit says nothing
FIT_EVERY = 64.0
HEAVIEST = 0.5
LIGHT = 1e-3  # a shape below this is an exponential tail
DECADES_PER_E = log10(e)
CENTRES = 10.0 ** ((np.arange(h.BINS) + 0.5) / PER_DECADE - DECADES)
EDGES = 10.0 ** (np.arange(h.BINS) / PER_DECADE - DECADES)


@kernel
def decades(distance: float) -> float:
    """How many decades above the smallest that counts."""
    return decimal_log(max(distance, SMALLEST)) + DECADES


@kernel
def rarity(fine: Fine, at: int, distance: float) -> float:
    """-log10 of the chance of so large a distance; 0 while too few are known."""
    spread = np.float64(fine[at + h.T_SPREAD])
    if spread <= 0.0:
        return 0.0
    above = distance - np.float64(fine[at + h.T_EDGE])
    if above <= 0.0:
        return COMMON
    shape = np.float64(fine[at + h.T_SHAPE])
    z = above / spread
    fall = z * DECADES_PER_E if shape < LIGHT else decimal_log(1.0 + shape * z) / shape
    return float(min(fall + np.float64(fine[at + h.T_SHARE]), RAREST))


@kernel
def take(fine: Fine, at: int, size: float, memory: float, warm: float) -> None:
    """Count a distance by its `decades`; `memory` and `warm` are in distances."""
    place = int(min(size * PER_DECADE, h.BINS - 1.0))
    fine[at + h.T_BINS + place] += np.float32(1.0)
    count = np.float64(fine[at + h.T_COUNT]) + 1.0
    age = np.float64(fine[at + h.T_AGE]) + 1.0
    fine[at + h.T_COUNT] = float(count)
    if count >= warm and (age >= FIT_EVERY or np.float64(fine[at + h.T_SPREAD]) <= 0.0):
        _fit(fine, at)
        if count > memory:
            keep = memory / count
            for j in range(h.BINS):
                fine[at + h.T_BINS + j] = np.float64(fine[at + h.T_BINS + j]) * keep
            fine[at + h.T_COUNT] = memory
        age = np.float64(0.0)
    fine[at + h.T_AGE] = age


@kernel
def _fit(fine: Fine, at: int) -> None:
    """Moments of what lies above the edge of the upper share."""
    count = np.float64(fine[at + h.T_COUNT])
    above, lowest = 0.0, h.BINS
    while lowest > 0 and above < SHARE * count:
        lowest -= 1
        above += np.float64(fine[at + h.T_BINS + lowest])
    edge = EDGES[lowest]
    first, second = 0.0, 0.0
    for k in range(lowest, h.BINS):
        excess = CENTRES[k] - edge
        weight = np.float64(fine[at + h.T_BINS + k])
        first += weight * excess
        second += weight * excess * excess
    first /= above
    variance = second / above - first * first
    shape = 0.0
    if variance > 0.0:
        shape = min(max(0.5 * (1.0 - first * first / variance), 0.0), HEAVIEST)
    fine[at + h.T_EDGE] = edge
    fine[at + h.T_SHARE] = -decimal_log(above / count)
    fine[at + h.T_SHAPE] = shape
    fine[at + h.T_SPREAD] = first * (1.0 - shape)
