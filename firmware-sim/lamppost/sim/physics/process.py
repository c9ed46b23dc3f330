"""The seam between an asset's physics and the device that measures it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Protocol

DAY_S = 86_400.0
HOUR_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Disturbance:
    """Process faults in force during one step, each from 0 (none) to 1 (the worst)."""

    leak: float = 0.0
    blockage: float = 0.0


CALM = Disturbance()


class Process(Protocol):
    """An asset's physics: who owns it calls `step` with a fixed `dt_s`, one step after another.

    The state after a step depends on the seed, the steps so far and the arguments alone.
    """

    def step(
        self, dt_s: float, local_s: float, disturbance: Disturbance
    ) -> Mapping[str, float]:
        """Move on by `dt_s` to `local_s` (seconds after local midnight).

        Returns:
            The true value of each channel, in the unit of its register; bits as 0.0 or 1.0.
        """
        ...


class Ripple:
    """A slow, bounded wander around zero (Ornstein-Uhlenbeck), standard deviation `sigma`."""

    __slots__ = ("_rng", "_sigma", "_tau_s", "value")

    def __init__(self, rng: Random, sigma: float, tau_s: float) -> None:
        self._rng = rng
        self._sigma = sigma
        self._tau_s = tau_s
        self.value = rng.gauss(0.0, sigma)

    def step(self, dt_s: float) -> float:
        """Move on by `dt_s` and return the new value."""
        keep = math.exp(-dt_s / self._tau_s)
        kick = self._sigma * math.sqrt(1.0 - keep * keep)
        self.value = self.value * keep + self._rng.gauss(0.0, kick)
        return self.value


def bump(local_s: float, peak_h: float, width_h: float) -> float:
    """Return a daily bell: 1 at `peak_h` o'clock, `width_h` its standard deviation in hours."""
    away_h = (local_s / HOUR_S - peak_h + 12.0) % 24.0 - 12.0
    return math.exp(-0.5 * (away_h / width_h) ** 2)


def day_wave(local_s: float, peak_h: float) -> float:
    """Return a daily cosine: 1 at `peak_h` o'clock, -1 twelve hours away."""
    return math.cos(2.0 * math.pi * (local_s - peak_h * HOUR_S) / DAY_S)


def follow(value: float, target: float, dt_s: float, tau_s: float) -> float:
    """Return `value` moved towards `target` as a first-order lag of `tau_s` does."""
    return target + (value - target) * math.exp(-dt_s / tau_s)
