"""The schema of the time-series database: what may never change, and the rules it keeps."""

import re
from collections import Counter

import pytest

from lamppost.wire.series import (
    DATABASES,
    EVENT,
    MEASUREMENTS,
    OPS,
    RAW,
    ROLLUP,
    FieldType,
    Measurement,
)

# What databases in the field hold. Lines may be added; one that is changed or taken away breaks
# every database that was written before.
SEALED = """
reading.value float
reading.expected float
reading.low float
reading.high float
reading.score float
reading.severity float
reading.p float
reading.flags integer
text.text string
event.id string
event.open boolean
event.detected_ms integer
event.end_ms integer
event.unit string
event.reason string
event.severity float
event.value float
event.expected float
event.low float
event.high float
event.incident string
node_health.online integer
node_health.acks integer
node_health.buffer_full integer
node_health.disk_full integer
node_health.pending integer
node_health.evicted integer
node_health.silent_s float
node_health.autonomy_h float
node_health.clock_offset_ms float
node_health.version string
node_health.drivers string
pipeline.received integer
pipeline.judged integer
pipeline.stored integer
pipeline.quarantined integer
pipeline.dropped integer
pipeline.rebirths_asked integer
pipeline.seq_gaps integer
pipeline.warnings integer
pipeline.broker_ok integer
pipeline.store_ok integer
pipeline.spool_ok integer
pipeline.nodes integer
pipeline.nodes_online integer
pipeline.channels integer
pipeline.channels_stale integer
pipeline.open_events integer
pipeline.uptime_s float
pipeline.latency_p50_ms float
pipeline.latency_p99_ms float
"""
TAGS = {
    "reading": "device group metric node",
    "text": "device group metric node",
    "event": "channel class device group kind node",
    "node_health": "group node",
    "pipeline": "host",
}
# Each value of these would be a series of its own, or changes while the thing stays the same.
NEVER_TAGS = {
    "id",
    "incident",
    "text",
    "reason",
    "state",
    "version",
    "severity",
    "open",
    "value",
    "unit",
}

each_measurement = pytest.mark.parametrize(
    "measurement", MEASUREMENTS, ids=[known.name for known in MEASUREMENTS]
)


def test_fields_keep_their_types_for_ever() -> None:
    """The sealed list is the schema: a field may be added, none may change or go."""
    listed = [
        f"{measurement.name}.{field.name} {field.type.value}"
        for measurement in MEASUREMENTS
        for field in measurement.fields
    ]
    assert sorted(listed) == sorted(SEALED.split("\n")[1:-1])


def test_tags_stay_what_they_are() -> None:
    """A tag that is added, renamed or dropped would split every series in two."""
    assert {known.name: " ".join(known.tags) for known in MEASUREMENTS} == TAGS


@each_measurement
def test_tags_are_what_one_groups_by(measurement: Measurement) -> None:
    """No id, text or state is a tag, and no field has the name of a tag."""
    assert not NEVER_TAGS & set(measurement.tags)
    assert not set(measurement.tags) & set(measurement.names())
    assert list(measurement.tags) == sorted(measurement.tags)


@each_measurement
def test_names_need_no_quoting_anywhere(measurement: Measurement) -> None:
    """Names are plain words, each once, and none is a word that InfluxDB keeps for itself."""
    names = (measurement.name, *measurement.tags, *measurement.names())
    assert max(Counter(measurement.names()).values()) == 1
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name) for name in names)
    assert not {"time", "table", "result"} & set(names)
    assert measurement.database in DATABASES


def test_units_stand_in_the_names() -> None:
    """A field that has a unit ends in it, so that no panel has to guess."""
    fields = [field for known in MEASUREMENTS for field in known.fields if field.unit]
    assert fields
    assert all(field.name.endswith("_" + field.unit) for field in fields)


def test_databases_have_names_and_retentions_of_their_own() -> None:
    """Raw readings go after a month, operations after two years, aggregates after five."""
    assert [database.named("city") for database in DATABASES] == [
        "city",
        "city_ops",
        "city_rollup",
    ]
    assert [database.retain_days for database in (RAW, OPS, ROLLUP)] == [30, 730, 1826]


def test_fields_by_type() -> None:
    """The names of some types come in their order, of all types without any."""
    assert EVENT.names(FieldType.BOOLEAN) == ("open",)
    assert EVENT.names(FieldType.INTEGER, FieldType.BOOLEAN) == (
        "open",
        "detected_ms",
        "end_ms",
    )
    assert len(EVENT.names()) == 12
