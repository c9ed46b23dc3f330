"""A made-up city for boards: its assets, and how long it has been watched."""

import math
from dataclasses import dataclass
from itertools import product

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
HOST = "aggregator-1"
CLASSES = ("sensor_fault", "process_anomaly", "communication")
Fields = dict[str, float | str | None]


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset, its only device, and where it stands."""

    number: int
    name: str
    asset_class: str
    district: str
    node: str
    device: str
    group: str

    @property
    def tags(self) -> dict[str, str]:
        """The tags of an asset's rows."""
        place = {"group": self.group, "node": self.node, "device": self.device}
        kind = {"asset_class": self.asset_class, "district": self.district}
        return {"asset": self.name, **kind, **place}

    @property
    def place(self) -> dict[str, str]:
        """The tags of its readings, but for the metric."""
        return {"device": self.device, "group": self.group, "node": self.node}

    @property
    def spot(self) -> dict[str, float]:
        """Where it is."""
        angle = self.number * 2.399963  # the golden angle spreads them evenly
        away = 0.05 * math.sqrt((self.number % 997) / 997)
        return {"lat": 50.1 + away * math.cos(angle), "lon": 8.7 + away * math.sin(angle)}


@dataclass(frozen=True, slots=True)
class City:
    """How large it is, and how long it has been watched.

    Attributes:
        assets: all of them.
        metrics: of each asset.
        now_ms: when it is looked at.
        hours: of history.
        readings_every_ms: of each sensor.
        states_every_ms: of each asset.
        abnormal: how many assets have an open incident.
    """

    assets: tuple[Asset, ...]
    metrics: tuple[str, ...]
    now_ms: int
    hours: int
    readings_every_ms: int
    states_every_ms: int
    abnormal: int

    @property
    def ill(self) -> dict[Asset, int]:
        """The assets with an open incident, spread over the city, and its level."""
        spread = self.assets[:: max(1, len(self.assets) // self.abnormal)][: self.abnormal]
        return {asset: 1 + place % 3 for place, asset in enumerate(spread)}

    @property
    def places(self) -> dict[str, list[Asset]]:
        """Assets by node."""
        nodes: dict[str, list[Asset]] = {}
        for asset in self.assets:
            nodes.setdefault(asset.node, []).append(asset)
        return nodes

    def times(self, every_ms: int) -> range:
        """From the beginning to now, not later."""
        return range(self.now_ms - self.hours * HOUR_MS, self.now_ms + 1, every_ms)


def assets_of(
    districts: tuple[str, ...],
    classes: tuple[str, ...],
    nodes: int,
    devices: int,
    name: str = "{}",
    first: int = 0,
) -> tuple[Asset, ...]:
    """Return assets: `devices` for each of `nodes` nodes for each of `districts`.

    Args:
        districts: their names.
        classes: taken in turn.
        nodes: in each district.
        devices: on each node, an asset each.
        name: "{}" in it becomes the number of the asset, node or device.
        first: the number of the first one.
    """
    places = product(range(len(districts)), range(nodes), range(devices))
    return tuple(
        Asset(
            number,
            name.format(f"asset-{number}"),
            classes[number % len(classes)],
            districts[district],
            name.format(f"node-{district}-{node}"),
            name.format(f"device-{device}"),
            "g1",
        )
        for number, (district, node, device) in enumerate(places, first)
    )
