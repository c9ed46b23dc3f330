"""The map as a graph, and what breaks when a part of it goes. Pure."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import attrgetter

from lamppost.register.records.deciding import UnknownError
from lamppost.register.records.links import RefusedError
from lamppost.register.resources.values import NEEDED

THINGS_MAX = 5_000
"""More than this no screen shows, and no browser draws."""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something on the map.

    Attributes:
        key: KIND:ID.
        kind: node, device, stream, indicator, or a kind of resource.
        name: What people call it.
        owner: Who answers for it, or None.
        steward: Who keeps its entry true, or None.
        resource: Id of the resource that says so, or None.
    """

    key: str
    kind: str
    name: str
    owner: str | None = None
    steward: str | None = None
    resource: str | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """What flows, from key to key.

    Attributes:
        source: Key of where it comes from.
        target: Key of where it goes.
        how: In a word or two.
    """

    source: str
    target: str
    how: str


@dataclass(frozen=True)
class Graph:
    """Things by key, and edges whose both ends are there."""

    things: Mapping[str, Thing]
    edges: tuple[Edge, ...]

    @cached_property
    def onward(self) -> Mapping[str, tuple[Edge, ...]]:
        """Edges by their source."""
        return _by(self.edges, "source")

    @cached_property
    def back(self) -> Mapping[str, tuple[Edge, ...]]:
        """Edges by their target."""
        return _by(self.edges, "target")


@dataclass(frozen=True, slots=True)
class Hit:
    """Something downstream of what goes.

    Attributes:
        key: KIND:ID.
        kind: Its kind.
        name: What people call it.
        owner: Whom to tell, or None.
        steps: How far downstream.
        lost: True when nothing feeds it any more, or what hosts or governs it has gone;
            False when it goes on with less.
    """

    key: str
    kind: str
    name: str
    owner: str | None
    steps: int
    lost: bool


@dataclass(frozen=True, slots=True)
class Impact:
    """What breaks.

    Attributes:
        thing: What goes.
        total: How many are downstream.
        lost: How many of them are lost, by kind.
        thinned: How many go on with less, by kind.
        items: The lost first, then the nearest.
    """

    thing: Thing
    total: int
    lost: dict[str, int]
    thinned: dict[str, int]
    items: tuple[Hit, ...]


def graph(things: Iterable[Thing], edges: Iterable[Edge]) -> Graph:
    """Return a graph without edges that hang in the air, each edge once."""
    there = {thing.key: thing for thing in things}
    kept = dict.fromkeys(e for e in edges if e.source in there and e.target in there)
    return Graph(there, tuple(kept))


def joined(base: Graph, things: Mapping[str, Thing], edges: Iterable[Edge]) -> Graph:
    """Return a graph with more in it, without looking at each edge of the base again.

    A city's field has a quarter of a million edges and changes rarely, what people say of it is
    short: joining both takes a twentieth of making the graph anew.

    Args:
        base: What is there.
        things: More things, or others in the place of the base's, by key.
        edges: More edges; those that hang in the air or are there already are left out.
    """
    there = {**base.things, **things}
    onward, back = dict(base.onward), dict(base.back)
    new = [
        e
        for e in dict.fromkeys(edges)
        if e.source in there and e.target in there and e not in onward.get(e.source, ())
    ]
    whole = Graph(there, (*base.edges, *new))
    for ends, more in ((onward, _by(new, "source")), (back, _by(new, "target"))):
        for key, group in more.items():
            ends[key] = (*ends.get(key, ()), *group)
    vars(whole).update(onward=onward, back=back)  # what the properties would find
    return whole


def resolved(whole: Graph, told: str) -> str:
    """Return the key that KIND:ID, or an id that only one thing has, means.

    Raises:
        UnknownError: nothing has it.
        RefusedError: several have it.
    """
    if told in whole.things:
        return told
    found = [key for key in whole.things if key.partition(":")[2] == told]
    if not found:
        raise UnknownError(f"came {told[:80]!r}, allowed: KIND:ID of something on the map")
    if len(found) > 1:
        raise RefusedError(f"came {told[:80]!r}, allowed: one of {', '.join(found[:5])}")
    return found[0]


def shown(whole: Graph, focus: str | None = None, things_max: int = THINGS_MAX) -> Graph:
    """Return what a screen can show: all of it, or what is up and down stream of a focus.

    Raises:
        RefusedError: it is more than `things_max`.
    """
    part = whole if focus is None else around(whole, resolved(whole, focus))
    if len(part.things) > things_max:
        what = "without focus" if focus is None else f"around {focus[:80]!r}"
        told = f"at most {things_max:,}; name a focus further up stream (a node, a device)"
        raise RefusedError(f"map: came {len(part.things):,} things {what}, allowed: {told}")
    return part


def around(whole: Graph, focus: str) -> Graph:
    """Return what is up and down stream of a thing, and itself."""
    return among(whole, distances(whole, focus, up=True) | distances(whole, focus))


def among(whole: Graph, keys: Iterable[str]) -> Graph:
    """Return some of the things with what flows between them; the rest is not looked at."""
    things = {key: whole.things[key] for key in keys}
    onward = _between(whole.onward, things, attrgetter("target"))
    back = _between(whole.back, things, attrgetter("source"))
    part = Graph(things, tuple(chain.from_iterable(onward.values())))
    vars(part).update(onward=onward, back=back)  # what the properties would find
    return part


def distances(whole: Graph, start: str, *, up: bool = False) -> dict[str, int]:
    """Return the least steps to everything down (or up) stream; the start has 0."""
    edges = whole.back if up else whole.onward
    steps, waiting = {start: 0}, deque([start])
    while waiting:
        here = waiting.popleft()
        for edge in edges.get(here, ()):
            other = edge.source if up else edge.target
            if other not in steps:
                steps[other] = steps[here] + 1
                waiting.append(other)
    return steps


def impact(whole: Graph, start: str, items_max: int = THINGS_MAX) -> Impact:
    """Return what breaks when a thing goes."""
    steps = distances(whole, start)
    gone = lost(whole, start)
    hits = [
        Hit(key, thing.kind, thing.name, thing.owner, far, key in gone)
        for key, far in steps.items()
        if key != start
        for thing in (whole.things[key],)
    ]
    hits.sort(key=lambda hit: (not hit.lost, hit.steps, hit.key))
    counts = {
        flag: dict(sorted(Counter(h.kind for h in hits if h.lost is flag).items()))
        for flag in (True, False)
    }
    first = tuple(hits[:items_max])
    return Impact(whole.things[start], len(hits), counts[True], counts[False], first)


def lost(whole: Graph, start: str) -> set[str]:
    """Return what has nothing left to live on when a thing goes, itself included."""
    gone, waiting = {start}, [start]
    fed: dict[str, int] = {}
    while waiting:
        for edge in whole.onward.get(waiting.pop(), ()):
            if edge.target in gone:
                continue
            if edge.how not in NEEDED:
                feeding = fed.get(edge.target)
                if feeding is None:
                    coming = whole.back[edge.target]
                    feeding = sum(e.how not in NEEDED for e in coming)
                fed[edge.target] = feeding - 1
                if feeding > 1:
                    continue
            gone.add(edge.target)
            waiting.append(edge.target)
    return gone


def _between(
    ways: Mapping[str, tuple[Edge, ...]],
    things: Mapping[str, Thing],
    end_of: Callable[[Edge], str],
) -> Mapping[str, tuple[Edge, ...]]:
    found = {}
    is_there = things.__contains__
    for key in things:
        edges = ways.get(key)
        if edges:
            is_all = all(map(is_there, map(end_of, edges)))
            found[key] = edges if is_all else tuple(e for e in edges if is_there(end_of(e)))
    return found


def _by(edges: Iterable[Edge], end: str) -> Mapping[str, tuple[Edge, ...]]:
    grouped: defaultdict[str, list[Edge]] = defaultdict(list)
    key_of = attrgetter(end)
    for edge in edges:
        grouped[key_of(edge)].append(edge)
    return {key: tuple(group) for key, group in grouped.items()}
