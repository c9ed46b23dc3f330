"""The register under a large city: how long lists and API calls take, and a storm of births.

20,000 assets, the births of 1,000 nodes with 100 metrics each through the intake, and a million
alarms, in an SQLite file of its own, with a month of days of every channel. All indicators are
computed for that month. Then every list and report is asked for again and again, in the
process, without network; `cpu` is what the process itself worked, whatever else ran meanwhile.
Beside it the peer: the sqlite3 module reading the same page of alarms, which is the least that
any list on SQLite takes.
"""

import argparse
import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from fastapi import FastAPI
from sqlalchemy import insert, select

from lamppost.register import problems
from lamppost.register.alarms.tables import alarm
from lamppost.register.app import ROUTERS
from lamppost.register.condition import desk
from lamppost.register.condition.grade import Condition
from lamppost.register.days.tables import node_grade
from lamppost.register.indicators import desk as desk_of_indicators
from lamppost.register.indicators.definitions import period
from lamppost.register.indicators.values import Period
from lamppost.register.records.births import BirthSeen, ChannelSeen
from lamppost.register.records.intake import Intake
from lamppost.register.records.store import Register
from lamppost.register.records.tables import channel
from lamppost.register.seed.parts import PARTS
from lamppost.register.seed.plan import BLOCK
from lamppost.register.seed.seeding import Seeding

NOW_MS = 1_790_000_000_000
DAY_MS = 86_400_000
MONTH = "2026-08"
"""The month before now."""

YEARS_MS = 730 * DAY_MS
OPEN = 2_000
ROWS_A_TIME = 20_000
SETTLE_S = 600.0

PATHS = {
    "assets": "/assets?limit=100",
    "assets_class": "/assets?class=street_light&district=Harbour",
    "asset": "/assets/pump-1-1",
    "channels": "/channels?limit=100",
    "alarms": "/alarms?limit=100",
    "alarms_open": "/alarms?open=true",
    "alarms_state": "/alarms?state=unacknowledged",
    "alarms_district": "/alarms?district=Harbour",
    "alarms_asset": "/alarms?asset=pump-1-1",
    "alarms_priority": "/alarms?priority=1&limit=1000",
    "alarms_kpis": "/alarms/kpis",
    "alarms_detectors": "/alarms/detectors",
    "work_orders": "/work-orders?open=true",
    "conditions": "/conditions?limit=100",
    "coverage": "/coverage?by=class",
    "gaps": "/gaps?limit=100",
    "next": "/next",
    "quality": "/quality?limit=100",
    "quality_nodes": "/quality/nodes",
    "days": "/days?channel=storm/node-1/device/metric-1",
}


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
    _alarms(register, args.alarms, args.assets // BLOCK)
    _tell(f"{args.days} days of all channels")
    month = period(MONTH)
    _days(register, file, month, args.days)
    _tell("indicators")
    indicators = _indicators(register, month)
    _tell("asking")
    took, worked = _asked(register, args.rounds)
    busiest = max(worked, key=lambda name: worked[name])
    worst = max(took, key=lambda name: took[name])
    return {
        "assets": seeding.counts["assets"],
        "channels": seeding.counts["channels"] + args.nodes * args.metrics,
        "alarms": args.alarms,
        **storm,
        "days": args.days,
        **indicators,
        **{f"{name}_p95_ms": round(one, 1) for name, one in took.items()},
        "worst": worst,
        "worst_p95_ms": round(took[worst], 1),
        "cpu_worst": busiest,
        "cpu_worst_p95_ms": round(worked[busiest], 1),
        "cpu_next_p95_ms": round(worked["next"], 1),
        "peer_sqlite3_alarms_p95_ms": round(_peer(file, args.rounds), 1),
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
        "births_dropped": intake.dropped,
        "births_longest_stall_ms": round(longest * 1_000, 3),
    }


def _alarms(register: Register, number: int, blocks: int) -> None:
    """Straight into the table: their audit trail is not what is asked for here."""
    batch: list[dict[str, Any]] = []
    for row in _rows(number, blocks):
        batch.append(row)
        if len(batch) == ROWS_A_TIME:
            _insert(register, batch)
            batch = []
    if batch:
        _insert(register, batch)


def _days(register: Register, file: Path, month: Period, number: int) -> None:
    """Straight into the table, with sqlite3: how days are made is not what is asked for."""
    with register.database.reading() as connection:
        units = dict(connection.execute(select(channel.c.id, channel.c.unit)).all())
    numbers = {
        "expected": 1_440, "minutes": 1_400, "flagged": 20, "late": 3, "gaps": 1, "falls": 0,
        "flags": "{}", "mean": 20.0, "low": 10.0, "peak": 30.0, "p95": 28.0, "p99": 29.0,
        "total": 28_800.0, "rise": 5.0, "integral_h": 480.0, "score": 0.97,
        "completeness": 0.98, "validity": 0.98, "timeliness": 0.99, "consistency": 1.0,
        "revision": 0, "made_ms": NOW_MS,
    }  # fmt: skip
    columns = ["channel", "day_ms", "provenance", "unit", "first", "last", *numbers]
    marks = ", ".join("?" * len(columns))
    rest = tuple(numbers.values())
    rows = (
        (one, month.from_ms + n * DAY_MS, "measured", unit, 10.0 * n, 10.0 * n + 5.0, *rest)
        for one, unit in sorted(units.items())
        for n in range(number)
    )
    named = ", ".join(f'"{name}"' for name in columns)
    said = f"INSERT INTO channel_day ({named}) VALUES ({marks})"  # noqa: S608 - names of ours
    with sqlite3.connect(file) as raw:
        raw.executemany(said, rows)
    raw.close()
    grade = {"streams": 100, "silent": 0, "score": 0.97, "completeness": 0.98}
    last_ms = month.from_ms + (number - 1) * DAY_MS
    nodes = [f"storm/node-{n}" for n in range(len(units) // 100)]
    with register.database.writing() as connection:
        lines = [{"node": one, "day_ms": last_ms, **grade} for one in nodes]
        connection.execute(insert(node_grade), lines)


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
        "indicators_month_cpu_s": round(sorted(used)[1], 2),
    }


def _insert(register: Register, rows: list[dict[str, Any]]) -> None:
    with register.database.writing() as connection:
        connection.execute(insert(alarm), rows)


def _rows(number: int, blocks: int) -> Iterator[dict[str, Any]]:
    chance = Random(7)  # noqa: S311 - a benchmark
    empty = {column.name: None for column in alarm.columns}
    districts = ("Riverside", "Old Town", "Harbour", "Northfield", "Mill Hill")
    kinds = ("deviation", "stuck", "drift", "device_offline")
    for n in range(number):
        at_ms = NOW_MS - YEARS_MS + n * (YEARS_MS // number)
        is_open = n >= number - OPEN
        block = chance.randrange(1, blocks + 1)
        asset = f"pump-{block}-1"
        yield {
            **empty,
            "id": f"{chance.getrandbits(80):020x}",
            "created_ms": at_ms, "updated_ms": at_ms, "valid_from_ms": at_ms,
            "valid_to_ms": None if is_open else at_ms + 600_000,
            "version": 1, "source": f"riverside/pump-station-{block}/pump-1", "asset": asset,
            "asset_class": "pump", "district": districts[block % 5],
            "alarm_class": "process_anomaly", "kind": chance.choice(kinds),
            "state": "unacknowledged" if is_open else "normal",
            "active": is_open, "acked": not is_open, "escalation": 0,
            "acknowledged_ms": None if is_open else at_ms + 300_000,
            "verdict": chance.choice((None, None, None, "true", "false")),
            "severity": 0.5, "criticality": 4, "confidence": 0.75, "score": 0.3,
            "priority": chance.randrange(1, 5), "reason": "flow rose to 47 L/s",
            "channels": ["flow"],
        }  # fmt: skip


def _asked(register: Register, rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    app = FastAPI()
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.state.register = register
    return asyncio.run(_rounds(app, rounds))


async def _rounds(app: FastAPI, rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    took: dict[str, list[float]] = {name: [] for name in PATHS}
    worked: dict[str, list[float]] = {name: [] for name in PATHS}
    for path in PATHS.values():  # statements are compiled once
        await _get(app, f"/api/v1{path}")
    for _ in range(rounds):
        for name, path in PATHS.items():
            began, cpu = time.perf_counter(), time.process_time()
            status = await _get(app, f"/api/v1{path}")
            worked[name].append((time.process_time() - cpu) * 1_000)
            took[name].append((time.perf_counter() - began) * 1_000)
            if status != 200:
                raise RuntimeError(f"{path} answered {status}")
    return (
        {name: _p95(values) for name, values in took.items()},
        {name: _p95(values) for name, values in worked.items()},
    )


async def _get(app: FastAPI, path: str) -> int:
    where, _, query = path.partition("?")
    status = 0
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "path": where, "raw_path": where.encode(), "query_string": query.encode(),
        "headers": [(b"host", b"127.0.0.1")], "scheme": "http", "root_path": "",
        "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:  # noqa: ANN401 - an ASGI message
        nonlocal status
        status = message.get("status", status)

    await app(scope, receive, send)
    return status


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
    return _p95(took)


def _p95(values: list[float]) -> float:
    return sorted(values)[min(int(len(values) * 0.95), len(values) - 1)]


def _tell(what: str) -> None:
    print(f"bench register: {what}", file=sys.stderr, flush=True)
