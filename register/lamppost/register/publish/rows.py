"""Rows of the register for dashboards: conditions, headroom, use of resources, alarm system.

Named and typed by `lamppost.wire.series`; whoever writes them (the aggregator) asks once a
minute. Rows lie at the time of what they tell of, so writing them again overwrites. Forecasts
are fields of their own (`days_left`, `runs_out_ms`): an assumption is no observation.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from lamppost.register.alarms import kpis
from lamppost.register.alarms.kpis import Period
from lamppost.register.condition.load import RefusedBasisError, capacity_of
from lamppost.register.condition.tables import asset_condition, forecast, target
from lamppost.register.condition.use import used
from lamppost.register.condition.values import INDICATOR as INDICATOR_SCOPE
from lamppost.register.condition.values import RESOURCES
from lamppost.register.days.day import DAY_MS
from lamppost.register.days.tables import OBSERVED, channel_day
from lamppost.register.indicators.definitions import definitions
from lamppost.register.indicators.tables import indicator_value
from lamppost.register.records.tables import asset, channel, link
from lamppost.wire.series import (
    ALARM_SYSTEM,
    ASSET_STATE,
    CAPACITY,
    INDICATOR,
    RESOURCE_USE,
    Measurement,
)

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
ROWS_MAX = 50_000
"""Of one kind at once; a city that has more is told in the next minutes."""

Value = float | str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a measurement.

    Attributes:
        measurement: What it is a row of.
        time_ms: When it holds, UTC.
        tags: By name; an empty one is left out.
        fields: By name; one that is None is left out.
    """

    measurement: Measurement
    time_ms: int
    tags: Mapping[str, str]
    fields: Mapping[str, Value]


def conditions(connection: Connection, since_ms: int) -> Iterator[Row]:
    """Give the conditions that were found anew since a time."""
    asked = (
        select(asset_condition, asset.c.name, asset.c.asset_class, asset.c.district)
        .join(asset, asset.c.id == asset_condition.c.asset)
        .where(asset_condition.c.time_ms > since_ms, asset_condition.c.grade.is_not(None))
        .order_by(asset_condition.c.time_ms)
        .limit(ROWS_MAX)
    )
    for row in connection.execute(asked):
        tags = _tags(row.asset, row.asset_class, row.district)
        fields: dict[str, Value] = {"condition": float(row.grade), "name": row.name}
        yield Row(ASSET_STATE, row.time_ms, tags, fields)


def alarm_system(connection: Connection, now_ms: int) -> Row:
    """Return how the alarm system did in the day before now, for one operator."""
    told = kpis.measure(connection, Period(now_ms - DAY_MS, now_ms))
    fields: dict[str, Value] = {
        "annunciated": told.raised,
        "standing": told.standing,
        "chattering": len(told.chattering),
        "floods": told.floods,
        "unacked": told.states.get("unacknowledged", 0)
        + told.states.get("returned_unacknowledged", 0),
        "per_operator_10min": told.per_operator_10min,
        "false_share": told.false_share,
        "acked_after_s": told.mean_to_acknowledge_s,
        "repaired_after_s": told.mean_to_repair_s,
    }
    return Row(ALARM_SYSTEM, now_ms // MINUTE_MS * MINUTE_MS, {}, fields)


def capacity(connection: Connection, now_ms: int) -> Iterator[Row]:
    """Give the load of yesterday against the capacity, and when headroom runs out."""
    day_ms = now_ms // DAY_MS * DAY_MS - DAY_MS
    asked = (
        select(
            asset, channel.c.channel_class, channel_day.c.unit,
            channel_day.c.p95, channel_day.c.peak,
            forecast.c.runs_out_ms, forecast.c.back_test, forecast.c.p50,
        )
        .select_from(
            channel_day.join(link, link.c.channel == channel_day.c.channel)
            .join(asset, asset.c.id == link.c.asset)
            .join(channel, channel.c.id == channel_day.c.channel)
            .outerjoin(
                forecast,
                and_(forecast.c.asset == asset.c.id, forecast.c.channel == channel.c.id),
            )
        )
        .where(channel_day.c.day_ms == day_ms, channel_day.c.p95.is_not(None))
        .where(channel_day.c.provenance.in_(OBSERVED))
        .where(link.c.role == "capacity_use", link.c.valid_to_ms.is_(None))
        .where(asset.c.valid_to_ms.is_(None))
        .order_by(asset.c.id, channel.c.id)
        .limit(ROWS_MAX)
    )  # fmt: skip
    for row in connection.execute(asked):
        try:
            limit, scale = capacity_of(
                row.capacity, row.capacity_unit, row.capacity_basis, row.unit
            )
        except RefusedBasisError:
            continue  # nothing is told where a percentage would mean nothing
        share = row.p95 * scale / limit.value
        fields: dict[str, Value] = {
            "used": row.p95 * scale,
            "capacity": limit.value,
            "utilisation_pct": 100 * share,
            "headroom_pct": 100 * (1 - share),
            "p95_pct": 100 * share,
            "peak_pct": 100 * row.peak * scale / limit.value,
            "unit": limit.unit,
            "basis": limit.basis,
            "name": row.name,
        }
        if row.p50:
            fields |= {
                "growth_per_day": (row.p50[-1] - row.p50[0]) * scale / len(row.p50),
                "confidence": row.back_test["inside"],
                "runs_out_ms": row.runs_out_ms,
                "days_left": _days_left(row.runs_out_ms, now_ms),
            }
        tags = _tags(row.id, row.asset_class, row.district)
        yield Row(CAPACITY, day_ms, tags | {"resource": row.channel_class}, fields)


def resource_use(connection: Connection, now_ms: int) -> Iterator[Row]:
    """Give what each metered asset used yesterday."""
    day_ms = now_ms // DAY_MS * DAY_MS - DAY_MS
    for resource in RESOURCES:
        lines = used(connection, resource, "asset", day_ms, day_ms + DAY_MS)[:ROWS_MAX]
        places = _places(connection) if lines else {}
        for line in lines:
            fields: dict[str, Value] = {
                "used": line.amount,
                "baseline": line.baseline,
                "target": line.goal,
                "unit": line.unit,
                "period": "day",
            }
            tags = _tags(line.part, *places.get(line.part, ("", None)))
            yield Row(RESOURCE_USE, day_ms, tags | {"resource": resource}, fields)


def indicators(connection: Connection, since_ms: int) -> tuple[list[Row], int]:
    """Return the months of indicators that were kept, restated or given a target since a time.

    With them the time to ask from next. A year would lie at the same time as its January, so
    years are not told.
    """
    aimed = and_(
        target.c.scope == INDICATOR_SCOPE,
        target.c.subject == indicator_value.c.indicator,
        target.c.valid_to_ms.is_(None),
    )
    asked = (
        select(
            indicator_value, target.c.baseline, target.c.goal,
            target.c.updated_ms.label("aimed_ms"),
        )
        .outerjoin(target, aimed)
        .where(indicator_value.c.period.like("%-%"))
        .where(or_(indicator_value.c.updated_ms > since_ms, target.c.updated_ms > since_ms))
        .order_by(indicator_value.c.updated_ms)
        .limit(ROWS_MAX)
    )  # fmt: skip
    found = [dict(row) for row in connection.execute(asked).mappings()]
    newest = [max(row["updated_ms"], row["aimed_ms"] or 0) for row in found]
    return [_indicator(row) for row in found], max(newest, default=since_ms)


def _indicator(row: Mapping[str, Any]) -> Row:
    known = definitions().get(row["indicator"])
    fields: dict[str, Value] = {
        "value": row["value"],
        "completeness": min(row["coverage"], row["completeness"]),
        "n": row["assets"],
        "target": row["goal"],
        "baseline": row["baseline"],
        "met": met(row["value"], row["baseline"], row["goal"]),
        "reported": int(row["status"] == "measured"),
        "computed_ms": row["updated_ms"],
        "name": row["indicator"] if known is None else known.title,
        "unit": row["unit"],
        "status": row["status"],
        "period": row["period"],
        "quality_class": row["quality"],
        "lineage": row["lineage"],
    }
    return Row(INDICATOR, row["from_ms"], {"indicator": row["indicator"]}, fields)


def met(value: float | None, baseline: float | None, goal: float | None) -> int | None:
    """Return whether a goal is met: better is on that side of the baseline where it lies."""
    if value is None or baseline is None or goal is None:
        return None
    return int(value <= goal if goal <= baseline else value >= goal)


def _places(connection: Connection) -> dict[str, tuple[str, str | None]]:
    asked = select(asset.c.id, asset.c.asset_class, asset.c.district)
    return {
        name: (asset_class, district)
        for name, asset_class, district in connection.execute(asked)
    }


def _tags(one: str, asset_class: str, district: str | None) -> dict[str, str]:
    return {"asset": one, "asset_class": asset_class, "district": district or ""}


def _days_left(runs_out_ms: int | None, now_ms: int) -> float | None:
    return None if runs_out_ms is None else max(runs_out_ms - now_ms, 0) / DAY_MS
