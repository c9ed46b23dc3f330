"""Indicators over HTTP, under /api/v1/indicators."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from lamppost.register.answering import ERRORS, PREFIX, answer, ask
from lamppost.register.indicators import desk
from lamppost.register.indicators.definitions import (
    CITY_FILE,
    DefinitionError,
    city_facts,
    definitions,
    period,
)
from lamppost.register.indicators.values import Value
from lamppost.register.problems import Problem
from lamppost.register.records.store import Register

router = APIRouter(prefix=f"{PREFIX}/indicators", tags=["indicators"])


@dataclass(frozen=True)
class Values:
    """All indicators of a period."""

    period: str
    items: Sequence[Value]


@router.get("", response_model=Values, responses=ERRORS)
def get_values(request: Request, name: Annotated[str, Query(alias="period")]) -> Response:
    """Return all indicators of a month (2026-10) or a year (2026)."""
    try:
        wanted = period(name)

        def found(register: Register) -> tuple[Value, ...]:
            return desk.values(register, wanted, city_facts(register.data_dir / CITY_FILE))

        values = ask(request, found)
    except DefinitionError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, str(error)) from error
    return answer(request, {"period": wanted.name, "items": [asdict(one) for one in values]})


@router.get("/definitions", responses=ERRORS)
def get_definitions(request: Request) -> Response:
    """Return how each indicator is computed."""
    told = [asdict(one) | {"formula": one.formula} for one in definitions().values()]
    return answer(request, {"items": told})
