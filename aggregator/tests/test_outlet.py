"""A disk that is full: judging goes on, nothing is acked, nothing acked is lost."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lamppost.aggregator.spool.frames import DataFrame, FrameKind, TextRow
from lamppost.aggregator.view.board import Board
from lamppost.aggregator.view.live import Live
from lamppost.wire.datatypes import DataType

from .field import START_MS, Channel, FailingDisk, FieldNode, Sample, Station, quick
from .parts import NoStore, Quiet

FLOW = Channel("flow", 10)
MODE = Channel("mode", 11, DataType.STRING)
RETRY_MS = 1100


@pytest.fixture
def disk() -> FailingDisk:
    """A disk that can be made full."""
    return FailingDisk()


@pytest.fixture
def station(tmp_path: Path, disk: FailingDisk) -> Iterator[Station]:
    """A connected pipeline that may hold 20 kB while the disk is full."""
    one = Station(tmp_path, quick(held_mb=0.02), disk=disk)
    one.connect()
    yield one
    one.crash()


@pytest.fixture
def node(station: Station) -> FieldNode:
    """A node of ours, born."""
    one = FieldNode()
    station.hear(one.nbirth(START_MS), one.dbirth("pump", START_MS, [FLOW, MODE]))
    station.settle()
    return one


def readings(node: FieldNode, now_ms: int, count: int = 100) -> tuple[str, bytes]:
    """A batch with so many readings."""
    return node.ddata("pump", [Sample(FLOW, float(i), now_ms + i) for i in range(count)])


def stored_rows(station: Station) -> int:
    """Readings in the spool."""
    return sum(
        len(DataFrame.unpack(frame.payload))
        for frame in station.spool.read(0, 1 << 40)
        if frame.kind is FrameKind.DATA
    )


def test_a_full_disk_acks_nothing_and_is_retried(
    station: Station, node: FieldNode, disk: FailingDisk
) -> None:
    """What is held in memory becomes durable, and is acked, when there is room again."""
    disk.full = True
    station.hear(readings(node, START_MS))
    station.settle()
    station.settle(RETRY_MS)
    assert station.acks(node) == []
    assert "No space left" in station.pipeline.outlet.trouble
    assert station.pipeline.counters.judged == 100
    disk.full = False
    station.settle(RETRY_MS)
    assert station.pipeline.outlet.trouble == ""
    assert [ack.upto for ack in station.acks(node)] == [1]
    assert stored_rows(station) == 100


def test_beyond_the_bound_batches_are_dropped_and_come_again(
    station: Station, node: FieldNode, disk: FailingDisk
) -> None:
    """What cannot be held is judged, dropped unacked, and stored when it is sent anew."""
    disk.full = True
    said = [readings(node, START_MS + 1000 * i) for i in range(10)]
    for one in said:
        station.hear(one)
        station.settle()
    outlet = station.pipeline.outlet
    assert outlet.dropped_readings > 0
    assert outlet.waiting_bytes < 25_000
    assert station.pipeline.counters.judged == 1000
    columns, _ = station.pipeline.tools.judging.latest.copy()
    assert columns["time_ms"][0] == START_MS + 9099
    disk.full = False
    station.settle(RETRY_MS)
    acked = station.acks(node)[-1].upto
    assert 0 < acked < 10
    station.hear(*said)
    station.settle()
    assert station.acks(node)[-1].upto == 10
    assert stored_rows(station) == 1000
    assert sum(station.pipeline.tools.book.nodes["city/node-1"].ledger.stored.values()) == 1000


def test_births_are_never_dropped(
    station: Station, node: FieldNode, disk: FailingDisk, tmp_path: Path
) -> None:
    """A node that was born while the disk was full is known after a crash later on."""
    disk.full = True
    for one in range(10):
        station.hear(readings(node, START_MS + 1000 * one))
        station.settle()
    station.spool.max_buffered_bytes = station.spool.buffered_bytes  # not a byte more
    late = FieldNode("late")
    station.hear(late.nbirth(START_MS), late.dbirth("pump", START_MS, [FLOW]))
    station.hear(late.ddata("pump", [Sample(FLOW, 1.0, START_MS)]))
    station.spool.max_buffered_bytes = 1 << 20
    disk.full = False
    station.settle(RETRY_MS)
    station.hear(late.ddata("pump", [Sample(FLOW, 2.0, START_MS)]))
    station.settle()
    station.crash()
    again = Station(tmp_path, now_ms=station.now_ms)
    assert again.restore().warnings == ()
    assert again.pipeline.tools.book.nodes["city/late"].online
    assert again.pipeline.index.find("city", "late", "pump", "flow") is not None
    again.crash()


def test_the_condition_is_visible(station: Station, node: FieldNode, disk: FailingDisk) -> None:
    """Health and warnings say that the spool is not written, and stop when it is."""
    disk.full = True
    station.hear(readings(node, START_MS))
    station.settle()
    live = Live(station.pipeline, Board(station.pipeline), Quiet(), NoStore())
    health = live.snapshot().health
    assert "No space left" in health.spool
    assert any("nothing new is acknowledged" in warning for warning in health.warnings)
    disk.full = False
    station.settle(RETRY_MS)
    health = (
        Live(station.pipeline, Board(station.pipeline), Quiet(), NoStore()).snapshot().health
    )
    assert (health.spool, health.warnings) == ("ok", ())


def test_no_checkpoint_of_what_is_not_durable(
    station: Station, node: FieldNode, disk: FailingDisk
) -> None:
    """A state that the spool does not hold is not written down."""
    disk.full = True
    station.hear(readings(node, START_MS))
    assert not station.pipeline.checkpoint()
    disk.full = False
    station.settle(RETRY_MS)
    assert station.pipeline.checkpoint()


def test_long_texts_are_split(station: Station, node: FieldNode) -> None:
    """More text than a frame may hold goes into several, and is replayed from them."""
    texts = [Sample(MODE, "ü" * 8000, START_MS + i) for i in range(300)]
    station.hear(node.ddata("pump", [*texts, Sample(FLOW, 1.0, START_MS)]))
    station.pipeline.commit()
    frames = [
        DataFrame.unpack(frame.payload)
        for frame in station.spool.read(0, 1 << 40)
        if frame.kind is FrameKind.DATA
    ]
    assert len(frames) > 1
    rows = [row for frame in frames for row in frame.texts]
    assert rows == [TextRow(1, START_MS + i, "ü" * 8000) for i in range(300)]
    assert [len(frame.deliveries) for frame in frames] == [0] * (len(frames) - 1) + [1]
    assert np.concatenate([frame.value for frame in frames]).tolist() == [1.0]
