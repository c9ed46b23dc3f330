"""The fast path: a run of data messages becomes columns, verdicts, events and a spool frame."""

from collections.abc import Callable
from time import perf_counter_ns

from lamppost.aggregator.decode.payloads import decode_batch, join
from lamppost.aggregator.nodes.nodes import Node
from lamppost.aggregator.pipeline.accept import Gate, Room
from lamppost.aggregator.pipeline.judging import Readings, with_inputs
from lamppost.aggregator.pipeline.outlet import Parcel
from lamppost.aggregator.pipeline.tools import Item, Tools
from lamppost.aggregator.spool.frames import DataFrame, TextRow
from lamppost.aggregator.spool.frames import Delivery as Sent


class FastPath:
    """Works on runs of data messages.

    Args:
        tools: everything shared.
        read_facts: called with the messages in which nodes speak of themselves.
    """

    def __init__(self, tools: Tools, read_facts: Callable[[Item], None]) -> None:
        self._tools = tools
        self._read_facts = read_facts
        self._room = Room()

    def run(self, items: list[Item], now_ms: int) -> None:
        """Take data messages in their order."""
        start = perf_counter_ns()
        joined, offsets = join([item.arrival.payload for item in items])
        done = 0
        while done < len(items):
            taken = decode_batch(joined, offsets[done:], self._room.rows, self._room.messages)
            start = self._spend("decode", start)
            gate = Gate(self._tools, self._room, items[done : done + taken], joined, now_ms)
            gate.accept()
            start = self._spend("accept", start)
            found = gate.resolve()
            for item in found.of_nodes:
                self._read_facts(item)
            self._spend("resolve", start)
            if len(found.readings.series) or found.texts or found.claims:
                self.ship(found.readings, found.texts, found.claims, now_ms)
            done += taken
            start = perf_counter_ns()

    def ship(
        self,
        readings: Readings,
        texts: list[TextRow],
        claims: list[tuple[Node, int, int]],
        now_ms: int,
    ) -> None:
        """Judge readings, write them with their verdicts, and write the events after them."""
        tools = self._tools
        start = perf_counter_ns()
        tools.log.clock(now_ms)
        verdicts = tools.judging.readings(readings, texts, now_ms)
        start = self._spend("judge", start)
        events = tools.judging.events_in(readings, verdicts, now_ms)
        start = self._spend("events", start)
        frame = DataFrame(
            deliveries=tuple(Sent(node.key, epoch, batch) for node, epoch, batch in claims),
            series=readings.series,
            time_ms=readings.time_ms,
            value=readings.value,
            flags=with_inputs(verdicts.flags, readings.quality, readings.historical),
            expected=verdicts.expected,
            low=verdicts.low,
            high=verdicts.high,
            score=verdicts.score,
            severity=verdicts.severity,
            p=verdicts.p,
            texts=tuple(texts),
        )
        tools.counters.judged += len(readings.series) + len(texts)
        parcel = Parcel(claims, self.tally(frame), readings.time_ms[readings.historical == 0])
        if not tools.log.data(frame, parcel):
            for node, epoch, batch in claims:
                node.delivery.forget(epoch, batch)
        tools.log.events(events)
        self._spend("spool", start)

    def tally(self, frame: DataFrame) -> list[tuple[Node, int, int]]:
        """Readings of a frame per node and day."""
        tools = self._tools
        counts = tools.owners.tally(frame.series, frame.time_ms, frame.texts)
        nodes = tools.book.by_number
        return [(nodes[number], day, count) for number, day, count in counts if number >= 0]

    def _spend(self, stage: str, start_ns: int) -> int:
        now = perf_counter_ns()
        self._tools.stage_ns[stage] += now - start_ns
        return now
