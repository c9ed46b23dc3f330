"""The whole city in one event loop, seen through Modbus TCP."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from pymodbus.client import AsyncModbusTcpClient

from lamppost.sim.city import DEMO
from lamppost.sim.device import Device
from lamppost.sim.fault_spec import parse_fault
from lamppost.sim.registers import from_words
from lamppost.sim.serve import Settings, serve

START_MS = 1_700_000_000_000
EVENING_S = 20 * 3600.0
SETTINGS = Settings(city=DEMO, seed=1, local_s=EVENING_S)
TIMEOUT_S = 60.0


@dataclass
class Running:
    """A served city whose clock the test holds."""

    now_ms: int = START_MS
    lines: list[str] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    spoke: asyncio.Event = field(default_factory=asyncio.Event)

    def clock(self) -> int:
        """Return the time that the test has set."""
        return self.now_ms

    def address(self, device: str) -> tuple[str, int]:
        """Return where the READY line says that a device listens."""
        [ready] = [line for line in self.lines if line.startswith("READY ")]
        places = dict(word.split("=") for word in ready.split()[1:])
        host, _, port = places[device].partition(":")
        return host, int(port)

    async def said(self, words: str) -> str:
        """Wait until a line holds these words."""
        async with asyncio.timeout(TIMEOUT_S):
            while not (hits := [line for line in self.lines if words in line]):
                self.spoke.clear()
                await self.spoke.wait()
        return hits[0]

    def say(self, line: str) -> None:
        """Take a line that the city says."""
        self.lines.append(line)
        self.spoke.set()

    async def read(self, device: str, channel: str) -> float | None:
        """Ask the device over TCP; None when it answers with an exception."""
        [site] = [site for site in DEMO.devices if site.name == device]
        register = site.sheet.register(channel)
        host, port = self.address(device)
        client = AsyncModbusTcpClient(host, port=port, timeout=TIMEOUT_S, retries=0)
        await client.connect()
        try:
            answer = await client.read_input_registers(register.address, count=register.width)
        finally:
            client.close()
        return None if answer.isError() else from_words(register, tuple(answer.registers))


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Running]:
    """Serve until the block ends."""
    city = Running()
    task = asyncio.create_task(
        serve(settings, city.ended, clock=city.clock, say=city.say), name="city"
    )
    try:
        await city.said("READY ")
        yield city
    finally:
        city.ended.set()
        await asyncio.wait_for(task, TIMEOUT_S)


def labels_in(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a label file."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def value_at(device: str, channel: str, elapsed_ms: int, *specs: str) -> float | None:
    """Return what the device must tell at that time, by itself."""
    [site] = [site for site in DEMO.devices if site.name == device]
    faults = [parse_fault(spec, DEMO) for spec in specs]
    alone = Device(device, site.sheet, SETTINGS.seed, EVENING_S, faults)
    alone.advance(elapsed_ms)
    return alone.values()[channel]


@pytest.mark.parametrize(
    ("spec", "channel"),
    [
        ("leak:pump-1:at=2:for=60", "flow"),
        ("leak:pump-1:at=2:for=60", "pressure"),
        ("blockage:pump-1:at=2:for=60", "vibration"),
        ("stuck:pump-1/flow:at=2", "flow"),
        ("spike:pump-1/flow:at=2:for=4", "flow"),
        ("drift:pump-1/flow:at=2:for=10", "flow"),
        ("gap:pump-1/flow:at=2", "flow"),
    ],
)
async def test_each_fault_is_seen_by_a_modbus_client(spec: str, channel: str) -> None:
    """The client reads the healthy value before the fault, and the faulty one during it."""
    faults = (parse_fault(spec, DEMO),)
    async with running(replace(SETTINGS, faults=faults)) as city:
        assert await city.read("pump-1", channel) == value_at("pump-1", channel, 0)
        city.now_ms += 5_000
        await city.said("begins")
        during = await city.read("pump-1", channel)
        assert during == value_at("pump-1", channel, 5_000, spec)
        assert during != value_at("pump-1", channel, 5_000)


async def test_a_fault_is_labelled_and_told_when_it_starts_and_when_it_ends(
    tmp_path: Path,
) -> None:
    """The label file and the output follow the fault, with the exact times."""
    labels = tmp_path / "labels.jsonl"
    faults = (parse_fault("leak:pump-1:at=2:for=3", DEMO),)
    async with running(replace(SETTINGS, faults=faults, labels=labels)) as city:
        assert labels_in(labels) == []
        city.now_ms += 2_000
        begun = await city.said("begins for 3 s")
        assert "leak at pump-1" in begun
        assert [(line["from_ms"], line["to_ms"]) for line in labels_in(labels)] == [
            (START_MS + 2_000, None)
        ]
        city.now_ms += 3_000
        await city.said("is over")
    first, last = labels_in(labels)
    assert last == {**first, "to_ms": START_MS + 5_000}
    assert (first["class"], first["node"]) == ("process_anomaly", "pump-station-1")


async def test_ending_closes_open_labels(tmp_path: Path) -> None:
    """A stop in the middle of a fault leaves no label open."""
    labels = tmp_path / "labels.jsonl"
    faults = (parse_fault("stuck:mast-1/temperature:at=1:for=600", DEMO),)
    async with running(replace(SETTINGS, faults=faults, labels=labels)) as city:
        city.now_ms += 4_000
        await city.said("begins")
    assert labels_in(labels)[-1]["to_ms"] == START_MS + 4_000
    assert "is over" in city.lines[-1]


async def test_a_faster_city_lives_faster() -> None:
    """At ten times the speed, one second of the clock is ten of the devices."""
    spec = "leak:pump-1:at=10:for=600"
    faults = (parse_fault(spec, DEMO),)
    async with running(replace(SETTINGS, speed=10.0, faults=faults)) as city:
        city.now_ms += 1_000
        await city.said("begins")
        assert await city.read("pump-1", "flow") == value_at("pump-1", "flow", 10_000, spec)


async def test_addresses_are_written_for_scripts(tmp_path: Path) -> None:
    """The ports file names every device with node, host, port and unit."""
    ports = tmp_path / "ports.json"
    async with running(replace(SETTINGS, ports_file=ports)) as city:
        devices = json.loads(ports.read_text())["devices"]
        assert [device["device"] for device in devices] == [d.name for d in DEMO.devices]
        for device in devices:
            assert (device["host"], device["port"]) == city.address(device["device"])
            assert device["unit"] == 1
