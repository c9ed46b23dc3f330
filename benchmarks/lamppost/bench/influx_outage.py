"""An outage of a real database made up for, while live readings go on coming."""

import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from lamppost.aggregator.spool.frames import COLUMNS, DataFrame, FrameKind, pack_json
from lamppost.aggregator.spool.spool import Spool
from lamppost.aggregator.store.drain import Drain
from lamppost.aggregator.store.http import Http, Server
from lamppost.aggregator.store.influxql import Reader, select
from lamppost.aggregator.store.open import open_store
from lamppost.aggregator.store.seam import StoreBatch
from lamppost.bench.influx_server import Influx, an_influx
from lamppost.wire.series import RAW, READING

OUTAGE_S = 6 * 3600
FRAME_ROWS = 1_000
TICK_MS = 500
COMMIT_S = 0.1
POLL_S = 0.01
TIMEOUT_S = 300.0
COUNT_S = 600.0
MIB = 2**20
SEGMENT_BYTES = 16 * 2**20
SPOOL_BYTES = 4 * 2**30  # six hours at 2,000 a second are 2.1
GOALS = {"drain_ratio": 10.0, "live_p95_s": 2.0, "lost": 0}

Readings = Callable[[int, int, int], StoreBatch]


def outage(readings: Readings, rate: int, share: float) -> dict[str, Any]:
    """Return how fast a backlog is drained, and how late live readings are meanwhile.

    influxd runs, is killed, and is started again when the spool is full of the readings that
    its absence would have left there; what it holds in the end it counts itself.

    Args:
        readings: returns judged readings: rows, first time, seed; `FRAME_ROWS` a `TICK_MS`.
        rate: live readings a second.
        share: of the readings of `OUTAGE_S` that lie in the spool.
    """
    frames = int(OUTAGE_S * rate * share) // FRAME_ROWS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            an_influx(folder) as server,
            Spool(folder / "spool", SEGMENT_BYTES, SPOOL_BYTES, readers=("store",)) as spool,
            closing(
                open_store(f"influx1+{server.url}/city?retain_days=36500", folder)
            ) as store,
        ):
            _tell_series(spool, readings)
            drain = Drain(spool, store, folder / "cursor")
            feed = Feed(spool, readings, rate)
            drain.start()
            feed.start()
            try:
                _taken_down(server, drain, feed, frames)
                began_mib, spool_mib = _memory_mib(), _size_mib(folder / "spool")
                found = _watched(drain, feed, spool.position, frames * FRAME_ROWS / rate)
                feed.stop()
                if not drain.flush(TIMEOUT_S):
                    raise RuntimeError(f"not drained within {TIMEOUT_S:g} s")
            finally:
                feed.stop()
                drain.stop(30.0)
            stored = _stored(server)
            left_mib, database_mib = _size_mib(folder / "spool"), _size_mib(server.home)
    per_s = frames * FRAME_ROWS / found["drained_s"]
    told = {
        "backlog_readings": frames * FRAME_ROWS,
        "backlog_hours": round(OUTAGE_S * share / 3600, 2),
        "live_per_s": rate,
        "found_again_s": round(found["found_s"], 1),
        "drained_s": round(found["drained_s"], 1),
        "drained_per_s": round(per_s),
        "drain_ratio": round(per_s / rate, 1),
        "live_p95_s": round(found["p95_s"], 2),
        "live_max_s": round(found["max_s"], 2),
        "committed": feed.rows,
        "stored": stored,
        "lost": feed.rows - stored,
        "memory_before_mib": began_mib,
        "memory_max_mib": round(found["memory_mib"]),
        "spool_mib": spool_mib,
        "spool_left_mib": left_mib,
        "database_mib": database_mib,
    }
    met = per_s >= 10 * rate and found["p95_s"] <= 2.0 and feed.rows == stored
    return {**told, "drain_goal": GOALS, "drain_met": met}


def _taken_down(server: Influx, drain: Drain, feed: "Feed", frames: int) -> None:
    """Kill influxd amid live readings, and start it again behind a full spool."""
    _awaited(lambda: drain.position > 0 and not drain.lag_bytes, "the first rows")
    server.kill()
    feed.add(frames)
    _awaited(lambda: drain.state.startswith("unreachable"), "the outage")
    server.start()


class Feed:
    """Live readings, committed at a steady rate on a thread of their own, and a backlog.

    Attributes:
        marks: position in the spool behind each commit, and when it was made.
        rows: readings that were committed.
    """

    def __init__(self, spool: Spool, readings: Readings, rate: int) -> None:
        self.marks: list[tuple[int, float]] = []
        self.rows = 0
        self._spool = spool
        self._readings = readings
        self._start_ms = int(time.time() * 1000)
        self._batch = readings(max(1, int(rate * COMMIT_S)), self._start_ms, 7)
        self._alone = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live readings", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._thread.join(10)

    def add(self, frames: int) -> None:
        """Commit what an outage would have left, as fast as it goes."""
        first_ms = self._start_ms - frames * TICK_MS
        for place in range(frames):
            given = self._readings(FRAME_ROWS, first_ms + place * TICK_MS, place)
            with self._alone:  # the live ones are committed often enough for both
                self._put(_frame(given))
        with self._alone:
            self._spool.commit()

    def _run(self) -> None:
        frame = _frame(self._batch)
        due = time.monotonic()
        while not self._stopping.is_set():
            frame.time_ms[:] += int(COMMIT_S * 1000)
            self.marks.append((self._commit(frame), time.monotonic()))
            due += COMMIT_S
            self._stopping.wait(max(0.0, due - time.monotonic()))

    def _commit(self, frame: DataFrame) -> int:
        with self._alone:
            self._put(frame)
            return self._spool.commit()

    def _put(self, frame: DataFrame) -> None:
        self._spool.append(FrameKind.DATA, frame.pack())
        self.rows += len(frame)


def _watched(drain: Drain, feed: Feed, goal: int, live_s: float) -> dict[str, float]:
    """Watch until the backlog is drained; a live reading is there when the head has passed it.

    Ages are those of readings that were committed since the drain found the database again.
    Once it has, the backlog must go faster than it would have come live, in `live_s`.
    """
    asked = time.monotonic()
    _awaited(lambda: drain.state == "ok", "the database to be found again")
    began = time.monotonic()
    seen = len(feed.marks)
    ages: list[float] = []
    memory_mib = 0
    while drain.position < goal:
        now, head = time.monotonic(), drain.head
        if now > began + TIMEOUT_S + live_s:
            raise RuntimeError(f"the backlog was not drained within {TIMEOUT_S + live_s:g} s")
        while seen < len(feed.marks) and feed.marks[seen][0] <= head:
            ages.append(now - feed.marks[seen][1])
            seen += 1
            memory_mib = max(memory_mib, _memory_mib())
        time.sleep(POLL_S)
    return {
        "found_s": began - asked,
        "drained_s": time.monotonic() - began,
        "p95_s": float(np.percentile(ages, 95)),
        "max_s": max(ages),
        "memory_mib": memory_mib,
    }


def _awaited(condition: Callable[[], object], what: str) -> None:
    until = time.monotonic() + TIMEOUT_S
    while not condition():
        if time.monotonic() > until:
            raise RuntimeError(f"waited {TIMEOUT_S:g} s for {what}")
        time.sleep(POLL_S)


def _stored(server: Influx) -> int:
    """Readings in the database, counted by itself."""
    with closing(Http(Server(server.url, read_timeout_s=COUNT_S))) as http:
        asked = select('count("value") AS "n"', READING.name, "time > 0")
        (rows,) = Reader(http, "city").query(RAW.named("city"), asked)
    return int(rows[0]["n"])


def _memory_mib() -> int:
    return int(psutil.Process().memory_info().rss // MIB)


def _size_mib(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) // MIB


def _tell_series(spool: Spool, readings: Readings) -> None:
    for info in readings(1, 0, 0).series.values():
        spool.append(FrameKind.SERIES, pack_json(info.to_json()))
    spool.commit()


def _frame(given: StoreBatch) -> DataFrame:
    columns = {name: getattr(given, name) for name, _ in COLUMNS if name != "series"}
    return DataFrame(deliveries=(), series=given.index, **columns)
