"""What comes first: severity x criticality x confidence, with the arithmetic to read."""

from dataclasses import dataclass

CRITICALITY_MAX = 5
CRITICALITY_UNKNOWN = 3
"""An asset nobody has rated, or no asset at all, counts as one in the middle."""

CONFIDENCE_START = 0.75
CONFIDENCE_WEIGHT = 4
"""Before anybody has judged, as if three of four alarms of the kind had been true."""

PRIORITY_FLOORS = (0.5, 0.25, 0.1)
"""Scores from which an alarm is critical, high, medium; below the last it is low."""

WORDS = {1: "critical", 2: "high", 3: "medium", 4: "low"}


@dataclass(frozen=True, slots=True)
class Ranked:
    """A score, and what it was made of.

    Attributes:
        score: 0 to 1.
        priority: 1 (critical) to 4 (low).
        arithmetic: The multiplication, for a person.
    """

    score: float
    priority: int
    arithmetic: str


def ranked(severity: float, criticality: int | None, confidence: float) -> Ranked:
    """Return the rank of something of a severity (0 to 1) at an asset (1 to 5, or None)."""
    rating = CRITICALITY_UNKNOWN if criticality is None else criticality
    score = severity * rating / CRITICALITY_MAX * confidence
    told = f"criticality {rating}/5" + ("" if criticality is not None else " (not rated)")
    return Ranked(
        score,
        priority_of(score),
        f"severity {severity:.2f} x {told} x confidence {confidence:.2f} = {score:.2f}",
    )


def priority_of(score: float) -> int:
    """Return the priority of a score, 1 (critical) to 4 (low)."""
    return 1 + sum(score < floor for floor in PRIORITY_FLOORS)


def confidence(true: int, false: int) -> float:
    """Return how much an alarm of a kind counts, by what people found of earlier ones."""
    return (true + CONFIDENCE_START * CONFIDENCE_WEIGHT) / (true + false + CONFIDENCE_WEIGHT)
