"""Panels of the city board on a city of 100,000 series, beside the same counts from assets.

A city of 20,000 assets with 5 sensors each is written to Debian's InfluxDB: rollups each minute
for 24 hours, open alarms each minute of the last hour, a state of each asset every two hours,
readings every three. Then the City overview is opened again and again with a range of 24 hours,
as a browser opens it; a query counts with the median of its answers. The peer asks for the same
count of what is wrong, of the newest state of each asset.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

from lamppost.bench.boards_city import DAY_MS, HOUR_MS, MINUTE_MS, City, assets_of
from lamppost.bench.boards_rows import rows
from lamppost.bench.influx_server import an_influx
from lamppost.dashboards.boards import city as city_board
from lamppost.dashboards.boards.every import DEFAULT_CONSOLE
from lamppost.dashboards.checking import Outcome, check_board
from lamppost.dashboards.influx import Influx
from lamppost.dashboards.influxql import call, last, outer, select
from lamppost.dashboards.substitute import Scene
from lamppost.wire.series import ASSET_STATE, DATABASES, OPS

CITY = "bench_boards"
DISTRICTS, CLASSES, DEVICES = 20, 12, 20
METRICS = ("flow", "pressure", "level", "current", "temperature")
ABNORMAL = 300
HOURS = 24
ROUNDS = 5
MAX_LINES = 5_000
PIECE = 200_000
GOAL_MS = 100.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument(
        "--assets", type=int, default=20_000, help="with five sensors each (%(default)s)"
    )
    parser.add_argument(
        "--influx",
        default="",
        metavar="URL",
        help="a 1.x to write to, instead of one of its own",
    )


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Seed, open the board, and ask the peer's question."""
    with _influx(args.influx) as url:
        influx = Influx(url, timeout_s=120.0)
        now_ms = time.time_ns() // 1_000_000 // MINUTE_MS * MINUTE_MS
        made = _city(args.assets, now_ms)
        start = time.monotonic()
        written = _seed(influx, made)
        seeded_s = time.monotonic() - start
        rounds = [_open(influx, made) for _ in range(ROUNDS)]
        peer_ms = [_peer(influx) for _ in range(3)]
    panels = {
        outcome.asked.where.partition(": ")[2]: round(
            statistics.median(single[at].took_ms for single in rounds), 1
        )
        for at, outcome in enumerate(rounds[0])
    }
    failed = [outcome.asked.where for single in rounds for outcome in single if outcome.error]
    slowest = max(panels, key=lambda where: panels[where])
    peer = statistics.median(peer_ms)
    return {
        "benchmark": "boards",
        "what": "slowest query of the City overview, 24 h of a city",
        "unit": "ms",
        "ours": panels[slowest],
        "peer": round(peer, 1),
        "ratio": round(peer / panels[slowest], 1),
        "goal": GOAL_MS,
        "met": panels[slowest] <= GOAL_MS and not failed,
        "slowest": slowest,
        "failed": failed,
        "reading_series": len(made.assets) * len(METRICS),
        "points": written,
        "seeded_s": round(seeded_s, 1),
        "queries_ms": panels,
    }


@contextmanager
def _influx(url: str) -> Iterator[str]:
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory() as folder, an_influx(Path(folder)) as own:
        yield own.url


def _city(assets: int, now_ms: int) -> City:
    nodes = max(1, assets // (DISTRICTS * DEVICES))
    districts = tuple(f"district-{number:02}" for number in range(DISTRICTS))
    classes = tuple(f"class-{number:02}" for number in range(CLASSES))
    return City(
        assets=assets_of(districts, classes, nodes, DEVICES),
        metrics=METRICS,
        now_ms=now_ms,
        hours=HOURS,
        readings_every_ms=3 * HOUR_MS,
        states_every_ms=2 * HOUR_MS,
        abnormal=ABNORMAL,
    )


def _seed(influx: Influx, made: City) -> dict[str, int]:
    """Write the city; return how many points each measurement got."""
    points: Counter[str] = Counter()
    for database in DATABASES:
        influx.query("", f'CREATE DATABASE "{database.named(CITY)}"')
    lines = rows(made)
    while piece := list(islice(lines, PIECE)):
        by_database: dict[str, list[str]] = defaultdict(list)
        for database, line in piece:
            by_database[database.named(CITY)].append(line)
            points[line.partition(",")[0]] += 1
        for name, own in by_database.items():
            for start in range(0, len(own), MAX_LINES):
                _write(influx.url, name, own[start : start + MAX_LINES])
        print(f"seeded {sum(points.values()):,} points", file=sys.stderr)
    return dict(sorted(points.items()))


def _write(url: str, database: str, lines: list[str]) -> None:
    address = f"{url}/write?db={quote(database)}&precision=ms"
    request = Request(address, "\n".join(lines).encode())  # noqa: S310 - a server of ours
    with urlopen(request, timeout=120):  # noqa: S310
        pass


def _open(influx: Influx, made: City) -> list[Outcome]:
    scene = Scene(made.now_ms - DAY_MS, made.now_ms + MINUTE_MS, "2m")
    return check_board(influx, CITY, city_board.board(DEFAULT_CONSOLE).as_json(), scene)


def _peer(influx: Influx) -> float:
    """Count what is wrong from the newest state of each asset."""
    newest = select(ASSET_STATE, last("level").named("level")).within("3h").by("asset")
    text = outer(newest, call("count", "level").named("assets")).text
    start = time.perf_counter()
    influx.query(OPS.named(CITY), text)
    return (time.perf_counter() - start) * 1e3
