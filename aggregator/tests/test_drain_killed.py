"""The drain and a real InfluxDB, both killed in the middle of making up for an outage."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

import pytest

from lamppost.aggregator.spool.frames import DataFrame, FrameKind, pack_json
from lamppost.aggregator.store.cursor import Cursor
from lamppost.aggregator.store.http import Http, Server
from lamppost.aggregator.store.influxql import Reader, select
from lamppost.wire.series import READING, WINDOWS, Measurement
from parts.drain_process import INFOS, ROWS, put_step, spool_in
from parts.influx import RunningInflux

BACKLOG = 300
KILLS = 2
PARTS = Path(__file__).parents[2] / "tests"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningInflux]:
    """An InfluxDB of this test's own."""
    home = tmp_path / "influx"
    home.mkdir()
    made = RunningInflux(home)
    made.start()
    yield made
    made.stop()


@contextmanager
def drain_process(folder: Path, url: str, first: int, count: int) -> Iterator[IO[str]]:
    """The process; what it tells. It is killed without warning when the block ends."""
    told = {**os.environ, "PYTHONPATH": str(PARTS)}
    command = [
        sys.executable,
        "-m",
        "parts.drain_process",
        str(folder),
        url,
        str(first),
        str(count),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=told) as running:
        assert running.stdout is not None
        try:
            yield running.stdout
        finally:
            running.send_signal(signal.SIGKILL)


def rows_in(folder: Path) -> tuple[int, int]:
    """Steps and readings that are committed."""
    with spool_in(folder) as spool:
        payloads = [f.payload for f in spool.read(0) if f.kind is FrameKind.DATA]
    return len(payloads), sum(len(DataFrame.unpack(payload)) for payload in payloads)


def figure(url: str, measurement: Measurement, what: str) -> float:
    """A figure of all rows of a measurement, by the database itself."""
    with closing(Http(Server(url))) as http:
        asked = select(f'{what} AS "n"', measurement.name, "time > 0")
        (rows,) = Reader(http, "city").query(measurement.database.named("city"), asked)
    return float(rows[0]["n"]) if rows else 0.0


def test_killed_in_the_middle(server: RunningInflux, tmp_path: Path) -> None:
    """However often drain and database die, each reading is there and each window is whole."""
    with spool_in(tmp_path) as spool:
        for info in INFOS:
            spool.append(FrameKind.SERIES, pack_json(info.to_json()))
        for step in range(BACKLOG):
            put_step(spool, step)
        end = spool.position
    url = f"influx1+{server.url}/city?retain_days=36500"
    server.kill()  # the outage goes on when the process starts
    gaps = 0
    for kill in range(KILLS):
        first, _ = rows_in(tmp_path)
        with drain_process(tmp_path, url, first, 100_000) as told:
            told.readline()
            server.start()
            for line in told:
                position, head = map(int, line.split())
                far = head > end and position > end * (kill + 1) // (KILLS + 2)
                saved = Cursor(tmp_path / "store.cursor").load()
                if far and (saved.gaps or position > end):
                    break
        server.kill()
        gaps += len(Cursor(tmp_path / "store.cursor").load().gaps)
    server.start()
    first, _ = rows_in(tmp_path)
    with drain_process(tmp_path, url, first, 20) as told:
        told.read()
    assert gaps >= 1
    _, rows = rows_in(tmp_path)
    assert figure(server.url, READING, 'count("value")') == rows
    for measurement in WINDOWS.values():
        assert figure(server.url, measurement, 'sum("n")') == rows - len(INFOS)
    assert rows > ROWS * BACKLOG
