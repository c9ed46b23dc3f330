"""Draws the map's pages and the last month's indicators before anybody asks for them.

Reading a large city's field takes a second or two, and so does computing its indicators, which
is nothing to wait for on a page. So a console does both when it starts, and again when births,
entries or days have changed what they follow from. Whoever asks meanwhile waits for the same
reading: what is shown is never of before a change.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError

from lamppost.register.indicators import kept
from lamppost.register.pages import indicator_list, reviews
from lamppost.register.pages import map as map_page
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register
from lamppost.register.resources.latest import ends

LOOK_S = 5.0


def look(register: Register) -> None:
    """Draw the pages; what they find is then known."""
    map_page.draw(register, {})
    reviews.draw(register, {})
    with suppress(RefusedError):  # the city's file is not right, which who asks is told
        indicator_list.draw(register, {})


async def ahead(
    register: Register, look_s: float = LOOK_S, look: Callable[[Register], None] = look
) -> None:
    """Keep the pages read, until cancelled.

    After a change they are read when nothing more has changed from one look to the next: a city
    that is born all at once is not read again and again while it is.

    Args:
        register: Whose pages.
        look_s: Between two looks whether something has changed.
        look: Reads them, on another thread.
    """
    before: tuple[object, ...] = ()
    read: tuple[object, ...] | None = None
    while True:
        try:
            now = await asyncio.to_thread(_followed, register)
            if read is None or (now != read and now == before):
                await asyncio.to_thread(look, register)
                read = now
            before = now
        except SQLAlchemyError:
            read = None  # who asks for a page meanwhile is told
        await asyncio.sleep(look_s)


def _followed(register: Register) -> tuple[object, ...]:
    return (*ends(register), kept.version(register))
