"""The page `/reviews`: what a steward has to look at, and saying that it is done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import TypeVar
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import Response

from lamppost.register import words
from lamppost.register.access import callers
from lamppost.register.markup import Markup, tag
from lamppost.register.pages.forms import select as choice
from lamppost.register.pages.places import SHOWN_MAX, given
from lamppost.register.pages.review_deeds import done
from lamppost.register.pages.review_parts import PATH, alike, questions, section
from lamppost.register.pages.sheets import note, part
from lamppost.register.pages.showing import Drawn, show
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register
from lamppost.register.resources import findings, reading
from lamppost.register.resources.duplicates import Duplicates
from lamppost.register.resources.findings import Finding
from lamppost.register.resources.latest import latest
from lamppost.register.resources.loading import World

T = TypeVar("T")

EVERYBODY = "*"
SOON_DAYS = 30
FIRST = 8
"""Lines of each part while all of them are shown."""

RADII = {"25": "25 m", "50": "50 m", "100": "100 m", "500": "500 m"}
RADIUS_M = "50"
ORPHANS, DUPLICATES = "orphans", "duplicates"

Find = Callable[[World, date], list[Finding]]

PARTS: Mapping[str, tuple[str, Find]] = {
    "overdue": (
        "Reviews that are overdue",
        lambda now, at: findings.overdue(now.resources, at),
    ),
    "soon": (
        f"Reviews due within {SOON_DAYS} days",
        lambda now, at: findings.due(now.resources, at, SOON_DAYS),
    ),
    "ending": (
        "Support and contracts that end",
        lambda now, at: findings.ending(now.resources, at, reading.ENDING_DAYS),
    ),
    ORPHANS: ("Nobody answers, or in no dataset", lambda now, _: reading.orphans(now)),
    "unused": ("Nobody uses them", lambda now, _: reading.unused(now)),
    "firmware": (
        "Nodes with old firmware",
        lambda now, at: findings.firmware(now.nodes, now.resources, _noon_ms(at)),
    ),
    "unknown_assets": (
        "They tell of assets that are not here",
        lambda now, _: findings.strangers(now.strangers),
    ),
}
"""By the word in the address: the heading, and what looks for it."""


def _noon_ms(day: date) -> int:
    return round(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp() * 1_000)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for.

    Attributes:
        steward: Whose task it is; `EVERYBODY` for all.
        what: A key of `PARTS` or `DUPLICATES`; "" for all, the first of each.
        radius_m: How near duplicates are; a key of `RADII`.
        after: How many lines the pages before had.
    """

    steward: str = EVERYBODY
    what: str = ""
    radius_m: str = RADIUS_M
    after: int = 0

    def but(self, **other: object) -> str:
        """Return the address that asks for something else besides."""
        return f"{PATH}?{urlencode(asdict(self) | {'after': 0} | other)}"


def filters(query: Mapping[str, str], who: str | None) -> Filters:
    """Return what an address asks for.

    Args:
        query: Of the address.
        who: Whose tasks are shown when it does not say.

    Raises:
        RefusedError: a value is none that may be asked for.
    """
    allowed = {"what": (*PARTS, DUPLICATES), "radius_m": tuple(RADII)}
    names = ("steward", "what", "radius_m", "after")
    steward, what, radius_m, after = given(query, names, allowed)
    if after and not (after.isascii() and after.isdigit() and len(after) <= 9):
        raise RefusedError(f"after: came {after[:40]!r}, allowed: a number")
    return Filters(
        steward or who or EVERYBODY, what, radius_m or RADIUS_M, int(after) if after else 0
    )


def draw(
    register: Register,
    query: Mapping[str, str],
    who: str | None = None,
    *,
    may_act: bool = True,
) -> Drawn:
    """Read and draw what an address asks for.

    Args:
        register: Where the records are.
        query: Of the address.
        who: Who has signed in; a steward sees first what is theirs.
        may_act: Whether the buttons are for them.
    """
    now = latest(register)
    wanted = filters(query, who if who in _stewards(now) else None)
    today = datetime.fromtimestamp(register.now_ms() / 1_000, UTC).date()
    shown = [wanted.what] if wanted.what else [*PARTS, DUPLICATES]
    parts = list[Markup]()
    for name in shown:
        if name == DUPLICATES:
            found = reading.alike(register, now, float(wanted.radius_m))
            parts.append(_alike(found, wanted, now))
        else:
            title, find = PARTS[name]
            mine = _mine(name, find(now, today), wanted)
            parts.append(_found(name, title, mine, wanted, now, may_act=may_act))
    more = tag("a.note", "All parts", href=wanted.but(what="")) if wanted.what else ""
    body = [_form(wanted, now), tag("div.parts", *parts), tag("div.more", more)]
    body += [questions()] if may_act else []
    return Drawn("Reviews", Markup.join_all(body))


def _stewards(now: World) -> list[str]:
    return sorted({one.steward for one in now.resources if one.steward})


def _mine(name: str, found: Sequence[Finding], wanted: Filters) -> list[Finding]:
    """What is a steward's, and what has none: nobody else would ever see it."""
    if wanted.steward == EVERYBODY:
        return list(found)
    whose = (wanted.steward, None) if name == ORPHANS else (wanted.steward,)
    return [one for one in found if one.steward in whose]


def _found(
    name: str,
    title: str,
    found: Sequence[Finding],
    wanted: Filters,
    now: World,
    *,
    may_act: bool,
) -> Markup:
    lines = _window(found, wanted)
    head = f"{title}: {words.integer(len(found))}"
    if not lines:
        return part(head, note("Nothing to do."))
    return part(
        head,
        section(title, name if may_act else "", lines, now),
        *_onward(name, len(found), wanted),
    )


def _alike(found: Duplicates, wanted: Filters, now: World) -> Markup:
    pairs = found.pairs
    if wanted.steward != EVERYBODY:
        mine = {one.about for one in now.resources if one.steward == wanted.steward}
        pairs = tuple(pair for pair in pairs if {pair.first, pair.second} & mine)
    head = f"Streams that may measure the same: {words.integer(len(pairs))}"
    compared = (
        f"Streams of one measurand and unit whose assets are within {wanted.radius_m} m; "
        f"{words.integer(found.placed)} of {words.integer(found.streams)} streams have a "
        f"place. {words.integer(found.unlike)} more are as near, but their days do not move "
        "together."
    )
    lines = _window(pairs, wanted)
    listed = [alike(lines, pairs)] if lines else []
    onward = _onward(DUPLICATES, len(pairs), wanted)
    return part(head, note(compared), *listed, *onward)


def _window(found: Sequence[T], wanted: Filters) -> Sequence[T]:
    if not wanted.what:
        return found[:FIRST]
    return found[wanted.after : wanted.after + SHOWN_MAX]


def _onward(name: str, total: int, wanted: Filters) -> list[Markup]:
    shown = wanted.after + SHOWN_MAX if wanted.what else FIRST
    if total <= shown:
        return []
    told = "The next ones" if wanted.what else f"All {words.integer(total)}"
    href = wanted.but(what=name, after=shown if wanted.what else 0)
    return [tag("p.entry", tag("a", told, href=href))]


def _form(wanted: Filters, now: World) -> Markup:
    named = {EVERYBODY: "Everybody", **{one: one for one in _stewards(now)}}
    named.setdefault(wanted.steward, wanted.steward)
    kept = tag("input", type="hidden", name_="what", value=wanted.what) if wanted.what else ""
    return tag(
        "form.filters",
        kept,
        choice("steward", "Steward", named, wanted.steward),
        choice("radius_m", "Duplicates within", RADII, wanted.radius_m),
        tag("button.act", "Show", type="submit"),
        method="get",
        action=PATH,
        aria_label="Filter",
    )


async def build_reviews(register: Register | None, request: Request) -> Response | None:
    """Build the page for a browser tab."""
    query = dict(request.query_params)
    caller = callers.of(request)
    who = caller.name
    may_act = callers.may_act(request) and caller.districts is None  # theirs lie in none

    def drawn(held: Register) -> Drawn:
        return draw(held, query, who, may_act=may_act)

    return await show(register, request, (PATH, "Reviews"), drawn, done)
