"""Where the records live: an SQLite file by default, PostgreSQL by URL."""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from lamppost.register.records.address import VARIABLE
from lamppost.register.records.boundary import Boundary

DEFAULT_FILE = "register.db"
BUSY_TIMEOUT_S = 20.0
CONNECT_TIMEOUT_S = 10
SECRET_BYTES_MAX = 4096
WRITING = "lamppost_writing"
ALLOWED = "sqlite:FILE (in the data folder), sqlite:///PATH, postgresql://[USER@]HOST/DATABASE"


class DatabaseUrlError(ValueError):
    """The database's address is none.

    Attributes:
        came: What came, without a password.
        allowed: What is allowed.
    """

    def __init__(self, came: str, allowed: str) -> None:
        super().__init__(f"database: came {came!r}, allowed: {allowed}")
        self.came = came
        self.allowed = allowed


def chosen_url(given: str | None = None, environment: Mapping[str, str] | None = None) -> str:
    """Return the address to use: what is given, else the environment's, else the default."""
    found = os.environ if environment is None else environment
    return given or found.get(VARIABLE) or f"sqlite:{DEFAULT_FILE}"


class Database:
    """One database of records; safe to use from several threads.

    Nothing is connected to, and no file is made, before the first `reading` or `writing`.

    Args:
        url: `sqlite:FILE` in the data folder, `sqlite:///PATH`, or
            `postgresql://[USER[:PASSWORD]@]HOST[:PORT]/DATABASE[?password_file=FILE]`.
        data_dir: The platform's data folder.

    Raises:
        DatabaseUrlError: the address is none of these.
    """

    def __init__(self, url: str, data_dir: Path = Path()) -> None:
        self.file: Path | None = None
        self.boundary: Boundary | None = None
        if url.startswith("sqlite:"):
            self.file = _sqlite_file(url, data_dir)
            self._engine = _sqlite(self.file)
            self.address = f"sqlite:{self.file}"
        else:
            parsed = _postgres_url(url, data_dir)
            limits = {"connect_timeout": CONNECT_TIMEOUT_S}
            self._engine = create_engine(parsed, pool_pre_ping=True, connect_args=limits)
            self.address = parsed.render_as_string(hide_password=True)

    def within(self, boundary: Boundary) -> "Database":
        """Return the same database, of which readers see what lies inside."""
        narrowed = copy(self)
        narrowed.boundary = boundary
        return narrowed

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one moment of the records."""
        with self._engine.connect() as connection:
            if connection.dialect.name == "postgresql":  # SQLite's readers do so anyway
                connection.execution_options(isolation_level="REPEATABLE READ")
            if self.boundary is not None:
                self.boundary.narrow(connection)
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose work is kept as a whole, or not at all.

        One writer works at a time, also across processes: the audit trail is one chain.
        """
        if self.file is not None:
            self.file.parent.mkdir(parents=True, exist_ok=True)
        with self._engine.connect() as plain:
            connection = plain.execution_options(**{WRITING: True})
            with connection.begin():
                if connection.dialect.name == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(7311837)"))
                yield connection

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _sqlite_file(url: str, data_dir: Path) -> Path:
    """Return the file; three slashes begin an absolute path, as in the stores' addresses."""
    rest = url.removeprefix("sqlite:")
    if "?" in rest or "#" in rest or "\0" in rest or not rest.strip("/"):
        raise DatabaseUrlError(url, ALLOWED)
    if rest.startswith("//"):
        if not rest.startswith("///"):
            raise DatabaseUrlError(url, ALLOWED)
        return Path("/" + rest.lstrip("/"))
    return data_dir / rest


def _sqlite(file: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(file)), connect_args={"timeout": BUSY_TIMEOUT_S}
    )

    @event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, _record: Any) -> None:  # noqa: ANN401
        connection.isolation_level = None  # the driver's own BEGIN would leave DDL outside
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITING)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgres_url(url: str, data_dir: Path) -> URL:
    scheme = url.partition("://")[0]
    if scheme not in {"postgresql", "postgres"}:
        raise DatabaseUrlError(scheme if "://" in url else url, ALLOWED)
    options = dict(parse_qsl(urlsplit(url).query))
    try:
        parsed = make_url(url).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError) as error:
        raise DatabaseUrlError(f"{scheme}://...", ALLOWED) from error
    secret = options.get("password_file")
    if secret is None:
        return parsed
    try:
        with (data_dir / secret).open("rb") as file:
            password = file.read(SECRET_BYTES_MAX).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise DatabaseUrlError(
            f"password_file={secret}", f"a readable file: {error}"
        ) from error
    return parsed.difference_update_query(["password_file"]).set(password=password)
