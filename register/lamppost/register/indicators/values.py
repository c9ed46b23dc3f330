"""Definitions, periods, inputs and values of indicators."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Part = Literal["owner", "steward"]
OWNER: Final = "owner"
STEWARD: Final = "steward"
PARTS: tuple[Part, ...] = (OWNER, STEWARD)
"""Who signs a value."""

Status = Literal["measured", "synthetic", "NR"]
Kind = Literal["share", "density", "intensity", "mean", "loss", "difference", "tracked"]
Weight = Literal["count", "length_m", "length_km", "floor_m2", "population"]

AVERAGED: tuple[Kind, ...] = ("mean", "difference")
"""Kinds of which a station tells a mean, where the others have sums."""

FROM_RECORDS: tuple[Kind, ...] = ("share", "density")
"""Kinds that follow from the records alone; the others need days of channels."""


@dataclass(frozen=True, slots=True)
class Definition:
    """How an indicator is computed.

    Attributes:
        id: With standard and edition, as in "iso37122-2019:7.6": the same number means other
            things in other parts.
        title: What it says, in our own words.
        kind: "share" (per cent), "density" (a count for each `per`), "intensity" (a sum of
            readings for each `per` or weight), "mean" (of stations), "loss" (what was supplied
            less what was used, in per cent or for each connection), "difference" (of the means
            of two kinds of stations), "tracked" (the part of a sum that is watched, per cent).
        of: Classes of assets in the denominator; of a density, those that are counted.
        needs: What an asset must have to count: of each line one open channel of its own.
        weight: What of an asset is summed up.
        per: The city's fact in the denominator; of a loss "connections", or nothing.
        gate: Least share of the assets whose weight must be known, or whose meters must count.
        trap: What is easily counted wrongly.
        into: Unit of sums and means.
        told_unit: Unit of the value where it is neither a share nor a density.
        used: Of a loss, the classes that use; `of` are those that supply. Of a difference,
            the classes whose mean is taken off.
        tracked: Of "tracked", classes of channels of which a watched asset has one at least.
        per_day: Whether a sum is one of a day.
        days_gate: Least share of the days that an asset's meters must cover.
        factors: From other units to `into`, where they do not follow by themselves.
    """

    id: str
    title: str
    kind: Kind
    of: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...]
    weight: Weight
    per: str
    gate: float
    trap: str
    into: str = ""
    told_unit: str = ""
    used: tuple[str, ...] = ()
    per_day: bool = False
    days_gate: float = 0.9
    factors: Mapping[str, float] = field(default_factory=dict)
    tracked: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """Its unit, UCUM."""
        if self.told_unit:
            return self.told_unit
        return "%" if self.kind == "share" else f"1/{{{self.per}}}"

    @property
    def formula(self) -> str:
        """How the value comes about, in words."""
        met = " and ".join("/".join(line) for line in self.needs)
        if self.kind == "mean":
            return (
                f"mean of the stations' means of {met} in {self.into}; of a station the mean "
                f"of its days, {self.days_gate:.0%} of which there must be"
            )
        if self.kind == "difference":
            return (
                f"(mean {met} of {', '.join(self.of)}) - "
                f"(mean {met} of {', '.join(self.used)}) in {self.into}; of a station the "
                "mean of its days"
            )
        if self.kind == "tracked":
            watched = f"{', '.join(self.of)} with {'/'.join(self.tracked)}"
            return f"100 x ({met} of {watched}) / ({met} of all of them)"
        if self.kind == "loss":
            lost = f"({met} of {', '.join(self.of)}) - ({met} of {', '.join(self.used)})"
            per = "connections a day" if self.per else "what was supplied"
            return f"{'' if self.per else '100 x '}({lost}) / {per}"
        if self.kind == "intensity":
            day = " a day" if self.per_day else ""
            per = self.per or f"{self.weight} of the same"
            return f"({met} of {', '.join(self.of)} in {self.into}{day}) / {per}"
        those = f"{self.weight} of {', '.join(self.of)} with {met}"
        if self.kind == "share":
            return f"100 x ({those}) / ({self.weight} of all of them)"
        return f"({those}) / {self.per}"


@dataclass(frozen=True, slots=True)
class Period:
    """A month or a year.

    Attributes:
        name: "2026-10" or "2026".
        from_ms: Its first moment, UTC.
        to_ms: The first moment after it.
    """

    name: str
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class Input:
    """One asset behind a value.

    Attributes:
        asset: Its id.
        asset_class: What it is.
        weight: What it weighs; None when that is not on record.
        counted: True when it has all that is needed.
        synthetic: True when it is made up.
        channels: The channels that make it count, by id.
    """

    asset: str
    asset_class: str
    weight: float | None
    counted: bool
    synthetic: bool
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Metered:
    """What the readings of one asset say in a period.

    Attributes:
        asset: Its id.
        asset_class: What it is.
        part: Of a loss "supplied" or "used", else "".
        weight: What it weighs; None when that is not on record.
        amount: Sum or mean of its channels in the definition's unit; None without any.
        days: Days that its channels cover; of counters those between the first and the last
            reading, for they count on in silence.
        expected: Days of the period that are over.
        synthetic: True when it is made up.
        reference: True when all of its channels are reference instruments.
        overdue: True when a channel should have been calibrated before the period's end.
        channels: Its channels, by id.
    """

    asset: str
    asset_class: str
    part: str
    weight: float | None
    amount: float | None
    days: float
    expected: int
    synthetic: bool
    reference: bool
    overdue: bool
    channels: tuple[str, ...]

    @property
    def per_day(self) -> float:
        """The amount of a mean day of its own."""
        return 0.0 if self.amount is None or self.days <= 0 else self.amount / self.days


@dataclass(frozen=True, slots=True)
class Value:
    """An indicator in a period.

    Attributes:
        indicator: Id of its definition.
        period: Name of the period.
        status: "measured"; "synthetic" when made-up assets are among the inputs, which is no
            evidence; "NR", not reported, which is never zero.
        value: In `unit`; None when it is NR.
        unit: UCUM.
        numerator: What counts; None when it is NR.
        denominator: What it is counted against; None when it is NR.
        coverage: Share of the assets whose weight is known, or whose meters count, 0 to 1.
        completeness: Share of the days that the meters cover; without meters the coverage.
        assets: How many assets are behind it.
        quality: Class of the data, in the words of U4SSC's verification.
        reason: Why it is NR; empty otherwise.
        formula: How it was computed.
        lineage: SHA-256 over definition, period, city facts and every input.
    """

    indicator: str
    period: str
    status: Status
    value: float | None
    unit: str
    numerator: float | None
    denominator: float | None
    coverage: float
    completeness: float
    assets: int
    quality: str
    reason: str
    formula: str
    lineage: str
