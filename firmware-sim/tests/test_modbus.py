"""A real Modbus TCP client against the served devices."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pymodbus.client import AsyncModbusTcpClient

from lamppost.sim.city import DEMO, DeviceSite
from lamppost.sim.device import Device
from lamppost.sim.fault_spec import parse_fault
from lamppost.sim.modbus import ModbusDevice
from lamppost.sim.registers import from_words

EVENING_S = 20 * 3600.0
ILLEGAL_ADDRESS = 2
DEVICE_FAILURE = 4
MODELS = [DEMO.devices[0], DEMO.devices[2], DEMO.devices[4]]
PUMP, CABINET, MAST = MODELS


@asynccontextmanager
async def served(
    site: DeviceSite, *specs: str, at_ms: int = 0
) -> AsyncIterator[tuple[Device, AsyncModbusTcpClient]]:
    """Serve a device as it stands at `at_ms`, with a client connected to it."""
    faults = [parse_fault(spec, DEMO) for spec in specs]
    device = Device(site.name, site.sheet, 1, EVENING_S, faults)
    device.advance(at_ms)
    server = ModbusDevice(device)
    await server.start()
    client = AsyncModbusTcpClient(server.host, port=server.port, timeout=60, retries=0)
    try:
        assert await client.connect()
        yield device, client
    finally:
        client.close()
        await server.stop()


async def read_all(site: DeviceSite, client: AsyncModbusTcpClient) -> dict[str, float | None]:
    """Read each register of the datasheet by itself; None where the device does not know."""
    values: dict[str, float | None] = {}
    for register in site.sheet.registers:
        at, count = register.address, register.width
        if register.is_bit:
            answer = await client.read_discrete_inputs(at, count=count)
            words = tuple(int(bit) for bit in answer.bits[:1])
        else:
            answer = await client.read_input_registers(at, count=count)
            words = tuple(answer.registers)
        if answer.isError():
            assert answer.exception_code == DEVICE_FAILURE
            values[register.channel] = None
        else:
            values[register.channel] = from_words(register, words)
    return values


@pytest.mark.parametrize("site", MODELS, ids=lambda site: site.sheet.model)
async def test_every_register_is_served_as_the_datasheet_says(site: DeviceSite) -> None:
    """Address by address, decoded by the datasheet, the client reads the device's values."""
    async with served(site, at_ms=700) as (device, client):
        assert await read_all(site, client) == device.values()
        device.advance(1500)
        assert await read_all(site, client) == device.values()


@pytest.mark.parametrize("site", MODELS, ids=lambda site: site.sheet.model)
async def test_one_request_reads_the_whole_input_table(site: DeviceSite) -> None:
    """The input registers stand together, so that one poll is one request."""
    inputs = [register for register in site.sheet.registers if not register.is_bit]
    count = max(register.addresses.stop for register in inputs)
    async with served(site) as (device, client):
        words = (await client.read_input_registers(0, count=count)).registers
        for register in inputs:
            part = tuple(words[register.addresses.start : register.addresses.stop])
            assert from_words(register, part) == device.values()[register.channel]


@pytest.mark.parametrize("channel", PUMP.sheet.channels)
async def test_a_gap_is_an_exception_on_that_register_alone(channel: str) -> None:
    """The device says "failure" for the one value it does not know and tells the others."""
    async with served(PUMP, f"gap:pump-1/{channel}:at=1:for=1", at_ms=1500) as (device, client):
        values = await read_all(PUMP, client)
        assert [name for name, value in values.items() if value is None] == [channel]
        device.advance(2000)
        assert None not in (await read_all(PUMP, client)).values()


async def test_a_gap_fails_every_request_that_touches_it() -> None:
    """A block read over an unknown register cannot be answered, one beside it can."""
    async with served(PUMP, "gap:pump-1/pressure:at=0", at_ms=100) as (_, client):
        for at, count in ((0, 6), (2, 1), (3, 1), (1, 2)):
            answer = await client.read_input_registers(at, count=count)
            assert answer.exception_code == DEVICE_FAILURE
        for at, count in ((0, 2), (4, 3)):
            assert not (await client.read_input_registers(at, count=count)).isError()


async def test_one_unknown_bit_does_not_hide_the_other() -> None:
    """The lamps' contact is still told while the door's is not."""
    async with served(CABINET, "gap:cabinet-1/door_open:at=0", at_ms=100) as (_, client):
        values = await read_all(CABINET, client)
        assert values["door_open"] is None
        assert values["lamps_on"] == 1.0
        both = await client.read_discrete_inputs(0, count=17)
        assert both.exception_code == DEVICE_FAILURE


async def test_what_the_datasheet_has_not_is_refused() -> None:
    """Coils, holding registers, writes and addresses off the table are illegal addresses."""
    async with served(PUMP) as (_, client):
        answers = [
            await client.read_coils(0),
            await client.read_coils(65_535),
            await client.read_holding_registers(0),
            await client.read_input_registers(7),
            await client.read_input_registers(6, count=2),
            await client.write_register(0, 1),
            await client.write_coil(65_535, True),
        ]
    assert [answer.exception_code for answer in answers] == [ILLEGAL_ADDRESS] * len(answers)
    async with served(MAST) as (_, client):
        for address in (0, 65_535):
            answer = await client.read_discrete_inputs(address)
            assert answer.exception_code == ILLEGAL_ADDRESS


async def test_any_unit_is_answered() -> None:
    """One device on one port does not look at the unit id."""
    async with served(PUMP) as (_, client):
        for unit in (0, 1, 247):
            assert not (await client.read_input_registers(0, device_id=unit)).isError()


async def test_a_taken_port_is_told() -> None:
    """A fixed port that somebody has is an OSError with device and port."""
    async with served(PUMP) as (device, client):
        port = client.comm_params.port
        with pytest.raises(OSError, match=rf"pump-1: cannot listen on 127\.0\.0\.1:{port}"):
            await ModbusDevice(device).start(port)
