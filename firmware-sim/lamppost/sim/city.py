"""Cities: which nodes there are, and which devices hang on each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lamppost.sim.sheets import AIR_QUALITY_MAST, PUMP_STATION, STREET_LIGHT_CABINET, Sheet


@dataclass(frozen=True, slots=True)
class DeviceSite:
    """A device of a city, its datasheet, and where it stands: degrees, WGS 84."""

    name: str
    sheet: Sheet
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class NodeSite:
    """An edge node of a city and the devices it reads."""

    name: str
    devices: tuple[DeviceSite, ...]


@dataclass(frozen=True, slots=True)
class City:
    """A city; `group` is the Sparkplug group of all its nodes."""

    name: str
    group: str
    nodes: tuple[NodeSite, ...]

    @property
    def devices(self) -> tuple[DeviceSite, ...]:
        """All devices, in order; their names differ."""
        return tuple(device for _, device in self.sites())

    def sites(self) -> Iterator[tuple[NodeSite, DeviceSite]]:
        """Yield each device with its node."""
        for node in self.nodes:
            for device in node.devices:
                yield node, device

    def node_of(self, device: str) -> NodeSite:
        """Return the node a device hangs on; KeyError when the city has no such device."""
        for node, site in self.sites():
            if site.name == device:
                return node
        raise KeyError(device)


DEMO = City(
    "demo",
    "riverside",
    (
        NodeSite(
            "pump-station-1",
            (
                DeviceSite("pump-1", PUMP_STATION, 48.7912, 9.2144),
                DeviceSite("pump-2", PUMP_STATION, 48.7913, 9.2147),
            ),
        ),
        NodeSite(
            "lights-1",
            (
                DeviceSite("cabinet-1", STREET_LIGHT_CABINET, 48.7861, 9.2051),
                DeviceSite("cabinet-2", STREET_LIGHT_CABINET, 48.7839, 9.1998),
            ),
        ),
        NodeSite("air-1", (DeviceSite("mast-1", AIR_QUALITY_MAST, 48.7885, 9.1952),)),
    ),
)

CITIES: Mapping[str, City] = MappingProxyType({city.name: city for city in (DEMO,)})
