"""Indicators of a register: read at one moment, computed by the pure rules."""

from collections.abc import Mapping

from sqlalchemy import Connection

from lamppost.register.indicators.computing import Inputs, compute
from lamppost.register.indicators.definitions import definitions
from lamppost.register.indicators.inputs import inputs
from lamppost.register.indicators.metering import metered
from lamppost.register.indicators.values import FROM_RECORDS, Definition, Period, Value
from lamppost.register.records.store import Register


def moment(period: Period, now_ms: int) -> int:
    """Return when the records are looked at: the period's last moment, or now."""
    return min(period.to_ms - 1, now_ms)


def found(
    connection: Connection, definition: Definition, period: Period, now_ms: int
) -> Inputs:
    """Return the assets behind an indicator in a period, by id; none before it begins."""
    if period.from_ms > now_ms:
        return ()
    at_ms = moment(period, now_ms)
    if definition.kind in FROM_RECORDS:
        return inputs(connection, definition, at_ms)
    return metered(connection, definition, period, at_ms, now_ms)


def value(
    connection: Connection,
    definition: Definition,
    period: Period,
    facts: Mapping[str, float],
    now_ms: int,
) -> Value:
    """Return one indicator in a period."""
    some = found(connection, definition, period, now_ms)
    return compute(definition, period.name, facts, some)


def values(register: Register, period: Period, facts: Mapping[str, float]) -> tuple[Value, ...]:
    """Return all indicators in a period."""
    now_ms = register.now_ms()
    with register.database.reading() as connection:
        return tuple(
            value(connection, one, period, facts, now_ms) for one in definitions().values()
        )
