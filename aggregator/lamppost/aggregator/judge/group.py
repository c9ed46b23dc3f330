"""Group tier: sensors that have always moved together, and do so no more.

Readings of up to eight sensors of one asset become vectors on a common clock. A smoothed vector
(MEWMA) is split by the principal components of what was learned: Q is what the relation between
the members does not allow, T2 how far they went where the relation leads. Both are held against
the largest they have been while healthy, so nothing is assumed of noise or of its memory.
"""

from math import isnan, sqrt

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.jit import borrowed, kernel
from lamppost.aggregator.judge import group_state as g
from lamppost.aggregator.judge.group_policy import decide
from lamppost.aggregator.judge.group_profile import GroupProfile, group_profile_of
from lamppost.aggregator.judge.principal import TINY, fit

Array = NDArray[np.float64]

ROUNDS = 4  # to find what the others say of a missing member
FARTHEST = 20.0  # deviations
LEAST_LAMBDA = 1e-4
OUT = c.FAULTS | c.MAINTENANCE


@kernel
def group_tier(
    series: NDArray[np.int32],
    time_ms: NDArray[np.int64],
    value: Array,
    flags: NDArray[np.uint32],
    group_of: NDArray[np.int32],
    place_of: NDArray[np.int32],
    rows: Array,
    parameters: Array,
) -> None:
    """Take judged readings in the order given.

    Args:
        series: int32, of each reading.
        time_ms: int64, of each reading.
        value: float64, of each reading.
        flags: uint32, the verdicts'.
        group_of: int32[series], a row of `rows`, -1 for none.
        place_of: int32[series], which member of it.
        rows: float64[group, GROUP_WIDTH], kept from batch to batch.
        parameters: float64, `profile.packed` of the group profile.
    """
    p = group_profile_of(parameters)
    rows = borrowed(rows)
    for i in range(series.shape[0]):
        s = int(series[i])
        if s >= group_of.shape[0] or group_of[s] < 0:
            continue
        found = int(np.int64(flags[i]))
        if found & c.NOT_THE_LAST:
            continue
        row, k = rows[group_of[s]], int(place_of[s])
        if found & OUT:
            if not found & c.SUSPECT:
                row[g.LAST + k] = -1.0
        elif not found & c.SUSPECT:
            _take(row, k, float(time_ms[i]), value[i], p)


@kernel
def _take(row: Array, k: int, time: float, x: float, p: GroupProfile) -> None:
    """A believed reading of member k."""
    if row[g.COUNT + k] == 0.0:
        row[g.BEGAN + k] = time
    if row[g.FIRST] == 0.0:
        row[g.FIRST] = time
    row[g.COUNT + k] += 1.0
    row[g.LAST + k] = time
    row[g.VALUE + k] = x
    if row[g.CELL_MS] == 0.0:
        if row[g.COUNT + k] < p.pace_readings or time - row[g.FIRST] < p.pace_ms:
            return
        row[g.CELL_MS] = _pace(row, p)
    cell = np.floor(time / row[g.CELL_MS])
    if row[g.OPEN] < 0.0:
        row[g.OPEN] = cell
    if cell < row[g.OPEN]:
        return
    passed = 0
    while cell > row[g.OPEN] + 1.0 and passed < 2:
        _close(row, p)
        row[g.OPEN] += 1.0
        passed += 1
    row[g.OPEN] = max(row[g.OPEN], cell - 1.0)
    odd = g.MEMBERS if cell % 2.0 == 1.0 else 0
    row[g.SUM_EVEN + odd + k] += x
    row[g.COUNT_EVEN + odd + k] += 1.0


@kernel
def _pace(row: Array, p: GroupProfile) -> float:
    """A cell long enough for a reading of every member."""
    slowest = 0.0
    for k in range(int(row[g.SIZE])):
        if row[g.COUNT + k] > 1.0:
            lasted = row[g.LAST + k] - row[g.BEGAN + k]
            slowest = max(slowest, lasted / (row[g.COUNT + k] - 1.0))
    return float(max(np.ceil(p.cell_intervals * slowest), p.cell_ms))


@kernel
def _close(row: Array, p: GroupProfile) -> None:
    """End the oldest open cell: a vector is judged and, when it is healthy, learned."""
    if _gather(row, p) < 2:
        return
    end = (row[g.OPEN] + 1.0) * row[g.CELL_MS]
    if row[g.CELLS] >= p.fit_cells:
        row[g.FIT_AGE] += 1.0
        if row[g.MAJOR] == 0.0 or row[g.FIT_AGE] >= p.fit_cells:
            fit(row)
        _smooth(row, p)
        _measure(row)
        if decide(row, end, p):
            _blame(row)
        if row[g.ALARM] > 0.0 or row[g.RUN] > 0.0:
            return
    _learn(row, p)


@kernel
def _gather(row: Array, p: GroupProfile) -> int:
    """Put the cell's means, or values that still hold, into ZED; returns how many."""
    odd = g.MEMBERS if row[g.OPEN] % 2.0 == 1.0 else 0
    end = (row[g.OPEN] + 1.0) * row[g.CELL_MS]
    there = 0
    for k in range(int(row[g.SIZE])):
        count = row[g.COUNT_EVEN + odd + k]
        row[g.ZED + k] = np.nan
        if row[g.LAST + k] >= 0.0:
            if count > 0.0:
                row[g.ZED + k] = row[g.SUM_EVEN + odd + k] / count
            elif end - row[g.LAST + k] <= p.hold_cells * row[g.CELL_MS]:
                row[g.ZED + k] = row[g.VALUE + k]
        if not isnan(row[g.ZED + k]):
            there += 1
        row[g.SUM_EVEN + odd + k] = 0.0
        row[g.COUNT_EVEN + odd + k] = 0.0
    return there


@kernel
def _deviation(row: Array, k: int) -> float:
    return sqrt(max(row[g.COVARIANCE + k * (g.MEMBERS + 1)], 0.0))


@kernel
def _smooth(row: Array, p: GroupProfile) -> None:
    """Values into deviations; one that is missing is what the others say; then the mean."""
    size = int(row[g.SIZE])
    for k in range(size):
        sd = _deviation(row, k)
        x = row[g.ZED + k]
        z = (x - row[g.MEAN + k]) / sd if sd > TINY and not isnan(x) else np.nan
        row[g.SAID + k] = 0.0 if isnan(z) else max(-FARTHEST, min(z, FARTHEST))
        row[g.ROOM + k] = 1.0 if isnan(z) else 0.0
    for _ in range(ROUNDS):
        for k in range(size):
            if row[g.ROOM + k] > 0.0:
                row[g.SAID + k] = _said(row, g.SAID, k, size)
    for k in range(size):
        row[g.SMOOTH + k] += p.smooth_weight * (row[g.SAID + k] - row[g.SMOOTH + k])


@kernel
def _along(row: Array, at: int, vector: int, size: int) -> float:
    """Length of the vector in the block at `at` along an eigenvector."""
    total = 0.0
    for k in range(size):
        total += row[g.VECTORS + vector * g.MEMBERS + k] * row[at + k]
    return total


@kernel
def _said(row: Array, at: int, k: int, size: int) -> float:
    """What the major components make of member k."""
    total = 0.0
    for vector in range(int(row[g.MAJOR])):
        total += row[g.VECTORS + vector * g.MEMBERS + k] * _along(row, at, vector, size)
    return total


@kernel
def _measure(row: Array) -> None:
    """T2 along the major components, Q along the others, each in its own spread."""
    size, major = int(row[g.SIZE]), int(row[g.MAJOR])
    within, outside = 0.0, 0.0
    for vector in range(size):
        along = _along(row, g.SMOOTH, vector, size)
        share = along * along / max(row[g.LAMBDAS + vector], LEAST_LAMBDA)
        if vector < major:
            within += share
        else:
            outside += share
    row[g.T_NOW] = within
    row[g.Q_NOW] = outside


@kernel
def _blame(row: Array) -> None:
    """Each member's share in the departure, its value, and what the others say of it."""
    size, total = int(row[g.SIZE]), 0.0
    for k in range(size):
        said = _said(row, g.SMOOTH, k, size)
        away = row[g.SMOOTH + k] - (said if row[g.BY_RELATION] > 0.0 else 0.0)
        row[g.SHARE + k] = away * away
        total += away * away
        sd = _deviation(row, k)
        row[g.WORST + k] = row[g.MEAN + k] + sd * row[g.SMOOTH + k]
        row[g.WANTED + k] = row[g.MEAN + k] + (sd * said if row[g.BY_RELATION] > 0.0 else 0.0)
    for k in range(size):
        row[g.SHARE + k] /= max(total, TINY)


@kernel
def _learn(row: Array, p: GroupProfile) -> None:
    """Means and covariance of what is there; each member has its own age."""
    size = int(row[g.SIZE])
    oldest = row[g.CELL_MS] / p.memory_ms
    for i in range(size):
        row[g.ROOM + i] = row[g.ZED + i] - row[g.MEAN + i]
        if not isnan(row[g.ZED + i]):
            row[g.LEARNED + i] += 1.0
    for i in range(size):
        away = row[g.ROOM + i]
        if isnan(away):
            continue
        weight = max(1.0 / row[g.LEARNED + i], oldest)
        row[g.MEAN + i] += weight * away
        for j in range(size):
            other = row[g.ROOM + j]
            if isnan(other) or row[g.LEARNED + i] == 1.0 or row[g.LEARNED + j] == 1.0:
                continue
            both = max(weight, 1.0 / row[g.LEARNED + j], oldest)
            at = g.COVARIANCE + i * g.MEMBERS + j
            row[at] += both * ((1.0 - both) * away * other - row[at])
    row[g.CELLS] += 1.0
