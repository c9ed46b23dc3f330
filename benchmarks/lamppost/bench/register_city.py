"""A large city for `lamppost bench register`: rows straight into its tables.

How alarms, orders and days come to be, and their audit trail, is not what is asked for there.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import insert, select

from lamppost.register.alarms.tables import alarm
from lamppost.register.days.tables import node_grade
from lamppost.register.indicators.values import Period
from lamppost.register.records.store import Register
from lamppost.register.records.tables import channel
from lamppost.register.work.tables import work_order

NOW_MS = 1_790_000_000_000
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
YEARS_MS = 730 * DAY_MS
OPEN = 2_000
ROWS_A_TIME = 20_000
ORDERS_EACH = 20
"""Alarms for one work order."""

KINDS = (
    ("process_anomaly", "deviation"),
    ("sensor_fault", "stuck"),
    ("sensor_fault", "drift"),
    ("communication", "device_offline"),
)


def alarms(register: Register, number: int, blocks: int) -> None:
    """Enter two years of alarms, of which the newest stand."""
    batch: list[dict[str, Any]] = []
    for row in _rows(number, blocks):
        batch.append(row)
        if len(batch) == ROWS_A_TIME:
            _insert(register, batch)
            batch = []
    if batch:
        _insert(register, batch)


def days(register: Register, file: Path, month: Period, number: int) -> None:
    """Enter days of every channel, with sqlite3, and a grade of each node."""
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


def _insert(register: Register, rows: list[dict[str, Any]]) -> None:
    with register.database.writing() as connection:
        connection.execute(insert(alarm), rows)


def _rows(number: int, blocks: int) -> Iterator[dict[str, Any]]:
    chance = Random(7)  # noqa: S311 - a benchmark
    empty = {column.name: None for column in alarm.columns}
    districts = ("Riverside", "Old Town", "Harbour", "Northfield", "Mill Hill")
    for n in range(number):
        at_ms = NOW_MS - YEARS_MS + n * (YEARS_MS // number)
        is_open = n >= number - OPEN
        block = chance.randrange(1, blocks + 1)
        asset = f"pump-{block}-1"
        alarm_class, kind = chance.choice(KINDS)
        yield {
            **empty,
            "id": f"{chance.getrandbits(80):020x}",
            "created_ms": at_ms, "updated_ms": at_ms, "valid_from_ms": at_ms,
            "valid_to_ms": None if is_open else at_ms + 600_000,
            "version": 1, "source": f"riverside/pump-station-{block}/pump-1", "asset": asset,
            "asset_class": "pump", "district": districts[block % 5],
            "alarm_class": alarm_class, "kind": kind,
            "state": "unacknowledged" if is_open else "normal",
            "active": is_open, "acked": not is_open, "escalation": 0,
            "acknowledged_ms": None if is_open else at_ms + 300_000,
            "verdict": chance.choice((None, None, None, "true", "false")),
            "severity": 0.5, "criticality": 4, "confidence": 0.75, "score": 0.3,
            "priority": chance.randrange(1, 5), "reason": "flow rose to 47 L/s",
            "channels": ["flow"],
        }  # fmt: skip


def orders(register: Register) -> int:
    """Enter a work order for one alarm in twenty; returns how many. Those of the last stand."""
    columns = (alarm.c.id, alarm.c.asset, alarm.c.district, alarm.c.valid_from_ms)
    with register.database.writing() as connection:
        newest = select(*columns).order_by(alarm.c.valid_from_ms.desc())
        some = connection.execute(newest).all()[::ORDERS_EACH]
        rows = [_order(n, *row) for n, row in enumerate(some)]
        if rows:
            connection.execute(insert(work_order), rows)
    return len(rows)


def _order(n: int, of: str, asset: str, district: str, at_ms: int) -> dict[str, Any]:
    is_open = n < OPEN // ORDERS_EACH
    return {
        **{column.name: None for column in work_order.columns},
        "id": f"order-{n:06d}", "created_ms": at_ms, "updated_ms": at_ms,
        "valid_from_ms": at_ms, "valid_to_ms": None if is_open else at_ms + 2 * HOUR_MS,
        "version": 1, "title": "flow rose to 47 L/s", "asset": asset, "alarm": of,
        "district": district, "state": "open" if is_open else "verified", "severity": 0.5,
        "criticality": 4, "confidence": 0.75, "score": 0.3, "priority": 2,
        "arithmetic": "0.5 x 4/5 x 0.75", "opened_by": "ada", "due_ms": at_ms + DAY_MS,
        "done_ms": None if is_open else at_ms + HOUR_MS, "reopened": 0,
    }  # fmt: skip
