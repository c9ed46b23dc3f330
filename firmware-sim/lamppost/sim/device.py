"""A simulated device: its process, its sensors and its faults, stepped by device time."""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from types import MappingProxyType

from lamppost.sim.faults import Fault
from lamppost.sim.physics.cabinet import StreetLightCabinet
from lamppost.sim.physics.mast import AirQualityMast
from lamppost.sim.physics.process import Disturbance, Process
from lamppost.sim.physics.pump import PumpStation
from lamppost.sim.sensor import Sensor, Words, told
from lamppost.sim.sheets import Sheet

STEP_MS = 100
STEP_S = STEP_MS / 1000

PROCESSES: Mapping[str, Callable[[Random, float], Process]] = MappingProxyType(
    {
        "pump-station": PumpStation,
        "street-light-cabinet": StreetLightCabinet,
        "air-quality-mast": AirQualityMast,
    }
)


class Device:
    """A device at some moment after the start of the simulation.

    Its registers are refreshed every `STEP_MS`, as the scan of a real controller does. The
    same seed, name, start, faults and elapsed time give the same registers, however many
    calls of `advance` led there.
    """

    def __init__(
        self, name: str, sheet: Sheet, seed: int, local_s: float, faults: Sequence[Fault] = ()
    ) -> None:
        """Make the device as it stands at the start, `local_s` seconds after local midnight."""
        self.name = name
        self.sheet = sheet
        self._local_s = local_s
        self._faults = tuple(fault for fault in faults if fault.device == name)
        self._process = PROCESSES[sheet.model](_rng(seed, name, "process"), local_s)
        self._sensors = tuple(
            Sensor(
                register,
                _rng(seed, name, register.channel),
                [fault for fault in self._faults if fault.channel == register.channel],
            )
            for register in sheet.registers
        )
        self._steps = 0
        self._words: dict[str, Words | None] = {}
        self._scan()

    @property
    def elapsed_ms(self) -> int:
        """How far the device has come since the start."""
        return self._steps * STEP_MS

    def advance(self, elapsed_ms: int, max_steps: int | None = None) -> bool:
        """Step up to `elapsed_ms` after the start; never back.

        Returns:
            Whether the device is there; false when `max_steps` was too few.
        """
        missing = max(elapsed_ms // STEP_MS - self._steps, 0)
        steps = missing if max_steps is None else min(missing, max_steps)
        for _ in range(steps):
            self._steps += 1
            self._scan()
        return steps == missing

    def words(self, channel: str) -> Words | None:
        """Return the register words of a channel, or None while its value is not known."""
        return self._words[channel]

    def values(self) -> dict[str, float | None]:
        """Return what a reader of all registers would understand, None for a gap."""
        return {r.channel: told(r, self._words[r.channel]) for r in self.sheet.registers}

    def _scan(self) -> None:
        elapsed_ms = self.elapsed_ms
        local_s = self._local_s + elapsed_ms / 1000
        truth = self._process.step(STEP_S, local_s, self._disturbance(elapsed_ms))
        for sensor in self._sensors:
            channel = sensor.register.channel
            self._words[channel] = sensor.sample(truth[channel], elapsed_ms)

    def _disturbance(self, elapsed_ms: int) -> Disturbance:
        strength = {"leak": 0.0, "blockage": 0.0}
        for fault in self._faults:
            if fault.kind.name in strength:
                strength[fault.kind.name] += fault.strength(elapsed_ms)
        return Disturbance(**strength)


def _rng(seed: int, *name: str) -> Random:
    """Return a generator of its own for each part, so that parts do not disturb each other."""
    return Random("/".join((str(seed), *name)))  # noqa: S311  (a simulation, not a secret)
