"""Changing records: every change is dated, and entered in the audit trail in the same step."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, select, update

from lamppost.register.records import audit
from lamppost.register.records.audit import Change
from lamppost.register.records.boundary import NARROWED, Boundary
from lamppost.register.records.tables import RECORDS, entered

IDS_A_QUERY = 500
"""SQLite takes at most 32,766 parameters, old builds 999."""

Row = dict[str, Any]


class Writer:
    """Gathers changes and writes them in one go, records before their trail.

    Args:
        connection: From `Database.writing`.
        who: Who makes the changes.
        now_ms: When.
        boundary: What lies outside is not there, and cannot be changed; None: all is inside.
    """

    def __init__(
        self, connection: Connection, who: str, now_ms: int, boundary: Boundary | None = None
    ) -> None:
        self.connection = connection
        self._boundary = boundary
        self._who = who
        self.now_ms = now_ms
        self._changes: list[Change] = []
        self._new: dict[str, dict[str, Row]] = {kind: {} for kind in RECORDS}
        self._known: dict[str, dict[str, Row]] = {kind: {} for kind in RECORDS}
        self._dirty: dict[str, set[str]] = {kind: set() for kind in RECORDS}

    @property
    def districts(self) -> frozenset[str] | None:
        """Where the writer may change something; None is everywhere."""
        return None if self._boundary is None else self._boundary.districts

    def load(self, kind: str, ids: Iterable[str]) -> dict[str, Row]:
        """Read records by id; what is not there is left out."""
        table, known = RECORDS[kind], self._known[kind]
        wanted = list(dict.fromkeys(ids))
        missing = [one for one in wanted if one not in known]
        for start in range(0, len(missing), IDS_A_QUERY):
            some = missing[start : start + IDS_A_QUERY]
            self.take(kind, select(table).where(table.c.id.in_(some)))
        return {one: known[one] for one in wanted if one in known}

    def take(self, kind: str, query: Any) -> dict[str, Row]:  # noqa: ANN401 - any select
        """Read the records of a query over the whole table of a kind."""
        known = self._known[kind]
        found = {}
        for row in self.connection.execute(query).mappings().all():
            if self._is_outside(kind, row):
                continue
            one = row["id"]
            found[one] = known.setdefault(one, dict(row))
        return found

    def create(self, kind: str, record: str, facts: Mapping[str, Any], since_ms: int) -> Row:
        """Enter a new record that holds since `since_ms`."""
        row = {
            "id": record,
            "created_ms": self.now_ms,
            "updated_ms": self.now_ms,
            "valid_from_ms": since_ms,
            "valid_to_ms": None,
            **facts,
        }
        self._known[kind][record] = self._new[kind][record] = row
        self._enter("create", kind, None, row)
        return row

    def check_free(self, channel: str) -> None:
        """Refuse to bind a channel that tells of an asset outside the boundary already.

        Raises:
            OutsideError: it does.
        """
        if self._boundary is not None:
            self._boundary.check_free(self.connection, channel)

    def waiting(self, kind: str) -> Mapping[str, Row]:
        """Return the new records that no query finds yet, by id."""
        return self._new[kind]

    def change(
        self, kind: str, row: Row, facts: Mapping[str, Any], what: str = "update"
    ) -> bool:
        """Change what differs; returns False when nothing does, and then enters nothing."""
        differing = {name: value for name, value in facts.items() if row[name] != value}
        if not differing:
            return False
        before = dict(row)
        row.update(differing)
        if entered(RECORDS[kind], before) != entered(RECORDS[kind], row):
            row["updated_ms"] = self.now_ms
            self._enter(what, kind, before, row)
        if row["id"] not in self._new[kind]:
            self._dirty[kind].add(row["id"])
        return True

    def close(self, kind: str, row: Row, at_ms: int) -> bool:
        """End a record; one that has ended stays as it is."""
        if row["valid_to_ms"] is not None:
            return False
        end_ms = max(at_ms, row["valid_from_ms"])
        return self.change(kind, row, {"valid_to_ms": end_ms}, "close")

    def reopen(self, kind: str, row: Row) -> bool:
        """Let a record hold again."""
        return self.change(kind, row, {"valid_to_ms": None}, "reopen")

    def flush(self) -> int:
        """Write everything; returns the number of audit entries.

        Raises:
            OutsideError: something of it lies outside the boundary; nothing may be kept.
        """
        touched = {kind: {*self._new[kind], *self._dirty[kind]} for kind in RECORDS}
        # Where a channel lies follows from its links: it is known when these are written. All
        # others come first, for one that lies outside may be there and must not be written.
        channels = touched.pop("channel")
        self._check_inside(touched)
        for kind, table in RECORDS.items():
            if self._new[kind]:
                self.connection.execute(insert(table), list(self._new[kind].values()))
            if self._dirty[kind]:
                rows = [self._known[kind][one] for one in sorted(self._dirty[kind])]
                self.connection.execute(_by_id(table), [_bound(row) for row in rows])
            self._new[kind], self._dirty[kind] = {}, set()
        self._check_inside({"channel": channels})
        changes, self._changes = self._changes, []
        return audit.append(self.connection, self._who, self.now_ms, changes)

    def _is_outside(self, kind: str, row: Any) -> bool:  # noqa: ANN401 - any mapping
        if self._boundary is None or kind not in NARROWED:
            return False
        return not self._boundary.holds(self.connection, kind, row)

    def _check_inside(self, touched: Mapping[str, Iterable[str]]) -> None:
        if self._boundary is None:
            return
        for kind, ids in touched.items():
            for one in ids:
                self._boundary.check(self.connection, kind, self._known[kind][one])

    def _enter(self, what: str, kind: str, before: Row | None, after: Row) -> None:
        table = RECORDS[kind]
        was = None if before is None else entered(table, before)
        self._changes.append(Change(what, kind, after["id"], was, entered(table, after)))


def _by_id(table: Table) -> Any:  # noqa: ANN401 - an update
    values = {
        c.name: bindparam(f"to_{c.name}", type_=c.type) for c in table.columns if c.name != "id"
    }
    return update(table).where(table.c.id == bindparam("at_id")).values(values)


def _bound(row: Row) -> Row:
    return {("at_id" if name == "id" else f"to_{name}"): value for name, value in row.items()}
