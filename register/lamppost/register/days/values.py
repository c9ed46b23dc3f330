"""What this room tells, field by field."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Graded:
    """How good a day of a stream was; parts are 0 (worst) to 1, None where nothing can be said.

    Attributes:
        channel: Id of its channel.
        channel_class: What it measures.
        day_ms: The day's first moment, UTC.
        provenance: "measured" or "synthetic".
        score: Mean of the known parts, by weight; None of a day that was kept before there were
            grades.
        completeness: Minutes with a reading, of those there should be.
        validity: Of them those without the flag of a fault.
        timeliness: Of them those that came in time.
        consistency: One unit and type all day; counters that do not fall.
        uniqueness: Readings of its node that did not come twice.
        accuracy: Against the reference at its asset.
        expected: Minutes there should be.
        minutes: Good minutes.
        flagged: Minutes with the flag of a fault.
        flags: Minutes by flag.
        late: Readings that came late.
        gaps: How often a silence began.
        revision: How often the day was made anew.
    """

    channel: str
    channel_class: str
    day_ms: int
    provenance: str
    score: float | None
    completeness: float | None
    validity: float | None
    timeliness: float | None
    consistency: float | None
    uniqueness: float | None
    accuracy: float | None
    expected: int
    minutes: int
    flagged: int
    flags: dict[str, int]
    late: int
    gaps: int
    revision: int


@dataclass(frozen=True, slots=True)
class GradedNode:
    """How good a day of a node's streams was: means of theirs.

    Attributes:
        node: Its id.
        streams: How many streams were graded.
        silent: How many of them had no reading at all.
        score: Mean score.
        completeness: Mean, of those of which it is known, like the others.
        validity: Mean.
        timeliness: Mean.
        consistency: Mean.
        uniqueness: Mean.
        accuracy: Mean.
    """

    node: str
    streams: int
    silent: int
    score: float
    completeness: float | None
    validity: float | None
    timeliness: float | None
    consistency: float | None
    uniqueness: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class DayTold:
    """A day of a channel; see `day.Day`.

    Attributes:
        day_ms: Its first moment, UTC.
        provenance: "measured", "synthetic", "gap_filled" or "forecast".
        unit: Of the numbers.
        expected: Minutes there should be.
        minutes: Good minutes.
        flagged: Minutes with the flag of a fault.
        late: Readings that came late.
        gaps: How often a silence began.
        mean: Mean of the good minutes, None without any, like the others.
        low: Lowest.
        peak: Highest.
        p95: 95th percentile.
        p99: 99th percentile.
        total: Sum of the good minutes' values.
        rise: Sum of all increases.
        integral_h: Value times hours.
        first: First good value.
        last: Last good value.
        revision: How often the day was made anew.
        made_ms: When it was made.
    """

    day_ms: int
    provenance: str
    unit: str
    expected: int
    minutes: int
    flagged: int
    late: int
    gaps: int
    mean: float | None
    low: float | None
    peak: float | None
    p95: float | None
    p99: float | None
    total: float | None
    rise: float | None
    integral_h: float | None
    first: float | None
    last: float | None
    revision: int
    made_ms: int
