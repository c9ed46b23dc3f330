"""NGSI-LD: devices, street lights and what they observe, as smart data models name them.

The names are those of the public smart data models (Device, Streetlight, AirQualityObserved,
NoiseLevelObserved, FloodMonitoring, DeviceMeasurement). An observation is a last good reading;
without a running aggregator there are none. Entities that demand a place are left out when
nobody said where their asset is.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from lamppost.register.exports.records import Records
from lamppost.register.live import ChannelView
from lamppost.register.records.births import channel_id, device_id
from lamppost.register.records.values import Asset
from lamppost.register.sensorthings.entities import iso

CONTEXT = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"
AIR = frozenset(("pm25", "pm10", "no2", "o3", "so2", "co"))
"""Channel classes that are properties of AirQualityObserved under the same name."""
NOISE, WATER_LEVEL = "noise", frozenset(("level", "water_level"))
LIGHTS = frozenset(("street light", "street_light", "streetlight", "lamp"))

Entity = dict[str, Any]


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
    for entity in _entities(records, latest):
        yield mark + json.dumps(entity | {"@context": CONTEXT}, ensure_ascii=False)
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
    entity = _entity("Device", device)
    entity["controlledProperty"] = _property(sorted(set(controlled)))
    if version:
        entity["firmwareVersion"] = _property(version)
    if place is not None:
        entity["controlledAsset"] = {
            "type": "Relationship",
            "object": urn("Asset", place.asset),
        }
        if place.geometry is not None:
            entity["location"] = {"type": "GeoProperty", "value": place.geometry}
    return entity


def _light(asset: Asset) -> Entity:
    entity = _entity("Streetlight", asset.id) | {"name": _property(asset.name)}
    if asset.geometry is not None:
        entity["location"] = {"type": "GeoProperty", "value": asset.geometry}
    return entity


def _measurement(one: ChannelView) -> Entity:
    entity = _entity("DeviceMeasurement", _channel_id(one))
    entity["refDevice"] = {"type": "Relationship", "object": urn("Device", _device_id(one))}
    entity["controlledProperty"] = _property(one.metric)
    entity["numValue"] = _read(one)
    entity["dateObserved"] = _property(iso(one.time_ms))
    return entity


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
            entity = _entity(name, device) | wanted
            entity["refDevice"] = {"type": "Relationship", "object": urn("Device", device)}
            entity["location"] = {"type": "GeoProperty", "value": place.geometry}
            yield entity


def _kinds(found: Mapping[str, ChannelView]) -> dict[str, Entity]:
    kinds: dict[str, Entity] = {}
    air = {name: found[name] for name in sorted(AIR & found.keys())}
    if air:
        newest = max(one.time_ms for one in air.values())
        kinds["AirQualityObserved"] = {name: _read(one) for name, one in air.items()} | {
            "dateObserved": _property(iso(newest))
        }
    if NOISE in found:
        at = iso(found[NOISE].time_ms)
        kinds["NoiseLevelObserved"] = {
            "LAeq": _read(found[NOISE]),
            "dateObservedFrom": _property(at),
            "dateObservedTo": _property(at),
        }
    for name in sorted(WATER_LEVEL & found.keys()):
        kinds["FloodMonitoring"] = {
            "currentLevel": _read(found[name]),
            "dateObserved": _property(iso(found[name].time_ms)),
        }
    return kinds


def urn(kind: str, one: str) -> str:
    """Return an entity's id; what an address cannot carry is percent-encoded."""
    return f"urn:ngsi-ld:{kind}:{quote(one, safe='')}"


def _entity(kind: str, one: str) -> Entity:
    return {"id": urn(kind, one), "type": kind}


def _property(value: object) -> Entity:
    return {"type": "Property", "value": value}


def _read(one: ChannelView) -> Entity:
    told = _property(one.value) | {"observedAt": iso(one.time_ms)}
    return told | {"unitCode": one.unit} if one.unit else told


def _device_id(one: ChannelView) -> str:
    return device_id(one.group, one.node, one.device)


def _channel_id(one: ChannelView) -> str:
    return channel_id(one.group, one.node, one.device, one.metric)


def _is_number(one: ChannelView) -> bool:
    return isinstance(one.value, int | float) and not isinstance(one.value, bool)
