"""The page `/map`: from the node to the indicator, as a picture and as a table."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from fastapi import Request
from sqlalchemy import Connection, select
from starlette.responses import Response

from lamppost.register import words
from lamppost.register.markup import Markup, tag
from lamppost.register.pages import quality
from lamppost.register.pages.boards import way
from lamppost.register.pages.forms import line
from lamppost.register.pages.forms import select as choice
from lamppost.register.pages.map_focus import PATH, address, answers, breaks, missing
from lamppost.register.pages.map_svg import svg
from lamppost.register.pages.picture import (
    COLUMNS,
    NUMEROUS,
    Box,
    Picture,
    called,
    near,
    picture,
)
from lamppost.register.pages.places import SHOWN_MAX, given
from lamppost.register.pages.sheets import table
from lamppost.register.pages.showing import Drawn, show
from lamppost.register.records.store import Register
from lamppost.register.records.tables import asset, link
from lamppost.register.resources.findings import Finding
from lamppost.register.resources.graph import Edge, Graph, Thing, impact, resolved
from lamppost.register.resources.latest import latest
from lamppost.register.resources.loading import World
from lamppost.register.resources.reading import FINDINGS

HOPS = {"": "All steps", "1": "1 step", "2": "2 steps", "3": "3 steps"}
HOPS_MAX = 1_000
"""More than a path can have: datasets derive from each other, but in no circle."""

KINDS = {"": "All kinds", **{kind: kind for kind in COLUMNS}}
HEADS = ("What", "Kind", "Owner", "Steward", "Comes from", "Goes to")
NAMED_MAX = 3
TO_FOCUS = """document.querySelector(".map .focus")?.scrollIntoView({
    inline: "center", block: "nearest"})"""
"""On a phone the picture is wider than the screen."""

ASSETS_MAX = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; "" asks for all.

    Attributes:
        focus: KIND:ID, or an id that only one thing has.
        hops: A key of `HOPS`.
        kind: A kind, for the table.
        find: A part of a name or id, for the table.
        after: The last key of the page before of the table.
    """

    focus: str = ""
    hops: str = ""
    kind: str = ""
    find: str = ""
    after: str = ""

    def but(self, **other: str) -> str:
        """Return the address that asks for something else besides."""
        told = asdict(self) | {"after": ""} | other
        return f"{PATH}?{urlencode({name: value for name, value in told.items() if value})}"


def asked(query: Mapping[str, str]) -> Asked:
    """Return what an address asks for.

    Raises:
        RefusedError: a value is too long, no kind or no number of steps.
    """
    allowed = {"hops": tuple(HOPS), "kind": tuple(COLUMNS)}
    return Asked(*given(query, ("focus", "hops", "kind", "find", "after"), allowed))


def draw(register: Register, query: Mapping[str, str]) -> Drawn:
    """Read and draw what an address asks for.

    Raises:
        RefusedError: nothing on the map is in focus, or several things are.
    """
    wanted = asked(query)
    now = latest(register)
    if not wanted.focus:
        return _whole(now, wanted)
    key = resolved(now.graph, wanted.focus)
    with register.database.reading() as connection:
        assets = _assets(connection, now, key)
        channels = _channels(now, key)
        graded = [quality.card(quality.load(connection, channels))] if channels else []
    return _around(now, key, wanted, register.now_ms(), assets, graded)


def _whole(now: World, wanted: Asked) -> Drawn:
    def href(box: Box) -> str:
        return wanted.but(kind=box.kind, find="") if box.is_count else address(box.key)

    drawn = svg(now.once("picture", lambda: picture(now.graph)), "", {}, href)
    board = way("resources", "The board of data resources in Grafana")
    parts = [_form(wanted), drawn, _table(now.graph, now.keys, wanted), board]
    return Drawn("Map of data resources", Markup.join_all(parts))


def _around(
    now: World,
    key: str,
    wanted: Asked,
    now_ms: int,
    assets: Sequence[tuple[str, str]],
    graded: Sequence[Markup],
) -> Drawn:
    whole, thing = now.graph, now.graph.things[key]
    around, keys = _near(now, key, int(wanted.hops or HOPS_MAX))
    broken = impact(whole, key)
    marks = {hit.key: "lost" if hit.lost else "less" for hit in broken.items}

    def href(box: Box) -> str:
        return wanted.but(kind=box.kind, find="") if box.is_count else address(box.key)

    entry = next((one for one in now.resources if one.id == thing.resource), None)
    runs = next((one for one in now.nodes if key == f"node:{one.id}"), None)
    cards = [
        answers(thing, entry, assets, runs, now_ms),
        missing(_findings(now, key, now_ms)),
        breaks(broken),
        *graded,
    ]
    parts = [
        _form(wanted),
        svg(around, key, marks, href),
        tag("div.asset", *cards),
        _table(whole, keys, wanted),
    ]
    return Drawn(f"{called(thing)} on the map", Markup.join_all(parts), TO_FOCUS)


def _near(now: World, key: str, hops: int) -> tuple[Picture, Sequence[str]]:
    """Return what is around a thing, as a picture, and its keys in their order."""

    def found() -> tuple[Picture, Sequence[str]]:
        part, steps = near(now.graph, key, hops)
        return picture(part, steps), sorted(part.things)

    if now.graph.things[key].kind in NUMEROUS:
        return found()
    # A dataset may gather all streams of a city, which takes most of a second to draw.
    return now.once(f"{hops} steps from {key}", found)


def _form(wanted: Asked) -> Markup:
    steps = []
    if wanted.focus:
        steps = [
            tag("input", type="hidden", name_="focus", value=wanted.focus),
            choice("hops", "Up and down", HOPS, wanted.hops),
        ]
    return tag(
        "form.filters",
        *steps,
        line("find", "Name or id has", is_needed=False, value=wanted.find),
        choice("kind", "Kind", KINDS, wanted.kind),
        tag("button.act", "Show", type="submit"),
        tag("a.note", "The whole map", href=PATH) if wanted.focus else "",
        method="get",
        action=PATH,
        aria_label="Filter",
    )


def _table(part: Graph, every: Sequence[str], wanted: Asked) -> Markup:
    keys = _wanted(part, every, wanted)
    rest = keys[bisect_right(keys, wanted.after) :]
    shown = rest[:SHOWN_MAX]
    told = words.count(len(keys), "thing") if keys else "Nothing is like that."
    if 0 < len(shown) < len(keys):
        told += f", {len(shown)} in this table, by kind and id"
    parts = [tag("p.count", told)]
    if shown:
        rows = (_row(part, part.things[key]) for key in shown)
        parts.append(tag("div.card", table("What is on the map", HEADS, rows)))
    if len(rest) > len(shown):
        onward = tag("a.note", "The next ones", href=wanted.but(after=shown[-1]))
        parts.append(tag("div.more", onward))
    return Markup.join_all(parts)


def _wanted(part: Graph, every: Sequence[str], wanted: Asked) -> Sequence[str]:
    """The keys that the filters leave, of all in their order."""
    keys = every
    if wanted.kind:
        keys = [key for key in keys if key.startswith(f"{wanted.kind}:")]
    if wanted.find:
        find, things = wanted.find.lower(), part.things
        keys = [k for k in keys if find in k.lower() or find in things[k].name.lower()]
    return keys


def _row(part: Graph, thing: Thing) -> list[str]:
    return [
        tag("a", called(thing), href=address(thing.key)),
        thing.kind,
        thing.owner or "",
        thing.steward or "",
        _named(part, part.back.get(thing.key, ()), lambda edge: edge.source),
        _named(part, part.onward.get(thing.key, ()), lambda edge: edge.target),
    ]


def _named(part: Graph, edges: Sequence[Edge], end: Callable[[Edge], str]) -> str:
    names = [called(part.things[end(edge)]) for edge in edges[:NAMED_MAX]]
    rest = len(edges) - len(names)
    return ", ".join(names) + (f" and {words.integer(rest)} more" if rest else "")


def _findings(now: World, key: str, now_ms: int) -> list[Finding]:
    at = datetime.fromtimestamp(now_ms / 1_000, UTC)
    return [one for find in FINDINGS.values() for one in find(now, at) if one.key == key]


def _channels(now: World, key: str) -> list[str]:
    """Return the channels of a stream, or of the streams of a device."""
    of = {"stream": [key], "device": [e.target for e in now.graph.onward.get(key, ())]}
    streams = of.get(now.graph.things[key].kind, [])
    return [one.partition(":")[2].rpartition("@")[0] for one in streams]


def _assets(connection: Connection, now: World, key: str) -> list[tuple[str, str]]:
    """Return id and name of the assets that a device or stream tells of."""
    query = (
        select(asset.c.id, asset.c.name)
        .join(link, link.c.asset == asset.c.id)
        .where(link.c.channel.in_(_channels(now, key)), link.c.valid_to_ms.is_(None))
        .distinct()
        .order_by(asset.c.id)
        .limit(ASSETS_MAX)
    )
    return [(one, name) for one, name in connection.execute(query)]


async def build_map(register: Register | None, request: Request) -> Response | None:
    """Build the page for a browser tab."""
    query = dict(request.query_params)
    return await show(register, request, (PATH, "Map"), lambda held: draw(held, query))
