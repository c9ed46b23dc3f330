"""Definitions, periods, inputs and values of indicators."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["measured", "synthetic", "NR"]
Kind = Literal["share", "density"]
Weight = Literal["count", "length_m", "population"]


@dataclass(frozen=True, slots=True)
class Definition:
    """How an indicator is computed.

    Attributes:
        id: With standard and edition, as in "iso37122-2019:7.6": the same number means other
            things in other parts.
        title: What it says, in our own words.
        kind: "share" (per cent) or "density" (a count for each `per`).
        of: Classes of assets in the denominator; of a density, those that are counted.
        needs: What an asset must have to count: of each line one open channel of its own.
        weight: What of an asset is summed up.
        per: The city's fact in the denominator of a density.
        gate: Least share of the assets whose weight must be known.
        trap: What is easily counted wrongly.
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

    @property
    def unit(self) -> str:
        """Its unit, UCUM."""
        return "%" if self.kind == "share" else f"1/{{{self.per}}}"

    @property
    def formula(self) -> str:
        """How the value comes about, in words."""
        met = " and ".join("/".join(line) for line in self.needs)
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
        coverage: Share of the assets whose weight is known, 0 to 1.
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
    assets: int
    quality: str
    reason: str
    formula: str
    lineage: str
