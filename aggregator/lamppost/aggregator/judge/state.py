"""Where what is kept: columns of the state arrays, all float64 (UTC ms fit exactly).

Each tier owns one array [series, width]; no tier reads another's, because tiers run one after
the other over a whole batch and would see its future. What one has to tell the next stands in
the verdict columns.
"""

# --- channels: what births declared; read by all tiers, written by none ---------------------
# COUNTER to LEAD stand in `Judge.relate`; LEAD is 1 + the first series of its node. NEAR is how
# many neighbours `Judge.compare` has given it.
# RATE is the largest change a second, 0 when none is declared.
# The factors and FALSE_A_WEEK (0: as the profile says) stand in `Judge.tune`.
(
    LOW,
    HIGH,
    RATE,
    HEARTBEAT,
    KIND,
    COUNTER,
    TEMPERATURE,
    LEAD,
    NEAR,
    LEVEL_FACTOR,
    SPIKE_FACTOR,
    STUCK_FACTOR,
    SILENCE_FACTOR,
    FALSE_A_WEEK,
    CHANNEL_WIDTH,
) = range(15)

# --- quality tier ----------------------------------------------------------------------------
(
    LAST,  # time of the last judged reading
    SEEN,  # when the aggregator last got one (its clock)
    SILENT,  # 1 when sweep has told of the silence
    INTERVAL,  # mean time between readings
    INTERVALS,  # how many were learned
    BAD_SINCE,
    BAD_SEEN,  # BAD_SINCE by the aggregator's clock
    BAD_COUNT,
    OUT_SINCE,  # range
    OUT_COUNT,
    FIRST,  # time of the first good reading
    VALUE,  # last good value
    VALUE_AT,  # when it, if not stuck, was last read
    BEFORE,  # the one before it changed
    STAND_SINCE,  # first reading with VALUE
    STAND_COUNT,
    CHANGES,
    POLL,  # shortest usual time between changes
    BETWEEN,  # mean time between changes
    READ_ALIKE,  # mean readings of one value
    STEPS,  # share of changes that were no way back
    LONGEST,  # longest healthy stand, slowly forgotten
    LONGEST_ALIKE,  # the same in readings
    HOME,  # the value it stood at
    IS_STUCK,
    REST,  # the value of the last stand that was told and ended
    BASE,  # fast level
    BASE_DEV,
    BASE_COUNT,
    STEP,  # smallest change
    HELD,  # readings withheld as an excursion; negative when the last is perhaps back
    HELD_SINCE,
    HELD_HEIGHT,
    SPIKES,  # recent ones, slowly forgotten
    SPIKE_LAST,
    TALLEST,  # spike told of a slow channel, slowly forgotten
    FALLS,  # share of changes that go down
    Q_LOWEST,  # believed values, slowly forgotten
    Q_HIGHEST,
    REPEATED,  # readings with the time of the last judged one
    DISORDERED,  # readings older than that
    QUALITY_WIDTH,
) = range(42)

# --- maintenance ------------------------------------------------------------------------------
PAUSED, MAINTENANCE_WIDTH = range(2)

# --- process tier: level ---------------------------------------------------------------------
(
    L_LAST,
    L_INTERVAL,  # mean time between learned readings
    L_FIRST,
    L_COUNT,  # readings learned
    L_NEAR,  # readings behind LEVEL, for its weight while few
    LEVEL,
    TREND,  # per ms
    DEV,  # mean absolute residual
    RUN_MEAN,  # short mean of the residual
    RUN_DEV,  # its mean absolute value
    L_VALUE,
    L_STEP,
    UP,  # CUSUM
    UP_SINCE,
    DOWN,
    DOWN_SINCE,
    OUTSIDE,  # the side (1, -1) on which readings are far off, 0 when they are not
    OUTSIDE_SINCE,
    Z1,
    Z2,
    ANOMALOUS,  # 0, or when it was detected; negative when the series does so too often to tell
    ONSET,
    CALM,
    CALM_SINCE,
    FAULTED,  # a sensor fault has been seen since the last learned reading
    SETTLE,  # readings left to find the level anew
    SEVERITY,
    L_OVER,  # anomalies beyond the set rate, over all time
    L_OVER_AT,
    L_TALLEST,  # largest residual of earlier anomalies, slowly forgotten
    L_PEAK,  # of the last one
    LEVEL_WIDTH,
) = range(32)
