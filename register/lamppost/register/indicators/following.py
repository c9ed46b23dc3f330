"""Keeps the values of indicators while the aggregator runs: a few each look."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime

from lamppost.register.indicators import desk
from lamppost.register.indicators.definitions import (
    CITY_FILE,
    DefinitionError,
    city_facts,
    definitions,
    period,
)
from lamppost.register.indicators.records import keep
from lamppost.register.indicators.values import Definition, Period
from lamppost.register.live import LiveView, Snapshot
from lamppost.register.records.store import Register

WHO = "indicators"
ROUND_MS = 6 * 3_600_000
"""So often all of them are computed anew: days of the past may still change."""

log = logging.getLogger(__name__)


class IndicatorFollower:
    """Called now and then, on one thread; each call computes one indicator of one period.

    A round takes the month that runs and the one before it, which late data may still change.
    """

    def __init__(self) -> None:
        self._due: Iterator[tuple[Definition, Period]] = iter(())
        self._next_ms = 0
        self._facts: dict[str, float] = {}

    def __call__(self, register: Register, _live: LiveView, _snapshot: Snapshot) -> None:
        """Do what is due."""
        now_ms = register.now_ms()
        one = next(self._due, None)
        if one is None:
            if now_ms < self._next_ms:
                return
            self._next_ms = now_ms + ROUND_MS
            self._facts = _facts(register)
            self._due = iter(
                [(one, month) for month in _months(now_ms) for one in definitions().values()]
            )
            one = next(self._due)
        definition, month = one
        with register.database.reading() as connection:
            value = desk.value(connection, definition, month, self._facts, now_ms)
        with register.changing(WHO) as writer:
            keep(writer, value, month)


def _facts(register: Register) -> dict[str, float]:
    try:
        return city_facts(register.data_dir / CITY_FILE)
    except DefinitionError as error:
        log.warning("the facts of the city are left out: %s", error)
        return {}


def _months(now_ms: int) -> list[Period]:
    """The month that runs, and the one before it."""
    today = datetime.fromtimestamp(now_ms / 1_000, UTC)
    year, month = divmod(today.year * 12 + today.month - 2, 12)
    return [period(f"{today:%Y-%m}"), period(f"{year:04d}-{month + 1:02d}")]
