"""Where the instrument tier keeps what: columns of its array, all float64."""

(
    I_FIRST,  # time of the first reading it learned from
    I_LAST,  # of the last one
    I_VALUE,  # its value
    I_INTERVAL,  # mean time between them
    I_COUNT,
    LOWEST,  # value ever believed, slowly forgotten
    HIGHEST,
    SMALLEST,  # the same of its size, zero excepted, some readings late
    LARGEST,
    NEW_SMALLEST,  # of the last readings, not yet in those
    NEW_LARGEST,
    FASTEST,  # change a ms ever believed, slowly forgotten, as late as those
    NEW_FASTEST,
    IS_STEEP,
    LOGS,  # local mean of the size's logarithm
    LOG_DEV,  # its mean absolute deviation
    # noise
    MOVE,  # local mean of the changes, zero excepted
    MOVES,
    TYPICAL,  # their local median
    BLOCK,  # readings in the open block
    N_RUN,  # readings beyond the habits, in a row
    N_SINCE,
    N_PEAK,  # loudest or quietest MOVE since
    N_PEAK_TYPICAL,  # and TYPICAL
    N_SIDE,  # 1 noisier, -1 quieter than ever, 0 as ever
    # scale
    SCALED,  # which mistake the readings seem to hold, 0 for none
    S_COUNT,
    S_SINCE,
    S_ENDED,  # when it last turned out to be the process, or was over
    S_VALUE,  # the last one set right
    # far away
    FAR_COUNT,
    FAR_SINCE,
    # counter
    RISES,  # since it last fell
    FELL_AT,
    C_SINCE,  # a fall that waits for the next reading
    C_LOW,
    C_TOP,
    OF_MEAN,  # from here on stand the habits of MOVE
) = range(38)

# A habit: how a figure has been, the last block excepted; of MOVE and of TYPICAL.
QUIET, LOUD, BLOCK_LOW, BLOCK_HIGH, PAST_LOW, PAST_HIGH, HABIT_WIDTH = range(7)
OF_TYPICAL = OF_MEAN + HABIT_WIDTH
INSTRUMENT_WIDTH = OF_TYPICAL + HABIT_WIDTH

# --- neighbours ------------------------------------------------------------------------------
(
    D_FIRST,
    D_LAST,
    D_COUNT,
    D_INTERVAL,
    MEAN,  # of the values, slow
    SPREAD,  # their mean absolute deviation
    ZED,  # the last value in these
    ZED_BEFORE,  # and the one before it
    D_BEFORE,  # its time
    Z_SIZE,  # mean |ZED|
    A_COUNT,  # distances behind the next ones
    APART,  # mean distance from the neighbours' median
    APART_GAIN,  # how much of their median it has besides: its sensitivity is not theirs
    APART_DEV,
    A_RUN,  # short mean of the distance beyond APART
    A_RUN_DEV,
    NEAR_UNTIL,  # when A_RUN was last too near to matter
    A_UP,  # CUSUM
    A_UP_SINCE,
    A_DOWN,
    A_DOWN_SINCE,
    DRIFTS,  # 0, or when it was told
    NEIGHBOURS_WIDTH,
) = range(23)

# --- clocks: one row a node, that of the node's first series ---------------------------------
(
    OFFSET,  # median of arrival minus event time
    OFFSET_DEV,
    OFFSETS,
    REFERENCE,  # what it was once it was known, or came to be accepted
    AWAY_AT,  # the offset it seems to have moved to
    AWAY_COUNT,
    AWAY_SINCE,
    CLOCK_WRONG,  # 0, or the offset's move
    WRONG_SINCE,
    CLOCK_TOLD,
    CLOCKS_WIDTH,
) = range(11)
