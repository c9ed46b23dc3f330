"""Where streams are: amid the asset that their channel tells of."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, select

from lamppost.register.records.tables import asset, link

Place = tuple[float, float]
"""Longitude and latitude, degrees."""


def places(connection: Connection) -> dict[str, Place]:
    """Return the place of each channel that is linked to an asset with one."""
    asked = (
        select(link.c.channel, asset.c.geometry)
        .join_from(link, asset, link.c.asset == asset.c.id)
        .where(link.c.valid_to_ms.is_(None), asset.c.geometry.is_not(None))
        .order_by(link.c.id.desc())
    )
    return {of: middle(geometry) for of, geometry in connection.execute(asked)}


def middle(geometry: Mapping[str, Any]) -> Place:
    """Return the middle of the box around a GeoJSON geometry, degrees."""
    if geometry["type"] == "GeometryCollection":
        places = [p for part in geometry["geometries"] for p in _positions(part["coordinates"])]
    else:
        places = list(_positions(geometry["coordinates"]))
    longitudes, latitudes = zip(*places, strict=True)
    east_west = (min(longitudes) + max(longitudes)) / 2
    return east_west, (min(latitudes) + max(latitudes)) / 2


def _positions(coordinates: Any) -> Iterator[Place]:  # noqa: ANN401 - lists of lists
    if isinstance(coordinates[0], int | float):
        yield coordinates[0], coordinates[1]
        return
    for part in coordinates:
        yield from _positions(part)
