"""Which readings of a judged batch change what an operator should know.

A withheld (SUSPECT) or unjudged reading says nothing yet, and so does a BAD one that is no GAP.
"""

from math import isnan

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.jit import borrowed, kernel

Array = NDArray[np.float64]

# What is remembered of each series: memory[series, WIDTH]
CONDITION, PEAK, TOLD, ASIDE, WIDTH = range(5)

CONDITIONS = c.RANGE | c.RATE | c.STUCK | c.SPIKE | c.GAP | c.ANOMALY | c.INSTRUMENT
MOMENTARY = c.SPIKE | c.RESET  # over as soon as they are told
WORSE = 0.1  # tell again when the severity has risen by so much


@kernel
def find_transitions(
    series: NDArray[np.int32],
    value: Array,
    flags: NDArray[np.uint32],
    severity: NDArray[np.float32],
    memory: Array,
    rows: NDArray[np.int64],
    aside: Array,
) -> int:
    """Fill in the rows at which a condition begins, ends or grows worse; returns how many.

    Args:
        series: int32, of each reading.
        value: float64, of each reading.
        flags: uint32, the verdicts'.
        severity: float32, the verdicts'.
        memory: float64[series, WIDTH], kept from batch to batch.
        rows: out, int64.
        aside: out, float64; the value that was withheld before that row, NaN when none was.
    """
    memory = borrowed(memory)
    found = 0
    for i in range(series.shape[0]):
        s = int(series[i])
        flag = int(np.int64(flags[i]))
        if flag & c.SUSPECT:
            if isnan(memory[s, ASIDE]):
                memory[s, ASIDE] = value[i]
            continue
        if flag & c.NOT_THE_LAST or (flag & c.BAD and not flag & c.GAP):
            continue
        condition = flag & CONDITIONS
        changed = condition != int(memory[s, CONDITION])
        if condition & c.ANOMALY:
            peak = max(memory[s, PEAK], float(severity[i]))
            memory[s, PEAK] = peak
            changed = changed or peak >= memory[s, TOLD] + WORSE
        else:
            memory[s, PEAK] = 0.0
            memory[s, TOLD] = 0.0
        if changed:
            memory[s, TOLD] = memory[s, PEAK]
            rows[found] = i
            aside[found] = memory[s, ASIDE]
            found += 1
        memory[s, CONDITION] = condition & ~MOMENTARY
        memory[s, ASIDE] = np.nan
    return found
