"""What feeds what: a declared relation between assets, by which one's trouble explains others.

In the configuration a relation names the fed nodes or devices and what feeds them: a device or
node, whose loss counts, or a channel (a mains voltage, say), whose deviation counts too. What
the register's hierarchy says is added to that (`with_feeders`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from lamppost.aggregator.settings.rules import Problem

MAX_RELATIONS = 1_000
KEYS = ("feeds", "by", "group")


class Path(NamedTuple):
    """NODE, NODE/DEVICE or NODE/DEVICE/CHANNEL; "" for the parts it does not name."""

    node: str
    device: str = ""
    channel: str = ""

    @classmethod
    def parse(cls, text: str) -> "Path":
        """Read `NODE[/DEVICE[/CHANNEL]]`; only a channel may hold further slashes.

        Raises:
            ValueError: a part is empty.
        """
        parts = text.split("/", 2)
        if not all(parts):
            raise ValueError(text)
        return cls(*parts)

    def covers(self, other: "Path") -> bool:
        """Whether the other one is the same, or a part of it."""
        if self.node != other.node or self.device not in {"", other.device}:
            return False
        return self.channel in {"", other.channel}


@dataclass(frozen=True, slots=True)
class Feed:
    """One relation; `group` "" means that it holds in every Sparkplug group."""

    feeds: tuple[Path, ...]
    by: Path
    group: str = ""

    def row(self) -> list[Any]:
        """JSON-ready; `from_row` reads it."""
        return [self.group, list(self.by), [list(path) for path in self.feeds]]

    @classmethod
    def from_row(cls, row: Any) -> "Feed":  # noqa: ANN401 - what JSON holds
        """Rebuild from what `row` returned.

        Raises:
            TypeError: it is none.
            ValueError: it is none.
        """
        group, by, feeds = row
        return cls(tuple(Path(*path) for path in feeds), Path(*by), group)


class Topology:
    """All relations, by what is fed."""

    def __init__(self, relations: Iterable[Feed] = ()) -> None:
        self.relations = tuple(relations)
        self._parents: dict[tuple[str, str], list[tuple[str, Path]]] = {}
        for relation in self.relations:
            for fed in relation.feeds:
                known = self._parents.setdefault((fed.node, fed.device), [])
                known.append((relation.group, relation.by))
        self.fed_nodes = frozenset(node for node, _ in self._parents)
        self._fed_by: dict[str, set[str]] = {}
        for relation in self.relations:
            self._fed_by.setdefault(relation.by.node, set()).update(
                fed.node for fed in relation.feeds
            )

    def with_feeders(self, feeders: Iterable[Feed]) -> "Topology":
        """Return these relations and more; of what is fed here already, they say nothing."""
        told = {fed for relation in self.relations for fed in relation.feeds}
        more = []
        for feeder in feeders:
            feeds = [fed for fed in feeder.feeds if not {fed, Path(fed.node)} & told]
            if feeds:
                more.append(Feed(tuple(feeds), feeder.by, feeder.group))
        return Topology((*self.relations, *more))

    def below(self, node: str) -> set[str]:
        """The nodes that something of a node feeds, also through others."""
        found: set[str] = set()
        waiting = [node]
        while waiting:
            new = self._fed_by.get(waiting.pop(), set()) - found
            found |= new
            waiting.extend(new)
        return found

    def parents(self, group: str, path: Path) -> list[Path]:
        """What feeds the asset of a path, that itself and its own parts excepted."""
        if path.node not in self.fed_nodes:
            return []
        found = list(self._parents.get((path.node, ""), ()))
        if path.device:
            found += self._parents.get((path.node, path.device), ())
        return [by for of, by in found if of in {"", group} and not path.covers(by)]


def read_topology(tables: object, file: str, problems: list[Problem]) -> tuple[Feed, ...]:
    """Check the `[[topology]]` tables of a configuration; what is wrong goes to `problems`."""
    if not isinstance(tables, list) or len(tables) > MAX_RELATIONS:
        allowed = f"[[topology]] tables, at most {MAX_RELATIONS}"
        problems.append(Problem(file, "[[topology]]", type(tables).__name__, allowed))
        return ()
    before = len(problems)
    feeds = [_feed(table, file, number, problems) for number, table in enumerate(tables, 1)]
    relations = tuple(feed for feed in feeds if feed is not None)
    ring = None if len(problems) > before else _ring(relations)
    if ring is not None:
        came = "/".join(filter(None, ring.by))
        allowed = "something that does not hang on what it feeds"
        problems.append(Problem(file, "[[topology]] by", came, allowed))
    return relations


def _feed(table: object, file: str, number: int, problems: list[Problem]) -> Feed | None:
    where = f"[[topology]] number {number}"
    if not isinstance(table, dict):
        problems.append(Problem(file, where, table, "a table"))
        return None
    before = len(problems)
    problems.extend(
        Problem(file, f"{where}: {key}", table[key], "one of " + ", ".join(KEYS))
        for key in table.keys() - set(KEYS)
    )
    feeds = _paths(table.get("feeds"))
    if not feeds or any(path.channel for path in feeds):
        allowed = 'a list of "NODE" or "NODE/DEVICE"'
        problems.append(Problem(file, f"{where}: feeds", table.get("feeds"), allowed))
    by = _paths([table.get("by")])
    if not by:
        allowed = '"NODE", "NODE/DEVICE" or "NODE/DEVICE/CHANNEL"'
        problems.append(Problem(file, f"{where}: by", table.get("by"), allowed))
    group = table.get("group", "")
    if not isinstance(group, str):
        problems.append(Problem(file, f"{where}: group", group, "a Sparkplug group"))
    if len(problems) > before or not feeds or not by or not isinstance(group, str):
        return None
    return Feed(feeds, by[0], group)


def _paths(names: object) -> tuple[Path, ...] | None:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None
    try:
        return tuple(map(Path.parse, names))
    except ValueError:
        return None


def _ring(relations: tuple[Feed, ...]) -> Feed | None:
    """A relation that hangs on itself through others, if there is one."""
    above = {
        at: [
            upper
            for upper, other in enumerate(relations)
            if upper != at and any(fed.covers(relation.by) for fed in other.feeds)
        ]
        for at, relation in enumerate(relations)
    }
    done: set[int] = set()
    for start, uppers in above.items():
        walk, path = [(start, iter(uppers))], {start}
        while walk and start not in done:
            at, rest = walk[-1]
            upper = next(rest, None)
            if upper is None:
                walk.pop()
                path.discard(at)
                done.add(at)
            elif upper in path:
                return relations[upper]
            elif upper not in done:
                path.add(upper)
                walk.append((upper, iter(above[upper])))
    return None
