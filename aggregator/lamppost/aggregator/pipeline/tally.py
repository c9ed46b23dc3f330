"""How many readings of which node and day a frame holds, for the ledger."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.delivery.ledger import DAY_MS
from lamppost.aggregator.nodes.nodes import Node
from lamppost.aggregator.spool.frames import TextRow

DAY_BITS = 24
DAY_LIMIT = (1 << (DAY_BITS - 1)) - 1
FIRST_CAPACITY = 1024


class Owners:
    """Which node each series belongs to."""

    def __init__(self) -> None:
        self._numbers = np.full(FIRST_CAPACITY, -1, np.int64)

    def put(self, series: int, node: Node) -> None:
        """A series is that node's."""
        if series >= len(self._numbers):
            wider = np.full(max(series + 1, 2 * len(self._numbers)), -1, np.int64)
            wider[: len(self._numbers)] = self._numbers
            self._numbers = wider
        self._numbers[series] = node.number

    def number(self, series: int) -> int:
        """The number of the node a series belongs to."""
        return int(self._numbers[series])

    def tally(
        self, series: NDArray[np.int32], time_ms: NDArray[np.int64], texts: tuple[TextRow, ...]
    ) -> list[tuple[int, int, int]]:
        """Return (node number, day, readings) for the rows and texts of a frame."""
        counts: Counter[int] = Counter()
        if len(series):
            day = np.clip(time_ms // DAY_MS, 0, DAY_LIMIT)
            keys = (self._numbers[series] << DAY_BITS) | day
            starts = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1))
            lengths = np.diff(starts, append=len(keys))
            for key, length in zip(keys[starts].tolist(), lengths.tolist(), strict=True):
                counts[key] += length
        for row in texts:
            day_of_text = min(max(row.time_ms // DAY_MS, 0), DAY_LIMIT)
            counts[(self.number(row.series) << DAY_BITS) | day_of_text] += 1
        mask = (1 << DAY_BITS) - 1
        return [(key >> DAY_BITS, key & mask, count) for key, count in counts.items()]
