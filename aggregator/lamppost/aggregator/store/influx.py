"""What all versions of InfluxDB have in common as a house for readings."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import ClassVar

from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.nodes.series import SeriesKey
from lamppost.aggregator.store.columnlines import Block
from lamppost.aggregator.store.deadletter import DeadLetters
from lamppost.aggregator.store.http import Http
from lamppost.aggregator.store.influxql import Reader, Row
from lamppost.aggregator.store.lineprotocol import Lines, ops_lines, sample_lines
from lamppost.aggregator.store.linewriter import Answer, LineWriter
from lamppost.aggregator.store.seam import SeriesColumns, StoreBatch, StoreError
from lamppost.aggregator.store.setup import version_of
from lamppost.wire.series import OPS, RAW, ROLLUP, Database, Measurement

UNAUTHORIZED, NOT_FOUND = 401, 404
ONE, TWO = "influx1", "influx2"
"""What the URL of a store begins with: for InfluxDB 1.x, and for all later ones."""

Prove = Callable[[], Mapping[str, str]]


class InfluxStore(ABC):
    """The databases of a city on one InfluxDB server; a version adds how it takes lines.

    Args:
        http: the server, for queries.
        city: what the names of the databases begin with.
        dead: where lines go that the server refuses for good.
        prove: reads anew what proves who we are, as headers; asked when the server says 401.
    """

    KIND: ClassVar[str]

    def __init__(
        self, http: Http, city: str, dead: DeadLetters, prove: Prove | None = None
    ) -> None:
        self._http = http
        self._prove = prove
        self._city = city
        self._dead = dead
        self._lines = Lines()
        self._reader = Reader(http, city)
        self._raw, self._ops, self._rollup = (
            LineWriter(partial(self._sent, database), dead, database.named(city))
            for database in (RAW, OPS, ROLLUP)
        )

    @property
    def figures(self) -> Mapping[str, int]:
        """Lines since the start that are not stored, as fields of the aggregator's row."""
        writers = (self._raw, self._ops, self._rollup)
        return {
            "dead_letters": self._dead.count,
            "too_old": sum(writer.too_old for writer in writers),
        }

    def write(self, batch: StoreBatch) -> None:
        """Keep a batch, durably; see `Store.write`."""
        # The few lines first: when their database says no, the many are not sent in vain, nor
        # their refused ones buried again with every try.
        self._ops.write(Block.of(ops_lines(batch)))
        self._rollup.write(Block.of(sample_lines(batch, ROLLUP)))
        self._raw.write(Block.of(sample_lines(batch, RAW)))
        self._raw.write(Block.of(self._lines.texts(batch)))
        self._raw.write(self._lines.of(batch))
        writers = {RAW: self._raw, OPS: self._ops, ROLLUP: self._rollup}
        for rows in batch.windows:
            block = self._lines.windows(rows, batch.series)
            writers[rows.measurement.database].write(block)

    def read(self, series: SeriesKey, from_ms: int, to_ms: int, step_ms: int) -> SeriesColumns:
        """Return the readings of a window; see `Store.read`."""
        return self._reader.read(series, from_ms, to_ms, step_ms)

    def events(self, from_ms: int, to_ms: int) -> tuple[Event, ...]:
        """Return the events of a window; see `Store.events`."""
        return self._reader.events(from_ms, to_ms)

    def row(
        self, measurement: Measurement, tags: Mapping[str, str], time_ms: int
    ) -> Row | None:
        """Return one row of the operations database; see `Reader.row`."""
        return self._reader.row(measurement, tags, time_ms)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _sent(self, database: Database, body: bytes) -> Answer:
        """Send lines; once more when the secret on disk is another one by now."""
        answer = self._send(database, body)
        if answer.status == UNAUTHORIZED and self._proves_anew():
            answer = self._send(database, body)
        if answer.status in (UNAUTHORIZED, NOT_FOUND):
            return replace(answer, message=answer.message + self._hint())
        return answer

    def _hint(self) -> str:
        """Return that this is another version than the URL says, if it is."""
        try:
            version = version_of(self._http)
        except StoreError:
            return ""
        kind = ONE if version.startswith("1.") else TWO
        told = f"; this is InfluxDB {version}, for which the URL begins with {kind}+"
        return told if kind != self.KIND else ""

    def _proves_anew(self) -> bool:
        """Take what proves who we are from its file; False when that is nothing new."""
        try:
            headers = {} if self._prove is None else self._prove()
        except (OSError, ValueError):  # a file that is being replaced: it is tried again
            return False
        if not headers or headers == self._http.server.headers:
            return False
        self._http.prove(headers)
        return True

    @abstractmethod
    def _send(self, database: Database, body: bytes) -> Answer:
        """Make one write request; raise StoreUnreachable when there is no answer."""
