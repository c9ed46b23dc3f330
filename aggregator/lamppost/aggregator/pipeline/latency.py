"""How long readings take from the sensor to the disk: a histogram that forgets slowly."""

import numpy as np
from numpy.typing import NDArray

STEPS_PER_OCTAVE = 8
OCTAVES = 24
BUCKETS = STEPS_PER_OCTAVE * OCTAVES
WINDOW_MS = 300_000
PROMISED_MS = 10_000


class Latency:
    """Logarithmic buckets, about 9 % wide, over the present and the previous five minutes.

    Attributes:
        kept: of all readings since the start, those within `PROMISED_MS`, and all.
    """

    def __init__(self) -> None:
        self.kept = (0, 0)
        self._now = np.zeros(BUCKETS, np.int64)
        self._before = np.zeros(BUCKETS, np.int64)
        self._turn_ms = 0

    def add(self, time_ms: NDArray[np.int64], done_ms: int) -> None:
        """Readings of these times became durable at `done_ms`."""
        if not len(time_ms):
            return
        if done_ms >= self._turn_ms:
            self._before, self._now = self._now, np.zeros(BUCKETS, np.int64)
            self._turn_ms = done_ms + WINDOW_MS
        in_time = int(np.count_nonzero(done_ms - time_ms <= PROMISED_MS))
        self.kept = self.kept[0] + in_time, self.kept[1] + len(time_ms)
        took = np.clip(done_ms - time_ms, 1, 2**OCTAVES - 1)
        bucket = (np.log2(took) * STEPS_PER_OCTAVE).astype(np.int64)
        self._now += np.bincount(bucket, minlength=BUCKETS)

    def quantile(self, share: float) -> float | None:
        """The latency in ms that `share` of the readings stay under, None before the first."""
        counts = np.cumsum(self._now + self._before)
        total = int(counts[-1])
        if not total:
            return None
        bucket = int(np.searchsorted(counts, share * total))
        return float(2 ** ((min(bucket, BUCKETS - 1) + 0.5) / STEPS_PER_OCTAVE))
