"""The condition of an asset on a scale from 1 (very good) to 5 (very poor), with its reason.

Measured first: what its channels say now and what alarms it has had. Age can make the grade
worse by one, not better. Without measurements age alone gives a modelled grade, and without
that there is none: silence is never "good". Scale version "iimm-1": 1 is best; bands of
remaining life from 80 % down in steps of 20 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lamppost.register.days.day import DAY_MS, FAULTY

SCALE = "iimm-1"
BAD_FROM = (0.1, 0.3, 0.5, 0.75)
"""Badness from which a grade is 2, 3, 4, 5."""

LIFE_FROM = (0.8, 0.6, 0.4, 0.2)
"""Remaining share of the design life below which a grade is 2, 3, 4, 5."""

INTERVALS = 3
"""A channel that is silent for more than so many of its intervals says nothing any more."""

INTERVAL_MS = 60_000
"""For channels that promise none."""

FRESH_DAYS = 90
HALF_LIFE_DAYS = 7.0
ALARM_DAYS = 30
CONFIDENCE = {"A": 0.9, "B": 0.5, "C": 0.4, "-": 0.0}

Status = Literal["known", "unknown"]
Basis = Literal["A", "B", "C", "-"]


@dataclass(frozen=True, slots=True)
class Seen:
    """The last reading of a channel that tells of the asset.

    Attributes:
        channel: Its id.
        time_ms: When it was read.
        interval_ms: The longest silence it promised, or None.
        flags: Words as in `live.FLAG_WORDS`.
        severity: 0 to 1.
    """

    channel: str
    time_ms: int
    interval_ms: int | None
    flags: tuple[str, ...]
    severity: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of an asset.

    Attributes:
        channels: Channels linked to it with the role `state`, `capacity_use` or `proxy`.
        active: Severities of its process anomalies that are active.
        lately: How many process anomalies it had in the last 30 days.
        age_years: Years since it was installed, or None.
        life_years: Years it was built for, or None.
        before: The condition that was measured last, or None.
    """

    channels: Sequence[Seen] = ()
    active: Sequence[float] = ()
    lately: int = 0
    age_years: float | None = None
    life_years: float | None = None
    before: "Condition | None" = None


@dataclass(frozen=True, slots=True)
class Condition:
    """A grade, and how sure it is.

    Attributes:
        grade: 1 (very good) to 5 (very poor); None when nothing is known.
        status: "unknown" when channels are silent, or there is nothing to go by.
        basis: "A" measured within 90 days, "B" measured earlier, "C" modelled from age,
            "-" nothing.
        confidence: 0 to 1; halves each week of silence.
        measured_ms: When it was last measured.
        reason: Why this grade, in a sentence.
    """

    grade: int | None
    status: Status
    basis: Basis
    confidence: float
    measured_ms: int | None
    reason: str


def graded(evidence: Evidence, now_ms: int) -> Condition:
    """Return the condition of an asset now."""
    aged, aging = _aged(evidence.age_years, evidence.life_years)
    sound = [one for one in evidence.channels if not FAULTY.intersection(one.flags)]
    fresh = [one for one in sound if _is_fresh(one, now_ms)]
    if fresh:
        return _measured(evidence, fresh, aged, aging)
    if evidence.before is not None and evidence.before.measured_ms is not None:
        return _decayed(evidence, evidence.before, now_ms)
    if aged is not None:
        told = f"not measured; modelled from age: {aging}"
        status: Status = "unknown" if evidence.channels else "known"
        return Condition(aged, status, "C", CONFIDENCE["C"], None, told)
    told = "no channel tells of it, and age or design life is missing"
    return Condition(None, "unknown", "-", 0.0, None, told)


def badness(severity: float, lately: int) -> float:
    """Return 0 (nothing) to 1: the worst now, or half of what keeps coming back."""
    recurring: float = 0.5 ** (lately / 3)
    return max(severity, 0.5 * (1 - recurring))


def _measured(evidence: Evidence, fresh: list[Seen], aged: int | None, aging: str) -> Condition:
    worst = max(fresh, key=lambda one: (_severity(one), one.channel))
    severity = max([_severity(worst), *evidence.active])
    bad = badness(severity, evidence.lately)
    measured = 1 + sum(bad >= floor for floor in BAD_FROM)
    grade = measured if aged is None else max(measured, min(aged, measured + 1))
    share = len(fresh) / len(evidence.channels)
    told = f"badness {bad:.2f}: worst now {severity:.2f}"
    if _severity(worst) > 0:
        told += f" at {worst.channel}"
    told += f", {evidence.lately} anomalies in {ALARM_DAYS} days"
    told += f"; {len(fresh)} of {len(evidence.channels)} channels tell"
    if grade > measured:
        told += f"; one grade worse by age: {aging}"
    measured_ms = max(one.time_ms for one in fresh)
    return Condition(grade, "known", "A", CONFIDENCE["A"] * share, measured_ms, told)


def _decayed(evidence: Evidence, before: Condition, now_ms: int) -> Condition:
    """The last measured grade, that nobody should trust for long."""
    measured_ms = before.measured_ms or 0
    days = max(now_ms - measured_ms, 0) / DAY_MS
    basis: Basis = "A" if days < FRESH_DAYS else "B"
    sure = min(CONFIDENCE[basis] * 0.5 ** (days / HALF_LIFE_DAYS), before.confidence)
    why = "its channels are silent or faulty" if evidence.channels else "it has no channel now"
    told = f"{why} since {days:.1f} days; grade {before.grade} is the last that was measured"
    return Condition(before.grade, "unknown", basis, sure, measured_ms, told)


def _aged(age_years: float | None, life_years: float | None) -> tuple[int | None, str]:
    if age_years is None or life_years is None or life_years <= 0:
        return None, ""
    left = max(1 - age_years / life_years, 0.0)
    grade = 1 + sum(left < floor for floor in LIFE_FROM)
    return grade, f"{left:.0%} of {life_years:g} years left"


def _is_fresh(one: Seen, now_ms: int) -> bool:
    return now_ms - one.time_ms <= INTERVALS * (one.interval_ms or INTERVAL_MS)


def _severity(one: Seen) -> float:
    return one.severity if "anomaly" in one.flags else 0.0
