"""Imports assets from a file: all of them, or none and a report of every line that is wrong."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lamppost.register.records.assetfields import Wrong, incomplete, parsed
from lamppost.register.records.assetfiles import AssetRow, FileError, read_rows
from lamppost.register.records.declaring import settle
from lamppost.register.records.tables import asset
from lamppost.register.records.writing import Row, Writer

PROBLEMS_MAX = 1_000
DEPTH_MAX = 50

EMPTY: Mapping[str, Any] = {
    column.name: {} if column.name == "external_ids" else None
    for column in asset.columns
    if column.name not in {"id", "created_ms", "updated_ms", "valid_from_ms", "valid_to_ms"}
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file.

    Attributes:
        line: Where, from 1.
        field: The field, or "" for the line as a whole.
        told: What came and what is allowed.
    """

    line: int
    field: str
    told: str


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did, or would do.

    Attributes:
        rows: Assets in the file.
        created: Assets that are new.
        updated: Assets that change.
        unchanged: Assets that are as the file says.
        written: True when the records were changed; False for a dry run or problems.
        problems: What is wrong, in order of lines, at most `PROBLEMS_MAX`.
        problems_total: How many there are in all.
    """

    rows: int
    created: int
    updated: int
    unchanged: int
    written: bool
    problems: tuple[Problem, ...]
    problems_total: int


def import_assets(writer: Writer, path: Path, *, dry_run: bool) -> Report:
    """Import a file; nothing is written for a dry run, or when anything is wrong.

    Raises:
        OSError: the file cannot be read.
    """
    plan = _Plan()
    try:
        for row in read_rows(path):
            plan.read(row)
    except FileError as error:
        plan.wrong(error.line, [Wrong("", error.told)])
    plan.meet(writer)
    if dry_run or plan.total:
        return plan.report(written=False)
    plan.write(writer)
    writer.flush()
    settle(writer.connection, writer.now_ms)
    return plan.report(written=True)


@dataclass(slots=True)
class _Planned:
    line: int
    columns: Row
    known: Row | None = None

    def meet(self, known: Row | None) -> None:
        """Take note of the record as it is; ids of schemes that are not named stay."""
        self.known = known
        if "external_ids" in self.columns:
            ids = {**(known or EMPTY)["external_ids"], **self.columns["external_ids"]}
            named = {scheme: one for scheme, one in ids.items() if one is not None}
            self.columns["external_ids"] = named

    def after(self) -> Row:
        """The record as it would be."""
        return {**(self.known or EMPTY), **self.columns}


@dataclass(slots=True)
class _Plan:
    """What the file wants, checked against itself and then against the records."""

    rows: int = 0
    total: int = 0
    problems: list[Problem] = field(default_factory=list)
    planned: dict[str, _Planned] = field(default_factory=dict)
    created: int = 0
    updated: int = 0
    lines: dict[str, int] = field(default_factory=dict)
    told: set[tuple[int, str]] = field(default_factory=set)

    def read(self, row: AssetRow) -> None:
        """Check a row by itself."""
        self.rows += 1
        columns, wrong = parsed(row.fields)
        one = columns.get("id")
        if one is None:
            if not any(item.field == "id" for item in wrong):
                wrong.append(Wrong("id", "came nothing, allowed: some text"))
        elif one in self.lines:
            wrong.append(Wrong("id", f"came {one!r} again; line {self.lines[one]} has it too"))
        else:
            self.lines[one] = row.line
            self.planned[one] = _Planned(row.line, columns)
        self.wrong(row.line, wrong)

    def wrong(self, line: int, found: Iterable[Wrong]) -> None:
        """Note what is wrong with a line."""
        for item in found:
            self.total += 1
            self.told.add((line, item.field))
            if len(self.problems) < PROBLEMS_MAX:
                self.problems.append(Problem(line, item.field, item.told))

    def meet(self, writer: Writer) -> None:
        """Check the rows against the records they meet, and against each other."""
        known = writer.load("asset", self.planned)
        for one, planned in self.planned.items():
            planned.meet(known.get(one))
            self.wrong(planned.line, self._record(planned))
            self.wrong(planned.line, _outside(planned, writer.districts))
        parents = self._parents(writer)
        for one, planned in self.planned.items():
            self.wrong(planned.line, _ancestry(one, planned.after()["parent"], parents))
            if planned.known is None:
                self.created += 1
            elif any(planned.known[name] != value for name, value in planned.columns.items()):
                self.updated += 1

    def write(self, writer: Writer) -> None:
        """Enter everything, parents before their parts."""
        for one in self._parents_first():
            planned = self.planned[one]
            facts = {name: value for name, value in planned.columns.items() if name != "id"}
            if planned.known is None:
                writer.create("asset", one, {**EMPTY, **facts}, writer.now_ms)
            else:
                writer.change("asset", planned.known, facts)

    def report(self, *, written: bool) -> Report:
        """Return the account of it."""
        problems = tuple(sorted(self.problems, key=lambda item: item.line))
        same = len(self.planned) - self.created - self.updated
        return Report(
            self.rows, self.created, self.updated, same, written, problems, self.total
        )

    def _record(self, planned: _Planned) -> list[Wrong]:
        ended = planned.known is not None and planned.known["valid_to_ms"] is not None
        wrong = [Wrong("id", "this asset has ended; a new one needs a new id")] if ended else []
        missing = incomplete(planned.after())
        told = self.told
        return wrong + [item for item in missing if (planned.line, item.field) not in told]

    def _parents(self, writer: Writer) -> dict[str, str | None]:
        """Return the parent of every asset that is above one of the file, as it would be."""
        parents = {one: planned.after()["parent"] for one, planned in self.planned.items()}
        for _ in range(DEPTH_MAX + 1):
            above = {up for up in parents.values() if up is not None and up not in parents}
            if not above:
                break
            found = writer.load("asset", above)
            if not found:
                break
            for one, row in found.items():
                parents[one] = row["parent"]
        return parents

    def _parents_first(self) -> list[str]:
        order: dict[str, None] = {}
        for one in self.planned:
            path: list[str] = []
            at: str | None = one
            while at is not None and at in self.planned and at not in order:
                path.append(at)
                at = self.planned[at].after()["parent"]
            order.update(dict.fromkeys(reversed(path)))
        return list(order)


def _outside(planned: _Planned, districts: frozenset[str] | None) -> list[Wrong]:
    """Name an asset that would lie where who sends the file may change nothing."""
    district = planned.after()["district"]
    if districts is None or district in districts:
        return []
    came = "nothing" if district is None else repr(district)
    return [Wrong("district", f"came {came}, allowed: {', '.join(sorted(districts))}")]


def _ancestry(one: str, parent: str | None, parents: Mapping[str, str | None]) -> list[Wrong]:
    """Follow the parents up; a cycle, a stranger or too many levels are wrong."""
    at, seen = parent, [one]
    while at is not None:
        if at in seen:
            way = " in ".join([*seen, at]) if len(seen) < 6 else f"{one} in ... in {at}"
            return [Wrong("parent", f"came a cycle, allowed: none: {way}")]
        if at not in parents:
            near = at == parent
            told = f"came {at!r}, allowed: an asset of this file or of the register"
            return [Wrong("parent", told)] if near else []
        if len(seen) > DEPTH_MAX:
            return [Wrong("parent", f"allowed: at most {DEPTH_MAX} levels")]
        seen.append(at)
        at = parents[at]
    return []
