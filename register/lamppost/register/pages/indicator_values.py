"""Values of indicators for pages: asked for by what an address says."""

from datetime import UTC, datetime

from lamppost.register.indicators import kept
from lamppost.register.indicators.definitions import (
    CITY_FILE,
    DefinitionError,
    city_facts,
    definitions,
    known,
    period,
)
from lamppost.register.indicators.values import Definition, Period, Value
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register

MONTHS = 12


def asked_period(register: Register, told: str) -> Period:
    """Return the period of an address; without one, the last month that is over.

    Raises:
        RefusedError: it is none.
    """
    try:
        return period(told or _months(register.now_ms(), 1)[0])
    except DefinitionError as error:
        raise RefusedError(str(error)) from error


def asked_definition(told: str) -> Definition:
    """Return the definition of an address.

    Raises:
        RefusedError: there is none.
    """
    try:
        return known(told)
    except DefinitionError as error:
        raise RefusedError(str(error)) from error


def facts(register: Register) -> dict[str, float]:
    """Return what is known of the city.

    Raises:
        RefusedError: its file is not right.
    """
    try:
        return city_facts(register.data_dir / CITY_FILE)
    except DefinitionError as error:
        raise RefusedError(str(error)) from error


def all_values(register: Register, wanted: Period) -> tuple[int, tuple[Value, ...]]:
    """Return all indicators of a period, and when the first of them was computed."""
    every = [(one, wanted) for one in definitions().values()]
    found = kept.values(register, every, facts(register))
    return min(one.made_ms for one in found), tuple(one.value for one in found)


def one_value(register: Register, definition: Definition, wanted: Period) -> kept.Known:
    """Return an indicator in a period, when it was computed, and the first of its inputs."""
    (found,) = kept.values(register, [(definition, wanted)], facts(register))
    return found


def history(register: Register, definition: Definition, until: Period) -> list[Value]:
    """Return the months up to a period, the oldest first."""
    last_ms = min(until.to_ms, register.now_ms())
    names = [*reversed(_months(last_ms, MONTHS - 1)), _month(last_ms - 1)]
    months = [(definition, period(name)) for name in dict.fromkeys(names)]
    return [one.value for one in kept.values(register, months, facts(register))]


def _month(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1_000, UTC):%Y-%m}"


def _months(at_ms: int, count: int) -> list[str]:
    """Return the months before the one of a time, the latest first."""
    at = datetime.fromtimestamp((at_ms - 1) / 1_000, UTC)
    number = at.year * 12 + at.month - 1
    return [
        f"{one // 12}-{one % 12 + 1:02}" for one in range(number - 1, number - 1 - count, -1)
    ]
