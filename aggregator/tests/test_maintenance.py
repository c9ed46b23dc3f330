"""Maintenance mode: by a file, until its time is over, hidden and not learned from."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lamppost.aggregator import columns as c
from lamppost.aggregator.alarms.maintenance import (
    FILE_NAME,
    MaintenanceError,
    MaintenanceFile,
    Window,
    read_windows,
    write_windows,
)
from lamppost.aggregator.cli import main
from lamppost.aggregator.maintenance_cli import span_ms
from lamppost.aggregator.settings.rules import ConfigError
from lamppost.aggregator.spool.frames import FrameKind, unpack_json

from .field import START_MS, Channel, FieldNode, Sample, Station

FLOW = Channel("flow", 10, unit="L/s", low=0.0, high=80.0)
PUMP = Window("city", "node-1", "pump", START_MS, START_MS + 60_000, "A. Fitter", "impeller")


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    """A connected pipeline with a pump."""
    one = Station(tmp_path)
    one.connect()
    yield one
    one.crash()


def born(station: Station) -> FieldNode:
    """The pump's node."""
    node = FieldNode()
    station.hear(node.nbirth(START_MS), node.dbirth("pump", START_MS, [FLOW]))
    return node


def run_on(station: Station, node: FieldNode, seconds: int, value: float) -> None:
    """A reading a second."""
    for _ in range(seconds):
        station.hear(node.ddata("pump", [Sample(FLOW, value, station.now_ms)]))
        station.settle(1000)


def test_events_are_hidden_until_it_ends_by_time(station: Station) -> None:
    """A pump that reads nonsense while it is taken apart; what is wrong afterwards is told."""
    node = born(station)
    write_windows(station.folder / FILE_NAME, [PUMP])
    run_on(station, node, 50, 500.0)
    assert station.events == []
    assert station.pipeline.tools.judging.alarms.conditions.hidden == 1
    run_on(station, node, 40, 500.0)
    assert [event.kind for event in station.events] == ["range"]
    assert [event.end_ms for event in station.events] == [None]


def test_what_was_open_is_hidden_and_forgotten_if_it_was_mended(station: Station) -> None:
    """An event that stands is over for the operator when the fitter begins."""
    node = born(station)
    run_on(station, node, 10, 500.0)
    write_windows(station.folder / FILE_NAME, [PUMP])
    run_on(station, node, 10, 500.0)
    assert station.events[-1].end_ms is not None
    told = len(station.events)
    run_on(station, node, 60, 20.0)
    assert len(station.events) == told


def test_readings_are_stored_with_the_flag(station: Station) -> None:
    """Nothing is lost, nothing is learned: the flag says why."""
    node = born(station)
    write_windows(station.folder / FILE_NAME, [PUMP])
    station.settle(1000)
    run_on(station, node, 3, 20.0)
    columns, _ = station.pipeline.tools.judging.latest.copy()
    assert int(columns["flags"][0]) & c.MAINTENANCE
    assert columns["value"][0] == 20.0


def test_a_device_born_meanwhile_is_in_maintenance_too(station: Station) -> None:
    """The list may name what is not known yet."""
    write_windows(station.folder / FILE_NAME, [PUMP])
    station.settle(1000)
    node = born(station)
    run_on(station, node, 3, 20.0)
    columns, _ = station.pipeline.tools.judging.latest.copy()
    assert int(columns["flags"][0]) & c.MAINTENANCE


def test_begin_and_end_are_in_the_spool_with_who_and_why(station: Station) -> None:
    """The audit trail."""
    born(station)
    write_windows(station.folder / FILE_NAME, [PUMP])
    station.settle(1000)
    station.settle(60_000)
    station.settle(1000)
    notes = [
        unpack_json(frame.payload)
        for frame in station.spool.read(0, 1 << 30)
        if frame.kind is FrameKind.NODE
    ]
    told = [note for note in notes if note.get("do") == "maintenance"]
    assert [len(note["windows"]) for note in told] == [1, 0]
    assert told[0]["windows"][0]["by"] == "A. Fitter"
    assert told[0]["windows"][0]["reason"] == "impeller"


def test_a_broken_file_changes_nothing_and_is_told(tmp_path: Path) -> None:
    """What was known before holds on until its time is over."""
    path = tmp_path / FILE_NAME
    file = MaintenanceFile(path)
    assert file.active(START_MS) == ()
    write_windows(path, [PUMP])
    assert file.active(START_MS) == (PUMP,)
    path.write_text('[{"group": 3}]')
    assert file.active(START_MS) == (PUMP,)
    assert FILE_NAME in file.trouble
    path.unlink()
    assert file.active(START_MS) == ()
    assert file.trouble == ""


@pytest.mark.parametrize(
    "text",
    ["{}", "nonsense", "[1]", '[{"group":"g"}]', "[" * 100_000],
    ids=["no list", "no JSON", "no window", "half a window", "deep"],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    """Whatever it holds, it is a MaintenanceError."""
    path = tmp_path / FILE_NAME
    path.write_text(text)
    with pytest.raises(MaintenanceError):
        read_windows(path)


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Begin, list, prolong, end; the second end says that there is nothing."""
    (tmp_path / "spool").mkdir()
    data = ["--data", str(tmp_path)]
    place = "riverside/pump-station-1/pump-1"
    words = ["--for", "2h", "--by", "A. Fitter", "--reason", "new impeller"]
    assert main(["maintenance", "begin", place, *words, *data]) == 0
    assert main(["maintenance", "begin", place, *words, *data]) == 0
    capsys.readouterr()
    assert main(["maintenance", "list", *data]) == 0
    assert capsys.readouterr().out.startswith(f"{place}  1 h 59 min more, by A. Fitter: new")
    assert main(["maintenance", "list", "--json", *data]) == 0
    (window,) = json.loads(capsys.readouterr().out)
    assert window["until_ms"] - window["since_ms"] == 7_200_000
    assert main(["maintenance", "end", place, *data]) == 0
    assert main(["maintenance", "end", place, *data]) == 1
    assert main(["maintenance", "list", *data]) == 0
    assert "nobody works anywhere" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["begin", "pump-1", "--for", "2h", "--reason", "x"], "GROUP/NODE/DEVICE"),
        (["begin", "a/b/c", "--for", "soon", "--reason", "x"], "90s, 30min, 2h or 1d"),
        (["begin", "a/b/c", "--for", "2h", "--reason", ""], "1 to 500 characters"),
        (["end", "a/b/c", "--data", "/no/such/folder"], "the data folder of an aggregator"),
    ],
    ids=["place", "time", "reason", "folder"],
)
def test_wrong_use_says_what_is_allowed(
    args: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 with what came and what is allowed."""
    assert main(["maintenance", *args]) == 2
    assert message in capsys.readouterr().err


def test_spans() -> None:
    """Numbers with a unit."""
    assert [span_ms(text) for text in ("90s", "30min", "1.5h", "1d")] == [
        90_000, 1_800_000, 5_400_000, 86_400_000,
    ]  # fmt: skip
    with pytest.raises(ConfigError):
        span_ms("40d")
