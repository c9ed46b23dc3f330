"""Keeps conditions, days of load and forecasts in the register."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from lamppost.register.alarms.tables import alarm
from lamppost.register.condition import forecast as forecasting
from lamppost.register.condition.grade import (
    ALARM_DAYS,
    Condition,
    Evidence,
    Seen,
    graded,
)
from lamppost.register.condition.load import RefusedBasisError, capacity_of
from lamppost.register.condition.tables import asset_condition, forecast
from lamppost.register.days.day import DAY_MS
from lamppost.register.days.tables import OBSERVED, channel_day
from lamppost.register.live import Snapshot
from lamppost.register.records.births import channel_id
from lamppost.register.records.tables import asset, channel, link
from lamppost.register.records.writing import IDS_A_QUERY

ROLES = ("state", "capacity_use", "proxy")
LOAD_ROLE = "capacity_use"
YEAR_DAYS = 365.25
AGAIN_MS = 3_600_000
MOVED = 0.05
COMPLETE_MINUTES = 864
"""A day with less than 60 % of its minutes is no day to learn from."""


def conditions(connection: Connection, snapshot: Snapshot, now_ms: int) -> dict[str, Condition]:
    """Return the condition of every asset, from what the live view shows."""
    seen = {
        channel_id(one.group, one.node, one.device, one.metric): one
        for one in snapshot.channels
    }
    linked = _linked(connection)
    active, lately = _anomalies(connection, now_ms)
    before = _before(connection)
    told = {}
    things = select(asset.c.id, asset.c.installed_on, asset.c.design_life_years).where(
        asset.c.valid_to_ms.is_(None)
    )
    for one, installed_on, life in connection.execute(things):
        channels = tuple(
            Seen(name, view.time_ms, interval_ms, view.flags, view.severity)
            if (view := seen.get(name)) is not None
            else Seen(name, 0, interval_ms, (), 0.0)
            for name, interval_ms in linked.get(one, ())
        )
        evidence = Evidence(
            channels,
            active.get(one, ()),
            lately.get(one, 0),
            _age(installed_on, now_ms),
            life,
            before.get(one),
        )
        told[one] = graded(evidence, now_ms)
    return told


def keep_conditions(connection: Connection, told: Mapping[str, Condition], now_ms: int) -> int:
    """Keep the conditions that changed; returns how many. From `Database.writing`."""
    known = {
        row["asset"]: dict(row)
        for row in connection.execute(select(asset_condition)).mappings()
    }
    changed = [one for one, new in told.items() if _differs(known.get(one), new, now_ms)]
    for start in range(0, len(changed), IDS_A_QUERY):
        some = changed[start : start + IDS_A_QUERY]
        connection.execute(delete(asset_condition).where(asset_condition.c.asset.in_(some)))
        rows = [{"asset": one, "time_ms": now_ms, **asdict(told[one])} for one in some]
        connection.execute(insert(asset_condition), rows)
    return len(changed)


def forecast_loads(connection: Connection, kept: Sequence[str], now_ms: int) -> int:
    """Forecast what some channels tell of, of which a day was kept; see `keep_forecasts`."""
    loads: list[str] = []
    for start in range(0, len(kept), IDS_A_QUERY):
        some = link.c.channel.in_(kept[start : start + IDS_A_QUERY])
        asked = select(link.c.channel).where(
            some, link.c.role == LOAD_ROLE, link.c.valid_to_ms.is_(None)
        )
        loads += connection.execute(asked.distinct()).scalars()
    return sum(keep_forecasts(connection, one, now_ms) for one in loads)


def keep_forecasts(connection: Connection, one: str, now_ms: int) -> int:
    """Forecast the loads that a channel tells of; returns how many. From `Database.writing`.

    A load that cannot be forecast, for want of days, capacity or basis, has none.
    """
    things = connection.execute(
        select(asset.c.id, asset.c.capacity, asset.c.capacity_unit, asset.c.capacity_basis)
        .join(link, link.c.asset == asset.c.id)
        .where(link.c.channel == one, link.c.role == LOAD_ROLE, link.c.valid_to_ms.is_(None))
        .where(asset.c.valid_to_ms.is_(None))
    ).all()
    made = 0
    for thing in things:
        connection.execute(
            delete(forecast).where(forecast.c.asset == thing.id, forecast.c.channel == one)
        )
        row = _forecast(connection, thing, one, now_ms)
        if row is not None:
            connection.execute(insert(forecast), row)
            made += 1
    return made


def _forecast(
    connection: Connection,
    thing: Any,  # noqa: ANN401 - a row
    one: str,
    now_ms: int,
) -> dict[str, Any] | None:
    days = connection.execute(
        select(channel_day.c.day_ms, channel_day.c.p95, channel_day.c.unit)
        .where(channel_day.c.channel == one, channel_day.c.minutes >= COMPLETE_MINUTES)
        .where(channel_day.c.provenance.in_(OBSERVED))
        .order_by(channel_day.c.day_ms.desc())
        .limit(forecasting.DAYS_MAX)
    ).all()[::-1]
    if not days:
        return None
    unit = days[-1].unit
    same = [(row.day_ms // DAY_MS, row.p95) for row in days if row.unit == unit]
    try:
        capacity, scale = capacity_of(
            thing.capacity, thing.capacity_unit, thing.capacity_basis, unit
        )
        told = forecasting.forecast(same, capacity.value / scale)
    except (RefusedBasisError, forecasting.TooFewError):
        return None
    return {
        "asset": thing.id,
        "channel": one,
        "made_ms": now_ms,
        "model": told.model,
        "from_ms": same[-told.days][0] * DAY_MS,
        "to_ms": told.first_day * DAY_MS,
        "days": told.days,
        "limit_value": capacity.value / scale,
        "unit": unit,
        "runs_out_early_ms": _ms(told.early),
        "runs_out_ms": _ms(told.middle),
        "runs_out_late_ms": _ms(told.late),
        "back_test": asdict(told.back_test),
        "first_day_ms": told.first_day * DAY_MS,
        "p10": _short(told.p10),
        "p50": _short(told.p50),
        "p90": _short(told.p90),
        "told": f"assumption: daily P95 of {one} from {told.days} days; basis {capacity.basis}",
    }


def _ms(day: int | None) -> int | None:
    return None if day is None else day * DAY_MS


def _short(values: Sequence[float]) -> list[float]:
    """Six digits say more than a forecast knows."""
    return [float(f"{value:.6g}") for value in values]


def _linked(connection: Connection) -> dict[str, list[tuple[str, int | None]]]:
    asked = (
        select(link.c.asset, link.c.channel, channel.c.heartbeat_ms)
        .join(channel, channel.c.id == link.c.channel)
        .where(link.c.valid_to_ms.is_(None), channel.c.valid_to_ms.is_(None))
        .where(link.c.role.in_(ROLES))
    )
    told: dict[str, list[tuple[str, int | None]]] = defaultdict(list)
    for thing, one, heartbeat_ms in connection.execute(asked):
        told[thing].append((one, heartbeat_ms))
    return told


def _anomalies(
    connection: Connection, now_ms: int
) -> tuple[dict[str, list[float]], dict[str, int]]:
    is_process = alarm.c.alarm_class == "process_anomaly"
    is_true = alarm.c.verdict.is_(None) | (alarm.c.verdict == "true")
    active: dict[str, list[float]] = defaultdict(list)
    asked = select(alarm.c.asset, alarm.c.severity).where(
        is_process, is_true, alarm.c.active, alarm.c.valid_to_ms.is_(None)
    )
    for one, severity in connection.execute(asked):
        active[one].append(severity)
    since_ms = now_ms - ALARM_DAYS * DAY_MS
    counted = (
        select(alarm.c.asset, func.count())
        .where(alarm.c.valid_from_ms >= since_ms, is_process, is_true)
        .group_by(alarm.c.asset)
    )
    return active, {one: int(count) for one, count in connection.execute(counted)}


def _before(connection: Connection) -> dict[str, Condition]:
    rows = connection.execute(select(asset_condition)).mappings()
    names = Condition.__dataclass_fields__
    return {row["asset"]: Condition(**{name: row[name] for name in names}) for row in rows}


def _differs(known: Mapping[str, Any] | None, new: Condition, now_ms: int) -> bool:
    if known is None:
        return True
    same = (known["grade"], known["status"], known["basis"]) == (
        new.grade,
        new.status,
        new.basis,
    )
    moved = abs(known["confidence"] - new.confidence) > MOVED
    is_old = new.basis != "C" and now_ms - known["time_ms"] >= AGAIN_MS
    return not same or moved or is_old


def _age(installed_on: str | None, now_ms: int) -> float | None:
    if installed_on is None:
        return None
    today = datetime.fromtimestamp(now_ms / 1_000, UTC).date()
    return (today - date.fromisoformat(installed_on)).days / YEAR_DAYS
