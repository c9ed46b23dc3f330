"""The page `/work`: start, finish, verify, assign."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import Request
from sqlalchemy import ColumnElement
from starlette.responses import Response

from lamppost.register.markup import Markup, tag
from lamppost.register.pages.building import build
from lamppost.register.pages.deeds import Asked
from lamppost.register.pages.forms import select as choice
from lamppost.register.pages.listing import Shape
from lamppost.register.pages.places import SHOWN_MAX, district_choice, given
from lamppost.register.pages.work_rows import STATE_TEXTS, questions, row
from lamppost.register.records.deciding import text
from lamppost.register.records.links import RefusedError
from lamppost.register.records.newest import newest
from lamppost.register.records.reading import Page
from lamppost.register.records.store import Register
from lamppost.register.records.writing import Writer
from lamppost.register.work import desk
from lamppost.register.work.tables import work_order
from lamppost.register.work.values import STATES, Deed, WorkOrder

PATH = "/work"

SAID: dict[str, tuple[Deed, tuple[str, ...], tuple[str, ...], str]] = {
    "start": ("start", (), (), "Begun."),
    "finish": ("finish", ("cause", "work"), ("closure",), "Finished."),
    "verify": ("verify", ("closure",), (), "Verified."),
    "reopen": ("reopen", ("closure",), (), "Open again."),
}
"""By button: the deed, the texts it needs, those it may have, and the sentence for success."""

COLUMNS = {"cause": "cause", "work": "action", "closure": "closure"}
"""By field: the column its text goes to."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; "" asks for all.

    Attributes:
        state: A key of `STATE_TEXTS`.
        district: A district.
        asset: Id of an asset.
        after: `next` of the page before.
    """

    state: str = ""
    district: str = ""
    asset: str = ""
    after: str = ""

    def older(self, after: str) -> str:
        """Return the address of the next page."""
        told = {"state": self.state, "district": self.district, "asset": self.asset}
        return f"{PATH}?{urlencode({**told, 'after': after})}"


def filters(query: Mapping[str, str]) -> Filters:
    """Return what an address asks for.

    Raises:
        RefusedError: it names a state that is none, or is too long.
    """
    names = ("state", "district", "asset", "after")
    return Filters(*given(query, names, {"state": STATES}))


def load(register: Register, wanted: Filters) -> Page:
    """Return the orders to show, the newest first.

    Raises:
        RefusedError: there is no such page.
    """
    named = {"state": wanted.state, "district": wanted.district, "asset": wanted.asset}
    conditions: list[ColumnElement[bool]] = [
        work_order.c[name] == value for name, value in named.items() if value
    ]
    if not (wanted.state or wanted.asset):
        conditions.append(work_order.c.valid_to_ms.is_(None))
    with register.database.reading() as connection:
        return newest(connection, work_order, WorkOrder, conditions, wanted.after, SHOWN_MAX)


def _done(writer: Writer, _who: str, wanted: Asked) -> str:
    if wanted.deed == "assign":
        to = wanted.said.get("to", "").strip()
        name = text("to", to, 100) if to else None
        desk.assign(writer, wanted.record, name, wanted.version)
        return f"Assigned to {name}." if name else "Assigned to nobody."
    if wanted.deed not in SAID:
        came = wanted.deed[:40]
        raise RefusedError(f"deed: came {came!r}, allowed: the buttons of this page")
    deed, needed, possible, success = SAID[wanted.deed]
    asked = needed + tuple(name for name in possible if wanted.said.get(name, "").strip())
    facts = {COLUMNS[name]: text(name, wanted.said.get(name, "")) for name in asked}
    desk.act(writer, wanted.record, deed, facts, wanted.version)
    return success


def _filter_form(wanted: Filters, places: list[str]) -> Markup:
    return tag(
        "form.filters",
        choice("state", "State", STATE_TEXTS, wanted.state),
        district_choice(places, wanted.district),
        tag("button.act", "Show", type="submit"),
        method="get",
        action=PATH,
        aria_label="Filter",
    )


def _shape(wanted: Filters, places: list[str]) -> Shape:
    return Shape(
        path=PATH,
        title="Work orders",
        noun="work order",
        load=lambda register: load(register, wanted),
        row=row,
        done=_done,
        filter_form=_filter_form(wanted, places),
        questions=questions(),
        older=wanted.older,
        is_narrowed=bool(wanted.asset or wanted.after),
    )


async def build_work(register: Register | None, request: Request) -> Response | None:
    """Build the page for a browser tab."""
    return await build(register, request, (PATH, "Work orders"), filters, Filters(), _shape)
