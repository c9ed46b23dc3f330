"""The city in few rows: states, counts, alarms and incidents out of a live view."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from lamppost.aggregator.rollup.city import HEARTBEAT_MS, City
from lamppost.aggregator.rollup.peers import peers
from lamppost.aggregator.rollup.places import Place, Places, middle, places_of
from lamppost.aggregator.rollup.standing import standings_of
from lamppost.aggregator.rollup.states import states_of
from lamppost.aggregator.store.lineprotocol import sample_line
from lamppost.aggregator.store.seam import Sample
from lamppost.register.live import (
    ChannelView,
    HealthView,
    IncidentView,
    MaintenanceView,
    NodeView,
    Snapshot,
)
from lamppost.register.records.births import BirthSeen, ChannelSeen
from lamppost.register.records.store import Register
from lamppost.wire.series import (
    ALARM,
    ASSET_STATE,
    INCIDENT,
    LEVELS,
    PEERS,
    ROLLUP_CITY,
    ROLLUP_DISTRICT,
    ROLLUPS,
    STATES,
    Measurement,
)
from parts.batches import T0

MINUTE_MS = 60_000
NOW = T0 // MINUTE_MS * MINUTE_MS + 5_000
HEALTH = HealthView(NOW, "ok", "ok", "ok", 0, 0, 0, 0, 0, 0, 0, None, None, ())
NODE = NodeView(
    "riverside", "pumps", True, NOW, NOW, None, 0, 0, False, False, None, "", "1", True
)
CHANNEL = ChannelView(
    "riverside", "pumps", "pump-1", "flow", "L/s", 1.0, NOW, None, None, None, (), 0.0, False
)
INCIDENT_1 = IncidentView(
    id="i1", incident_class="process_anomaly", kind="deviation", group="riverside",
    node="pumps", device="pump-1", opened_ms=NOW - 90_000, detected_ms=NOW - 50_000,
    closed_ms=None, severity=0.9, channels=("flow", "pressure"), events=2, open_events=2,
    notified=True, reason="flow rose",
)  # fmt: skip
ASSETS = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "id": "P1",
            "geometry": {"type": "Point", "coordinates": [10.0, 50.0]},
            "properties": {"name": "Pump one", "class": "pump", "district": "harbour"},
        }
    ],
}


def city_of(*devices: str, incidents: tuple[IncidentView, ...] = ()) -> Snapshot:
    """A node with these devices, each with one channel."""
    channels = tuple(replace(CHANNEL, device=device) for device in devices)
    return Snapshot(NOW, (NODE,), channels, (), (), HEALTH, incidents)


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    """A register that knows pump-1 as the asset P1 in the district harbour."""
    with closing(Register(data_dir=tmp_path, clock_ms=lambda: NOW)) as made:
        made.migrate()
        seen = ChannelSeen("flow", "double", "L/s")
        made.observe_births([BirthSeen("riverside", "pumps", "", NOW, (), "1", True)])
        made.observe_births([BirthSeen("riverside", "pumps", "pump-1", NOW, (seen,))])
        file = tmp_path / "assets.geojson"
        file.write_text(json.dumps(ASSETS))
        made.import_assets(file, "ada")
        made.bind("riverside/pumps/pump-1/flow", "P1", "state", "ada")
        yield made


def rows(samples: tuple[Sample, ...], measurement: Measurement) -> list[Sample]:
    """The rows of one measurement."""
    return [sample for sample in samples if sample.measurement is measurement]


def test_the_register_tells_what_a_device_measures(register: Register) -> None:
    """A bound device is its asset, where that is; any other is itself, in its group."""
    places = places_of(register.database)
    assert places.of("riverside", "pumps", "pump-1") == Place(
        "P1", "pump", "harbour", "Pump one", 50.0, 10.0
    )
    assert places.of("riverside", "pumps", "pump-2") == Place(
        "pumps/pump-2", "unregistered", "riverside", "pumps/pump-2"
    )
    assert places.of("riverside", "pumps", "").asset_class == "node"
    assert standings_of(register.database, NOW) == {}


def test_births_tell_where_a_device_is_that_the_register_does_not_know(
    register: Register,
) -> None:
    """It stands where its birth says, its node amid its devices; assets count more."""
    seen = city_of("pump-1", "pump-2", "mast-1")
    places = {"pump-1": (1.0, 1.0), "pump-2": (48.0, 9.0), "mast-1": (50.0, 11.0)}
    channels = tuple(
        replace(one, latitude=places[one.device][0], longitude=places[one.device][1])
        for one in seen.channels
    )
    city = City(register.database, "host")
    city.samples(replace(seen, channels=channels))
    of = city.places.of
    known = of("riverside", "pumps", "pump-1")
    assert known == places_of(register.database).of("riverside", "pumps", "pump-1")
    mast = of("riverside", "pumps", "mast-1")
    assert (mast.asset, mast.lat, mast.lon) == ("pumps/mast-1", 50.0, 11.0)
    node = of("riverside", "pumps", "")
    assert (node.name, node.lat, node.lon) == ("pumps", 33.0, 7.0)


def test_the_middle_of_a_geometry() -> None:
    """A line is where its positions are on average, and nothing is nowhere."""
    line = {"type": "LineString", "coordinates": [[10, 50], [12, 52]]}
    assert middle(line) == (51.0, 11.0)
    assert middle({"type": "GeometryCollection", "geometries": [line]}) == (51.0, 11.0)
    assert middle(None) == (None, None)


def state(snapshot: Snapshot) -> str:
    """The word for pump-1."""
    return STATES[states_of(snapshot, Places())["riverside", "pumps", "pump-1"].code]


def test_each_asset_is_in_one_state() -> None:
    """Silence is a state, work on it another, and an incident counts by what it is."""
    calm = city_of("pump-1")
    assert state(calm) == "ok"
    assert state(replace(calm, channels=(replace(CHANNEL, stale=True),))) == "stale"
    assert state(replace(calm, nodes=(replace(NODE, online=False),))) == "stale"
    assert state(replace(calm, incidents=(INCIDENT_1,))) == "critical"
    assert state(replace(calm, incidents=(replace(INCIDENT_1, closed_ms=NOW),))) == "ok"
    fault = replace(INCIDENT_1, incident_class="sensor_fault")
    assert state(replace(calm, incidents=(fault,))) == "warning"
    lost = replace(INCIDENT_1, incident_class="communication")
    assert state(replace(calm, incidents=(lost,))) == "stale"
    work = MaintenanceView("riverside", "pumps", "", NOW, NOW + 1, "ada", "oil")
    assert state(replace(calm, incidents=(INCIDENT_1,), maintenance=(work,))) == "maintenance"


def test_all_ok_is_counted(register: Register) -> None:
    """The six states add up to the assets, however one counts; an empty city has a row."""
    city = City(register.database, "host-1")
    samples = city.samples(city_of("pump-1", "pump-2", incidents=(INCIDENT_1,)))
    for measurement in ROLLUPS:
        found = rows(samples, measurement)
        assert sum(int(row.fields["assets"] or 0) for row in found) == 3  # and the node
        for row in found:
            parts = sum(int(row.fields[state] or 0) for state in STATES)
            assert parts == row.fields["assets"]
            assert row.time_ms == NOW - 5_000
    (harbour,) = (
        row for row in rows(samples, ROLLUP_DISTRICT) if row.tags["district"] == "harbour"
    )
    told = {name: harbour.fields[name] for name in ("critical", "opened", "unacked", "lat")}
    assert told == {"critical": 1, "opened": 1, "unacked": 1, "lat": 50.0}
    (empty,) = rows(
        City(register.database, "h").samples(replace(city_of(), nodes=())), ROLLUP_CITY
    )
    assert empty.fields["assets"] == 0


def test_an_open_incident_is_an_alarm_each_minute(register: Register) -> None:
    """Its row has the asset's place; the incident itself is written when it changes."""
    city = City(register.database, "host-1")
    snapshot = city_of("pump-1", incidents=(INCIDENT_1,))
    first = city.samples(snapshot)
    (alarm,) = rows(first, ALARM)
    assert sample_line(alarm) == (
        "alarm,asset=P1,asset_class=pump,class=process_anomaly,device=pump-1,district=harbour,"
        "group=riverside,node=pumps level=3i,open_events=2i,notified=1i,acked=0i,shelved=0i,"
        f"opened_ms={NOW - 90_000}i,severity=0.9,score=0.9,age_s=90.0,lat=50.0,lon=10.0,"
        f'name="Pump one",kind="deviation",incident="i1",reason="flow rose" {NOW - 5_000}'
    )
    (incident,) = rows(first, INCIDENT)
    assert incident.time_ms == INCIDENT_1.opened_ms
    assert rows(city.samples(replace(snapshot, time_ms=NOW + 10_000)), ALARM) == []
    closed = replace(INCIDENT_1, closed_ms=NOW, open_events=0)
    later = replace(snapshot, time_ms=NOW + MINUTE_MS, incidents=(closed,))
    second = city.samples(later)
    assert rows(second, ALARM) == []
    (incident,) = rows(second, INCIDENT)
    assert (incident.fields["open"], incident.fields["duration_s"]) == (0, 90.0)
    assert rows(city.samples(later), INCIDENT) == []


def test_a_new_incident_does_not_wait_for_the_minute(register: Register) -> None:
    """Boards read it, and the counts of its minute, as soon as it is there."""
    city = City(register.database, "host-1")
    city.samples(city_of("pump-1"))
    soon = replace(city_of("pump-1", incidents=(INCIDENT_1,)), time_ms=NOW + 1_000)
    samples = city.samples(soon)
    assert [row.time_ms for row in rows(samples, ALARM)] == [NOW - 5_000]
    assert rows(samples, ROLLUP_CITY)[0].fields["critical"] == 1


def test_a_state_is_told_when_it_changes_and_now_and_then(register: Register) -> None:
    """A board that looks back a quarter of an hour finds every asset."""
    city = City(register.database, "host-1")
    calm = city_of("pump-1")
    assert len(rows(city.samples(calm), ASSET_STATE)) == 2
    assert rows(city.samples(replace(calm, time_ms=NOW + 1)), ASSET_STATE) == []
    bad = replace(calm, time_ms=NOW + 2, incidents=(INCIDENT_1,))
    (changed,) = rows(city.samples(bad), ASSET_STATE)
    assert changed.fields["state"] == "critical"
    assert changed.fields["level"] == LEVELS.index("critical")
    late = replace(bad, time_ms=NOW + 2 + HEARTBEAT_MS)
    assert len(rows(city.samples(late), ASSET_STATE)) == 2


def test_neighbours_are_three_or_more() -> None:
    """The spread leaves out what is silent or faulty."""
    known = {
        ("riverside", "pumps", f"pump-{i}"): Place(f"P{i}", "pump", "harbour", "")
        for i in range(5)
    }
    channels = tuple(
        replace(CHANNEL, device=f"pump-{i}", value=float(i), stale=i == 3) for i in range(4)
    )
    faulty = replace(CHANNEL, device="pump-4", value=99.0, flags=("stuck",))
    (row,) = peers((*channels, faulty), Places(known), NOW, "h")
    assert row.measurement is PEERS
    assert (row.fields["n"], row.fields["median"]) == (3, 1.0)
    assert peers(channels[:2], Places(known), NOW, "h") == ()


def test_a_fresh_register_is_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Before its tables are made nobody is asked and nothing complains; then it counts."""
    with closing(Register(data_dir=tmp_path, clock_ms=lambda: NOW)) as fresh:
        city = City(fresh.database, "lamppost")
        assert city.samples(city_of("pump-1"))
        assert (city.ready, caplog.records) == (False, [])
        fresh.migrate()
        city.samples(replace(city_of("pump-1"), time_ms=NOW + 1))
        assert (city.ready, caplog.records) == (True, [])
