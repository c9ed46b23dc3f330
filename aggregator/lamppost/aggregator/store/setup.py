"""What `lamppost influx setup` shall lead to, and what it did, whichever version it meets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode

from lamppost.aggregator.store.http import Http
from lamppost.aggregator.store.linewriter import message_of
from lamppost.aggregator.store.seam import StoreRefused, StoreUnreachable
from lamppost.wire.series import DATABASES, Database

WRITER, READER = "aggregator", "grafana"
RIGHTS: Mapping[str, tuple[str, ...]] = {WRITER: ("read", "write"), READER: ("read",)}
MADE, KEPT, CHANGED, DIFFERS, REPLACED = "made", "kept", "changed", "differs", "replaced"


@dataclass(frozen=True, slots=True)
class Wish:
    """What there shall be.

    Attributes:
        city: what the names of the databases begin with.
        org: organisation of InfluxDB 2.x; empty for the only one there is.
        retain_days: by database, 0 for ever.
        change_retention: whether a database that exists gets it too; a shorter one deletes.
        token_dir: where token files are, or shall be.
    """

    city: str
    org: str = ""
    retain_days: Mapping[str, float] = field(
        default_factory=lambda: {known.role: float(known.retain_days) for known in DATABASES}
    )
    change_retention: bool = False
    token_dir: Path = Path()

    def seconds(self, database: Database) -> int:
        """Return a retention in seconds, whole hours, 0 for ever."""
        days = self.retain_days[database.role]
        return max(1, round(days * 24)) * 3600 if days else 0


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """A database, or bucket, after the setup.

    Attributes:
        name: its name.
        role: what it is for.
        retain_days: what it keeps now, 0 for ever.
        state: "made", "kept", "changed", or "differs": kept with another retention than wished.
    """

    name: str
    role: str
    retain_days: float
    state: str


@dataclass(frozen=True, slots=True)
class MappingState:
    """The mapping through which InfluxQL finds a bucket, after the setup."""

    database: str
    state: str


@dataclass(frozen=True, slots=True)
class TokenState:
    """A token, or of 1.x a user's password, after the setup; itself it is only in its file.

    Attributes:
        role: who it is for.
        rights: "read" or "read, write", on the databases of the city and nothing else.
        file: where it is.
        state: "made", "kept", "replaced": the file had one that no longer has these rights, or
            "changed": the user has got them.
        user: whose password it is; empty for a token.
    """

    role: str
    rights: str
    file: str
    state: str
    user: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is there after the setup.

    Attributes:
        store_url: what the aggregator's `[store] url` shall be.
        notes: what a person should know, one sentence each.
    """

    version: str
    databases: tuple[DatabaseState, ...]
    mappings: tuple[MappingState, ...]
    tokens: tuple[TokenState, ...]
    store_url: str
    notes: tuple[str, ...] = ()


class Admin(Protocol):
    """What a version of InfluxDB must be able to do for the setup."""

    def setup(self, wish: Wish, version: str) -> Outcome:
        """Make what is missing and leave what is there; doing it again changes nothing.

        Raises:
            StoreUnreachable: no answer, or one that says "later".
            StoreRefused: the server will not.
            OSError: a token file cannot be read or written.
            ValueError: a token file holds something else.
        """


def version_of(http: Http) -> str:
    """Return the version that a server tells on `/ping`, such as "1.6.7" or "2.9.1".

    Raises:
        StoreUnreachable: there is no answer.
        StoreRefused: it is not an InfluxDB's.
    """
    answer = http.request("GET", "/ping")
    version = answer.headers.get("X-Influxdb-Version", "").removeprefix("v")
    if answer.status in (200, 204) and re.match(r"[1-9]\d*\.", version):
        return version
    if answer.status in (401, 403):
        raise StoreRefused(f"{answer.status} {message_of(answer.data, str(answer.reason))}")
    problem = f"{http.server.url}: {answer.status} without a version came, allowed: an InfluxDB"
    raise (StoreUnreachable if answer.status >= 500 else StoreRefused)(problem)


def retention_state(wish: Wish, seconds: int, wanted: int) -> str:
    """Return what becomes of a database that exists with a retention."""
    if seconds == wanted:
        return KEPT
    return CHANGED if wish.change_retention else DIFFERS


def notes_on(databases: tuple[DatabaseState, ...], wish: Wish) -> tuple[str, ...]:
    """Return a sentence for each database that keeps something else than wished."""
    return tuple(
        f"{one.name} keeps {days_text(one.retain_days)}, "
        f"not {days_text(wish.retain_days[one.role])}; "
        "--change-retention changes it, and a shorter one deletes what is older"
        for one in databases
        if one.state == DIFFERS
    )


def days_text(days: float) -> str:
    """Return a retention for a person."""
    return f"{days:g} days" if days else "for ever"


def options(**files: Path | None) -> str:
    """Return the options of a store's URL that name files, those that are None left out."""
    given = {name: str(path.absolute()) for name, path in files.items() if path is not None}
    return "?" + urlencode(given, safe="/") if given else ""
