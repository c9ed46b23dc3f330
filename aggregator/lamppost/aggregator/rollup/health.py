"""How the nodes and the aggregator are, as rows."""

from collections.abc import Iterable, Mapping

from lamppost.aggregator.rollup.places import Places
from lamppost.aggregator.store.seam import Sample
from lamppost.register.live import ChannelView, NodeView, Snapshot
from lamppost.wire.series import NODE_HEALTH, PIPELINE

Fields = dict[str, float | str | None]

# The names that the edge's system driver gives its channels by default.
SYSTEM = {
    "cpu": "cpu_pct",
    "memory": "mem_pct",
    "disk": "disk_pct",
    "temperature": "temperature_cel",
    "battery_voltage": "battery_v",
}
NOTHING: Mapping[str, float] = {}


def samples(
    snapshot: Snapshot,
    host: str,
    places: Places | None = None,
    figures: Mapping[str, float] = NOTHING,
) -> tuple[Sample, ...]:
    """Return one row of the aggregator and one of each node, offline ones too.

    Args:
        snapshot: what the live view shows.
        host: the aggregator's Sparkplug host id.
        places: where the nodes are.
        figures: further fields of the aggregator's row.
    """
    where = places or Places()
    channels = _by_node(snapshot.channels)
    return (
        pipeline_sample(snapshot, host, figures),
        *(
            node_sample(
                node, snapshot.time_ms, where, channels.get((node.group, node.name), [])
            )
            for node in snapshot.nodes
        ),
    )


def _by_node(channels: Iterable[ChannelView]) -> dict[tuple[str, str], list[ChannelView]]:
    found: dict[tuple[str, str], list[ChannelView]] = {}
    for one in channels:
        found.setdefault((one.group, one.node), []).append(one)
    return found


def node_sample(
    node: NodeView, time_ms: int, places: Places, channels: list[ChannelView]
) -> Sample:
    """Return how a node is."""
    place = places.of(node.group, node.name, "")
    fields: Fields = {
        "online": node.online,
        "acks": node.acks,
        "buffer_full": node.buffer_full,
        "disk_full": node.disk_full,
        "pending": node.pending,
        "evicted": node.evicted,
        "channels": len(channels),
        "channels_stale": sum(one.stale for one in channels),
        "last_seen_ms": node.last_seen_ms,
        "since_ms": node.since_ms,
        "silent_s": (time_ms - node.last_seen_ms) / 1000,
        "autonomy_h": node.autonomy_h,
        "clock_offset_ms": node.clock_offset_ms,
        "lat": place.lat,
        "lon": place.lon,
        "version": node.version,
        "drivers": node.drivers,
        "name": place.name,
    }
    tags = {"district": place.district, "group": node.group, "node": node.name}
    return Sample(NODE_HEALTH, time_ms, tags, fields | machine_of(channels))


def machine_of(channels: Iterable[ChannelView]) -> Fields:
    """Return what a node measures of itself: the device that has both `cpu` and `memory`."""
    devices: dict[str, Fields] = {}
    for one in channels:
        field = SYSTEM.get(one.metric)
        if field is not None:
            good = not one.stale and isinstance(one.value, float)
            devices.setdefault(one.device, {})[field] = one.value if good else None
    for found in devices.values():
        if {"cpu_pct", "mem_pct"} <= found.keys():
            return found
    return {}


def pipeline_sample(
    snapshot: Snapshot, host: str, figures: Mapping[str, float] = NOTHING
) -> Sample:
    """Return how the aggregator is."""
    health = snapshot.health
    fields: Fields = {
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
        "open_incidents": sum(one.closed_ms is None for one in snapshot.incidents),
        "hidden": snapshot.hidden,
        "uptime_s": (snapshot.time_ms - health.started_ms) / 1000,
        "latency_p50_ms": health.latency_p50_ms,
        "latency_p99_ms": health.latency_p99_ms,
        "trouble": "; ".join(health.warnings),
    }
    return Sample(PIPELINE, snapshot.time_ms, {"host": host}, fields | dict(figures))
