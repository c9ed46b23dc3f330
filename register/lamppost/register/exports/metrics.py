"""Prometheus: how the platform itself is, in few series, whatever the size of the city."""

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from lamppost.register.live import HealthView, Snapshot

COUNTED = (
    "received",
    "judged",
    "stored",
    "quarantined",
    "dropped",
    "rebirths_asked",
    "seq_gaps",
)
CLASSES = ("sensor_fault", "process_anomaly", "communication")
PARTS = ("broker", "store", "spool")


def exposition(snapshot: Snapshot) -> bytes:
    """Return the text exposition of one moment."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Moment(snapshot))
    return generate_latest(registry)


class _Moment(Collector):
    """One snapshot, as the library wants to collect it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        """Yield the families."""
        yield from _counters(self._snapshot.health)
        yield from _gauges(self._snapshot)


def _counters(health: HealthView) -> Iterator[Metric]:
    for name in COUNTED:
        told = f"{name.replace('_', ' ')} since the aggregator's start"
        yield CounterMetricFamily(f"lamppost_{name}", told, value=getattr(health, name))


def _gauges(snapshot: Snapshot) -> Iterator[Metric]:
    health = snapshot.health
    ok = GaugeMetricFamily("lamppost_ok", "1 while this part works", labels=["part"])
    for part in PARTS:
        ok.add_metric([part], float(getattr(health, part) == "ok"))
    yield ok
    nodes = GaugeMetricFamily("lamppost_nodes", "nodes by state", labels=["state"])
    online = sum(node.online for node in snapshot.nodes)
    nodes.add_metric(["online"], online)
    nodes.add_metric(["offline"], len(snapshot.nodes) - online)
    yield nodes
    stale = sum(channel.stale for channel in snapshot.channels)
    channels = GaugeMetricFamily("lamppost_channels", "channels by state", labels=["state"])
    channels.add_metric(["fresh"], len(snapshot.channels) - stale)
    channels.add_metric(["stale"], stale)
    yield channels
    classes = Counter(one.incident_class for one in snapshot.incidents if one.closed_ms is None)
    incidents = GaugeMetricFamily(
        "lamppost_open_incidents", "open incidents by class", labels=["class"]
    )
    for name in CLASSES:
        incidents.add_metric([name], classes.get(name, 0))  # type: ignore[call-overload]
    yield incidents
    yield from _plain(snapshot)


def _plain(snapshot: Snapshot) -> Iterator[Metric]:
    health = snapshot.health
    pending = sum(node.pending for node in snapshot.nodes)
    lost = sum(row.lost for row in snapshot.ledger)
    plain = {
        "pending_readings": ("readings that nodes hold, unacknowledged", pending),
        "lost_readings": ("readings the ledger cannot account for; 0 unless wrong", lost),
        "hidden_conditions": ("conditions that something larger explains", snapshot.hidden),
        "warnings": ("conditions a person should act on", len(health.warnings)),
        "started_seconds": ("when the aggregator started, Unix time", health.started_ms / 1e3),
        "snapshot_seconds": ("when this was taken, Unix time", snapshot.time_ms / 1e3),
    }
    for name, (told, value) in plain.items():
        yield GaugeMetricFamily(f"lamppost_{name}", told, value=value)
    for quantile, latency_ms in (
        ("p50", health.latency_p50_ms),
        ("p99", health.latency_p99_ms),
    ):
        if latency_ms is not None:
            told = f"reading taken to stored and judged, {quantile}"
            name = f"lamppost_latency_{quantile}_seconds"
            yield GaugeMetricFamily(name, told, value=latency_ms / 1e3)
