"""The setup of InfluxDB 1.x: databases with their retention, accounts where it has users."""

import re
from pathlib import Path
from urllib.parse import quote, urlsplit

from lamppost.aggregator.store.accounts1 import Accounts1
from lamppost.aggregator.store.http import Http
from lamppost.aggregator.store.influx1 import create_statement
from lamppost.aggregator.store.influxql import Reader, Row, identifier
from lamppost.aggregator.store.seam import StoreRefused
from lamppost.aggregator.store.setup import (
    CHANGED,
    MADE,
    RIGHTS,
    DatabaseState,
    Outcome,
    TokenState,
    Wish,
    notes_on,
    options,
    retention_state,
)
from lamppost.wire.series import DATABASES, Database

OPEN = "who reaches it may do anything; `auth-enabled = true` in its [http] section ends that"
DAY_S = 86_400
_PARTS = re.compile(r"(\d+)([hms])")
_SECONDS = {"h": 3600, "m": 60, "s": 1}


class Admin1:
    """Makes databases and accounts on an InfluxDB 1.x.

    Args:
        http: the server, with the headers of an administrator.
        user: that user; empty when the server has no users.
        password_file: where that user's password is.
    """

    def __init__(self, http: Http, user: str = "", password_file: Path | None = None) -> None:
        self._http = http
        self._user = user
        self._file = password_file

    def setup(self, wish: Wish, version: str) -> Outcome:
        """Make what is missing; see `Admin.setup`."""
        accounts = Accounts1(self._http, self._user, self._file) if self._user else None
        made = accounts.first() if accounts else ()
        databases = tuple(self._database(known, wish) for known in DATABASES)
        notes = (*made, *notes_on(databases, wish))
        users: tuple[TokenState, ...] = ()
        if accounts is None:
            notes += (f"this InfluxDB was asked without a user: {OPEN}",)
        else:
            users = tuple(accounts.account(role, wish) for role in RIGHTS)
            notes += (f"this InfluxDB answers without a user too: {OPEN}",) * accounts.open
        return Outcome(version, databases, (), users, self._url(wish, users), notes)

    def _url(self, wish: Wish, users: tuple[TokenState, ...]) -> str:
        """Return the store's URL, with the account of the aggregator where there are some."""
        scheme, host = urlsplit(self._http.server.url)[:2]
        password = Path(users[0].file) if users else None
        files = options(password_file=password, ca_file=self._http.server.ca_file)
        user = f"{quote(users[0].user, safe='')}@" if users else ""
        return f"influx1+{scheme}://{user}{host}/{wish.city}{files}"

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
