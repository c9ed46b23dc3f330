"""Which asset a device measures, and where that is: by the register, else by its birth."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import select

from lamppost.aggregator.rollup.bound import BOUND
from lamppost.register.live import ChannelView
from lamppost.register.records.database import Database
from lamppost.register.records.tables import asset, device, link, node

NODE_CLASS = "node"
UNREGISTERED = "unregistered"

MAX_REMEMBERED = 1 << 16

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """What a device, or a node's own sensors, measure.

    Attributes:
        asset: its id in the register; else the node, or NODE/DEVICE.
        asset_class: what it is; "unregistered" when nobody said, "node" for a node.
        district: where it counts; else the Sparkplug group.
        name: what people call it.
        lat: latitude in degrees, WGS 84, None when unknown; of a line or area, its middle.
        lon: longitude.
    """

    asset: str
    asset_class: str
    district: str
    name: str
    lat: float | None = None
    lon: float | None = None

    @property
    def tags(self) -> dict[str, str]:
        """The tags it gives a row."""
        return {
            "asset": self.asset,
            "asset_class": self.asset_class,
            "district": self.district,
        }


@lru_cache(maxsize=MAX_REMEMBERED)
def unregistered(key: Key) -> Place:
    """Return the place of a device or node that the register binds to no asset."""
    group, node_name, device_name = key
    name = f"{node_name}/{device_name}" if device_name else node_name
    return Place(name, UNREGISTERED if device_name else NODE_CLASS, group, name)


@dataclass(frozen=True, slots=True)
class Places:
    """All places that are known, by group, node and device.

    Attributes:
        known: by the register.
        told: of what the register binds to no asset, where births say it is.
    """

    known: Mapping[Key, Place] = field(default_factory=dict)
    told: Mapping[Key, Place] = field(default_factory=dict)

    def of(self, group: str, node_name: str, device_name: str) -> Place:
        """Return the place of a device; "" is the node itself."""
        key = group, node_name, device_name
        return self.known.get(key) or self.told.get(key) or unregistered(key)


def told_by(channels: Iterable[ChannelView]) -> dict[Key, Place]:
    """Return where births say that devices are; a node is in the middle of what it reads."""
    seen: dict[Key, set[tuple[float, float]]] = {}
    for one in channels:
        if one.latitude is None or one.longitude is None:
            continue
        at = one.latitude, one.longitude
        seen.setdefault((one.group, one.node, one.device), set()).add(at)
        seen.setdefault((one.group, one.node, ""), set()).add(at)
    told = {}
    for key, places in seen.items():
        lat, lon = (sum(axis) / len(places) for axis in zip(*sorted(places), strict=True))
        told[key] = replace(unregistered(key), lat=lat, lon=lon)
    return told


def places_of(database: Database) -> Places:
    """Read the places of all devices with an open link to an asset.

    A device whose channels are bound to several assets is that of most of its channels.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database does not answer.
    """
    asked = (
        select(node.c.group, node.c.name.label("node"), device.c.name.label("device"), asset)
        .select_from(BOUND)
        .join(asset, asset.c.id == link.c.asset)
        .where(link.c.valid_to_ms.is_(None), asset.c.valid_to_ms.is_(None))
        .order_by(link.c.asset, link.c.channel)
    )
    with database.reading() as connection:
        rows = connection.execute(asked).mappings().all()
    votes: dict[Key, dict[str, int]] = {}
    assets: dict[str, Mapping[Any, Any]] = {}
    for row in rows:
        counts = votes.setdefault((row["group"], row["node"], row["device"]), {})
        counts[row["id"]] = counts.get(row["id"], 0) + 1
        assets[row["id"]] = row
    chosen = {key: max(counts, key=counts.__getitem__) for key, counts in votes.items()}
    return Places({key: _place(key, assets[one]) for key, one in chosen.items()})


def _place(key: Key, row: Mapping[Any, Any]) -> Place:
    lat, lon = middle(row["geometry"])
    return Place(
        row["id"], row["asset_class"], row["district"] or key[0], row["name"], lat, lon
    )


def middle(geometry: Mapping[str, Any] | None) -> tuple[float | None, float | None]:
    """Return latitude and longitude of a GeoJSON geometry: the mean of its positions."""
    found = list(_positions(geometry)) if geometry else []
    if not found:
        return None, None
    lon, lat = (sum(axis) / len(found) for axis in zip(*found, strict=True))
    return lat, lon


def _positions(geometry: Mapping[str, Any]) -> Iterator[tuple[float, float]]:
    for part in geometry.get("geometries", ()):
        yield from _positions(part)
    yield from _flat(geometry.get("coordinates", ()))


def _flat(places: Iterable[Any]) -> Iterator[tuple[float, float]]:
    listed = list(places)
    if listed and isinstance(listed[0], (int, float)):
        yield float(listed[0]), float(listed[1])
        return
    for part in listed:
        yield from _flat(part)
