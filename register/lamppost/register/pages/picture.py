"""A part of the map as boxes in columns: bounded, however large the city. Pure.

What is near the focus has a box of its own; of the rest, each kind has one box with a count.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest

from lamppost.register import words
from lamppost.register.resources.graph import Graph, Thing, among, distances

COLUMNS = {
    "node": 0, "device": 1, "stream": 2, "system": 2, "agreement": 2, "dataset": 3,
    "service": 4, "consumer": 5, "indicator": 6,
}  # fmt: skip
"""From the field to the indicator; what hosts or governs stands before what it holds up."""

NUMEROUS = ("node", "device", "stream")
"""Without a focus these are one box each as soon as there are many."""

BOXES_MAX = 12
"""Boxes of one kind, the one with the count included."""

SWEEPS = 2


@dataclass(frozen=True, slots=True)
class Box:
    """A thing, or a count of things.

    Attributes:
        key: Of the thing; KIND+ for a count.
        kind: Its kind.
        name: What people call it; of a count, the count.
        owner: Who answers for it, or None.
        is_count: True when it stands for several things.
        column: From the left, from 0; columns without a box are not counted.
        row: From the top; halves centre a short column beside a long one.
    """

    key: str
    kind: str
    name: str
    owner: str | None
    is_count: bool
    column: int = 0
    row: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """What flows between two boxes, `count` times."""

    source: str
    target: str
    how: str
    count: int


@dataclass(frozen=True, slots=True)
class Picture:
    """Boxes by key, what flows between them, and how large it is."""

    boxes: Mapping[str, Box]
    lines: tuple[Line, ...]
    columns: int
    rows: int


def near(whole: Graph, focus: str, hops: int) -> tuple[Graph, dict[str, int]]:
    """Return what is up and down stream within some steps, and how far each of it is."""
    steps = distances(whole, focus, up=True) | distances(whole, focus)
    steps = {key: far for key, far in steps.items() if far <= hops}
    return among(whole, steps), steps


def picture(part: Graph, steps: Mapping[str, int] | None = None) -> Picture:
    """Return a part of the map as boxes.

    Args:
        part: What shall be shown.
        steps: How far each thing is from the focus; None when there is no focus.
    """
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for key, thing in part.things.items():
        kinds[thing.kind].append(key)
    folded = _folded(part, kinds, steps)
    counts = Counter(folded.values())
    boxes: dict[str, Box] = {}
    for key, name in folded.items():
        if name == key:
            thing = part.things[key]
            boxes[key] = Box(key, thing.kind, called(thing), thing.owner, is_count=False)
        elif name not in boxes:
            kind = part.things[key].kind
            more = "" if counts[name] == len(kinds[kind]) else "more "
            told = words.count(counts[name], f"{more}{kind}")
            boxes[name] = Box(name, kind, told, None, is_count=True)
    counted = Counter((folded[e.source], folded[e.target], e.how) for e in part.edges)
    lines = tuple(
        Line(source, target, how, count)
        for (source, target, how), count in counted.items()
        if source != target
    )
    return _placed(boxes, lines)


def called(thing: Thing) -> str:
    """Return the name of a thing; of a stream nobody entered, its channel without the time."""
    channel, mark, since = thing.name.rpartition("@")
    is_born = thing.kind == "stream" and mark and since.isdigit()
    return channel if is_born else thing.name


def _folded(
    part: Graph, kinds: Mapping[str, Sequence[str]], steps: Mapping[str, int] | None
) -> dict[str, str]:
    """Return the key of each thing's box."""
    folded: dict[str, str] = {}
    for kind, keys in kinds.items():
        shown = keys
        if len(keys) > BOXES_MAX:
            shown = [] if steps is None and kind in NUMEROUS else _first(part, keys, steps)
        folded |= dict.fromkeys(keys, f"{kind}+") | {key: key for key in shown}
    return folded


def _first(part: Graph, keys: Sequence[str], steps: Mapping[str, int] | None) -> list[str]:
    """The nearest, of these the most connected; without a focus only what is connected."""

    def rank(key: str) -> tuple[int, int, str]:
        edges = len(part.onward.get(key, ())) + len(part.back.get(key, ()))
        return (steps or {}).get(key, 0), -edges, key

    first = nsmallest(BOXES_MAX - 1, keys, key=rank)
    return first if steps is not None else [key for key in first if rank(key)[1] < 0]


def _placed(boxes: Mapping[str, Box], lines: Sequence[Line]) -> Picture:
    used = sorted({COLUMNS[box.kind] for box in boxes.values()})
    columns: list[list[str]] = [[] for _ in used]
    for key, box in boxes.items():
        columns[used.index(COLUMNS[box.kind])].append(key)
    ties: defaultdict[str, list[str]] = defaultdict(list)
    for line in lines:
        ties[line.source].append(line.target)
        ties[line.target].append(line.source)
    rows = max((len(column) for column in columns), default=0)
    place = dict.fromkeys(boxes, 0.0)
    for keys in columns:
        _stack(sorted(keys, key=lambda key: (boxes[key].kind, key)), rows, place)
    for _ in range(SWEEPS):
        for keys in (*columns, *reversed(columns)):
            _stack(
                sorted(keys, key=lambda key: (_middle(ties[key], place, key), key)), rows, place
            )
    placed = {
        key: replace(boxes[key], column=number, row=place[key])
        for number, keys in enumerate(columns)
        for key in sorted(keys, key=place.__getitem__)
    }
    return Picture(placed, tuple(lines), len(columns), rows)


def _stack(keys: Sequence[str], rows: int, place: dict[str, float]) -> None:
    top = (rows - len(keys)) / 2
    place.update({key: top + number for number, key in enumerate(keys)})


def _middle(others: Sequence[str], place: Mapping[str, float], own: str) -> float:
    """Where a box would like to be: amid what it is tied to."""
    if not others:
        return place[own]
    return sum(place[other] for other in others) / len(others)
