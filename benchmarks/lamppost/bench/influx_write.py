"""The way from readings to a database that has said 204, beside the client's own.

The peer is what influxdb-client's examples do: a list of `Point` objects, 5,000 at a time,
given to its synchronous write, which sends their lines uncompressed. It speaks only to
`/api/v2/write`, which influxd 1.6 does not have, so its path ends up in a parameter that nobody
reads.
"""

import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from influxdb_client import InfluxDBClient, Point, WritePrecision
from influxdb_client.client.write_api import SYNCHRONOUS

from lamppost.aggregator.store.open import open_store
from lamppost.aggregator.store.seam import StoreBatch
from lamppost.bench.influx_server import an_influx

ROUNDS = 3
PEER_ROWS = 5_000
MS = WritePrecision.MS

Points = Callable[[StoreBatch, int], list[Point]]


def written(batch: StoreBatch, points: Points) -> dict[str, Any]:
    """Return readings a second that each brought into a real database, and their ratio."""
    with (
        tempfile.TemporaryDirectory() as folder,
        an_influx(Path(folder)) as server,
        InfluxDBClient(f"{server.url}/write?db=city&precision=ms&path=", "", org="-") as client,
    ):
        api = client.write_api(write_options=SYNCHRONOUS)

        def peer_writes() -> None:
            api.write("city", record=points(batch, PEER_ROWS), write_precision=MS)

        store = open_store(f"influx1+{server.url}/city?retain_days=36500", Path(folder))
        with closing(store):
            store.write(batch)  # makes the database and its series
            ours, ours_cpu, peer, peer_cpu = [], [], [], []
            for _ in range(ROUNDS):
                wall, cpu = _timed(lambda: store.write(batch))
                ours.append(len(batch) / wall)
                ours_cpu.append(len(batch) / cpu)
                wall, cpu = _timed(peer_writes)
                peer.append(PEER_ROWS / wall)
                peer_cpu.append(PEER_ROWS / cpu)
    return {
        "written_per_s": round(max(ours)),
        "peer_written_per_s": round(max(peer)),
        "write_ratio_to_point": round(max(ours) / max(peer), 1),
        "write_path_per_cpu_s": round(max(ours_cpu)),
        "peer_write_path_per_cpu_s": round(max(peer_cpu)),
        "write_path_ratio_to_point": round(max(ours_cpu) / max(peer_cpu), 1),
    }


def _timed(work: Callable[[], None]) -> tuple[float, float]:
    wall, cpu = time.monotonic(), time.thread_time()
    work()
    return time.monotonic() - wall, time.thread_time() - cpu
