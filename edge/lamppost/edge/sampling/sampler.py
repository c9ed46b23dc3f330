"""One device's loop: ask the driver on time, pass on what is news, outlive every fault."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from lamppost.edge.backoff import Backoff
from lamppost.edge.config.model import DeviceConfig
from lamppost.edge.drivers.seam import (
    Driver,
    DriverError,
    Reading,
    WallClock,
    wall_ms,
)
from lamppost.edge.sampling.conform import conform
from lamppost.edge.sampling.deadband import Deadband
from lamppost.wire.datatypes import Quality

MAX_REASON: Final = 200
"""Longest text of a fault in a report, in characters."""

OK: Final = "ok"
CONNECTING: Final = "connecting"

Emit = Callable[[DeviceConfig, Sequence[Reading]], None]
"""Takes the readings that passed; called in the event loop, so it must not block."""

Report = Callable[[str, str], None]
"""Takes a device's name and its driver's state in words."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Counts:
    """What a sampler has done since it started."""

    polls: int = 0
    missed: int = 0
    faults: int = 0
    read: int = 0
    passed: int = 0


class Sampler:
    """Polls one device for ever.

    Nothing the driver does gets out of here: a fault closes it, its channels are told as BAD
    (once, then by their heartbeats, so that silence has a reason), and a new driver is opened
    after a delay with capped full jitter. Only what `emit` or `report` raise ends `run`.
    """

    def __init__(
        self,
        device: DeviceConfig,
        driver_factory: Callable[[DeviceConfig], Driver],
        emit: Emit,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Callable[[], float] = random.random,
        report: Report = lambda _device, _state: None,
        wall: WallClock = wall_ms,
    ) -> None:
        """Get ready; nothing is opened before `run`.

        Args:
            device: what to poll, and how often.
            driver_factory: makes a fresh driver, once per connection.
            emit: takes the readings that passed the deadband.
            clock: seconds that never jump; the cadence follows it.
            sleep: waits that many seconds.
            random: numbers in [0, 1) for the jitter of the delays.
            report: takes the driver's state whenever it changes.
            wall: UTC ms, for the stamps of readings that stand for a fault.
        """
        self.device = device
        self.counts = Counts()
        self._factory = driver_factory
        self._emit = emit
        self._clock = clock
        self._sleep = sleep
        self._report = report
        self._wall = wall
        self._backoff = Backoff(draw=random)
        self._deadband = Deadband(device.channels, device.poll_s)
        self._types = {channel.name: channel.datatype for channel in device.channels}
        self._healthy = False
        self._down = asyncio.Event()

    async def run(self) -> NoReturn:
        """Poll until cancelled; then close the driver."""
        self._report(self.device.name, CONNECTING)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_polling(), name=f"driver {self.device.name}")
            group.create_task(self._tell_silence(), name=f"silence {self.device.name}")
        raise AssertionError("both tasks run until they are cancelled")

    async def _keep_polling(self) -> NoReturn:
        while True:
            fault = await self._connection()
            self.counts.faults += 1
            self._healthy = False
            if not self._down.is_set():
                self._down.set()
                self._tell_bad()
            delay_s = self._backoff.next_s()
            state = f"unreachable: {fault}; retry in {delay_s:.2g} s"
            self._report(self.device.name, state)
            await self._sleep(delay_s)

    async def _connection(self) -> str:
        """Open, poll until a fault, close; the fault in words."""
        try:
            driver = self._factory(self.device)
        except Exception as error:  # noqa: BLE001 - a driver's bug is a fault like any other
            return self._words(error)
        try:
            return await self._guarded(driver.open) or await self._poll(driver)
        finally:
            await self._guarded(driver.close)

    async def _poll(self, driver: Driver) -> str:
        """Read on a grid of fixed times until a read fails; the fault in words.

        A read that overran whole periods skips them: the grid stays where it was, and no burst
        of reads makes up for what is past.
        """
        period_s = self.device.poll_s
        start_s = self._clock()
        tick = 0
        got: list[Reading] = []

        async def read() -> None:
            got.extend(self._checked(await driver.read()))

        while True:
            self.counts.polls += 1
            got.clear()
            if fault := await self._guarded(read):
                return fault
            self._recovered()
            self._pass_on(got)
            tick += 1
            missed = max(0, int((self._clock() - start_s) / period_s) - tick)
            self.counts.missed += missed
            tick += missed
            await self._sleep(max(0.0, start_s + tick * period_s - self._clock()))

    async def _guarded(self, call: Callable[[], Awaitable[None]]) -> str:
        """Make one bounded call of the driver; the fault in words, empty when there is none."""
        try:
            async with asyncio.timeout(self.device.timeout_s):
                await call()
        except asyncio.CancelledError:
            # Ours to obey only if someone cancelled us; else the driver lost a task of its own.
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            return "the driver cancelled itself"
        except Exception as error:  # noqa: BLE001 - a driver's bug is a fault like any other
            return self._words(error)
        return ""

    def _words(self, error: Exception) -> str:
        if isinstance(error, TimeoutError) and not str(error):
            return f"no answer within {self.device.timeout_s:g} s"
        if isinstance(error, DriverError | OSError):
            return str(error)[:MAX_REASON] or type(error).__name__
        # Not an outage but a defect: whoever mends the driver needs to see where.
        what = "%s: defect in driver %s"
        _log.error(what, self.device.name, self.device.driver, exc_info=error)
        return f"{type(error).__name__}: {error}"[:MAX_REASON]

    def _checked(self, readings: Sequence[Reading]) -> list[Reading]:
        try:
            return [conform(reading, self._types[reading.channel]) for reading in readings]
        except KeyError as error:
            raise DriverError(
                f"a reading for {error}, which is none of this device's channels"
            ) from None

    def _recovered(self) -> None:
        if not self._healthy:
            self._healthy = True
            self._down.clear()
            self._backoff.reset()
            self._report(self.device.name, OK)

    def _pass_on(self, readings: Sequence[Reading]) -> None:
        self.counts.read += len(readings)
        passed = [reading for reading in readings if self._deadband.passes(reading)]
        if passed:
            self.counts.passed += len(passed)
            self._emit(self.device, passed)

    def _tell_bad(self) -> None:
        now_ms = self._wall()
        self._pass_on([Reading(name, None, now_ms, Quality.BAD) for name in self._types])

    async def _tell_silence(self) -> NoReturn:
        """Repeat BAD by heartbeat while the device is down, whatever the driver waits for."""
        while True:
            await self._down.wait()
            await self._sleep(self.device.poll_s)
            if self._down.is_set():
                self._tell_bad()


__all__ = ["CONNECTING", "OK", "Counts", "Emit", "Report", "Sampler"]
