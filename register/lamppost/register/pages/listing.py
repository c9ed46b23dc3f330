"""A list of records with buttons: shown, kept up to date, acted on."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from fastapi import Request
from nicegui import ui
from sqlalchemy.exc import SQLAlchemyError

from lamppost.register import words
from lamppost.register.access import callers
from lamppost.register.markup import Markup, tag
from lamppost.register.pages.deeds import DATABASE_AWAY, Asked, Outcome, do
from lamppost.register.pages.frame import Frame
from lamppost.register.pages.reach import within_reach
from lamppost.register.panels.rows import NOTHING, Block, Row, Rows
from lamppost.register.records.links import RefusedError
from lamppost.register.records.reading import Page
from lamppost.register.records.store import Register
from lamppost.register.records.writing import Writer

REFRESH_S = 5.0
NO_REGISTER = "No register is open here; the aggregator opens one unless told not to."


@dataclass(frozen=True, slots=True)
class Shape:
    """What one list shows and does.

    Attributes:
        path: Of the page, without filters.
        title: Of the page.
        noun: What a line is.
        load: Reads the page of records that the address asks for.
        row: Makes a line of a record; takes the time, UTC ms.
        done: Does what a person asked for; returns the sentence for success.
        filter_form: Above the list.
        questions: The dialogs of the deeds.
        older: The address of the next page, from its `after`.
        is_narrowed: The address asks for one record, or for an older page.
    """

    path: str
    title: str
    noun: str
    load: Callable[[Register], Page]
    row: Callable[[Any, int], Row]
    done: Callable[[Writer, str, Asked], str]
    filter_form: Markup
    questions: Markup
    older: Callable[[str], str]
    is_narrowed: bool


class Listing:
    """One open page.

    Args:
        register: Where the records are.
        request: The page's.
        shape: What it shows and does.
    """

    def __init__(self, register: Register, request: Request, shape: Shape) -> None:
        self._register = register
        self._request = request
        self._shape = shape
        self._may_act = callers.may_act(request)
        self.frame = Frame(request, shape.path, shape.title)
        with self.frame.main:
            ui.html(shape.filter_form)
            self._count = Block("count")
        with self.frame.listen(self._asked):
            self._rows = Rows("card rows")
            if self._may_act:
                ui.html(shape.questions)
        with self.frame.main:
            self._more = Block("more")
        ui.timer(REFRESH_S, self.refresh, immediate=False)

    async def refresh(self) -> None:
        """Show the records as they are now."""
        try:
            page = await asyncio.to_thread(self._shape.load, self._register)
        except RefusedError as error:
            self.frame.say(Outcome(f"{error}.", "refused"))
        except SQLAlchemyError:
            self.frame.say(Outcome(DATABASE_AWAY, "refused"))
        else:
            self._show(page)

    def _show(self, page: Page) -> None:
        now_ms = self._register.now_ms()
        self._count.show(tag("p", _counted(page, self._shape.noun)))
        rows = [self._within(self._shape.row(one, now_ms)) for one in page.items]
        if not self._may_act:
            rows = [replace(row, acts=NOTHING) for row in rows]
        self._rows.show(rows)
        more = Markup("")
        if page.next is not None:
            more = tag("a.note", "Older ones", href=self._shape.older(page.next))
        elif self._shape.is_narrowed:
            more = tag("a.note", "All open ones", href=self._shape.path)
        self._more.show(more)

    def _within(self, row: Row) -> Row:
        return replace(row, markup=within_reach(row.markup, self._request))

    async def _asked(self, wanted: Asked) -> None:
        def deed(writer: Writer, who: str) -> str:
            return self._shape.done(writer, who, wanted)

        self.frame.say(await do(self._register, self._request, wanted, deed))
        await self.refresh()
        self.frame.return_to(wanted.record)


def _counted(page: Page, noun: str) -> str:
    if not page.total:
        return f"No {noun} is like that."
    shown = len(page.items)
    total = words.count(page.total, noun)
    return total if shown == page.total else f"{total}, {shown} on this page, the newest first"
