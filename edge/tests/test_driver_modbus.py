"""The Modbus driver against pymodbus's own TCP server."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType as SimType
from pymodbus.simulator import SimData, SimDevice

from lamppost.edge.config.file import ConfigError, load
from lamppost.edge.config.model import DeviceConfig
from lamppost.edge.drivers.modbus import ModbusDriver
from lamppost.edge.drivers.seam import DriverError, Reading
from lamppost.edge.sampling.sampler import Sampler
from lamppost.wire.datatypes import Quality

FLOW = '[[device.channel]]\nname = "flow"\ntable = "input"\naddress = 0\nencoding = "float32"\n'
HOLDING = '[[device.channel]]\nname = "{}"\naddress = {}\nencoding = "uint16"\n'
BOOLEAN = '[[device.channel]]\nname = "{}"\ntype = "boolean"\ntable = "{}"\naddress = {}\n'

Answer = Callable[[int, int, int], ExcCodes | None]
"""What a device thinks of a request (function, address, count): None lets it be answered."""


def device(
    folder: Path, channels: str, port: int = 502, keys: str = "", timeout_s: float = 60
) -> DeviceConfig:
    """A device as the file gives it; only one that is silent meets its timeout."""
    file = folder / "node.toml"
    file.write_text(
        '[node]\ngroup = "g"\nname = "n"\n[[device]]\nname = "pump"\ndriver = "modbus"\n'
        f"poll_s = 0.02\ntimeout_s = {timeout_s}\n"
        f'[device.options]\nhost = "127.0.0.1"\nport = {port}\n'
        f"{keys}\n{channels}"
    )
    return load(file).devices[0]


class Slave:
    """A pump: input 0..1 flow, holding 0..9 and 12..13, coils and discrete inputs 0..15."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int, int]] = []
        self.answer: Answer = lambda _function, _address, _count: None
        self.pause_s = 0.0
        self.port = 0
        self.busy = asyncio.Event()
        self.server: ModbusTcpServer | None = None

    async def start(self) -> None:
        """Listen; the second time on the same port as the first."""
        coils = [SimData(0, values=[True, False] * 8, datatype=SimType.BITS)]
        inputs = [SimData(0, values=[12.5], datatype=SimType.FLOAT32)]
        holding = [
            SimData(0, values=list(range(100, 110)), datatype=SimType.REGISTERS),
            SimData(12, values=[112, 113], datatype=SimType.REGISTERS),
        ]
        unit = SimDevice(1, (coils, coils, holding, inputs), action=self._action)
        self.server = ModbusTcpServer(unit, address=("127.0.0.1", self.port))
        await self.server.serve_forever(background=True)
        self.port = self.server.transport.sockets[0].getsockname()[1]  # type: ignore[attr-defined]

    async def stop(self) -> None:
        """Hang up on everybody and stop to listen."""
        if self.server is not None:
            await self.server.shutdown()  # type: ignore[no-untyped-call]
            self.server = None

    async def _action(
        self, function: int, _start: int, address: int, count: int, *_: object
    ) -> ExcCodes | None:
        self.asked.append((function, address, count))
        self.busy.set()
        await asyncio.sleep(self.pause_s)
        return self.answer(function, address, count)


@pytest.fixture
async def slave() -> AsyncIterator[Slave]:
    """A device on a free port."""
    slave = Slave()
    await slave.start()
    yield slave
    await slave.stop()


@asynccontextmanager
async def opened(config: DeviceConfig) -> AsyncIterator[ModbusDriver]:
    """A driver that is connected, and closed in the end."""
    driver = ModbusDriver(config, wall=lambda: 1234)
    try:
        await driver.open()
        yield driver
    finally:
        await driver.close()


def values(readings: Sequence[Reading]) -> dict[str, object]:
    """What each channel says."""
    for reading in readings:
        assert (reading.value is None) == (reading.quality is Quality.BAD)
        assert reading.time_ms == 1234
    return {reading.channel: reading.value for reading in readings}


async def test_all_tables(slave: Slave, tmp_path: Path) -> None:
    """One request for each table brings registers, coils and discrete inputs, scaled."""
    scaled = HOLDING.format("speed", 3) + "scale = 0.5\noffset = 1\n"
    whole = HOLDING.format("starts", 2) + 'type = "int64"\n'
    bits = BOOLEAN.format("run", "coil", 0) + BOOLEAN.format("open", "discrete", 1)
    config = device(tmp_path, FLOW + scaled + whole + bits, slave.port)
    async with opened(config) as driver:
        assert values(await driver.read()) == {
            "flow": 12.5,
            "speed": 52.5,
            "starts": 102,
            "run": True,
            "open": False,
        }
    assert sorted(slave.asked) == [(1, 0, 1), (2, 1, 1), (3, 2, 2), (4, 0, 2)]


async def test_an_illegal_address_costs_one_channel(slave: Slave, tmp_path: Path) -> None:
    """Only the register the device does not have is BAD, and the next poll goes round it."""
    channels = "".join(HOLDING.format(f"r{at}", at) for at in (0, 1, 10, 12, 13))
    async with opened(device(tmp_path, channels, slave.port)) as driver:
        expected = {"r0": 100, "r1": 101, "r10": None, "r12": 112, "r13": 113}
        assert values(await driver.read()) == expected
        assert driver.requests == 6  # all together, then each alone
        slave.asked.clear()
        assert values(await driver.read()) == expected
        assert driver.requests == 6 + 3
        assert sorted(slave.asked) == [(3, 0, 2), (3, 12, 2)]  # what it has, that is


async def test_a_bad_register_can_come_to_life(slave: Slave, tmp_path: Path) -> None:
    """A register that was refused is asked for again at every poll."""
    slave.answer = lambda _function, address, count: (
        ExcCodes.ILLEGAL_ADDRESS if address <= 1 < address + count else None
    )
    channels = "".join(HOLDING.format(f"r{at}", at) for at in range(3))
    async with opened(device(tmp_path, channels, slave.port)) as driver:
        assert values(await driver.read()) == {"r0": 100, "r1": None, "r2": 102}
        slave.answer = lambda *_: None
        assert values(await driver.read()) == {"r0": 100, "r1": 101, "r2": 102}


async def test_a_device_that_cannot_do_long_reads(slave: Slave, tmp_path: Path) -> None:
    """A device that refuses long requests is asked in halves until it answers."""
    slave.answer = lambda _function, _address, count: (
        ExcCodes.ILLEGAL_VALUE if count > 3 else None
    )
    channels = "".join(HOLDING.format(f"r{at}", at) for at in range(10))
    async with opened(device(tmp_path, channels, slave.port)) as driver:
        for _ in range(4):
            assert values(await driver.read()) == {f"r{at}": 100 + at for at in range(10)}
        slave.asked.clear()
        await driver.read()
    assert sorted(slave.asked) == [(3, 0, 2), (3, 2, 3), (3, 5, 2), (3, 7, 3)]


async def test_nobody_behind_the_gateway(slave: Slave, tmp_path: Path) -> None:
    """A gateway that misses its device makes the block BAD: single reads would wait as long."""
    slave.answer = lambda *_: ExcCodes.GATEWAY_NO_RESPONSE
    channels = "".join(HOLDING.format(f"r{at}", at) for at in range(3))
    async with opened(device(tmp_path, channels, slave.port)) as driver:
        assert values(await driver.read()) == {"r0": None, "r1": None, "r2": None}
        assert slave.asked == [(3, 0, 3)]
        slave.answer = lambda *_: None
        assert values(await driver.read()) == {"r0": 100, "r1": 101, "r2": 102}


async def test_a_passing_fault_keeps_the_block(slave: Slave, tmp_path: Path) -> None:
    """After a device failure the registers are tried singly, and next time together again."""
    slave.answer = lambda *_: ExcCodes.DEVICE_FAILURE
    channels = "".join(HOLDING.format(f"r{at}", at) for at in range(3))
    async with opened(device(tmp_path, channels, slave.port)) as driver:
        assert values(await driver.read()) == {"r0": None, "r1": None, "r2": None}
        slave.answer = lambda *_: None
        slave.asked.clear()
        await driver.read()
    assert slave.asked == [(3, 0, 3)]


async def test_nobody_listens(slave: Slave, tmp_path: Path) -> None:
    """An open that reaches nobody says whom it tried."""
    await slave.stop()
    with pytest.raises(DriverError, match=f"no connection to 127.0.0.1:{slave.port}"):
        async with opened(device(tmp_path, FLOW, slave.port)):
            pass


async def test_a_silent_device(slave: Slave, tmp_path: Path) -> None:
    """A device that accepts but does not answer is a fault after the timeout."""
    slave.pause_s = 60
    config = device(tmp_path, FLOW, slave.port, timeout_s=0.5)
    with pytest.raises(DriverError, match=r"no answer within 0\.5 s"):
        async with opened(config) as driver:
            await driver.read()


async def test_a_device_that_hangs_up(slave: Slave, tmp_path: Path) -> None:
    """A connection lost in the middle of a request is a fault at once, not by timeout."""
    slave.pause_s = 60
    async with opened(device(tmp_path, FLOW, slave.port)) as driver:
        read = asyncio.create_task(driver.read())
        await slave.busy.wait()
        await slave.stop()
        with pytest.raises(DriverError, match="the connection was lost"):
            await read
        with pytest.raises(DriverError, match="the connection was lost"):
            await driver.read()


async def test_an_answer_that_is_not_modbus(tmp_path: Path) -> None:
    """Another protocol on that port is a fault, not a crash."""
    hung_up = asyncio.Event()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()
        writer.close()
        await writer.wait_closed()
        hung_up.set()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(DriverError):
            async with opened(device(tmp_path, FLOW, port, timeout_s=0.5)) as driver:
                await driver.read()
        await hung_up.wait()


async def test_away_and_back(slave: Slave, tmp_path: Path) -> None:
    """A device that goes away is told as BAD, and read again once it is back, by itself."""
    config = device(tmp_path, FLOW + HOLDING.format("speed", 3), slave.port)
    emitted: list[tuple[str, object]] = []
    states: list[str] = []
    changed = asyncio.Event()

    def emit(_device: DeviceConfig, readings: Sequence[Reading]) -> None:
        emitted.extend((reading.channel, reading.value) for reading in readings)
        changed.set()

    def report(_device: str, state: str) -> None:
        states.append(state)
        changed.set()

    async def wait_for(told: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not told():
                changed.clear()
                await changed.wait()

    sampler = Sampler(
        config,
        ModbusDriver,
        emit,
        random=lambda: 0.0,
        report=report,
    )
    async with asyncio.TaskGroup() as group:
        task = group.create_task(sampler.run())
        await wait_for(lambda: ("flow", 12.5) in emitted)
        await slave.stop()
        await wait_for(lambda: ("flow", None) in emitted and ("speed", None) in emitted)
        await wait_for(lambda: "no connection" in states[-1])
        emitted.clear()
        await slave.start()
        await wait_for(lambda: ("flow", 12.5) in emitted and ("speed", 103.0) in emitted)
        task.cancel()
    assert states[:2] == ["connecting", "ok"]
    assert states[2] == "unreachable: the connection was lost; retry in 0.05 s"
    assert states[-1] == "ok"


REFUSALS = {
    "gap": (FLOW, "max_gap = 126", "[device.pump.options] max_gap: came 126, allowed: a whole"),
    "unit": (FLOW, "unit = 256", "unit: came 256, allowed: a whole number in 0..255"),
    "unknown option": (
        FLOW,
        "prot = 1",
        "prot: came an unknown key, allowed: one of host, max_",
    ),
    "table": (
        FLOW.replace('"input"', '"inputs"'),
        "",
        "table: came 'inputs', allowed: one of input, holding, coil, discrete; did you mean 'i",
    ),
    "encoding": (
        FLOW.replace("float32", "float64"),
        "",
        "[device.pump.channel.flow] encoding: came 'float64', allowed: one of int16, uint16, i",
    ),
    "no address": (
        FLOW.replace("address = 0", ""),
        "",
        "address: came nothing, allowed: a whole",
    ),
    "last address": (
        FLOW.replace("= 0", "= 65535"),
        "",
        "allowed: 0..65534 for a value of two",
    ),
    "a coil is boolean": (
        BOOLEAN.format("run", "coil", 0).replace("boolean", "double"),
        "",
        "type: came nothing, allowed: 'boolean' for a channel of table 'coil'",
    ),
    "a coil has no encoding": (
        BOOLEAN.format("run", "coil", 0) + 'encoding = "int16"',
        "",
        "encoding: came an unknown key, allowed: one of address, asset, class, deadband",
    ),
    "no text": (FLOW + 'type = "string"', "", "double, int64 or boolean for a Modbus channel"),
    "int64 scale": (
        HOLDING.format("n", 1) + 'type = "int64"\nscale = 0.5',
        "",
        "scale: came 0.5, allowed: a whole number for type = 'int64'",
    ),
    "int64 encoding": (
        FLOW + 'type = "int64"',
        "",
        "a whole-number encoding for type = 'int64'",
    ),
}


@pytest.mark.parametrize(("channels", "keys", "told"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refusals(tmp_path: Path, channels: str, keys: str, told: str) -> None:
    """What the driver cannot use is told in the same check as everything else."""
    with pytest.raises(ConfigError) as caught:
        device(tmp_path, channels, keys=keys)
    assert told in str(caught.value)
    assert len(caught.value.problems) == 1
