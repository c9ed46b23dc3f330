"""Every driver keeps the seam's promises, and the guide to writing one is true.

The thermometer of docs/writing-a-driver.md is taken out of the page and run like the others.
"""

import asyncio
import importlib
import re
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType as SimType
from pymodbus.simulator import SimData, SimDevice

from lamppost.edge.config.file import ConfigError, load
from lamppost.edge.config.model import DeviceConfig
from lamppost.edge.drivers import registry
from lamppost.edge.drivers.seam import DriverError, DriverType
from lamppost.sim.ports import free_port
from lamppost.wire.datatypes import Quality

PAGE = Path(__file__).parents[2] / "docs" / "writing-a-driver.md"
NODE = '[node]\ngroup = "g"\nname = "n"\n'
KNOWN = {**registry.DRIVERS, "thermometer": "thermometer:ThermometerDriver"}


def block(label: str) -> str:
    """The code block of the guide under this label."""
    found = re.search(
        rf"<!-- {re.escape(label)} -->\n```\w+\n(.*?)```", PAGE.read_text(), re.DOTALL
    )
    assert found, f"the guide has no block {label}"
    return found[1]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the guide's driver as an importable module, and a recording."""
    (tmp_path / "thermometer.py").write_text(block("thermometer.py"))
    (tmp_path / "recording.csv").write_text("timestamp,value\n1,1.5\n2,2.5\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield tmp_path
    sys.modules.pop("thermometer", None)


def device(folder: Path, text: str) -> DeviceConfig:
    """The device of a file."""
    file = folder / "node.toml"
    file.write_text(NODE + text)
    return load(file, KNOWN).devices[0]


async def thermometer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A thermometer as its protocol says: probe 1 is at 21.5 degrees, there is no other."""
    with suppress(ConnectionError):
        while line := await reader.readline():
            writer.write(b"21.5\n" if line == b"T1?\n" else b"ERR\n")
            await writer.drain()
    writer.close()


@dataclass(frozen=True)
class Ports:
    """Where the devices of these tests listen; `nobody` is a port without a listener."""

    modbus: int
    thermometer: int
    nobody: int


@pytest.fixture
async def ports() -> AsyncIterator[Ports]:
    """A Modbus server and a thermometer on free ports."""
    bits = [SimData(0, values=[True] * 16, datatype=SimType.BITS)]
    words = [SimData(0, values=list(range(10)), datatype=SimType.REGISTERS)]
    slave = ModbusTcpServer(SimDevice(1, (bits, bits, words, words)), address=("127.0.0.1", 0))
    await slave.serve_forever(background=True)
    async with await asyncio.start_server(thermometer, "127.0.0.1", 0) as server:
        yield Ports(
            slave.transport.sockets[0].getsockname()[1],  # type: ignore[attr-defined]
            server.sockets[0].getsockname()[1],
            free_port(),
        )
    await slave.shutdown()  # type: ignore[no-untyped-call]


DRIVERS = ["modbus", "system", "replay", "thermometer"]
REMOTE = ["modbus", "thermometer"]


def made(folder: Path, name: str, ports: Ports, *, reachable: bool = True) -> DeviceConfig:
    """The guide's own example of this driver, with its device at hand."""
    text = block(name).replace("192.0.2.7", "127.0.0.1").replace("192.0.2.10", "127.0.0.1")
    port = ports.modbus if name == "modbus" else ports.thermometer
    port = port if reachable else ports.nobody
    text = re.sub(r"^port = .*\n", "", text, flags=re.MULTILINE)
    return device(folder, text.replace('127.0.0.1"\n', f'127.0.0.1"\nport = {port}\n'))


def kind(config: DeviceConfig) -> DriverType:
    """The driver type of a device."""
    return registry.find(config.driver, KNOWN)


@pytest.mark.parametrize("name", DRIVERS)
async def test_reads_what_is_configured(name: str, folder: Path, ports: Ports) -> None:
    """Readings name configured channels, are stamped with the time of the read, and repeat."""
    config = made(folder, name, ports)
    driver = kind(config)(config)
    began_ms = time.time_ns() // 1_000_000
    await driver.open()
    try:
        first = await driver.read()
        await driver.read()
    finally:
        await driver.close()
    ended_ms = time.time_ns() // 1_000_000
    assert first
    assert {reading.channel for reading in first} <= {one.name for one in config.channels}
    for reading in first:
        assert began_ms <= reading.time_ms <= ended_ms
        assert (reading.value is None) == (reading.quality is Quality.BAD)


@pytest.mark.parametrize("name", DRIVERS)
async def test_closes_without_being_open(name: str, folder: Path, ports: Ports) -> None:
    """A driver that was never opened, because that failed, can be closed."""
    config = made(folder, name, ports)
    await kind(config)(config).close()


@pytest.mark.parametrize("name", REMOTE)
async def test_nobody_there(name: str, folder: Path, ports: Ports) -> None:
    """A device that is away is a DriverError or OSError of open, and close still works."""
    config = made(folder, name, ports, reachable=False)
    driver = kind(config)(config)
    with pytest.raises((DriverError, OSError)):
        await driver.open()
    await driver.close()


@pytest.mark.parametrize("name", DRIVERS)
def test_a_misspelt_key_is_told(name: str, folder: Path) -> None:
    """A key that the driver does not know is refused by the same check as all others."""
    text = block(name) + "nonsense = 1\n"
    with pytest.raises(ConfigError, match="nonsense: came an unknown key"):
        device(folder, text)


async def test_the_thermometer(folder: Path, ports: Ports) -> None:
    """The guide's driver reads a temperature, and a probe that is not there is BAD."""
    spare = '[[device.channel]]\nname = "spare"\nprobe = 2\n'
    text = block("thermometer").replace('192.0.2.7"', f'127.0.0.1"\nport = {ports.thermometer}')
    config = device(folder, text + spare)
    driver = kind(config)(config)
    await driver.open()
    readings = await driver.read()
    await driver.close()
    assert [(one.channel, one.value) for one in readings] == [("feed", 21.5), ("spare", None)]


def test_the_guides_message(folder: Path) -> None:
    """The mistake that the guide shows is told in the words the guide shows."""
    text = block("thermometer").replace("host = ", "prot = 1\nhost = ")
    with pytest.raises(ConfigError) as caught:
        device(folder, text)
    told = str(caught.value).replace(str(folder / "node.toml"), "node.toml")
    assert told in PAGE.read_text()


def test_only_what_is_used_is_imported(folder: Path) -> None:
    """Reading a configuration without Modbus devices does not import pymodbus."""
    import subprocess

    (folder / "node.toml").write_text(NODE + block("replay"))
    code = (
        "import sys; from lamppost.edge.config.file import load;"
        "import lamppost.edge.sampling.sampler;"
        f"load({str(folder / 'node.toml')!r});"
        "print([name for name in ('pymodbus', 'psutil', 'numpy') if name in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"


def test_the_registry_is_true() -> None:
    """Every registered name leads to a driver type, and to its checks."""
    for name in registry.DRIVERS:
        assert callable(registry.find(name).check)
