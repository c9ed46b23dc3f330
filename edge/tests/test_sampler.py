"""The sampler: its cadence, and that no fault of a driver gets past it.

All of it runs on a loop whose clock jumps to the next timer, so nothing waits for real time.
"""

import asyncio
import logging
import selectors
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import pytest

from lamppost.edge.config.model import ChannelConfig, DeviceConfig
from lamppost.edge.drivers.seam import Driver, DriverError, Reading, Value
from lamppost.edge.sampling.sampler import Sampler
from lamppost.wire.datatypes import Quality

DEVICE = DeviceConfig(
    "pump-1",
    "test",
    (ChannelConfig("flow", heartbeat_s=10), ChannelConfig("level", heartbeat_s=4)),
    poll_s=1,
    timeout_s=3,
)


class Instant(selectors.DefaultSelector):
    """A selector that never waits: it tells its loop that the time has passed."""

    now_s = 0.0

    def select(self, timeout: float | None = None) -> Any:
        """Jump over the wait."""
        assert timeout is not None, "everything waits, and no timer is set"
        self.now_s += timeout
        return super().select(0)


class InstantLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock is that of its selector."""

    def __init__(self) -> None:
        self._instant = Instant()
        super().__init__(self._instant)

    def time(self) -> float:
        """Seconds since the loop was made, most of them skipped."""
        return self._instant.now_s


class Script:
    """A driver that does what its script says, one step per read.

    A step is a value for both channels, an exception to raise, or a coroutine to await first.
    """

    def __init__(
        self, *steps: Any, opening: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self.steps = list(steps)
        self.opening = opening
        self.closed = 0
        self.reads: list[float] = []

    async def open(self) -> None:
        """Do as told."""
        if self.opening:
            await self.opening()

    async def read(self) -> Sequence[Reading]:
        """Do the next step; repeat the last one for ever."""
        now_s = asyncio.get_running_loop().time()
        self.reads.append(round(now_s, 3))
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, BaseException):
            raise step
        if isinstance(step, Sequence):
            return step
        if callable(step):
            await step()
            step = 1.0
        return [Reading(name, step, round(now_s * 1000)) for name in ("flow", "level")]

    async def close(self) -> None:
        """Count."""
        self.closed += 1


class Bench:
    """A sampler with everything it touches recorded."""

    def __init__(self, *drivers: Driver | Exception, device: DeviceConfig = DEVICE) -> None:
        self.drivers = list(drivers)
        self.made = 0
        self.emitted: list[tuple[float, str, Value]] = []
        self.states: list[tuple[float, str]] = []
        self.device = device
        self.sampler: Sampler | None = None

    @property
    def now_s(self) -> float:
        """The loop's time."""
        return round(asyncio.get_running_loop().time(), 3)

    def make(self, _device: DeviceConfig) -> Driver:
        """Hand out the next driver; the last one is handed out for ever."""
        self.made += 1
        driver = self.drivers.pop(0) if len(self.drivers) > 1 else self.drivers[0]
        if isinstance(driver, Exception):
            raise driver
        return driver

    def emit(self, _device: DeviceConfig, readings: Sequence[Reading]) -> None:
        """Note what passed."""
        for reading in readings:
            assert (reading.value is None) == (reading.quality is Quality.BAD)
            self.emitted.append((reading.time_ms / 1000, reading.channel, reading.value))

    def times_of(self, channel: str, value: Value) -> list[float]:
        """When a channel said so."""
        return [time for time, name, said in self.emitted if (name, said) == (channel, value)]

    async def run_for(self, seconds: float, draw: float = 0.5) -> Sampler:
        """Run, cancel, and see that nothing is left behind."""
        loop = asyncio.get_running_loop()
        sampler = Sampler(
            self.device,
            self.make,
            self.emit,
            clock=loop.time,
            random=lambda: draw,
            report=lambda _name, state: self.states.append((self.now_s, state)),
            wall=lambda: round(loop.time() * 1000),
        )
        task = asyncio.create_task(sampler.run())
        await asyncio.wait({task}, timeout=seconds)
        assert not task.done(), task.exception()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return sampler


def at_once(test: Coroutine[Any, Any, None]) -> None:
    """Run a test on a loop that does not wait."""
    with asyncio.Runner(loop_factory=InstantLoop) as runner:
        runner.run(test)


def sleeper(seconds: float) -> Callable[[], Awaitable[None]]:
    """A step that takes some time."""
    return lambda: asyncio.sleep(seconds)


def run(seconds: float, *drivers: Driver | Exception, **options: Any) -> tuple[Bench, Sampler]:
    """Run a sampler over these drivers for some seconds of the loop's time."""
    bench = Bench(*drivers, **options)
    kept: list[Sampler] = []

    async def body() -> None:
        kept.append(await bench.run_for(seconds))

    at_once(body())
    return bench, kept[0]


def test_cadence_does_not_drift() -> None:
    """Reads that take a while still start on the grid of the polling period."""
    driver = Script(sleeper(0.3))
    _, sampler = run(1000.5, driver)
    assert driver.reads == [float(second) for second in range(1001)]
    assert (sampler.counts.polls, sampler.counts.missed) == (1001, 0)


def test_missed_ticks_are_skipped_and_counted() -> None:
    """A read that overruns two periods costs two polls, and the grid stays where it was."""
    driver = Script(1.0, sleeper(2.25), 1.0)
    _, sampler = run(6.5, driver)
    assert driver.reads == [0, 1, 3.25, 4, 5, 6]
    assert sampler.counts.missed == 1
    assert sampler.counts.polls == 6


def test_only_news_and_heartbeats_are_emitted() -> None:
    """An unchanged value is passed on by heartbeat only, and both counters tell so."""
    bench, sampler = run(10.5, Script(5.0))
    assert bench.times_of("flow", 5.0) == [0, 10]
    assert bench.times_of("level", 5.0) == [0, 4, 8]
    assert (sampler.counts.read, sampler.counts.passed) == (22, 5)
    assert bench.states == [(0, "connecting"), (0, "ok")]


def test_no_number_becomes_bad() -> None:
    """What is no finite number is passed on without value and BAD."""
    bench, _ = run(2.5, Script(5.0, float("nan"), 5.0))
    assert bench.times_of("flow", None) == [1]
    assert bench.times_of("flow", 5.0) == [0, 2]


def test_a_lost_device_is_told_then_repeated_by_heartbeat() -> None:
    """After a fault each channel is BAD once, then by its heartbeat, until it has a value."""
    gone = Script(5.0, DriverError("the connection was lost"))

    async def refuse() -> None:
        await asyncio.sleep(0)
        raise ConnectionRefusedError(111, "Connection refused")

    away = Script(opening=refuse)
    bench, sampler = run(12.5, gone, away, away, away, Script(7.0))
    assert bench.times_of("flow", None) == [1]
    assert bench.times_of("level", None) == [1, 5]
    assert bench.times_of("flow", 7.0) == [8.5]
    assert (gone.closed, away.closed, sampler.counts.faults) == (1, 3, 4)
    assert bench.states == [
        (0, "connecting"),
        (0, "ok"),
        (1, "unreachable: the connection was lost; retry in 0.5 s"),
        (1.5, "unreachable: [Errno 111] Connection refused; retry in 1 s"),
        (2.5, "unreachable: [Errno 111] Connection refused; retry in 2 s"),
        (4.5, "unreachable: [Errno 111] Connection refused; retry in 4 s"),
        (8.5, "ok"),
    ]


def test_never_reachable_is_told_too() -> None:
    """A device that never answered is BAD from the first fault on: silence has a reason."""
    bench, _ = run(3.5, Script(DriverError("nobody there")))
    assert bench.times_of("flow", None) == [0]
    assert bench.times_of("flow", 5.0) == []


def test_delays_grow_until_a_read_succeeds() -> None:
    """Opening alone is no success: a device that refuses every read is asked less and less."""
    bench, _ = run(200, Script(DriverError("no")))
    retries = [state.rsplit(" ", 2)[1] for _, state in bench.states[1:]]
    assert retries[:8] == ["0.5", "1", "2", "4", "8", "16", "30", "30"]


def test_a_success_makes_the_next_delay_short() -> None:
    """Delays do not add up over a device's life: after a read they begin anew."""
    gone = DriverError("gone")
    bench, _ = run(10, Script(gone), Script(gone), Script(1.0, gone), Script(1.0))
    delays = [state.split("retry in ")[1] for _, state in bench.states if "retry" in state]
    assert delays == ["0.5 s", "1 s", "0.5 s"]


@pytest.mark.parametrize("where", ["open", "read"])
def test_a_hung_driver_is_cut_off(where: str) -> None:
    """A call that does not come back ends after the device's timeout, as a fault."""
    hang = sleeper(1e6)
    hung = Script(1.0, opening=hang) if where == "open" else Script(hang)
    bench, sampler = run(3.25, hung, Script(1.0))
    assert (3, "unreachable: no answer within 3 s; retry in 0.5 s") in bench.states
    assert sampler.counts.faults == 1
    assert hung.closed == 1


def test_a_hung_driver_does_not_stop_its_neighbour() -> None:
    """Two samplers in one loop: one hangs for ever, the other keeps its cadence."""
    lively = Script(1.0)

    async def body() -> None:
        hanging = asyncio.create_task(Bench(Script(sleeper(1e6))).run_for(9.5))
        await asyncio.sleep(0)
        sampler = Sampler(
            DEVICE,
            lambda _device: lively,
            lambda _device, _readings: None,
            clock=asyncio.get_running_loop().time,
        )
        task = asyncio.create_task(sampler.run())
        await asyncio.wait({task}, timeout=8.5)
        task.cancel()
        await asyncio.wait({task})
        hanging.cancel()
        await asyncio.wait({hanging})

    at_once(body())
    assert lively.reads == [0, 1, 2, 3, 4, 5, 6, 7, 8]


DEFECTS = {
    "a bug in read": (
        Script(ZeroDivisionError("division by zero")),
        "ZeroDivisionError: divisi",
    ),
    "a bug in the factory": (TypeError("bad"), "TypeError: bad"),
    "a channel of no one": (
        Script([Reading("flaw", 1.0, 0)]),
        "a reading for 'flaw', which is none of this device's channels",
    ),
    "a lost task": (Script(asyncio.CancelledError()), "the driver cancelled itself"),
    "no text": (Script(DriverError()), "DriverError"),
}


@pytest.mark.parametrize(("driver", "told"), DEFECTS.values(), ids=DEFECTS.keys())
def test_defects_are_faults(
    driver: Driver | Exception, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever a driver raises is a fault of this device and told as one."""
    caplog.set_level(logging.CRITICAL)
    bench, sampler = run(0.25, driver)
    assert bench.states[1][1].startswith(f"unreachable: {told}")
    assert sampler.counts.faults == 1


def test_defects_leave_a_trace(caplog: pytest.LogCaptureFixture) -> None:
    """A bug in a driver is logged with its traceback; an outage is not."""
    run(0.25, Script(ZeroDivisionError("division by zero")))
    assert [record.getMessage() for record in caplog.records] == [
        "pump-1: defect in driver test"
    ]
    assert caplog.records[0].exc_info is not None
    caplog.clear()
    run(0.25, Script(DriverError("gone")))
    assert caplog.records == []


def test_a_driver_that_cannot_close() -> None:
    """A close that hangs or raises holds up the next try by no more than the timeout."""

    class Sticky(Script):
        async def close(self) -> None:
            await super().close()
            await asyncio.sleep(1e6)

    sticky = Sticky(DriverError("gone"))
    bench, _ = run(4.0, sticky, Script(1.0))
    assert sticky.closed == 1
    assert bench.states[-1] == (3.5, "ok")


def test_cancelled_while_reading() -> None:
    """Stopping in the middle of a read closes the driver."""
    driver = Script(sleeper(2))
    run(1.0, driver)
    assert driver.closed == 1


def test_what_emit_raises_is_not_hidden() -> None:
    """A full buffer is no fault of the device: it ends the sampler for all to see."""

    def emit(_device: DeviceConfig, _readings: Sequence[Reading]) -> None:
        raise RuntimeError("buffer closed")

    driver = Script(1.0)
    ended: list[BaseException | None] = []

    async def body() -> None:
        task = asyncio.create_task(Sampler(DEVICE, lambda _device: driver, emit).run())
        await asyncio.wait({task})
        ended.append(task.exception())

    at_once(body())
    assert isinstance(ended[0], ExceptionGroup)
    assert [str(error) for error in ended[0].exceptions] == ["buffer closed"]
    assert driver.closed == 1
