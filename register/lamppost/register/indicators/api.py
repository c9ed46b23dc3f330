"""Indicators over HTTP, under /api/v1/indicators."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from lamppost.register.acting import Act, actor
from lamppost.register.answering import (
    ACT_ERRORS,
    ERRORS,
    PREFIX,
    Listed,
    answer,
    ask,
    listed,
)
from lamppost.register.indicators import desk, kept
from lamppost.register.indicators.definitions import (
    CITY_FILE,
    DefinitionError,
    city_facts,
    definitions,
    known,
    period,
)
from lamppost.register.indicators.records import PACKS, VALUES, KeptValue, Pack
from lamppost.register.indicators.signing import KIND, NOTE_CHARS_MAX, SIGNOFFS, SignOff, sign
from lamppost.register.indicators.values import Part, Value
from lamppost.register.problems import Problem
from lamppost.register.records.asked import Asked, Text
from lamppost.register.records.deciding import known as record
from lamppost.register.records.links import RefusedError
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


@dataclass(frozen=True)
class SignOffs(Listed):
    """A page of signatures."""

    items: tuple[SignOff, ...]


class Sign(Act):
    """Who signs what: a value that was read, known by its lineage."""

    period: Annotated[str, Field(min_length=4, max_length=40)]
    lineage: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    part: Part
    note: Annotated[str | None, Field(min_length=1, max_length=NOTE_CHARS_MAX)] = None


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
            return tuple(one.value for one in told)

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


@router.get("/signoffs", response_model=SignOffs, responses=ERRORS)
def get_signoffs(request: Request, asked: Annotated[PacksAsked, Query()]) -> Response:
    """Return who has signed which value."""
    return _page(request, SIGNOFFS, asked.wanted())


@router.post("/{indicator}/sign", response_model=SignOff, responses=ACT_ERRORS)
def post_sign(request: Request, indicator: str, act: Sign) -> Response:
    """Sign a value as its owner or its steward; refused unless its lineage is this one."""

    def signed(register: Register) -> dict[str, Any]:
        who = actor(request, act)
        try:
            wanted, definition = period(act.period), known(indicator)
            facts = city_facts(register.data_dir / CITY_FILE)
        except DefinitionError as error:
            raise RefusedError(str(error)) from error
        with register.database.reading() as connection:
            value = desk.value(connection, definition, wanted, facts, register.now_ms())
        with register.changing(who) as writer:
            one = sign(writer, value, act.lineage, act.part, who, act.note)
            return dict(record(writer, KIND, one))

    return answer(request, ask(request, signed))


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
