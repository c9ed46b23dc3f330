"""What the pipeline's thread writes on the wall for others: nodes, books and events, as values.

The pipeline's own tables change under any other thread's hands, so only its thread turns them
into views, now and then, and never spends more than a small share of its time on it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.alarms.incident import Incident
from lamppost.aggregator.alarms.maintenance import Window
from lamppost.aggregator.nodes.nodes import Node, NodeBook
from lamppost.aggregator.pipeline.pipeline import Pipeline
from lamppost.register.live import (
    EventView,
    IncidentView,
    LedgerView,
    MaintenanceView,
    NodeView,
)
from lamppost.wire import canary

EVERY_S = 0.2
MAX_SHARE = 0.05
MAX_LEDGER_DAYS = 31


@dataclass(frozen=True, slots=True)
class Views:
    """One state of the wall.

    Attributes:
        hidden: conditions that something larger explains.
        capped: incidents of the last hour that were not notified.
        unknown: places in maintenance that nobody knows.
    """

    nodes: tuple[NodeView, ...] = ()
    events: tuple[EventView, ...] = ()
    incidents: tuple[IncidentView, ...] = ()
    maintenance: tuple[MaintenanceView, ...] = ()
    hidden: int = 0
    capped: int = 0
    unknown: tuple[str, ...] = ()
    ledger: tuple[LedgerView, ...] = ()
    online: frozenset[tuple[str, str, str]] = frozenset()
    seq_gaps: int = 0
    rebirths_asked: int = 0
    latency_p50_ms: float | None = None
    latency_p99_ms: float | None = None


class Board:
    """Keeps the latest views; `refresh` belongs to the pipeline's thread, `views` to any."""

    def __init__(
        self, pipeline: Pipeline, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self.views = Views()
        self._pipeline = pipeline
        self._clock_s = clock_s
        self._next_s = 0.0

    def refresh(self) -> None:
        """Write the views anew if it is time."""
        start = self._clock_s()
        if start < self._next_s:
            return
        self.views = self._build()
        took = self._clock_s() - start
        self._next_s = start + max(EVERY_S, took / MAX_SHARE)

    def _build(self) -> Views:
        pipeline = self._pipeline
        tools = pipeline.tools
        nodes = [node for node in tools.book if node.routes and _shown(node)]
        alarms = tools.judging.alarms
        now_ms = self._pipeline.now_ms()
        windows = () if pipeline.maintenance is None else pipeline.maintenance.active(now_ms)
        return Views(
            nodes=tuple(node_view(node) for node in nodes),
            events=tuple(map(event_view, (*alarms.open_events(), *alarms.recent()))),
            incidents=tuple(
                map(incident_view, (*alarms.open_incidents(), *alarms.recent_incidents()))
            ),
            maintenance=tuple(map(maintenance_view, windows)),
            hidden=alarms.conditions.hidden,
            capped=alarms.budget.capped_lately(now_ms),
            unknown=tuple(w.where for w in windows if not _is_known(tools.book, w)),
            ledger=tuple(view for node in nodes for view in ledger_views(node)),
            online=frozenset(
                (node.group, node.name, route.device)
                for node in nodes
                if node.online and not node.stale
                for route in node.routes.values()
                if route.online
            ),
            seq_gaps=sum(node.sequence.gaps for node in tools.book),
            rebirths_asked=tools.rebirths.asked,
            latency_p50_ms=pipeline.latency.quantile(0.5),
            latency_p99_ms=pipeline.latency.quantile(0.99),
        )


def _shown(node: Node) -> bool:
    """Whether its birth was seen, and it is one of the city."""
    own = node.routes.get("")
    return own is not None and own.birth is not None and node.group != canary.GROUP


def node_view(node: Node) -> NodeView:
    """A node as the console shows it."""
    facts = node.facts
    return NodeView(
        group=node.group,
        name=node.name,
        online=node.online and not node.stale,
        since_ms=node.since_ms,
        last_seen_ms=node.last_seen_ms,
        autonomy_h=facts.autonomy_h,
        pending=facts.pending,
        evicted=facts.evicted,
        buffer_full=facts.buffer_full,
        disk_full=facts.disk_full,
        clock_offset_ms=node.clock_offset_ms,
        drivers=facts.drivers,
        version=facts.version,
        acks=node.acks,
    )


def ledger_views(node: Node) -> list[LedgerView]:
    """The latest days of a node's books."""
    return [
        LedgerView(
            group=node.group,
            node=node.name,
            day=day.day,
            taken=day.taken,
            stored=day.stored,
            evicted=day.evicted,
            in_flight=day.in_flight,
            lost=day.lost,
            duplicates=day.duplicates,
        )
        for day in node.ledger.books(MAX_LEDGER_DAYS)
    ]


def event_view(event: Event) -> EventView:
    """An event as the console shows it."""
    return EventView(
        id=event.id,
        event_class=event.event_class,  # type: ignore[arg-type]
        kind=event.kind,
        group=event.group,
        node=event.node,
        device=event.device,
        channel=event.channel,
        onset_ms=event.onset_ms,
        detected_ms=event.detected_ms,
        end_ms=event.end_ms,
        severity=event.severity,
        reason=event.reason,
        incident=event.incident,
        peak=event.value,
        peak_ms=event.peak_ms,
        unit=event.unit,
        count=event.count,
        contributors=event.contributors,
    )


def incident_view(incident: Incident) -> IncidentView:
    """An incident as the console shows it."""
    return IncidentView(
        id=incident.id,
        incident_class=incident.incident_class,  # type: ignore[arg-type]
        kind=incident.kind,
        group=incident.group,
        node=incident.node,
        device=incident.device,
        opened_ms=incident.opened_ms,
        detected_ms=incident.detected_ms,
        closed_ms=incident.closed_ms,
        severity=incident.severity,
        channels=incident.channels,
        events=incident.events,
        open_events=incident.open_events,
        notified=incident.notified,
        reason=incident.reason,
    )


def maintenance_view(window: Window) -> MaintenanceView:
    """Who works where, as the console shows it."""
    return MaintenanceView(
        group=window.group,
        node=window.node,
        device=window.device,
        since_ms=window.since_ms,
        until_ms=window.until_ms,
        by=window.by,
        reason=window.reason,
    )


def _is_known(book: NodeBook, window: Window) -> bool:
    node = book.nodes.get(f"{window.group}/{window.node}")
    return node is not None and (not window.device or window.device in node.routes)
