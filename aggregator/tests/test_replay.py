"""A crash and a restart: the state is the same bit for bit, and nothing is told twice."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lamppost.aggregator.alarms.maintenance import FILE_NAME, Window, write_windows
from lamppost.aggregator.ingest.inbox import CONNECTED, LOST
from lamppost.aggregator.spool.frames import FrameKind
from lamppost.wire.datatypes import DataType, Quality

from .field import START_MS, Channel, FieldNode, Sample, Station

STEP_MS = 1000
FLOW = Channel("flow", 10, unit="L/s", low=0.0, high=80.0, heartbeat_ms=3000)
LEVEL = Channel("level", 11, heartbeat_ms=3000)
MODE = Channel("mode", 12, DataType.STRING)
CHANNELS = [FLOW, LEVEL, MODE]
PUMP = Window("city", "node-1", "pump", START_MS, START_MS + 10**9, "A. Fitter", "impeller")


def state_of(station: Station) -> dict[str, Any]:
    """All that decides about coming verdicts, events and acks."""
    tools = station.pipeline.tools
    document, arrays = tools.judging.state()
    nodes = {}
    for node in tools.book:
        kept = node.delivery.state()
        kept.pop("duplicates")  # a tally of noise, not of readings; as of the checkpoint
        nodes[node.key] = (kept, node.ledger.stored, node.online, node.bdseq, node.acks)
    return {
        "arrays": {name: array.tobytes() for name, array in arrays.items()},
        "document": document,
        "series": station.pipeline.index.state(),
        "nodes": nodes,
    }


def drive(station: Station, node: FieldNode, start: int, end: int) -> None:
    """Some seconds of a field with all that can happen in it."""
    for step in range(start, end):
        now_ms = station.now_ms
        if step == 40:
            station.hear(node.ndeath(now_ms))
        if step in (0, 45):
            station.hear(node.nbirth(now_ms), node.dbirth("pump", now_ms, CHANNELS))
        if step == 70:
            station.hear((LOST, b""))
        if step == 74:
            station.hear((CONNECTED, b""))
        if step in (62, 80):
            windows = [PUMP] if step == 62 else []
            write_windows(station.folder / FILE_NAME, windows)
        silent = 40 <= step < 45 or 70 <= step < 74
        flow = 20 + math.sin(step) if step % 17 else 500.0
        samples = [Sample(FLOW, flow, now_ms), Sample(MODE, f"mode {step // 10}", now_ms)]
        if not 20 <= step < 32:  # long enough for the timer to miss it
            quality = Quality.BAD if step % 13 == 5 else Quality.GOOD
            value = None if step % 26 == 5 else 3 + math.cos(step)
            samples.append(Sample(LEVEL, value, now_ms, quality))
        if step % 9 == 4:
            samples.append(Sample(FLOW, 1.0, now_ms - 60_000, historical=True))
        if not silent:
            station.hear(node.ddata("pump", samples))
        station.settle(STEP_MS)


def run_through(folder: Path, steps: int) -> Station:
    """A field that nobody interrupts."""
    station = Station(folder)
    station.connect()
    drive(station, FieldNode(), 0, steps)
    return station


@pytest.mark.parametrize("checkpoint_at", [None, 10, 42, 60, 72, 89], ids=str)
def test_state_after_a_crash_is_exact(tmp_path: Path, checkpoint_at: int | None) -> None:
    """Checkpoint and replay give bit for bit the state of a run without a crash."""
    whole = run_through(tmp_path / "whole", 90)
    crashed = Station(tmp_path / "crashed")
    crashed.connect()
    node = FieldNode()
    drive(crashed, node, 0, checkpoint_at or 0)
    if checkpoint_at is not None:
        assert crashed.pipeline.checkpoint()
    drive(crashed, node, checkpoint_at or 0, 90)
    told = {event.id for event in crashed.events}
    crashed.crash()
    again = Station(tmp_path / "crashed", now_ms=crashed.now_ms)
    restored = again.restore()
    assert restored.warnings == ()
    assert restored.missing_events == 0
    assert again.events == []
    assert again.incidents == []
    assert again.said == []
    assert state_of(again) == state_of(whole)
    assert told == {event.id for event in whole.events}
    assert crashed.incidents == whole.incidents
    assert {one.notified for one in whole.incidents} >= {None, True}
    assert any(one.closed_ms is not None for one in whole.incidents)
    assert {event.kind for event in whole.events} >= {"spike", "gap", "node_offline"}
    for station in (whole, again):
        station.crash()


def test_the_run_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    """After the restart the same readings get the same verdicts and events."""
    whole = run_through(tmp_path / "whole", 60)
    first = Station(tmp_path / "split")
    first.connect()
    node = FieldNode()
    drive(first, node, 0, 30)
    first.crash()
    second = Station(tmp_path / "split", now_ms=first.now_ms)
    second.restore()
    second.pipeline.lifecycle.connected = True
    drive(second, node, 30, 60)
    assert state_of(second) == state_of(whole)
    assert [e.id for e in first.events + second.events] == [e.id for e in whole.events]
    assert first.incidents + second.incidents == whole.incidents
    assert second.rebirths(node) == 0
    for station in (whole, second):
        station.crash()


def test_a_batch_from_before_the_crash_is_not_judged_again(tmp_path: Path) -> None:
    """The node never heard the ack and sends again: a duplicate, acked at once."""
    first = Station(tmp_path)
    first.connect()
    node = FieldNode()
    first.hear(node.nbirth(START_MS), node.dbirth("pump", START_MS, CHANNELS))
    said = node.ddata("pump", [Sample(FLOW, 1.0, START_MS)])
    first.reachable = False
    first.hear(said)
    first.settle()
    first.crash()
    second = Station(tmp_path, now_ms=first.now_ms)
    second.restore()
    second.connect()
    second.hear(said)
    second.settle()
    assert second.pipeline.counters.duplicates == 1
    assert second.acks(node)[-1].upto == 1
    assert second.rebirths(node) == 0
    assert sum(second.pipeline.tools.book.nodes["city/node-1"].ledger.stored.values()) == 1
    second.crash()


def test_what_was_not_committed_never_happened(tmp_path: Path) -> None:
    """Readings that were judged but not durable are judged when they come again."""
    first = Station(tmp_path)
    first.connect()
    node = FieldNode()
    first.hear(node.nbirth(START_MS), node.dbirth("pump", START_MS, CHANNELS))
    first.settle()
    said = node.ddata("pump", [Sample(FLOW, 1.0, START_MS)])
    first.hear(said)
    first.crash()
    second = Station(tmp_path, now_ms=first.now_ms)
    second.restore()
    second.connect()
    second.hear(said)
    second.settle()
    assert second.pipeline.counters.duplicates == 0
    assert second.acks(node)[-1].upto == 1
    second.crash()


@pytest.mark.parametrize("cut", [1, 2], ids=["the incident", "the event and its incident"])
def test_what_the_crash_cut_off_is_told_afterwards(tmp_path: Path, cut: int) -> None:
    """Its readings were durable and it was not: the replay finds it and writes it, once."""
    first = Station(tmp_path)
    first.connect()
    node = FieldNode()
    first.hear(node.nbirth(START_MS), node.dbirth("pump", START_MS, CHANNELS))
    first.settle()
    positions = []
    step = 0
    while not first.events:
        step += 1
        positions.append(first.spool.position)
        first.hear(node.ddata("pump", [Sample(FLOW, 500.0, START_MS + step * STEP_MS)]))
        first.settle(STEP_MS)
    event = first.events[0]
    kinds = [frame.kind for frame in first.spool.read(positions[-1], 1 << 30)]
    assert kinds[-2:] == [FrameKind.EVENT, FrameKind.INCIDENT]
    incident = first.incidents[0]
    before_last = [frame.next_position for frame in first.spool.read(0, 1 << 30)][-1 - cut]
    first.crash()
    (segment,) = (tmp_path / "spool").glob("*.seg")
    segment.write_bytes(segment.read_bytes()[:before_last])
    second = Station(tmp_path, now_ms=first.now_ms)
    assert second.restore().missing_events == cut
    second.settle()
    assert [found.id for found in second.events] == [event.id] * (cut - 1)
    assert [found.id for found in second.incidents] == [incident.id]
    second.crash()
    third = Station(tmp_path, now_ms=first.now_ms)
    assert third.restore().missing_events == 0
    third.crash()


def test_a_damaged_checkpoint_falls_back_to_the_one_before(tmp_path: Path) -> None:
    """The older checkpoint and a longer replay give the same state, with a warning."""
    station = Station(tmp_path)
    station.connect()
    node = FieldNode()
    for start in (0, 20, 40):
        drive(station, node, start, start + 20)
        station.pipeline.checkpoint()
    wanted = state_of(station)
    station.crash()
    newest = max((tmp_path / "checkpoints").iterdir())
    newest.write_bytes(newest.read_bytes()[:-9])
    again = Station(tmp_path, now_ms=station.now_ms)
    restored = again.restore()
    assert restored.frames > 0
    assert any("torn" in warning for warning in restored.warnings)
    assert state_of(again) == wanted
    again.crash()


def test_a_checkpoint_of_another_release_keeps_the_rest(tmp_path: Path) -> None:
    """When the judge's arrays do not fit, learning starts anew and nothing else is lost."""
    station = run_through(tmp_path, 20)
    pipeline = station.pipeline
    real = pipeline.tools.judging.state

    def other_release() -> tuple[dict[str, Any], dict[str, Any]]:
        document, arrays = real()
        return document, arrays | {"judge/level": np.zeros((3, 2))}

    patched: Callable[[], Any] = other_release
    pipeline.tools.judging.state = patched  # type: ignore[method-assign]
    assert pipeline.checkpoint()
    station.crash()
    again = Station(tmp_path, now_ms=station.now_ms)
    again.restore()
    assert any("another release" in note for note in again.pipeline.notes)
    assert len(again.pipeline.index) == len(CHANNELS)
    again.crash()


def test_old_segments_are_dropped_once_a_checkpoint_covers_them(tmp_path: Path) -> None:
    """The spool is trimmed only behind the older of the kept checkpoints."""
    station = run_through(tmp_path, 5)
    station.spool.segment_bytes = 2000
    for _ in range(4):
        node = replace(FieldNode(), name="other")
        drive(station, node, 0, 20)
        assert station.pipeline.checkpoint()
        station.spool.passed("store", station.spool.position)
    assert station.spool.first_position > 0
    station.crash()
    again = Station(tmp_path, now_ms=station.now_ms)
    assert again.restore().warnings == ()
    again.crash()
