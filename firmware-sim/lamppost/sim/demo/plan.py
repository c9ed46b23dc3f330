"""What goes wrong in the demo, and when."""

from dataclasses import dataclass

WARM_UP_S = 35.0
"""By then the detectors have seen enough of a healthy city to have an expectation."""

SHORTEST_S = 45.0
LONGEST_S = 86_400.0
ROUND_S = 300.0
ROUNDS = 12


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """A fault as `lamppost sim serve --fault` takes it, seconds since the city started."""

    kind: str
    target: str
    at_s: float
    for_s: float
    size: float | None = None

    @property
    def spec(self) -> str:
        """The text form."""
        size = "" if self.size is None else f":size={self.size:g}"
        return f"{self.kind}:{self.target}:at={self.at_s:g}:for={self.for_s:g}{size}"


def planned_faults(for_s: float | None) -> list[PlannedFault]:
    """A leak and a stuck sensor: once in a run of `for_s`, else a round every five minutes."""
    if for_s is not None:
        at_s = min(WARM_UP_S, 0.4 * for_s)
        return _round(at_s, for_s - at_s)
    return [fault for n in range(ROUNDS) for fault in _round(WARM_UP_S + n * ROUND_S, 60.0)]


def _round(at_s: float, for_s: float) -> list[PlannedFault]:
    return [
        PlannedFault("leak", "pump-1", at_s, for_s, 0.5),
        PlannedFault("stuck", "mast-1/temperature", at_s + 2.0, for_s - 2.0),
    ]
