"""The page `/indicators`: what the city can show in a period, and what it cannot, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor
from urllib.parse import quote, urlencode

from fastapi import Request
from starlette.responses import Response

from lamppost.register import words
from lamppost.register.indicators.definitions import definitions
from lamppost.register.indicators.values import Status, Value
from lamppost.register.markup import Markup, tag
from lamppost.register.pages.boards import way
from lamppost.register.pages.forms import line
from lamppost.register.pages.forms import select as choice
from lamppost.register.pages.indicator_aims import aims
from lamppost.register.pages.indicator_aims import told as told_aim
from lamppost.register.pages.indicator_values import all_values, asked_period
from lamppost.register.pages.places import given
from lamppost.register.pages.sheets import table
from lamppost.register.pages.showing import Drawn, show
from lamppost.register.records.store import Register

PATH = "/indicators"
HEADS = ("Indicator", "Value", "Target", "Coverage", "Days", "Assets", "Quality of the data")
STATUS_TEXTS: Mapping[str, str] = {
    "": "All",
    "measured": "Measured",
    "synthetic": "Made up, no evidence",
    "NR": "Not reported",
}
ROUNDING = 1e-9
"""0.29 x 100 is a bit less than 29."""

CHIPS: Mapping[Status, str] = {"measured": "good", "synthetic": "stale", "NR": "bad"}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; "" asks for all, and for the last month that is over."""

    period: str = ""
    standard: str = ""
    status: str = ""


def draw(register: Register, query: Mapping[str, str]) -> Drawn:
    """Read and draw what an address asks for.

    Raises:
        RefusedError: a value is none that may be asked for.
    """
    standards = sorted({_standard(one) for one in definitions()})
    allowed = {"standard": standards, "status": tuple(STATUS_TEXTS)}
    wanted = Filters(*given(query, ("period", "standard", "status"), allowed))
    period = asked_period(register, wanted.period)
    made_ms, every = all_values(register, period)
    made = words.moment(made_ms, register.now_ms())
    shown = [
        one
        for one in every
        if wanted.standard in ("", _standard(one.indicator))
        and wanted.status in ("", one.status)
    ]
    measured = sum(one.status == "measured" for one in every)
    told = (
        f"{measured} of {words.count(len(every), 'indicator')} are measured in {period.name}; "
        f"NR is not reported, which is never zero. Computed {made}."
    )
    parts = [_form(wanted, period.name, standards), tag("p.count", told), within(register)]
    if shown:
        goals = aims(register)
        rows = (_row(one, told_aim(one, goals.get(one.indicator))) for one in shown)
        listed = table("Indicators", HEADS, rows)
        parts.append(tag("div.card", listed))
    else:
        parts.append(tag("p.count", "No indicator is like that."))
    parts.append(way("indicators", "The board of indicators in Grafana"))
    return Drawn(f"Indicators in {period.name}", Markup.join_all(parts))


def within(register: Register) -> Markup:
    """Return the remark that what is shown is not the whole city's, where that is so."""
    if register.boundary is None:
        return Markup("")
    places = ", ".join(sorted(register.boundary.districts))
    told = f"Only what lies in {places}; the facts of the city are those of all of it."
    return tag("p.count", told)


def address(indicator: str, period: str) -> str:
    """Return the address of an indicator's sheet."""
    return f"{PATH}/{quote(indicator, safe='')}?{urlencode({'period': period})}"


def value_text(one: Value) -> str:
    """Return a value with its unit, or "NR"."""
    if one.value is None:
        return "NR"
    unit = words.unit(one.unit)
    return f"{words.number(one.value)} {unit}".rstrip()


def status_chip(one: Value) -> Markup:
    """Return in a word what a value is worth."""
    return tag(f"span.chip.{CHIPS[one.status]}", STATUS_TEXTS[one.status])


def share(part: float) -> str:
    """Return a share in per cent; what is nearly all is not all."""
    return f"{floor(part * 100 + ROUNDING)}{words.NARROW}%"


def _row(one: Value, goal: str) -> Sequence[str]:
    title = definitions()[one.indicator].title
    named = tag("a", title, href=address(one.indicator, one.period))
    told = [tag("b", value_text(one)), Markup(" "), status_chip(one)]
    if one.reason:
        told.append(tag("p.sub", one.reason))
    return [
        Markup.join_all([named, Markup(" "), tag("span.sub", one.indicator)]),
        Markup.join_all(told),
        goal,
        share(one.coverage),
        share(one.completeness),
        words.integer(one.assets),
        one.quality,
    ]


def _standard(indicator: str) -> str:
    return indicator.partition(":")[0]


def _form(wanted: Filters, period: str, standards: Sequence[str]) -> Markup:
    named = {"": "All standards", **{one: one for one in standards}}
    return tag(
        "form.filters",
        line("period", "Month or year", is_needed=False, value=wanted.period or period),
        choice("standard", "Standard", named, wanted.standard),
        choice("status", "Status", STATUS_TEXTS, wanted.status),
        tag("button.act", "Show", type="submit"),
        method="get",
        action=PATH,
        aria_label="Filter",
    )


async def build_indicators(register: Register | None, request: Request) -> Response | None:
    """Build the page for a browser tab."""
    query = dict(request.query_params)
    return await show(register, request, (PATH, "Indicators"), lambda held: draw(held, query))
