"""Draws the pages of the map before anybody asks for them.

Reading a large city's field takes a second or two, which is nothing to wait for on a page. So a
console reads it when it starts, and again when births have changed it. Whoever asks meanwhile
waits for the same reading: what is shown is never of before a change.
"""

import asyncio
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from lamppost.register.pages import map as map_page
from lamppost.register.pages import reviews
from lamppost.register.records.store import Register
from lamppost.register.resources.latest import Ends, ends

LOOK_S = 5.0


def look(register: Register) -> None:
    """Draw the pages; what both find in the map is then known."""
    map_page.draw(register, {})
    reviews.draw(register, {})


async def ahead(
    register: Register, look_s: float = LOOK_S, look: Callable[[Register], None] = look
) -> None:
    """Keep the map read, until cancelled.

    After a change it is read when nothing more has changed from one look to the next: a city
    that is born all at once is not read again and again while it is.

    Args:
        register: Whose map.
        look_s: Between two looks whether it has changed.
        look: Reads it, on another thread.
    """
    before: tuple[Ends, ...] = ()
    read: tuple[Ends, ...] | None = None
    while True:
        try:
            now = await asyncio.to_thread(ends, register)
            if read is None or (now != read and now == before):
                await asyncio.to_thread(look, register)
                read = now
            before = now
        except SQLAlchemyError:
            read = None  # who asks for the map meanwhile is told
        await asyncio.sleep(look_s)
