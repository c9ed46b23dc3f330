"""What can go wrong, as data: the kinds of fault, and one fault with its target and window."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

FaultClass = Literal["sensor_fault", "process_anomaly"]

SECOND_MS = 1000
RAMP_MS = 2000
MAX_AT_S = 30 * 86_400.0
MAX_FOR_S = 30 * 86_400.0
MAX_SPIKE_S = 5.0


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A kind of fault.

    Attributes:
        fault_class: what a judge should call it.
        model: the device model whose process it disturbs; empty for sensor faults.
        default_size: used when a fault names none; None when the kind has no size.
        channels: that a process fault moves.
        on_bits: whether it can strike a discrete input.
    """

    name: str
    fault_class: FaultClass
    does: str
    size_means: str
    default_size: float | None
    default_for_s: float
    max_for_s: float = MAX_FOR_S
    model: str = ""
    channels: tuple[str, ...] = ()
    on_bits: bool = False


_LEAK_SHOWS = ("flow", "pressure", "level", "motor_current")
_BLOCKAGE_SHOWS = (*_LEAK_SHOWS, "vibration")

KINDS: Mapping[str, FaultKind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            FaultKind(
                "spike", "sensor_fault",
                "the sensor jumps away and comes back at once",
                "height, as a share of the measuring range", 0.3, 0.6, MAX_SPIKE_S,
            ),
            FaultKind(
                "stuck", "sensor_fault",
                "the sensor repeats its last value for as long as the fault lasts",
                "", None, 60.0, on_bits=True,
            ),
            FaultKind(
                "drift", "sensor_fault",
                "the sensor walks away in a straight line",
                "distance reached at the end, as a share of the measuring range", 0.2, 120.0,
            ),
            FaultKind(
                "gap", "sensor_fault",
                "the device does not know the value and answers with a Modbus exception",
                "", None, 30.0, on_bits=True,
            ),
            FaultKind(
                "leak", "process_anomaly",
                "water leaves the rising main: more flow, less pressure, and the level falls",
                "size of the hole; 1 loses half of the nominal flow", 0.5, 60.0,
                model="pump-station", channels=_LEAK_SHOWS,
            ),
            FaultKind(
                "blockage", "process_anomaly",
                "the rising main clogs: less flow, more pressure, less motor current, the pump "
                "shakes, and the level rises",
                "1 makes the main's friction four times what it was", 0.5, 60.0,
                model="pump-station", channels=_BLOCKAGE_SHOWS,
            ),
        )
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: `channel` is None for a process fault, which strikes the whole device.

    `at_s` counts from the start of the simulation; `size` is 0 where the kind has none.
    """

    kind: FaultKind
    device: str
    channel: str | None
    at_s: float
    for_s: float
    size: float

    @property
    def from_ms(self) -> int:
        """When it starts, after the start of the simulation."""
        return round(self.at_s * SECOND_MS)

    @property
    def to_ms(self) -> int:
        """When it is over, after the start of the simulation."""
        return round((self.at_s + self.for_s) * SECOND_MS)

    @property
    def target(self) -> str:
        """What it strikes, as the command line writes it."""
        return self.device if self.channel is None else f"{self.device}/{self.channel}"

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that show it."""
        return self.kind.channels if self.channel is None else (self.channel,)

    def is_active(self, elapsed_ms: int) -> bool:
        """Whether it is in force at this time after the start of the simulation."""
        return self.from_ms <= elapsed_ms < self.to_ms

    def progress(self, elapsed_ms: int) -> float:
        """Return how much of its time has passed, 0 to 1."""
        return (elapsed_ms - self.from_ms) / (self.to_ms - self.from_ms)

    def strength(self, elapsed_ms: int) -> float:
        """Return the size of a process fault: it grows to `size` within `RAMP_MS`."""
        if not self.is_active(elapsed_ms):
            return 0.0
        return self.size * min(1.0, (elapsed_ms - self.from_ms) / RAMP_MS)
