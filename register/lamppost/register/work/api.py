"""Work orders over HTTP."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import ColumnElement

from lamppost.register.acting import Act, actor
from lamppost.register.alarms.asked import Assign
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
from lamppost.register.problems import Problem
from lamppost.register.records.deciding import known, text
from lamppost.register.records.newest import newest
from lamppost.register.records.reading import Page
from lamppost.register.records.store import Register
from lamppost.register.records.writing import Writer
from lamppost.register.work import desk
from lamppost.register.work.asked import Closure, Finish, OpenOrder, OrdersAsked
from lamppost.register.work.tables import work_order
from lamppost.register.work.values import Deed, WorkOrder

router = APIRouter(prefix=f"{PREFIX}/work-orders", tags=["work orders"])

FILTERS = ("state", "asset", "alarm", "district", "assignee", "priority")


@dataclass(frozen=True)
class WorkOrders(Listed):
    """A page of work orders."""

    items: tuple[WorkOrder, ...]


@router.get("", response_model=WorkOrders, responses=ERRORS)
def get_orders(request: Request, asked: Annotated[OrdersAsked, Query()]) -> Response:
    """Return work orders, the newest first."""

    def page(register: Register) -> Page:
        with register.database.reading() as connection:
            return newest(
                connection,
                work_order,
                WorkOrder,
                _conditions(asked),
                asked.after or "",
                asked.limit,
            )

    return listed(request, ask(request, page))


@router.get("/{order}", response_model=WorkOrder, responses=ONE_ERRORS)
def get_order(request: Request, order: str) -> Response:
    """Return a work order."""

    def one(register: Register) -> WorkOrder:
        with register.database.reading() as connection:
            return WorkOrder(**known(Writer(connection, "", 0), desk.KIND, order))

    return answer(request, asdict(ask(request, one)))


@router.post("", response_model=WorkOrder, responses=ACT_ERRORS)
def open_order(request: Request, act: OpenOrder) -> Response:
    """Open an order; for an alarm that has one under way, that one is returned."""

    def opened(writer: Writer, who: str) -> str:
        assignee = None if act.assignee is None else text("assignee", act.assignee)
        wanted = desk.Wanted(
            act.alarm, act.asset, act.title, act.severity, assignee, act.due_ms
        )
        return desk.open_order(writer, wanted, who)

    return _changed(request, act, opened)


@router.post("/{order}/start", response_model=WorkOrder, responses=ACT_ERRORS)
def start(request: Request, order: str, act: Act) -> Response:
    """Begin."""
    return _deed(request, order, act, "start")


@router.post("/{order}/finish", response_model=WorkOrder, responses=ACT_ERRORS)
def finish(request: Request, order: str, act: Finish) -> Response:
    """Say what was found and done; later readings will show whether it helped."""
    return _deed(
        request, order, act, "finish", cause=act.cause, action=act.action, closure=act.closure
    )


@router.post("/{order}/cancel", response_model=WorkOrder, responses=ACT_ERRORS)
def cancel(request: Request, order: str, act: Closure) -> Response:
    """Give up an order, and say why."""
    return _deed(request, order, act, "cancel", closure=act.closure)


@router.post("/{order}/confirm", response_model=WorkOrder, responses=ACT_ERRORS)
def confirm(request: Request, order: str, act: Closure) -> Response:
    """Say as a person that the work has helped, where readings cannot."""
    return _deed(request, order, act, "verify", closure=act.closure)


@router.post("/{order}/reopen", response_model=WorkOrder, responses=ACT_ERRORS)
def reopen(request: Request, order: str, act: Closure) -> Response:
    """Say that the work has not helped."""
    return _deed(request, order, act, "reopen", closure=act.closure)


@router.post("/{order}/assign", response_model=WorkOrder, responses=ACT_ERRORS)
def assign(request: Request, order: str, act: Assign) -> Response:
    """Give an order to somebody, or to nobody."""

    def given(writer: Writer, _who: str) -> str:
        to = None if act.to is None else text("to", act.to)
        desk.assign(writer, order, to, act.version)
        return order

    return _changed(request, act, given)


@router.post("/{order}/verify", response_model=WorkOrder, responses=ACT_ERRORS)
def verify(request: Request, order: str, act: Act) -> Response:
    """Look now at the readings after the work; what waits for more stays as it is."""
    feed = getattr(request.app.state, "feed", None)
    if feed is None:
        told = "there are no readings here; an aggregator that runs has them"
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, told)

    def looked(register: Register) -> WorkOrder:
        try:
            desk.verify(register, order, feed.live, actor(request, act))
        except OSError as error:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error
        with register.database.reading() as connection:
            return WorkOrder(**known(Writer(connection, "", 0), desk.KIND, order))

    return answer(request, asdict(ask(request, looked)))


def _conditions(asked: OrdersAsked) -> list[ColumnElement[bool]]:
    columns = work_order.c
    told: list[ColumnElement[bool]] = [
        columns[name] == getattr(asked, name)
        for name in FILTERS
        if getattr(asked, name) is not None
    ]
    if asked.open is not None:
        ended = columns.valid_to_ms.is_not(None)
        told.append(~ended if asked.open else ended)
    if asked.due_before_ms is not None:
        told += [columns.done_ms.is_(None), columns.valid_to_ms.is_(None)]
        told.append(columns.due_ms < asked.due_before_ms)
    return told


def _deed(request: Request, order: str, act: Act, deed: Deed, **said: str | None) -> Response:
    def done(writer: Writer, _who: str) -> str:
        facts: dict[str, Any] = {
            name: text(name, value) for name, value in said.items() if value is not None
        }
        desk.act(writer, order, deed, facts, act.version)
        return order

    return _changed(request, act, done)


def _changed(request: Request, act: Act, deed: Callable[[Writer, str], str]) -> Response:
    def do(register: Register) -> WorkOrder:
        who = actor(request, act)
        with register.changing(who) as writer:
            one = deed(writer, who)
            return WorkOrder(**known(writer, desk.KIND, one))

    return answer(request, asdict(ask(request, do)))
