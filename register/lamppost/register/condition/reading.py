"""Asking for conditions, forecasts and utilisation."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from lamppost.register.condition.asked import CapacityAsked, ConditionsAsked
from lamppost.register.condition.grade import SCALE
from lamppost.register.condition.load import Capacity, RefusedBasisError, capacity_of
from lamppost.register.condition.tables import asset_condition, forecast
from lamppost.register.condition.values import AssetCondition
from lamppost.register.records.deciding import known
from lamppost.register.records.reading import Page
from lamppost.register.records.tables import asset, channel, link
from lamppost.register.records.writing import Writer

LONG = ("p10", "p50", "p90")
NAMES = tuple(AssetCondition.__dataclass_fields__)


def conditions(connection: Connection, asked: ConditionsAsked) -> Page:
    """Return one page of conditions, by the id of the asset."""
    joined = asset_condition.join(asset, asset.c.id == asset_condition.c.asset)
    where: list[ColumnElement[bool]] = [asset.c.valid_to_ms.is_(None)]
    if asked.grade is not None:
        where.append(asset_condition.c.grade == asked.grade)
    if asked.status is not None:
        where.append(asset_condition.c.status == asked.status)
    if asked.asset_class is not None:
        where.append(asset.c.asset_class == asked.asset_class)
    if asked.district is not None:
        where.append(asset.c.district == asked.district)
    total = connection.execute(select(func.count()).select_from(joined).where(*where))
    query = (
        select(asset_condition, asset.c.asset_class, asset.c.district)
        .select_from(joined)
        .where(*where, asset_condition.c.asset > (asked.after or ""))
        .order_by(asset_condition.c.asset)
        .limit(asked.limit + 1)
    )
    rows = connection.execute(query).mappings().all()
    items = tuple(_told(row) for row in rows[: asked.limit])
    more = len(rows) > asked.limit
    return Page(total.scalar_one(), items, items[-1].asset if more else None)


def condition(connection: Connection, one: str) -> AssetCondition | None:
    """Return the condition of an asset, or None while none was found yet."""
    query = (
        select(asset_condition, asset.c.asset_class, asset.c.district)
        .join(asset, asset.c.id == asset_condition.c.asset)
        .where(asset.c.id == one)
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else _told(row)


def soonest(connection: Connection, asked: CapacityAsked) -> tuple[int, list[dict[str, Any]]]:
    """Return forecasts of loads that run out, the soonest first, and how many there are."""
    where: list[ColumnElement[bool]] = [forecast.c.runs_out_ms.is_not(None)]
    if asked.runs_out_before_ms is not None:
        where.append(forecast.c.runs_out_ms < asked.runs_out_before_ms)
    total = connection.execute(select(func.count()).select_from(forecast).where(*where))
    columns = [column for column in forecast.columns if column.name not in LONG]
    rows = connection.execute(
        select(*columns)
        .where(*where)
        .order_by(forecast.c.runs_out_ms, forecast.c.asset)
        .limit(asked.limit)
    ).mappings()
    return int(total.scalar_one()), [assumed(row) for row in rows]


def forecasts(connection: Connection, one: str) -> list[dict[str, Any]]:
    """Return the forecasts of an asset, one a channel."""
    rows = connection.execute(
        select(forecast).where(forecast.c.asset == one).order_by(forecast.c.channel)
    ).mappings()
    return [assumed(row) for row in rows]


def assumed(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row
    """Return a forecast, marked as what it is."""
    return {"kind": "assumption", **row}


def loads(connection: Connection, one: str) -> list[tuple[str, Capacity, float]]:
    """Return the channels that tell an asset's load, its capacity, and the scale to it.

    Raises:
        UnknownError: there is no such asset.
        RefusedBasisError: nothing tells of its load, or its capacity is missing or means
            nothing for a channel's unit.
    """
    thing = known(Writer(connection, "", 0), "asset", one)
    linked = (
        select(channel.c.id, channel.c.unit)
        .join(link, link.c.channel == channel.c.id)
        .where(link.c.asset == one, link.c.role == "capacity_use")
        .where(link.c.valid_to_ms.is_(None), channel.c.valid_to_ms.is_(None))
        .order_by(channel.c.id)
    )
    told = []
    for name, unit in connection.execute(linked):
        capacity, scale = capacity_of(
            thing["capacity"], thing["capacity_unit"], thing["capacity_basis"], unit
        )
        told.append((name, capacity, scale))
    if not told:
        raise RefusedBasisError("refused: no channel tells of its load (`capacity_use`)")
    return told


def _told(row: Any) -> AssetCondition:  # noqa: ANN401 - a row
    told = {name: row[name] for name in NAMES if name != "scale"}
    return AssetCondition(scale=SCALE, **told)
