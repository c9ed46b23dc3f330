"""The city's rows of a minute, out of a live view of many channels, beside sqlite3.

Ours is what the drain's thread does once a minute: states of all assets, counts of the city,
its districts and classes, and the spread of each metric among neighbours. The peer does less:
the `sqlite3` module is given the same channels in memory and counts them by district; it is
checked that both count the same.
"""

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from lamppost.aggregator.rollup.city import City
from lamppost.register.live import ChannelView, HealthView, NodeView, Snapshot
from lamppost.register.records.store import Register
from lamppost.wire.series import ROLLUP_DISTRICT

CHANNELS = 100_000
NODES = 1_000
DISTRICTS = 20
METRICS = 5
MINUTE_MS = 60_000
START_MS = 1_767_225_605_000
ROUNDS = 5
GOAL_S = 1.0
T = TypeVar("T")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be set."""
    add = parser.add_argument
    add("--rounds", type=int, default=ROUNDS, help=f"minutes counted (default: {ROUNDS})")
    add("--channels", type=int, default=CHANNELS, help=f"how many (default: {CHANNELS})")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure ours and the peer, and check that they agree.

    Raises:
        RuntimeError: they do not.
    """
    snapshot = city_of(args.channels)
    ours_s, peer_s = [], []
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Register(data_dir=Path(folder), clock_ms=lambda: START_MS)) as register,
    ):
        register.migrate()
        city = City(register.database, "bench")
        city.samples(snapshot)  # all assets are new once, not every minute
        for minute in range(1, 1 + max(1, args.rounds)):
            later = replace(snapshot, time_ms=START_MS + minute * MINUTE_MS)
            took, rows = _timed(partial(city.samples, later))
            ours_s.append(took)
            took, counted = _timed(partial(by_sqlite, snapshot))
            peer_s.append(took)
    told = {
        row.tags["district"]: row.fields["channels"]
        for row in rows
        if row.measurement is ROLLUP_DISTRICT
    }
    if told != counted:
        raise RuntimeError(f"the two do not agree: {told} and {counted}")
    return {
        "benchmark": "city",
        "what": f"the rows of a minute of {args.channels} channels on {NODES} nodes",
        "unit": "seconds of processor time, best of the rounds",
        "ours": round(min(ours_s), 3),
        "slowest": round(max(ours_s), 3),
        "rows": len(rows),
        "peer": round(min(peer_s), 3),
        "peer_name": "sqlite3: insert the channels, count them by district",
        "ratio": round(min(peer_s) / min(ours_s), 2),
        "goal": {"slowest": GOAL_S},
        "met": max(ours_s) <= GOAL_S,
    }


def city_of(channels: int) -> Snapshot:
    """A live view of so many channels, all present."""
    health = HealthView(START_MS, "ok", "ok", "ok", 0, 0, 0, 0, 0, 0, 0, None, None, ())
    nodes = tuple(
        NodeView(
            f"district-{i % DISTRICTS}", f"node-{i}", True, START_MS, START_MS, None, 0, 0,
            False, False, None, "", "1", True,
        )
        for i in range(NODES)
    )  # fmt: skip
    views = []
    for i in range(channels):
        node, place = nodes[i % NODES], i // NODES
        views.append(
            ChannelView(
                node.group, node.name, f"device-{place // METRICS}", f"m{place % METRICS}",
                "L/s", 1.0 + i % 7, START_MS, 1.0, 0.5, 2.0, (), 0.0, False,
            )
        )  # fmt: skip
    return Snapshot(START_MS, nodes, tuple(views), (), (), health)


def by_sqlite(snapshot: Snapshot) -> dict[str, int]:
    """Channels of each district, counted by sqlite3."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE channel (district, node, device, metric, value, stale)")
        database.executemany(
            "INSERT INTO channel VALUES (?, ?, ?, ?, ?, ?)",
            (
                (one.group, one.node, one.device, one.metric, one.value, one.stale)
                for one in snapshot.channels
            ),
        )
        found = database.execute(
            "SELECT district, count(*), sum(stale), count(DISTINCT node || device), avg(value) "
            "FROM channel GROUP BY district"
        )
        return {row[0]: row[1] for row in found}


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.thread_time()
    done = work()
    return time.thread_time() - began, done
