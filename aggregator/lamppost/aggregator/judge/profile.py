"""What can be tuned, with units. One frozen profile serves every channel for now."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.jit import as_tuple, kernel


class Profile(NamedTuple):
    """Parameters of all tiers; kernels are given them as `packed` has them.

    Times are in ms. Deviations are in mean absolute deviations (`_mad`) or in standard
    deviations of healthy noise (`_sd`, 1.25 mean absolute deviations).
    """

    # time
    max_ahead_ms: float = 300_000.0  # a stamp further ahead of now is a broken clock
    silence_min_ms: float = 5_000.0
    silence_heartbeats: float = 3.0  # allowed silence, in declared heartbeats
    silence_intervals: float = 10.0  # and in learned intervals, when no heartbeat is declared
    silence_undeclared_ms: float = 60_000.0  # and at least this, when none is declared
    bad_hold_ms: float = 2_000.0  # BAD for so long, or for `bad_hold_readings`, is a gap
    bad_hold_readings: float = 3.0
    # range
    range_hold_ms: float = 3_000.0
    range_hold_readings: float = 4.0
    # stuck
    stuck_alpha: float = 1e-8  # chance that a healthy channel stands so long
    suspect_alpha: float = 1e-3  # from here on a repeated value is no evidence of anything
    stuck_min_ms: float = 8_000.0
    stuck_min_readings: float = 3.0  # with the same value
    stuck_min_changes: float = 20.0  # seen before, else nothing is known of this channel
    stuck_longest: float = 3.0  # times the longest healthy stand of late
    stuck_min_steps: float = (
        0.1  # share of changes that are no way back: noise spans the quantum
    )
    stuck_min_falls: float = 0.02  # share of changes that go down: less is a counter
    coarse_longest: float = 5.0  # the same two for a channel whose noise is below its quantum
    coarse_min_ms: float = 86_400_000.0
    coarse_looks: float = 5.0  # unless it changes at least at every fifth look, and no stand of
    coarse_chance: float = 0.01  # a week is longer than by this chance any of them would be
    longest_memory_ms: float = 2_592_000_000.0  # a month: rare long stands are its way too
    # spike
    spike_mad: float = 16.0  # also rare for Laplace noise
    spike_return: float = 0.2  # of the excursion's height: nearer than this is back
    spike_readings: float = 3.0
    spike_ms: float = 2_500.0
    spike_warm: float = 15.0
    spike_weight: float = 0.3  # of a new reading in the fast level
    spike_memory: float = 50.0  # readings in its deviation
    spike_load: float = 0.5  # each spike raises the limit by so much, at most threefold
    spike_load_ms: float = 21_600_000.0  # and is forgotten with this time constant
    spike_slow_ms: float = 10_000.0  # a channel that seldom moves may be away and back unseen:
    spike_spans: float = 4.0  # there, a spike is further out than so many of its whole span,
    spike_slow_warm: float = 200.0  # which is learned from so many readings
    spike_slow_warm_ms: float = 86_400_000.0  # and for so long
    span_memory_ms: float = 2_592_000_000.0
    # instrument
    instrument_readings: float = 200.0  # before that, and so long, nothing is told
    instrument_ms: float = 86_400_000.0
    instrument_memory_ms: float = 2_592_000_000.0
    instrument_accept_ms: float = 604_800_000.0  # a fault that lasts so long is the new normal
    noise_louder: float = 4.0  # times the loudest ever
    noise_quieter: float = 5.0  # times quieter than ever
    noise_typical: float = 2.0  # times the typical change must be beyond its own habit
    noise_leave: float = 2.0
    noise_readings: float = 16.0
    noise_forget: float = 0.002  # of the habit, a block of 64 readings
    scale_readings: float = 5.0
    reach_spans: float = 50.0  # beyond all that was ever believed, in spans of that
    reach_leave: float = 25.0
    reach_readings: float = 12.0
    steep_times: float = 3.0  # the fastest change ever: faster is steep
    steep_leave: float = 1.5  # until it is slower than so many times that
    counter_rises: float = 100.0  # in a row: it only ever rises
    counter_ms: float = 259_200_000.0  # and for so long, unless it is declared a counter
    # neighbours
    neighbours_share: float = 0.4  # of the movement: so near have neighbours always been
    neighbours_ms: float = 604_800_000.0
    neighbours_memory: float = 5_000.0  # readings
    neighbours_slack: float = 0.5
    neighbours_alarm: float = 20.0
    neighbours_matter: float = 0.3  # a drift of less of the usual movement is none yet
    neighbours_area_ms: float = 172_800_000.0  # beside an area it has to matter so long
    # clocks
    clock_step_ms: float = 20_000.0
    clock_readings: float = 5.0
    clock_ms: float = 60_000.0
    # odds
    odds_readings: float = 400.0  # judged, before p is anything but 1
    odds_anew_ms: float = 86_400_000.0  # when the habits begin to speak, all that begins anew
    # level
    warm_readings: float = 20.0
    warm_ms: float = 10_000.0
    level_ms: float = 60_000.0
    trend_ms: float = 300_000.0
    scale_ms: float = 300_000.0
    min_level_readings: float = 25.0  # time constants are never shorter than so many readings
    min_scale_readings: float = 50.0
    run_weight: float = 0.0625  # of a new residual in its short mean
    huber_sd: float = 2.5
    quantum_floor: float = 0.8  # the scale is at least so many quanta
    early_sd: float = 1.0  # widening of the scale while little has been seen
    cusum_slack_sd: float = 1.0
    cusum_clip_sd: float = 4.0
    cusum_alarm: float = 12.0
    run_sd: float = 6.0
    run_readings: float = 3.0
    band_sd: float = 4.0
    leave_sd: float = 3.0
    leave_readings: float = 6.0
    leave_ms: float = 3_000.0
    settle_readings: float = (
        10.0  # after a sensor fault or a long pause the level is found anew
    )
    settle_after_ms: float = 120_000.0  # and at least `pause_intervals`
    pause_intervals: float = 20.0
    accept_ms: float = 900_000.0  # an anomaly that has lasted so long is the new normal
    accept_intervals: float = 50.0  # and at least so many readings
    alarm_score: float = 8.0
    level_false_a_week: float = 0.35  # anomalies a week that are told, where nothing is set,
    level_credit: float = 6.0  # and so many more in all; what comes more often is its way
    level_most: float = 8.0  # more of them count no further, so that it may tell again in time
    level_taller: float = 1.5  # times the largest of earlier ones: told in any case
    severity_ms: float = 60_000.0
    severity_intervals: float = 5.0


DEFAULT = Profile()
FIELDS = len(DEFAULT)
Parameters = NDArray[np.float64]


def packed(profile: tuple[float, ...]) -> Parameters:
    """The array that a kernel takes; as a tuple, its numbers would cost 11 us a call."""
    return np.array(profile, np.float64)


@kernel
def profile_of(parameters: Parameters) -> Profile:
    """What was packed, once a call: loads that no write to the state can come between."""
    return Profile(*as_tuple(parameters, FIELDS))


MAX_VALUE = 1e30
"""Nothing a sensor measures is larger, and no arithmetic on it overflows."""
