"""The register of one city: what callers hold."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from lamppost.register.records import audit, following, links, reading
from lamppost.register.records.audit import Verdict
from lamppost.register.records.births import BirthSeen
from lamppost.register.records.boundary import Boundary
from lamppost.register.records.database import Database, chosen_url
from lamppost.register.records.following import Observed
from lamppost.register.records.importing import Report, import_assets
from lamppost.register.records.migrating import Migrated, migrate
from lamppost.register.records.reading import KINDS, Page, Wanted
from lamppost.register.records.writing import Writer


def wall_ms() -> int:
    """Return the time, UTC milliseconds."""
    return time.time_ns() // 1_000_000


class Register:
    """Records behind one database; safe to use from several threads.

    Args:
        url: Address of the database (see `Database`); without one, the environment's
            LAMPPOST_REGISTER_URL, else a file in the data folder.
        data_dir: The platform's data folder.
        clock_ms: UTC milliseconds.

    Raises:
        DatabaseUrlError: the address is none.
    """

    def __init__(
        self,
        url: str | None = None,
        data_dir: Path = Path(),
        clock_ms: Callable[[], int] = wall_ms,
    ) -> None:
        self.database = Database(chosen_url(url), data_dir)
        self.data_dir = data_dir
        self.now_ms = clock_ms
        self.boundary: Boundary | None = None
        self.of: Register | None = None

    @property
    def address(self) -> str:
        """Where the records are, for a person; holds no password."""
        return self.database.address

    @property
    def whole(self) -> "Register":
        """The register without a boundary."""
        return self.of or self

    def within(self, boundary: Boundary) -> "Register":
        """Return the same register as who is for some districts sees and changes it."""
        narrowed = copy(self)
        narrowed.database, narrowed.boundary = self.database.within(boundary), boundary
        narrowed.of = self.whole
        return narrowed

    def migrate(self) -> Migrated:
        """Bring the database to this version; comes before everything else.

        Raises:
            MigrationError: it is of a newer version, or not ours.
        """
        return migrate(self.database)

    def observe_births(self, seen: Sequence[BirthSeen]) -> Observed:
        """Enter births, all or none."""
        with self.database.writing() as connection:
            return following.observe(connection, seen, self.now_ms())

    def import_assets(self, path: Path, who: str, *, dry_run: bool = False) -> Report:
        """Import a CSV or GeoJSON file of assets; see `importing.import_assets`."""
        access = self.database.reading if dry_run else self.database.writing
        with access() as connection:
            writer = self._writer(connection, who)
            return import_assets(writer, path, dry_run=dry_run)

    @contextmanager
    def changing(self, who: str) -> Iterator[Writer]:
        """Give a writer; what it gathers is kept when the block ends, or none of it."""
        with self.database.writing() as connection:
            writer = self._writer(connection, who)
            yield writer
            writer.flush()

    def bind(
        self, channel: str, asset: str, role: str, who: str, since_ms: int | None = None
    ) -> tuple[str, bool]:
        """Say that a channel tells of an asset; see `links.bind`."""
        with self.database.writing() as connection:
            writer = self._writer(connection, who)
            since = writer.now_ms if since_ms is None else since_ms
            bound = links.bind(writer, channel, asset, role, who, since)
            writer.flush()
            return bound

    def unbind(self, link: str, who: str, at_ms: int | None = None) -> bool:
        """End a link; see `links.unbind`."""
        with self.database.writing() as connection:
            writer = self._writer(connection, who)
            ended = links.unbind(writer, link, who, writer.now_ms if at_ms is None else at_ms)
            writer.flush()
            return ended

    def calibrate(
        self,
        channel: str,
        who: str,
        done_ms: int,
        due_ms: int | None = None,
        certificate: str | None = None,
    ) -> bool:
        """Note a calibration; see `links.calibrate`."""
        with self.database.writing() as connection:
            writer = self._writer(connection, who)
            noted = links.calibrate(writer, channel, done_ms, due_ms, certificate)
            writer.flush()
            return noted

    def rate(
        self, channel: str, who: str, accuracy: float | None, uncertainty_class: str | None
    ) -> bool:
        """Note how good a channel may be; see `links.rate`."""
        with self.changing(who) as writer:
            return links.rate(writer, channel, accuracy, uncertainty_class)

    def page(self, kind: str, wanted: Wanted) -> Page:
        """Return one page of the records of a kind, a key of `KINDS`."""
        with self.database.reading() as connection:
            return reading.page(connection, KINDS[kind], wanted)

    def one(self, kind: str, record: str) -> Any:  # noqa: ANN401 - a value of its kind
        """Return a record by its id, or None."""
        with self.database.reading() as connection:
            return reading.one(connection, KINDS[kind], record)

    def trail(
        self,
        kind: str | None = None,
        record: str | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> Page:
        """Return entries of the audit trail."""
        with self.database.reading() as connection:
            return reading.trail(connection, kind, record, after, limit)

    def verify_audit(self, expected_head: tuple[int, str] | None = None) -> Verdict:
        """Check the audit trail; see `audit.verify`."""
        with self.database.reading() as connection:
            return audit.verify(connection, expected_head)

    def _writer(self, connection: Connection, who: str) -> Writer:
        return Writer(connection, who, self.now_ms(), self.boundary)

    def close(self) -> None:
        """Close all connections."""
        self.database.close()
