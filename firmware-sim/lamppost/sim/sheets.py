"""The datasheets as data: what `docs/datasheets/*.md` say, register by register.

A test reads those pages and holds them against this module, so neither can change alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lamppost.sim.registers import Register


@dataclass(frozen=True, slots=True)
class Sheet:
    """A device model: its page in `docs/datasheets/` and its registers."""

    model: str
    title: str
    registers: tuple[Register, ...]

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels in the order of the page."""
        return tuple(register.channel for register in self.registers)

    def register(self, channel: str) -> Register:
        """Return the register of a channel; KeyError when the sheet has none."""
        for register in self.registers:
            if register.channel == channel:
                return register
        raise KeyError(channel)


PUMP_STATION = Sheet(
    "pump-station",
    "Pump station",
    (
        Register(
            "flow", "input", 0, "float32", "Flow in the rising main, behind the pump",
            "flow", "L/s", 0.0, 80.0, 0.4, 0.02,
        ),
        Register(
            "pressure", "input", 2, "float32", "Gauge pressure in the rising main, at the pump",
            "pressure", "bar", 0.0, 10.0, 0.015, 0.001,
        ),
        Register(
            "level", "input", 4, "uint16", "Water level in the wet well, above its floor",
            "level", "m", 0.0, 5.0, 0.0012, 0.0001, 0.0001,
        ),
        Register(
            "motor_current", "input", 5, "uint16", "Current of the pump motor, per phase",
            "current", "A", 0.0, 80.0, 0.25, 0.01, 0.01,
        ),
        Register(
            "vibration", "input", 6, "uint16", "Vibration velocity at the pump bearing, RMS",
            "vibration", "mm/s", 0.0, 30.0, 0.08, 0.005, 0.005,
        ),
        Register(
            "running", "discrete", 0, "bit", "The pump runs (1) or stands still (0)", "state"
        ),
    ),
)  # fmt: skip

STREET_LIGHT_CABINET = Sheet(
    "street-light-cabinet",
    "Street-light cabinet",
    (
        Register(
            "voltage", "input", 0, "uint16", "Supply voltage, line to neutral, RMS",
            "voltage", "V", 180.0, 280.0, 0.3, 0.01, 0.01,
        ),
        Register(
            "current", "input", 1, "uint16", "Current drawn by the cabinet, RMS",
            "current", "A", 0.0, 63.0, 0.06, 0.002, 0.002,
        ),
        Register(
            "power", "input", 2, "int32", "Active power drawn by the cabinet",
            "power", "W", -1000.0, 15000.0, 12.0, 0.5, 0.5,
        ),
        Register(
            "energy", "input", 4, "uint32",
            "Active energy drawn since installation; begins again at 0 after the highest value",
            "energy", "kW.h", 0.0, 42_949.0, 0.0, 0.00001, 0.00001,
        ),
        Register(
            "lamps_on", "discrete", 0, "bit", "The lamps are switched on (1)", "state"
        ),
        Register(
            "door_open", "discrete", 16, "bit", "The cabinet door stands open (1)", "state"
        ),
    ),
)  # fmt: skip

AIR_QUALITY_MAST = Sheet(
    "air-quality-mast",
    "Air-quality mast",
    (
        Register(
            "pm2.5", "input", 0, "uint16", "Mass concentration of particles up to 2.5 um",
            "particulates", "ug/m3", 0.0, 1000.0, 0.5, 0.05, 0.05,
        ),
        Register(
            "pm10", "input", 1, "uint16", "Mass concentration of particles up to 10 um",
            "particulates", "ug/m3", 0.0, 1000.0, 0.9, 0.05, 0.05,
        ),
        Register(
            "no2", "input", 2, "uint16", "Mass concentration of nitrogen dioxide",
            "gas", "ug/m3", 0.0, 500.0, 0.8, 0.05, 0.05,
        ),
        Register(
            "temperature", "input", 3, "int16", "Air temperature, 4 m above ground",
            "temperature", "Cel", -40.0, 60.0, 0.06, 0.005, 0.005,
        ),
        Register(
            "humidity", "input", 4, "uint16", "Relative humidity of the air",
            "humidity", "%", 0.0, 100.0, 0.25, 0.02, 0.02,
        ),
        Register(
            "pressure", "input", 5, "uint16",
            "Air pressure at the mast, not reduced to sea level",
            "air_pressure", "hPa", 800.0, 1100.0, 0.06, 0.005, 0.005, 800.0,
        ),
    ),
)  # fmt: skip

SHEETS: Mapping[str, Sheet] = MappingProxyType(
    {sheet.model: sheet for sheet in (PUMP_STATION, STREET_LIGHT_CABINET, AIR_QUALITY_MAST)}
)
