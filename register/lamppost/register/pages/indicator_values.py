"""Values of indicators for pages: asked for by what an address says, kept for a minute.

All indicators of a large city take seconds, and a page is looked at more than once.
"""

import threading
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

from lamppost.register.indicators import desk
from lamppost.register.indicators.definitions import (
    CITY_FILE,
    DefinitionError,
    city_facts,
    known,
    period,
)
from lamppost.register.indicators.values import Definition, Period, Value
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register

KEPT_MS = 60_000
PERIODS_MAX = 12
MONTHS = 12

Kept = tuple[int, tuple[Value, ...]]

_lock = threading.Lock()
_kept: WeakKeyDictionary[Register, dict[str, Kept]] = WeakKeyDictionary()


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


def all_values(register: Register, wanted: Period) -> Kept:
    """Return all indicators of a period, and when they were computed, at most a minute ago."""
    now_ms = register.now_ms()
    with _lock:
        there = _kept.setdefault(register, {})
        found = there.get(wanted.name)
        if found is None or not 0 <= now_ms - found[0] < KEPT_MS:
            found = (now_ms, desk.values(register, wanted, facts(register)))
            there.pop(wanted.name, None)
            there[wanted.name] = found
            if len(there) > PERIODS_MAX:
                there.pop(next(iter(there)))
        return found


def history(register: Register, definition: Definition, until: Period) -> list[Value]:
    """Return the months up to a period, the oldest first."""
    known_facts, now_ms = facts(register), register.now_ms()
    last_ms = min(until.to_ms, now_ms)
    names = [*reversed(_months(last_ms, MONTHS - 1)), _month(last_ms - 1)]
    with register.database.reading() as connection:
        return [
            desk.value(connection, definition, period(name), known_facts, now_ms)
            for name in dict.fromkeys(names)
        ]


def _month(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1_000, UTC):%Y-%m}"


def _months(at_ms: int, count: int) -> list[str]:
    """Return the months before the one of a time, the latest first."""
    at = datetime.fromtimestamp((at_ms - 1) / 1_000, UTC)
    number = at.year * 12 + at.month - 1
    return [
        f"{one // 12}-{one % 12 + 1:02}" for one in range(number - 1, number - 1 - count, -1)
    ]
