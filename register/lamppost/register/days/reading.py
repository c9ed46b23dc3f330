"""Asking for days and their quality."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from lamppost.register.days.asked import DaysAsked, QualityAsked
from lamppost.register.days.day import DAY_MS
from lamppost.register.days.tables import OBSERVED, channel_day, node_grade
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
    columns = _graded_columns()
    where = _where(day_ms, asked)
    total = connection.execute(
        select(func.count()).select_from(channel_day).where(*where)
    ).scalar_one()
    worst = channel_day.c.score, channel_day.c.channel
    query = select(*columns).where(*where).order_by(*worst).limit(asked.limit)
    return int(total), [Graded(*row) for row in connection.execute(query)]


def lately(connection: Connection, channels: Sequence[str], days: int) -> list[Graded]:
    """Return the last graded days of some channels, the oldest first.

    Args:
        connection: To the records.
        channels: Ids; as many as a query takes.
        days: How many, up to the newest that any of them has.
    """
    of_them = (
        channel_day.c.channel.in_(channels),
        channel_day.c.score.is_not(None),
        channel_day.c.provenance.in_(OBSERVED),
    )
    newest = connection.execute(select(func.max(channel_day.c.day_ms)).where(*of_them)).scalar()
    if newest is None:
        return []
    query = (
        select(*_graded_columns())
        .where(*of_them, channel_day.c.day_ms > newest - days * DAY_MS)
        .order_by(channel_day.c.day_ms, channel_day.c.channel)
    )
    return [Graded(*row) for row in connection.execute(query)]


def _graded_columns() -> list[ColumnElement[Any]]:
    """The columns of a graded day, in their order."""
    kind = select(channel.c.channel_class).where(channel.c.id == channel_day.c.channel)
    own: dict[str, ColumnElement[Any]] = {"channel_class": kind.scalar_subquery()}
    return [
        own[field.name] if field.name in own else channel_day.c[field.name]
        for field in fields(Graded)
    ]


def nodes(connection: Connection, day_ms: int) -> list[GradedNode]:
    """Return the nodes of a day, the worst first; at most `NODES_MAX`."""
    columns = [node_grade.c[field.name] for field in fields(GradedNode)]
    query = (
        select(*columns)
        .where(node_grade.c.day_ms == day_ms)
        .order_by(node_grade.c.score, node_grade.c.node)
        .limit(NODES_MAX)
    )
    return [GradedNode(*row) for row in connection.execute(query)]


def _where(day_ms: int, asked: QualityAsked) -> list[ColumnElement[bool]]:
    """Without joins: the index has what is counted, and the order."""
    where: list[ColumnElement[bool]] = [
        channel_day.c.day_ms == day_ms,
        channel_day.c.score.is_not(None),
        channel_day.c.provenance.in_(OBSERVED),
    ]
    if asked.below is not None:
        where.append(channel_day.c.score < asked.below)
    of: list[ColumnElement[bool]] = []
    if asked.node is not None:
        of.append(channel.c.device.in_(select(device.c.id).where(device.c.node == asked.node)))
    if asked.channel_class is not None:
        of.append(channel.c.channel_class == asked.channel_class)
    if of:
        # A node has few channels, by which their days are found. A class may have most of them:
        # its days are found in the order of their scores, by a key that has no index.
        key = channel_day.c.channel if asked.node is not None else channel_day.c.channel + ""
        where.append(key.in_(select(channel.c.id).where(*of)))
    return where
