"""What this room tells, field by field."""

from dataclasses import dataclass

from lamppost.register.records.values import Kept

SCOPES = ("asset", "district", "class", "indicator")
INDICATOR = "indicator"
"""As a scope, and as what a target of that scope is about."""

RESOURCES = {"energy": "kW.h", "water": "m3"}
"""What is used up, and the unit it is told in."""


@dataclass(frozen=True, slots=True)
class Requirement(Kept):
    """What must be measured at every asset of a class.

    Attributes:
        asset_class: The class.
        measurand: Class of the channel that must be linked.
        why: Why it must.
    """

    asset_class: str
    measurand: str
    why: str


@dataclass(frozen=True, slots=True)
class Target(Kept):
    """How much of a resource shall be used a day.

    Attributes:
        scope: "asset", "district", "class" or "indicator".
        subject: Id of the asset, name of the district or class, id of the indicator.
        resource: "energy" or "water"; of an indicator "indicator".
        unit: Unit of the numbers; that of the resource or indicator.
        baseline: What was used a day before anything was done, or the value then.
        goal: What shall be used a day, or the value that is aimed at.
        basis: Where baseline and goal come from.
    """

    scope: str
    subject: str
    resource: str
    unit: str
    baseline: float
    goal: float
    basis: str


@dataclass(frozen=True, slots=True)
class AssetCondition:
    """The condition of an asset; see `grade.Condition`.

    Attributes:
        asset: Its id.
        asset_class: Its class.
        district: Its district.
        time_ms: When this was found.
        scale: Name and version of the scale; 1 is best.
        grade: 1 to 5, or None.
        status: "known" or "unknown".
        basis: "A", "B", "C" or "-".
        confidence: 0 to 1.
        measured_ms: When it was last measured.
        reason: Why.
    """

    asset: str
    asset_class: str
    district: str | None
    time_ms: int
    scale: str
    grade: int | None
    status: str
    basis: str
    confidence: float
    measured_ms: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Covered:
    """How much of a part of the city is watched, in four forms; each 0 to 1.

    Attributes:
        part: The class or district, or "all".
        assets: How many assets there are.
        monitored: How many have a channel that tells of them.
        by_count: Share of the assets.
        by_length: Share of the metres; None when no asset has a length.
        by_population: Share of the people served; None when no asset says how many.
        by_criticality: Share of the sum of criticalities; unrated assets count 3.
        length_unknown: Assets that have no length.
        population_unknown: Assets that do not say how many people they serve.
    """

    part: str
    assets: int
    monitored: int
    by_count: float
    by_length: float | None
    by_population: float | None
    by_criticality: float
    length_unknown: int
    population_unknown: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A measurand that a class needs and an asset does not have.

    Attributes:
        asset: Id of the asset.
        asset_class: Its class.
        district: Its district.
        measurand: What is not measured.
        why: Why it must be.
        criticality: Of the asset, 1 to 5, or None.
        population: How many people it serves, or None.
        score: criticality x (1 + people in thousands), what the list is ordered by.
    """

    asset: str
    asset_class: str
    district: str | None
    measurand: str
    why: str
    criticality: int | None
    population: int | None
    score: float


@dataclass(frozen=True, slots=True)
class Lacking:
    """What a class must have measured, and how many of its assets have it not.

    Attributes:
        requirement: Its id.
        asset_class: The class.
        measurand: What must be measured.
        why: Why it must.
        assets: How many assets of the class there are.
        missing: How many of them do not have it.
    """

    requirement: str
    asset_class: str
    measurand: str
    why: str
    assets: int
    missing: int


@dataclass(frozen=True, slots=True)
class Used:
    """What a part of the city used of a resource in a period.

    Attributes:
        part: The asset, district or class.
        resource: "energy" or "water".
        unit: Unit of the amounts.
        amount: What was used, as far as it was measured.
        days: Days of metering there are.
        days_expected: Days of metering there should be.
        per_day: Mean of a day of the part: of each meter over its own days, then summed.
        baseline: Target's baseline a day, or None.
        goal: Target's goal a day, or None.
        saved: (baseline - per_day) / baseline; None without a target.
        on_track: per_day <= goal; None without a target.
    """

    part: str
    resource: str
    unit: str
    amount: float
    days: int
    days_expected: int
    per_day: float
    baseline: float | None
    goal: float | None
    saved: float | None
    on_track: bool | None


@dataclass(frozen=True, slots=True)
class Next:
    """One thing to do, and why it stands where it stands.

    Attributes:
        kind: "alarm", "capacity", "condition", "gap", "overdue_work" or "calibration".
        subject: Id of the alarm, asset, order or channel.
        asset: Id of the asset, or None.
        what: What to do, in a sentence.
        score: What the list is ordered by, 0 to 1.
        arithmetic: severity x criticality / 5 x confidence, in numbers.
    """

    kind: str
    subject: str
    asset: str | None
    what: str
    score: float
    arithmetic: str
