"""A wet well, the pump that empties it, and the rising main it pumps into.

The well's level is its mass balance: inflow less what the pump takes. The pump's speed holds
the level. Flow and pressure are where the pump's curve meets the main's; a leak lowers the
main's resistance (more flow, less pressure, and the well empties), a blockage raises it.
"""

import math
from collections.abc import Mapping
from random import Random

from lamppost.sim.physics.process import Disturbance, Ripple, bump, follow

NOMINAL_FLOW_L_S = 40.0
WELL_AREA_M2 = 3.0
WELL_DEPTH_M = 5.0
SET_LEVEL_M = 2.5
STOP_LEVEL_M = 0.3
START_LEVEL_M = 0.6
LITRES_PER_M3 = 1000.0

SHUTOFF_BAR = 5.6  # pump curve at full speed: SHUTOFF - SLOPE * flow^2
PUMP_SLOPE = 4.54e-4
STATIC_BAR = 1.2  # the main's: STATIC + FRICTION * flow^2
FRICTION = 1.125e-3
MIN_SPEED = 0.58  # slower, the pump would not lift the water into the main
GAIN_PER_M = 0.3
INTEGRAL_S = 600.0
LAG_S = 0.4

LEAK_L_S_SQRT_BAR = 12.0  # through the hole of a leak of size 1, per square root of bar
BLOCKAGE_FRICTION = 3.0  # a blockage of size 1 makes the friction four times what it was
BISECTIONS = 24

BEST_EFFICIENCY = 0.72
BEST_FLOW_L_S = 48.0  # at full speed
AMPERES_PER_KW = 1.0 / 0.596  # three phases, 400 V, power factor 0.86
MAGNETISING_A = 2.0
KW_PER_BAR_L_S = 0.1


class PumpStation:
    """One pump with its well; see the module's text."""

    def __init__(self, rng: Random, local_s: float) -> None:
        self._inflow_ripple = Ripple(rng, sigma=0.04, tau_s=30.0)
        self._level_m = SET_LEVEL_M
        self._flow = _daily_inflow(local_s)
        self._pressure_bar = STATIC_BAR + FRICTION * self._flow**2
        self._speed_integral = _speed_for(self._flow)
        self._running = True

    def step(
        self, dt_s: float, local_s: float, disturbance: Disturbance
    ) -> Mapping[str, float]:
        """See `Process.step`."""
        inflow = _daily_inflow(local_s) + self._inflow_ripple.step(dt_s)
        speed = self._control(dt_s)
        flow, pressure = _operating_point(speed, disturbance) if speed else (0.0, STATIC_BAR)
        self._flow = follow(self._flow, flow, dt_s, LAG_S)
        self._pressure_bar = follow(self._pressure_bar, pressure, dt_s, LAG_S)
        change_m = (inflow - self._flow) * dt_s / (WELL_AREA_M2 * LITRES_PER_M3)
        self._level_m = min(max(self._level_m + change_m, 0.0), WELL_DEPTH_M)
        return {
            "flow": self._flow,
            "pressure": self._pressure_bar,
            "level": self._level_m,
            "motor_current": _current_a(self._flow, self._pressure_bar, speed),
            "vibration": _vibration_mm_s(self._flow, speed, disturbance.blockage),
            "running": float(self._running),
        }

    def _control(self, dt_s: float) -> float:
        """Return the pump's speed, 0 when it stands still to keep from running dry."""
        if self._level_m < STOP_LEVEL_M:
            self._running = False
        elif self._level_m > START_LEVEL_M:
            self._running = True
        if not self._running:
            return 0.0
        error_m = self._level_m - SET_LEVEL_M
        integral = self._speed_integral + GAIN_PER_M * error_m * dt_s / INTEGRAL_S
        self._speed_integral = min(max(integral, MIN_SPEED), 1.0)
        return min(max(self._speed_integral + GAIN_PER_M * error_m, MIN_SPEED), 1.0)


def _daily_inflow(local_s: float) -> float:
    morning, evening = bump(local_s, 7.5, 1.8), bump(local_s, 20.0, 2.4)
    return NOMINAL_FLOW_L_S * (0.6 + 0.35 * morning + 0.4 * evening)


def _speed_for(flow: float) -> float:
    return math.sqrt((STATIC_BAR + (FRICTION + PUMP_SLOPE) * flow**2) / SHUTOFF_BAR)


def _operating_point(speed: float, disturbance: Disturbance) -> tuple[float, float]:
    """Return flow (L/s) and pressure (bar) where pump and main agree."""
    shutoff = SHUTOFF_BAR * speed**2
    friction = FRICTION * (1.0 + BLOCKAGE_FRICTION * disturbance.blockage)
    hole = LEAK_L_S_SQRT_BAR * disturbance.leak
    low, high = 0.0, shutoff
    for _ in range(BISECTIONS):
        pressure = 0.5 * (low + high)
        taken = math.sqrt(max(pressure - STATIC_BAR, 0.0) / friction)
        taken += hole * math.sqrt(pressure)
        given = math.sqrt((shutoff - pressure) / PUMP_SLOPE)
        low, high = (pressure, high) if given > taken else (low, pressure)
    pressure = 0.5 * (low + high)
    return math.sqrt((shutoff - pressure) / PUMP_SLOPE), pressure


def _off_best(flow: float, speed: float) -> float:
    """Return how far the pump is from its best flow at this speed; 0 is at it."""
    return flow / (BEST_FLOW_L_S * speed) - 1.0


def _current_a(flow: float, pressure_bar: float, speed: float) -> float:
    if not speed:
        return 0.0
    efficiency = BEST_EFFICIENCY * max(1.0 - 0.6 * _off_best(flow, speed) ** 2, 0.2)
    shaft_kw = KW_PER_BAR_L_S * flow * pressure_bar / efficiency
    return MAGNETISING_A + AMPERES_PER_KW * shaft_kw


def _vibration_mm_s(flow: float, speed: float, blockage: float) -> float:
    if not speed:
        return 0.05
    return 2.2 * speed**2 + 6.0 * _off_best(flow, speed) ** 2 + 1.5 * blockage
