"""What the map shows to be missing: owners, datasets, consumers, reviews, facts. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from lamppost.register.days.day import DAY_MS
from lamppost.register.resources.graph import Graph, Thing
from lamppost.register.resources.loading import NodeSeen, Stranger
from lamppost.register.resources.values import BORN, KINDS, Resource

OWNED = (*KINDS, "node")
"""Kinds of which somebody must answer for each; a stream is answered for by its dataset."""

USED = ("stream", "dataset", "service")
COMMON = ("owner", "steward", "contact", "review_due_on")
EXPECTED: Mapping[str, tuple[str, ...]] = {
    "dataset": ("licence", "personal_data", "purpose", "retention_days", "provenance"),
    "service": ("endpoint_url", "conforms_to", "support_end_on"),
    "system": ("support_end_on", "cost_year"),
    "consumer": ("purpose",),
    "agreement": ("contract_end_on",),
    "node": ("support_end_on",),
    "stream": (),
}
"""What a steward is expected to say of each kind, on top of `COMMON`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to set right.

    Attributes:
        key: KIND:ID.
        kind: Its kind.
        name: What people call it.
        steward: Whose task it is, or None.
        told: What is wrong, in words.
    """

    key: str
    kind: str
    name: str
    steward: str | None
    told: str


@dataclass(frozen=True, slots=True)
class Complete:
    """How much of what is expected is said of the resources of a kind.

    Attributes:
        kind: The kind.
        there: How many there are; of nodes and streams, those that were born.
        entered: How many of them have an entry.
        expected: Facts that are expected of them all, without an entry too.
        said: How many of these are said.
        share: `said` / `expected`; None where there are none.
        owned: Share that has an owner; None where there are none.
    """

    kind: str
    there: int
    entered: int
    expected: int
    said: int
    share: float | None
    owned: float | None


def orphans(whole: Graph) -> list[Finding]:
    """Return what nobody answers for, and streams that are in no dataset."""
    found = []
    for thing in whole.things.values():
        if thing.kind in OWNED:
            missing = [name for name in ("owner", "steward") if not getattr(thing, name)]
            if missing:
                found.append(_finding(thing, f"has no {' and no '.join(missing)}"))
        elif thing.kind == "stream" and not whole.onward.get(thing.key):
            found.append(_finding(thing, "is in no dataset"))
    return _sorted(found)


def strangers(found: Iterable[Stranger]) -> list[Finding]:
    """Return streams whose births name assets that the register does not have."""
    return _sorted(
        Finding(
            f"stream:{one.stream}",
            "stream",
            one.channel,
            None,
            f"names asset {one.asset!r}, which has ended"
            if one.ended
            else f"names asset {one.asset!r} that the register does not have",
        )
        for one in found
    )


def firmware(
    nodes: Iterable[NodeSeen], resources: Iterable[Resource], now_ms: int
) -> list[Finding]:
    """Return nodes that do not run the newest version that is seen here, or none that is told.

    Which is newest is told by the numbers in it; the oldest comes first.
    """
    there = list(nodes)
    numbers = {version: _numbers(version) for version in {one.version for one in there}}
    newest = max(numbers.values(), default=())
    name = next((one.version for one in there if numbers[one.version] == newest), "")
    stewards = {one.about: one.steward for one in resources if one.kind == "node"}
    found: list[tuple[tuple[int, ...], str, Finding]] = []
    for one in there:
        if not one.version:
            told = "does not tell its version"
        elif numbers[one.version] < newest:
            told = f"runs {one.version}{_age(one, now_ms)}; the newest here is {name}"
        else:
            continue
        wrong = Finding(f"node:{one.id}", "node", one.id, stewards.get(one.id), told)
        found.append((numbers[one.version], one.id, wrong))
    return [wrong for *_, wrong in sorted(found, key=lambda row: row[:2])]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d{1,9}", version))


def _age(one: NodeSeen, now_ms: int) -> str:
    return "" if one.since_ms is None else f" for {max(now_ms - one.since_ms, 0) // DAY_MS} d"


def unused(whole: Graph) -> list[Finding]:
    """Return streams, datasets and services with no consumer down stream."""
    reaches = {key for key, thing in whole.things.items() if thing.kind == "consumer"}
    waiting = list(reaches)
    while waiting:
        for edge in whole.back.get(waiting.pop(), ()):
            if edge.source not in reaches:
                reaches.add(edge.source)
                if not edge.source.startswith("stream:"):  # nobody asks for what sends it
                    waiting.append(edge.source)
    told = "has no consumer down stream"
    things = whole.things.values()
    return _sorted(_finding(t, told) for t in things if t.kind in USED and t.key not in reaches)


def overdue(resources: Iterable[Resource], today: date) -> list[Finding]:
    """Return entries whose review is overdue or was never dated, the latest first."""
    late: list[tuple[int, Finding]] = []
    for one in resources:
        if one.review_due_on is None:
            late.append((0, _of(one, "has no review date")))
            continue
        days = (today - date.fromisoformat(one.review_due_on)).days
        if days > 0:
            late.append((days, _of(one, f"review was due {one.review_due_on}, {days} d ago")))
    return [found for _, found in sorted(late, key=lambda pair: (-pair[0], pair[1].key))]


def due(resources: Iterable[Resource], today: date, within_days: int) -> list[Finding]:
    """Return entries whose review comes up soon, the first first."""
    found: list[tuple[str, Finding]] = []
    for one in resources:
        if one.review_due_on is not None:
            days = (date.fromisoformat(one.review_due_on) - today).days
            if 0 <= days <= within_days:
                told = f"review is due {one.review_due_on}, in {days} d"
                found.append((one.review_due_on, _of(one, told)))
    return [one for _, one in sorted(found, key=lambda pair: (pair[0], pair[1].key))]


def ending(resources: Iterable[Resource], today: date, within_days: int) -> list[Finding]:
    """Return entries whose support or contract has ended or ends soon, the first first."""
    found: list[tuple[date, Finding]] = []
    for one in resources:
        for word, told in (("support", one.support_end_on), ("contract", one.contract_end_on)):
            if told is None:
                continue
            last = date.fromisoformat(told)
            days = (last - today).days
            if days <= within_days:
                when = f"in {days} d" if days >= 0 else f"{-days} d ago"
                found.append((last, _of(one, f"{word} ends {told}, {when}")))
    return [one for _, one in sorted(found, key=lambda pair: (pair[0], pair[1].key))]


def completeness(whole: Graph, resources: Iterable[Resource]) -> list[Complete]:
    """Return how complete the map is, kind by kind; what is not there is not zero."""
    entries = list(resources)
    return [_complete(kind, whole, entries) for kind in (*KINDS, *BORN)]


def _complete(kind: str, whole: Graph, entries: list[Resource]) -> Complete:
    things = [thing for thing in whole.things.values() if thing.kind == kind]
    keys = {thing.key for thing in things}
    told = [one for one in entries if one.kind == kind and _key(one) in keys]
    fields = (*COMMON, *EXPECTED[kind])
    said = sum(getattr(one, name) is not None for one in told for name in fields)
    expected = len(fields) * len(things)
    owned = sum(thing.owner is not None for thing in things)
    return Complete(
        kind, len(things), len(told), expected, said, _share(said, expected),
        _share(owned, len(things)),
    )  # fmt: skip


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _key(one: Resource) -> str:
    return f"{one.kind}:{one.about or one.id}"


def _of(one: Resource, told: str) -> Finding:
    return Finding(_key(one), one.kind, one.name, one.steward, told)


def _finding(thing: Thing, told: str) -> Finding:
    return Finding(thing.key, thing.kind, thing.name, thing.steward, told)


def _sorted(found: Iterable[Finding]) -> list[Finding]:
    return sorted(found, key=lambda one: (one.kind, one.key))
