"""The driver seam: all that the sampler knows of a device, and all a driver has to know.

Who calls what, when:

- `check` is called once per device while the configuration is loaded, before anything starts.
  It reads its keys, notes what is wrong, and touches neither network nor hardware.
- The sampler makes a driver with `DriverType(device)`, then awaits `open` once, `read` once per
  poll, and `close` once: always, also when `open` failed. After an error it closes the driver
  and makes a new one, so a driver never has to repair itself.
- No two calls on one driver overlap. Every call is bounded by the device's `timeout_s`: it is
  then cancelled, and a driver must let that through. Calls that block belong in
  `asyncio.to_thread`, for all drivers share one event loop.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from lamppost.edge.config.model import DeviceConfig
from lamppost.edge.config.problems import Problems
from lamppost.wire.datatypes import Quality

Value = float | int | bool | str | None
"""What a channel can hold. None goes with `Quality.BAD`: the device has no value to give."""

WallClock = Callable[[], int]
"""UTC in milliseconds."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one channel, stamped with the wall clock (UTC ms) when it was read."""

    channel: str
    value: Value
    time_ms: int
    quality: Quality = Quality.GOOD


class DriverError(Exception):
    """The device does not answer, or not as it should. Its text is shown to people."""


class Driver(Protocol):
    """One device."""

    async def open(self) -> None:
        """Connect. May raise `DriverError` or `OSError`: it is tried again, for ever."""

    async def read(self) -> Sequence[Reading]:
        """Take one reading of every channel that has one.

        A channel that alone has no value is a reading with value None and quality BAD; a
        `DriverError` or `OSError` says that the whole device is gone.
        """

    async def close(self) -> None:
        """Let go of everything. Called exactly once; what it raises is ignored."""


class DriverType(Protocol):
    """What the registry names: usually the driver's class."""

    def __call__(self, device: DeviceConfig) -> Driver:
        """Make the driver of a device that `check` found nothing wrong with."""

    def check(self, device: DeviceConfig, problems: Problems) -> None:
        """Note in `problems` what is wrong with the driver's part of the configuration."""


def wall_ms() -> int:
    """UTC now, in milliseconds."""
    return time.time_ns() // 1_000_000
