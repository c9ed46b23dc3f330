"""Units of loads and resources that stand for the same thing, and the factor between them."""

BASES: dict[str, tuple[str, float]] = {
    "L/s": ("flow", 1e-3),
    "L/min": ("flow", 1e-3 / 60),
    "L/h": ("flow", 1e-3 / 3600),
    "m3/s": ("flow", 1.0),
    "m3/h": ("flow", 1 / 3600),
    "m3/d": ("flow", 1 / 86400),
    "L": ("volume", 1e-3),
    "m3": ("volume", 1.0),
    "W": ("power", 1.0),
    "kW": ("power", 1e3),
    "MW": ("power", 1e6),
    "W.h": ("energy", 1.0),
    "kW.h": ("energy", 1e3),
    "MW.h": ("energy", 1e6),
    "J": ("energy", 1 / 3600),
    "kJ": ("energy", 1e3 / 3600),
    "MJ": ("energy", 1e6 / 3600),
    "GJ": ("energy", 1e9 / 3600),
    "mA": ("current", 1e-3),
    "A": ("current", 1.0),
    "mm": ("length", 1e-3),
    "cm": ("length", 1e-2),
    "m": ("length", 1.0),
    "kPa": ("pressure", 1e3),
    "bar": ("pressure", 1e5),
    "{vehicle}/h": ("vehicles", 1.0),
    "{vehicle}/d": ("vehicles", 1 / 24),
    "%": ("share", 0.01),
    "1": ("share", 1.0),
}
"""Unit to what it measures, and its size in that quantity's own base."""


def factor(from_unit: str, to_unit: str) -> float | None:
    """Return what a number must be multiplied with, or None when the units do not match."""
    if from_unit == to_unit:
        return 1.0
    one, other = BASES.get(from_unit), BASES.get(to_unit)
    if one is None or other is None or one[0] != other[0]:
        return None
    return one[1] / other[1]
