"""Indicators from sums and means of readings, by the days of channels. Pure.

An asset counts when its meters cover the period: a sum with a hole in it is no sum. What is
missing lowers the coverage, and below the gate nothing is reported. Nothing is ever scaled up.
"""

from collections.abc import Mapping, Sequence
from math import fsum

from lamppost.register.indicators.values import Definition, Metered

SUPPLIED, USED, TRACKED = "supplied", "used", "tracked"
CONNECTIONS = "connections"

Told = tuple[float, float, float, str]
"""Numerator, denominator, share of the assets that count, and why there is no value, or ""."""


def counts(definition: Definition, one: Metered) -> bool:
    """Return whether an asset's meters cover enough of the period."""
    return (
        one.amount is not None
        and one.expected > 0
        and one.days >= definition.days_gate * one.expected
    )


def told(definition: Definition, facts: Mapping[str, float], inputs: Sequence[Metered]) -> Told:
    """Return what a value is made of.

    Args:
        definition: Of one of the kinds that need readings.
        facts: What is known of the city.
        inputs: The assets, in any order.
    """
    if not inputs:
        return 0.0, 0.0, 0.0, f"no assets of class {', '.join(definition.of)} are on record"
    if definition.kind == "mean":
        return _mean(definition, inputs)
    if definition.kind == "loss":
        return _loss(definition, inputs)
    if definition.kind == "difference":
        return _difference(definition, inputs)
    if definition.kind == "tracked":
        return _tracked(definition, inputs)
    return _intensity(definition, facts, inputs)


def _mean(definition: Definition, inputs: Sequence[Metered]) -> Told:
    """The mean of the stations; of reference stations alone where there are any."""
    measuring = [one for one in inputs if one.channels]
    good = [one for one in measuring if counts(definition, one)]
    chosen = [one for one in good if one.reference] or good
    coverage = len(good) / len(measuring) if measuring else 0.0
    total = fsum(one.amount or 0.0 for one in chosen)
    reason = ""
    if not measuring:
        reason = f"no station measures {'/'.join(definition.needs[0])}"
    elif not chosen:
        reason = (
            f"of {len(measuring)} stations none has {definition.days_gate:.0%} of its "
            "daily means"
        )
    return total, float(len(chosen)), coverage, reason


def _intensity(
    definition: Definition, facts: Mapping[str, float], inputs: Sequence[Metered]
) -> Told:
    known = [one for one in inputs if one.weight is not None]
    good = [one for one in known if counts(definition, one)]
    coverage = len(good) / len(inputs)
    total = fsum(_amount(definition, one) for one in good)
    if definition.per:
        denominator = facts.get(definition.per, 0.0)
        lacking = f"{definition.per} of the city is not known"
    else:
        denominator = fsum(one.weight or 0.0 for one in good)
        lacking = f"no {definition.weight} at all"
    reason = _thin(definition, coverage)
    return total, denominator, coverage, reason or (lacking if denominator <= 0.0 else "")


def _loss(definition: Definition, inputs: Sequence[Metered]) -> Told:
    """What was supplied less what was used; both a day, each meter by its own days."""
    sides = {part: [one for one in inputs if one.part == part] for part in (SUPPLIED, USED)}
    good = {
        part: [one for one in some if counts(definition, one)] for part, some in sides.items()
    }
    shares = [len(good[part]) / len(some) if some else 0.0 for part, some in sides.items()]
    supplied, used = (fsum(one.per_day for one in good[part]) for part in (SUPPLIED, USED))
    per = float(len(sides[USED])) if definition.per == CONNECTIONS else supplied
    empty = [part for part, some in sides.items() if not some]
    if empty:
        reason = f"no assets on record of what is {' and '.join(empty)}"
    elif min(shares) < definition.gate:
        reason = _thin(definition, min(shares))
    elif supplied <= 0.0:
        reason = "nothing was supplied"
    elif used > supplied:
        reason = f"more was used ({used:.6g} {definition.into}/d) than supplied: a meter errs"
    else:
        reason = ""
    return supplied - used, per, min(shares), reason


def _difference(definition: Definition, inputs: Sequence[Metered]) -> Told:
    """The mean of some stations less that of others; both sides have to tell."""
    sides = [
        [one for one in inputs if one.channels and (one.part == USED) is used]
        for used in (False, True)
    ]
    good = [[one for one in some if counts(definition, one)] for some in sides]
    shares = [len(g) / len(s) if s else 0.0 for g, s in zip(good, sides, strict=True)]
    means = [fsum(one.amount or 0.0 for one in g) / len(g) if g else 0.0 for g in good]
    empty = [
        ", ".join(classes)
        for classes, g in zip((definition.of, definition.used), good, strict=True)
        if not g
    ]
    reason = ""
    if empty:
        reason = (
            f"no {' and no '.join(empty)} tells {'/'.join(definition.needs[0])} on "
            f"{definition.days_gate:.0%} of the days"
        )
    return means[0] - means[1], 1.0, min(shares), reason


def _tracked(definition: Definition, inputs: Sequence[Metered]) -> Told:
    """The part of a sum that is watched; what is not metered is in neither number."""
    good = [one for one in inputs if counts(definition, one)]
    coverage = len(good) / len(inputs)
    whole = fsum(one.per_day for one in good)
    watched = fsum(one.per_day for one in good if one.part == TRACKED)
    reason = _thin(definition, coverage) or ("" if whole > 0.0 else "nothing was distributed")
    return watched, whole, coverage, reason


def _amount(definition: Definition, one: Metered) -> float:
    return one.per_day if definition.per_day else one.amount or 0.0


def _thin(definition: Definition, coverage: float) -> str:
    if coverage >= definition.gate:
        return ""
    return (
        f"{coverage:.0%} of the assets are metered for {definition.days_gate:.0%} of the "
        f"days, at least {definition.gate:.0%} are needed"
    )
