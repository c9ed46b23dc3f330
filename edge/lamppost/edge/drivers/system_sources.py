"""What psutil can tell of this machine, one function per source."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lamppost.edge.config.device import driver_tables
from lamppost.edge.config.model import DeviceConfig
from lamppost.edge.config.problems import Problems
from lamppost.wire.datatypes import DataType

CPU_SENSORS: Final = ("cpu_thermal", "coretemp", "k10temp", "soc_thermal", "acpitz")
"""Chips that tell the processor's temperature, the likeliest first."""

CPU: Final = "cpu"


@dataclass(frozen=True, slots=True)
class SystemPoint:
    """What one channel shows; `path` matters to `disk` only, `sensor` to `temperature`."""

    channel: str
    source: str
    path: str = "/"
    sensor: str = ""


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """Seconds since the start of the machine, over all processors."""

    busy_s: float = 0.0
    total_s: float = 0.0


Machine = Any
"""The module psutil, or what stands in for it."""


def cpu_times(machine: Machine) -> CpuTimes:
    """How long the processors were busy so far."""
    times = machine.cpu_times()
    # Linux counts the time of guests twice: once more as that of user and nice.
    guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    total_s = sum(times) - guests
    return CpuTimes(total_s - times.idle - getattr(times, "iowait", 0.0), total_s)


def cpu_percent(before: CpuTimes, after: CpuTimes) -> float | None:
    """The share of the time between two looks that was not idle; None if none passed."""
    passed_s = after.total_s - before.total_s
    if passed_s <= 0:
        return None
    return min(100.0, max(0.0, 100.0 * (after.busy_s - before.busy_s) / passed_s))


def _memory(machine: Machine, _point: SystemPoint, _now_s: float) -> float:
    return float(machine.virtual_memory().percent)


def _disk(machine: Machine, point: SystemPoint, _now_s: float) -> float:
    return float(machine.disk_usage(point.path).percent)


def _uptime(machine: Machine, _point: SystemPoint, now_s: float) -> float:
    return now_s - float(machine.boot_time())


def _load(machine: Machine, _point: SystemPoint, _now_s: float) -> float:
    return float(machine.getloadavg()[0])


def _temperature(machine: Machine, point: SystemPoint, _now_s: float) -> float | None:
    chips = machine.sensors_temperatures()
    for name in (point.sensor,) if point.sensor else (*CPU_SENSORS, *chips):
        if chips.get(name):
            return float(chips[name][0].current)
    return None


PROBES: Final[Mapping[str, Callable[[Machine, SystemPoint, float], float | None]]] = {
    "memory": _memory,
    "disk": _disk,
    "temperature": _temperature,
    "uptime": _uptime,
    "load": _load,
}
SOURCES: Final = (CPU, *PROBES)


def read_points(device: DeviceConfig, problems: Problems) -> tuple[SystemPoint, ...]:
    """Read and check the driver's own keys; a channel named like a source shows it."""
    points = []
    with driver_tables(device, problems) as (_options, channels):
        for table, channel in zip(channels, device.channels, strict=True):
            if channel.datatype is not DataType.DOUBLE:
                table.wrong("type", "'double' for a channel of the system driver")
            named = channel.name in SOURCES
            source = (
                table.choice("source", SOURCES, channel.name)
                if named
                else table.choice("source", SOURCES)
            )
            path = table.text("path", "/", empty=False) if source == "disk" else "/"
            sensor = table.text("sensor", "") if source == "temperature" else ""
            points.append(SystemPoint(channel.name, source, path, sensor))
    return tuple(points)
