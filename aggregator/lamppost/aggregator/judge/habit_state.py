"""Where the habit tier keeps what: three arrays a series, one for each precision it needs.

`head` float64[series, HEAD_WIDTH] holds times and sums, `fine` float32[series, FINE_WIDTH] the
recent past and the calibrators, `codes` int16[series, CODES_WIDTH] the long memory: values as
whole units above the series' origin.
"""

import numpy as np

# --- head ------------------------------------------------------------------------------------
(
    FIRST,  # time of the first reading
    CLOSED,  # time at which the last cell ended
    CELLS,  # ended so far
    PACE,  # usual time between cells
    IN_CELL,  # readings in the open cell
    CELL_SUM,
    CELL_LOW,
    CELL_HIGH,
    CELL_DOUBT,  # 1 when one of them was SUSPECT: judged, but not learned
    ORIGIN,  # first value: all others are kept as distances from it
    UNIT,  # what one code means, a power of two; 0 before anything has moved
    LOWEST,
    HIGHEST,
    FAST,  # smoothed values, for comparison with other days
    SLOW,
    KEPT,  # smoothed value, for the days to come
    SLOT,  # the clock bin now being filled, counted since 1970
    SLOT_SUM,
    SLOT_COUNT,
    DAY_ERROR,  # mean absolute error of the days' mean
    LEVEL_ERROR,  # of the level tier, over the same readings
    DAY_COUNT,  # readings behind these
    EVIDENCE,  # of the last cell
    USUAL,  # its slow mean
    TOLD_AT,  # cell of the last alarm
    LOAD,  # alarms of late
    LOAD_AT,
    ACTIVE,  # 0, or when the alarm that still holds was raised
    ACTIVE_SINCE,  # its onset
    H_CALM,  # cells since the evidence was last high
    RISE,  # time of the first reading of the present rise of evidence, 0 for none
    H_PEAK,  # severity
    H_SCORE,  # of the last cell
    PENDING,  # evidence of an alarm that waits for what a SUSPECT reading turns out to be
    ANEW,  # cells until the smoothed values count again, after a sensor fault
    ABOVE,  # which of the last cells were at or beyond the threshold, a bit each
    DOUBTFUL,  # 1 while a cell in doubt may be among the last points
    ENDING,  # which scales will end a point with the next cell, a bit each: for fetching ahead
    OVER,  # alarms told beyond the set rate, over all time
) = range(39)
HEAD_WIDTH = 40  # whole cache lines, as all widths here: a row fetched ahead is no line more

# --- scales: how a pattern is drawn -----------------------------------------------------------
STEPS = (1, 3, 6, 12)  # cells that make a point
SCALES = len(STEPS)
POINTS = 4  # make a pattern
DELAY = POINTS + 1  # points until a pattern is learned, or it would be its own neighbour
EXTREME = (False, True, True, False)  # a point is the farthest value, not the mean
SLACK = (0.02, 0.05, 0.05, 0.02)  # of the range: so much is no difference

# --- fine: the open points of all scales, one block a scale, then one a calibrator ------------
# Every cell goes into all open points: those lie side by side, a field of four scales each.
(
    S_COUNT,  # cells in the open point
    S_SUM,
    S_LOW,
    S_HIGH,
    S_DOUBT,
    S_MEMBER,  # evidence of the last point
    S_KNOWN,  # patterns in memory
    S_STAMP,  # last number given to a pattern that was seen
) = range(0, 8 * SCALES, SCALES)
SCALES_AT = 8 * SCALES
# The rest of a scale is needed when it ends a point, and is one cache line.
(
    S_MIDDLE,  # running mean of the points
    S_LOWEST,
    S_HIGHEST,
    S_POINTS,  # ended so far
    S_DOUBTS,  # which of the last points are in doubt, a bit each
    S_BROKEN,  # which of them came before, or in, a sensor fault
    S_PAST,  # the last points, newest last
) = range(7)
PAST = POINTS + DELAY
ALL_DOUBTS = (1 << PAST) - 1
JUDGED_DOUBTS = (1 << POINTS) - 1
LEARNED_DOUBTS = ((1 << POINTS) - 1) << DELAY
SCALE_WIDTH = 16  # of which S_PAST + PAST are used

BINS = 35  # of 0.1 decades
(T_COUNT, T_AGE, T_EDGE, T_SHARE, T_SPREAD, T_SHAPE, T_BINS) = range(7)
TAIL_WIDTH = 48  # of which T_BINS + BINS are used
TAILS_AT = SCALES_AT + SCALES * SCALE_WIDTH
FAST_TAIL = SCALES
SLOW_TAIL = SCALES + 1
FINE_WIDTH = TAILS_AT + (SCALES + 2) * TAIL_WIDTH

# --- codes -----------------------------------------------------------------------------------
PATTERNS = 128  # remembered a scale
DAYS = 14
DAY_PLACES = 16  # the last two stay empty: one time of day then fills whole registers
SLOTS = 96  # a day
AROUND = 2  # slots looked at on both sides of one; so many before and after the day stay empty
DAYS_AT = SCALES * POINTS * PATTERNS
STAMPS_AT = DAYS_AT + (SLOTS + 2 * AROUND) * DAY_PLACES
CODES_WIDTH = STAMPS_AT + SCALES * PATTERNS
NONE = -32768
LARGEST = 32_000.0  # code

HEAD_BLANK = np.zeros(HEAD_WIDTH)
FINE_BLANK = np.zeros(FINE_WIDTH, np.float32)
FINE_BLANK[S_LOW : S_LOW + SCALES] = np.inf
FINE_BLANK[S_HIGH : S_HIGH + SCALES] = -np.inf
CODES_BLANK = np.zeros(CODES_WIDTH, np.int16)
CODES_BLANK[DAYS_AT:STAMPS_AT] = NONE
