"""The page `/next`: what to do next, the most pressing first, and why it stands there."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from urllib.parse import quote, urlencode

from fastapi import Request
from starlette.responses import Response

from lamppost.register import words
from lamppost.register.alarms.priority import WORDS, priority_of
from lamppost.register.condition.next import EACH_MAX, SEVERITIES, what_next
from lamppost.register.condition.values import Next
from lamppost.register.markup import Markup, tag
from lamppost.register.pages.places import (
    SHOWN_MAX,
    district_choice,
    districts,
    given,
    names,
    theirs,
)
from lamppost.register.pages.sheets import part, table
from lamppost.register.pages.showing import Drawn, show
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register

PATH = "/next"
TITLE = "What to do next"
HEADS = ("What to do", "Where", "Priority", "Why it stands here")

DEEDS: Mapping[str, tuple[str, str]] = {
    "alarm": ("See to the alarm at", "Alarms without work"),
    "overdue_work": ("Finish the work at", "Late work"),
    "capacity": ("Plan more capacity for", "Headroom that ends"),
    "condition": ("Inspect", "Poor condition"),
    "gap": ("Measure what is missing at", "Not measured"),
    "calibration": ("Calibrate a channel of", "Calibrations overdue"),
}
"""By kind: what is to be done, and what all of the kind are called."""

TONES = {1: "bad", 2: "sensor_fault", 3: "stale", 4: "stale"}
"""By priority; the word stands beside."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; "" asks for all.

    Attributes:
        kind: A key of `DEEDS`.
        district: A district.
        after: How many lines the pages before had.
    """

    kind: str = ""
    district: str = ""
    after: int = 0

    def but(self, **other: object) -> str:
        """Return the address that asks for something else besides."""
        told = asdict(self) | {"after": 0} | other
        asked = urlencode({name: value for name, value in told.items() if value})
        return f"{PATH}?{asked}" if asked else PATH


def filters(query: Mapping[str, str]) -> Filters:
    """Return what an address asks for.

    Raises:
        RefusedError: a value is none that may be asked for.
    """
    kind, district, after = given(query, ("kind", "district", "after"), {"kind": (*DEEDS,)})
    if after and not (after.isascii() and after.isdigit() and len(after) <= 9):
        raise RefusedError(f"after: came {after[:40]!r}, allowed: a number")
    return Filters(kind, district, int(after) if after else 0)


def draw(register: Register, query: Mapping[str, str]) -> Drawn:
    """Read and draw what an address asks for.

    Raises:
        RefusedError: a value is none that may be asked for.
    """
    wanted = filters(query)
    now_ms = register.now_ms()
    of = theirs(register, wanted.district)
    with register.database.reading() as connection:
        every = what_next(connection, now_ms, EACH_MAX * len(DEEDS), of)
        found = [one for one in every if wanted.kind in ("", one.kind)]
        shown = found[wanted.after : wanted.after + SHOWN_MAX]
        named = names(connection, [one.asset for one in shown if one.asset])
    parts = [
        _form(wanted, districts(register)),
        _kinds(wanted, Counter(one.kind for one in every)),
        tag("p.count", _counted(found, wanted, now_ms)),
    ]
    if shown:
        rows = (_row(number, one, named) for number, one in enumerate(shown, wanted.after + 1))
        parts.append(tag("div.card.next", table(TITLE, HEADS, rows)))
    parts.append(tag("div.more", *_onward(len(found), wanted)))
    parts.append(tag("div.parts", _legend()))
    return Drawn(TITLE, Markup.join_all(parts))


def _counted(found: Sequence[Next], wanted: Filters, now_ms: int) -> str:
    if not found:
        return f"Nothing of this is to be done, as of {words.clock(now_ms)}."
    total = words.count(len(found), "thing")
    first = wanted.after + 1
    last = min(wanted.after + SHOWN_MAX, len(found))
    shown = "" if last - first + 1 == len(found) else f", {first} to {last} on this page"
    return f"{total} to do{shown}, the most pressing first; as of {words.clock(now_ms)}."


def _kinds(wanted: Filters, counts: Counter[str]) -> Markup:
    """How many there are of each kind, as a way to those alone."""
    told = []
    for kind in ("", *DEEDS):
        count = counts[kind] if kind else counts.total()
        if kind and not count:
            continue
        named = DEEDS[kind][1] if kind else "All"
        many = f"{words.integer(count)}{' or more' if kind and count >= EACH_MAX else ''}"
        is_here = "page" if kind == wanted.kind else None
        link = tag("a", f"{named} ", tag("b", many), href=wanted.but(kind=kind),
                   aria_current=is_here)  # fmt: skip
        told.append(link)
    return tag("nav.ways.kinds", *told, aria_label="Kinds of things to do")


def _row(number: int, one: Next, named: Mapping[str, tuple[str, str]]) -> list[str]:
    priority = priority_of(one.score)
    name, district = named.get(one.asset or "", (one.asset or "no asset that is known", ""))
    deed = tag("a", f"{DEEDS[one.kind][0]} {name}", href=_goes(one))
    return [
        Markup.join_all([tag("b", f"{number}. ", deed), tag("p.sub", one.what)]),
        _where(one, district),
        tag(f"span.chip.{TONES[priority]}", f"{WORDS[priority]} {one.score:.2f}"),
        one.arithmetic,
    ]


def _goes(one: Next) -> str:
    """Where it is done."""
    if one.kind == "alarm":
        return f"/alarms?{urlencode({'incident': one.subject})}"
    if one.kind == "overdue_work":
        return f"/work?{urlencode({'asset': one.asset})}" if one.asset else "/work"
    return _card(one.asset or "")


def _card(one: str) -> str:
    return f"/assets/{quote(one, safe='')}"


def _where(one: Next, district: str) -> Markup:
    told = [tag("span", district or "no district")]
    if one.asset and _goes(one) != _card(one.asset):
        told.append(tag("p.sub", tag("a", one.asset, href=_card(one.asset))))
    if one.subject != one.asset:
        told.append(tag("p.sub", one.subject))
    return Markup.join_all(told)


def _onward(total: int, wanted: Filters) -> list[Markup]:
    told = []
    if wanted.after + SHOWN_MAX < total:
        onward = wanted.but(after=wanted.after + SHOWN_MAX)
        told.append(tag("a.note", "The next ones", href=onward))
    elif wanted != Filters():
        told.append(tag("a.note", "All of it", href=PATH))
    return told


def _legend() -> Markup:
    rows = [[DEEDS[kind][1], severity] for kind, severity in SEVERITIES.items()]
    return part(
        "How it is ranked",
        tag(
            "p.entry.note",
            "Everything by the same multiplication, from 0 to 1: severity x criticality / 5 x "
            "confidence. An asset that nobody has rated counts as 3 of 5.",
        ),
        table("What severity means", ("What", "Severity"), rows),
    )


def _form(wanted: Filters, places: Sequence[str]) -> Markup:
    kept = tag("input", type="hidden", name_="kind", value=wanted.kind) if wanted.kind else ""
    return tag(
        "form.filters",
        kept,
        district_choice(places, wanted.district),
        tag("button.act", "Show", type="submit"),
        method="get",
        action=PATH,
        aria_label="Filter",
    )


async def build_next(register: Register | None, request: Request) -> Response | None:
    """Build the page for a browser tab."""
    query = dict(request.query_params)
    return await show(register, request, (PATH, TITLE), lambda held: draw(held, query))
