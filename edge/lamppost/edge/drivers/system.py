"""The node itself, on psutil: processor, memory, disk, temperature, uptime, load."""

import asyncio
from collections.abc import Sequence

import psutil

from lamppost.edge.config.model import DeviceConfig
from lamppost.edge.config.problems import Problems
from lamppost.edge.drivers.seam import Reading, WallClock, wall_ms
from lamppost.edge.drivers.system_sources import (
    CPU,
    PROBES,
    CpuTimes,
    Machine,
    SystemPoint,
    cpu_percent,
    cpu_times,
    read_points,
)
from lamppost.wire.datatypes import Quality


class SystemDriver:
    """The machine the agent runs on.

    Sources: `cpu`, `memory` and `disk` in percent used, `temperature` in degrees Celsius,
    `uptime` in seconds, `load` as the mean number of runnable processes over one minute. What
    a machine does not have (often a temperature) is BAD.
    """

    def __init__(
        self, device: DeviceConfig, wall: WallClock = wall_ms, machine: Machine = psutil
    ) -> None:
        """Read the settings.

        Raises:
            ConfigError: the settings are not usable.
        """
        problems = Problems(str(device.file))
        self._points = read_points(device, problems)
        problems.raise_if_any()
        self._wall = wall
        self._machine = machine
        self._cpu = CpuTimes()

    @staticmethod
    def check(device: DeviceConfig, problems: Problems) -> None:
        """Note what is wrong with the channels' sources."""
        read_points(device, problems)

    async def open(self) -> None:
        """Take the first look at the processor: its load is what happens between two looks."""
        self._cpu = cpu_times(self._machine)

    async def read(self) -> Sequence[Reading]:
        """Read every source, in a thread: a disk whose server is gone may block."""
        return await asyncio.to_thread(self._read)

    async def close(self) -> None:
        """Nothing to let go of."""

    def _read(self) -> list[Reading]:
        before, self._cpu = self._cpu, cpu_times(self._machine)
        cpu = cpu_percent(before, self._cpu)
        readings = []
        for point in self._points:
            value = cpu if point.source == CPU else self._probe(point)
            # Processor times tick in hundredths: two looks in one tick tell nothing, which is
            # no fault.
            if value is None and point.source == CPU:
                continue
            quality = Quality.BAD if value is None else Quality.GOOD
            readings.append(Reading(point.channel, value, self._wall(), quality))
        return readings

    def _probe(self, point: SystemPoint) -> float | None:
        try:
            return PROBES[point.source](self._machine, point, self._wall() / 1000)
        # A source that this machine does not have is no reason to give up the others.
        except (OSError, AttributeError, NotImplementedError):
            return None
