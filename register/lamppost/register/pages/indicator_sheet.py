"""The page `/indicators/ID`: one value with all that it follows from."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response

from lamppost.register import words
from lamppost.register.access import callers
from lamppost.register.indicators.computing import Inputs
from lamppost.register.indicators.kept import Known
from lamppost.register.indicators.signing import SignOff, signatures
from lamppost.register.indicators.values import Definition, Period, Value
from lamppost.register.markup import Markup, tag
from lamppost.register.pages import (
    indicator_aims,
    indicator_kept,
    indicator_signing,
    map_focus,
)
from lamppost.register.pages.boards import way
from lamppost.register.pages.deeds import Asked
from lamppost.register.pages.forms import line
from lamppost.register.pages.history_svg import svg
from lamppost.register.pages.indicator_aims import Aim
from lamppost.register.pages.indicator_list import (
    PATH,
    address,
    share,
    status_chip,
    value_text,
    within,
)
from lamppost.register.pages.indicator_values import (
    asked_definition,
    asked_period,
    history,
    one_value,
)
from lamppost.register.pages.places import given
from lamppost.register.pages.sheets import facts as told_facts
from lamppost.register.pages.sheets import note, part, scrolled, table
from lamppost.register.pages.showing import Drawn, show
from lamppost.register.records.store import Register
from lamppost.register.records.writing import Writer

EVIDENCE = "/api/v1/indicators/{}/evidence"
VERIFY = tag("code", "lamppost register verify")
HISTORY_HEADS = ("Period", "Value", "What it is", "Coverage", "Days")


def draw(
    register: Register,
    one: str,
    query: Mapping[str, str],
    field: Markup,
    *,
    names: bool,
    aims: bool,
) -> Drawn:
    """Read and draw the sheet of an indicator.

    Args:
        register: Where the records are.
        one: Id of the indicator.
        query: Of the address.
        field: The hidden field of a form that posts.
        names: Whether who makes a pack must say a name.
        aims: Whether who looks may sign it, and decide what it shall be.

    Raises:
        RefusedError: there is no such indicator or period.
    """
    (told,) = given(query, ("period",), {})
    definition, period = asked_definition(one), asked_period(register, told)
    known = one_value(register, definition, period)
    value = known.value
    with register.database.reading() as connection:
        before = indicator_kept.kept(connection, value)
        signed = signatures(connection, value)
    aim = indicator_aims.aims(register).get(one)
    acts = [indicator_aims.buttons(definition, aim)] if aims else []
    cards = [
        _value(known, definition, aim, acts, register.now_ms()),
        _rule(definition),
        _evidence(value, field, signed, register.now_ms(), names=names, signs=aims),
        indicator_kept.card(value, *before, register.now_ms()),
        _history(history(register, definition, period), aim),
        _inputs(known.first, value.assets),
    ]
    asks = [indicator_aims.questions(definition, aim), indicator_signing.questions(signed)]
    parts = [_form(one, period), within(register), tag("div.asset", *cards)]
    parts += asks if aims else []
    return Drawn(definition.title, Markup.join_all(parts))


def _form(one: str, period: Period) -> Markup:
    return tag(
        "form.filters",
        line("period", "Month or year", is_needed=False, value=period.name),
        tag("button.act", "Show", type="submit"),
        tag("a.note", "All indicators", href=f"{PATH}?period={period.name}"),
        method="get",
        action=f"{PATH}/{quote(one, safe='')}",
        aria_label="Period",
    )


def _value(
    known: Known,
    definition: Definition,
    aim: Aim | None,
    acts: Sequence[Markup],
    now_ms: int,
) -> Markup:
    value = known.value
    big = tag("p.entry.figure", tag("b", value_text(value)), " ", status_chip(value))
    why = [tag("p.entry", f"Not reported: {value.reason}.")] if value.reason else []
    numbers = {
        "Numerator": None if value.numerator is None else words.number(value.numerator),
        "Denominator": None if value.denominator is None else words.number(value.denominator),
        "Target": indicator_aims.told(value, aim),
        "Baseline": None if aim is None else words.number(aim.baseline),
        "Aimed at by": None if aim is None else aim.basis,
        "Coverage": f"{share(value.coverage)} of the assets; {share(definition.gate)} needed",
        "Days": f"{share(value.completeness)} of the days",
        "Assets": words.integer(value.assets),
        "Quality": value.quality,
        "Computed": words.moment(known.made_ms, now_ms),
    }
    return part(f"In {value.period}", big, *why, told_facts(numbers), *acts)


def _rule(definition: Definition) -> Markup:
    standard, _, number = definition.id.partition(":")
    told = {
        "Standard": standard,
        "Number": number,
        "Formula": definition.formula,
        "Looks at": ", ".join(definition.of),
        "Trap": definition.trap,
    }
    there = map_focus.address(f"indicator:{definition.id}")
    onward = tag("a", "What feeds it, on the map", href=there)
    board = way("indicators", "Its board in Grafana", indicator=definition.id)
    return part("How it is computed", told_facts(told), tag("p.entry", onward), board)


def _evidence(
    value: Value,
    field: Markup,
    signed: Sequence[SignOff],
    now_ms: int,
    *,
    names: bool,
    signs: bool,
) -> Markup:
    name = [line("by", "Who makes it", is_needed=True)] if names else []
    form = tag(
        "form.filters.entry",
        field,
        tag("input", type="hidden", name_="period", value=value.period),
        *name,
        tag("button.act", "Make the evidence pack", type="submit"),
        method="post",
        action=EVIDENCE.format(quote(value.indicator, safe="")),
    )
    told = (
        "SHA-256 over definition, period, facts of the city and every input; computed again "
        "from the same, it is the same."
    )
    return part(
        "Lineage and evidence",
        tag("p.entry", tag("code.hash", value.lineage)),
        note(told),
        indicator_signing.told(signed, now_ms),
        *([indicator_signing.buttons(value, signed)] if signs else []),
        form,
        tag("p.entry.note", "A ZIP for an auditor; ", VERIFY, " checks it by itself alone."),
    )


def _history(values: Sequence[Value], aim: Aim | None) -> Markup:
    rows = [
        [
            tag("a", one.period, href=address(one.indicator, one.period)),
            value_text(one),
            one.reason or {"synthetic": "made up, no evidence"}.get(one.status, one.status),
            share(one.coverage),
            share(one.completeness),
        ]
        for one in reversed(values)
    ]
    told = "Filled: measured. Hollow: made up, no evidence. NR: not reported."
    lines = None
    if aim is not None:
        told += " Dashed: the target. Dotted: the baseline."
        lines = (aim.baseline, aim.goal)
    listed = table("History", HISTORY_HEADS, rows)
    return part("History", scrolled(svg(values, lines), "History"), note(told), listed)


def _inputs(first: Inputs, assets: int) -> Markup:
    title = f"Inputs: {words.count(assets, 'asset')}"
    if not first:
        return part(title, note("No asset is behind it."))
    told = [asdict(one) for one in first]
    names = [name for name in told[0] if name != "asset"]
    heads = ["Asset", *(name.replace("_", " ").capitalize() for name in names)]
    rows = [[_asset(one["asset"]), *(_cell(one[name]) for name in names)] for one in told]
    rest = assets - len(told)
    more = [note(f"And {words.integer(rest)} more, all of them in the pack.")] if rest else []
    return part(title, table("Inputs", heads, rows), *more)


def _asset(one: str) -> Markup:
    return tag("a", one, href=f"/assets/{quote(one, safe='')}")


def _cell(value: Any) -> str:  # noqa: ANN401 - a field of an input
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return words.number(value)
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value)


async def build_sheet(register: Register | None, request: Request, one: str) -> Response | None:
    """Build the page for a browser tab."""
    query, field = dict(request.query_params), callers.csrf_field(request)
    names, aims = callers.of(request).name is None, callers.may_act(request)

    def drawn(held: Register) -> Drawn:
        return draw(held, one, query, field, names=names, aims=aims)

    def decided(writer: Writer, who: str, wanted: Asked) -> str:
        if wanted.deed == indicator_signing.DEED and register is not None:
            return indicator_signing.done(register, writer, who, one, query, wanted)
        return indicator_aims.done(writer, asked_definition(one), wanted)

    return await show(register, request, (f"{PATH}/{quote(one)}", "Indicator"), drawn, decided)
