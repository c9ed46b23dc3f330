"""What a made-up city has beside its blocks, so that each indicator has something to tell of.

A town of 64 assets: waterworks, households, lights that are managed one by one, streets,
sewers, bins, parking, stations for air, water and weather. Pure, like the plan.
"""

from random import Random
from typing import Any

from lamppost.register.records.births import ChannelSeen
from lamppost.register.seed.plan import METER, Block, Device, asset_of, near

TOWN = 64
"""Assets of a town."""

MINUTE_MS = 60_000
WORKS, STATIONS = "City Water", "City Environment"


def _seen(kind: str, unit: str, metric: str = "", high: float | None = None) -> ChannelSeen:
    return ChannelSeen(metric or kind, "float", unit, 0.0, high, MINUTE_MS, kind)


SUPPLY = (
    ChannelSeen("supplied", "double", "m3", 0.0, None, MINUTE_MS, "volume"),
    _seen("ph", "[pH]", high=14.0),
    _seen("turbidity", "[NTU]"),
)
LAMP = (
    *(_seen(kind, "1") for kind in ("lamp_state", "schedule", "dimming", "lamp_fault")),
    ChannelSeen("energy", "double", "kW.h", 0.0, None, MINUTE_MS, "energy"),
)
STREET = (_seen("traffic_count", "{vehicle}/h"), _seen("speed", "km/h"))
DEPTH = (_seen("level", "m"),)
FILL = (_seen("fill_level", "%", high=100.0),)
BAY = (_seen("occupancy", "1", high=1.0),)
RIVER = (_seen("ph", "[pH]", high=14.0), _seen("turbidity", "[NTU]"), _seen("oxygen", "mg/L"))
AIR = (_seen("pm10", "ug/m3"), _seen("o3", "[ppb]"), _seen("so2", "[ppb]"))
AGAIN = (_seen("pm10", "ug/m3"),)
"""What a pilot left at the station: it measures the same."""
WEATHER = (ChannelSeen("temperature", "float", "Cel", -40.0, 60.0, MINUTE_MS, "temperature"),)
ROOM = (_seen("co2", "[ppm]"),)
MAIN = (_seen("pressure", "bar"),)

LAYOUT: tuple[tuple[str, str, int, tuple[ChannelSeen, ...], int, dict[str, Any]], ...] = (
    ("works", "waterworks", 1, SUPPLY, 1, {"owner": WORKS, "criticality": 5}),
    ("house", "household", 16, METER, 15, {"population": 2}),
    ("light", "street_light", 16, LAMP, 16, {"owner": "City Works", "criticality": 2}),
    ("avenue", "major_street", 2, STREET, 1, {"length_m": 1_400.0, "criticality": 4}),
    ("street", "street", 3, STREET, 1, {"length_m": 600.0}),
    ("sewer", "sewer", 3, DEPTH, 2, {"owner": WORKS, "length_m": 900.0}),
    ("drain", "storm_drain", 2, DEPTH, 1, {"owner": WORKS, "length_m": 700.0}),
    ("pipe", "water_main", 2, MAIN, 2, {"owner": WORKS, "length_m": 1_100.0}),
    ("drop-off", "waste_dropoff", 2, FILL, 1, {"owner": "City Waste"}),
    ("bin", "public_bin", 4, FILL, 3, {"owner": "City Waste"}),
    ("bay", "parking_space", 4, BAY, 3, {"owner": "City Traffic"}),
    ("river", "water_quality_station", 1, RIVER, 1, {"owner": STATIONS}),
    ("air", "air_station", 1, AIR, 1, {"owner": STATIONS, "criticality": 4}),
    ("roof", "urban_weather_station", 1, WEATHER, 1, {"owner": STATIONS}),
    ("field", "rural_weather_station", 1, WEATHER, 1, {"owner": STATIONS}),
    ("shop", "commercial_building", 3, METER, 3, {"capacity": 900.0}),
    ("plant", "industrial_building", 1, METER, 1, {"capacity": 6_000.0}),
    ("library", "public_building", 1, (*METER, *ROOM), 1, {"capacity": 1_500.0}),
)
"""Name, class, how many, what watches one, how many are watched, and what else is known."""

LINES = frozenset(("major_street", "street", "sewer", "storm_drain", "water_main"))


def town(number: int, district: str, at: tuple[float, float], random: Random) -> Block:
    """Return the assets of a town, and what watches them."""
    block = Block()
    for name, kind, many, channels, watched, known in LAYOUT:
        for n in range(1, many + 1):
            one = f"{name}-t{number}-{n}"
            facts = asset_of(kind, f"{name.title()} {number}.{n}", district, random)
            facts |= _floor(known) | {"geometry": _geometry(kind, at, random)}
            block.assets.append((one, facts))
            if n <= watched:
                node = f"{kind.replace('_', '-')}-t{number}"
                block.devices.append(Device(node, f"{name}-{n}", channels, one))
    station = f"air-t{number}-1"
    block.devices.append(Device(f"pilot-t{number}", "pilot-1", AGAIN, station))
    return block


def _floor(known: dict[str, Any]) -> dict[str, Any]:
    """A building's capacity is its floor."""
    floor = {"capacity_unit": "m2", "capacity_basis": "design"}
    return known | floor if "capacity" in known else known


def _geometry(kind: str, at: tuple[float, float], random: Random) -> dict[str, Any]:
    if kind not in LINES:
        return {"type": "Point", "coordinates": near(at, random)}
    return {"type": "LineString", "coordinates": [near(at, random), near(at, random)]}
