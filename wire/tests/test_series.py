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
reading float: value expected low high score severity p
reading integer: flags
text string: text
reading_1m float: min max mean last p95
reading_1m integer: n bad_n alarm_n
reading_15m float: min max mean last p95
reading_15m integer: n bad_n alarm_n
reading_1h float: min max mean last p95
reading_1h integer: n bad_n alarm_n
event float: severity value expected low high
event integer: detected_ms end_ms count peak_ms
event string: id unit reason incident of contributors
event boolean: open
incident float: severity duration_s acked_after_s
incident integer: open level notified events open_events acked shelved false_alarm detected_ms
incident integer: closed_ms
incident string: id asset asset_class district name class kind reason channels assigned
alarm float: severity score age_s lat lon
alarm integer: level open_events notified acked shelved opened_ms
alarm string: name kind incident reason
asset_state float: severity condition lat lon
asset_state integer: code level stale maintenance open_events
asset_state string: state name
maintenance integer: until_ms
maintenance string: reason
node_health float: silent_s autonomy_h clock_offset_ms cpu_pct mem_pct disk_pct temperature_cel
node_health float: battery_v lat lon
node_health integer: online acks buffer_full disk_full pending evicted channels channels_stale
node_health integer: last_seen_ms since_ms
node_health string: version drivers name
pipeline float: uptime_s latency_p50_ms latency_p99_ms cpu_pct store_lag_s
pipeline integer: received judged stored quarantined dropped rebirths_asked seq_gaps warnings
pipeline integer: broker_ok store_ok spool_ok nodes nodes_online channels channels_stale
pipeline integer: open_events open_incidents hidden spool_bytes spool_limit_bytes
pipeline integer: store_lag_bytes memory_bytes disk_free_bytes disk_bytes store_readings
pipeline integer: store_failures dead_letters too_old
pipeline string: trouble
stage float: busy_s share_pct
slo float: burn ratio objective
slo integer: good total
canary float: detect_ms stored_ms delivered_ms
canary integer: ok alarm
canary string: id missing
rollup_city float: lat lon
rollup_city integer: assets ok advisory warning critical stale maintenance sensor_faults
rollup_city integer: process_anomalies communication open_incidents unacked shelved opened
rollup_city integer: channels channels_stale
rollup_district float: lat lon
rollup_district integer: assets ok advisory warning critical stale maintenance sensor_faults
rollup_district integer: process_anomalies communication open_incidents unacked shelved opened
rollup_district integer: channels channels_stale
rollup_class float: lat lon
rollup_class integer: assets ok advisory warning critical stale maintenance sensor_faults
rollup_class integer: process_anomalies communication open_incidents unacked shelved opened
rollup_class integer: channels channels_stale
rollup_cell float: lat lon
rollup_cell integer: assets ok advisory warning critical stale maintenance sensor_faults
rollup_cell integer: process_anomalies communication open_incidents unacked shelved opened
rollup_cell integer: channels channels_stale
peers float: low median high
peers integer: n
quality float: score completeness validity timeliness consistency uniqueness accuracy age_s
quality integer: n bad_n late_n gaps series
indicator float: value target baseline completeness
indicator integer: n reported met computed_ms
indicator string: name unit status period quality_class lineage
capacity float: used capacity utilisation_pct headroom_pct p95_pct peak_pct growth_per_day
capacity float: days_left confidence
capacity integer: runs_out_ms
capacity string: unit basis name
resource_use float: used baseline target
resource_use string: unit period
alarm_system float: per_operator_10min false_share acked_after_s repaired_after_s
alarm_system integer: annunciated standing chattering floods unacked
"""
TAGS = {
    "reading": "device group metric node",
    "text": "device group metric node",
    "reading_1m": "device group metric node",
    "reading_15m": "device group metric node",
    "reading_1h": "device group metric node",
    "event": "channel class device group kind node",
    "incident": "device group node",
    "alarm": "asset asset_class class device district group node",
    "asset_state": "asset asset_class device district group node",
    "maintenance": "device group node",
    "node_health": "district group node",
    "pipeline": "host",
    "stage": "host stage",
    "slo": "host slo span",
    "canary": "host",
    "rollup_city": "host",
    "rollup_district": "district host",
    "rollup_class": "asset_class host",
    "rollup_cell": "asset_class district host",
    "peers": "asset_class district host metric",
    "quality": "device district group metric node",
    "indicator": "district indicator",
    "capacity": "asset asset_class district host resource",
    "resource_use": "asset asset_class district resource",
    "alarm_system": "district",
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
    sealed = [
        f"{place.split()[0]}.{name} {place.split()[1]}"
        for place, _, names in (line.partition(": ") for line in SEALED.split("\n")[1:-1])
        for name in names.split()
    ]
    assert sorted(listed) == sorted(sealed)


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
        "count",
        "peak_ms",
    )
    assert len(EVENT.names()) == 16
