"""The page `/alarms`: acknowledge, shelve, assign."""

import asyncio

from fastapi import Request
from nicegui import ui
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

from lamppost.register import words
from lamppost.register.alarms import desk
from lamppost.register.markup import Markup, tag
from lamppost.register.pages.alarm_list import (
    PATH,
    Filters,
    districts,
    filter_form,
    filters,
    load,
)
from lamppost.register.pages.alarm_rows import SHELF_HOURS, questions, row
from lamppost.register.pages.deeds import DATABASE_AWAY, Asked, Outcome, do
from lamppost.register.pages.frame import Frame
from lamppost.register.pages.top import too_many
from lamppost.register.panels.rows import Block, Rows
from lamppost.register.records.deciding import text
from lamppost.register.records.links import RefusedError
from lamppost.register.records.reading import Page
from lamppost.register.records.store import Register
from lamppost.register.records.writing import Writer

REFRESH_S = 5.0
HOUR_MS = 3_600_000
NO_REGISTER = "No register is open here; the aggregator opens one unless told not to."


class AlarmsPage:
    """One open page.

    Args:
        register: Where alarms are.
        request: The page's.
        wanted: Which alarms to show.
        places: The districts to choose from.
    """

    def __init__(
        self, register: Register, request: Request, wanted: Filters, places: list[str]
    ) -> None:
        self._register = register
        self._request = request
        self._wanted = wanted
        self.frame = Frame(request, PATH, "Alarms")
        with self.frame.main:
            ui.html(filter_form(wanted, places))
            self._count = Block("count")
        with self.frame.listen(self._asked):
            self._rows = Rows("card rows")
            ui.html(questions())
        with self.frame.main:
            self._more = Block("more")
        ui.timer(REFRESH_S, self.refresh, immediate=False)

    async def refresh(self) -> None:
        """Show the alarms as they are now."""
        try:
            page = await asyncio.to_thread(load, self._register, self._wanted)
        except RefusedError as error:
            self.frame.say(Outcome(f"{error}.", "refused"))
        except SQLAlchemyError:
            self.frame.say(Outcome(DATABASE_AWAY, "refused"))
        else:
            self._show(page)

    def _show(self, page: Page) -> None:
        now_ms = self._register.now_ms()
        self._count.show(tag("p", _counted(page)))
        self._rows.show([row(one, now_ms) for one in page.items])
        more = Markup("")
        if page.next is not None:
            more = tag("a.note", "Older alarms", href=self._wanted.older(page.next))
        elif self._wanted.incident or self._wanted.after:
            more = tag("a.note", "All open alarms", href=PATH)
        self._more.show(more)

    async def _asked(self, wanted: Asked) -> None:
        def deed(writer: Writer, who: str) -> str:
            return _done(writer, who, wanted)

        self.frame.say(await do(self._register, self._request, wanted, deed))
        await self.refresh()
        self.frame.return_to(wanted.record)


def _done(writer: Writer, who: str, wanted: Asked) -> str:
    one, version = wanted.record, wanted.version
    if wanted.deed == "acknowledge":
        if desk.act(writer, one, "acknowledge", who, version=version):
            return "Acknowledged."
        return "Acknowledged already: a colleague was a moment faster."
    if wanted.deed == "unshelve":
        desk.act(writer, one, "unshelve", who, version=version)
        return "Taken off the shelf."
    if wanted.deed == "shelve":
        return _shelved(writer, who, wanted)
    if wanted.deed == "assign":
        to = wanted.said.get("to", "").strip()
        name = text("to", to, 100) if to else None
        desk.assign(writer, one, name, version)
        return f"Assigned to {name}." if name else "Assigned to nobody."
    raise RefusedError(f"deed: came {wanted.deed[:40]!r}, allowed: the buttons of this page")


def _shelved(writer: Writer, who: str, wanted: Asked) -> str:
    hours = wanted.said.get("hours", "")
    if hours not in SHELF_HOURS:
        allowed = ", ".join(SHELF_HOURS)
        raise RefusedError(f"hours: came {hours[:40]!r}, allowed: {allowed}")
    desk.act(
        writer,
        wanted.record,
        "shelve",
        who,
        version=wanted.version,
        reason=text("reason", wanted.said.get("reason", "")),
        until_ms=writer.now_ms + int(hours) * HOUR_MS,
    )
    return f"Shelved for {SHELF_HOURS[hours].partition(':')[0]}."


def _counted(page: Page) -> str:
    if not page.total:
        return "No alarm is like that."
    shown = len(page.items)
    total = words.count(page.total, "alarm")
    return total if shown == page.total else f"{total}, {shown} on this page, the newest first"


async def build_alarms(register: Register | None, request: Request) -> Response | None:
    """Build the page for a browser tab."""
    refusal = too_many()
    if refusal is not None:
        return refusal
    if register is None:
        Frame(request, PATH, "Alarms").say(Outcome(NO_REGISTER, "refused"))
        return None
    told: Outcome | None = None
    wanted, places = Filters(), []
    try:
        wanted = filters(request.query_params)
        places = await asyncio.to_thread(districts, register)
    except RefusedError as error:
        told = Outcome(f"{error}. All open alarms are shown.", "refused")
    except SQLAlchemyError:
        told = Outcome(DATABASE_AWAY, "refused")
    page = AlarmsPage(register, request, wanted, places)
    if told is not None:
        page.frame.say(told)
    await page.refresh()
    return None
