"""Over HTTP: days of channels, and how good they were."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection

from lamppost.register.answering import ERRORS, PREFIX, answer, ask
from lamppost.register.days import reading
from lamppost.register.days.asked import (
    DaysAsked,
    DaysTold,
    NodesAsked,
    NodesTold,
    QualityAsked,
    QualityTold,
    day_at,
    first_ms,
)
from lamppost.register.records.store import Register

router = APIRouter(prefix=PREFIX, tags=["days and quality"])


@router.get("/days", response_model=DaysTold, responses=ERRORS)
def get_days(request: Request, asked: Annotated[DaysAsked, Query()]) -> Response:
    """Return the days of a channel, the oldest first."""

    def found(register: Register) -> list[dict[str, object]]:
        with register.database.reading() as connection:
            return [asdict(one) for one in reading.days(connection, asked)]

    return answer(request, {"items": ask(request, found)})


@router.get("/quality", response_model=QualityTold, responses=ERRORS)
def get_quality(request: Request, asked: Annotated[QualityAsked, Query()]) -> Response:
    """Return how good the streams were on a day, the worst first."""

    def found(register: Register) -> dict[str, object]:
        with register.database.reading() as connection:
            day_ms = which_day(connection, asked)
            if day_ms is None:
                return {"day": None, "total": 0, "items": []}
            total, items = reading.graded(connection, day_ms, asked)
        told = [asdict(one) for one in items]
        return {"day": day_at(day_ms).isoformat(), "total": total, "items": told}

    return answer(request, ask(request, found))


@router.get("/quality/nodes", response_model=NodesTold, responses=ERRORS)
def get_nodes(request: Request, asked: Annotated[NodesAsked, Query()]) -> Response:
    """Return how good the streams of each node were on a day, the worst first."""

    def found(register: Register) -> dict[str, object]:
        with register.database.reading() as connection:
            day_ms = which_day(connection, asked)
            if day_ms is None:
                return {"day": None, "items": []}
            items = [asdict(one) for one in reading.nodes(connection, day_ms)]
        return {"day": day_at(day_ms).isoformat(), "items": items}

    return answer(request, ask(request, found))


def which_day(connection: Connection, asked: NodesAsked) -> int | None:
    """Return the day that was asked for, else the newest, None while there is none."""
    return reading.newest_day(connection) if asked.day is None else first_ms(asked.day)
