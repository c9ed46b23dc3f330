"""InfluxDB 1.x as a house for readings: `/write` and `/query`."""

import contextlib
from urllib.parse import urlencode

from lamppost.aggregator.store.deadletter import DeadLetters
from lamppost.aggregator.store.http import GZIP_HEADERS, Http, Server, gzipped
from lamppost.aggregator.store.influx import ONE, InfluxStore, Prove
from lamppost.aggregator.store.influxql import identifier
from lamppost.aggregator.store.linewriter import Answer, message_of, retry_after_s
from lamppost.aggregator.store.seam import StoreRefused
from lamppost.wire.series import DATABASES, RAW, Database


class Influx1Store(InfluxStore):
    """The databases of a city on an InfluxDB 1.x server; created when they are missing.

    Args:
        server: where it is.
        city: what the names of the databases begin with.
        dead: where lines go that the server refuses for good.
        retain_days: retention to create a missing database of readings with, which that of
            events is never below; None keeps both for ever. A database that exists keeps the
            retention it has.
        prove: see `InfluxStore`.
    """

    KIND = ONE

    def __init__(
        self,
        server: Server,
        city: str,
        dead: DeadLetters,
        retain_days: float | None = None,
        prove: Prove | None = None,
    ) -> None:
        super().__init__(Http(server), city, dead, prove)
        self._retain_days = retain_days

    def _send(self, database: Database, body: bytes) -> Answer:
        answer = self._post(database, body)
        if answer.status == 404 and "database not found" in answer.message:
            self._make(database)
            for other in DATABASES:  # so that no board finds one that is not there yet
                with contextlib.suppress(
                    StoreRefused
                ):  # it is there, with a retention of its own
                    self._make(other)
            answer = self._post(database, body)
        return answer

    def _make(self, database: Database) -> None:
        days = self._retain_days
        if days is not None and database is not RAW:
            days = max(days, database.retain_days)
        self._reader.query("", create_statement(database.named(self._city), days))

    def _post(self, database: Database, body: bytes) -> Answer:
        named = {"db": database.named(self._city), "precision": "ms"}
        path = "/write?" + urlencode(named)
        answer = self._http.post(path, gzipped(body), GZIP_HEADERS)
        return Answer(
            answer.status,
            message_of(answer.data, str(answer.reason)),
            retry_after_s(answer.headers.get("Retry-After")),
        )


def create_statement(name: str, retain_days: float | None) -> str:
    """Return the statement that makes a database; one that exists is left as it is."""
    if retain_days is None:
        return f"CREATE DATABASE {identifier(name)}"
    hours = max(1, round(retain_days * 24))
    return f"CREATE DATABASE {identifier(name)} WITH DURATION {hours}h"
