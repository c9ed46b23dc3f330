"""Runs a city: steps its devices by the clock, serves them, and writes the labels."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lamppost.sim.city import City
from lamppost.sim.configs import DEFAULT_BROKER, Address, write_configs
from lamppost.sim.device import STEP_MS, Device
from lamppost.sim.faults import Fault
from lamppost.sim.labels import Label, LabelFile, Schedule, Timeline
from lamppost.sim.modbus import ModbusDevice
from lamppost.sim.registers import UNIT

MAX_STEPS_PER_TICK = 600
"""Most steps of one device before the servers get their turn again."""

Clock = Callable[[], int]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Settings:
    """What `lamppost sim serve` was asked for; `local_s` is seconds after local midnight."""

    city: City
    seed: int
    local_s: float
    faults: Sequence[Fault] = ()
    speed: float = 1.0
    first_port: int = 0
    labels: Path | None = None
    ports_file: Path | None = None
    configs: Path | None = None
    broker: Address = DEFAULT_BROKER


def utc_ms() -> int:
    """Return the UTC time in milliseconds."""
    return time.time_ns() // 1_000_000


def say(text: str) -> None:
    """Print a line and flush it, so that whoever waits for it in a pipe sees it."""
    print(text, flush=True)


async def serve(
    settings: Settings, ended: asyncio.Event, *, clock: Clock = utc_ms, say: Say = say
) -> None:
    """Serve the city until `ended` is set.

    Raises:
        OSError: a port is taken, or a file cannot be written.
    """
    devices = [
        Device(site.name, site.sheet, settings.seed, settings.local_s, settings.faults)
        for site in settings.city.devices
    ]
    async with AsyncExitStack() as stack:
        labels = stack.enter_context(LabelFile(settings.labels))
        servers = await _listen(devices, settings.first_port, stack)
        _tell_addresses(settings, servers, say)
        timeline = Timeline(clock(), settings.speed)
        schedule = Schedule(settings.faults, settings.city, timeline)
        places = " ".join(f"{name}={address}" for name, address in servers.items())
        say(f"READY {places}")
        try:
            await _run(devices, schedule, timeline, labels, ended, clock, say)
        finally:
            for fault, label in schedule.end(clock()):
                labels.write(label)
                say(_sentence(fault, label))


async def _run(
    devices: Sequence[Device],
    schedule: Schedule,
    timeline: Timeline,
    labels: LabelFile,
    ended: asyncio.Event,
    clock: Clock,
    say: Say,
) -> None:
    while not ended.is_set():
        target_ms = timeline.elapsed_ms(clock())
        there = [device.advance(target_ms, MAX_STEPS_PER_TICK) for device in devices]
        reached_ms = min(device.elapsed_ms for device in devices)
        for fault, label in schedule.advance(reached_ms):
            labels.write(label)
            say(_sentence(fault, label))
        # A clock set back must not put the city to sleep for as long: wait one step at most.
        wait_ms = min(reached_ms + STEP_MS - target_ms, STEP_MS) if all(there) else 0
        await _pause(ended, wait_ms / 1000 / timeline.speed)


async def _pause(ended: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(ended.wait(), max(seconds, 0.001))
    except TimeoutError:
        return


async def _listen(
    devices: Sequence[Device], first_port: int, stack: AsyncExitStack
) -> dict[str, Address]:
    addresses = {}
    for number, device in enumerate(devices):
        server = ModbusDevice(device)
        await server.start(first_port + number if first_port else 0)
        stack.push_async_callback(server.stop)
        addresses[device.name] = Address(server.host, server.port)
    return addresses


def _tell_addresses(settings: Settings, servers: dict[str, Address], say: Say) -> None:
    if settings.ports_file is not None:
        document = {
            "pid": os.getpid(),
            "devices": [
                {
                    "node": node.name,
                    "device": device.name,
                    "host": servers[device.name].host,
                    "port": servers[device.name].port,
                    "unit": UNIT,
                }
                for node, device in settings.city.sites()
            ],
        }
        settings.ports_file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if settings.configs is not None:
        paths = write_configs(settings.city, servers, settings.broker, settings.configs)
        for path in paths:
            say(f"wrote {path}")


def _sentence(fault: Fault, label: Label) -> str:
    moment_ms = label.from_ms if label.to_ms is None else label.to_ms
    at = datetime.fromtimestamp(moment_ms / 1000, UTC).strftime("%H:%M:%S")
    what = f"{fault.kind.name} at {fault.target}"
    if label.to_ms is not None:
        return f"{at}Z {what} is over [{label.id}]"
    size = "" if fault.kind.default_size is None else f", size {fault.size:g}"
    return f"{at}Z {what} begins for {fault.for_s:g} s{size}: {fault.kind.does} [{label.id}]"


async def serve_until_signalled(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    await serve(settings, ended)


def main_loop(settings: Settings) -> int:
    """Run `serve_until_signalled` and return the exit code."""
    try:
        asyncio.run(serve_until_signalled(settings))
    except OSError as error:
        print(f"lamppost sim: {error}", file=sys.stderr)
        return 1
    return 0
