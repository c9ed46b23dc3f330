"""A restart: the last checkpoint, then the spool from there on through the same kernels.

Nothing is written, acknowledged or asked for meanwhile. Events that the replay finds again are
crossed off against those that the spool holds; what remains had not been written before the
crash, and is told now.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lamppost.aggregator.alarms.incidents import Record
from lamppost.aggregator.alarms.topology import Feed
from lamppost.aggregator.ingest.inbox import Arrival
from lamppost.aggregator.nodes.series import SeriesIndex, SeriesInfo
from lamppost.aggregator.pipeline.judging import Readings, inputs_of, record_frame
from lamppost.aggregator.pipeline.outlet import Parcel
from lamppost.aggregator.pipeline.pipeline import Pipeline
from lamppost.aggregator.spool.checkpoint import Checkpoint, Checkpoints
from lamppost.aggregator.spool.frames import (
    DataFrame,
    FrameError,
    FrameKind,
    unpack_birth,
    unpack_json,
)
from lamppost.wire.decode import DecodeError, decode
from lamppost.wire.topic import TopicError

READ_BYTES = 1 << 62


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restart found.

    Attributes:
        position: of the checkpoint, None when there was none.
        frames: how many frames were replayed.
        readings: how many readings were in them.
        missing_events: events and incidents that the crash had kept from being written; they
            are written now.
        warnings: what a person should know.
    """

    position: int | None
    frames: int
    readings: int
    missing_events: int
    warnings: tuple[str, ...]


class SilentLog:
    """Stands in for the outlet: writes nothing, and remembers the events."""

    def __init__(self) -> None:
        self.found: Counter[bytes] = Counter()
        self.by_payload: dict[bytes, Record] = {}

    def clock(self, now_ms: int) -> None:
        """Nothing."""

    def series(self, info: SeriesInfo) -> None:
        """Nothing."""

    def birth(self, topic: str, payload: bytes) -> None:
        """Nothing."""

    def node(self, document: dict[str, Any]) -> None:
        """Nothing."""

    def events(self, records: Iterable[Record]) -> None:
        """Remember them."""
        for record in records:
            _, payload = record_frame(record)
            self.found[payload] += 1
            self.by_payload[payload] = record

    def data(self, frame: DataFrame, parcel: Parcel) -> bool:  # noqa: ARG002
        """Nothing; it is in the spool already."""
        return True

    def cross_off(self, payload: bytes) -> None:
        """The spool holds this event or incident."""
        if self.found[payload] > 0:
            self.found[payload] -= 1

    def left(self) -> list[Record]:
        """What the spool does not hold."""
        return [self.by_payload[payload] for payload, count in self.found.items() if count > 0]


def restore(pipeline: Pipeline, checkpoints: Checkpoints, now_ms: int) -> Restored:
    """Bring a new pipeline to the state the last one had; call it before anything else."""
    log = SilentLog()
    tools, spool = pipeline.tools, pipeline.spool
    tools.log, tools.replaying = log, True
    try:
        checkpoint = checkpoints.load()
        warnings = [f"checkpoint {text}" for text in checkpoints.rejected]
        start = 0
        if checkpoint is not None:
            _take_over(pipeline, checkpoint)
            start = checkpoint.position
        if start < spool.first_position and (start or spool.first_position):
            lost = spool.first_position - start
            warnings.append(
                f"{lost} bytes of the spool were dropped before the last checkpoint"
            )
        replayer = _Replayer(pipeline, log)
        for kind, payload, _ in spool.read(start, READ_BYTES):
            replayer.frame(kind, payload)
    finally:
        tools.log, tools.replaying = pipeline.outlet, False
    tools.to_ack.clear()
    for node in tools.book:
        node.sequence.forget()  # the spool does not tell which number was the last
    if spool.damage:
        warnings.append(f"{len(spool.damage)} stretches of the spool are damaged")
    if replayer.refused:
        warnings.append(f"{replayer.refused} frames of the spool could not be replayed")
    missing = log.left()
    if missing:
        pipeline.outlet.clock(now_ms)
        pipeline.outlet.events(missing)
    pipeline.notes.extend(warnings)
    position = None if checkpoint is None else checkpoint.position
    return Restored(position, replayer.frames, replayer.readings, len(missing), tuple(warnings))


def _take_over(pipeline: Pipeline, checkpoint: Checkpoint) -> None:
    tools = pipeline.tools
    judging = tools.judging
    restored = SeriesIndex.from_state(checkpoint.document["series"])
    for info in restored:
        judging.index.put(info)
    routes = tools.book.restore(checkpoint.document["nodes"])
    for info in judging.index:
        node = tools.book.node(info.group, info.node)
        if node is not None:
            pipeline.lifecycle.declarer.enter(info, node)
    for route in routes:
        pipeline.lifecycle.declarer.relearn(route, 0)
    if not judging.restore(checkpoint.document, checkpoint.arrays):
        pipeline.notes.append("the judging state is of another release: learning starts anew")


class _Replayer:
    def __init__(self, pipeline: Pipeline, log: SilentLog) -> None:
        self.frames = 0
        self.readings = 0
        self.refused = 0
        self._pipeline = pipeline
        self._log = log
        self._now_ms = 0

    def frame(self, kind: FrameKind, payload: bytes) -> None:
        self.frames += 1
        try:
            match kind:
                case FrameKind.DATA:
                    self._data(DataFrame.unpack(payload))
                case FrameKind.BIRTH:
                    self._birth(*unpack_birth(payload))
                case FrameKind.SERIES:
                    self._series(SeriesInfo.from_json(unpack_json(payload)))
                case FrameKind.NODE:
                    self._note(unpack_json(payload))
                case FrameKind.EVENT | FrameKind.INCIDENT:
                    self._log.cross_off(payload)
        except (FrameError, DecodeError, TopicError, LookupError, TypeError, ValueError):
            self.refused += 1

    def _data(self, frame: DataFrame) -> None:
        tools = self._pipeline.tools
        quality, historical = inputs_of(frame.flags)
        if len(frame) and int(frame.series.max()) >= len(tools.judging.index):
            raise FrameError("a reading of an unknown series")
        readings = Readings(
            np.array(frame.series),
            np.array(frame.time_ms),
            np.array(frame.value),
            quality,
            historical,
        )
        verdicts = tools.judging.readings(readings, list(frame.texts), self._now_ms)
        self._log.events(tools.judging.events_in(readings, verdicts, self._now_ms))
        for sent in frame.deliveries:
            node = tools.book.nodes.get(sent.node)
            if node is not None:
                node.delivery.durable(sent.epoch, sent.batch)
                node.last_seen_ms = self._now_ms
        for node, day, count in self._pipeline.lifecycle.fast.tally(frame):
            node.ledger.count_stored(day, count)
        self.readings += len(frame) + len(frame.texts)

    def _series(self, info: SeriesInfo) -> None:
        tools = self._pipeline.tools
        node = tools.book.node(info.group, info.node)
        known = tools.judging.index.find(*info.key)
        if node is not None and tools.judging.index.put(info) is not known:
            self._pipeline.lifecycle.declarer.enter(info, node)

    def _birth(self, topic: str, payload: bytes) -> None:
        found = self._pipeline.tools.book.find(topic)
        if found is not None:
            arrival = Arrival(topic, payload, self._now_ms * 1_000_000)
            self._pipeline.lifecycle.birth(*found, decode(payload), arrival, self._now_ms)

    def _note(self, note: dict[str, Any]) -> None:
        tools, lifecycle = self._pipeline.tools, self._pipeline.lifecycle
        if "now_ms" in note:
            self._now_ms = int(note["now_ms"])
            return
        match note["do"]:
            case "sweep":
                silence = bool(note["silence"])
                self._log.events(tools.judging.sweep(self._now_ms, silence=silence)[1])
            case "offline":
                lifecycle.node_offline(tools.book.nodes[note["node"]], self._now_ms)
            case "device offline":
                node = tools.book.nodes[note["node"]]
                lifecycle.device_offline(node, note["device"], self._now_ms)
            case "maintenance":
                places = [(str(g), str(n), str(d)) for g, n, d in note["places"]]
                self._log.events(tools.judging.maintain(places, self._now_ms))
            case "plan":
                tools.judging.bind(note["channels"])
            case "feeders":
                feeders = tuple(map(Feed.from_row, note["feeders"]))
                self._log.events(tools.judging.feed(feeders, self._now_ms))
            case "awaken":
                tools.judging.awaken(self._now_ms)
