"""What people decide here: what must be measured, and how much shall be used."""

import math
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from lamppost.register.condition.values import INDICATOR, RESOURCES, SCOPES
from lamppost.register.indicators.definitions import DefinitionError
from lamppost.register.indicators.definitions import known as defined
from lamppost.register.records.deciding import known, text
from lamppost.register.records.links import RefusedError
from lamppost.register.records.writing import Writer

NAME_CHARS_MAX = 200


def require(writer: Writer, asset_class: str, measurand: str, why: str) -> str:
    """Say that every asset of a class needs a measurand; returns the requirement's id.

    Raises:
        RefusedError: a text is none.
    """
    facts = {
        "asset_class": text("asset_class", asset_class, NAME_CHARS_MAX),
        "measurand": text("measurand", measurand, NAME_CHARS_MAX),
        "why": text("why", why),
    }
    return _said(writer, "requirement", (facts["asset_class"], facts["measurand"]), facts)


def aim(
    writer: Writer,
    scope: str,
    subject: str,
    resource: str,
    unit: str,
    baseline: float,
    goal: float,
    basis: str,
) -> str:
    """Say how much of a resource shall be used a day, or what an indicator shall be.

    Returns the target's id.

    Raises:
        RefusedError: there is no such asset, the unit is not the resource's, or a number is
            none.
    """
    if scope not in SCOPES:
        raise RefusedError(f"scope: came {scope!r}, allowed: {', '.join(SCOPES)}")
    units = _units(scope, subject)
    if resource not in units:
        raise RefusedError(f"resource: came {resource!r}, allowed: {', '.join(units)}")
    if unit != units[resource]:
        raise RefusedError(f"unit: came {unit!r}, allowed for {resource}: {units[resource]}")
    for name, number in (("baseline", baseline), ("goal", goal)):
        if not (math.isfinite(number) and number >= 0):
            raise RefusedError(f"{name}: came {number}, allowed: 0 or more a day")
    if scope == "asset":
        known(writer, "asset", subject)
    facts = {
        "scope": scope,
        "subject": text("subject", subject, NAME_CHARS_MAX),
        "resource": resource,
        "unit": unit,
        "baseline": baseline,
        "goal": goal,
        "basis": text("basis", basis),
    }
    return _said(writer, "target", (scope, subject, resource), facts)


def _units(scope: str, subject: str) -> Mapping[str, str]:
    """What a target of a scope may be about, and the unit of each."""
    if scope != INDICATOR:
        return RESOURCES
    try:
        return {INDICATOR: defined(subject).unit}
    except DefinitionError as error:
        raise RefusedError(str(error)) from error


def end(writer: Writer, kind: str, one: str) -> bool:
    """Let a requirement or target hold no longer; returns False when it had ended already.

    Raises:
        UnknownError: there is none of that id.
    """
    return writer.close(kind, known(writer, kind, one), writer.now_ms)


def _said(writer: Writer, kind: str, about: tuple[str, ...], facts: Mapping[str, Any]) -> str:
    """One record a subject: said again it is changed, or holds again."""
    one = f"{kind}-{sha256(chr(0).join(about).encode()).hexdigest()[:16]}"
    row = writer.load(kind, [one]).get(one)
    if row is None:
        writer.create(kind, one, facts, writer.now_ms)
        return one
    writer.change(kind, row, facts)
    if row["valid_to_ms"] is not None:
        writer.reopen(kind, row)
    return one
