"""The register under a large city: how long its pages and API calls take; a storm of births.

20,000 assets, the births of 1,000 nodes with 100 metrics each through the intake, a million
alarms, 50,000 work orders and data resources, in an SQLite file of its own, with a month of
days of every channel. All indicators are computed for that month, and the map is read as a
console does when it starts. Then every list, report and page is asked for again and again, in
the process, without network: for each its 95th percentile by wall, by what the process itself
worked (`cpu`, whatever else ran meanwhile), the first time, and whether the goal was met.
Beside it the peer: the sqlite3 module reading the same page of alarms, which is the least that
any list on SQLite takes.
"""

import argparse
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from lamppost.bench.register_asked import GOAL_MS, PERIOD, asked, p95
from lamppost.bench.register_city import NOW_MS, alarms, days, orders
from lamppost.register.condition import desk
from lamppost.register.condition.grade import Condition
from lamppost.register.indicators import desk as desk_of_indicators
from lamppost.register.indicators.definitions import period
from lamppost.register.indicators.values import Period
from lamppost.register.pages import ahead
from lamppost.register.pages import map as map_page
from lamppost.register.records.births import BirthSeen, ChannelSeen
from lamppost.register.records.intake import Intake
from lamppost.register.records.store import Register
from lamppost.register.resources import deciding
from lamppost.register.seed.parts import PARTS, blocks_of
from lamppost.register.seed.resources import data_resources
from lamppost.register.seed.seeding import Seeding

SETTLE_S = 600.0
BIRTHS_GOAL_S = 60.0
INDICATORS_GOAL_S = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be asked for."""
    parser.add_argument("--assets", type=int, default=20_000)
    parser.add_argument("--nodes", type=int, default=1_000, help="of the storm of births")
    parser.add_argument("--metrics", type=int, default=100, help="of each node")
    parser.add_argument("--alarms", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=31, help="kept of each channel")
    parser.add_argument("--rounds", type=int, default=20, help="how often each path is asked")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Build the city, let the storm come, and ask."""
    with tempfile.TemporaryDirectory(prefix="lamppost-bench-") as folder:
        register = Register("sqlite:register.db", Path(folder), lambda: NOW_MS)
        register.migrate()
        try:
            return _measured(register, Path(folder) / "register.db", args)
        finally:
            register.close()


def _measured(register: Register, file: Path, args: argparse.Namespace) -> dict[str, Any]:
    _tell(f"{args.assets} assets")
    seeding = Seeding(register, NOW_MS, args.assets)
    for part in list(PARTS.values())[:2]:
        part(seeding)
    _conditions(register)
    _tell(f"births of {args.nodes} nodes")
    storm = _storm(register, args.nodes, args.metrics)
    _tell(f"{args.alarms} alarms")
    alarms(register, args.alarms, blocks_of(args.assets))
    _tell("work orders and data resources")
    ordered = orders(register)
    data_resources(seeding)
    _tell(f"{args.days} days of all channels")
    month = period(PERIOD)
    days(register, file, month, args.days)
    _tell("indicators")
    indicators = _indicators(register, month)
    _tell("the map")
    read = _map(register)
    _tell("asking")
    took = asked(register, args.rounds)
    return {
        "assets": seeding.counts["assets"],
        "channels": seeding.counts["channels"] + args.nodes * args.metrics,
        "alarms": args.alarms,
        "work_orders": ordered,
        "days": args.days,
        **storm,
        **indicators,
        **read,
        **_summary(took),
        **took,
        "peer_sqlite3_alarms_p95_ms": round(_peer(file, args.rounds), 1),
    }


def _summary(took: dict[str, dict[str, Any]]) -> dict[str, Any]:
    worst = max(took, key=lambda name: float(took[name]["p95_ms"]))
    busiest = max(took, key=lambda name: float(took[name]["cpu_p95_ms"]))
    return {
        "goal_ms": GOAL_MS,
        "asked": len(took),
        "missed": [name for name, told in took.items() if not told["met"]],
        "worst": worst,
        "worst_p95_ms": took[worst]["p95_ms"],
        "cpu_worst": busiest,
        "cpu_worst_p95_ms": took[busiest]["cpu_p95_ms"],
    }


def _map(register: Register) -> dict[str, Any]:
    """Read it as a console does when it starts; then let a steward enter something."""
    began, cpu = time.perf_counter(), time.process_time()
    ahead.look(register)
    wall, used = time.perf_counter() - began, time.process_time() - cpu
    with register.changing("ada") as writer:
        deciding.amend(writer, "water-flows", {"description": "of pumps"}, None)
    began, cpu = time.perf_counter(), time.process_time()
    map_page.draw(register, {})
    return {
        "map_ahead_s": round(wall, 2),
        "map_ahead_cpu_s": round(used, 2),
        "map_after_entry_ms": round((time.perf_counter() - began) * 1_000, 1),
        "map_after_entry_cpu_ms": round((time.process_time() - cpu) * 1_000, 1),
    }


def _conditions(register: Register) -> None:
    with register.database.reading() as connection:
        told = desk.conditions(connection, _Nothing(), NOW_MS)  # type: ignore[arg-type]
    with register.database.writing() as connection:
        kept: dict[str, Condition] = told
        desk.keep_conditions(connection, kept, NOW_MS)


class _Nothing:
    """A live view in which nothing reports."""

    channels = ()


def _storm(register: Register, nodes: int, metrics: int) -> dict[str, float]:
    """All nodes are born at once; the caller, which is ingest, must not wait."""
    channels = tuple(
        ChannelSeen(f"metric-{n}", "double", "L/s", 0.0, 100.0, 10_000, "flow")
        for n in range(metrics)
    )
    intake = Intake(register)
    intake.start()
    began = time.perf_counter()
    longest = 0.0
    for n in range(nodes):
        birth = BirthSeen("storm", f"node-{n}", "device", NOW_MS, channels)
        before = time.perf_counter()
        intake.observe(birth)
        longest = max(longest, time.perf_counter() - before)
    intake.settle(SETTLE_S)
    took = time.perf_counter() - began
    intake.stop()
    return {
        "births_absorbed_s": round(took, 1),
        "births_goal_s": BIRTHS_GOAL_S,
        "births_dropped": intake.dropped,
        "births_longest_stall_ms": round(longest * 1_000, 3),
    }


def _indicators(register: Register, month: Period) -> dict[str, float]:
    """Compute all of them for a month, as often as it takes to see a middle one."""
    facts = {"area_km2": 50.0, "population": 200_000.0, "population_100k": 2.0}
    wall, used = [], []
    for _ in range(3):
        began, cpu = time.perf_counter(), time.process_time()
        values = desk_of_indicators.values(register, month, facts)
        wall.append(time.perf_counter() - began)
        used.append(time.process_time() - cpu)
    told = [one for one in values if one.status != "NR"]
    return {
        "indicators": len(values),
        "indicators_told": len(told),
        "indicators_month_s": round(sorted(wall)[1], 2),
        "indicators_goal_s": INDICATORS_GOAL_S,
        "indicators_month_cpu_s": round(sorted(used)[1], 2),
    }


def _peer(file: Path, rounds: int) -> float:
    took = []
    with sqlite3.connect(file) as connection:
        for _ in range(rounds):
            began = time.perf_counter()
            connection.execute("SELECT count(*) FROM alarm").fetchone()
            newest = "SELECT * FROM alarm ORDER BY valid_from_ms DESC, id DESC LIMIT 100"
            connection.execute(newest).fetchall()
            took.append((time.perf_counter() - began) * 1_000)
    connection.close()
    return p95(took)


def _tell(what: str) -> None:
    print(f"bench register: {what}", file=sys.stderr, flush=True)
