"""From inputs to a value, and the hash that binds both. Pure: an auditor runs the same."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from hashlib import sha256
from math import fsum
from operator import attrgetter

from lamppost.register.indicators import sums
from lamppost.register.indicators.values import (
    FROM_RECORDS,
    Definition,
    Input,
    Metered,
    Status,
    Value,
)

Inputs = Sequence[Input] | Sequence[Metered]

ACCURATE = "accurate measurements"
ESTIMATED = "estimation on assumptions"
UNKNOWN = "unknown, not traceable"
MADE_UP = "synthetic, no evidence"


def compute(
    definition: Definition, period: str, facts: Mapping[str, float], inputs: Inputs
) -> Value:
    """Return the value of an indicator.

    Args:
        definition: How it is computed.
        period: Name of the period.
        facts: What is known of the city.
        inputs: The assets, in any order: `Input` of the kinds that follow from the records,
            `Metered` of those that need readings.
    """
    metered = [one for one in inputs if isinstance(one, Metered)]
    if definition.kind in FROM_RECORDS:
        told = _counted(definition, facts, [one for one in inputs if isinstance(one, Input)])
        completeness = told[2]
    else:
        told = sums.told(definition, facts, metered)
        completeness = _days(metered)
    numerator, denominator, coverage, reason = told
    status: Status = "NR" if reason else "measured"
    if status == "measured" and any(one.synthetic for one in inputs):
        status = "synthetic"
    return Value(
        indicator=definition.id,
        period=period,
        status=status,
        value=None if reason else _factor(definition) * numerator / denominator,
        unit=definition.unit,
        numerator=None if reason else numerator,
        denominator=None if reason else denominator,
        coverage=coverage,
        completeness=completeness,
        assets=len(inputs),
        quality=_quality(definition, status, metered),
        reason=reason,
        formula=definition.formula,
        lineage=lineage(definition, period, facts, inputs),
    )


def _counted(
    definition: Definition, facts: Mapping[str, float], inputs: Sequence[Input]
) -> sums.Told:
    weighed = [one for one in inputs if one.weight is not None]
    coverage = len(weighed) / len(inputs) if inputs else 0.0
    numerator = fsum(one.weight or 0.0 for one in weighed if one.counted)
    if definition.kind == "share":
        denominator = fsum(one.weight or 0.0 for one in weighed)
    else:
        denominator = facts.get(definition.per, 0.0)
    reason = _missing(definition, inputs, coverage, denominator)
    return numerator, denominator, coverage, reason


def _factor(definition: Definition) -> float:
    is_share = definition.kind in {"share", "tracked"}
    return 100.0 if is_share or (definition.kind == "loss" and not definition.per) else 1.0


def _days(inputs: Sequence[Metered]) -> float:
    measured = [one for one in inputs if one.channels]
    expected = sum(one.expected for one in measured)
    found = fsum(min(one.days, one.expected) for one in measured)
    return found / expected if expected else 0.0


def _quality(definition: Definition, status: Status, inputs: Sequence[Metered]) -> str:
    """The class in U4SSC's words: only what is calibrated, and reference air, is accurate."""
    if status != "measured":
        return MADE_UP if status == "synthetic" else UNKNOWN
    used = [one for one in inputs if sums.counts(definition, one)]
    indicative = definition.kind == "mean" and not any(one.reference for one in used)
    return ESTIMATED if indicative or any(one.overdue for one in used) else ACCURATE


def lineage(
    definition: Definition, period: str, facts: Mapping[str, float], inputs: Inputs
) -> str:
    """Return the SHA-256 of all that a value follows from, whatever the order of the inputs."""
    told = {
        "definition": asdict(definition),
        "period": period,
        "facts": {definition.per: facts[definition.per]} if definition.per in facts else {},
        "inputs": sorted(_shallow(inputs), key=lambda one: str(one["asset"])),
    }
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()


def _shallow(inputs: Inputs) -> list[dict[str, object]]:
    """Inputs as JSON takes them; `asdict` copies each field deeply, most of a value's time."""
    if not inputs:
        return []
    names = tuple(field.name for field in fields(inputs[0]))
    read = attrgetter(*names)
    return [dict(zip(names, read(one), strict=True)) for one in inputs]


def _missing(
    definition: Definition, inputs: Sequence[Input], coverage: float, denominator: float
) -> str:
    """Why there is no value; empty when there is one."""
    if not inputs:
        return f"no assets of class {', '.join(definition.of)} are on record"
    if coverage < definition.gate:
        return (
            f"{definition.weight} is known of {coverage:.0%} of the assets, "
            f"at least {definition.gate:.0%} are needed"
        )
    if denominator <= 0.0:
        missing = definition.per or definition.weight
        return (
            f"{missing} of the city is not known" if definition.per else f"no {missing} at all"
        )
    return ""
