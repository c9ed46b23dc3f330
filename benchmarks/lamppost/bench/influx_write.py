"""The way from readings to a database that has said 204, beside the client's own.

The peer is what influxdb-client's examples do: a list of `Point` objects, 5,000 at a time,
given to its synchronous write, which sends their lines uncompressed. Ours goes by `/write`, and
by the way of 2.x and 3 too. These and the peer speak only to `/api/v2/write`, which influxd 1.6
does not have, so their path ends up in a parameter that nobody reads.
"""

import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from influxdb_client import InfluxDBClient, Point, WritePrecision
from influxdb_client.client.write_api import SYNCHRONOUS

from lamppost.aggregator.store.deadletter import DeadLetters
from lamppost.aggregator.store.http import Server
from lamppost.aggregator.store.influx1 import Influx1Store
from lamppost.aggregator.store.influx2 import Influx2Store
from lamppost.aggregator.store.seam import StoreBatch
from lamppost.bench.influx_server import an_influx

ROUNDS = 3
PEER_ROWS = 5_000
GOAL_RATIO = 10.0  # by processor time: a database that is busy takes as long for either
MS = WritePrecision.MS

Points = Callable[[StoreBatch, int], list[Point]]


@dataclass(slots=True)
class Way:
    """One way into the database, and the most readings a second that it brought there."""

    write: Callable[[], None]
    rows: int
    per_s: float = 0.0
    per_cpu_s: float = 0.0

    def go(self) -> None:
        """Write once more; processor time is that of this thread, not the database's."""
        began, cpu_began = time.monotonic(), time.thread_time()
        self.write()
        cpu_s = time.thread_time() - cpu_began
        self.per_s = max(self.per_s, self.rows / (time.monotonic() - began))
        self.per_cpu_s = max(self.per_cpu_s, self.rows / cpu_s)


def written(batch: StoreBatch, points: Points) -> dict[str, Any]:
    """Return readings a second that each brought into a real database, and their ratio."""
    with tempfile.TemporaryDirectory() as name, an_influx(Path(name)) as server:
        by_path = f"{server.url}/write?db=city&precision=ms&path="
        dead = DeadLetters(Path(name) / "dead")
        with (
            closing(Influx1Store(Server(server.url), "city", dead)) as first,
            closing(Influx2Store(Server(by_path), "-", "city", "", dead)) as second,
            InfluxDBClient(by_path, "", org="-") as client,
        ):
            api = client.write_api(write_options=SYNCHRONOUS)

            def peer_writes() -> None:
                api.write("city", record=points(batch, PEER_ROWS), write_precision=MS)

            ours = Way(lambda: first.write(batch), len(batch))
            ours_2 = Way(lambda: second.write(batch), len(batch))
            peer = Way(peer_writes, PEER_ROWS)
            first.write(batch)  # makes the database and its series
            for _ in range(ROUNDS):
                for way in (ours, ours_2, peer):
                    way.go()
        if dead.count:
            raise RuntimeError(f"{dead.count} lines were refused")
    ratios = [round(way.per_cpu_s / peer.per_cpu_s, 1) for way in (ours, ours_2)]
    return {
        "written_per_s": round(ours.per_s),
        "peer_written_per_s": round(peer.per_s),
        "write_ratio_to_point": round(ours.per_s / peer.per_s, 1),
        "write_path_per_cpu_s": round(ours.per_cpu_s),
        "write_path_2_per_cpu_s": round(ours_2.per_cpu_s),
        "peer_write_path_per_cpu_s": round(peer.per_cpu_s),
        "write_path_ratio_to_point": ratios[0],
        "write_path_2_ratio_to_point": ratios[1],
        "write_path_goal": GOAL_RATIO,
        "write_path_met": min(ratios) >= GOAL_RATIO,
    }
