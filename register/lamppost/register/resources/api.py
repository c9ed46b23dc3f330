"""Data resources, flows, the map and what breaks, over HTTP."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection

from lamppost.register.acting import Act, actor
from lamppost.register.answering import (
    ACT_ERRORS,
    ERRORS,
    ONE_ERRORS,
    PREFIX,
    Listed,
    answer,
    ask,
    listed,
)
from lamppost.register.records.deciding import known
from lamppost.register.records.links import RefusedError
from lamppost.register.records.reading import page
from lamppost.register.records.store import Register
from lamppost.register.records.writing import Writer
from lamppost.register.resources import deciding, graph
from lamppost.register.resources.asked import (
    Amend,
    Attest,
    BarriersAsked,
    Connect,
    DuplicatesAsked,
    Enter,
    FindingsAsked,
    FlowsAsked,
    ImpactAsked,
    MapAsked,
    ResourcesAsked,
)
from lamppost.register.resources.barriers import Barrier, barriers
from lamppost.register.resources.duplicates import Duplicates
from lamppost.register.resources.findings import Complete, Finding, completeness
from lamppost.register.resources.graph import Edge, Impact, Thing
from lamppost.register.resources.latest import latest
from lamppost.register.resources.loading import World
from lamppost.register.resources.reading import FLOWS, RESOURCES, alike, found
from lamppost.register.resources.values import Flow, Resource

T = TypeVar("T")

router = APIRouter(prefix=PREFIX, tags=["data resources"])


@dataclass(frozen=True)
class Resources(Listed):
    """A page of resources."""

    items: tuple[Resource, ...]


@dataclass(frozen=True)
class Flows(Listed):
    """A page of flows."""

    items: tuple[Flow, ...]


@dataclass(frozen=True)
class MapTold:
    """Things, and what flows between them."""

    things: tuple[Thing, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True)
class FindingsTold:
    """How many there are, and the first of them."""

    total: int
    items: tuple[Finding, ...]


@dataclass(frozen=True)
class BarriersTold:
    """How many there are of what was asked for, and the first of them."""

    things: int
    free: int
    rules: dict[str, int]
    total: int
    items: tuple[Barrier, ...]


@dataclass(frozen=True)
class CompleteTold:
    """A line for each kind."""

    items: tuple[Complete, ...]


@router.get("/resources", response_model=Resources, responses=ERRORS)
def get_resources(request: Request, asked: Annotated[ResourcesAsked, Query()]) -> Response:
    """Return resources."""
    return listed(request, _read(request, lambda read: page(read, RESOURCES, asked.wanted())))


@router.get("/resources/{resource}", response_model=Resource, responses=ONE_ERRORS)
def get_resource(request: Request, resource: str) -> Response:
    """Return a resource."""
    row = _read(request, lambda read: known(Writer(read, "", 0), "resource", resource))
    return answer(request, row)


@router.post("/resources", response_model=Resource, responses=ACT_ERRORS)
def post_resource(request: Request, act: Enter) -> Response:
    """Enter a resource, or who answers for a node or stream that was born."""

    def entered(writer: Writer, _who: str) -> str:
        if act.about is not None:
            if act.id is not None:
                raise RefusedError("id: came one, allowed: none where `about` is said")
            return deciding.enter_about(writer, act.kind, act.about, act.said())
        return deciding.enter(writer, act.id or "", act.kind, act.said())

    return _decided(request, act, "resource", entered)


@router.post("/resources/{resource}", response_model=Resource, responses=ACT_ERRORS)
def amend_resource(request: Request, resource: str, act: Amend) -> Response:
    """Change what is said of a resource."""

    def amended(writer: Writer, _who: str) -> str:
        deciding.amend(writer, resource, act.said(), act.version)
        return resource

    return _decided(request, act, "resource", amended)


@router.post("/resources/{resource}/attest", response_model=Resource, responses=ACT_ERRORS)
def attest_resource(request: Request, resource: str, act: Attest) -> Response:
    """Say that what is written of it is true, and when to look again."""

    def attested(writer: Writer, who: str) -> str:
        deciding.attest(writer, resource, who, act.version, act.review_due_on)
        return resource

    return _decided(request, act, "resource", attested)


@router.post("/resources/{resource}/end", response_model=Resource, responses=ACT_ERRORS)
def end_resource(request: Request, resource: str, act: Act) -> Response:
    """Say that there is no such resource any more; its flows end, too."""

    def ended(writer: Writer, _who: str) -> str:
        deciding.end(writer, resource, act.version)
        return resource

    return _decided(request, act, "resource", ended)


@router.get("/flows", response_model=Flows, responses=ERRORS)
def get_flows(request: Request, asked: Annotated[FlowsAsked, Query()]) -> Response:
    """Return what people say flows; streams gathered by a dataset are on the map only."""
    return listed(request, _read(request, lambda read: page(read, FLOWS, asked.wanted())))


@router.post("/flows", response_model=Flow, responses=ACT_ERRORS)
def post_flow(request: Request, act: Connect) -> Response:
    """Say that something flows from one to another."""

    def connected(writer: Writer, who: str) -> str:
        return deciding.connect(writer, act.source, act.target, who)

    return _decided(request, act, "flow", connected)


@router.post("/flows/{flow}/end", response_model=Flow, responses=ACT_ERRORS)
def end_flow(request: Request, flow: str, act: Act) -> Response:
    """Say that it does not flow any more."""

    def ended(writer: Writer, _who: str) -> str:
        deciding.disconnect(writer, flow)
        return flow

    return _decided(request, act, "flow", ended)


@router.get("/map", response_model=MapTold, responses=ONE_ERRORS)
def get_map(request: Request, asked: Annotated[MapAsked, Query()]) -> Response:
    """Return the map: nodes, devices, streams, datasets, services, consumers, indicators."""
    part = _seen(request, lambda now: graph.shown(now.graph, asked.focus))
    things = [asdict(thing) for thing in part.things.values()]
    return answer(request, {"things": things, "edges": [asdict(edge) for edge in part.edges]})


@router.get("/map/impact", response_model=Impact, responses=ONE_ERRORS)
def get_impact(request: Request, asked: Annotated[ImpactAsked, Query()]) -> Response:
    """Return what breaks when a thing goes."""

    def broken(now: World) -> Impact:
        return graph.impact(now.graph, graph.resolved(now.graph, asked.of), asked.limit)

    return answer(request, asdict(_seen(request, broken)))


@router.get("/map/barriers", response_model=BarriersTold, responses=ERRORS)
def get_barriers(request: Request, asked: Annotated[BarriersAsked, Query()]) -> Response:
    """Return what stands in the way of using streams, datasets and services together."""
    told = _seen(request, lambda now: now.once("barriers", lambda: barriers(now)))
    some = [
        one
        for one in told.items
        if asked.kind in {None, one.kind} and asked.rule in {None, one.rule}
    ]
    body = {
        "things": told.things,
        "free": told.free,
        "rules": told.rules,
        "total": len(some),
        "items": [asdict(one) for one in some[: asked.limit]],
    }
    return answer(request, body)


@router.get("/map/findings", response_model=FindingsTold, responses=ERRORS)
def get_findings(request: Request, asked: Annotated[FindingsAsked, Query()]) -> Response:
    """Return what the map shows to be missing, unused, overdue or ending."""

    def looked(register: Register) -> list[Finding]:
        return found(latest(register), asked.what, register.now_ms())

    items = ask(request, looked)
    first = [asdict(one) for one in items[: asked.limit]]
    return answer(request, {"total": len(items), "items": first})


@router.get("/map/duplicates", response_model=Duplicates, responses=ERRORS)
def get_duplicates(request: Request, asked: Annotated[DuplicatesAsked, Query()]) -> Response:
    """Return streams that may measure the same, and what one of both would save."""

    def looked(register: Register) -> Duplicates:
        return alike(register, latest(register), asked.radius_m)

    return answer(request, asdict(ask(request, looked)))


@router.get("/map/completeness", response_model=CompleteTold, responses=ERRORS)
def get_completeness(request: Request) -> Response:
    """Return how complete the map is."""

    def counted(now: World) -> list[Complete]:
        return now.once("completeness", lambda: completeness(now.graph, now.resources))

    items = _seen(request, counted)
    return answer(request, {"items": [asdict(line) for line in items]})


def _read(request: Request, question: Callable[[Connection], T]) -> T:
    def asked(register: Register) -> T:
        with register.database.reading() as connection:
            return question(connection)

    return ask(request, asked)


def _seen(request: Request, question: Callable[[World], T]) -> T:
    return ask(request, lambda register: question(latest(register)))


def _decided(
    request: Request, act: Act, kind: str, decide: Callable[[Writer, str], str]
) -> Response:
    def do(register: Register) -> dict[str, Any]:
        who = actor(request, act)
        with register.changing(who) as writer:
            return dict(known(writer, kind, decide(writer, who)))

    return answer(request, ask(request, do))
