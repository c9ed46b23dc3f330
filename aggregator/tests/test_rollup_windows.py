"""Windows: what they say of their readings, in whatever pieces these come."""

import math
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.aggregator import columns as c
from lamppost.aggregator.rollup.windowkernel import KEPT
from lamppost.aggregator.rollup.windows import HOUR_MS, REST_S, State, Windows
from lamppost.aggregator.spool.frames import FrameKind, pack_json
from lamppost.aggregator.spool.spool import Spool
from lamppost.aggregator.store.drain import Drain
from lamppost.aggregator.store.http import Http, Server
from lamppost.aggregator.store.influxql import Reader, select
from lamppost.aggregator.store.open import open_store
from lamppost.aggregator.store.retention import RetentionRule
from lamppost.aggregator.store.seam import StoreBatch, WindowRows
from lamppost.aggregator.store.sqlite import SqliteStore
from lamppost.wire.series import READING_1H, READING_1M, WINDOWS
from parts.batches import batch, frame, series
from parts.influx import RunningInflux
from parts.waiting import wait_for

HOUR = 1_767_225_600_000
INFOS = [series(0), series(1)]
FIELDS = ("n", "bad_n", "alarm_n", "min", "max", "mean", "last", "p95")
FAR = HOUR + 10 * HOUR_MS

Reading = tuple[int, int, float, int]
Row = tuple[str, int, int]


def slow(readings: list[Reading]) -> dict[Row, tuple[float, ...]]:
    """The obvious way: all readings of each window put together."""
    found: dict[Row, list[Reading]] = {}
    for one in readings:
        for width, measurement in WINDOWS.items():
            key = measurement.name, one[0], one[1] // width * width
            found.setdefault(key, []).append(one)
    return {key: _told(rows) for key, rows in found.items()}


def _told(rows: list[Reading]) -> tuple[float, ...]:
    good = [v for _, _, v, flags in rows if not flags & c.STUCK and math.isfinite(v)]
    counts = len(rows), len(rows) - len(good), sum(bool(f & c.ALARM) for _, _, _, f in rows)
    if not good:
        return (*counts, *[math.nan] * 5)
    p95 = sorted(good)[math.ceil(0.95 * len(good)) - 1]
    return (*counts, min(good), max(good), sum(good) / len(good), good[-1], p95)


def told(rows: list[WindowRows]) -> dict[Row, tuple[float, ...]]:
    """Closed windows by measurement, series and start."""
    found = {}
    for one in rows:
        for i, index in enumerate(one.index.tolist()):
            key = one.measurement.name, index, int(one.start_ms[i])
            assert key not in found
            found[key] = tuple(float(one.columns[name][i]) for name in FIELDS)
    return found


def same(left: dict[Row, tuple[float, ...]], right: dict[Row, tuple[float, ...]]) -> None:
    """Both say the same; float32 samples are as close as float32 is."""
    assert left.keys() == right.keys()
    for key, row in left.items():
        exact = len(row) if row[0] <= KEPT else len(row) - 1  # the percentile of a sample
        assert row[:exact] == pytest.approx(right[key][:exact], rel=1e-6, nan_ok=True), key


def readings_batch(readings: list[Reading]) -> StoreBatch:
    """Readings as a batch."""
    index, times, values, flags = zip(*readings, strict=True) if readings else ((),) * 4
    return batch(INFOS, index, times, values, flags=flags)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 1),
            st.integers(0, 3 * HOUR_MS),
            st.floats(-1e6, 1e6, width=32) | st.just(math.nan),
            st.sampled_from([0, c.STUCK, c.ALARM]),
        ),
        max_size=60,
    ),
    st.integers(1, 20),
)
def test_windows_say_what_their_readings_say(readings: list[Reading], piece: int) -> None:
    """In any pieces, each window of each width is told once and as the obvious way has it."""
    ordered = sorted(
        ((s, HOUR + t, v, f) for s, t, v, f in readings), key=lambda reading: reading[1]
    )
    state, rows = State(1), []
    for start in range(0, len(ordered), piece):
        given_rows = readings_batch(ordered[start : start + piece])
        closed, late = state.take(
            given_rows.index, given_rows.time_ms, given_rows.value, given_rows.flags
        )
        rows += closed
        assert not late.any()
    rows += state.close(FAR)
    same(told(rows), slow(ordered))
    assert state.close(FAR) == []


def test_a_long_window_knows_its_percentile() -> None:
    """Of more values than are kept, the percentile is near, and so it is for a ramp."""
    state, count = State(100), 3600
    for index in range(100):
        values = np.linspace(0.0, 100.0, count)
        times = HOUR + np.arange(count) * 1000
        state.take(np.full(count, index, np.int32), times, values, np.zeros(count, np.uint32))
    rows = told(state.close(FAR))
    found = [rows[READING_1H.name, index, HOUR][-1] for index in range(100)]
    assert np.mean(found) == pytest.approx(95.0, abs=1.0)
    assert np.std(found) < 4.0


def test_a_clock_that_is_ahead_closes_nothing() -> None:
    """A reading from the future does not end the present window."""
    state = State(1)
    flags = np.array([0, c.CLOCK, 0], np.uint32)
    times = np.array([HOUR, FAR, HOUR + 1])
    closed, late = state.take(np.zeros(3, np.int32), times, np.ones(3), flags)
    assert closed == []
    assert not late.any()
    assert told(state.close(FAR))[READING_1M.name, 0, HOUR][0] == 2


class Clock:
    """Stands still until a test moves it."""

    now_s = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now_s


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """A store that can be read."""
    with closing(SqliteStore(tmp_path / "readings.db", RetentionRule(days=3650))) as made:
        yield made


def test_late_readings_are_written_once_more(store: SqliteStore, tmp_path: Path) -> None:
    """Hours that got late readings are made again when these have come to rest."""
    clock = Clock()
    windows = Windows(tmp_path / "windows.npz", store.read, clock)
    early = [(0, HOUR + i * 10_000, float(i), 0) for i in range(360)]
    late = [(0, HOUR + i * 10_000 + 5_000, -float(i), 0) for i in range(180)]
    rows = []
    for part in (early, [(0, HOUR + HOUR_MS, 1.0, 0)]):
        store.write(readings_batch(part))
        rows += windows.take(readings_batch(part))
    same(told(rows), slow(early))
    store.write(readings_batch(late))
    assert windows.take(readings_batch(late)) == []
    now_ms = HOUR + HOUR_MS + 1
    assert windows.due(now_ms, INFOS.__getitem__) == []
    clock.now_s = REST_S
    mended = told(windows.due(now_ms, INFOS.__getitem__))
    expected = slow(sorted(early + late, key=lambda reading: reading[1]))
    same({key: row for key, row in mended.items() if key in expected}, expected)
    assert windows.due(now_ms, INFOS.__getitem__) == []


def test_open_windows_survive_a_restart(store: SqliteStore, tmp_path: Path) -> None:
    """What was saved goes on as if nothing had happened; a damaged file begins anew."""
    readings = [(0, HOUR + i * 1000, float(i), 0) for i in range(90)]
    file = tmp_path / "windows.npz"
    first = Windows(file, store.read)
    rows = first.take(readings_batch(readings[:70]))
    first.save(7)
    second = Windows(file, store.read)
    assert second.position == 7
    rows += second.take(readings_batch(readings[70:]))
    rows += second.due(FAR, INFOS.__getitem__)
    same(told(rows), slow(readings))
    file.write_bytes(b"PK rubbish")
    assert Windows(file, store.read).position == 0


def windows_in(url: str) -> list[list[float]]:
    """Of each width: readings in all windows, and how many windows there are."""
    found = []
    with closing(Http(Server(url))) as http:
        reader = Reader(http, "city")
        for measurement in WINDOWS.values():
            asked = select(
                'sum("n") AS "n", count("n") AS "windows"', measurement.name, "time > 0"
            )
            (rows,) = reader.query(measurement.database.named("city"), asked)
            found += [[row["n"], row["windows"]] for row in rows]
    return found


def there(url: str, widths: int) -> bool:
    """Whether so many widths have windows."""
    return len(windows_in(url)) >= widths


def test_windows_reach_a_real_database(tmp_path: Path) -> None:
    """After a stop in the middle of a window the next drain writes it whole, in its place."""
    home = tmp_path / "influx"
    home.mkdir()
    server = RunningInflux(home)
    server.start()
    # Of tomorrow, so that no clock but their own closes them.
    day = time.time_ns() // 86_400_000_000_000 * 86_400_000 + 86_400_000
    readings = [(0, day + i * 1000, float(i), 0) for i in range(90)]
    readings.append((0, day + 2 * HOUR_MS, 0.0, 0))
    url = f"influx1+{server.url}/city?retain_days=36500"
    try:
        with Spool(tmp_path / "spool", 100_000, 50_000_000) as spool:
            spool.append(FrameKind.SERIES, pack_json(INFOS[0].to_json()))
            for part, wanted in ((readings[:70], 1), (readings[70:], 3)):
                spool.append(FrameKind.DATA, frame(readings_batch(part)).pack())
                spool.commit()
                with closing(open_store(url, tmp_path)) as opened:
                    windows = Windows(tmp_path / "windows.npz", opened.read)
                    drain = Drain(spool, opened, tmp_path / "cursor", windows=windows)
                    drain.start()
                    assert drain.flush(60.0)
                    wait_for(partial(there, server.url, wanted), "the windows")
                    assert drain.stop(60.0)
        assert windows_in(server.url)[0] == [90, 2]
    finally:
        server.stop()
