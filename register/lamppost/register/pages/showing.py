"""A page that is read from the register and shown, and acted on where it has deeds."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Request
from nicegui import ui
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

from lamppost.register.markup import Markup
from lamppost.register.pages.deeds import DATABASE_AWAY, Asked, Outcome, do
from lamppost.register.pages.frame import Frame
from lamppost.register.pages.listing import NO_REGISTER
from lamppost.register.pages.reach import within_reach
from lamppost.register.pages.top import too_many
from lamppost.register.panels.rows import Block
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register
from lamppost.register.records.writing import Writer

READ_S = 60.0
"""Longest that reading a page may take; a whole city's map or indicators take seconds."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a page shows.

    Attributes:
        title: Its title.
        body: What stands below.
        script: JavaScript to run once it is there; the same for all who look.
    """

    title: str
    body: Markup
    script: str = ""


Draw = Callable[[Register], Drawn]
Done = Callable[[Writer, str, Asked], str]


async def show(
    register: Register | None,
    request: Request,
    named: tuple[str, str],
    draw: Draw,
    done: Done | None = None,
) -> Response | None:
    """Build the page for a browser tab.

    Args:
        register: Where the records are; without one the page says so.
        request: The page's.
        named: Path of the page, and the title while there is nothing to show.
        draw: Reads and draws, on another thread; raises `RefusedError`.
        done: Does what a person asked for; returns the sentence for success.
    """
    refusal = too_many()
    if refusal is not None:
        return refusal
    here, title = named
    found = NO_REGISTER if register is None else await _drawn(register, draw)
    frame = Frame(request, here, title if isinstance(found, str) else found.title)
    if isinstance(found, str) or register is None:
        frame.say(Outcome(str(found), "refused"))
        return None
    if done is None:
        with frame.main:
            ui.html(within_reach(found.body, request))
        if found.script:
            ui.run_javascript(found.script)
        return None
    _acting(frame, register, request, found, draw, done)
    return None


def _acting(
    frame: Frame, register: Register, request: Request, found: Drawn, draw: Draw, done: Done
) -> None:
    async def asked(wanted: Asked) -> None:
        def deed(writer: Writer, who: str) -> str:
            return done(writer, who, wanted)

        frame.say(await do(register, request, wanted, deed))
        now = await _drawn(register, draw)
        if isinstance(now, Drawn):
            shown.show(within_reach(now.body, request))
        frame.return_to(wanted.record)

    with frame.listen(asked):
        shown = Block()
        shown.show(within_reach(found.body, request))
    if found.script:
        ui.run_javascript(found.script)


async def _drawn(register: Register, draw: Draw) -> Drawn | str:
    try:
        return await asyncio.to_thread(draw, register)
    except RefusedError as error:
        return f"{error}."
    except SQLAlchemyError:
        return DATABASE_AWAY
