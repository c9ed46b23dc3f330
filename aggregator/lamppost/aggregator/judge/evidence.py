"""What all members say of a cell, put together: the mean of their evidences.

A member's evidence is how rare its distance is for this series (`tail`), plus how large it is
beside the series' range, so that a series that has never done anything unusual is not alarmed
by its own little ripples. Six members speak: four pattern scales and two looks at other days.
"""

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.jit import kernel
from lamppost.aggregator.judge import habit_state as h
from lamppost.aggregator.judge.habit_profile import HabitProfile
from lamppost.aggregator.judge.pattern import add_cell, compare, end_point, learn
from lamppost.aggregator.judge.tail import decades, rarity, take

Head = NDArray[np.float64]
Fine = NDArray[np.float32]
Codes = NDArray[np.int16]

MEMBERS = h.SCALES + 2.0
MIN_POINTS = 20.0
FARTHEST = 1e3  # ranges
TINY = 1e-9  # of the value: a range below this is rounding
STEPS = np.array(h.STEPS)
EXTREME = np.array(h.EXTREME)
SLACK = np.array(h.SLACK)


@kernel
def patterns(
    head: Head,
    fine: Fine,
    codes: Codes,
    cell: tuple[float, float, float, float],
    p: HabitProfile,
) -> float:
    """Sum of the scales' evidences, after a cell of (mean, low, high, doubt)."""
    mean, low, high = np.float32(cell[0]), np.float32(cell[1]), np.float32(cell[2])
    doubt = np.float32(cell[3])
    add_cell(fine, mean, low, high, doubt)
    for k in range(h.SCALES):
        if fine[h.S_COUNT + k] >= STEPS[k]:
            reach = end_point(fine, k, EXTREME[k], int(STEPS[k]))
            if fine[h.SCALES_AT + k * h.SCALE_WIDTH + h.S_POINTS] >= h.POINTS:
                _judge_point(head, fine, codes, k, reach, cell[3], p)
    total, ending = 0.0, 0
    for k in range(h.SCALES):
        total += np.float64(fine[h.S_MEMBER + k])
        ending |= int(fine[h.S_COUNT + k] >= STEPS[k] - 1) << k
    head[h.ENDING] = ending
    return total


@kernel
def _judge_point(
    head: Head,
    fine: Fine,
    codes: Codes,
    k: int,
    reach: float,
    doubt: float,
    p: HabitProfile,
) -> None:
    at, step, unit = h.SCALES_AT + k * h.SCALE_WIDTH, float(STEPS[k]), head[h.UNIT]
    if reach <= 0.0:
        reach = TINY * (1.0 + abs(head[h.ORIGIN]))
    points = np.float64(fine[at + h.S_POINTS])
    distance, found = compare(fine, codes, k, unit, reach, float(SLACK[k]))
    if points >= max(MIN_POINTS, p.warm_pattern / step):
        fine[h.S_MEMBER + k] = 0.0
        if doubt == 0.0 and int(fine[at + h.S_DOUBTS]) & h.JUDGED_DOUBTS:
            return  # part of it was a sensor's spike
        if int(fine[at + h.S_BROKEN]) & h.JUDGED_DOUBTS:
            return  # it leads over a sensor fault
        fine[h.S_MEMBER + k] = _member(fine, k, distance, step, p)
    if points >= h.PAST:
        learn(fine, codes, k, unit, reach, found)


@kernel
def _member(fine: Fine, k: int, distance: float, step: float, p: HabitProfile) -> float:
    """Evidence of a distance, which counts among the others from now on."""
    distance = min(distance, FARTHEST)
    size = decades(distance)
    at = h.TAILS_AT + k * h.TAIL_WIDTH
    found = rarity(fine, at, distance) + p.distance_weight * size
    memory = max(p.tail_memory / step, MIN_POINTS)
    take(fine, at, size, memory, max(p.warm_tail / step, MIN_POINTS))
    return float(found)


@kernel
def days(
    head: Head, fine: Fine, near: tuple[float, float], reach: float, p: HabitProfile
) -> float:
    """Sum of the evidences of the two looks at other days, from the distances they found."""
    if reach <= 0.0 or head[h.ANEW] > 0.0:
        return 0.0
    total = 0.0
    for k in range(2):
        if near[k] >= 0.0:
            total += _member(fine, h.FAST_TAIL + k, near[k] / reach, 1.0, p)
    return total
