"""Labels: one line when a fault starts, one when it ends, both true."""

import json
from pathlib import Path

from lamppost.sim.city import DEMO
from lamppost.sim.fault_spec import parse_fault
from lamppost.sim.labels import LabelFile, Schedule, Timeline

START_MS = 1_700_000_000_000


def schedule(*specs: str, speed: float = 1.0) -> Schedule:
    """Return the schedule of these faults from START_MS on."""
    faults = [parse_fault(spec, DEMO) for spec in specs]
    return Schedule(faults, DEMO, Timeline(START_MS, speed))


def test_a_label_opens_and_closes_with_the_same_id() -> None:
    """Each is handed out once, when its time has come, with the exact times of the fault."""
    course = schedule("leak:pump-1:at=10:for=5")
    assert list(course.advance(9_999)) == []
    [(_, opened)] = course.advance(10_000)
    assert (opened.from_ms, opened.to_ms) == (START_MS + 10_000, None)
    assert list(course.advance(14_999)) == []
    [(_, closed)] = course.advance(15_100)
    assert (closed.id, closed.from_ms) == (opened.id, opened.from_ms)
    assert closed.to_ms == START_MS + 15_000
    assert list(course.advance(99_999)) == []


def test_ids_differ_even_for_the_same_fault_again() -> None:
    """Two leaks at one pump are two labels."""
    course = schedule("leak:pump-1:at=1:for=1", "leak:pump-1:at=3:for=1")
    ids = {label.id for _, label in course.advance(10_000)}
    assert len(ids) == 2


def test_a_faster_city_is_labelled_on_the_clock() -> None:
    """At ten times the speed, ten simulated seconds are one second of the clock."""
    [(_, opened)] = schedule("gap:mast-1/no2:at=10:for=60", speed=10.0).advance(10_000)
    assert opened.from_ms == START_MS + 1_000


def test_what_is_open_at_the_end_is_closed_there() -> None:
    """An interrupted fault ends with the simulation, one that never began has no label."""
    course = schedule("leak:pump-1:at=1:for=60", "leak:pump-2:at=30:for=60")
    list(course.advance(5_000))
    [(_, closed)] = course.end(START_MS + 5_000)
    assert (closed.device, closed.to_ms) == ("pump-1", START_MS + 5_000)
    assert list(course.end(START_MS + 6_000)) == []


def test_lines_are_on_disk_at_once_and_complete(tmp_path: Path) -> None:
    """A reader that follows the file sees each label as soon as it is written."""
    path = tmp_path / "labels.jsonl"
    [(_, label)] = schedule("stuck:mast-1/temperature:at=0").advance(0)
    with LabelFile(path) as file:
        file.write(label)
        [line] = path.read_text().splitlines()
    assert json.loads(line) == {
        "id": "stuck-mast-1-temperature-1",
        "kind": "stuck",
        "class": "sensor_fault",
        "node": "air-1",
        "device": "mast-1",
        "channels": ["temperature"],
        "from_ms": START_MS,
        "to_ms": None,
    }
