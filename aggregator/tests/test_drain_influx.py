"""The drain and a real InfluxDB that dies, comes back, or is started late."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path

import pytest

from lamppost.aggregator.spool.frames import FrameKind, pack_json
from lamppost.aggregator.spool.spool import Spool
from lamppost.aggregator.store.backoff import Backoff
from lamppost.aggregator.store.drain import Drain
from lamppost.aggregator.store.open import open_store
from parts.batches import T0, event, frame, random_batch, series
from parts.influx import RunningInflux
from parts.waiting import wait_for

QUICK = Backoff(base_s=0.05, cap_s=0.3)
INFOS = [series(i) for i in range(10)]
ROWS = 500


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    """A spool that knows the series."""
    with Spool(tmp_path / "spool", 100_000, 50_000_000) as made:
        for info in INFOS:
            made.append(FrameKind.SERIES, pack_json(info.to_json()))
        made.commit()
        yield made


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningInflux]:
    """An InfluxDB of this test's own, which is not started yet."""
    home = tmp_path / "influx"
    home.mkdir()
    made = RunningInflux(home)
    yield made
    made.stop()


def put(spool: Spool, step: int) -> None:
    """Commit readings of a stretch of time."""
    given = random_batch(INFOS, ROWS, T0 + step * ROWS // len(INFOS) * 1000)
    spool.append(FrameKind.DATA, frame(given).pack())
    spool.commit()


def moved(drain: Drain, position: int) -> bool:
    """Whether the drain went on from a position."""
    return drain.position > position


def stored(server: RunningInflux, tmp_path: Path) -> int:
    """Readings in the database, counted by itself."""
    url = f"influx1+{server.url}/city?retain_days=5000"
    with closing(open_store(url, tmp_path)) as store:
        columns = [store.read(info.key, T0, T0 + 10**9, 0) for info in INFOS]
    return sum(len(one) for one in columns)


def test_killed_and_brought_back(spool: Spool, server: RunningInflux, tmp_path: Path) -> None:
    """A database that is killed in the middle of it misses nothing when it is back."""
    server.start()
    steps = iter(range(1000))
    with closing(open_store(f"influx1+{server.url}/city?retain_days=5000", tmp_path)) as store:
        drain = Drain(spool, store, tmp_path / "cursor", unreachable=QUICK, max_rows=ROWS)
        drain.start()
        try:
            for _ in range(3):
                before = drain.position
                for _ in range(10):
                    put(spool, next(steps))
                wait_for(partial(moved, drain, before), "the drain to move")
                server.kill()
                for _ in range(10):
                    put(spool, next(steps))
                wait_for(lambda: drain.state.startswith("unreachable"), "the outage to show")
                assert drain.lag_bytes > 0
                server.start()
                assert drain.flush(60.0)
                assert drain.state == "ok"
            put(spool, next(steps))
            assert drain.flush(60.0)
        finally:
            assert drain.stop(60.0)
    assert drain.stored_readings == 61 * ROWS
    assert stored(server, tmp_path) == 61 * ROWS


def test_started_late(spool: Spool, server: RunningInflux, tmp_path: Path) -> None:
    """A database that is not there at first gets everything from the beginning."""
    server.start()
    server.stop()  # it keeps its port
    for step in range(5):
        put(spool, step)
    with closing(open_store(f"influx1+{server.url}/city?retain_days=5000", tmp_path)) as store:
        drain = Drain(spool, store, tmp_path / "cursor", unreachable=QUICK)
        drain.start()
        try:
            wait_for(lambda: drain.failures > 2, "some tries")
            assert drain.state.startswith("unreachable: http://127.0.0.1:")
            server.start()
            assert drain.flush(60.0)
        finally:
            assert drain.stop(60.0)
    assert stored(server, tmp_path) == 5 * ROWS


def test_an_event_is_there_while_readings_come(
    spool: Spool, server: RunningInflux, tmp_path: Path
) -> None:
    """Its row comes by itself: no flush, and no later reading, has to push it."""
    server.start()
    with closing(open_store(f"influx1+{server.url}/city?retain_days=5000", tmp_path)) as store:
        drain = Drain(spool, store, tmp_path / "cursor", unreachable=QUICK)
        drain.start()
        try:
            put(spool, 0)
            assert drain.flush(60.0)  # the databases are made
            put(spool, 1)
            spool.append(FrameKind.EVENT, pack_json(asdict(event("e-1", T0))))
            spool.commit()
            wait_for(lambda: store.events(T0, T0 + 1), "the event")
        finally:
            assert drain.stop(60.0)
