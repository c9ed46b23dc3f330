"""A target as people enter it: two numbers and where both come from."""

import math
from typing import Protocol

from lamppost.register.markup import Markup
from lamppost.register.pages.deeds import Asked
from lamppost.register.pages.forms import line, lines
from lamppost.register.records.links import RefusedError


class Held(Protocol):
    """A target that holds."""

    @property
    def baseline(self) -> float:
        """What it was before anything was done."""

    @property
    def goal(self) -> float:
        """What it shall be."""

    @property
    def basis(self) -> str:
        """Where both come from."""


def fields(of: str, aim: Held | None) -> tuple[Markup, Markup, Markup]:
    """Return the fields of a dialog, with what holds in them.

    Args:
        of: What stands behind "Target" and "Baseline", such as " in kWh".
        aim: None while there is none.
    """
    goal, baseline = (None, None) if aim is None else (f"{aim.goal:g}", f"{aim.baseline:g}")
    before = f"Baseline{of}: before anything was done"
    return (
        line("goal", f"Target{of}", is_needed=True, value=goal),
        line("baseline", before, is_needed=True, value=baseline),
        lines("basis", "Where both come from", value="" if aim is None else aim.basis),
    )


def numbers(wanted: Asked) -> tuple[float, float]:
    """Return baseline and goal as entered.

    Raises:
        RefusedError: one is no number.
    """
    return _number(wanted, "baseline"), _number(wanted, "goal")


def _number(wanted: Asked, name: str) -> float:
    came = wanted.said.get(name, "").strip()
    try:
        number = float(came)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise RefusedError(f"{name}: came {came[:40]!r}, allowed: a number, such as 12.5")
    return number
