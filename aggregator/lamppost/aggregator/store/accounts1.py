"""Accounts on an InfluxDB 1.x with users: who writes, who reads, and the first one of all.

Grafana hands on whatever a viewer asks, and InfluxDB 1.x drops a database at a GET: without an
account that may only read, everybody who may look at a board may delete the city.
"""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import urllib3

from lamppost.aggregator.store.http import Http
from lamppost.aggregator.store.influxql import Reader, Row, identifier, literal
from lamppost.aggregator.store.seam import StoreRefused
from lamppost.aggregator.store.setup import (
    CHANGED,
    KEPT,
    MADE,
    REPLACED,
    RIGHTS,
    TokenState,
    Wish,
)
from lamppost.aggregator.store.tokenfile import keep_secret, read_secret
from lamppost.wire.series import DATABASES

NOBODY_YET = "create admin user first"
NO_PRIVILEGES = "NO PRIVILEGES"
PRIVILEGES: Mapping[tuple[str, ...], str] = {
    ("read", "write"): "ALL PRIVILEGES",
    ("read",): "READ",
}
"""As InfluxDB calls them."""
SECRET_BYTES = 32


class Accounts1:
    """Makes accounts on an InfluxDB 1.x.

    Args:
        http: the server, with the headers of an administrator.
        admin: who that is.
        password_file: where that one's password is.
    """

    def __init__(self, http: Http, admin: str, password_file: Path | None) -> None:
        self._http = http
        self._reader = Reader(http, "")
        self._admin = admin
        self._file = password_file

    def first(self) -> tuple[str, ...]:
        """Make the administrator of a server that has no users yet; return notes.

        Raises:
            StoreRefused: the server will not, or there is no password to make one with.
        """
        try:
            self._ask("SHOW USERS")
        except StoreRefused as problem:
            if NOBODY_YET not in str(problem):
                raise
        else:
            return ()
        if self._file is None:
            raise StoreRefused(
                f"this InfluxDB has no users yet: --password-file with a password for "
                f"{self._admin!r} makes its first administrator"
            )
        secret = literal(read_secret(self._file))
        name = identifier(self._admin)
        self._ask(f"CREATE USER {name} WITH PASSWORD {secret} WITH ALL PRIVILEGES")
        return (f"{self._admin!r} is made: the first administrator of this InfluxDB",)

    @property
    def open(self) -> bool:
        """Whether the server answers who has no account at all."""
        return self._status({}, "") == 200

    def account(self, role: str, wish: Wish) -> TokenState:
        """Make an account for a role, with its password in a file, and its rights."""
        name = f"{wish.city}-{role}"
        path = wish.token_dir.absolute() / f"{name}.password"
        databases = [known.named(wish.city) for known in DATABASES]
        users = {row["user"]: row["admin"] for row in self._ask("SHOW USERS")}
        old = read_secret(path)
        state = KEPT
        if name not in users or not old or not self._opens(name, old, databases[0]):
            keep_secret(path, lambda: self._password(name, known=name in users))
            state = REPLACED if name in users else MADE
        elif users[name] or self._grants(name) != dict.fromkeys(databases, _privilege(role)):
            state = CHANGED
        if state != KEPT:
            self._grant(name, databases, _privilege(role), admin=users.get(name, False))
        return TokenState(role, ", ".join(RIGHTS[role]), str(path), state, name)

    def _password(self, name: str, *, known: bool) -> str:
        secret = secrets.token_urlsafe(SECRET_BYTES)
        user, password = identifier(name), literal(secret)
        self._ask(
            f"SET PASSWORD FOR {user} = {password}"
            if known
            else f"CREATE USER {user} WITH PASSWORD {password}"
        )
        return secret

    def _grants(self, name: str) -> dict[str, str]:
        rows = self._ask(f"SHOW GRANTS FOR {identifier(name)}")
        given = {row["database"]: row["privilege"] for row in rows}
        return {where: what for where, what in given.items() if what != NO_PRIVILEGES}

    def _grant(self, name: str, databases: list[str], what: str, *, admin: bool) -> None:
        """Give an account these rights and take all others from it."""
        user = identifier(name)
        if admin:
            self._ask(f"REVOKE ALL PRIVILEGES FROM {user}")
        for other in self._grants(name).keys() - {*databases}:
            self._ask(f"REVOKE ALL ON {identifier(other)} FROM {user}")
        for database in databases:
            right = what.partition(" ")[0]
            self._ask(f"GRANT {right} ON {identifier(database)} TO {user}")

    def _opens(self, name: str, password: str, database: str) -> bool:
        account = urllib3.make_headers(basic_auth=f"{name}:{password}")
        return self._status(dict(account), database) != 401

    def _status(self, headers: Mapping[str, str], database: str) -> int:
        http = Http(replace(self._http.server, headers=headers))
        try:
            asked = urlencode({"db": database, "q": "SHOW MEASUREMENTS LIMIT 1"})
            return http.request("POST", f"/query?{asked}").status
        finally:
            http.close()

    def _ask(self, statement: str) -> list[Row]:
        (rows,) = self._reader.query("", statement)
        return rows


def _privilege(role: str) -> str:
    return PRIVILEGES[RIGHTS[role]]
