"""The definitions that come with the platform, and the facts of the city they need."""

import math
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from lamppost.register.indicators.values import Definition, Period

GATE = 0.9
DAYS_GATE = 0.9
FILE = "definitions.toml"
CITY_FILE = "city.toml"
FACTS = {
    "area_km2": "land area, km2",
    "population": "inhabitants",
}
"""What a city file may say."""
HUNDRED_THOUSAND = 100_000.0
MONTH_CHARS, YEAR_CHARS = 7, 4


class DefinitionError(ValueError):
    """Something asked for or given is not right; says what came and what is allowed."""


@cache
def definitions() -> Mapping[str, Definition]:
    """Return all definitions, by id."""
    text = files(__package__).joinpath(FILE).read_text(encoding="utf-8")
    return {one.id: one for one in map(definition, tomllib.loads(text)["indicator"])}


def definition(row: Mapping[str, Any]) -> Definition:
    """Return a definition from its keys."""
    return Definition(
        id=row["id"],
        title=row["title"],
        kind=row["kind"],
        of=tuple(row["of"]),
        needs=tuple(tuple(line) for line in row["needs"]),
        weight=row.get("weight", "count"),
        per=row.get("per", ""),
        gate=float(row.get("gate", GATE)),
        trap=row["trap"],
        into=row.get("into", ""),
        told_unit=row.get("told_unit", ""),
        used=tuple(row.get("used", ())),
        tracked=tuple(row.get("tracked", ())),
        per_day=bool(row.get("per_day", False)),
        days_gate=float(row.get("days_gate", DAYS_GATE)),
        factors={name: float(one) for name, one in row.get("factors", {}).items()},
    )


def known(one: str) -> Definition:
    """Return the definition of an id.

    Raises:
        DefinitionError: there is none.
    """
    if one not in definitions():
        allowed = ", ".join(definitions())
        raise DefinitionError(f"indicator: came {one[:100]!r}, allowed: {allowed}")
    return definitions()[one]


def period(name: str) -> Period:
    """Return a month ("2026-10") or a year ("2026").

    Raises:
        DefinitionError: it is neither.
    """
    wrong = DefinitionError(f"period: came {name[:40]!r}, allowed: 2026 or 2026-10")
    if len(name) not in {MONTH_CHARS, YEAR_CHARS} or not name.replace("-", "").isdigit():
        raise wrong
    try:
        begin = datetime.strptime(name, "%Y-%m" if "-" in name else "%Y").replace(tzinfo=UTC)
    except ValueError as error:
        raise wrong from error
    months = 1 if "-" in name else 12
    year, month = divmod(begin.year * 12 + begin.month - 1 + months, 12)
    end = datetime(year, month + 1, 1, tzinfo=UTC)
    return Period(name, _ms(begin), _ms(end))


def city_facts(path: Path) -> dict[str, float]:
    """Return what a city file says; nothing when there is none.

    Raises:
        DefinitionError: it says what is not asked, or no positive number.
    """
    if not path.exists():
        return {}
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DefinitionError(f"{path}: {error}") from error
    facts: dict[str, float] = {}
    for name, came in document.items():
        good = isinstance(came, int | float) and not isinstance(came, bool)
        if name not in FACTS or not good or not 0 < came < math.inf:
            allowed = ", ".join(f"{key} ({told})" for key, told in FACTS.items())
            raise DefinitionError(
                f"{path}: {name}: came {came!r}, allowed: positive numbers {allowed}"
            )
        facts[name] = float(came)
    if "population" in facts:
        facts["population_100k"] = facts["population"] / HUNDRED_THOUSAND
    return facts


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1_000)
