"""The JSON API under /api/v0: what the page shows, for scripts.

Every list is bounded by `limit` and says how many there are in all. Errors are problem+json.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from lamppost.register import words
from lamppost.register.live import HISTORY_POINTS_MAX, LiveView, Snapshot
from lamppost.register.problems import Problem

PREFIX = "/api/v0"
LIMIT_DEFAULT = 1_000
LIMIT_MAX = 10_000
HISTORY_SPAN_MS = words.HOUR_MS
HISTORY_POINTS = 600
TIME_MAX_MS = 253_402_300_799_999
"""The end of the year 9999."""

Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX)]
Time = Annotated[int | None, Query(ge=0, le=TIME_MAX_MS)]
Name = Annotated[str, Query(max_length=255)]

router = APIRouter(prefix=PREFIX)


def plain(value: Any) -> Any:  # noqa: ANN401 - any value of the live view
    """Return a value as JSON can hold it; a number that is not finite becomes null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value


def _live(request: Request) -> LiveView:
    live: LiveView = request.app.state.feed.live
    return live


def _answer(body: dict[str, Any]) -> JSONResponse:
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


def _listed(
    snapshot: Snapshot, name: str, limit: int, keep: Callable[[Any], bool]
) -> JSONResponse:
    found = [item for item in getattr(snapshot, name) if keep(item)]
    body = {"time_ms": snapshot.time_ms, "total": len(found), name: plain(found[:limit])}
    return _answer(body)


def _belongs(group: str, node: str) -> Callable[[Any], bool]:
    return lambda item: group in ("", item.group) and node in ("", getattr(item, "node", ""))


@router.get("/snapshot")
def get_snapshot(request: Request, limit: Limit = LIMIT_MAX) -> JSONResponse:
    """Return everything at once; `totals` tells what the limit left out."""
    snapshot = _live(request).snapshot()
    lists: dict[str, Sequence[Any]] = {
        "nodes": snapshot.nodes,
        "channels": snapshot.channels,
        "events": snapshot.events,
        "incidents": snapshot.incidents,
        "maintenance": snapshot.maintenance,
        "ledger": snapshot.ledger,
    }
    return _answer(
        {
            "time_ms": snapshot.time_ms,
            "health": plain(snapshot.health),
            "totals": {name: len(items) for name, items in lists.items()},
            **{name: plain(items[:limit]) for name, items in lists.items()},
        }
    )


@router.get("/nodes")
def get_nodes(request: Request, group: Name = "", limit: Limit = LIMIT_DEFAULT) -> JSONResponse:
    """Return the nodes."""
    return _listed(
        _live(request).snapshot(), "nodes", limit, lambda node: group in ("", node.group)
    )


@router.get("/channels")
def get_channels(
    request: Request, group: Name = "", node: Name = "", limit: Limit = LIMIT_DEFAULT
) -> JSONResponse:
    """Return the channels with their last judged reading."""
    return _listed(_live(request).snapshot(), "channels", limit, _belongs(group, node))


@router.get("/events")
def get_events(
    request: Request,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    group: Name = "",
    node: Name = "",
    limit: Limit = LIMIT_DEFAULT,
) -> JSONResponse:
    """Return events: all that are known, or with `open` only open (1) or closed (0) ones."""
    belongs = _belongs(group, node)
    return _listed(
        _live(request).snapshot(),
        "events",
        limit,
        lambda event: belongs(event) and is_open in (None, event.end_ms is None),
    )


@router.get("/incidents")
def get_incidents(
    request: Request,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    group: Name = "",
    node: Name = "",
    limit: Limit = LIMIT_DEFAULT,
) -> JSONResponse:
    """Return incidents: all that are known, or with `open` only open (1) or closed (0) ones."""
    belongs = _belongs(group, node)
    return _listed(
        _live(request).snapshot(),
        "incidents",
        limit,
        lambda incident: belongs(incident) and is_open in (None, incident.closed_ms is None),
    )


@router.get("/maintenance")
def get_maintenance(
    request: Request, group: Name = "", node: Name = "", limit: Limit = LIMIT_DEFAULT
) -> JSONResponse:
    """Return who works where now."""
    return _listed(_live(request).snapshot(), "maintenance", limit, _belongs(group, node))


@router.get("/ledger")
def get_ledger(
    request: Request, group: Name = "", node: Name = "", limit: Limit = LIMIT_DEFAULT
) -> JSONResponse:
    """Return the delivery ledger, one row per node and day."""
    return _listed(_live(request).snapshot(), "ledger", limit, _belongs(group, node))


@router.get("/health")
def get_health(request: Request) -> JSONResponse:
    """Return the aggregator's own state."""
    snapshot = _live(request).snapshot()
    return _answer({"time_ms": snapshot.time_ms, **plain(snapshot.health)})


@router.get("/history")
def get_history(
    request: Request,
    group: Name,
    node: Name,
    metric: Name,
    device: Name = "",
    from_ms: Time = None,
    to_ms: Time = None,
    step_ms: Annotated[int | None, Query(ge=1)] = None,
) -> JSONResponse:
    """Return one channel over time, as columns; the last hour unless told otherwise."""
    end = request.app.state.feed.now_ms() + 1 if to_ms is None else to_ms
    start = max(end - HISTORY_SPAN_MS, 0) if from_ms is None else from_ms
    step = _step(start, end, step_ms)
    try:
        history = _live(request).history(group, node, device, metric, start, end, step)
    except LookupError as error:
        name = "/".join(filter(None, (group, node, device, metric)))
        told = f"no channel {name!r}; /api/v0/channels lists them"
        raise Problem(HTTPStatus.NOT_FOUND, told) from error
    except OSError as error:
        told = f"the store does not answer: {error}"
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, told) from error
    return _answer({"from_ms": start, "to_ms": end, "step_ms": step, **plain(history)})


def _step(start: int, end: int, step_ms: int | None) -> int:
    if start >= end:
        told = f"from_ms: came {start}, allowed: less than to_ms, which is {end}"
        raise Problem(HTTPStatus.BAD_REQUEST, told)
    if step_ms is None:
        return max((end - start) // HISTORY_POINTS, 1)
    least = math.ceil((end - start) / HISTORY_POINTS_MAX)
    if step_ms < least:
        told = (
            f"step_ms: came {step_ms}, allowed: at least {least} for this window"
            f" (at most {HISTORY_POINTS_MAX} points)"
        )
        raise Problem(HTTPStatus.BAD_REQUEST, told)
    return step_ms


@router.get("/{rest:path}", include_in_schema=False)
def get_nothing(rest: str) -> JSONResponse:
    """Answer an unknown path."""
    known = "snapshot, nodes, channels, events, incidents, maintenance, ledger, health, history"
    raise Problem(HTTPStatus.NOT_FOUND, f"no resource {rest!r}; there are: {known}")
