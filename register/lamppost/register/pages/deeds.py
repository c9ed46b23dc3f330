"""What a person does on a page, and what is said about it.

A browser tells what was clicked; nothing of it is believed before it is read here.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fastapi import Request
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from lamppost.register.access import callers
from lamppost.register.access.still import check_acting
from lamppost.register.acting import Act, actor
from lamppost.register.problems import Problem
from lamppost.register.records.deciding import ConflictError
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register
from lamppost.register.records.writing import Writer

NAME_MISSING = "Not done: say first who acts, in “Your name” at the top."
DATABASE_AWAY = "The register's database does not answer; the log says why."

log = logging.getLogger(__name__)

Tone = Literal["done", "refused"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a deed, for the person who did it."""

    text: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks for on a page.

    Attributes:
        deed: The button that was pressed.
        record: Id of the record it stands at.
        by: Who says so, "" when nobody does.
        version: The version that was on the screen.
        said: The fields of a form.
    """

    deed: str
    record: str
    by: str
    version: int | None
    said: Mapping[str, str]


def asked(told: object) -> Asked:
    """Return what a browser says was asked for; whatever is not text counts as not said."""
    given = told if isinstance(told, dict) else {}
    texts = {str(name): value for name, value in given.items() if isinstance(value, str)}
    number = texts.pop("version", "")
    version = int(number) if number.isascii() and number.isdigit() else None
    deed, record, by = (texts.pop(name, "") for name in ("deed", "record", "by"))
    return Asked(deed, record, by, version, texts)


async def do(
    register: Register,
    request: Request,
    wanted: Asked,
    deed: Callable[[Writer, str], str],
) -> Outcome:
    """Do it, all or nothing, and say what came of it.

    Who signed out since, or whose role no longer allows it, is told so.

    Args:
        register: Where.
        request: Of the page; sign-in has noted in it who looks at it.
        wanted: What was asked for.
        deed: Does it; returns the sentence for success.
    """
    signed_in = callers.of(request).name
    if not (signed_in or wanted.by.strip()):
        return Outcome(NAME_MISSING, "refused")
    try:
        await check_acting(request)
        who = actor(request, Act(by=signed_in or wanted.by, version=wanted.version))
        return Outcome(await asyncio.to_thread(_kept, register, who, deed), "done")
    except Problem as problem:
        return Outcome(f"Not done: {problem.detail}.", "refused")
    except ConflictError as error:
        told = f"Not done, somebody was faster: {error}. The list shows how it is now."
        return Outcome(told, "refused")
    except RefusedError as error:
        return Outcome(f"Not done: {error}.", "refused")
    except ValidationError as error:
        return Outcome(f"Not done: {_first(error)}.", "refused")
    except SQLAlchemyError as error:
        log.warning("the register's database does not answer: %s", error)
        return Outcome(f"Not done. {DATABASE_AWAY}", "refused")


def _kept(register: Register, who: str, deed: Callable[[Writer, str], str]) -> str:
    with register.changing(who) as writer:
        return deed(writer, who)


def _first(error: ValidationError) -> str:
    item: Any = error.errors()[0]
    return f"{item['loc'][0]}: came {str(item['input'])[:60]!r}, {item['msg']}"
