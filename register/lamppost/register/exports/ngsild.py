"""NGSI-LD: devices, street lights and what they observe, as smart data models name them.

The names are those of the public smart data models (Device, Streetlight, WasteContainer,
ParkingSpot, AirQualityObserved, NoiseLevelObserved, FloodMonitoring, TrafficFlowObserved,
DeviceMeasurement, and what `ngsild_told` tells). An observation is a last good reading;
without a running aggregator there are none. Entities that demand a place are left out when
nobody said where their asset is.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lamppost.register.exports import ngsild_told
from lamppost.register.exports.ngsi import Entity, entity, known, lies, refers, said
from lamppost.register.exports.records import Records
from lamppost.register.live import ChannelView
from lamppost.register.records.births import channel_id, device_id
from lamppost.register.records.values import Asset
from lamppost.register.sensorthings.entities import iso

CONTEXT = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"
AIR = frozenset(("pm25", "pm10", "no2", "o3", "so2", "co"))
"""Channel classes that are properties of AirQualityObserved under the same name."""
NOISE, WATER_LEVEL = "noise", frozenset(("level", "water_level"))
TRAFFIC = {
    "traffic_count": "intensity", "speed": "averageVehicleSpeed", "occupancy": "occupancy",
}  # fmt: skip
"""Properties of TrafficFlowObserved by channel class."""

CONTAINERS, PARKING = frozenset(("public_bin", "waste_dropoff")), "parking_space"
LIGHTS = frozenset(("street light", "street_light", "streetlight", "lamp"))


@dataclass(frozen=True, slots=True)
class Place:
    """The asset that a device tells of: its id, and where it is."""

    asset: str
    geometry: dict[str, Any] | None


def ngsild(records: Records, latest: tuple[ChannelView, ...]) -> Iterator[str]:
    """Yield an array of entities, one a line.

    Args:
        records: The register.
        latest: Last readings, empty without an aggregator.
    """
    yield "["
    mark = "\n"
    for one in _entities(records, latest):
        yield mark + json.dumps(one | {"@context": CONTEXT}, ensure_ascii=False)
        mark = ",\n"
    yield "\n]\n"


def _entities(records: Records, latest: tuple[ChannelView, ...]) -> Iterator[Entity]:
    assets = {asset.id: asset for asset in records.every("assets")}
    places = _places(records, assets)
    yield from (_light(asset) for asset in assets.values() if asset.asset_class in LIGHTS)
    versions = {node.id: node.version for node in records.every("nodes")}
    properties = _controlled(records)
    for device in records.every("devices"):
        known = properties.get(device.id, [])
        yield _device(device.id, versions[device.node], known, places.get(device.id))
    good = [one for one in latest if not one.stale and not one.flags and _is_number(one)]
    yield from (_measurement(one) for one in good)
    yield from _observed(records, good, places)
    told_of = _told_of(records, good)
    for asset in assets.values():
        yield from _filled_or_parked(asset, told_of.get(asset.id, {}))
    yield from ngsild_told.indicators(records)
    yield from ngsild_told.quality(records)
    yield from ngsild_told.privacy(records)


def _told_of(records: Records, good: list[ChannelView]) -> dict[str, dict[str, ChannelView]]:
    """By asset and channel class the last good reading that tells of it."""
    seen = {_channel_id(one): one for one in good}
    classes = {one.id: one.channel_class for one in records.every("channels") if one.id in seen}
    found: dict[str, dict[str, ChannelView]] = {}
    for link in records.every("links"):
        if link.channel in classes:
            found.setdefault(link.asset, {})[classes[link.channel]] = seen[link.channel]
    return found


def _places(records: Records, assets: Mapping[str, Asset]) -> dict[str, Place]:
    """The place of each device: that of the asset which one of its channels tells of."""
    device_of = {channel.id: channel.device for channel in records.every("channels")}
    return {
        device_of[link.channel]: Place(link.asset, assets[link.asset].geometry)
        for link in records.every("links")
        if link.asset in assets and link.channel in device_of
    }


def _controlled(records: Records) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for channel in records.every("channels"):
        found.setdefault(channel.device, []).append(channel.channel_class or channel.metric)
    return found


def _device(device: str, version: str, controlled: list[str], place: Place | None) -> Entity:
    told = entity("Device", device)
    told["controlledProperty"] = said(sorted(set(controlled)))
    if version:
        told["firmwareVersion"] = said(version)
    if place is not None:
        told["controlledAsset"] = refers("Asset", place.asset)
        if place.geometry is not None:
            told["location"] = lies(place.geometry)
    return told


def _light(asset: Asset) -> Entity:
    told = entity("Streetlight", asset.id) | {"name": said(asset.name)}
    if asset.geometry is not None:
        told["location"] = lies(asset.geometry)
    return told


def _filled_or_parked(asset: Asset, read: Mapping[str, ChannelView]) -> Iterator[Entity]:
    """A container or a place to park, with its last good reading; both demand a place."""
    if asset.geometry is None:
        return
    stands = {"name": said(asset.name), "location": lies(asset.geometry)}
    if asset.asset_class in CONTAINERS:
        level = read.get("fill_level")
        share = None if level is None or level.unit != "%" else _value(level) / 100
        told = known(fillingLevel=share, responsible=asset.owner)
        yield entity("WasteContainer", asset.id) | stands | told
    elif asset.asset_class == PARKING:
        taken = read.get("occupancy")
        status = "unknown" if taken is None else "occupied" if _value(taken) else "free"
        yield entity("ParkingSpot", asset.id) | stands | known(status=status)


def _measurement(one: ChannelView) -> Entity:
    told = entity("DeviceMeasurement", _channel_id(one))
    told["refDevice"] = refers("Device", _device_id(one))
    told["controlledProperty"] = said(one.metric)
    told["numValue"] = _read(one)
    told["dateObserved"] = said(iso(one.time_ms))
    return told


def _observed(
    records: Records, good: list[ChannelView], places: Mapping[str, Place]
) -> Iterator[Entity]:
    """One entity for what a device observes of air, noise or water, where it has a place."""
    classes = {one.id: one.channel_class for one in records.every("channels")}
    by_device: dict[str, dict[str, ChannelView]] = {}
    for one in good:
        kind = classes.get(_channel_id(one), "")
        by_device.setdefault(_device_id(one), {})[kind] = one
    for device, found in sorted(by_device.items()):
        place = places.get(device)
        if place is None or place.geometry is None:
            continue
        for name, wanted in _kinds(found).items():
            told = entity(name, device) | wanted
            told["refDevice"] = refers("Device", device)
            told["location"] = lies(place.geometry)
            yield told


def _kinds(found: Mapping[str, ChannelView]) -> dict[str, Entity]:
    kinds: dict[str, Entity] = {}
    air = {name: found[name] for name in sorted(AIR & found.keys())}
    if air:
        newest = max(one.time_ms for one in air.values())
        kinds["AirQualityObserved"] = {name: _read(one) for name, one in air.items()} | {
            "dateObserved": said(iso(newest))
        }
    if NOISE in found:
        at = iso(found[NOISE].time_ms)
        kinds["NoiseLevelObserved"] = {
            "LAeq": _read(found[NOISE]),
            "dateObservedFrom": said(at),
            "dateObservedTo": said(at),
        }
    traffic = {name: found[kind] for kind, name in TRAFFIC.items() if kind in found}
    if traffic:
        newest = max(one.time_ms for one in traffic.values())
        kinds["TrafficFlowObserved"] = {name: _read(one) for name, one in traffic.items()} | {
            "dateObserved": said(iso(newest))
        }
    for name in sorted(WATER_LEVEL & found.keys()):
        kinds["FloodMonitoring"] = {
            "currentLevel": _read(found[name]),
            "dateObserved": said(iso(found[name].time_ms)),
        }
    return kinds


def _read(one: ChannelView) -> Entity:
    told = said(one.value) | {"observedAt": iso(one.time_ms)}
    return told | {"unitCode": one.unit} if one.unit else told


def _device_id(one: ChannelView) -> str:
    return device_id(one.group, one.node, one.device)


def _channel_id(one: ChannelView) -> str:
    return channel_id(one.group, one.node, one.device, one.metric)


def _value(one: ChannelView) -> float:
    return float(one.value) if isinstance(one.value, int | float) else 0.0


def _is_number(one: ChannelView) -> bool:
    return isinstance(one.value, int | float) and not isinstance(one.value, bool)
