"""InfluxDB 1.x as a house for readings: `/write` and `/query`."""

import zlib
from urllib.parse import urlencode

from lamppost.aggregator.series import SeriesKey
from lamppost.aggregator.store.deadletter import DeadLetters
from lamppost.aggregator.store.http import Http, Server
from lamppost.aggregator.store.influxql import Reader, identifier
from lamppost.aggregator.store.lineprotocol import Lines
from lamppost.aggregator.store.linewriter import Answer, LineWriter, message_of, retry_after_s
from lamppost.aggregator.store.seam import EventRow, SeriesColumns, StoreBatch

# Level 1 makes the lines a tenth as long; higher levels gain nearly nothing and cost much.
GZIP_LEVEL = 1
GZIP_WINDOW = 31
HEADERS = {"Content-Type": "text/plain; charset=utf-8", "Content-Encoding": "gzip"}


class Influx1Store:
    """One database of an InfluxDB 1.x server; created when it is missing.

    Args:
        server: where it is.
        database: its name.
        dead: where lines go that the server refuses for good.
        retain_days: retention to create a missing database with; None keeps for ever. A
            database that exists keeps the retention it has.
    """

    def __init__(
        self, server: Server, database: str, dead: DeadLetters, retain_days: float | None = None
    ) -> None:
        self._http = Http(server)
        self._database = database
        self._retain_days = retain_days
        self._lines = Lines()
        self._reader = Reader(self._http, database)
        self._writer = LineWriter(self._send, dead)

    def write(self, batch: StoreBatch) -> None:
        """Keep a batch, durably; see `Store.write`."""
        self._writer.write(self._lines.of(batch))

    def read(self, series: SeriesKey, from_ms: int, to_ms: int, step_ms: int) -> SeriesColumns:
        """Return the readings of a window; see `Store.read`."""
        return self._reader.read(series, from_ms, to_ms, step_ms)

    def events(self, from_ms: int, to_ms: int) -> tuple[EventRow, ...]:
        """Return the events of a window; see `Store.events`."""
        return self._reader.events(from_ms, to_ms)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _send(self, body: bytes) -> Answer:
        answer = self._post(body)
        if answer.status == 404 and "database not found" in answer.message:
            self._create()
            answer = self._post(body)
        return answer

    def _post(self, body: bytes) -> Answer:
        path = "/write?" + urlencode({"db": self._database, "precision": "ms"})
        answer = self._http.post(path, zlib.compress(body, GZIP_LEVEL, GZIP_WINDOW), HEADERS)
        return Answer(
            answer.status,
            message_of(answer.data, str(answer.reason)),
            retry_after_s(answer.headers.get("Retry-After")),
        )

    def _create(self) -> None:
        statement = f"CREATE DATABASE {identifier(self._database)}"
        if self._retain_days is not None:
            statement += f" WITH DURATION {max(1, round(self._retain_days * 24))}h"
        self._reader.query(statement)
