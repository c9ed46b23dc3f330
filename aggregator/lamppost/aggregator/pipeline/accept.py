"""The gate: whose message is it, did it come before, may it be read, what does it hold.

Only what belongs to a message is done in Python; what belongs to a reading is left to the
kernels, texts excepted.
"""

from dataclasses import dataclass, field

import numpy as np

from lamppost.aggregator import columns as c
from lamppost.aggregator.decode.resolve import gather, resolve
from lamppost.aggregator.decode.wirebytes import Bytes
from lamppost.aggregator.delivery.ledger import DAY_MS
from lamppost.aggregator.nodes.nodes import Node, Route
from lamppost.aggregator.pipeline.judging import Readings
from lamppost.aggregator.pipeline.tools import Item, Tools
from lamppost.aggregator.spool.frames import TextRow
from lamppost.wire.header import Header

ROWS = 65_536
MESSAGES = 4_096
MAX_TEXT_CHARS = 8_192
MAX_ATTEMPTS = 5
"""A batch that stays unreadable after that many deliveries is taken without what is unknown."""

MAX_OPEN_ATTEMPTS = 256


class Room:
    """The buffers that the kernels fill, used again for every chunk."""

    def __init__(self, rows: int = ROWS, messages: int = MESSAGES) -> None:
        self.rows = np.empty((rows, c.WIDTH), np.int64)
        self.messages = np.empty((messages, c.MSG_WIDTH), np.int64)
        self.columns = Readings.empty(rows)
        self.source = np.empty(rows, np.int64)


@dataclass(slots=True)
class Taken:
    """What a chunk of messages brought.

    Attributes:
        readings: columns for the judge; views that the next chunk overwrites.
        claims: the batches they came in.
        of_nodes: messages in which nodes may speak of themselves.
    """

    readings: Readings
    texts: list[TextRow]
    claims: list[tuple[Node, int, int]] = field(default_factory=list)
    of_nodes: list[Item] = field(default_factory=list)


class Gate:
    """Takes one chunk: the messages that one call of the decoder filled into `room`."""

    def __init__(
        self, tools: Tools, room: Room, items: list[Item], joined: Bytes, now_ms: int
    ) -> None:
        self._tools = tools
        self._room = room
        self._items = items
        self._joined = joined
        self._now_ms = now_ms
        self._lines: list[list[int]] = room.messages[: len(items)].tolist()
        self._numbers = np.full(len(items), -1, np.int32)
        self._headers: dict[int, Header] = {}
        self._of_nodes: list[int] = []
        self._skipped = 0
        last = self._lines[-1]
        self._rows = room.rows[: last[c.FIRST] + last[c.COUNT]]

    def accept(self) -> None:
        """Decide message by message; duplicates and what cannot be read yet stay out."""
        for at, (item, line) in enumerate(zip(self._items, self._lines, strict=True)):
            self._consider(at, item, line)
        self._fill_times()

    def resolve(self) -> Taken:
        """Find the series of every metric and gather what is left for the judge."""
        rows, room, table = self._rows, self._room, self._tools.table
        count = len(rows)
        unknown = resolve(
            room.rows, count, self._numbers, self._joined, table.cells, table.seed
        )
        if unknown > self._skipped:
            self._meet_unknown()
        filled = gather(room.rows, count, *room.columns, room.source)
        readings = room.columns.head(filled)
        np.maximum(readings.quality, 0, out=readings.quality)
        return Taken(
            readings,
            self._texts(),
            [
                (self._items[at].route.node, header.epoch, header.batch)
                for at, header in self._headers.items()
            ],
            [self._items[at] for at in self._of_nodes if self._numbers[at] >= 0],
        )

    def _consider(self, at: int, item: Item, line: list[int]) -> None:
        status, _, count, seq, sent_ms, offset, length = line
        tools, (route, arrival) = self._tools, item
        node = route.node
        if status != c.OK:
            tools.set_aside(arrival, c.STATUS_TEXT.get(status, f"status {status}"))
            return
        arrival_ms = arrival.arrival_ns // 1_000_000
        tools.counters.received += count
        node.last_seen_ms = arrival_ms
        if seq >= 0:
            node.sequence.message(seq, self._now_ms, tools.reorder_timeout_ms)
            if node.sequence.waiting:
                tools.watched.add(node)
        if not self._readable(route):
            tools.counters.before_birth += 1
            tools.rebirths.want(node.key, self._now_ms)
            self._skipped += count
            return
        node.stale = False
        node.confirm_by_ms = None
        header = None
        if node.acks and length >= 0:
            header = Header.unpack(self._joined[offset : offset + length].tobytes())
        if header is not None:
            if node.delivery.seen(header):
                tools.to_ack.add(node)
                self._duplicate(node, line, arrival_ms)
                return
            node.delivery.claim(header.epoch, header.batch)
            self._headers[at] = header
        if sent_ms >= 0 and count and not self._rows[line[c.FIRST], c.FLAGS] & c.HISTORICAL:
            node.clock(sent_ms, arrival_ms)
        if not route.device:
            self._of_nodes.append(at)
        self._numbers[at] = route.number

    def _readable(self, route: Route) -> bool:
        """Whether the births on hand may be trusted to read a message.

        Aliases of our own edges never change their meaning; a foreign node's may have changed
        unseen, so its births must have come in this host session.
        """
        node = route.node
        if route.birth is None:
            return False
        if node.acks:
            if not node.online:  # it lives after all; only its birth says in which session
                self._tools.rebirths.want(node.key, self._now_ms)
            return True
        return node.online and node.born and route.online

    def _duplicate(self, node: Node, line: list[int], arrival_ms: int) -> None:
        first, count = line[c.FIRST], line[c.COUNT]
        self._skipped += count
        if count:
            time_ms = int(self._rows[first, c.TIME])
            day = (time_ms if time_ms >= 0 else arrival_ms) // DAY_MS
            node.ledger.count_duplicates(day, count)
        node.delivery.duplicates += count
        self._tools.counters.duplicates += count

    def _fill_times(self) -> None:
        """A metric that tells no time is of the moment it arrived."""
        times = self._rows[:, c.TIME]
        if not len(times) or times.min() >= 0:
            return
        for row in np.flatnonzero(times < 0).tolist():
            message = int(self._rows[row, c.MSG])
            times[row] = self._items[message].arrival.arrival_ns // 1_000_000

    def _meet_unknown(self) -> None:
        """Some metrics of accepted messages mean nothing: ask for births, put batches back."""
        rows, tools = self._rows, self._tools
        lost = np.flatnonzero(rows[:, c.SERIES] == c.UNKNOWN)
        for at in np.unique(rows[lost, c.MSG]).tolist():
            if self._numbers[at] < 0:
                continue
            item, line = self._items[at], self._lines[at]
            node = item.route.node
            tools.rebirths.want(node.key, self._now_ms)
            tools.counters.unknown += 1
            header = self._headers.get(at)
            if header is None or _given_up(node, header):
                tools.set_aside(item.arrival, "a metric that no birth has named")
                continue
            node.delivery.forget(header.epoch, header.batch)
            del self._headers[at]
            self._numbers[at] = -1
            rows[line[c.FIRST] : line[c.FIRST] + line[c.COUNT], c.SERIES] = c.UNKNOWN

    def _texts(self) -> list[TextRow]:
        rows = self._rows
        found = np.flatnonzero((rows[:, c.KIND] == c.TEXT) & (rows[:, c.SERIES] >= 0))
        texts = []
        for row in found.tolist():
            offset, length = int(rows[row, c.OFF]), int(rows[row, c.LEN])
            text = self._joined[offset : offset + length].tobytes().decode(errors="replace")
            texts.append(
                TextRow(int(rows[row, c.SERIES]), int(rows[row, c.TIME]), text[:MAX_TEXT_CHARS])
            )
        return texts


def _given_up(node: Node, header: Header) -> bool:
    key = (header.epoch, header.batch)
    attempts = node.attempts.get(key, 0) + 1
    if attempts >= MAX_ATTEMPTS:
        node.attempts.pop(key, None)
        return True
    if len(node.attempts) >= MAX_OPEN_ATTEMPTS:
        node.attempts.clear()
    node.attempts[key] = attempts
    return False
