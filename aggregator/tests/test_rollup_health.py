"""How nodes and aggregator are, as rows for dashboards."""

from dataclasses import replace

from lamppost.aggregator.rollup.health import samples
from lamppost.aggregator.store.lineprotocol import sample_line
from lamppost.register.live import ChannelView, EventView, HealthView, NodeView, Snapshot
from lamppost.wire.series import NODE_HEALTH, PIPELINE
from parts.batches import T0

NODE = NodeView(
    group="riverside", name="pump-station-1", online=True, since_ms=T0 - 9000,
    last_seen_ms=T0 - 1500, autonomy_h=None, pending=3, evicted=0, buffer_full=False,
    disk_full=True, clock_offset_ms=12.5, drivers="modbus:pump-1 ok", version="0.1.0",
    acks=True,
)  # fmt: skip
CHANNEL = ChannelView(
    group="riverside", node="pump-station-1", device="pump-1", metric="flow", unit="L/s",
    value=1.0, time_ms=T0, expected=None, low=None, high=None, flags=(), severity=0.0,
    stale=True,
)  # fmt: skip
EVENT = EventView(
    id="e", event_class="sensor_fault", kind="stuck", group="riverside", node="pump-station-1",
    device="pump-1", channel="flow", onset_ms=T0, detected_ms=T0, end_ms=None, severity=0.5,
    reason="stuck",
)  # fmt: skip
HEALTH = HealthView(
    started_ms=T0 - 60_000, broker="ok", store="unreachable: gone", spool="ok", received=10,
    judged=9, stored=8, quarantined=7, dropped=6, rebirths_asked=5, seq_gaps=4,
    latency_p50_ms=20.0, latency_p99_ms=None, warnings=("one",),
)  # fmt: skip
SNAPSHOT = Snapshot(
    T0,
    (NODE, replace(NODE, name="far", online=False)),
    (CHANNEL, replace(CHANNEL, stale=False)),
    (EVENT, replace(EVENT, end_ms=T0)),
    (),
    HEALTH,
)


def test_the_aggregator_is_one_row_and_each_node_another() -> None:
    """A node that is offline has a row like any other, so its state is told, never missing."""
    pipeline, near, far = samples(SNAPSHOT, "lamppost")
    assert pipeline.measurement is PIPELINE
    assert (near.measurement, near.tags["node"], near.fields["online"]) == (
        NODE_HEALTH,
        "pump-station-1",
        1,
    )
    assert (far.tags["node"], far.fields["online"]) == ("far", 0)


def test_the_rows_as_lines() -> None:
    """Counts are counted, trouble is 0, and what nobody knows is absent."""
    pipeline, near, _ = map(sample_line, samples(SNAPSHOT, "lamppost"))
    assert pipeline == (
        "pipeline,host=lamppost received=10i,judged=9i,stored=8i,quarantined=7i,dropped=6i,"
        "rebirths_asked=5i,seq_gaps=4i,warnings=1i,broker_ok=1i,store_ok=0i,spool_ok=1i,"
        "nodes=2i,nodes_online=1i,channels=2i,channels_stale=1i,open_events=1i,"
        f'open_incidents=0i,hidden=0i,uptime_s=60.0,latency_p50_ms=20.0,trouble="one" {T0}'
    )
    assert near == (
        "node_health,district=riverside,group=riverside,node=pump-station-1 "
        "online=1i,acks=1i,buffer_full=0i,disk_full=1i,pending=3i,evicted=0i,channels=2i,"
        f"channels_stale=1i,last_seen_ms={T0 - 1500}i,since_ms={T0 - 9000}i,silent_s=1.5,"
        f'clock_offset_ms=12.5,version="0.1.0",drivers="modbus:pump-1 ok",'
        f'name="pump-station-1" {T0}'
    )


def test_every_sealed_field_is_given() -> None:
    """The rows name the fields that databases hold since the first release."""
    pipeline, near, _ = samples(SNAPSHOT, "lamppost")
    assert {"received", "store_ok", "open_events", "latency_p99_ms"} <= set(pipeline.fields)
    assert {"online", "pending", "silent_s", "autonomy_h"} <= set(near.fields)
