"""The demo's verdicts and books: what was injected against what was told."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.sim.city import DEMO
from lamppost.sim.demo.narrator import Narrator
from lamppost.sim.demo.outcome import (
    CONFUSED,
    MISSED,
    Books,
    Fault,
    Report,
    books_of,
    false_alarms,
    outcome_of,
    read_labels,
)
from lamppost.sim.demo.plan import planned_faults
from lamppost.sim.fault_spec import parse_fault

LEAK = Fault("f1", "leak", "process_anomaly", "pump-1", ("flow", "pressure"), 10_000, 40_000)
COUNTS = st.integers(0, 10_000)


def event(onset_ms: int, event_class: str = "process_anomaly", **other: Any) -> dict[str, Any]:
    """An event as the console's API tells it."""
    return {
        "id": f"e{onset_ms}",
        "event_class": event_class,
        "kind": "deviation",
        "node": "pump-station-1",
        "device": "pump-1",
        "channel": "flow",
        "onset_ms": onset_ms,
        "detected_ms": onset_ms + 2_000,
        "end_ms": None,
        "reason": "flow rose",
    } | other


def test_a_fault_is_told_as_the_class_of_its_events() -> None:
    """The first event on its device, channels and time gives the time and the reason."""
    outcome = outcome_of(LEAK, [event(13_000, channel="pressure"), event(11_000)])
    assert (outcome.verdict, outcome.detected_at, outcome.told_apart) == (
        "process_anomaly",
        13_000,
        True,
    )


@pytest.mark.parametrize(
    "other",
    [
        {"device": "pump-2"},
        {"channel": "level"},
        {"onset_ms": 6_000},
        {"onset_ms": 41_000},
    ],
    ids=["elsewhere", "another channel", "before", "after"],
)
def test_other_events_are_not_the_fault(other: dict[str, Any]) -> None:
    """An event that does not lie on the fault leaves it missed."""
    outcome = outcome_of(LEAK, [event(12_000) | other])
    assert (outcome.verdict, outcome.detected_at) == (MISSED, None)


def test_two_classes_on_one_fault_are_confusion() -> None:
    """A leak that is also told as a sensor fault is not told apart."""
    outcome = outcome_of(LEAK, [event(12_000), event(14_000, "sensor_fault")])
    assert outcome.verdict == CONFUSED
    assert not outcome.told_apart


def test_an_alarm_where_nothing_was_done_is_false() -> None:
    """Devices that nothing was done to must stay silent; the disturbed one may settle."""
    events = [event(50_000), event(5_000), event(20_000, device="pump-2")]
    offline = event(20_000, "communication", device="")
    assert false_alarms([LEAK], [*events, offline]) == events[1:]


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_books_account_for_every_reading(
    taken: int, evicted: int, held: int, stored: int
) -> None:
    """Whatever the counts, nothing vanishes: what nobody has is lost, and shown."""
    books = books_of([{"taken": taken, "evicted": evicted, "in_flight": held}], stored)
    assert 0 <= books.in_flight <= held
    assert books.lost == max(0, taken - evicted - stored - held)
    assert books.balanced == (0 <= taken - evicted - stored <= held)


def test_labels_are_read_while_they_are_written(tmp_path: Path) -> None:
    """A later line completes the earlier one, and a line in the making is left for later."""
    label = {
        "id": "f1", "kind": "leak", "class": "process_anomaly", "node": "n", "device": "pump-1",
        "channels": ["flow"], "from_ms": 1, "to_ms": None,
    }  # fmt: skip
    file = tmp_path / "labels.jsonl"
    assert read_labels(file) == []
    ended = json.dumps(label | {"to_ms": 9})
    file.write_text(json.dumps(label) + "\n" + ended + "\n" + json.dumps(label)[:20])
    (fault,) = read_labels(file)
    assert (fault.from_ms, fault.to_ms) == (1, 9)


@pytest.mark.parametrize("for_s", [None, 45.0, 60.0, 600.0])
def test_planned_faults_are_what_the_simulator_takes(for_s: float | None) -> None:
    """Every planned fault can be injected, and one run has one of each class."""
    planned = planned_faults(for_s)
    for fault in planned:
        assert parse_fault(fault.spec, DEMO).kind.name == fault.kind
        if for_s is not None:
            assert fault.at_s + fault.for_s <= for_s
    assert [fault.kind for fault in planned[:2]] == ["leak", "stuck"]


def test_report_says_why_a_run_failed() -> None:
    """A missed fault or a lost reading fails the run; the JSON names the class as `class`."""
    told = outcome_of(LEAK, [event(12_000)])
    good = Books(taken=10, stored=10, evicted=0, in_flight=0, lost=0)
    latency = {"p50": 1.0, "p99": 2.0}
    assert Report("mosquitto", good, (told,), 0, latency, {}).passed
    assert not Report("mosquitto", good, (), 0, latency, {}).passed
    assert not Report("mosquitto", good, (outcome_of(LEAK, []),), 0, latency, {}).passed
    lossy = Report("mosquitto", Books(10, 9, 0, 0, 1), (told,), 0, latency, {})
    assert not lossy.passed
    written = json.loads(lossy.as_json())
    assert written["readings"]["lost"] == 1
    assert written["faults"][0]["class"] == "process_anomaly"


def test_narrator_tells_everything_once() -> None:
    """The beginning and the end of an incident are told once each, in words."""
    out = io.StringIO()
    narrator = Narrator(out)
    leak = {
        "id": "a",
        "incident_class": "process_anomaly",
        "kind": "deviation",
        "group": "riverside",
        "node": "pump-station-1",
        "device": "pump-1",
        "detected_ms": 12_000,
        "closed_ms": None,
        "channels": ["flow", "level"],
        "notified": None,
        "reason": "flow rose; also level",
    }
    told = leak | {"notified": True}
    for seen in (leak, told, told, told | {"closed_ms": 20_000}):
        narrator.incident(seen)
    lines = out.getvalue().splitlines()
    where = "riverside/pump-station-1/pump-1"
    assert [line.partition("  ")[2] for line in lines] == [
        f"PROCESS ANOMALY (deviation) at {where}: flow rose; also level",
        f"over: PROCESS ANOMALY at {where}: flow, level",
    ]
