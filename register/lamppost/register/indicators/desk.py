"""Indicators of a register: read at one moment, computed by the pure rules."""

from collections.abc import Mapping

from lamppost.register.indicators.computing import compute
from lamppost.register.indicators.definitions import definitions
from lamppost.register.indicators.inputs import inputs
from lamppost.register.indicators.values import Period, Value
from lamppost.register.records.store import Register


def moment(period: Period, now_ms: int) -> int:
    """Return when the records are looked at: the period's last moment, or now."""
    return min(period.to_ms - 1, now_ms)


def values(register: Register, period: Period, facts: Mapping[str, float]) -> tuple[Value, ...]:
    """Return all indicators in a period."""
    at_ms = moment(period, register.now_ms())
    with register.database.reading() as connection:
        return tuple(
            compute(one, period.name, facts, inputs(connection, one, at_ms))
            for one in definitions().values()
        )
