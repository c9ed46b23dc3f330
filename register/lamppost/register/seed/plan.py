"""Which assets, devices and channels a made-up city has. Pure: the same numbers, the same city.

It is built of blocks of 32 assets: a pumping station with two pumps and two mains, a light
cabinet with twenty lamps, a mast, two buildings, a bridge, a traffic counter and a school. The
first block has the names of `lamppost demo`, so that one fills it with live readings.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from lamppost.register.records.births import ChannelSeen
from lamppost.register.records.importing import EMPTY

GROUP = "riverside"
DISTRICTS = ("Riverside", "Old Town", "Harbour", "Northfield", "Mill Hill")
LAMPS = 20
BLOCK = 32
CENTRE = (9.18, 48.78)

PUMP = (
    ChannelSeen("flow", "float", "L/s", 0.0, 80.0, 10_000, "flow"),
    ChannelSeen("pressure", "float", "bar", 0.0, 10.0, 10_000, "pressure"),
    ChannelSeen("level", "float", "m", 0.0, 5.0, 10_000, "level"),
    ChannelSeen("motor_current", "float", "A", 0.0, 80.0, 10_000, "current"),
    ChannelSeen("vibration", "float", "mm/s", 0.0, 30.0, 10_000, "vibration"),
)
CABINET = (
    ChannelSeen("voltage", "float", "V", 180.0, 280.0, 10_000, "voltage"),
    ChannelSeen("power", "float", "W", -1000.0, 15000.0, 10_000, "power"),
    ChannelSeen("energy", "double", "kW.h", 0.0, 42949.0, 10_000, "energy"),
)
MAST = (
    ChannelSeen("pm2.5", "float", "ug/m3", 0.0, 1000.0, 10_000, "particulates"),
    ChannelSeen("no2", "float", "ug/m3", 0.0, 500.0, 10_000, "gas"),
    ChannelSeen("temperature", "float", "Cel", -40.0, 60.0, 10_000, "temperature"),
)
METER = (
    ChannelSeen("energy", "double", "kW.h", 0.0, None, 60_000, "energy"),
    ChannelSeen("water", "double", "m3", 0.0, None, 60_000, "volume"),
)

ROLES = {"flow": "capacity_use", "power": "capacity_use", "energy": "state", "water": "state"}
"""By metric; any other tells of the state."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device of the city, and the asset its channels tell of.

    Attributes:
        node: Its node.
        name: Its name.
        channels: What it measures.
        asset: Id of the asset.
    """

    node: str
    name: str
    channels: tuple[ChannelSeen, ...]
    asset: str


@dataclass(slots=True)
class Block:
    """A part of the city.

    Attributes:
        assets: Id and columns, parents before children.
        devices: What watches them.
    """

    assets: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)


def blocks(number: int, random: Random) -> Iterator[Block]:
    """Give so many blocks."""
    for one in range(1, number + 1):
        yield _block(one, random)


def _block(number: int, random: Random) -> Block:
    block = Block()
    district = DISTRICTS[(number - 1) % len(DISTRICTS)]
    at = place(random)

    def add(one: str, kind: str, name: str, **columns: object) -> str:
        facts = asset_of(kind, name, district, random) | columns
        if columns.get("geometry") is None:
            facts["geometry"] = {"type": "Point", "coordinates": near(at, random)}
        block.assets.append((one, facts))
        return one

    def watch(node: str, name: str, channels: tuple[ChannelSeen, ...], asset: str) -> None:
        block.devices.append(Device(f"{node}-{number}", name, channels, asset))

    _water(number, random, at, add, watch)
    _light(number, random, add, watch)
    _rest(number, random, add, watch)
    return block


def asset_of(kind: str, name: str, district: str, random: Random) -> dict[str, Any]:
    """Return what is known of any made-up asset."""
    return {
        **EMPTY, "asset_class": kind, "name": name, "district": district,
        "external_ids": {"demo": "made up"}, "installed_on": _day(random),
    }  # fmt: skip


def place(random: Random) -> tuple[float, float]:
    """Return the middle of some part of the city."""
    return CENTRE[0] + random.uniform(-0.1, 0.1), CENTRE[1] + random.uniform(-0.06, 0.06)


def _water(number: int, random: Random, at: tuple[float, float], add: Any, watch: Any) -> None:  # noqa: ANN401 - closures of the block
    owner = {"owner": "City Water", "operator": "City Water"}
    station = add(
        f"station-{number}", "pump_station", f"Pumping station {number}", **owner,
        criticality=5, population=random.randrange(800, 6_000), design_life_years=60.0,
    )  # fmt: skip
    for pump in (1, 2):
        one = add(
            f"pump-{number}-{pump}", "pump", f"Pump {pump} of station {number}", **owner,
            parent=station, criticality=4, capacity=60.0, capacity_unit="L/s",
            capacity_basis="nameplate", design_life_years=20.0,
        )  # fmt: skip
        if pump == 1 or number > 1:
            watch("pump-station", f"pump-{pump}", PUMP, one)
        line = [near(at, random), near(at, random)]
        add(
            f"main-{number}-{pump}", "water_main", f"Main {number}.{pump}", **owner,
            criticality=3, length_m=float(random.randrange(200, 2_500)),
            population=random.randrange(100, 2_000), design_life_years=80.0,
            geometry={"type": "LineString", "coordinates": line},
        )  # fmt: skip


def _light(number: int, random: Random, add: Any, watch: Any) -> None:  # noqa: ANN401 - closures of the block
    owner = {"owner": "City Works", "operator": random.choice(["City Works", "LumenServ"])}
    cabinet = add(
        f"cabinet-{number}", "light_cabinet", f"Light cabinet {number}", **owner,
        criticality=3, capacity=6.0, capacity_unit="kW", capacity_basis="design",
        design_life_years=30.0, length_m=900.0,
    )  # fmt: skip
    watch("lights", "cabinet-1", CABINET, cabinet)
    for lamp in range(1, LAMPS + 1):
        add(
            f"lamp-{number}-{lamp}", "street_light", f"Lamp {number}.{lamp}", **owner,
            parent=cabinet, criticality=1, design_life_years=25.0,
        )  # fmt: skip


def _rest(number: int, random: Random, add: Any, watch: Any) -> None:  # noqa: ANN401 - closures of the block
    mast = add(f"mast-{number}", "air_mast", f"Air mast {number}", owner="City Environment")
    watch("air", "mast-1", MAST, mast)
    for name, kind, criticality in (
        ("hall", "public_building", 3), ("clinic", "public_building", 5),
        ("school", "public_building", 4),
    ):  # fmt: skip
        one = add(
            f"{name}-{number}", kind, f"{name.title()} {number}", owner="City Estates",
            criticality=criticality, population=random.randrange(50, 900),
            design_life_years=70.0, capacity=float(random.randrange(400, 4_000)),
            capacity_unit="m2", capacity_basis="design",
        )  # fmt: skip
        if name != "school" or number % 4:
            watch("meters", name, METER, one)
    add(
        f"bridge-{number}", "bridge", f"Bridge {number}", owner="City Works", criticality=5,
        length_m=float(random.randrange(12, 180)), design_life_years=100.0,
    )  # fmt: skip
    add(f"traffic-{number}", "traffic_counter", f"Counter {number}", owner="City Traffic")


def _day(random: Random) -> str:
    return f"{random.randrange(1978, 2025)}-{random.randrange(1, 13):02d}-01"


def near(at: tuple[float, float], random: Random) -> list[float]:
    """Return a place within some hundred metres."""
    return [round(place + random.uniform(-0.006, 0.006), 6) for place in at]
