"""The system driver: this machine as psutil sees it, and machines that tell less."""

from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lamppost.edge.config.file import ConfigError, load
from lamppost.edge.config.model import DeviceConfig
from lamppost.edge.drivers.system import SystemDriver
from lamppost.edge.drivers.system_sources import SOURCES, CpuTimes, cpu_percent, cpu_times
from lamppost.wire.datatypes import Quality

Times = namedtuple("Times", "user system idle iowait guest guest_nice")


def device(folder: Path, channels: str) -> DeviceConfig:
    """A device as the file gives it."""
    file = folder / "node.toml"
    head = '[node]\ngroup = "g"\nname = "n"\n[[device]]\nname = "node"\ndriver = "system"\n'
    file.write_text(head + channels)
    return load(file).devices[0]


def channel(name: str, keys: str = "") -> str:
    """One channel's table."""
    return f'[[device.channel]]\nname = "{name}"\n{keys}\n'


def machine(**changes: Any) -> SimpleNamespace:
    """A machine with known figures; each look at its processors finds one second more busy."""
    looks = iter(range(1000))
    usual = {
        "cpu_times": lambda: Times((n := next(looks)) + 5.0, 0.0, 3.0 * n, 0.0, 5.0, 0.0),
        "virtual_memory": lambda: SimpleNamespace(percent=40.0),
        "disk_usage": lambda path: SimpleNamespace(percent=float(len(path))),
        "boot_time": lambda: 100.0,
        "getloadavg": lambda: (0.5, 0.4, 0.3),
        "sensors_temperatures": lambda: {
            "nvme": [SimpleNamespace(current=30.0)],
            "cpu_thermal": [SimpleNamespace(current=55.5)],
        },
    }
    return SimpleNamespace(**(usual | changes))


async def read(config: DeviceConfig, fake: SimpleNamespace) -> dict[str, float | None]:
    """What the driver reads of a machine at 160 s."""
    driver = SystemDriver(config, wall=lambda: 160_000, machine=fake)
    await driver.open()
    readings = await driver.read()
    await driver.close()
    for reading in readings:
        assert (reading.value is None) == (reading.quality is Quality.BAD)
    return {reading.channel: reading.value for reading in readings}  # type: ignore[misc]


async def test_every_source(tmp_path: Path) -> None:
    """Each source shows its figure, in its unit."""
    config = device(tmp_path, "".join(channel(source) for source in SOURCES))
    assert await read(config, machine()) == {
        "cpu": 25.0,
        "memory": 40.0,
        "disk": 1.0,
        "temperature": 55.5,
        "uptime": 60.0,
        "load": 0.5,
    }


async def test_chosen_sources(tmp_path: Path) -> None:
    """A channel of another name says what it shows, of which disk and which sensor."""
    disk = channel("data", 'source = "disk"\npath = "/data"')
    chip = channel("ssd", 'source = "temperature"\nsensor = "nvme"')
    assert await read(device(tmp_path, disk + chip), machine()) == {"data": 5.0, "ssd": 30.0}


def gone(*_: object) -> float:
    """A file system whose server is away."""
    raise OSError("Transport endpoint is not connected")


async def test_what_a_machine_lacks_is_bad(tmp_path: Path) -> None:
    """A missing sensor or disk makes its own channel BAD and leaves the others alone."""
    channels = "".join(channel(source) for source in ("temperature", "disk", "memory"))
    poor = machine(sensors_temperatures=dict, disk_usage=gone)
    assert await read(device(tmp_path, channels), poor) == {
        "temperature": None,
        "disk": None,
        "memory": 40.0,
    }
    foreign = machine()
    del foreign.sensors_temperatures
    assert (await read(device(tmp_path, channels), foreign))["temperature"] is None


def test_processor_share() -> None:
    """Waiting for disks is idle, guests are not counted twice, and no time tells nothing."""
    times = cpu_times(SimpleNamespace(cpu_times=lambda: Times(10, 5, 70, 15, 2, 1)))
    assert times == CpuTimes(busy_s=15, total_s=100)
    assert cpu_percent(CpuTimes(10, 20), times) == 6.25
    assert cpu_percent(CpuTimes(5, 10), CpuTimes(5, 10)) is None


async def test_this_machine(tmp_path: Path) -> None:
    """On the machine at hand all but the temperature are there and in their ranges."""
    config = device(tmp_path, "".join(channel(source) for source in SOURCES))
    driver = SystemDriver(config)
    await driver.open()
    found = {reading.channel: reading.value for reading in await driver.read()}
    bounds = {"memory": 100, "disk": 100, "uptime": 1e10, "load": 1e5}
    for source, most in bounds.items():
        value = found[source]
        assert isinstance(value, float)
        assert 0 <= value <= most


def test_refusals(tmp_path: Path) -> None:
    """An unknown source, a type that is no number and a key of another source are refused."""
    bad = channel("cpus") + channel("cpu", 'type = "int64"') + channel("load", 'path = "/"')
    with pytest.raises(ConfigError) as caught:
        device(tmp_path, bad)
    assert [(problem.key, problem.came) for problem in caught.value.problems] == [
        ("source", "nothing"),
        ("type", "nothing"),
        ("path", "an unknown key"),
    ]
