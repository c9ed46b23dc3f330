"""An event as a value, and the words for its classes and kinds."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

SENSOR_FAULT = "sensor_fault"
PROCESS_ANOMALY = "process_anomaly"
COMMUNICATION = "communication"

RANGE = "range"
RATE = "rate"
STUCK = "stuck"
SPIKE = "spike"
GAP = "gap"
NOISE = "noise"
UNIT = "unit"
DRIFT = "drift"
COUNTER = "counter"
CLOCK = "clock"
DEVIATION = "deviation"
RELATION = "relation"
NODE_OFFLINE = "node_offline"
DEVICE_OFFLINE = "device_offline"
CHATTERING = "chattering"

APART = "apart"
TOGETHER = "together"
"""How a group departs: its members leave each other, or go together where they never were."""

NO_SERIES = -1

Place = tuple[str, str, str]
"""Group, node and device; device "" is the node itself."""

Key = tuple[str, str, str, str, str]
"""Kind, group, node, device, channel: what can be open once at a time."""


@dataclass(frozen=True, slots=True)
class Event:
    """One condition of one channel, device or node, from its onset to its end.

    A later one with the same `id` takes the place of an earlier one, also in a store.

    Attributes:
        id: the same whenever the same condition is told again, so stores may upsert by it.
        series: the series' index, of a RELATION that of the channel that leads; NO_SERIES for
            communication events.
        onset_ms: the first deviating reading.
        detected_ms: when the aggregator knew.
        end_ms: None while it lasts.
        severity: the peak so far, 0..1.
        value: the worst reading so far, in `unit`.
        reason: one sentence for a person.
        peak_ms: when the worst reading was taken, None where there is none.
        of: the kind of what comes and goes, when `kind` is CHATTERING; APART or TOGETHER, when
            it is RELATION.
        count: how often it came.
        incident: id of the incident it belongs to.
        contributors: of a RELATION, its channels and their shares (0..1), the largest first.
    """

    id: str
    group: str
    node: str
    device: str
    channel: str
    event_class: str
    kind: str
    onset_ms: int
    detected_ms: int
    end_ms: int | None
    severity: float
    value: float | None
    expected: float | None
    low: float | None
    high: float | None
    unit: str
    reason: str
    series: int = NO_SERIES
    peak_ms: int | None = None
    of: str = ""
    count: int = 1
    incident: str = ""
    contributors: tuple[tuple[str, float], ...] = ()

    @classmethod
    def from_json(cls, document: Mapping[str, Any], group: str = "") -> Self:
        """The event of its fields as JSON or a store kept them; other keys are ignored.

        Args:
            document: the fields by name; those an older release did not know may lack.
            group: the Sparkplug group, for events that do not name theirs.

        Raises:
            ValueError: a field is missing or has the wrong type.
        """
        given = {"group": group} | dict(document)
        try:
            values = {name: convert(given.get(name)) for name, convert in _FIELDS.items()}
        except (TypeError, ValueError) as problem:
            raise ValueError(f"event {document.get('id')!r}: {problem}") from problem
        return cls(**values)

    @property
    def asset(self) -> Place:
        """What it is about: a device, or a node."""
        return self.group, self.node, self.device

    @property
    def key(self) -> Key:
        """The condition it tells of."""
        return self.kind, self.group, self.node, self.device, self.channel


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _optional(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else convert(value)


def _id(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("an event has an id")
    return value


def _pairs(value: Any) -> tuple[tuple[str, float], ...]:  # noqa: ANN401 - JSON, or its text
    pairs = json.loads(value or "[]") if isinstance(value, str) else value or ()
    return tuple((str(name), float(share)) for name, share in pairs)


_FIELDS: dict[str, Callable[[Any], Any]] = {one.name: _text for one in fields(Event)} | {
    "id": _id,
    "onset_ms": int,
    "detected_ms": int,
    "severity": float,
    "end_ms": _optional(int),
    "peak_ms": _optional(int),
    "value": _optional(float),
    "expected": _optional(float),
    "low": _optional(float),
    "high": _optional(float),
    "series": lambda value: NO_SERIES if value is None else int(value),
    "count": lambda value: 1 if value is None else int(value),
    "contributors": _pairs,
}


def reopened(event: Event) -> Event:
    """The event as it was before its end."""
    return event if event.end_ms is None else replace(event, end_ms=None)


def event_id(kind: str, onset_ms: int, *place: str) -> str:
    """The id of a condition at a place (group, node, device, channel)."""
    text = "\0".join((kind, str(onset_ms), *place))
    return hashlib.sha256(text.encode()).hexdigest()[:20]
