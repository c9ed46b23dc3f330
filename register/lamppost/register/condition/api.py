"""Over HTTP: conditions, utilisation, headroom, coverage, gaps, resources, what to do next."""

from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection

from lamppost.register.acting import Act, actor
from lamppost.register.alarms.kpis import Period, period
from lamppost.register.answering import (
    ACT_ERRORS,
    ERRORS,
    ONE_ERRORS,
    PREFIX,
    answer,
    ask,
    listed,
)
from lamppost.register.condition import coverage, deciding, reading, use
from lamppost.register.condition import next as next_
from lamppost.register.condition.asked import (
    Aim,
    CapacityAsked,
    CapacityTold,
    ConditionsAsked,
    ConditionsTold,
    CoverageAsked,
    CoverageTold,
    ForecastsTold,
    GapsAsked,
    GapsTold,
    NextAsked,
    NextTold,
    Require,
    RequirementsAsked,
    TargetsAsked,
    UseAsked,
    UseTold,
    UtilisationTold,
    WindowAsked,
)
from lamppost.register.condition.load import (
    Capacity,
    RefusedBasisError,
    utilisation,
)
from lamppost.register.condition.tables import requirement, target
from lamppost.register.condition.values import AssetCondition, Requirement, Target
from lamppost.register.days.day import MINUTE_MS, good_values
from lamppost.register.live import HISTORY_POINTS_MAX, LiveView
from lamppost.register.problems import Problem
from lamppost.register.records.deciding import known
from lamppost.register.records.reading import Kind, page
from lamppost.register.records.store import Register
from lamppost.register.records.writing import Writer

T = TypeVar("T")

REQUIREMENTS = Kind(
    requirement, Requirement, {"asset_class": "asset_class", "measurand": "measurand"}
)
TARGETS = Kind(target, Target, {"scope": "scope", "subject": "subject", "resource": "resource"})
CONFLICT: dict[int | str, Any] = {409: ACT_ERRORS[409]}

router = APIRouter(prefix=PREFIX, tags=["condition and capacity"])


@router.get("/conditions", response_model=ConditionsTold, responses=ERRORS)
def get_conditions(request: Request, asked: Annotated[ConditionsAsked, Query()]) -> Response:
    """Return the conditions of assets."""
    return listed(request, _read(request, lambda found: reading.conditions(found, asked)))


@router.get("/assets/{asset}/condition", response_model=AssetCondition, responses=ONE_ERRORS)
def get_condition(request: Request, asset: str) -> Response:
    """Return the condition of an asset, and why it is that."""
    found = _read(request, lambda connection: reading.condition(connection, asset))
    if found is None:
        told = f"no condition of {asset[:80]!r} was found yet; an aggregator that runs finds it"
        raise Problem(HTTPStatus.NOT_FOUND, told)
    return answer(request, asdict(found))


@router.get(
    "/assets/{asset}/utilisation",
    response_model=UtilisationTold,
    responses=ONE_ERRORS | CONFLICT,
)
def get_utilisation(
    request: Request, asset: str, asked: Annotated[WindowAsked, Query()]
) -> Response:
    """Return load against capacity; refused with 409 where it would mean nothing."""
    feed = getattr(request.app.state, "feed", None)
    if feed is None:
        told = "there are no readings here; an aggregator that runs has them"
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, told)
    window = ask(request, lambda held: period(asked.from_ms, asked.to_ms, held.now_ms()))
    try:
        told_of = _read(request, lambda connection: reading.loads(connection, asset))
        lines = [_utilised(feed.live, asset, *load, window) for load in told_of]
    except RefusedBasisError as error:
        raise Problem(HTTPStatus.CONFLICT, str(error)) from error
    except OSError as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error
    return answer(request, max(lines, key=lambda line: line["p95"]))


@router.get("/assets/{asset}/forecasts", response_model=ForecastsTold, responses=ONE_ERRORS)
def get_forecasts(request: Request, asset: str) -> Response:
    """Return where the loads of an asset are going; an assumption each."""
    return answer(
        request,
        {"items": _read(request, lambda connection: reading.forecasts(connection, asset))},
    )


@router.get("/capacity", response_model=CapacityTold, responses=ERRORS)
def get_capacity(request: Request, asked: Annotated[CapacityAsked, Query()]) -> Response:
    """Return loads that reach their capacity, the soonest first; an assumption each."""
    total, items = _read(request, lambda connection: reading.soonest(connection, asked))
    return answer(request, {"total": total, "items": items})


@router.get("/coverage", response_model=CoverageTold, responses=ERRORS)
def get_coverage(request: Request, asked: Annotated[CoverageAsked, Query()]) -> Response:
    """Return how much is watched, by count, length, population and criticality."""
    found = _read(request, lambda connection: coverage.coverage(connection, asked.by))
    return answer(request, {"items": [asdict(one) for one in found]})


@router.get("/gaps", response_model=GapsTold, responses=ERRORS)
def get_gaps(request: Request, asked: Annotated[GapsAsked, Query()]) -> Response:
    """Return measurands that a class requires and an asset does not have."""
    total, found = _read(
        request,
        lambda connection: coverage.gaps(
            connection, asked.limit, asked.asset_class, asked.district
        ),
    )
    return answer(request, {"total": total, "items": [asdict(one) for one in found]})


@router.get("/resource-use", response_model=UseTold, responses=ERRORS)
def get_use(request: Request, asked: Annotated[UseAsked, Query()]) -> Response:
    """Return what was used of a resource, against baseline and target."""
    window = ask(request, lambda held: period(asked.from_ms, asked.to_ms, held.now_ms()))
    found = _read(
        request,
        lambda connection: use.used(
            connection, asked.resource, asked.by, window.from_ms, window.to_ms
        ),
    )
    items = [asdict(one) for one in found]
    return answer(request, {"from_ms": window.from_ms, "to_ms": window.to_ms, "items": items})


@router.get("/next", response_model=NextTold, responses=ERRORS)
def get_next(request: Request, asked: Annotated[NextAsked, Query()]) -> Response:
    """Return what to do next, with the arithmetic of its rank."""

    def found(register: Register) -> dict[str, Any]:
        with register.database.reading() as connection:
            lines = next_.what_next(connection, register.now_ms(), asked.limit)
        return {"items": [asdict(one) for one in lines]}

    return answer(request, ask(request, found))


@router.get("/requirements", response_model=dict[str, Any], responses=ERRORS)
def get_requirements(
    request: Request, asked: Annotated[RequirementsAsked, Query()]
) -> Response:
    """Return what must be measured at assets of a class."""
    return listed(
        request, _read(request, lambda found: page(found, REQUIREMENTS, asked.wanted()))
    )


@router.post("/requirements", response_model=Requirement, responses=ACT_ERRORS)
def post_requirement(request: Request, act: Require) -> Response:
    """Say what must be measured at every asset of a class."""
    return _decided(
        request,
        act,
        "requirement",
        lambda writer: deciding.require(writer, act.asset_class, act.measurand, act.why),
    )


@router.post(
    "/requirements/{requirement}/end", response_model=Requirement, responses=ACT_ERRORS
)
def end_requirement(request: Request, requirement: str, act: Act) -> Response:
    """Say that it need not be measured any more."""
    return _ended(request, act, "requirement", requirement)


@router.get("/targets", response_model=dict[str, Any], responses=ERRORS)
def get_targets(request: Request, asked: Annotated[TargetsAsked, Query()]) -> Response:
    """Return how much of a resource shall be used a day."""
    return listed(request, _read(request, lambda found: page(found, TARGETS, asked.wanted())))


@router.post("/targets", response_model=Target, responses=ACT_ERRORS)
def post_target(request: Request, act: Aim) -> Response:
    """Say how much of a resource was used a day, and how much shall be."""
    return _decided(
        request,
        act,
        "target",
        lambda writer: deciding.aim(
            writer,
            act.scope,
            act.subject,
            act.resource,
            act.unit,
            act.baseline,
            act.goal,
            act.basis,
        ),
    )


@router.post("/targets/{target}/end", response_model=Target, responses=ACT_ERRORS)
def end_target(request: Request, target: str, act: Act) -> Response:
    """Say that a target does not hold any more."""
    return _ended(request, act, "target", target)


def _read(request: Request, question: Callable[[Connection], T]) -> T:
    def asked(register: Register) -> T:
        with register.database.reading() as connection:
            return question(connection)

    return ask(request, asked)


def _utilised(
    live: LiveView, asset: str, one: str, capacity: Capacity, scale: float, window: Period
) -> dict[str, Any]:
    group, node, device, metric = one.split("/", 3)
    length_ms = window.to_ms - window.from_ms
    step_ms = MINUTE_MS * -(-length_ms // (MINUTE_MS * HISTORY_POINTS_MAX))
    try:
        past = live.history(group, node, device, metric, window.from_ms, window.to_ms, step_ms)
    except LookupError as error:
        raise RefusedBasisError(f"refused: {one} has no readings") from error
    told = utilisation(good_values(past)[0], capacity, scale, length_ms // step_ms)
    where = {"asset": asset, "channel": one, "step_ms": step_ms}
    return {**where, "from_ms": window.from_ms, "to_ms": window.to_ms, **asdict(told)}


def _ended(request: Request, act: Act, kind: str, one: str) -> Response:
    def ended(writer: Writer) -> str:
        deciding.end(writer, kind, one)
        return one

    return _decided(request, act, kind, ended)


def _decided(
    request: Request, act: Act, kind: str, decide: Callable[[Writer], str]
) -> Response:
    def do(register: Register) -> dict[str, Any]:
        with register.changing(actor(request, act)) as writer:
            return dict(known(writer, kind, decide(writer)))

    return answer(request, ask(request, do))
