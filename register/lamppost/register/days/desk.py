"""Keeps days of channels: which are wanting, what is known around them, their rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, and_, case, delete, func, insert, or_, select, update

from lamppost.register.days.day import DAY_MS, MINUTE_MS, MINUTES_A_DAY, Day
from lamppost.register.days.quality import PARTS, Around, accuracy, graded, score
from lamppost.register.days.tables import (
    MEASURED,
    OBSERVED,
    SYNTHETIC,
    channel_day,
    node_day,
    node_grade,
)
from lamppost.register.days.units import factor
from lamppost.register.records.tables import asset, channel, device, link, stream
from lamppost.register.records.writing import IDS_A_QUERY

DEMO = "demo"
"""Scheme of an external id that made-up assets carry."""

REFERENCE = "reference"
KEY = ("channel", "day_ms", "provenance")


@dataclass(frozen=True, slots=True)
class Wanting:
    """A channel whose day is to be kept.

    Attributes:
        channel: Its id.
        unit: Its unit.
        interval_ms: The longest silence it promised, or None.
    """

    channel: str
    unit: str
    interval_ms: int | None


def wanting(connection: Connection, day_ms: int, after: str, limit: int) -> list[Wanting]:
    """Return channels that were there on a day that is not kept yet, in order of their ids."""
    kept = and_(channel_day.c.channel == channel.c.id, channel_day.c.day_ms == day_ms)
    asked = (
        select(channel.c.id, channel.c.unit, channel.c.heartbeat_ms)
        .outerjoin(channel_day, kept)
        .where(channel_day.c.channel.is_(None), channel.c.id > after)
        .where(channel.c.valid_from_ms < day_ms + DAY_MS)
        .where(or_(channel.c.valid_to_ms.is_(None), channel.c.valid_to_ms > day_ms))
        .order_by(channel.c.id)
        .limit(limit)
    )
    return [Wanting(*row) for row in connection.execute(asked)]


def keep(connection: Connection, day_ms: int, days: Mapping[str, Day], now_ms: int) -> None:
    """Keep one day of channels, in place of what was observed before. From `Database.writing`.

    Args:
        connection: Where.
        day_ms: The day's first moment.
        days: By channel; one that is not on record is left out.
        now_ms: When this was made.
    """
    newest = connection.execute(select(func.max(channel_day.c.made_ms))).scalar() or 0
    made_ms = max(now_ms, newest + 1)  # who follows the newest must see it, clocks set or not
    names = list(days)
    for start in range(0, len(names), IDS_A_QUERY):
        some = names[start : start + IDS_A_QUERY]
        _keep(connection, day_ms, {one: days[one] for one in some}, made_ms)


def _keep(connection: Connection, day_ms: int, days: Mapping[str, Day], made_ms: int) -> None:
    around, made_up = _around(connection, day_ms, days), _made_up(connection, days)
    here = (channel_day.c.day_ms == day_ms, channel_day.c.channel.in_(list(days)))
    was = (*here, channel_day.c.provenance.in_(OBSERVED))
    before: dict[str, int] = {
        row.channel: row.revision
        for row in connection.execute(
            select(channel_day.c.channel, channel_day.c.revision).where(*was)
        )
    }
    connection.execute(delete(channel_day).where(*was))
    rows = [
        {
            **row_of(days[one], near),
            "channel": one,
            "day_ms": day_ms,
            "provenance": SYNTHETIC if one in made_up else MEASURED,
            "unit": unit,
            "node_stored": stored,
            "revision": before.get(one, -1) + 1,
            "made_ms": made_ms,
        }
        for one, (unit, stored, near) in around.items()
    ]
    if rows:
        connection.execute(insert(channel_day), rows)
    _compare(connection, day_ms, list(around))
    _grade_nodes(connection, day_ms, list(around))


def _grade_nodes(connection: Connection, day_ms: int, names: Sequence[str]) -> None:
    """Grade the nodes of some channels: the means of their streams."""
    theirs = (
        select(device.c.node)
        .join(channel, channel.c.device == device.c.id)
        .where(channel.c.id.in_(names))
    )
    of = connection.execute(theirs.distinct()).scalars().all()
    silent = case((channel_day.c.completeness == 0, 1), else_=0)
    asked = (
        select(
            device.c.node,
            func.count().label("streams"),
            func.sum(silent).label("silent"),
            *(func.avg(channel_day.c[name]).label(name) for name in ("score", *PARTS)),
        )
        .select_from(device)
        .join(channel, channel.c.device == device.c.id)
        .join(channel_day, channel_day.c.channel == channel.c.id)
        .where(device.c.node.in_(of), channel_day.c.day_ms == day_ms)
        .where(channel_day.c.provenance.in_(OBSERVED), channel_day.c.score.is_not(None))
        .group_by(device.c.node)
    )
    rows = [{"day_ms": day_ms, **row} for row in connection.execute(asked).mappings()]
    connection.execute(
        delete(node_grade).where(node_grade.c.day_ms == day_ms, node_grade.c.node.in_(of))
    )
    if rows:
        connection.execute(insert(node_grade), rows)


def forget(connection: Connection, before_ms: int) -> None:
    """Drop days before a time. From `Database.writing`."""
    for table in (channel_day, node_day, node_grade):
        connection.execute(delete(table).where(table.c.day_ms < before_ms))


def row_of(day: Day, around: Around) -> dict[str, Any]:
    """Return the columns that follow from a day and what is known around it."""
    return {**asdict(day), **asdict(graded(day, around)), "expected": around.expected}


def _around(
    connection: Connection, day_ms: int, names: Iterable[str]
) -> dict[str, tuple[str, int | None, Around]]:
    """By channel its unit, what its node had stored of the day, and what else is known."""
    end_ms = day_ms + DAY_MS
    streams = (
        select(func.count())
        .where(stream.c.channel == channel.c.id, stream.c.valid_from_ms < end_ms)
        .where(or_(stream.c.valid_to_ms.is_(None), stream.c.valid_to_ms > day_ms))
        .scalar_subquery()
    )
    books = and_(node_day.c.node == device.c.node, node_day.c.day_ms == day_ms)
    asked = (
        select(
            channel, streams.label("streams"), node_day.c.stored, node_day.c.taken,
            node_day.c.duplicates,
        )
        .join(device, device.c.id == channel.c.device)
        .outerjoin(node_day, books)
        .where(channel.c.id.in_(list(names)))
    )  # fmt: skip
    return {
        row.id: (
            row.unit,
            row.stored,
            Around(
                _expected(row.valid_from_ms, row.valid_to_ms, day_ms),
                row.channel_class,
                row.unit_ok,
                row.streams,
                row.taken or 0,
                row.duplicates or 0,
            ),
        )
        for row in connection.execute(asked)
    }


def _expected(from_ms: int, to_ms: int | None, day_ms: int) -> int:
    begin = max(from_ms, day_ms)
    end = min(day_ms + DAY_MS if to_ms is None else to_ms, day_ms + DAY_MS)
    return min(max(-(-(end - begin) // MINUTE_MS), 1), MINUTES_A_DAY)


def _made_up(connection: Connection, names: Iterable[str]) -> set[str]:
    """Those of the channels that tell of an asset which says that it is made up."""
    asked = (
        select(link.c.channel, asset.c.external_ids)
        .join(asset, asset.c.id == link.c.asset)
        .where(link.c.channel.in_(list(names)))
    )
    return {one for one, ids in connection.execute(asked) if DEMO in (ids or {})}


def _compare(connection: Connection, day_ms: int, names: Sequence[str]) -> None:
    """Grade accuracy where a channel and a reference of its asset both have the day."""
    own, other = link.alias("own"), link.alias("other")
    reference, there = channel.alias("reference"), channel_day.alias("there")
    asked = (
        select(
            channel_day, channel.c.accuracy.label("allowed"),
            there.c.mean.label("there"), there.c.unit.label("unit_there"),
        )
        .join(channel, channel.c.id == channel_day.c.channel)
        .join(own, own.c.channel == channel.c.id)
        .join(other, and_(other.c.asset == own.c.asset, other.c.channel != own.c.channel))
        .join(reference, reference.c.id == other.c.channel)
        .join(
            there,
            and_(there.c.channel == reference.c.id, there.c.day_ms == channel_day.c.day_ms),
        )
        .where(channel_day.c.day_ms == day_ms, channel_day.c.mean.is_not(None))
        .where(reference.c.uncertainty_class == REFERENCE, there.c.mean.is_not(None))
        .where(reference.c.channel_class == channel.c.channel_class)
        .where(channel.c.accuracy.is_not(None), reference.c.valid_to_ms.is_(None))
        .where(own.c.valid_to_ms.is_(None), other.c.valid_to_ms.is_(None))
        .where(there.c.provenance == channel_day.c.provenance)
    )  # fmt: skip
    mine = connection.execute(asked.where(channel_day.c.channel.in_(names))).mappings().all()
    theirs = connection.execute(asked.where(reference.c.id.in_(names))).mappings().all()
    for row in (*mine, *theirs):
        scale = factor(row["unit_there"], row["unit"])
        if scale is None:
            continue
        near = accuracy(row["mean"] - row["there"] * scale, row["allowed"])
        parts = {name: row[name] for name in PARTS} | {"accuracy": near}
        connection.execute(
            update(channel_day)
            .where(*(channel_day.c[name] == row[name] for name in KEY))
            .values(accuracy=near, score=score(parts))
        )
