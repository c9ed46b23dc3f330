"""How the nodes and the aggregator are, as samples for dashboards."""

from lamppost.aggregator.store.seam import Sample
from lamppost.register.live import NodeView, Snapshot
from lamppost.wire.series import NODE_HEALTH, PIPELINE


def samples(snapshot: Snapshot, host: str) -> tuple[Sample, ...]:
    """Return one sample of the aggregator and one of each node, offline ones too.

    Args:
        snapshot: what the live view shows.
        host: the aggregator's Sparkplug host id.
    """
    return (
        pipeline_sample(snapshot, host),
        *(node_sample(node, snapshot.time_ms) for node in snapshot.nodes),
    )


def node_sample(node: NodeView, time_ms: int) -> Sample:
    """Return how a node is."""
    fields = {
        "online": node.online,
        "acks": node.acks,
        "buffer_full": node.buffer_full,
        "disk_full": node.disk_full,
        "pending": node.pending,
        "evicted": node.evicted,
        "silent_s": (time_ms - node.last_seen_ms) / 1000,
        "autonomy_h": node.autonomy_h,
        "clock_offset_ms": node.clock_offset_ms,
        "version": node.version,
        "drivers": node.drivers,
    }
    return Sample(NODE_HEALTH, time_ms, {"group": node.group, "node": node.name}, fields)


def pipeline_sample(snapshot: Snapshot, host: str) -> Sample:
    """Return how the aggregator is."""
    health = snapshot.health
    fields = {
        "received": health.received,
        "judged": health.judged,
        "stored": health.stored,
        "quarantined": health.quarantined,
        "dropped": health.dropped,
        "rebirths_asked": health.rebirths_asked,
        "seq_gaps": health.seq_gaps,
        "warnings": len(health.warnings),
        "broker_ok": health.broker == "ok",
        "store_ok": health.store == "ok",
        "spool_ok": health.spool == "ok",
        "nodes": len(snapshot.nodes),
        "nodes_online": sum(node.online for node in snapshot.nodes),
        "channels": len(snapshot.channels),
        "channels_stale": sum(channel.stale for channel in snapshot.channels),
        "open_events": sum(event.end_ms is None for event in snapshot.events),
        "uptime_s": (snapshot.time_ms - health.started_ms) / 1000,
        "latency_p50_ms": health.latency_p50_ms,
        "latency_p99_ms": health.latency_p99_ms,
    }
    return Sample(PIPELINE, snapshot.time_ms, {"host": host}, fields)
