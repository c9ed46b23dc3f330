"""An incident as a value: what is wrong with one asset at one time, in one sentence."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from lamppost.aggregator.alarms import event as e
from lamppost.aggregator.alarms.event import Event, Place
from lamppost.aggregator.alarms.phrases import phrase
from lamppost.aggregator.alarms.reasons import clock, duration

CLASS_RANKS = {e.SENSOR_FAULT: 1, e.COMMUNICATION: 2, e.PROCESS_ANOMALY: 3}
"""Of several classes the incident has the highest: a lost device explains its sensors' faults,
and what happens to the asset matters more than what happens to its sensors."""

MAX_NAMED = 6
MAX_CHANNELS = 64


@dataclass(frozen=True, slots=True)
class Incident:
    """Events of one asset that belong together.

    Attributes:
        id: the same from its opening to its end.
        device: "" when the asset is the node itself.
        incident_class: the highest class among its events, so far.
        kind: of the most telling event.
        opened_ms: the earliest onset.
        detected_ms: when the aggregator opened it.
        closed_ms: the latest end; None while it is open.
        severity: the peak so far, 0..1.
        channels: contributing channels, the most telling first; at most MAX_CHANNELS.
        events: how many events it had.
        open_events: how many of them are open.
        notified: an operator was told of it, as of its class; None while it still gathers.
        reason: one sentence that leads with the most telling channel and names the others.
    """

    id: str
    group: str
    node: str
    device: str
    incident_class: str
    kind: str
    opened_ms: int
    detected_ms: int
    closed_ms: int | None
    severity: float
    channels: tuple[str, ...]
    events: int
    open_events: int
    notified: bool | None
    reason: str

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Rebuild from an INCIDENT frame; fields that are not known are ignored.

        Raises:
            ValueError: a field is missing or no incident's.
        """
        names = cls.__dataclass_fields__
        values = {name: value for name, value in document.items() if name in names}
        try:
            channels = tuple(map(str, values.pop("channels")))
            return cls(**values, channels=channels)
        except (KeyError, TypeError) as error:
            raise ValueError(f"incident {document.get('id')!r}: {error}") from error

    @property
    def asset(self) -> Place:
        """The device or node it is about."""
        return self.group, self.node, self.device


def rank(event_class: str) -> int:
    """How much a class counts."""
    return CLASS_RANKS.get(event_class, 0)


def by_telling(events: Iterable[Event]) -> list[Event]:
    """The most telling first: by class, severity and how far outside of the band."""
    return sorted(
        events,
        key=lambda event: (
            -rank(event.event_class),
            -round(event.severity, 1),
            -_bands_away(event),
            -event.count,
            event.onset_ms,
            event.channel,
            event.id,
        ),
    )


def channels_of(told: Iterable[Event], place: Place) -> tuple[str, ...]:
    """The channels of events in their order, each once, as they are called at a place."""
    names = (
        name
        for event in told
        for name in (
            [one for one, _ in event.contributors] or [_from(place, event, event.channel)]
        )
    )
    return tuple(dict.fromkeys(filter(None, names)))[:MAX_CHANNELS]


def _from(place: Place, event: Event, name: str) -> str:
    """A channel's name with as much of its own place as that one does not tell."""
    if event.asset == place or not name:
        return name
    way = (event.device, name) if event.asset[:2] == place[:2] else (*event.asset[1:], name)
    return "/".join(filter(None, way))


def sentence(told: list[Event], opened_ms: int, closed_ms: int | None) -> str:
    """What to tell a person of events that `by_telling` has ordered."""
    lead = told[0]
    others: dict[tuple[Place, str], str] = {}
    for event in told[1:]:
        where = (event.asset, event.channel)
        if where != (lead.asset, lead.channel):
            others.setdefault(where, _named(event, lead))
    text = phrase(lead)
    if others:
        text += f"; also {_listed(list(others.values()))}"
    if closed_ms is None:
        return text
    at, lasted = clock(closed_ms, lead.detected_ms), duration(closed_ms - opened_ms)
    return f"{text}; over at {at} after {lasted}"


def _named(event: Event, lead: Event) -> str:
    kind = (event.of or event.kind).replace("_", " ")
    if not event.channel:
        return kind
    name = _from(lead.asset, event, event.channel)
    if event.event_class == lead.event_class and event.kind == lead.kind:
        return name
    return f"{name} ({kind})"


def _listed(names: Collection[str]) -> str:
    shown = list(names)[:MAX_NAMED]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _bands_away(event: Event) -> float:
    """How far the worst reading is from what was expected, in half bands."""
    value, expected, low, high = event.value, event.expected, event.low, event.high
    if value is None or expected is None or low is None or high is None or high <= low:
        return 0.0
    return round(2.0 * abs(value - expected) / (high - low), 3)
