"""The records in formats that others read, with names that no format likes."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lamppost.register import cli
from lamppost.register.exports.formats import FORMATS, SHEETS
from lamppost.register.exports.ngsild import ngsild
from lamppost.register.exports.records import Records
from lamppost.register.exports.sheets import TABLES
from lamppost.register.exports.writing import export
from lamppost.register.live import ChannelView
from lamppost.register.records.births import ChannelSeen
from lamppost.register.records.commissioning import Handover, commission
from lamppost.register.records.reading import KINDS
from lamppost.register.records.store import Register
from lamppost.register.serve import Console

from .asking import fetch
from .city import City
from .registers import CHANNEL, FLOW, T0, birth
from .test_records_import import taken

HOSTILE = "=cmd|' /C calc'!A0, \"ü\" </script>\\"
PM = ChannelSeen("pm25", "double", "ug/m3", channel_class="pm25")
POINT = {"type": "Point", "coordinates": [11.0, 48.0]}


@pytest.fixture
def city(register: Register, tmp_path: Path) -> Register:
    """Two assets, one of them with a hostile name, a node with two channels."""
    quoted = HOSTILE.replace('"', '""')
    place = json.dumps(POINT).replace('"', '""')
    text = f'id,name,class,geometry\npump-1,"{quoted}",pump,"{place}"\nlamp-1,Lamp,lamp,\n'
    assert not taken(register, tmp_path, text).problems
    register.observe_births([birth(FLOW, PM)])
    register.bind(CHANNEL, "pump-1", "capacity_use", "ada", T0)
    with register.changing("ada") as writer:
        said = Handover(
            "riverside/station/pump-1", "pump-1", "capacity_use", channels=("flow",)
        )
        commission(writer, said, "ada", {})
    return register


@pytest.fixture
def base(city: Register) -> Iterator[str]:
    """The city, served."""
    live = City(T0)
    console = Console(live, port=0, register=city)
    console.start()
    yield console.url
    live.hold.set()
    console.stop()


def seen(metric: str, value: float | str, flags: tuple[str, ...] = ()) -> ChannelView:
    """Return a last reading of a channel of the pump."""
    return ChannelView(
        "riverside", "station", "pump-1", metric, "ug/m3", value, T0,
        None, None, None, flags, 0.0, stale=False,
    )  # fmt: skip


def table_of(city: Register, name: str) -> list[dict[str, str]]:
    """Return the rows of a table, as a spreadsheet reads them."""
    with city.database.reading() as connection:
        text = "".join(SHEETS[name].pieces(Records(connection, T0), ()))
    return list(csv.DictReader(io.StringIO(text, newline="")))


def whole(city: Register, name: str, *latest: ChannelView) -> Any:
    """Return an export, parsed."""
    with city.database.reading() as connection:
        pieces = FORMATS[name].pieces(Records(connection, T0), latest)
        return json.loads("".join(pieces))


def test_geojson_has_every_asset_with_its_fields(city: Register) -> None:
    """A feature each; who has no place has a null geometry, as the RFC wants it."""
    features = whole(city, "geojson")["features"]
    assert {one["id"]: one["geometry"] for one in features} == {
        "lamp-1": None,
        "pump-1": POINT,
    }
    pump = next(one for one in features if one["id"] == "pump-1")
    assert pump["properties"]["name"] == HOSTILE
    assert pump["properties"]["asset_class"] == "pump"


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_a_table_with_its_records(city: Register, kind: str) -> None:
    """A row for each record, a column for each field."""
    rows = table_of(city, kind)
    with city.database.reading() as connection:
        count = len(list(Records(connection, T0).every(kind, "all")))
    assert len(rows) == count > 0
    assert all(None not in row.values() and row["id"] for row in rows)


def test_a_spreadsheet_gets_no_formula(city: Register) -> None:
    """Text that begins like a formula has an apostrophe before it; the rest is as it was."""
    names = {row["id"]: row["name"] for row in table_of(city, "assets")}
    assert names == {"lamp-1": "Lamp", "pump-1": "'" + HOSTILE}


def test_sensorthings_document_has_all_entity_sets(city: Register) -> None:
    """What the service serves, in one file, without observations."""
    document = whole(city, "sensorthings")
    assert {len(document["Things"]), len(document["Datastreams"])} == {3, 2}
    assert "Observations" not in document
    flow = next(one for one in document["Datastreams"] if one["name"] == "flow")
    assert "asset%3Apump-1" in flow["Thing@iot.navigationLink"]


def test_ngsi_ld_names_entities_as_smart_data_models_do(city: Register) -> None:
    """Devices with their asset and place, lights, last good readings, and what they observe."""
    latest = seen("pm25", 12.5), seen("flow", 40.0, ("stuck",)), seen("note", "text")
    entities = whole(city, "ngsi-ld", *latest)
    assert all(one["id"].startswith(f"urn:ngsi-ld:{one['type']}:") for one in entities)
    assert all("@context" in one for one in entities)
    found: dict[str, Any] = {one["type"]: one for one in entities}
    assert found.keys() == {"Streetlight", "Device", "DeviceMeasurement", "AirQualityObserved"}
    assert found["Device"]["controlledAsset"]["object"] == "urn:ngsi-ld:Asset:pump-1"
    assert found["Device"]["controlledProperty"]["value"] == ["flow", "pm25"]
    air = found["AirQualityObserved"]
    assert air["pm25"]["value"] == 12.5
    assert air["location"] == {"type": "GeoProperty", "value": POINT}
    assert [one["type"] for one in entities].count("DeviceMeasurement") == 1


def test_ngsi_ld_tells_of_bins_bays_and_traffic(city: Register, tmp_path: Path) -> None:
    """With their last good readings; what has no reading says so, or says nothing."""
    place = json.dumps(POINT).replace('"', '""')
    kinds = (("bin", "public_bin"), ("bay", "parking_space"), ("free", "parking_space"))
    rows = [f'{one},{one},{kind},"{place}"' for one, kind in (*kinds, ("road", "street"))]
    taken(city, tmp_path, "\n".join(["id,name,class,geometry", *rows]))
    seen_of = {"bin": "fill_level", "bay": "occupancy", "road": "traffic_count"}
    for one, kind in seen_of.items():
        city.observe_births(
            [birth(ChannelSeen(kind, "double", channel_class=kind), device=one)]
        )
        city.bind(f"riverside/station/{one}/{kind}", one, "state", "ada", T0)
    latest = [
        replace(seen(kind, 60.0), device=one, unit="%" if one == "bin" else "1")
        for one, kind in seen_of.items()
    ]
    found = {one["id"]: one for one in whole(city, "ngsi-ld", *latest)}
    assert found["urn:ngsi-ld:WasteContainer:bin"]["fillingLevel"]["value"] == 0.6
    assert found["urn:ngsi-ld:ParkingSpot:bay"]["status"]["value"] == "occupied"
    assert found["urn:ngsi-ld:ParkingSpot:free"]["status"]["value"] == "unknown"
    flow = found["urn:ngsi-ld:TrafficFlowObserved:riverside%2Fstation%2Froad"]
    assert (flow["intensity"]["value"], "location" in flow) == (60.0, True)


def test_stale_readings_are_no_observations(city: Register) -> None:
    """Without a fresh good reading there is no observation."""
    with city.database.reading() as connection:
        kinds = {
            one["type"] for one in json.loads("".join(ngsild(Records(connection, T0), ())))
        }
    assert kinds == {"Streetlight", "Device"}


DOCUMENTS = [name for name in FORMATS if name != "dcat-turtle"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_file_is_whole_or_not_there(city: Register, tmp_path: Path, name: str) -> None:
    """What was there before is replaced at once; no part of a file stays behind."""
    out = tmp_path / "out" / "city.json"
    out.parent.mkdir()
    out.write_text("before")
    (written,) = export(city, name, out, lambda _: None)
    assert written.bytes == out.stat().st_size
    assert json.loads(out.read_text())
    assert [one.name for one in out.parent.iterdir()] == ["city.json"]


def test_a_failing_export_leaves_the_old_file(
    city: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that breaks off costs nothing that was there."""
    out = tmp_path / "city.geojson"
    out.write_text("before")

    def broken(_fd: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("lamppost.register.exports.writing.os.fsync", broken)
    with pytest.raises(OSError, match="disk full"):
        export(city, "geojson", out, lambda _: None)
    assert out.read_text() == "before"
    assert [one.name for one in tmp_path.iterdir() if one.name.endswith(".part")] == []


@pytest.mark.usefixtures("city")
def test_the_command_writes_tables(tmp_path: Path, capsys: Any) -> None:
    """`lamppost register export csv` writes a file for each kind and tells them."""
    out = tmp_path / "tables"
    asked = ["export", "csv", "--out", str(out), "--data", str(tmp_path), "--json"]
    assert cli.main(asked) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {Path(one["path"]).stem for one in told} == set(TABLES)
    assert all(Path(one["path"]).stat().st_size == one["bytes"] > 0 for one in told)


def test_exports_are_served(base: str) -> None:
    """Each format has an address and a file name; an unknown one says what there is."""
    for name in DOCUMENTS:
        answer = fetch(f"{base}/api/v1/export/{name}")
        assert answer.status_code == HTTPStatus.OK
        assert answer.json()
        assert answer.headers["content-type"].startswith(FORMATS[name].media_type)
        assert f"lamppost-{name}" in answer.headers["content-disposition"]
    assert "pump-1" in fetch(f"{base}/api/v1/export/csv/assets").text
    wrong = fetch(f"{base}/api/v1/export/nosuch")
    assert wrong.status_code == HTTPStatus.NOT_FOUND
    assert "dcat, dcat-turtle, geojson, ngsi-ld, sensorthings" in wrong.json()["detail"]


def test_metrics_are_what_prometheus_reads(base: str) -> None:
    """The library's own parser reads them; the numbers are those of the snapshot."""
    snapshot = City(T0).snapshot()
    answer = fetch(f"{base}/metrics")
    families = {one.name: one for one in text_string_to_metric_families(answer.text)}
    nodes = {s.labels["state"]: s.value for s in families["lamppost_nodes"].samples}
    assert nodes == {
        "online": sum(node.online for node in snapshot.nodes),
        "offline": sum(not node.online for node in snapshot.nodes),
    }
    judged = families["lamppost_judged"].samples[0]
    assert (judged.name, judged.value) == ("lamppost_judged_total", snapshot.health.judged)
    assert {s.labels["class"] for s in families["lamppost_open_incidents"].samples} == {
        "sensor_fault",
        "process_anomaly",
        "communication",
    }
