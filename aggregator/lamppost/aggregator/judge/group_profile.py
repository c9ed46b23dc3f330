"""What can be tuned of the group tier, with units; one frozen set serves every group."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.jit import as_tuple, kernel


class GroupProfile(NamedTuple):
    """A cell is the time in which every member reports; a vector is their means in it."""

    cell_ms: float = 10_000.0  # at least
    cell_intervals: float = 1.5  # of the slowest member
    pace_ms: float = 60_000.0  # so long, and
    pace_readings: float = 20.0  # so many readings, until a cell's length is set
    hold_cells: float = 3.0  # an unchanged value holds so long
    memory_ms: float = 1_209_600_000.0  # of means and covariance
    fit_cells: float = 32.0  # between two looks for principal components
    smooth_weight: float = 0.2  # of a new vector in the smoothed one
    warm_ms: float = 259_200_000.0  # three days: nothing is told before, and
    warm_cells: float = 300.0
    peak_ms: float = 86_400_000.0  # the healthy past counts from here on
    peak_memory_ms: float = 2_592_000_000.0
    relation_times: float = 2.5  # Q beyond so many times its highest healthy one,
    within_times: float = 4.0  # T2 so many,
    alarm_cells: float = 6.0  # in so many cells in a row, is an alarm
    leave_cells: float = 6.0
    block_ms: float = 172_800_000.0  # the past ends a block ago: a change teaches itself not
    accept_ms: float = 86_400_000.0  # an alarm that lasts so long is the new normal


GROUPS = GroupProfile()
FIELDS = len(GROUPS)


@kernel
def group_profile_of(parameters: NDArray[np.float64]) -> GroupProfile:
    """What `profile.packed` made of it."""
    return GroupProfile(*as_tuple(parameters, FIELDS))
