"""The columns that decoder, resolver, judge and spool share: indices, bits, verdict arrays.

One 2-D int64 array holds all metrics of a batch (`rows`), one holds its messages (`messages`).
A single array keeps the kernels fast: with one array per column the same code ran seven times
slower, because every array costs a reference count in every helper.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# --- rows[capacity, WIDTH]: one metric each -------------------------------------------------
MSG = 0  # index of its message in `messages`
ALIAS = 1  # uint64 as two's complement; valid with HAS_ALIAS
TIME = 2  # UTC ms: the metric's own, else its payload's, else -1
BITS = 3  # float64 bits of a NUMERIC or BOOLEAN value
KIND = 4
FLAGS = 5
QUALITY = 6  # the `Quality` property; GOOD when absent
DATATYPE = 7  # valid with HAS_DATATYPE, else 0
OFF = 8  # text, bytes, complex: offset in the joined buffer. Integers: the raw 64 bits
LEN = 9  # text, bytes, complex: length. Integers: INT_FIELD or LONG_FIELD. Else 0
NAME_OFF = 10
NAME_LEN = 11
SERIES = 12  # filled by resolve; UNKNOWN until then
WIDTH = 13

# rows[:, KIND]
NULL = 0
NUMERIC = 1
BOOLEAN = 2
TEXT = 3
BYTES = 4
COMPLEX = 5  # DataSet, Template, extension: only located; lamppost.wire decodes them

# rows[:, FLAGS]
HAS_ALIAS = 1
HAS_TIME = 2  # the metric or its payload carried a timestamp
HISTORICAL = 4
IS_NULL = 8
HAS_QUALITY = 16
HAS_NAME = 32
HAS_DATATYPE = 64

# rows[:, LEN] of integers
INT_FIELD = 1  # came as int_value (32 bits)
LONG_FIELD = 2  # came as long_value (64 bits)

UNKNOWN = -1  # rows[:, SERIES] of a metric that no birth has named

QUALITY_BAD = 0
QUALITY_GOOD = 192
QUALITY_STALE = 500

# --- messages[capacity, MSG_WIDTH]: one payload each ----------------------------------------
STATUS = 0
FIRST = 1  # its first row
COUNT = 2  # how many rows
SEQ = 3  # -1 when absent
MSG_TIME = 4  # -1 when absent
BODY_OFF = 5
BODY_LEN = 6  # -1 when there is no body
MSG_WIDTH = 7

# messages[:, STATUS]
OK = 0
CUT = 1
BAD_VARINT = 2
BAD_TAG = 3
TOO_MANY = 4
BAD_OFFSETS = 5
BAD_PROPERTIES = 6
STATUS_TEXT = {
    OK: "decoded",
    CUT: "a field runs past the end of what encloses it",
    BAD_PROPERTIES: "a property set with more keys than values, or fewer",
    BAD_VARINT: "a varint of more than 64 bits, or a length or tag of more than 32",
    BAD_TAG: "field number 0, a group, or wire type 6 or 7",
    TOO_MANY: "more metrics than the row buffer holds",
    BAD_OFFSETS: "offsets that leave the joined buffer",
}

# --- verdict flags ---------------------------------------------------------------------------
RANGE = 1  # outside the declared or the representable range
STUCK = 2  # frozen for longer than this channel ever stands still
SPIKE = 4  # an isolated excursion is surely back; it began with the SUSPECT readings before
GAP = 8  # the channel has had no usable value for longer than allowed
BAD = 16  # the device said so, or there is no value
LATE = 32  # not newer than the last judged reading of its series: stored, not judged
LEARNING = 64  # the process detector is not warm yet
ANOMALY = 128  # process anomaly
CLOCK = 256  # stamped too far ahead of the aggregator's clock: stored, not judged
SUSPECT = 512  # withheld from the process detector until it is known what it is
ALARM = 1024  # the alarm policy lets it be told: see judge/policy.py
NOISE = 2048  # trembles far more, or far less, than it ever has
SCALE = 4096  # has jumped to what the same value is in another unit
DRIFT = 8192  # leaves the neighbours that have always measured the same
RESET = 16384  # a counter has fallen back to the beginning
MAINTENANCE = 32768  # somebody works on it: stored, not judged by the process tiers
RATE = 65536  # has changed faster than declared
REPEATED = 131072  # LATE, with the very time of the last judged reading
STEEP = 262144  # has moved far faster than it ever has; believed, for the process may
FLAG_NAMES = {
    RANGE: "range",
    STUCK: "stuck",
    SPIKE: "spike",
    GAP: "gap",
    BAD: "bad",
    LATE: "late",
    LEARNING: "learning",
    ANOMALY: "anomaly",
    CLOCK: "clock",
    SUSPECT: "suspect",
    ALARM: "alarm",
    NOISE: "noise",
    SCALE: "scale",
    DRIFT: "drift",
    RESET: "reset",
    MAINTENANCE: "maintenance",
    RATE: "rate",
    REPEATED: "repeated",
    STEEP: "steep",
}
INSTRUMENT = NOISE | SCALE | DRIFT | RESET
FAULTS = (
    RANGE | RATE | STUCK | GAP | BAD | INSTRUMENT
)  # the reading itself must not be believed
NOT_THE_LAST = LATE | CLOCK  # says nothing of the present
UNJUDGED = NOT_THE_LAST | MAINTENANCE  # by the process tiers

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Floats = NDArray[np.float64]


def flag_names(flags: int) -> tuple[str, ...]:
    """The set flags by name, in the order of their bits."""
    return tuple(name for bit, name in FLAG_NAMES.items() if flags & bit)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What the judge says of each reading; row i belongs to reading i.

    `expected`, `low` and `high` are NaN, and `onset_ms` is -1, where there is none.
    """

    flags: NDArray[np.uint32]
    expected: NDArray[np.float32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    score: NDArray[np.float32]  # evidence against "healthy"; 8 at an alarm
    severity: NDArray[np.float32]  # 0..1, peak held and decaying
    onset_ms: Int64s  # first deviating reading of the condition the flags tell of
    p: NDArray[np.float32]  # chance of so much evidence, by this series' own past; 1 unknown

    @classmethod
    def empty(cls, capacity: int) -> "Verdicts":
        """Room for `capacity` readings."""
        expected, low, high, score, severity = np.zeros((5, capacity), np.float32)
        return cls(
            np.zeros(capacity, np.uint32),
            expected,
            low,
            high,
            score,
            severity,
            np.full(capacity, -1, np.int64),
            np.ones(capacity, np.float32),
        )

    def head(self, count: int) -> "Verdicts":
        """Views on the first `count` readings."""
        return Verdicts(
            self.flags[:count],
            self.expected[:count],
            self.low[:count],
            self.high[:count],
            self.score[:count],
            self.severity[:count],
            self.onset_ms[:count],
            self.p[:count],
        )
