"""Readings on their way into InfluxDB, beside `Point` objects of influxdb-client.

Ours builds the lines of judged readings in one kernel call, which is what the drain does; the
peer makes a `Point` of each reading and asks it for its line, which is what the client's own
examples do. Both write all fields of the same readings; it is checked that both say the same.

Where Debian's influxd is installed, both are also written to it in requests of 5,000 lines.
Then an outage is made up for: influxd is killed, the readings of six hours (scaled by --share;
1 takes 5 GB of disk and a quarter of an hour) come into the spool while live ones go on at
--rate, influxd is started again, and it is measured how many times faster than live the backlog
is drained, how old a live reading is meanwhile when the database has it, how many readings the
database counts in the end, and what memory and disk it took.
"""

import argparse
import shutil
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from influxdb_client import Point, WritePrecision

from lamppost.aggregator.nodes.series import SeriesInfo
from lamppost.aggregator.spool.frames import COLUMNS
from lamppost.aggregator.store.lineprotocol import Lines
from lamppost.aggregator.store.seam import StoreBatch
from lamppost.aggregator.warm import warm
from lamppost.bench.influx_outage import outage
from lamppost.bench.influx_write import written
from lamppost.wire.datatypes import DataType

SERIES = 1_000
ROWS = 20_000
ROUNDS = 9
PEER_ROWS = 2_000
GOAL_LINES_PER_S = 2_000_000
GOAL_RATIO = 10.0
TIME_MS = 1_767_225_600_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be set."""
    add = parser.add_argument
    add("--rounds", type=int, default=ROUNDS, help=f"interleaved rounds (default: {ROUNDS})")
    add("--rate", type=int, default=2_000, help="live readings a second (default: 2000)")
    add(
        "--share", type=float, default=0.04,
        help="share of six hours of readings that lie in the spool (default: 0.04)",
    )  # fmt: skip


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure ours and the peer, and check that they agree.

    Raises:
        RuntimeError: they do not.
    """
    warm()
    batch = readings(ROWS)
    lines = Lines()

    def ours() -> None:
        lines.of(batch)

    def peer() -> None:
        point_lines(batch, PEER_ROWS)

    _check(batch, lines)
    seconds: dict[Callable[[], None], list[float]] = {ours: [], peer: []}
    for _ in range(max(1, args.rounds)):
        for build, times in seconds.items():
            began = time.thread_time()
            build()
            times.append(time.thread_time() - began)
    lines_per_s = ROWS / min(seconds[ours])
    peer_per_s = PEER_ROWS / min(seconds[peer])
    ratio = lines_per_s / peer_per_s
    server = _server(args, batch) if shutil.which("influxd") else {"server": "no influxd here"}
    return {
        "benchmark": "influx",
        "what": f"{ROWS} judged readings of {SERIES} series with all their fields as lines",
        "unit": "lines per second of processor time, best of the rounds",
        "ours": round(lines_per_s),
        "lines_per_s": round(lines_per_s),
        "median_per_s": round(ROWS / statistics.median(seconds[ours])),
        "peer": round(peer_per_s),
        "peer_name": "influxdb-client Point(...).to_line_protocol()",
        "ratio": round(ratio, 1),
        "ratio_to_point": round(ratio, 1),
        "rounds": max(1, args.rounds),
        **server,
        "goal": {"lines_per_s": GOAL_LINES_PER_S, "ratio_to_point": GOAL_RATIO},
        "met": lines_per_s >= GOAL_LINES_PER_S and ratio >= GOAL_RATIO,
    }


def _server(args: argparse.Namespace, batch: StoreBatch) -> dict[str, Any]:
    return {**written(batch, points), **outage(readings, args.rate, args.share)}


def readings(rows: int, start_ms: int = TIME_MS, seed: int = 1) -> StoreBatch:
    """Judged readings of all series in turn: two decimals, a band, scores."""
    rng = np.random.default_rng(seed)
    index = (np.arange(rows) % SERIES).astype(np.int32)
    level = np.random.default_rng(0).uniform(10, 90, SERIES)[index]
    expected = level + rng.normal(0.0, 0.1, rows)
    given: dict[str, Any] = {
        "value": (level + rng.normal(0.0, 0.5, rows)).round(2),
        "expected": expected,
        "low": expected - 2.0,
        "high": expected + 2.0,
        "score": np.abs(rng.normal(size=rows)),
        "p": rng.uniform(size=rows),
    }
    columns: dict[str, Any] = {
        name: np.asarray(given.get(name, np.zeros(rows))).astype(kind)
        for name, kind in COLUMNS
        if name != "series"
    }
    columns["time_ms"] = start_ms + np.arange(rows) // SERIES * 500
    return StoreBatch(INFOS, index, **columns)


INFOS = {
    i: SeriesInfo(
        i, "riverside", f"station-{i // 20}", f"pump-{i % 4}", f"m{i}", DataType.DOUBLE
    )
    for i in range(SERIES)
}


def points(batch: StoreBatch, rows: int) -> list[Point]:
    """The first rows as objects of the client."""
    names = [name for name, kind in COLUMNS if np.dtype(kind).kind == "f"]
    columns = [getattr(batch, name)[:rows].tolist() for name in names]
    times, flags = batch.time_ms[:rows].tolist(), batch.flags[:rows].tolist()
    found = []
    for row, index in enumerate(batch.index[:rows].tolist()):
        info = batch.series[index]
        point = Point("reading").tag("device", info.device).tag("group", info.group)
        point = point.tag("metric", info.metric).tag("node", info.node)
        for name, column in zip(names, columns, strict=True):
            point = point.field(name, column[row])
        point = point.field("flags", flags[row])
        found.append(point.time(times[row], WritePrecision.MS))
    return found


def point_lines(batch: StoreBatch, rows: int) -> list[str]:
    """The lines of the first rows as the client makes them."""
    return [str(point.to_line_protocol()) for point in points(batch, rows)]


def _check(batch: StoreBatch, lines: Lines) -> None:
    for mine, theirs in zip(
        lines.of(batch).part(0, 100).texts(), point_lines(batch, 100), strict=True
    ):
        if _said(mine) != _said(theirs):
            raise RuntimeError(f"the two do not agree: {mine} and {theirs}")


def _said(line: str) -> tuple[str, dict[str, float], str]:
    head, fields, at = line.split(" ")
    numbers = {
        name: float(np.float32(text.rstrip("i")))
        for name, _, text in (field.partition("=") for field in fields.split(","))
    }
    return head, numbers, at
