"""What the console shows, as values, and the seam through which it is handed over.

The aggregator implements `LiveView`; the console, its API and its tests know nothing else of
it. All times are UTC milliseconds, all units UCUM. Everything is immutable, so a snapshot
taken by one thread can be read by any other.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

EventClass = Literal["sensor_fault", "process_anomaly", "communication"]

FLAG_WORDS = (
    "range", "stuck", "spike", "gap", "bad", "late", "learning", "anomaly", "maintenance",
)  # fmt: skip
"""The words a channel's or a point's `flags` may hold; an unknown word is shown as it is."""

HISTORY_POINTS_MAX = 5_000
"""Most points the console asks of one `history` call; an answer may hold fewer."""


@dataclass(frozen=True, slots=True)
class NodeView:
    """An edge node as the aggregator sees it.

    Attributes:
        group: Sparkplug group.
        name: Sparkplug edge node id.
        online: True between a birth and the matching death.
        since_ms: When the node went online, or offline.
        last_seen_ms: When the last message of the node arrived.
        autonomy_h: How long its buffer would last offline at the present rate; None when
            the node does not tell.
        pending: Readings the node still holds, unacknowledged.
        evicted: Readings the node had to drop and has declared.
        buffer_full: True while the buffer's bound is reached, so the oldest are dropped.
        disk_full: True while the node cannot write to its disk.
        clock_offset_ms: Node clock minus ours; None when unknown.
        drivers: The drivers' state in words, parted by ";" ("modbus:pump-1 ok; ...").
        version: Version of the agent.
        acks: True when the node takes part in the acknowledged delivery.
    """

    group: str
    name: str
    online: bool
    since_ms: int
    last_seen_ms: int
    autonomy_h: float | None
    pending: int
    evicted: int
    buffer_full: bool
    disk_full: bool
    clock_offset_ms: float | None
    drivers: str
    version: str
    acks: bool


@dataclass(frozen=True, slots=True)
class ChannelView:
    """The last judged reading of one channel.

    Attributes:
        group: Sparkplug group.
        node: Sparkplug edge node id.
        device: Sparkplug device id; empty for a metric of the node itself.
        metric: Sparkplug metric name.
        unit: UCUM unit, empty when there is none.
        value: The last value; None when the device gave none.
        time_ms: Time of that reading.
        expected: What the detector expected; None when it is not judged or still learning.
        low: Lower edge of the expected band.
        high: Upper edge of the expected band.
        flags: Words from `FLAG_WORDS`; empty when the reading is good.
        severity: 0 (nothing) to 1 (worst).
        stale: True when nothing came within the time the channel promised, or its node or
            device is offline: the value is then not a present one.
        p: How often this channel shows so much evidence of an anomaly, 0 (never) to 1; 1 when
            it is not judged or still learning.
        latitude: Where that is by its birth, degrees, WGS 84; None when it did not say.
        longitude: The same.
    """

    group: str
    node: str
    device: str
    metric: str
    unit: str
    value: float | str | bool | None
    time_ms: int
    expected: float | None
    low: float | None
    high: float | None
    flags: tuple[str, ...]
    severity: float
    stale: bool
    p: float = 1.0
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class EventView:
    """One event: a sensor fault, a process anomaly or a loss of communication.

    Attributes:
        id: Stable for the life of the event.
        event_class: "sensor_fault", "process_anomaly" or "communication".
        kind: What it is within its class ("stuck", "level_shift", "node_offline", ...).
        group: Sparkplug group.
        node: Sparkplug edge node id.
        device: Sparkplug device id, or empty.
        channel: Metric name, or empty when the event is about a node or a device.
        onset_ms: When it began, by the readings' time.
        detected_ms: When it was noticed.
        end_ms: When it was over; None while it is open.
        severity: 0 (nothing) to 1 (worst).
        reason: A sentence for a person, with numbers and units.
        incident: Id of the incident it belongs to; empty when it belongs to none.
        peak: The worst value so far, in `unit`; None where there is none.
        peak_ms: When that was read.
        unit: UCUM unit of `peak`.
        count: How often it came, when it comes and goes.
        contributors: Of an event of several channels, their names and shares (0 to 1).
    """

    id: str
    event_class: EventClass
    kind: str
    group: str
    node: str
    device: str
    channel: str
    onset_ms: int
    detected_ms: int
    end_ms: int | None
    severity: float
    reason: str
    incident: str = ""
    peak: float | None = None
    peak_ms: int | None = None
    unit: str = ""
    count: int = 1
    contributors: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class IncidentView:
    """Events of one asset that belong together, told as one.

    Attributes:
        id: Stable for the life of the incident; its events carry it.
        incident_class: The highest class among its events.
        kind: Of the most telling event.
        group: Sparkplug group.
        node: Sparkplug edge node id.
        device: Sparkplug device id; empty when the asset is the node itself.
        opened_ms: The earliest onset among its events.
        detected_ms: When it was noticed.
        closed_ms: When it was over; None while it is open.
        severity: The peak so far, 0 (nothing) to 1 (worst).
        channels: Contributing channels, the most telling first.
        events: How many events it had.
        open_events: How many of them are open.
        notified: Whether an operator was told; None while it gathers its first events.
        reason: A sentence that leads with the most telling channel and names the others.
    """

    id: str
    incident_class: EventClass
    kind: str
    group: str
    node: str
    device: str
    opened_ms: int
    detected_ms: int
    closed_ms: int | None
    severity: float
    channels: tuple[str, ...]
    events: int
    open_events: int
    notified: bool | None
    reason: str


@dataclass(frozen=True, slots=True)
class MaintenanceView:
    """Somebody works on an asset: it is not learned from, and its events are hidden.

    Attributes:
        group: Sparkplug group.
        node: Sparkplug edge node id.
        device: Sparkplug device id; empty when it is the node with all its devices.
        since_ms: When it was begun.
        until_ms: When it ends by itself.
        by: Who works there.
        reason: Why.
    """

    group: str
    node: str
    device: str
    since_ms: int
    until_ms: int
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class LedgerView:
    """The books of one node and day: taken = stored + evicted + in flight + lost.

    Attributes:
        group: Sparkplug group.
        node: Sparkplug edge node id.
        day: "YYYY-MM-DD", UTC, of the readings' time.
        taken: Readings the node took.
        stored: Readings that are durable here.
        evicted: Readings the node dropped at its bound, and declared.
        in_flight: Readings the node still holds.
        lost: What the books cannot account for; 0 unless something is wrong.
        duplicates: Readings that came again and were dropped.
    """

    group: str
    node: str
    day: str
    taken: int
    stored: int
    evicted: int
    in_flight: int
    lost: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class HealthView:
    """The state of the aggregator itself.

    Attributes:
        started_ms: When it started.
        broker: "ok", or the trouble in words.
        store: "ok", or the trouble in words.
        spool: "ok", or the trouble in words.
        received: Readings received since the start.
        judged: Readings judged since the start.
        stored: Readings made durable since the start.
        quarantined: Payloads that could not be decoded and are kept aside.
        dropped: Messages dropped because a queue was full.
        rebirths_asked: Births asked for.
        seq_gaps: Gaps noticed in the nodes' sequence numbers.
        latency_p50_ms: Reading taken to stored and judged, median; None before the first.
        latency_p99_ms: The same, 99th percentile.
        warnings: Conditions a person should act on, one sentence each.
    """

    started_ms: int
    broker: str
    store: str
    spool: str
    received: int
    judged: int
    stored: int
    quarantined: int
    dropped: int
    rebirths_asked: int
    seq_gaps: int
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the console shows at one moment.

    Attributes:
        time_ms: When it was taken, by the aggregator's clock; ages are counted from here.
        nodes: All known nodes.
        channels: All known channels.
        events: Open events and the recently closed ones (bounded by whoever makes it).
        ledger: One row per node and day, the recent days.
        health: The aggregator's own state.
        incidents: Open incidents and the recently closed ones (bounded by whoever makes it).
        maintenance: Who works where now.
        hidden: Conditions that are kept back because something larger explains them: a node
            or feeder that is away, or maintenance.
    """

    time_ms: int
    nodes: tuple[NodeView, ...]
    channels: tuple[ChannelView, ...]
    events: tuple[EventView, ...]
    ledger: tuple[LedgerView, ...]
    health: HealthView
    incidents: tuple[IncidentView, ...] = ()
    maintenance: tuple[MaintenanceView, ...] = ()
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """One channel over time, as columns of equal length, oldest first.

    Attributes:
        time_ms: Times of the points.
        value: Values; None where there was none.
        expected: Expected values; None where there was no judgement.
        low: Lower edges of the band.
        high: Upper edges of the band.
        flags: Words from `FLAG_WORDS` per point; of all readings a point stands for.
    """

    time_ms: tuple[int, ...]
    value: tuple[float | str | bool | None, ...]
    expected: tuple[float | None, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    flags: tuple[tuple[str, ...], ...]


class LiveView(Protocol):
    """What a console is built on. Both methods may be called from any thread, at once."""

    def snapshot(self) -> Snapshot:
        """Return the present state.

        Called about once a second, whatever the number of open pages, and by each request
        to the JSON API. It must be cheap, must not block on I/O and must not raise.
        """
        ...

    def history(
        self,
        group: str,
        node: str,
        device: str,
        metric: str,
        from_ms: int,
        to_ms: int,
        step_ms: int,
    ) -> History:
        """Return one channel over `from_ms <= time < to_ms`, one point per `step_ms`.

        Called from a worker thread when a person opens a chart; it may read the store.

        Raises:
            LookupError: there is no such channel; the API answers 404.
            OSError: the store does not answer; the API answers 503 with the message.
        """
        ...
