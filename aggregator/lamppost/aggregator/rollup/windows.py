"""Windows of a minute, a quarter of an hour and an hour of every series.

A window is closed by the first reading of a later one, or by the clock some seconds after its
end. Readings that come later mark the hour of their series dirty; when they have come to rest,
the closed windows of that hour are made again of what the store holds, and written once.

A series takes 1,008 bytes. Of more than 64 trusted values, the 95th percentile is that of a
random sample of 64.
"""

import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.nodes.series import SeriesInfo, SeriesKey
from lamppost.aggregator.rollup import windowkernel as k
from lamppost.aggregator.store.cursor import replace_file
from lamppost.aggregator.store.seam import SeriesColumns, StoreBatch, WindowRows
from lamppost.wire.series import WINDOWS

WIDTHS = np.array(sorted(WINDOWS), np.int64)
HOUR_MS = int(WIDTHS[-1])
GRACE_MS = 10_000
REST_S = 60.0
MAX_DIRTY = 200_000
MENDED_AT_ONCE = 20
FIRST_SERIES = 1024

Read = Callable[[SeriesKey, int, int, int], SeriesColumns]
Info = Callable[[int], SeriesInfo | None]


class State:
    """The open windows of all series, in arrays that grow."""

    def __init__(self, series: int = FIRST_SERIES) -> None:
        width = len(WIDTHS)
        self.size = 0
        self.counts = np.zeros((width, series, k.COUNTS), np.int64)
        self.counts[:, :, (k.START, k.DONE)] = k.NONE
        self.numbers = np.zeros((width, series, k.NUMBERS))
        self.kept = np.zeros((width, series, k.KEPT), np.float32)

    def grow(self, size: int) -> None:
        """Have room for series below `size`."""
        self.size = max(self.size, size)
        before = self.counts.shape[1]
        if size <= before:
            return
        wider = State(max(size, 2 * before))
        for name in ("counts", "numbers", "kept"):
            getattr(wider, name)[:, :before] = getattr(self, name)
            setattr(self, name, getattr(wider, name))

    def take(
        self,
        series: NDArray[np.int32],
        time_ms: NDArray[np.int64],
        value: NDArray[np.float64],
        flags: NDArray[np.uint32],
    ) -> tuple[list[WindowRows], NDArray[np.bool_]]:
        """Put readings in; return what they closed, and which of them came too late."""
        late = np.zeros(len(series), np.bool_)
        if not len(series):
            return [], late
        self.grow(int(series.max()) + 1)
        found = _room(len(WIDTHS) * len(series))
        state = self.counts, self.numbers, self.kept
        count = k.take(series, time_ms, value, flags, WIDTHS, *state, late, *found)
        return _rows(*found, count), late

    def close(self, until_ms: int) -> list[WindowRows]:
        """Close what ended by a time."""
        found = _room(len(WIDTHS) * self.size)
        state = self.counts, self.numbers, self.kept
        return _rows(*found, k.close(until_ms, self.size, WIDTHS, *state, *found))


def _room(rows: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    return np.empty((rows, k.ROW_COUNTS), np.int64), np.empty((rows, k.ROW_NUMBERS))


def _rows(
    rows_i: NDArray[np.int64], rows_f: NDArray[np.float64], count: int
) -> list[WindowRows]:
    """Return closed windows, by width."""
    found = []
    for place, width in enumerate(WIDTHS.tolist()):
        chosen = np.flatnonzero(rows_i[:count, k.ROW_WIDTH] == place)
        if not len(chosen):
            continue
        ints, floats = rows_i[chosen], rows_f[chosen]
        columns: dict[str, NDArray[Any]] = {
            "n": ints[:, k.ROW_N],
            "bad_n": ints[:, k.ROW_BAD],
            "alarm_n": ints[:, k.ROW_ALARM],
            "min": floats[:, k.ROW_MIN],
            "max": floats[:, k.ROW_MAX],
            "mean": floats[:, k.ROW_MEAN],
            "last": floats[:, k.ROW_LAST],
            "p95": floats[:, k.ROW_P95],
        }
        index = ints[:, k.ROW_SERIES].astype(np.int32)
        found.append(WindowRows(WINDOWS[width], index, ints[:, k.ROW_START].copy(), columns))
    return found


class Windows:
    """Windows of what goes to the store; the drain's thread calls it.

    Args:
        file: keeps the open windows and the dirty hours over a restart.
        read: reads the store, like `Store.read`.
    """

    def __init__(
        self, file: Path, read: Read, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self.skipped = 0
        self._file = file
        self._read = read
        self._clock_s = clock_s
        self._state = State()
        self._dirty: dict[tuple[int, int], float] = {}
        self.position = self._load()

    def take(self, batch: StoreBatch) -> list[WindowRows]:
        """Put the readings of a batch in; return the windows they closed."""
        rows, late = self._state.take(batch.index, batch.time_ms, batch.value, batch.flags)
        due_s = self._clock_s() + REST_S
        if late.any():
            hours = batch.time_ms[late] // HOUR_MS * HOUR_MS
            for key in set(zip(hours.tolist(), batch.index[late].tolist(), strict=True)):
                self._dirty.pop(key, None)
                if len(self._dirty) >= MAX_DIRTY:
                    self._dirty.pop(next(iter(self._dirty)))
                    self.skipped += 1
                self._dirty[key] = due_s
        return rows

    def due(self, now_ms: int, info: Info) -> list[WindowRows]:
        """Close what the clock has ended and mend what is dirty; called when all is drained.

        Raises:
            StoreError: the store cannot be read; what was to be mended is kept.
        """
        mended = self._mended(info)
        return [*self._state.close(now_ms - GRACE_MS), *mended]

    def save(self, position: int) -> None:
        """Keep the state, durably, as of a position in the spool.

        Raises:
            OSError: the file cannot be written; the old state stays.
        """
        size, state, data = self._state.size, self._state, io.BytesIO()
        dirty = np.array(list(self._dirty), np.int64).reshape(-1, 2)
        np.savez(
            data,
            position=position,
            dirty=dirty,
            counts=state.counts[:, :size],
            numbers=state.numbers[:, :size],
            kept=state.kept[:, :size],
        )
        replace_file(self._file, data.getvalue())
        self.position = position

    def _load(self) -> int:
        """Take over the file; without one of this layout, begin with empty windows."""
        try:
            with np.load(self._file) as saved:
                counts, numbers, kept = saved["counts"], saved["numbers"], saved["kept"]
                dirty, position = saved["dirty"].tolist(), int(saved["position"])
            size = counts.shape[1]
            self._state.grow(size)
            self._state.counts[:, :size] = counts
            self._state.numbers[:, :size] = numbers
            self._state.kept[:, :size] = kept
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            self._state = State()
            return 0
        due_s = self._clock_s() + REST_S
        self._dirty = dict.fromkeys(dirty, due_s)
        return position

    def _mended(self, info: Info) -> list[WindowRows]:
        now_s = self._clock_s()
        rows: list[WindowRows] = []
        ready = [key for key, due_s in self._dirty.items() if due_s <= now_s]
        for hour_ms, series in ready[:MENDED_AT_ONCE]:
            known = info(series)
            if known is not None:
                rows += self._made_again(known, hour_ms)
        for key in ready[:MENDED_AT_ONCE]:
            del self._dirty[key]
        return rows

    def _made_again(self, info: SeriesInfo, hour_ms: int) -> list[WindowRows]:
        """Return the windows of an hour that are closed, made of what the store holds."""
        fresh, start = State(1), hour_ms
        rows: list[WindowRows] = []
        while start < hour_ms + HOUR_MS:
            read = self._read(info.key, start, hour_ms + HOUR_MS, 0)
            alone = np.zeros(len(read), np.int32)
            rows += fresh.take(alone, read.time_ms, read.value, read.flags)[0]
            if not read.truncated or not len(read):
                break
            start = int(read.time_ms[-1]) + 1
        rows += fresh.close(hour_ms + HOUR_MS)
        done = self._state.counts[:, info.index, k.DONE]
        bounds = {WINDOWS[width]: done[i] for i, width in enumerate(WIDTHS.tolist())}
        return [row.of(info.index, int(bounds[row.measurement])) for row in rows]
