"""An event from the reading that began it, or made it worse."""

from dataclasses import dataclass
from math import isfinite

from lamppost.aggregator.alarms import event as e
from lamppost.aggregator.alarms.event import Event, Place, event_id
from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.nodes.series import SeriesInfo

OFFLINE_SEVERITY = 0.9
CLOCK_SEVERITY = 0.5
SECOND_MS = 1000.0


@dataclass(frozen=True, slots=True)
class Reading:
    """A judged reading as plain numbers; `aside` is the value withheld just before it."""

    time_ms: int
    value: float | None
    expected: float | None
    low: float | None
    high: float | None
    severity: float
    onset_ms: int
    aside: float | None


def finite(value: float) -> float | None:
    """The value, or None for what is no number."""
    return value if isfinite(value) else None


def _single(value: float) -> float | None:
    """A float32 as the shortest number that means it."""
    return float(f"{value:.7g}") if isfinite(value) else None


def reading_of(
    verdicts: Verdicts, row: int, time_ms: int, value: float, aside: float
) -> Reading:
    """Take a row out of the columns."""
    return Reading(
        time_ms,
        finite(value),
        _single(float(verdicts.expected[row])),
        _single(float(verdicts.low[row])),
        _single(float(verdicts.high[row])),
        _single(float(verdicts.severity[row])) or 0.0,
        int(verdicts.onset_ms[row]),
        finite(aside),
    )


def event_of(
    info: SeriesInfo, kind: str, onset_ms: int, reading: Reading, detected_ms: int
) -> Event:
    """What a condition of a channel is told as; its reason is still empty."""
    value, expected, low, high = reading.value, reading.expected, reading.low, reading.high
    if kind == e.RANGE:
        expected, low, high = None, info.low, info.high
    elif kind == e.SPIKE and reading.aside is not None:
        value = reading.aside
    elif kind == e.GAP:
        value = expected = low = high = None
    return Event(
        event_id(kind, onset_ms, *info.key),
        *info.key,
        e.PROCESS_ANOMALY if kind == e.DEVIATION else e.SENSOR_FAULT,
        kind,
        onset_ms,
        detected_ms,
        None,
        reading.severity,
        value,
        expected,
        low,
        high,
        info.unit,
        "",
        info.index,
        None if kind == e.GAP else reading.time_ms,
    )


def loss_of(kind: str, place: Place, time_ms: int) -> Event:
    """What the loss of a node or a device is told as; its reason is still empty."""
    return Event(
        event_id(kind, time_ms, *place),
        *place,
        "",
        e.COMMUNICATION,
        kind,
        time_ms,
        time_ms,
        None,
        OFFLINE_SEVERITY,
        None,
        None,
        None,
        None,
        "",
        "",
    )


def clock_of(place: Place, since_ms: int, ahead_ms: float, detected_ms: int) -> Event:
    """What a node's wrong clock is told as; `value` is by how many seconds it is ahead."""
    return Event(
        event_id(e.CLOCK, since_ms, *place),
        *place,
        "",
        e.SENSOR_FAULT,
        e.CLOCK,
        since_ms,
        detected_ms,
        None,
        CLOCK_SEVERITY,
        round(ahead_ms / SECOND_MS, 1),
        0.0,
        None,
        None,
        "s",
        "",
    )
