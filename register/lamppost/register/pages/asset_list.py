"""The page `/assets`: find an asset by words, class, district or condition."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from urllib.parse import quote, urlencode

from fastapi import Request
from sqlalchemy import ColumnElement, Connection, RowMapping, and_, func, or_, select
from starlette.responses import Response

from lamppost.register import words
from lamppost.register.condition.tables import asset_condition
from lamppost.register.markup import Markup, tag
from lamppost.register.pages.boards import way
from lamppost.register.pages.forms import line
from lamppost.register.pages.forms import select as choice
from lamppost.register.pages.places import SHOWN_MAX, district_choice, districts, given
from lamppost.register.pages.sheets import table
from lamppost.register.pages.showing import Drawn, show
from lamppost.register.records.store import Register
from lamppost.register.records.tables import asset

PATH = "/assets"
CLASSES_MAX = 200
UNKNOWN = "unknown"
GRADES = {
    "": "Any condition",
    "1": "1, very good",
    "2": "2, good",
    "3": "3, fair",
    "4": "4, poor",
    "5": "5, very poor",
    UNKNOWN: "Unknown",
}
"""Grades as people read them."""

HEADS = ("Asset", "Class", "District", "Condition", "Criticality")


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; "" asks for all.

    Attributes:
        find: A part of the id or the name.
        kind: A class of assets.
        district: A district.
        condition: A key of `GRADES`.
        after: Id of the last asset of the page before.
    """

    find: str = ""
    kind: str = ""
    district: str = ""
    condition: str = ""
    after: str = ""

    def onward(self, after: str) -> str:
        """Return the address of the next page."""
        told = {name: value for name, value in asdict(self).items() if value}
        return f"{PATH}?{urlencode(told | {'after': after})}"


def filters(query: Mapping[str, str]) -> Filters:
    """Return what an address asks for.

    Raises:
        RefusedError: a value is too long, or no condition.
    """
    names = ("find", "kind", "district", "condition", "after")
    return Filters(*given(query, names, {"condition": tuple(GRADES)}))


def draw(register: Register, query: Mapping[str, str]) -> Drawn:
    """Read and draw the page that an address asks for."""
    wanted = filters(query)
    places = districts(register)
    with register.database.reading() as connection:
        classes = _classes(connection)
        total, rows = _page(connection, wanted)
    shown = rows[:SHOWN_MAX]
    parts = [_filter_form(wanted, classes, places), _counted(total, len(shown))]
    if shown:
        told = table("Assets", HEADS, (_row(row) for row in shown))
        parts.append(tag("div.card", told))
    if len(rows) > SHOWN_MAX:
        onward = tag("a.note", "The next ones", href=wanted.onward(shown[-1]["id"]))
        parts.append(tag("div.more", onward))
    elif wanted != Filters():
        parts.append(tag("div.more", tag("a.note", "All assets", href=PATH)))
    parts.append(way("city", "The city's board in Grafana"))
    return Drawn("Assets", Markup.join_all(parts))


def _page(connection: Connection, wanted: Filters) -> tuple[int, Sequence[RowMapping]]:
    """Return how many there are, and one more than a page holds, by id."""
    joined = asset.outerjoin(asset_condition, asset_condition.c.asset == asset.c.id)
    where = and_(True, *_conditions(wanted))
    total = connection.execute(select(func.count()).select_from(joined).where(where))
    columns = (
        *(asset.c[name] for name in ("id", "name", "asset_class", "district", "criticality")),
        asset_condition.c.grade,
        asset_condition.c.confidence,
    )
    asked = select(*columns).select_from(joined).where(where, asset.c.id > wanted.after)
    rows = connection.execute(asked.order_by(asset.c.id).limit(SHOWN_MAX + 1))
    return total.scalar_one(), rows.mappings().all()


def _conditions(wanted: Filters) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = [asset.c.valid_to_ms.is_(None)]
    if wanted.find:
        part = wanted.find.lower()
        asked.append(
            or_(
                func.lower(asset.c.name).contains(part, autoescape=True),
                func.lower(asset.c.id).contains(part, autoescape=True),
            )
        )
    if wanted.kind:
        asked.append(asset.c.asset_class == wanted.kind)
    if wanted.district:
        asked.append(asset.c.district == wanted.district)
    if wanted.condition == UNKNOWN:
        asked.append(asset_condition.c.grade.is_(None))
    elif wanted.condition:
        asked.append(asset_condition.c.grade == int(wanted.condition))
    return asked


def _classes(connection: Connection) -> list[str]:
    query = select(asset.c.asset_class).distinct().order_by(asset.c.asset_class)
    return [str(one) for one in connection.execute(query.limit(CLASSES_MAX)).scalars()]


def _filter_form(wanted: Filters, classes: Sequence[str], places: Sequence[str]) -> Markup:
    named = {"": "All classes", **{one: one for one in classes}}
    if wanted.kind:
        named.setdefault(wanted.kind, wanted.kind)
    return tag(
        "form.filters",
        line("find", "Name or id has", is_needed=False, value=wanted.find),
        choice("kind", "Class", named, wanted.kind),
        district_choice(places, wanted.district),
        choice("condition", "Condition", GRADES, wanted.condition),
        tag("button.act", "Show", type="submit"),
        method="get",
        action=PATH,
        aria_label="Filter",
    )


def _counted(total: int, shown: int) -> Markup:
    if not total:
        return tag("p.count", "No asset is like that.")
    told = words.count(total, "asset")
    return tag("p.count", told if shown == total else f"{told}, {shown} on this page, by id")


def _row(row: RowMapping) -> list[str]:
    named = tag("a", row["name"], href=f"{PATH}/{quote(row['id'], safe='')}")
    grade = "Unknown"
    if row["grade"] is not None:
        grade = f"{row['grade']} of 5, confidence {row['confidence']:.0%}"
    critical = "" if row["criticality"] is None else f"{row['criticality']} of 5"
    return [
        Markup.join_all([named, Markup(" "), tag("span.sub", row["id"])]),
        row["asset_class"],
        row["district"] or "",
        grade,
        critical,
    ]


async def build_assets(register: Register | None, request: Request) -> Response | None:
    """Build the page for a browser tab."""
    query = dict(request.query_params)
    return await show(register, request, (PATH, "Assets"), lambda held: draw(held, query))
