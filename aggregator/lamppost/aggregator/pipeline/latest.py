"""The last judged reading of every series, in arrays, for the live view."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.pipeline.latestkernel import keep_last
from lamppost.aggregator.spool.frames import TextRow

FIRST_CAPACITY = 1024
NEVER = -1
COLUMNS: dict[str, tuple[Any, Any]] = {
    "time_ms": (np.int64, NEVER),
    "value": (np.float64, np.nan),
    "flags": (np.uint32, 0),
    "expected": (np.float32, np.nan),
    "low": (np.float32, np.nan),
    "high": (np.float32, np.nan),
    "severity": (np.float32, 0.0),
    "p": (np.float32, 1.0),
}


class Latest:
    """Last values by series; one thread takes, any thread copies."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._size = 0
        self._columns = {
            name: np.full(FIRST_CAPACITY, empty, kind)
            for name, (kind, empty) in COLUMNS.items()
        }
        self._texts: dict[int, tuple[int, str]] = {}

    def __len__(self) -> int:
        return self._size

    def grow(self, size: int) -> None:
        """Have room for series below `size`."""
        with self._lock:
            self._size = max(self._size, size)
            capacity = len(self._columns["time_ms"])
            if size <= capacity:
                return
            for name, (kind, empty) in COLUMNS.items():
                wider = np.full(max(size, 2 * capacity), empty, kind)
                wider[:capacity] = self._columns[name]
                self._columns[name] = wider

    def take(
        self,
        series: NDArray[np.int32],
        time_ms: NDArray[np.int64],
        value: NDArray[np.float64],
        verdicts: Verdicts,
    ) -> None:
        """Keep the last reading of each series among these; late ones are not the last."""
        with self._lock:  # COLUMNS has them in the kernel's order
            keep_last(
                series,
                time_ms,
                value,
                verdicts.flags,
                verdicts.expected,
                verdicts.low,
                verdicts.high,
                verdicts.severity,
                verdicts.p,
                *self._columns.values(),
            )

    def take_texts(self, rows: Sequence[TextRow]) -> None:
        """Keep the last text of each series among these."""
        with self._lock:
            for row in rows:
                known = self._texts.get(row.series)
                if known is None or row.time_ms >= known[0]:
                    self._texts[row.series] = (row.time_ms, row.text)
                    self._columns["time_ms"][row.series] = row.time_ms

    def copy(self) -> tuple[dict[str, NDArray[Any]], dict[int, tuple[int, str]]]:
        """The columns up to the newest series, and the texts."""
        with self._lock:
            columns = {name: col[: self._size].copy() for name, col in self._columns.items()}
            return columns, dict(self._texts)

    def state(self) -> dict[str, NDArray[Any]]:
        """The columns, for a checkpoint."""
        return self.copy()[0]

    def text_state(self) -> list[list[Any]]:
        """The texts as JSON values."""
        return [[series, time_ms, text] for series, (time_ms, text) in self._texts.items()]

    def restore(self, columns: Mapping[str, NDArray[Any]], texts: list[list[Any]]) -> None:
        """Take over what `state` and `text_state` returned."""
        self.grow(len(columns["time_ms"]))
        with self._lock:
            for name, column in columns.items():
                self._columns[name][: len(column)] = column
            self._texts = {int(s): (int(time_ms), str(text)) for s, time_ms, text in texts}
