"""Where a group of sensors is kept: one float64 row a group.

Some numbers of the group, then one block of eight for each thing that is kept of a member, then
the covariance, its eigenvectors (one a row, the largest first) and room to find them in.
"""

import numpy as np

MEMBERS = 8  # at most; the square of it is what a vector costs
SQUARE = MEMBERS * MEMBERS

(
    SIZE,
    CELL_MS,  # 0 until the members' pace is known
    OPEN,  # number of the oldest open cell, counted since 1970
    FIRST,  # time of the first reading
    CELLS,  # learned
    FIT_AGE,  # cells since the eigenvectors were found
    MAJOR,  # how many of them carry what the members do together
    T_NOW,  # of the last cell
    Q_NOW,
    T_PEAK,  # highest of the healthy past, the last block excepted; slowly forgotten
    Q_PEAK,
    T_BLOCK,  # highest in the open block
    Q_BLOCK,
    T_PAST,  # in the one before
    Q_PAST,
    BLOCK,  # when the open block began
    RUN,  # cells beyond the limit, in a row
    RUN_SINCE,
    CALM,  # cells within it, in a row
    ALARM,  # 0, or when it was told
    ONSET,
    RATIO,  # how far beyond the limit, at the worst
    BY_RELATION,  # 1 when the relation broke (Q), 0 when all went where they never were (T2)
    TOLD,  # what `Groups.changes` has told of ALARM
    TOLD_RATIO,
    WIDTH_OF_HEAD,
) = range(26)

(
    COUNT,  # readings
    BEGAN,  # time of the first
    LAST,  # of the last believed one, -1 when the member has dropped out
    VALUE,
    SUM_EVEN,  # of the open cells
    SUM_ODD,
    COUNT_EVEN,
    COUNT_ODD,
    LEARNED,  # cells
    MEAN,
    ZED,  # of the last cell, in deviations; NaN for none
    SMOOTH,  # its exponentially weighted mean
    SAID,  # what the others say of SMOOTH
    SHARE,  # of the departure, at the worst
    WORST,  # value then
    WANTED,  # and what the others said
    BLOCKS,
) = (WIDTH_OF_HEAD + MEMBERS * block for block in range(17))

COVARIANCE = BLOCKS
VECTORS = COVARIANCE + SQUARE
LAMBDAS = VECTORS + SQUARE
ROOM = LAMBDAS + MEMBERS
GROUP_WIDTH = ROOM + SQUARE

GROUP_BLANK = np.zeros(GROUP_WIDTH)
GROUP_BLANK[OPEN] = -1.0
GROUP_BLANK[LAST : LAST + MEMBERS] = -1.0
