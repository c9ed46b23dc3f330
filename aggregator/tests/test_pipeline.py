"""Messages in, verdicts, durable frames and acks out."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lamppost.aggregator import columns as c
from lamppost.aggregator.nodes.series import SeriesInfo
from lamppost.aggregator.pipeline.judging import VERDICT_MASK, inputs_of
from lamppost.aggregator.spool.frames import DataFrame, FrameKind
from lamppost.wire.datatypes import DataType, Quality
from lamppost.wire.delivery import LedgerRow
from lamppost.wire.payload import Metric

from .field import START_MS, Channel, FieldNode, Sample, Station, birth_metric

FLOW = Channel("flow", 10, unit="L/s", low=0.0, high=80.0)
RUNNING = Channel("running", 11, DataType.BOOLEAN, unit="")
STEPS = Channel("steps", 12, DataType.INT64, unit="1")
MODE = Channel("mode", 13, DataType.STRING, unit="")
CHANNELS = (FLOW, RUNNING, STEPS, MODE)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    """A connected pipeline that knows the node of `node`."""
    one = Station(tmp_path)
    one.connect()
    yield one
    one.crash()


@pytest.fixture
def node(station: Station) -> FieldNode:
    """A node of ours with one device, born."""
    one = FieldNode()
    station.hear(one.nbirth(station.now_ms), one.dbirth("pump", station.now_ms, CHANNELS))
    return one


def frames(station: Station) -> list[DataFrame]:
    """The data frames that are durable."""
    return [
        DataFrame.unpack(frame.payload)
        for frame in station.spool.read(0, 1 << 40)
        if frame.kind is FrameKind.DATA
    ]


def info(station: Station, channel: Channel, device: str = "pump") -> SeriesInfo:
    """The series of a channel."""
    found = station.pipeline.index.find("city", "node-1", device, channel.name)
    assert found is not None
    return found


def test_readings_become_rows_of_their_series(station: Station, node: FieldNode) -> None:
    """Number, boolean, negative integer, text and null each arrive as what they are."""
    now_ms = station.now_ms
    station.hear(
        node.ddata(
            "pump",
            [
                Sample(FLOW, 12.5, now_ms),
                Sample(RUNNING, True, now_ms),
                Sample(STEPS, -3, now_ms),
                Sample(MODE, "auto ü", now_ms),
                Sample(FLOW, None, now_ms + 1, Quality.BAD),
            ],
        )
    )
    station.settle()
    (frame,) = frames(station)
    rows = list(zip(frame.series.tolist(), frame.value.tolist(), strict=True))
    flow = info(station, FLOW).index
    assert rows[:3] == [
        (flow, 12.5), (info(station, RUNNING).index, 1.0), (info(station, STEPS).index, -3.0),
    ]  # fmt: skip
    assert frame.series[3] == flow
    assert np.isnan(frame.value[3])
    assert frame.flags[3] & c.BAD
    assert [tuple(row) for row in frame.texts] == [
        (info(station, MODE).index, now_ms, "auto ü")
    ]
    assert [tuple(sent) for sent in frame.deliveries] == [("city/node-1", node.epoch, 1)]
    assert station.pipeline.counters.stored == 5


def test_the_births_facts_reach_the_index(station: Station, node: FieldNode) -> None:
    """Unit and limits of the birth are the series'."""
    assert node.acks
    flow = info(station, FLOW)
    assert (flow.unit, flow.low, flow.high) == ("L/s", 0.0, 80.0)


def test_acks_come_only_after_the_commit(station: Station, node: FieldNode) -> None:
    """Before the frame is durable nothing is said; after it one cumulative ack is."""
    for _ in range(3):
        station.hear(node.ddata("pump", [Sample(FLOW, 1.0, station.now_ms)]))
    assert station.acks(node) == []
    station.settle()
    assert [ack.upto for ack in station.acks(node)] == [3]


def test_a_batch_that_comes_again_is_acked_but_not_judged(
    station: Station, node: FieldNode
) -> None:
    """Duplicates are counted and dropped, in one run and later, and the ack is repeated."""
    said = node.ddata("pump", [Sample(FLOW, 1.0, station.now_ms)] * 2)
    station.hear(said, said)
    station.settle()
    station.hear(said)
    station.settle()
    assert sum(map(len, frames(station))) == 2
    assert station.pipeline.counters.duplicates == 4
    assert [ack.upto for ack in station.acks(node)] == [1, 1]
    ledger = station.pipeline.tools.book.nodes["city/node-1"].ledger
    assert sum(ledger.duplicates.values()) == 4


def test_an_ack_waits_its_interval(station: Station, node: FieldNode) -> None:
    """However many commits there are, a node hears at most one ack in the interval."""
    for _ in range(20):
        station.hear(node.ddata("pump", [Sample(FLOW, 1.0, station.now_ms)]))
        station.settle(2)
    station.settle(50)
    assert len(station.acks(node)) <= 6
    assert station.acks(node)[-1].upto == 20


def test_holes_are_acked_as_ranges(station: Station, node: FieldNode) -> None:
    """A lost batch leaves a hole that the ack shows, until the node says it is evicted."""
    station.hear(node.ddata("pump", [Sample(FLOW, 1.0, station.now_ms)], batch=3))
    station.settle()
    assert station.acks(node)[-1].text == f"{node.epoch}:0:3-3"
    station.hear(node.ddata("pump", [Sample(FLOW, 1.0, START_MS + 9)], batch=5, oldest=5))
    station.settle()
    assert station.acks(node)[-1].text == f"{node.epoch}:5"


def test_historical_and_quality_survive_in_the_frame(station: Station, node: FieldNode) -> None:
    """What the judge was given can be read back from the frame, for a replay."""
    station.hear(
        node.ddata(
            "pump",
            [
                Sample(FLOW, 1.0, START_MS, historical=True),
                Sample(FLOW, 2.0, START_MS + 1, Quality.STALE),
                Sample(FLOW, 3.0, START_MS + 2),
            ],
        )
    )
    station.settle()
    (frame,) = frames(station)
    quality, historical = inputs_of(frame.flags)
    assert quality.tolist() == [192, 500, 192]
    assert historical.tolist() == [1, 0, 0]
    assert frame.flags[2] == frame.flags[2] & VERDICT_MASK
    assert station.pipeline.latency.quantile(0.5) is not None


def test_unknown_alias_puts_the_batch_back(station: Station, node: FieldNode) -> None:
    """A batch with a metric nobody knows is not acked; after the birth it comes again whole."""
    new = Channel("new", 99)
    said = node.ddata("pump", [Sample(FLOW, 1.0, START_MS), Sample(new, 2.0, START_MS)])
    station.hear(said)
    station.settle()
    assert station.acks(node) == []
    assert station.rebirths(node) == 1
    assert frames(station) == []
    station.hear(node.nbirth(START_MS), node.dbirth("pump", START_MS, (*CHANNELS, new)), said)
    station.settle()
    assert [len(frame) for frame in frames(station)] == [2]
    assert station.acks(node)[-1].upto == 1


def test_an_alias_that_stays_unknown_blocks_nobody(station: Station, node: FieldNode) -> None:
    """After some deliveries the known part is taken and the payload is kept aside."""
    said = node.ddata(
        "pump", [Sample(FLOW, 1.0, START_MS), Sample(Channel("x", 99), 2.0, START_MS)]
    )
    for _ in range(5):
        station.hear(said)
        station.settle()
    assert [len(frame) for frame in frames(station)] == [1]
    assert station.acks(node)[-1].upto == 1
    assert station.pipeline.tools.quarantine.count == 1


def test_data_before_birth_asks_for_one(station: Station) -> None:
    """An unknown node's data is not taken, not acked, and its birth is asked for."""
    stranger = FieldNode("node-9")
    said = stranger.ddata("pump", [Sample(FLOW, 1.0, START_MS)])
    station.hear(said)
    station.settle()
    assert station.rebirths(stranger) == 1
    station.hear(stranger.nbirth(START_MS), stranger.dbirth("pump", START_MS, CHANNELS), said)
    station.settle()
    assert station.acks(stranger)[-1].upto == 1


def test_a_malformed_payload_hurts_only_itself(station: Station, node: FieldNode) -> None:
    """Its neighbours in the same batch are judged; it is kept with topic and reason."""
    good = [node.ddata("pump", [Sample(FLOW, float(i), START_MS + i)]) for i in range(4)]
    topic, payload = good[0]
    station.hear(good[0], (topic, payload[:-3]), (topic, b"\xff\xff"), *good[1:])
    station.settle()
    assert sum(map(len, frames(station))) == 4
    assert station.pipeline.tools.quarantine.count == 2
    kept = sorted((station.folder / "quarantine").glob("*.json"))
    assert len(kept) == 2
    assert topic in kept[0].read_text()


def test_topics_outside_the_standard(station: Station, node: FieldNode) -> None:
    """Odd topics are set aside, STATE and commands are none of the pipeline's business."""
    station.hear(
        ("spBv1.0/city/WHAT/node-1", b""),
        ("spBv1.0/STATE/other", b"{}"),
        ("spBv1.0/city/NCMD/node-1", b"\xff"),
    )
    assert node.acks
    assert station.pipeline.tools.quarantine.count == 1


def test_a_foreign_node_is_stored_as_it_comes(station: Station) -> None:
    """Without header and ack metric: values of the birth, names, no ack, no deduplication."""
    foreign = FieldNode("node-1", acks=False)
    load = Channel("load", None)
    temp = Channel("temp", 7, DataType.INT16)
    topic, _ = foreign.dbirth("plc", START_MS, [])
    from lamppost.wire.encode import encode
    from lamppost.wire.session import device_birth

    birth = device_birth(
        1, START_MS, [birth_metric(load, START_MS, 5.0), birth_metric(temp, START_MS, -4)]
    )
    said = foreign.ddata("plc", [Sample(load, 6.0, START_MS + 5)])
    station.hear(foreign.nbirth(START_MS), (topic, encode(birth)), said, said)
    station.settle()
    rows = [
        (series, value)
        for frame in frames(station)
        for series, value in zip(frame.series.tolist(), frame.value.tolist(), strict=True)
    ]
    first, second = info(station, load, "plc").index, info(station, temp, "plc").index
    assert rows == [(first, 5.0), (second, -4.0), (first, 6.0), (first, 6.0)]
    assert station.acks(foreign) == []


def test_same_name_on_two_devices_is_two_series(station: Station) -> None:
    """Names are the device's, not the node's."""
    foreign = FieldNode("node-1", acks=False)
    load = Channel("load", None)
    station.hear(
        foreign.nbirth(START_MS),
        foreign.dbirth("a", START_MS, [load]),
        foreign.dbirth("b", START_MS, [load]),
        foreign.ddata("b", [Sample(load, 2.0, START_MS)]),
        foreign.ddata("a", [Sample(load, 1.0, START_MS)]),
    )
    station.settle()
    rows = {
        int(series): value
        for frame in frames(station)
        for series, value in zip(frame.series, frame.value.tolist(), strict=True)
        if not np.isnan(value)
    }
    assert rows == {info(station, load, "a").index: 1.0, info(station, load, "b").index: 2.0}


def test_what_a_node_says_of_itself_is_no_reading(station: Station, node: FieldNode) -> None:
    """Its delivery metrics fill the node's view and the ledger, and are no series."""
    station.hear(node.ddata("pump", [Sample(FLOW, 1.0, START_MS)] * 3))
    station.settle()
    station.hear(
        node.ledger([LedgerRow("2027-01-15", 5, 1, 1)], START_MS),
        node.ndata([Metric(alias=3, value=7.25, timestamp=START_MS)], START_MS),
    )
    found = station.pipeline.tools.book.nodes["city/node-1"]
    (books,) = found.ledger.books()
    assert (books.taken, books.stored, books.evicted, books.in_flight) == (5, 3, 1, 1)
    assert found.facts.autonomy_h == 7.25
    assert found.facts.version == "1.2.3"
    assert len(station.pipeline.index) == len(CHANNELS)


def test_a_message_without_times_is_of_now(station: Station, node: FieldNode) -> None:
    """A reading that tells no time gets that of its arrival."""
    from lamppost.wire.encode import encode
    from lamppost.wire.payload import Payload
    from lamppost.wire.topic import Verb

    payload = Payload(None, (Metric(alias=10, value=4.0),), 9)
    station.hear((node.topic(Verb.DDATA, "pump"), encode(payload)))
    station.settle()
    (frame,) = frames(station)
    assert frame.time_ms.tolist() == [START_MS]


def test_stages_are_timed(station: Station, node: FieldNode) -> None:
    """Every stage tells how long it took, for the benchmark."""
    station.hear(node.ddata("pump", [Sample(FLOW, 1.0, START_MS)]))
    station.settle()
    assert set(station.pipeline.stage_ns) == {
        "decode", "accept", "resolve", "judge", "events", "spool",
    }  # fmt: skip
    assert all(ns > 0 for ns in station.pipeline.stage_ns.values())
