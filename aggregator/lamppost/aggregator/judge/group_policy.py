"""When a group's departure is an alarm, and when it is over."""

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.jit import kernel
from lamppost.aggregator.judge import group_state as g
from lamppost.aggregator.judge.group_profile import GroupProfile

Array = NDArray[np.float64]

LEAST = 1.0  # variance along a component: no limit is below it


@kernel
def decide(row: Array, end: float, p: GroupProfile) -> bool:
    """Hold the cell that ends at `end` against the past; True when it is the worst so far."""
    age = end - row[g.FIRST]
    if age < p.peak_ms:
        return False
    by_t = row[g.T_NOW] / (p.within_times * max(row[g.T_PEAK], LEAST))
    by_q = row[g.Q_NOW] / (p.relation_times * max(row[g.Q_PEAK], LEAST))
    ratio = max(by_t, by_q)
    if age < p.warm_ms or row[g.CELLS] < p.warm_cells:
        row[g.T_PEAK] = max(row[g.T_PEAK], row[g.T_NOW])
        row[g.Q_PEAK] = max(row[g.Q_PEAK], row[g.Q_NOW])
        row[g.BLOCK] = end
        return False
    if ratio < 1.0:
        row[g.RUN] = 0.0
        row[g.CALM] += 1.0
        if row[g.CALM] >= p.leave_cells:
            row[g.ALARM] = 0.0
        if row[g.ALARM] == 0.0:
            row[g.RATIO] = 0.0
            _remember(row, end, p)
        return False
    row[g.CALM] = 0.0
    if row[g.RUN] == 0.0 and row[g.ALARM] == 0.0:
        row[g.RUN_SINCE] = end - row[g.CELL_MS]
    row[g.RUN] += 1.0
    worst = ratio > row[g.RATIO]
    if worst:
        row[g.RATIO] = ratio
        row[g.BY_RELATION] = 1.0 if by_q >= by_t else 0.0
    if row[g.ALARM] == 0.0 and row[g.RUN] >= p.alarm_cells:
        row[g.ALARM] = end
        row[g.ONSET] = row[g.RUN_SINCE]
    if row[g.ALARM] > 0.0 and end - row[g.ALARM] >= p.accept_ms:
        _accept(row)
    return bool(worst)


@kernel
def _remember(row: Array, end: float, p: GroupProfile) -> None:
    """The highest of the healthy past, a block late."""
    fade = 1.0 - min(row[g.CELL_MS] / p.peak_memory_ms, 1.0)
    row[g.T_PEAK] *= fade
    row[g.Q_PEAK] *= fade
    row[g.T_BLOCK] = max(row[g.T_BLOCK], row[g.T_NOW])
    row[g.Q_BLOCK] = max(row[g.Q_BLOCK], row[g.Q_NOW])
    if end - row[g.BLOCK] < p.block_ms:
        return
    row[g.T_PEAK] = max(row[g.T_PEAK], row[g.T_PAST])
    row[g.Q_PEAK] = max(row[g.Q_PEAK], row[g.Q_PAST])
    row[g.T_PAST], row[g.Q_PAST] = row[g.T_BLOCK], row[g.Q_BLOCK]
    row[g.T_BLOCK], row[g.Q_BLOCK], row[g.BLOCK] = 0.0, 0.0, end


@kernel
def _accept(row: Array) -> None:
    """What has lasted so long is how it is now; it is learned from here on."""
    row[g.T_PEAK] = max(row[g.T_PEAK], row[g.T_NOW])
    row[g.Q_PEAK] = max(row[g.Q_PEAK], row[g.Q_NOW])
    row[g.ALARM], row[g.RUN], row[g.RATIO] = 0.0, 0.0, 0.0
