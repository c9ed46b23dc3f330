"""An event as a value, and the words for its classes and kinds."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

SENSOR_FAULT = "sensor_fault"
PROCESS_ANOMALY = "process_anomaly"
COMMUNICATION = "communication"

RANGE = "range"
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

    Attributes:
        id: the same whenever the same condition is told again, so stores may upsert by it.
        series: the series' index, NO_SERIES for communication events.
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
    series: int
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
    peak_ms: int | None = None
    of: str = ""
    count: int = 1
    incident: str = ""
    contributors: tuple[tuple[str, float], ...] = ()

    @property
    def asset(self) -> Place:
        """What it is about: a device, or a node."""
        return self.group, self.node, self.device

    @property
    def key(self) -> Key:
        """The condition it tells of."""
        return self.kind, self.group, self.node, self.device, self.channel


def revived(fields: Mapping[str, Any]) -> Event:
    """The event of its fields as JSON kept them."""
    shares = fields.get("contributors", ())
    known = {"contributors": tuple((str(name), float(share)) for name, share in shares)}
    return Event(**(dict(fields) | known))


def reopened(event: Event) -> Event:
    """The event as it was before its end."""
    return event if event.end_ms is None else replace(event, end_ms=None)


def event_id(kind: str, onset_ms: int, *place: str) -> str:
    """The id of a condition at a place (group, node, device, channel)."""
    text = "\0".join((kind, str(onset_ms), *place))
    return hashlib.sha256(text.encode()).hexdigest()[:20]
