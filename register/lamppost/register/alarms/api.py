"""Alarms over HTTP: lists, and what people do about them.

A deed answers with the alarm as it is then. Done twice it is done once; on an older version
than the alarm has now, or where it has no meaning, it is refused with 409.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from lamppost.register.acting import Act, actor
from lamppost.register.alarms import desk, escalation, kpis, reading
from lamppost.register.alarms.asked import (
    AlarmsAsked,
    Assign,
    Escalate,
    EscalationTold,
    Judge,
    PeriodAsked,
    Reasoned,
    Shelve,
)
from lamppost.register.alarms.feedback import DetectorReport, report
from lamppost.register.alarms.kpis import Kpis
from lamppost.register.alarms.states import Deed
from lamppost.register.alarms.values import Alarm
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
from lamppost.register.records.deciding import known, text
from lamppost.register.records.store import Register
from lamppost.register.records.writing import Writer

router = APIRouter(prefix=f"{PREFIX}/alarms", tags=["alarms"])


@dataclass(frozen=True)
class Alarms(Listed):
    """A page of alarms."""

    items: tuple[Alarm, ...]


@router.get("", response_model=Alarms, responses=ERRORS)
def get_alarms(request: Request, asked: Annotated[AlarmsAsked, Query()]) -> Response:
    """Return alarms, the newest first."""

    def page(register: Register) -> object:
        with register.database.reading() as connection:
            return reading.page(connection, asked.wanted())

    return listed(request, ask(request, page))  # type: ignore[arg-type]


@router.get("/kpis", response_model=Kpis, responses=ERRORS)
def get_kpis(request: Request, asked: Annotated[PeriodAsked, Query()]) -> Response:
    """Return how the alarm system does: rate, floods, standing and chattering, times."""

    def measured(register: Register) -> Kpis:
        with register.database.reading() as connection:
            now_ms = register.now_ms()
            return kpis.measure(
                connection, kpis.period(asked.from_ms, asked.to_ms, now_ms), asked.operators
            )

    return answer(request, asdict(ask(request, measured)))


@router.get("/detectors", response_model=DetectorReport, responses=ERRORS)
def get_detectors(request: Request, asked: Annotated[PeriodAsked, Query()]) -> Response:
    """Return what people found of the alarms of each detector."""

    def told(register: Register) -> DetectorReport:
        with register.database.reading() as connection:
            return report(
                connection, kpis.period(asked.from_ms, asked.to_ms, register.now_ms())
            )

    return answer(request, asdict(ask(request, told)))


@router.get("/escalation", response_model=EscalationTold, responses=ERRORS)
def get_escalation(request: Request) -> Response:
    """Return when alarms that nobody acknowledges are passed on, and to whom."""

    def told(register: Register) -> dict[str, object]:
        with register.database.reading() as connection:
            return {"items": escalation.told(escalation.held(connection))}

    return answer(request, ask(request, told))


@router.post("/escalation", response_model=EscalationTold, responses=ACT_ERRORS)
def decide_escalation(request: Request, act: Escalate) -> Response:
    """Say when alarms of a priority are passed on, and to whom."""

    def do(register: Register) -> dict[str, object]:
        with register.changing(actor(request, act)) as writer:
            escalation.decide(writer, act.priority, act.minutes, act.tell)
        with register.database.reading() as connection:
            return {"items": escalation.told(escalation.held(connection))}

    return answer(request, ask(request, do))


@router.get("/{alarm}", response_model=Alarm, responses=ONE_ERRORS)
def get_alarm(request: Request, alarm: str) -> Response:
    """Return an alarm."""

    def one(register: Register) -> Alarm:
        with register.database.reading() as connection:
            return Alarm(**known(Writer(connection, "", 0), desk.KIND, alarm))

    return answer(request, asdict(ask(request, one)))


@router.post("/{alarm}/acknowledge", response_model=Alarm, responses=ACT_ERRORS)
def acknowledge(request: Request, alarm: str, act: Act) -> Response:
    """Acknowledge an alarm; of two who do, both succeed and the first is named."""
    return _deed(request, alarm, act, "acknowledge")


@router.post("/{alarm}/shelve", response_model=Alarm, responses=ACT_ERRORS)
def shelve(request: Request, alarm: str, act: Shelve) -> Response:
    """Put an alarm away until a time, at most seven days."""
    return _deed(request, alarm, act, "shelve", act.reason, act.until_ms)


@router.post("/{alarm}/unshelve", response_model=Alarm, responses=ACT_ERRORS)
def unshelve(request: Request, alarm: str, act: Act) -> Response:
    """Take an alarm off the shelf."""
    return _deed(request, alarm, act, "unshelve")


@router.post("/{alarm}/suppress", response_model=Alarm, responses=ACT_ERRORS)
def suppress(request: Request, alarm: str, act: Reasoned) -> Response:
    """Suppress an alarm by design: something known explains it."""
    return _deed(request, alarm, act, "suppress", act.reason)


@router.post("/{alarm}/unsuppress", response_model=Alarm, responses=ACT_ERRORS)
def unsuppress(request: Request, alarm: str, act: Act) -> Response:
    """End the suppression of an alarm."""
    return _deed(request, alarm, act, "unsuppress")


@router.post("/{alarm}/remove", response_model=Alarm, responses=ACT_ERRORS)
def remove(request: Request, alarm: str, act: Reasoned) -> Response:
    """Take an alarm out of service."""
    return _deed(request, alarm, act, "remove", act.reason)


@router.post("/{alarm}/restore", response_model=Alarm, responses=ACT_ERRORS)
def restore(request: Request, alarm: str, act: Act) -> Response:
    """Put an alarm back into service."""
    return _deed(request, alarm, act, "restore")


@router.post("/{alarm}/assign", response_model=Alarm, responses=ACT_ERRORS)
def assign(request: Request, alarm: str, act: Assign) -> Response:
    """Give an alarm to somebody, or to nobody."""

    def given(writer: Writer, _who: str) -> None:
        to = None if act.to is None else text("to", act.to)
        desk.assign(writer, alarm, to, act.version)

    return _changed(request, alarm, act, given)


@router.post("/{alarm}/verdict", response_model=Alarm, responses=ACT_ERRORS)
def judge(request: Request, alarm: str, act: Judge) -> Response:
    """Say whether an alarm was true; it reaches the report on the detectors."""
    return _changed(
        request,
        alarm,
        act,
        lambda writer, who: desk.judge(writer, alarm, act.verdict, who, act.note),
    )


def _deed(
    request: Request,
    alarm: str,
    act: Act,
    deed: Deed,
    reason: str | None = None,
    until_ms: int | None = None,
) -> Response:
    def done(writer: Writer, who: str) -> None:
        why = None if reason is None else text("reason", reason)
        desk.act(writer, alarm, deed, who, version=act.version, reason=why, until_ms=until_ms)

    return _changed(request, alarm, act, done)


def _changed(
    request: Request, alarm: str, act: Act, deed: Callable[[Writer, str], object]
) -> Response:
    def do(register: Register) -> Alarm:
        who = actor(request, act)
        with register.changing(who) as writer:
            deed(writer, who)
            return Alarm(**known(writer, desk.KIND, alarm))

    return answer(request, asdict(ask(request, do)))
