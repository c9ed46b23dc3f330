"""Asking for days and their quality."""

from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, select

from lamppost.register.days.asked import DaysAsked, QualityAsked
from lamppost.register.days.quality import PARTS
from lamppost.register.days.tables import OBSERVED, channel_day
from lamppost.register.days.values import DayTold, Graded, GradedNode
from lamppost.register.records.tables import channel, device

NODES_MAX = 1_000


def days(connection: Connection, asked: DaysAsked) -> list[DayTold]:
    """Return the days of a channel, the oldest first."""
    columns = [channel_day.c[field.name] for field in fields(DayTold)]
    where: list[ColumnElement[bool]] = [channel_day.c.channel == asked.channel]
    if asked.from_ms is not None:
        where.append(channel_day.c.day_ms >= asked.from_ms)
    if asked.to_ms is not None:
        where.append(channel_day.c.day_ms < asked.to_ms)
    order = channel_day.c.day_ms, channel_day.c.provenance
    query = select(*columns).where(*where).order_by(*order).limit(asked.limit)
    return [DayTold(*row) for row in connection.execute(query)]


def newest_day(connection: Connection) -> int | None:
    """Return the newest day that anything was kept of."""
    query = select(func.max(channel_day.c.day_ms))
    newest: int | None = connection.execute(query).scalar_one()
    return newest


def graded(
    connection: Connection, day_ms: int, asked: QualityAsked
) -> tuple[int, list[Graded]]:
    """Return streams of a day, the worst first, and how many there are."""
    own = {"channel_class": channel.c.channel_class}
    columns = [
        own[field.name] if field.name in own else channel_day.c[field.name]
        for field in fields(Graded)
    ]
    total = _where(select(func.count()), day_ms, asked)
    worst = channel_day.c.score, channel_day.c.channel
    query = _where(select(*columns), day_ms, asked).order_by(*worst).limit(asked.limit)
    found = [Graded(*row) for row in connection.execute(query)]
    return int(connection.execute(total).scalar_one()), found


def nodes(connection: Connection, day_ms: int) -> list[GradedNode]:
    """Return the nodes of a day, the worst first; at most `NODES_MAX`."""
    score = func.avg(channel_day.c.score)
    silent = func.sum(case((channel_day.c.completeness == 0, 1), else_=0))
    columns = (device.c.node, func.count(), silent, score)
    query = (
        select(*columns, *(func.avg(channel_day.c[part]) for part in PARTS))
        .select_from(_joined())
        .where(channel_day.c.day_ms == day_ms, channel_day.c.provenance.in_(OBSERVED))
        .where(channel_day.c.score.is_not(None))
        .group_by(device.c.node)
        .order_by(score, device.c.node)
        .limit(NODES_MAX)
    )
    return [GradedNode(*row) for row in connection.execute(query)]


def _joined() -> Any:  # noqa: ANN401 - a join
    return channel_day.join(channel, channel.c.id == channel_day.c.channel).join(
        device, device.c.id == channel.c.device
    )


def _where(query: Select[Any], day_ms: int, asked: QualityAsked) -> Select[Any]:
    query = (
        query.select_from(_joined())
        .where(channel_day.c.day_ms == day_ms, channel_day.c.provenance.in_(OBSERVED))
        .where(channel_day.c.score.is_not(None))
    )
    if asked.node is not None:
        query = query.where(device.c.node == asked.node)
    if asked.channel_class is not None:
        query = query.where(channel.c.channel_class == asked.channel_class)
    if asked.below is not None:
        query = query.where(channel_day.c.score < asked.below)
    return query
