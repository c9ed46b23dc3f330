"""The page `/coverage`: what must be measured and is not, and how much is watched."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from fastapi import Request
from starlette.responses import Response

from lamppost.register import words
from lamppost.register.access import callers
from lamppost.register.alarms.priority import CRITICALITY_UNKNOWN
from lamppost.register.condition import coverage, deciding
from lamppost.register.condition.values import Covered, Gap, Lacking
from lamppost.register.markup import Markup, tag
from lamppost.register.pages.deeds import Asked
from lamppost.register.pages.forms import button, line, lines, question
from lamppost.register.pages.forms import select as choice
from lamppost.register.pages.indicator_list import share
from lamppost.register.pages.places import (
    SHOWN_MAX,
    district_choice,
    districts,
    given,
    names,
)
from lamppost.register.pages.sheets import note, part, table
from lamppost.register.pages.showing import Drawn, show
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register
from lamppost.register.records.writing import Writer

PATH = "/coverage"
TITLE = "What is watched"
MISSING = ("Asset", "Not measured", "Why it must be", "District", "Its weight")
REQUIRED = ("Class", "Must be measured", "Missing", "Why")
COVERED = ("Assets", "Metres", "People", "By criticality")


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; "" asks for all."""

    kind: str = ""
    district: str = ""

    def but(self, **other: str) -> str:
        """Return the address that asks for something else besides."""
        told = {"kind": self.kind, "district": self.district} | other
        return f"{PATH}?{urlencode({name: value for name, value in told.items() if value})}"


def draw(register: Register, query: Mapping[str, str], *, may_act: bool = False) -> Drawn:
    """Read and draw what an address asks for.

    Args:
        register: Where the records are.
        query: Of the address.
        may_act: Whether the buttons are for who looks.

    Raises:
        RefusedError: a value is none that may be asked for.
    """
    wanted = Filters(*given(query, ("kind", "district"), {}))
    of = wanted.district or None
    with register.database.reading() as connection:
        every, by_class, by_district = coverage.coverages(connection, of)
        required = coverage.lacking(connection, of)
        total, missing = coverage.gaps(connection, SHOWN_MAX, wanted.kind or None, of)
        named = names(connection, [one.asset for one in missing])
    parts = [_form(wanted, by_class, districts(register))]
    if not every:
        told = f"No asset is in {of}." if of else "There are no assets here yet; import some."
        parts.append(tag("p.count", told))
        return Drawn(TITLE, Markup.join_all(parts))
    lacked = part(
        f"What is missing: {words.integer(total)}", *_missing(total, missing, named, wanted)
    )
    cards = [
        *([lacked] if wanted.kind else []),
        part("What must be measured", *_required(required, wanted, may_act=may_act)),
        *([] if wanted.kind else [lacked]),
        part("Watched, by class", _covered("Class", by_class)),
        part("Watched, by district", _covered("District", by_district)),
    ]
    parts += [_statement(every[0], required), tag("div.parts", *cards)]
    if may_act:
        parts.append(_questions())
    return Drawn(TITLE, Markup.join_all(parts))


def done(writer: Writer, _who: str, wanted: Asked) -> str:
    """Require a measurand, or do so no longer; returns the sentence for success.

    Raises:
        RefusedError: a text is missing, or the deed is none of this page.
    """
    if wanted.deed == "require":
        said = [wanted.said.get(name, "") for name in ("kind", "measurand", "why")]
        deciding.require(writer, *said)
        return f"{said[1].strip()} must be measured at every {said[0].strip()}."
    if wanted.deed == "end":
        deciding.end(writer, "requirement", wanted.record)
        return "It need not be measured any more; the audit trail keeps that it had to be."
    raise RefusedError(f"deed: came {wanted.deed[:40]!r}, allowed: the buttons of this page")


def _statement(whole: Covered, required: Sequence[Lacking]) -> Markup:
    """The four forms of coverage in figures, and what they leave out."""
    missing = sum(one.missing for one in required)
    owed = sum(one.assets for one in required)
    figures = [
        ("Assets watched", share(whole.by_count), _of(whole.monitored, whole.assets, "asset")),
        ("Metres", _share(whole.by_length), _unknown(whole.length_unknown, "length")),
        ("People served", _share(whole.by_population),
         _unknown(whole.population_unknown, "number of people")),
        ("By criticality", share(whole.by_criticality), "weighted 1 to 5"),
        ("Required and measured", _share((owed - missing) / owed if owed else None),
         _of(owed - missing, owed, "requirement")),
    ]  # fmt: skip
    told = [
        tag("div", tag("dt", name), tag("dd", tag("b", figure), tag("span.sub", of)))
        for name, figure, of in figures
    ]
    return tag("dl.card.figures", *told)


def _of(some: int, every: int, noun: str) -> str:
    return f"{words.integer(some)} of {words.count(every, noun)}"


def _unknown(many: int, what: str) -> str:
    return f"{words.count(many, 'asset')} without a {what}" if many else ""


def _share(part_of: float | None) -> str:
    return words.DASH if part_of is None else share(part_of)


def _missing(
    total: int,
    missing: Sequence[Gap],
    named: Mapping[str, tuple[str, str]],
    wanted: Filters,
) -> Iterator[Markup]:
    if not missing:
        of = f" at {wanted.kind}" if wanted.kind else ""
        yield note(f"Nothing that must be measured{of} is missing.")
        return
    shown = "" if len(missing) == total else f"; these are the first {len(missing)}"
    yield note(
        f"The heaviest first{shown}. A channel that is linked to the asset closes a gap."
    )
    yield table("What is missing", MISSING, (_gap(one, named) for one in missing))


def _gap(one: Gap, named: Mapping[str, tuple[str, str]]) -> list[str]:
    name, _ = named.get(one.asset, (one.asset, ""))
    link = tag("a", name, href=f"/assets/{quote(one.asset, safe='')}")
    return [
        Markup.join_all([link, Markup(" "), tag("span.sub", one.asset_class)]),
        tag("b", one.measurand),
        one.why,
        one.district or "",
        _weight(one),
    ]


def _weight(one: Gap) -> str:
    rated = one.criticality is not None
    rating = f"criticality {one.criticality if rated else CRITICALITY_UNKNOWN}"
    people = words.number((one.population or 0) / 1_000)
    told = f"{rating}{'' if rated else ' (not rated)'} x (1 + {people} thousand people)"
    return f"{told} = {words.number(one.score)}"


def _required(
    required: Sequence[Lacking], wanted: Filters, *, may_act: bool
) -> Iterator[Markup]:
    if required:
        heads = (*REQUIRED, "Change") if may_act else REQUIRED
        rows = (_requirement(one, wanted, may_act=may_act) for one in required)
        yield table("What must be measured", heads, rows)
    else:
        yield note("Nothing is required of any class yet, so nothing can be missing.")
    if may_act:
        asks = button("require", "Require a measurand…", "new", None, "of a class of assets")
        yield tag("div.entry.acts", asks)


def _requirement(one: Lacking, wanted: Filters, *, may_act: bool) -> list[str]:
    missing = Markup.join_all(
        [
            tag(
                "a", tag("b", words.integer(one.missing)), href=wanted.but(kind=one.asset_class)
            )
            if one.missing
            else tag("span.chip.good", "none"),
            tag("span.sub", f" of {words.count(one.assets, 'asset')}"),
        ]
    )
    cells: list[str] = [tag("b", one.asset_class), one.measurand, missing, one.why]
    if may_act:
        about = f"{one.measurand} at {one.asset_class}"
        cells.append(button("end", "End it", one.requirement, None, about))
    return cells


def _covered(head: str, found: Sequence[Covered]) -> Markup:
    rows = (
        [
            one.part or "none is said",
            f"{share(one.by_count)}, {_of(one.monitored, one.assets, 'asset')}",
            _share(one.by_length),
            _share(one.by_population),
            share(one.by_criticality),
        ]
        for one in found
    )
    return table(f"Watched, by {head.lower()}", (head, *COVERED), rows)


def _questions() -> Markup:
    return question(
        "require",
        "What must be measured",
        "Require",
        line("kind", "At every asset of the class", is_needed=True),
        line("measurand", "Class of the channel, such as flow", is_needed=True),
        lines("why", "Why"),
    )


def _form(wanted: Filters, by_class: Sequence[Covered], places: Sequence[str]) -> Markup:
    kinds = {"": "All classes"} | {name: name for name in sorted(one.part for one in by_class)}
    if wanted.kind:
        kinds.setdefault(wanted.kind, wanted.kind)
    return tag(
        "form.filters",
        choice("kind", "Missing at", kinds, wanted.kind),
        district_choice(places, wanted.district),
        tag("button.act", "Show", type="submit"),
        method="get",
        action=PATH,
        aria_label="Filter",
    )


async def build_coverage(register: Register | None, request: Request) -> Response | None:
    """Build the page for a browser tab."""
    query = dict(request.query_params)
    may_act = callers.may_act(request) and callers.of(request).districts is None

    def drawn(held: Register) -> Drawn:
        return draw(held, query, may_act=may_act)

    return await show(register, request, (PATH, TITLE), drawn, done)
