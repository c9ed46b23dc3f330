"""Indicators over HTTP, under /api/v1/indicators."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from lamppost.register.answering import ERRORS, PREFIX, Listed, answer, ask, listed
from lamppost.register.indicators import kept
from lamppost.register.indicators.definitions import (
    CITY_FILE,
    DefinitionError,
    city_facts,
    definitions,
    period,
)
from lamppost.register.indicators.records import PACKS, VALUES, KeptValue, Pack
from lamppost.register.indicators.values import Value
from lamppost.register.problems import Problem
from lamppost.register.records.asked import Asked, Text
from lamppost.register.records.reading import Kind, Page, Wanted, page
from lamppost.register.records.store import Register

router = APIRouter(prefix=f"{PREFIX}/indicators", tags=["indicators"])


@dataclass(frozen=True)
class Values:
    """All indicators of a period."""

    period: str
    items: Sequence[Value]


@dataclass(frozen=True)
class KeptValues(Listed):
    """A page of values."""

    items: tuple[KeptValue, ...]


@dataclass(frozen=True)
class Packs(Listed):
    """A page of packs."""

    items: tuple[Pack, ...]


class ValuesAsked(Asked):
    """Filters of values."""

    indicator: Text = None
    period: Text = None
    status: Literal["measured", "synthetic", "NR"] | None = None


class PacksAsked(Asked):
    """Filters of packs."""

    indicator: Text = None
    period: Text = None


@router.get("", response_model=Values, responses=ERRORS)
def get_values(request: Request, name: Annotated[str, Query(alias="period")]) -> Response:
    """Return all indicators of a month (2026-10) or a year (2026)."""
    try:
        wanted = period(name)

        def found(register: Register) -> tuple[Value, ...]:
            every = [(one, wanted) for one in definitions().values()]
            told = kept.values(register, every, city_facts(register.data_dir / CITY_FILE))
            return tuple(value for _, value in told)

        values = ask(request, found)
    except DefinitionError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, str(error)) from error
    return answer(request, {"period": wanted.name, "items": [asdict(one) for one in values]})


@router.get("/kept", response_model=KeptValues, responses=ERRORS)
def get_kept(request: Request, asked: Annotated[ValuesAsked, Query()]) -> Response:
    """Return values as they were kept; the audit trail has what they were before."""
    return _page(request, VALUES, asked.wanted())


@router.get("/packs", response_model=Packs, responses=ERRORS)
def get_packs(request: Request, asked: Annotated[PacksAsked, Query()]) -> Response:
    """Return the audit packs that were made, with the SHA-256 of each."""
    return _page(request, PACKS, asked.wanted())


def _page(request: Request, kind: Kind, wanted: Wanted) -> Response:
    def found(register: Register) -> Page:
        with register.database.reading() as connection:
            return page(connection, kind, wanted)

    return listed(request, ask(request, found))


@router.get("/definitions", responses=ERRORS)
def get_definitions(request: Request) -> Response:
    """Return how each indicator is computed."""
    told = [asdict(one) | {"formula": one.formula} for one in definitions().values()]
    return answer(request, {"items": told})
