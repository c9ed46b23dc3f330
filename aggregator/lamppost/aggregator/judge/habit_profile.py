"""What can be tuned of the habit tier, with units; one frozen set serves every channel."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.jit import as_tuple, kernel


class HabitProfile(NamedTuple):
    """A cell is a reading, or all readings of `cell_ms` where a channel reports more often."""

    cell_ms: float = 10_000.0
    warm_cells: float = 150.0  # before, nothing is told
    warm_ms: float = 86_400_000.0  # and before a whole day
    warm_pattern: float = 60.0  # cells until the first distance
    warm_tail: float = 100.0  # cells until a distance can be called rare
    tail_memory: float = 2_000.0  # cells
    distance_weight: float = 1.5  # evidence a decade of distance, beside its rarity
    rehearse_ms: float = 172_800_000.0  # before two whole days an alarm is told only with
    rehearse_more: float = 1.0  # so much more evidence; else it counts, but is not told
    # alarm policy
    false_a_week: float = 0.35  # false alarms a sensor-week: the setting
    evidence_base: float = 2.75  # makes an alarm at `usual_false` and `usual_chances`
    evidence_usual: float = 1.5  # a series that shows more on all days must show more
    usual_memory: float = 2_000.0  # cells
    evidence_young: float = 0.5  # more, for a series of `warm_cells`; less as it grows older
    evidence_never: float = 1.0  # less than this no setting makes an alarm
    evidence_slope: float = 1.0  # more for each decade of fewer false alarms
    evidence_often: float = 2.5  # more, times the root of the decades of more chances
    usual_false: float = 0.35
    usual_chances: float = 2_016.0  # cells of five minutes a week; fewer change nothing
    rest_cells: float = 20.0  # after an alarm
    lone: float = 1.0  # more evidence from a cell that none of the two before agrees with
    load_rise: float = 0.5  # for each alarm of the last week beyond `false_a_week`
    credit: float = 10.0  # alarms beyond the set rate, in all its life, that cost nothing more
    over_rise: float = 0.3  # evidence for each alarm beyond those
    over_most: float = 18.0  # alarms beyond the set rate that are remembered
    rise: float = 1.0  # evidence below the threshold from which on an alarm's onset counts
    leave: float = 0.0  # evidence below the threshold at which an alarm ends,
    leave_cells: float = 2.0  # when it stays there for so many cells
    level_alone_ms: float = 60_000.0  # slower channels than this leave alarms to this tier
    severity_cells: float = 12.0
    severity_half: float = 2.0  # evidence of severity 0.5
    # season
    season_days: float = 3.0
    season_gain: float = 0.8  # of the level's error: then the cycle is proven
    error_cells: float = 500.0
    band_sd: float = 4.0


HABITS = HabitProfile()
FIELDS = len(HABITS)


@kernel
def habits_of(parameters: NDArray[np.float64]) -> HabitProfile:
    """What `profile.packed` made of it."""
    return HabitProfile(*as_tuple(parameters, FIELDS))
