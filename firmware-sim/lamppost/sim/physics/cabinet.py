"""A street-light cabinet: the grid before it, the lamps behind it, and its meter.

Current follows power and voltage; the grid sags a little under the load; energy is the sum of
power. A photocell switches the lamps, which take some seconds to reach their power.
"""

from collections.abc import Mapping
from random import Random

from lamppost.sim.physics.process import DAY_S, HOUR_S, Disturbance, Ripple, day_wave, follow

LAMPS_POWER_W = 4200.0
BASE_POWER_W = 180.0
LIGHTS_ON_H = 18.5
LIGHTS_OFF_H = 6.5
WARM_UP_S = 4.0
GRID_V = 231.0
SAG_V_PER_A = 0.06
POWER_FACTOR = 0.95
WATT_SECONDS_PER_KWH = 3.6e6
ENERGY_WRAP_KWH = 42_949.0
MAX_FIRST_ENERGY_KWH = 30_000.0


class StreetLightCabinet:
    """See the module's text. No process fault of this simulator touches it."""

    def __init__(self, rng: Random, local_s: float) -> None:
        self._grid = Ripple(rng, sigma=0.25, tau_s=1800.0)
        self._load = Ripple(rng, sigma=5.0, tau_s=900.0)
        self._energy_kwh = rng.uniform(0.0, MAX_FIRST_ENERGY_KWH)
        self._lamps_w = LAMPS_POWER_W * _lamps_on(local_s)

    def step(
        self,
        dt_s: float,
        local_s: float,
        disturbance: Disturbance,  # noqa: ARG002  (nothing in here leaks or clogs)
    ) -> Mapping[str, float]:
        """See `Process.step`."""
        lamps_on = _lamps_on(local_s)
        self._lamps_w = follow(self._lamps_w, LAMPS_POWER_W * lamps_on, dt_s, WARM_UP_S)
        power = BASE_POWER_W + self._lamps_w + self._load.step(dt_s)
        # The city draws most in the evening, and the grid's voltage is lowest then.
        open_v = GRID_V - 1.5 * day_wave(local_s, 19.0) + self._grid.step(dt_s)
        current = power / (open_v * POWER_FACTOR)
        voltage = open_v - SAG_V_PER_A * current
        energy = self._energy_kwh + power * dt_s / WATT_SECONDS_PER_KWH
        self._energy_kwh = energy % ENERGY_WRAP_KWH
        return {
            "voltage": voltage,
            "current": power / (voltage * POWER_FACTOR),
            "power": power,
            "energy": self._energy_kwh,
            "lamps_on": float(lamps_on),
            "door_open": 0.0,
        }


def _lamps_on(local_s: float) -> bool:
    hour = local_s % DAY_S / HOUR_S
    return hour >= LIGHTS_ON_H or hour < LIGHTS_OFF_H
