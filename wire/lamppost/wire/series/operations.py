"""Operations: what is wrong and who knows, how assets and nodes are, and the platform itself.

An asset is named by tags: `asset` (its id in the register; of an asset nobody registered, the
node, or NODE/DEVICE), `asset_class` and `district`. They are of the moment at which a row was
written: what is written again later, like an event or an incident, does not carry them as tags.
"""

from lamppost.wire.series.schema import (
    BOOLEAN,
    FLOAT,
    INTEGER,
    OPS,
    STRING,
    Measurement,
    fields_of,
)

LEVELS = ("ok", "advisory", "warning", "critical")
"""What `level` counts, from 0."""

STATES = (*LEVELS, "stale", "maintenance")
"""The states of an asset; it is in one of them at a time. `code` counts them from 0."""

ASSET_TAGS = ("asset", "asset_class", "device", "district", "group", "node")

EVENT = Measurement(
    "event",
    OPS,
    ("channel", "class", "device", "group", "kind", "node"),
    (
        *fields_of(STRING, "id"),
        *fields_of(BOOLEAN, "open"),
        *fields_of(INTEGER, "detected_ms:ms", "end_ms:ms"),
        *fields_of(STRING, "unit", "reason"),
        *fields_of(FLOAT, "severity", "value", "expected", "low", "high"),
        *fields_of(STRING, "incident", "of", "contributors"),
        *fields_of(INTEGER, "count", "peak_ms:ms"),
    ),
)
"""An event at its onset, written again whenever it changes; `incident` is the id of its one."""

INCIDENT = Measurement(
    "incident",
    OPS,
    ("device", "group", "node"),
    (
        *fields_of(STRING, "id", "asset", "asset_class", "district", "name"),
        *fields_of(STRING, "class", "kind", "reason", "channels", "assigned"),
        *fields_of(INTEGER, "open", "level", "notified", "events", "open_events"),
        *fields_of(INTEGER, "acked", "shelved", "false_alarm"),
        *fields_of(INTEGER, "detected_ms:ms", "closed_ms:ms"),
        *fields_of(FLOAT, "severity", "duration_s:s", "acked_after_s:s"),
    ),
)
"""An incident at its opening, written again whenever it changes. `class` is sensor_fault,
process_anomaly or communication; `closed_ms` and `duration_s` count only while `open` is 0."""

ALARM = Measurement(
    "alarm",
    OPS,
    (*ASSET_TAGS[:2], "class", *ASSET_TAGS[2:]),
    (
        *fields_of(INTEGER, "level", "open_events", "notified", "acked", "shelved"),
        *fields_of(INTEGER, "opened_ms:ms"),
        *fields_of(FLOAT, "severity", "score", "age_s:s", "lat", "lon"),
        *fields_of(STRING, "name", "kind", "incident", "reason"),
    ),
)
"""An open incident, once a minute while it is open: what is wrong now is what came within the
last two minutes."""

ASSET_STATE = Measurement(
    "asset_state",
    OPS,
    ASSET_TAGS,
    (
        *fields_of(INTEGER, "code", "level", "stale", "maintenance", "open_events"),
        *fields_of(FLOAT, "severity", "condition", "lat", "lon"),
        *fields_of(STRING, "state", "name"),
    ),
)
"""How an asset is: when that changes, and every ten minutes. `state` is a word of `STATES`,
`code` its number, `condition` the register's grade, 1 (new) to 5 (worn out)."""

MAINTENANCE = Measurement(
    "maintenance",
    OPS,
    ("device", "group", "node"),
    (*fields_of(INTEGER, "until_ms:ms"), *fields_of(STRING, "reason")),
)
"""Work on a node or device, at its beginning, written again when it ends before its time. Who
works there stands in the aggregator's list, not here, where it would stay for years."""

NODE_HEALTH = Measurement(
    "node_health",
    OPS,
    ("district", "group", "node"),
    (
        *fields_of(INTEGER, "online", "acks", "buffer_full", "disk_full"),
        *fields_of(INTEGER, "pending", "evicted", "channels", "channels_stale"),
        *fields_of(INTEGER, "last_seen_ms:ms", "since_ms:ms"),
        *fields_of(FLOAT, "silent_s:s", "autonomy_h:h", "clock_offset_ms:ms"),
        *fields_of(FLOAT, "cpu_pct", "mem_pct", "disk_pct"),
        *fields_of(FLOAT, "temperature_cel:cel", "battery_v:v", "lat", "lon"),
        *fields_of(STRING, "version", "drivers", "name"),
    ),
)
"""How a node is, sampled also while it is offline: `online` is then 0, never absent."""

PIPELINE = Measurement(
    "pipeline",
    OPS,
    ("host",),
    (
        *fields_of(INTEGER, "received", "judged", "stored", "quarantined", "dropped"),
        *fields_of(INTEGER, "rebirths_asked", "seq_gaps", "warnings"),
        *fields_of(INTEGER, "broker_ok", "store_ok", "spool_ok"),
        *fields_of(INTEGER, "nodes", "nodes_online", "channels", "channels_stale"),
        *fields_of(INTEGER, "open_events", "open_incidents", "hidden"),
        *fields_of(INTEGER, "spool_bytes", "spool_limit_bytes", "store_lag_bytes"),
        *fields_of(INTEGER, "memory_bytes", "disk_free_bytes", "disk_bytes"),
        *fields_of(INTEGER, "store_readings", "store_failures", "dead_letters", "too_old"),
        *fields_of(FLOAT, "uptime_s:s", "latency_p50_ms:ms", "latency_p99_ms:ms"),
        *fields_of(FLOAT, "cpu_pct", "store_lag_s:s"),
        *fields_of(STRING, "trouble"),
    ),
)
"""How the aggregator is, sampled; readings, messages, requests and lines count from its start.
`trouble` is its warnings in words."""

STAGE = Measurement("stage", OPS, ("host", "stage"), fields_of(FLOAT, "busy_s:s", "share_pct"))
"""What the pipeline's thread is busy with, sampled: since its start, and of late."""

SLO = Measurement(
    "slo",
    OPS,
    ("host", "slo", "span"),
    (
        *fields_of(FLOAT, "burn", "ratio", "objective"),
        *fields_of(INTEGER, "good", "total"),
    ),
)
"""A promise over a span of time ("5m", "1h", "6h", "3d"), once a minute: how much was kept, and
how many times faster than allowed its error budget goes."""

CANARY = Measurement(
    "canary",
    OPS,
    ("host",),
    (
        *fields_of(INTEGER, "ok", "alarm"),
        *fields_of(FLOAT, "detect_ms:ms", "stored_ms:ms", "delivered_ms:ms"),
        *fields_of(STRING, "id", "missing"),
    ),
)
"""A synthetic anomaly, at the time it was made: `alarm` is 1 while it should be notified, `ok`
is 1 when it was noticed, stored and notified in time, 0 when one is `missing`."""
