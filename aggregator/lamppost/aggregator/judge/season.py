"""Season: what other days were like at this time of day, where that tells more than the level.

The expectation is the mean over the days kept by `seasonal_nn`; it is proven when over some
days it has come closer to the readings than the level tier's expectation did.
"""

from math import isnan

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.jit import kernel
from lamppost.aggregator.judge import habit_state as h
from lamppost.aggregator.judge.habit_profile import HabitProfile
from lamppost.aggregator.judge.seasonal_nn import DAY_MS

Head = NDArray[np.float64]

SD_PER_MAD = 1.25
FAR_ERRORS = 5.0  # a larger error counts as so many usual ones


@kernel
def expect(head: Head, mean: float, p: HabitProfile) -> tuple[float, float]:
    """Expected value and its standard deviation; 0 for the latter while nothing is proven."""
    if head[h.DAY_COUNT] * head[h.PACE] < p.season_days * DAY_MS:
        return 0.0, 0.0
    if head[h.DAY_ERROR] >= p.season_gain * head[h.LEVEL_ERROR]:
        return 0.0, 0.0
    if isnan(mean):
        return 0.0, 0.0
    return head[h.ORIGIN] + mean, SD_PER_MAD * head[h.DAY_ERROR]


@kernel
def learn_season(head: Head, mean: float, x: float, level: float, p: HabitProfile) -> None:
    """Compare both expectations with a reading; NaN is none."""
    if isnan(mean) or isnan(level):
        return
    count = head[h.DAY_COUNT] + 1.0
    head[h.DAY_COUNT] = count
    weight = 1.0 / min(count, p.error_cells)
    for column, wanted in ((h.DAY_ERROR, head[h.ORIGIN] + mean), (h.LEVEL_ERROR, level)):
        error = abs(x - wanted)
        if count > FAR_ERRORS and head[column] > 0.0:
            error = min(error, FAR_ERRORS * head[column])
        head[column] += weight * (error - head[column])
