"""The page `/use`: what was used of energy and water, against baseline and target."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response

from lamppost.register import words
from lamppost.register.access import callers
from lamppost.register.condition import use
from lamppost.register.condition.values import RESOURCES, Used
from lamppost.register.days.day import DAY_MS
from lamppost.register.markup import Markup, tag
from lamppost.register.pages import use_aims
from lamppost.register.pages.boards import way
from lamppost.register.pages.forms import select as choice
from lamppost.register.pages.indicator_list import share
from lamppost.register.pages.places import SHOWN_MAX, given
from lamppost.register.pages.sheets import note, part, table
from lamppost.register.pages.showing import Drawn, show
from lamppost.register.pages.use_aims import Aim
from lamppost.register.records.store import Register

PATH = "/use"
TITLE = "Use of energy and water"
BY = {"class": "Class of assets", "asset": "Asset", "district": "District"}
DAYS = {"7": "The last 7 days", "30": "The last 30 days", "90": "The last 90 days"}
HEADS = ("Used a day", "Target a day", "Against the baseline", "Metered")


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for.

    Attributes:
        resource: A key of `RESOURCES`.
        by: A key of `BY`.
        days: A key of `DAYS`.
    """

    resource: str = "energy"
    by: str = "class"
    days: str = "7"


def filters(query: Mapping[str, str]) -> Filters:
    """Return what an address asks for.

    Raises:
        RefusedError: a value is none that may be asked for.
    """
    allowed = {"resource": (*RESOURCES,), "by": (*BY,), "days": (*DAYS,)}
    resource, by, days = given(query, ("resource", "by", "days"), allowed)
    return Filters(resource or "energy", by or "class", days or "7")


def draw(register: Register, query: Mapping[str, str], *, may_act: bool = False) -> Drawn:
    """Read and draw what an address asks for; the day that runs is not counted.

    Args:
        register: Where the records are.
        query: Of the address.
        may_act: Whether who looks decides on targets.

    Raises:
        RefusedError: a value is none that may be asked for.
    """
    wanted = filters(query)
    to_ms = register.now_ms() // DAY_MS * DAY_MS
    from_ms = max(to_ms - int(wanted.days) * DAY_MS, 0)
    with register.database.reading() as connection:
        found = use.used(connection, wanted.resource, wanted.by, from_ms, to_ms)
        aims = use_aims.aims(connection, wanted.by, wanted.resource)
    # Only a whole city decides on what a class may use.
    acts = may_act and not (register.boundary is not None and wanted.by == "class")
    ranked = sorted(found, key=_order)
    shown = ranked[:SHOWN_MAX]
    parts = [_form(wanted), tag("p.count", _said(found, wanted))]
    parts.append(tag("div.parts", *_cards(shown, len(found), aims, wanted, acts=acts)))
    parts.append(way("resources", "The board of energy and water in Grafana"))
    if acts:
        named = [one.part for one in shown if one.part in aims]
        parts.append(use_aims.questions(wanted.resource, [aims[one] for one in named]))
    return Drawn(TITLE, Markup.join_all(parts))


def _order(one: Used) -> tuple[bool, float, float, str]:
    """What misses its target stands first, by how much; then what uses most."""
    return (one.on_track is not False, -_over(one), -one.per_day, one.part)


def _over(one: Used) -> float:
    """By which part of the target it is missed; 0 when it is not."""
    if one.on_track is not False or one.goal is None:
        return 0.0
    return (one.per_day - one.goal) / one.goal if one.goal > 0 else one.per_day


def _said(found: Sequence[Used], wanted: Filters) -> str:
    aimed = [one for one in found if one.on_track is not None]
    missed = sum(one.on_track is False for one in aimed)
    span = DAYS[wanted.days].lower()
    if not found:
        return f"Nothing was metered in {span}."
    if not aimed:
        return f"No target is set for any of these, in {span}."
    if len(aimed) == 1:
        return f"The only target is {'missed' if missed else 'met'} in {span}."
    of = words.count(len(aimed), "target")
    if not missed:
        return f"All {of} are met in {span}."
    verb = "is" if missed == 1 else "are"
    return (
        f"{words.integer(missed)} of {of} {verb} missed in {span}; what misses most is first."
    )


def _cards(
    shown: Sequence[Used], total: int, aims: Mapping[str, Aim], wanted: Filters, *, acts: bool
) -> Iterator[Markup]:
    heads = (BY[wanted.by], *HEADS, *(["Change"] if acts else []))
    if shown:
        rows = (_row(one, aims.get(one.part), wanted, acts=acts) for one in shown)
        rest = total - len(shown)
        more = [note(f"And {words.integer(rest)} more, which use less.")] if rest else []
        more += [use_aims.other(wanted.by, wanted.resource)] if acts else []
        yield part(f"{wanted.resource.capitalize()}, a day",
                   table("What was used", heads, rows), *more)  # fmt: skip
    metered = {one.part for one in shown}
    silent = [aim for subject, aim in aims.items() if subject not in metered]
    if silent and total <= SHOWN_MAX:
        told = [
            [
                one.subject,
                _target(one.goal, wanted),
                one.basis,
                *use_aims.buttons(one, acts=acts),
            ]
            for one in silent[:SHOWN_MAX]
        ]
        yield part(
            "Targets of which nothing was metered",
            table("Not metered", (BY[wanted.by], "Target a day", "Where it comes from",
                                  *(["Change"] if acts else [])), told),
        )  # fmt: skip
    if acts and not shown:
        yield part("Targets", use_aims.other(wanted.by, wanted.resource))


def _row(one: Used, aim: Aim | None, wanted: Filters, *, acts: bool) -> list[str]:
    cells = [
        _named(one, wanted),
        tag("b", _amount(one.per_day, one.unit)),
        _aimed(one, aim, wanted),
        _against(one),
        _metered(one),
    ]
    if acts:
        asked = aim or Aim("", wanted.by, one.part, wanted.resource, 0.0, 0.0, "")
        cells += use_aims.buttons(asked, acts=acts) if one.part else [""]
    return cells


def _named(one: Used, wanted: Filters) -> str:
    if wanted.by == "asset":
        return tag("a", one.part, href=f"/assets/{quote(one.part, safe='')}")
    return tag("b", one.part or "none is said")


def _aimed(one: Used, aim: Aim | None, wanted: Filters) -> Markup:
    if aim is None or one.on_track is None:
        return tag("span.sub", "none is set")
    chip = tag("span.chip.good", "met")
    if not one.on_track:
        by = f"missed by {share(_over(one))}" if aim.goal > 0 else "missed"
        chip = tag("span.chip.bad", by)
    told = [Markup(tag("span", _target(aim.goal, wanted))), Markup(" "), chip]
    return Markup.join_all([*told, tag("p.sub", aim.basis)])


def _against(one: Used) -> str:
    if one.baseline is None or one.saved is None:
        return ""
    less = "less" if one.saved >= 0 else "more"
    return f"{share(abs(one.saved))} {less} than {_amount(one.baseline, one.unit)}"


def _metered(one: Used) -> str:
    return f"{words.integer(one.days)} of {words.count(one.days_expected, 'day')}"


def _target(goal: float, wanted: Filters) -> str:
    return _amount(goal, RESOURCES[wanted.resource])


def _amount(value: float, unit: str) -> str:
    return f"{words.number(value)} {words.unit(unit)}"


def _form(wanted: Filters) -> Markup:
    return tag(
        "form.filters",
        choice("resource", "Of", {one: one.capitalize() for one in RESOURCES}, wanted.resource),
        choice("by", "By", BY, wanted.by),
        choice("days", "In", DAYS, wanted.days),
        tag("button.act", "Show", type="submit"),
        method="get",
        action=PATH,
        aria_label="Filter",
    )


async def build_use(register: Register | None, request: Request) -> Response | None:
    """Build the page for a browser tab."""
    query = dict(request.query_params)
    may_act = callers.may_act(request)

    def drawn(held: Register) -> Drawn:
        return draw(held, query, may_act=may_act)

    return await show(register, request, (PATH, TITLE), drawn, use_aims.done)
