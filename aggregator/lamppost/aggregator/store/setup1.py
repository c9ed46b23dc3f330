"""The setup of InfluxDB 1.x: databases with their retention; it has no tokens."""

import re
from pathlib import Path
from urllib.parse import quote, urlsplit

from lamppost.aggregator.store.http import Http
from lamppost.aggregator.store.influx1 import create_statement
from lamppost.aggregator.store.influxql import Reader, Row, identifier
from lamppost.aggregator.store.seam import StoreRefused
from lamppost.aggregator.store.setup import (
    CHANGED,
    MADE,
    DatabaseState,
    Outcome,
    Wish,
    notes_on,
    options,
    retention_state,
)
from lamppost.wire.series import DATABASES, Database

DAY_S = 86_400
_PARTS = re.compile(r"(\d+)([hms])")
_SECONDS = {"h": 3600, "m": 60, "s": 1}


class Admin1:
    """Makes databases on an InfluxDB 1.x.

    Args:
        http: the server, with the headers of a user who may create databases.
        user: that user; empty when the server has no users.
        password_file: where that user's password is.
    """

    def __init__(self, http: Http, user: str = "", password_file: Path | None = None) -> None:
        self._http = http
        self._user = user
        self._file = password_file

    def setup(self, wish: Wish, version: str) -> Outcome:
        """Make what is missing; see `Admin.setup`."""
        databases = tuple(self._database(known, wish) for known in DATABASES)
        notes = notes_on(databases, wish)
        if not self._user:
            notes += ("this InfluxDB was asked without a user: who reaches it may do anything",)
        scheme, host = urlsplit(self._http.server.url)[:2]
        files = options(password_file=self._file, ca_file=self._http.server.ca_file)
        user = f"{quote(self._user, safe='')}@" if self._user else ""
        url = f"influx1+{scheme}://{user}{host}/{wish.city}{files}"
        return Outcome(version, databases, (), (), url, notes)

    def _database(self, database: Database, wish: Wish) -> DatabaseState:
        name, wanted = database.named(wish.city), wish.seconds(database)
        reader = Reader(self._http, wish.city)
        (names,) = reader.query("", "SHOW DATABASES")
        if name not in {row["name"] for row in names}:
            reader.query("", create_statement(name, wanted / DAY_S if wanted else None))
            return DatabaseState(name, database.role, wanted / DAY_S, MADE)
        policy = self._policy(reader, name)
        seconds = seconds_of(policy["duration"])
        state = retention_state(wish, seconds, wanted)
        if state == CHANGED:
            reader.query(
                "",
                f"ALTER RETENTION POLICY {identifier(policy['name'])} ON {identifier(name)} "
                f"DURATION {wanted // 3600}h SHARD DURATION 0s",
            )
            seconds = wanted
        return DatabaseState(name, database.role, seconds / DAY_S, state)

    def _policy(self, reader: Reader, name: str) -> Row:
        (rows,) = reader.query("", f"SHOW RETENTION POLICIES ON {identifier(name)}")
        for row in rows:
            if row["default"]:
                return row
        raise StoreRefused(f"database {name!r} has no default retention policy")


def seconds_of(duration: str) -> int:
    """Return a duration such as "720h0m0s" in seconds."""
    return sum(int(number) * _SECONDS[unit] for number, unit in _PARTS.findall(duration))
