"""An outage of the database made up for, while live readings go on coming."""

import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from lamppost.aggregator.spool.frames import COLUMNS, DataFrame, FrameKind, pack_json
from lamppost.aggregator.spool.spool import Spool
from lamppost.aggregator.store.drain import Drain
from lamppost.aggregator.store.open import open_store
from lamppost.aggregator.store.seam import StoreBatch
from lamppost.bench.influx_server import an_influx

OUTAGE_S = 6 * 3600
FRAME_ROWS = 1_000
COMMIT_S = 0.1
AFTER_S = 10.0
TIMEOUT_S = 300.0
URL = "influx1+{}/city?retain_days=36500"
SPOOL_BYTES = 4 * 2**30

Readings = Callable[[int, int, int], StoreBatch]


def outage(readings: Readings, rate: int, share: float) -> dict[str, Any]:
    """Return how fast a backlog is drained, and how late live readings are.

    Args:
        readings: returns judged readings: rows, first time, seed.
        rate: live readings a second.
        share: of the readings of `OUTAGE_S` that lie in the spool.
    """
    backlog = int(OUTAGE_S * rate * share)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            an_influx(folder) as server,
            Spool(folder / "spool", 16 * 2**20, SPOOL_BYTES) as spool,
            closing(
                open_store(f"influx1+{server.url}/city?retain_days=36500", folder)
            ) as store,
        ):
            one = readings(1, 0, 0)
            for info in one.series.values():
                spool.append(FrameKind.SERIES, pack_json(info.to_json()))
            for start in range(0, backlog, FRAME_ROWS):
                given = readings(FRAME_ROWS, start, start)
                spool.append(FrameKind.DATA, _frame(given).pack())
                spool.commit()
            drain = Drain(spool, store, folder / "cursor")
            feed = Feed(spool, readings, rate)
            goal = spool.position
            began = time.monotonic()
            feed.start()
            drain.start()
            try:
                late = _watched(drain, feed, goal, began)
            finally:
                feed.stop()
                drain.stop(30.0)
    drained_s = late["drained_s"]
    per_s = backlog / drained_s
    return {
        "backlog_readings": backlog,
        "live_per_s": rate,
        "drained_per_s": round(per_s),
        "drain_ratio": round(per_s / rate, 1),
        "live_age_p99_s": round(late["p99_s"], 2),
        "lost": drain.unknown_rows + drain.bad_frames,
    }


class Feed:
    """Live readings, committed at a steady rate on a thread of their own.

    Attributes:
        marks: position in the spool behind each commit, and when it was made.
    """

    def __init__(self, spool: Spool, readings: Readings, rate: int) -> None:
        self.marks: list[tuple[int, float]] = []
        self._spool = spool
        self._batch = readings(max(1, int(rate * COMMIT_S)), int(time.time() * 1000), 7)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live readings", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._thread.join(10)

    def _run(self) -> None:
        frame = _frame(self._batch)
        due = time.monotonic()
        while not self._stopping.is_set():
            frame.time_ms[:] += int(COMMIT_S * 1000)
            self._spool.append(FrameKind.DATA, frame.pack())
            self._spool.commit()
            self.marks.append((self._spool.position, time.monotonic()))
            due += COMMIT_S
            self._stopping.wait(max(0.0, due - time.monotonic()))


def _watched(drain: Drain, feed: Feed, goal: int, began: float) -> dict[str, float]:
    """Watch until the backlog is drained, and for a while after it."""
    ages: list[float] = []
    seen = 0
    drained_s = 0.0
    until = began + TIMEOUT_S
    while time.monotonic() < until:
        now, position = time.monotonic(), drain.position
        if not drained_s and position >= goal:
            drained_s = now - began
            until = now + AFTER_S
        while seen < len(feed.marks) and feed.marks[seen][0] <= position:
            if feed.marks[seen][1] >= began + drained_s and drained_s:
                ages.append(now - feed.marks[seen][1])
            seen += 1
        time.sleep(0.01)
    if not drained_s:
        raise RuntimeError(f"the backlog was not drained within {TIMEOUT_S:g} s")
    return {"drained_s": drained_s, "p99_s": float(np.percentile(ages, 99))}


def _frame(given: StoreBatch) -> DataFrame:
    columns = {name: getattr(given, name) for name, _ in COLUMNS if name != "series"}
    return DataFrame(deliveries=(), series=given.index, **columns)
