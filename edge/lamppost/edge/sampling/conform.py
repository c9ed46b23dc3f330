"""What a driver gave, made to fit the type its channel was configured with."""

import math
from typing import Final

from lamppost.edge.drivers.seam import Reading, Value
from lamppost.wire.datatypes import DataType, Quality

MAX_TEXT: Final = 1024
"""Longest text of a String channel, in characters; the rest is cut off."""

INT64_MIN: Final = -(2**63)
INT64_MAX: Final = 2**63 - 1


def conform(reading: Reading, datatype: DataType) -> Reading:
    """The reading with a value of the channel's type, or without value and BAD.

    A value that is not a finite number, does not fit, or is missing is no measurement, so it
    must not reach a judge as one.
    """
    value = _fitted(reading.value, datatype)
    if value is None:
        return Reading(reading.channel, None, reading.time_ms, Quality.BAD)
    if value is reading.value:
        return reading
    return Reading(reading.channel, value, reading.time_ms, reading.quality)


def _fitted(value: Value, datatype: DataType) -> Value:
    if datatype is DataType.STRING:
        return value[:MAX_TEXT] if isinstance(value, str) else None
    if value is None or isinstance(value, str):
        return None
    if datatype is DataType.BOOLEAN:
        return None if math.isnan(value) else value != 0
    if datatype is DataType.INT64:
        return _whole(value)
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _whole(value: float) -> int | None:
    if not math.isfinite(value) or value != int(value):
        return None
    return int(value) if INT64_MIN <= value <= INT64_MAX else None
