"""The city in few rows: what panels over many assets read instead of readings."""

from lamppost.wire.series.schema import (
    FLOAT,
    INTEGER,
    OPS,
    ROLLUP,
    STRING,
    Measurement,
    fields_of,
)


def _rollup(name: str, *tags: str) -> Measurement:
    return Measurement(
        name,
        ROLLUP,
        tags,
        (
            *fields_of(INTEGER, "assets", "ok", "advisory", "warning", "critical"),
            *fields_of(INTEGER, "stale", "maintenance"),
            *fields_of(INTEGER, "sensor_faults", "process_anomalies", "communication"),
            *fields_of(INTEGER, "open_incidents", "unacked", "shelved", "opened"),
            *fields_of(INTEGER, "channels", "channels_stale"),
            *fields_of(FLOAT, "lat", "lon"),
        ),
    )


ROLLUP_CITY = _rollup("rollup_city", "host")
ROLLUP_DISTRICT = _rollup("rollup_district", "district", "host")
ROLLUP_CLASS = _rollup("rollup_class", "asset_class", "host")
ROLLUP_CELL = _rollup("rollup_cell", "asset_class", "district", "host")
ROLLUPS = (ROLLUP_CITY, ROLLUP_DISTRICT, ROLLUP_CLASS, ROLLUP_CELL)
"""Assets and incidents each minute: of all, by district, by class, and by both.

`assets` is the sum of the six states, ok to maintenance. `sensor_faults`, `process_anomalies`
and `communication` are open incidents by class and add up to `open_incidents`; `opened` is how
many were opened in the minute before. `lat` and `lon` are the middle of the assets. Each
aggregator writes what it sees: a city that has several sums over `host`.
"""

PEERS = Measurement(
    "peers",
    OPS,
    ("asset_class", "district", "host", "metric"),
    (*fields_of(INTEGER, "n"), *fields_of(FLOAT, "low", "median", "high")),
)
"""What the same metric reads at all assets of a class and district, each minute: the median,
the 10th and the 90th percentile. Two make no neighbourhood: fewer than three are left out."""

QUALITY = Measurement(
    "quality",
    OPS,
    ("device", "district", "group", "metric", "node"),
    (
        *fields_of(FLOAT, "score", "completeness", "validity", "timeliness"),
        *fields_of(FLOAT, "consistency", "uniqueness", "accuracy"),
        *fields_of(FLOAT, "age_s:s"),
        *fields_of(INTEGER, "n", "bad_n", "late_n", "gaps", "series"),
    ),
)
"""How good the data of a source are: of a device (`metric` is absent) every 15 minutes, of a
stream as often as the register grades it. Scores and their parts are 0 (worst) to 1."""

INDICATOR = Measurement(
    "indicator",
    OPS,
    ("district", "indicator"),
    (
        *fields_of(FLOAT, "value", "target", "baseline", "completeness"),
        *fields_of(INTEGER, "n", "reported", "met", "computed_ms:ms"),
        *fields_of(STRING, "name", "unit", "status", "period", "quality_class", "lineage"),
    ),
)
"""An indicator at the start of its period; the tag `indicator` is its qualified id
("iso37122-2019:7.6"). One that is not reported has `reported` 0, and a value only when it is
made up (`status` "synthetic")."""

CAPACITY = Measurement(
    "capacity",
    OPS,
    ("asset", "asset_class", "district", "host", "resource"),
    (
        *fields_of(FLOAT, "used", "capacity", "utilisation_pct", "headroom_pct"),
        *fields_of(FLOAT, "p95_pct", "peak_pct", "growth_per_day", "days_left", "confidence"),
        *fields_of(INTEGER, "runs_out_ms:ms"),
        *fields_of(STRING, "unit", "basis", "name"),
    ),
)
"""How much of a resource of an asset, or of the platform itself (`host`), is used, and when it
runs out. `days_left` and `runs_out_ms` are forecast: assumptions, never observations."""

RESOURCE_USE = Measurement(
    "resource_use",
    OPS,
    ("asset", "asset_class", "district", "resource"),
    (*fields_of(FLOAT, "used", "baseline", "target"), *fields_of(STRING, "unit", "period")),
)
"""What an asset used of a resource ("energy", "water") in a period, at its start."""

ALARM_SYSTEM = Measurement(
    "alarm_system",
    OPS,
    ("district",),
    (
        *fields_of(INTEGER, "annunciated", "standing", "chattering", "floods", "unacked"),
        *fields_of(FLOAT, "per_operator_10min", "false_share"),
        *fields_of(FLOAT, "acked_after_s:s", "repaired_after_s:s"),
    ),
)
"""How good the alarms themselves are, by the measures of ISA-18.2."""
