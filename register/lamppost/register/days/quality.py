"""How good a day of a channel is: six parts and their score. Pure.

Each part is 0 (worst) to 1. A part of which nothing can be said is None and does not weigh: a
channel without a reference is neither accurate nor inaccurate.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from lamppost.register.days.day import Day

WEIGHTS: Mapping[str, float] = {
    "completeness": 0.3,
    "validity": 0.25,
    "timeliness": 0.15,
    "consistency": 0.1,
    "uniqueness": 0.05,
    "accuracy": 0.15,
}
"""What the score is the mean by; of the parts that are known."""

COUNTERS = frozenset({"energy", "volume"})
"""Classes whose values never fall unless the meter begins again."""

BEYOND = 3.0
"""A mean that is so many times its accuracy away from the reference is not accurate at all."""


@dataclass(frozen=True, slots=True)
class Around:
    """What else is known of a channel's day.

    Attributes:
        expected: Minutes in which the channel was there, 1 to 1,440.
        channel_class: What it measures.
        unit_ok: Whether its unit is UCUM.
        streams: How many streams it had that day: more than one means another unit or type.
        taken: Readings its node took that day; 0 when nobody keeps its books.
        duplicates: How many of them came again.
        bias: Its mean less that of a reference, in its unit; None without one.
        accuracy: How far it may be off, in its unit; None when nobody said.
    """

    expected: int
    channel_class: str = ""
    unit_ok: bool = True
    streams: int = 1
    taken: int = 0
    duplicates: int = 0
    bias: float | None = None
    accuracy: float | None = None


@dataclass(frozen=True, slots=True)
class Quality:
    """A score and its parts, 0 (worst) to 1; None where nothing can be said.

    Attributes:
        score: Mean of the known parts, by weight; 0 of a day without any reading.
        completeness: Minutes with a reading, of those there should be.
        validity: Of them those without the flag of a fault.
        timeliness: Of them those that came in time.
        consistency: One unit of UCUM and one type all day, and counters that do not fall.
        uniqueness: Readings of its node that did not come twice.
        accuracy: 1 while its mean is as near to the reference as it promises, 0 from three
            times that.
    """

    score: float
    completeness: float
    validity: float | None
    timeliness: float | None
    consistency: float | None
    uniqueness: float | None
    accuracy: float | None


def graded(day: Day, around: Around) -> Quality:
    """Return how good a day is."""
    seen = day.minutes + day.flagged
    completeness = min(seen / max(around.expected, 1), 1.0)
    if not seen:
        return Quality(0.0, 0.0, None, None, None, None, None)
    parts: dict[str, float | None] = {
        "completeness": completeness,
        "validity": day.minutes / seen,
        "timeliness": 1 - min(day.late / seen, 1.0),
        "consistency": _consistency(day, around),
        "uniqueness": (
            None if not around.taken else 1 - min(around.duplicates / around.taken, 1.0)
        ),
        "accuracy": accuracy(around.bias, around.accuracy),
    }
    return Quality(score(parts), **parts)  # type: ignore[arg-type]


def score(parts: Mapping[str, float | None]) -> float:
    """Return the mean of the parts that are known, by their weights."""
    known = {name: part for name, part in parts.items() if part is not None}
    weight = sum(WEIGHTS[name] for name in known)
    return sum(WEIGHTS[name] * part for name, part in known.items()) / weight


def accuracy(bias: float | None, allowed: float | None) -> float | None:
    """Return how accurate a mean is; None without a reference or a promise."""
    if bias is None or allowed is None or allowed <= 0:
        return None
    over = abs(bias) / allowed
    return min(max((BEYOND - over) / (BEYOND - 1), 0.0), 1.0)


def _consistency(day: Day, around: Around) -> float:
    told = 1.0 if around.unit_ok else 0.5
    told /= max(around.streams, 1)
    if around.channel_class in COUNTERS and day.minutes:
        told *= 1 - min(day.falls / day.minutes, 1.0)
    return told


PARTS = tuple(field.name for field in fields(Quality) if field.name != "score")
