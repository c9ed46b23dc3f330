"""The assets behind an indicator, as they stood at the end of a period."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, Table, or_, select

from lamppost.register.indicators.values import Definition, Input
from lamppost.register.records.tables import asset, channel, link

SYNTHETIC = "demo"
"""Scheme of an external id that made-up assets carry."""

FLAT = tuple(column for column in asset.columns if column.name != "geometry")
"""What is asked of assets: reading thousands of shapes takes longer than all else."""


def inputs(connection: Connection, definition: Definition, at_ms: int) -> tuple[Input, ...]:
    """Return every asset of the definition's classes, by id, and whether it counts.

    Args:
        connection: Sees one moment of the records.
        definition: What to look for.
        at_ms: Records that held then, UTC.
    """
    channels = _channels(connection, definition, at_ms)
    rows = connection.execute(
        select(*FLAT)
        .where(asset.c.asset_class.in_(definition.of), held(asset, at_ms))
        .order_by(asset.c.id)
    )
    return tuple(
        _input(definition, dict(row), channels.get(row["id"], {})) for row in rows.mappings()
    )


def held(table: Table, at_ms: int) -> ColumnElement[bool]:
    """Return the condition that a record held at a time."""
    ends = or_(table.c.valid_to_ms.is_(None), table.c.valid_to_ms > at_ms)
    return (table.c.valid_from_ms <= at_ms) & ends


def _channels(
    connection: Connection, definition: Definition, at_ms: int
) -> dict[str, dict[str, str]]:
    """By asset and channel class the first open channel that was bound to the asset."""
    wanted = [name for line in definition.needs for name in line]
    rows = connection.execute(
        select(link.c.asset, channel.c.channel_class, channel.c.id)
        .join(channel, channel.c.id == link.c.channel)
        .join(asset, asset.c.id == link.c.asset)
        .where(
            asset.c.asset_class.in_(definition.of),
            channel.c.channel_class.in_(wanted),
            held(link, at_ms),
            held(channel, at_ms),
        )
        .order_by(link.c.asset, channel.c.id)
    )
    found: dict[str, dict[str, str]] = {}
    for one, kind, bound in rows:
        found.setdefault(one, {}).setdefault(kind, bound)
    return found


def _input(definition: Definition, row: dict[str, object], bound: dict[str, str]) -> Input:
    met = [next(_first(line, bound), None) for line in definition.needs]
    counted = all(one is not None for one in met)
    weight = 1.0 if definition.weight == "count" else row[definition.weight]
    external = row["external_ids"]
    return Input(
        asset=str(row["id"]),
        asset_class=str(row["asset_class"]),
        weight=None if weight is None else float(weight),  # type: ignore[arg-type]
        counted=counted,
        synthetic=isinstance(external, dict) and SYNTHETIC in external,
        channels=tuple(sorted({one for one in met if one})) if counted else (),
    )


def _first(line: tuple[str, ...], bound: dict[str, str]) -> Iterator[str]:
    return (bound[name] for name in line if name in bound)
