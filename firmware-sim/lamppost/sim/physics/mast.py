"""The air at a kerb: traffic brings particles and nitrogen dioxide, the sun warms and dries.

Coarse particles ride on fine ones, and the relative humidity follows temperature and a slowly
wandering dew point.
"""

import math
from collections.abc import Mapping
from random import Random

from lamppost.sim.physics.process import Disturbance, Ripple, bump, day_wave

MEAN_TEMPERATURE_CEL = 14.0
DAILY_SWING_CEL = 5.0
WARMEST_H = 15.0
MEAN_DEW_POINT_CEL = 8.0
MEAN_PRESSURE_HPA = 1008.0
MAGNUS_A = 17.62  # Magnus formula for the vapour pressure over water
MAGNUS_B_CEL = 243.12


class AirQualityMast:
    """See the module's text. No process fault of this simulator touches it."""

    def __init__(self, rng: Random, local_s: float) -> None:  # noqa: ARG002  (no state by hour)
        self._fine = Ripple(rng, sigma=0.5, tau_s=1800.0)
        self._coarse = Ripple(rng, sigma=0.6, tau_s=1200.0)
        self._gas = Ripple(rng, sigma=0.8, tau_s=1200.0)
        self._warmth = Ripple(rng, sigma=0.06, tau_s=1800.0)
        self._dew_point = Ripple(rng, sigma=0.05, tau_s=3600.0)
        self._weather = Ripple(rng, sigma=6.0, tau_s=2.0e6)

    def step(
        self,
        dt_s: float,
        local_s: float,
        disturbance: Disturbance,  # noqa: ARG002  (nothing in here leaks or clogs)
    ) -> Mapping[str, float]:
        """See `Process.step`."""
        traffic = bump(local_s, 8.0, 1.5) + bump(local_s, 19.0, 2.5)
        fine = max(9.0 + 6.0 * traffic + self._fine.step(dt_s), 0.0)
        coarse = max(6.0 + 3.0 * traffic + self._coarse.step(dt_s), 0.0)
        gas = max(14.0 + 26.0 * traffic + self._gas.step(dt_s), 0.0)
        swing = DAILY_SWING_CEL * day_wave(local_s, WARMEST_H)
        temperature = MEAN_TEMPERATURE_CEL + swing + self._warmth.step(dt_s)
        dew_point = MEAN_DEW_POINT_CEL + self._dew_point.step(dt_s)
        vapour = _saturation(dew_point) / _saturation(temperature)
        return {
            "pm2.5": fine,
            "pm10": fine + coarse,
            "no2": gas,
            "temperature": temperature,
            "humidity": min(100.0 * vapour, 100.0),
            "pressure": MEAN_PRESSURE_HPA + self._weather.step(dt_s),
        }


def _saturation(temperature_cel: float) -> float:
    """Return the saturation vapour pressure, up to a constant factor."""
    return math.exp(MAGNUS_A * temperature_cel / (MAGNUS_B_CEL + temperature_cel))
