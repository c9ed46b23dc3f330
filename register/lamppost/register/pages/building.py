"""Builds the page of a list, or says why it cannot be as the address asks."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TypeVar

from fastapi import Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

from lamppost.register.pages.deeds import DATABASE_AWAY, Outcome
from lamppost.register.pages.frame import Frame
from lamppost.register.pages.listing import NO_REGISTER, Listing, Shape
from lamppost.register.pages.places import districts
from lamppost.register.pages.top import too_many
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register

F = TypeVar("F")


async def build(
    register: Register | None,
    request: Request,
    named: tuple[str, str],
    filters: Callable[[Mapping[str, str]], F],
    unfiltered: F,
    shape: Callable[[F, list[str]], Shape],
) -> Response | None:
    """Build the page for a browser tab.

    Args:
        register: Where the records are; without one the page says so.
        request: The page's.
        named: Path and title of the page.
        filters: Reads the address; raises `RefusedError`.
        unfiltered: The filters of an address that cannot be read.
        shape: Makes the list of filters and the districts there are.
    """
    refusal = too_many()
    if refusal is not None:
        return refusal
    if register is None:
        Frame(request, *named).say(Outcome(NO_REGISTER, "refused"))
        return None
    told: Outcome | None = None
    wanted, places = unfiltered, list[str]()
    try:
        wanted = filters(request.query_params)
        places = await asyncio.to_thread(districts, register)
    except RefusedError as error:
        told = Outcome(f"{error}. What is shown is not filtered.", "refused")
    except SQLAlchemyError:
        told = Outcome(DATABASE_AWAY, "refused")
    page = Listing(register, request, shape(wanted, places))
    if told is not None:
        page.frame.say(told)
    await page.refresh()
    return None
