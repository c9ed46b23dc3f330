"""What `lamppost bench register` asks of a large city: API paths and pages, and how long each.

A page is asked for as far as it reads and draws; what a browser then does is not counted.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from fastapi import FastAPI

from lamppost.register import problems
from lamppost.register.app import ROUTERS
from lamppost.register.markup import Markup
from lamppost.register.pages import (
    alarm_list,
    alarm_rows,
    asset_list,
    assets,
    coverage,
    indicator_list,
    indicator_sheet,
    next_list,
    reviews,
    use,
    work,
    work_rows,
)
from lamppost.register.pages import map as map_page
from lamppost.register.pages.places import districts
from lamppost.register.records.store import Register

GOAL_MS = 200.0
"""What the 95th percentile of a list page or call may take."""

PERIOD = "2026-08"

GETS = (
    "/assets?limit=100",
    "/assets?class=street_light&district=Harbour",
    "/assets/pump-1-1",
    "/nodes?limit=100",
    "/devices?limit=100",
    "/channels?limit=100",
    "/channels?class=flow",
    "/streams?limit=100",
    "/links?limit=100",
    "/audit?kind=channel",
    "/alarms?limit=100",
    "/alarms?open=true",
    "/alarms?state=unacknowledged",
    "/alarms?district=Harbour",
    "/alarms?district=Harbour&open=true",
    "/alarms?asset=pump-1-1",
    "/alarms?class=sensor_fault",
    "/alarms?kind=drift",
    "/alarms?verdict=false",
    "/alarms?priority=1&limit=1000",
    "/alarms/kpis",
    "/alarms/detectors",
    "/work-orders?open=true",
    "/work-orders?state=verified",
    "/conditions?limit=100",
    "/coverage?by=class",
    "/gaps?limit=100",
    "/next",
    "/capacity",
    "/resource-use?resource=energy&by=district",
    "/quality?limit=100",
    "/quality?class=flow",
    "/quality/nodes",
    "/days?channel=storm/node-1/device/metric-1",
    f"/indicators?period={PERIOD}",
    "/indicators/kept",
    "/resources?limit=100",
    "/flows?limit=100",
    "/map?focus=node:storm/node-1",
    "/map/impact?of=node:storm/node-1",
    "/map/impact?of=dataset:water-flows",
    "/map/barriers",
    "/map/findings?what=orphans",
    "/map/findings?what=unused",
    "/map/duplicates",
    "/map/completeness",
)
"""Under /api/v1."""


def _alarms(register: Register, query: Mapping[str, str]) -> object:
    places = districts(register)
    wanted = alarm_list.filters(query)
    page = alarm_list.load(register, wanted)
    now_ms = register.now_ms()
    rows = [alarm_rows.row(one, now_ms) for one in page.items]
    return rows, alarm_list.filter_form(wanted, places)


def _work(register: Register, query: Mapping[str, str]) -> object:
    districts(register)
    page = work.load(register, work.filters(query))
    now_ms = register.now_ms()
    return [work_rows.row(one, now_ms) for one in page.items]


def _asset(register: Register, _query: Mapping[str, str]) -> object:
    return assets.markup(assets.load(register, "pump-1-1"), register.now_ms())


def _sheet(register: Register, query: Mapping[str, str]) -> object:
    one, none = "iso37122-2019:7.6", Markup("")
    return indicator_sheet.draw(register, one, query, none, names=False, aims=False)


Draw = Callable[[Register, Mapping[str, str]], object]

PAGES: Mapping[str, tuple[Draw, Mapping[str, str]]] = {
    "/next": (next_list.draw, {}),
    "/next?district=Harbour": (next_list.draw, {"district": "Harbour"}),
    "/coverage": (coverage.draw, {}),
    "/coverage?district=Harbour": (coverage.draw, {"district": "Harbour"}),
    "/use": (use.draw, {}),
    "/alarms": (_alarms, {}),
    "/alarms?state=normal": (_alarms, {"state": "normal"}),
    "/alarms?state=normal&class=sensor_fault": (
        _alarms,
        {"state": "normal", "class": "sensor_fault"},
    ),
    "/alarms?district=Harbour": (_alarms, {"district": "Harbour"}),
    "/work": (_work, {}),
    "/work?district=Harbour": (_work, {"district": "Harbour"}),
    "/assets": (asset_list.draw, {}),
    "/assets?find=pump": (asset_list.draw, {"find": "pump"}),
    "/assets/pump-1-1": (_asset, {}),
    "/map": (map_page.draw, {}),
    "/map?find=pump": (map_page.draw, {"find": "pump"}),
    "/map?focus=node:storm/node-1": (map_page.draw, {"focus": "node:storm/node-1"}),
    "/map?focus=dataset:water-flows": (map_page.draw, {"focus": "dataset:water-flows"}),
    "/reviews": (reviews.draw, {}),
    f"/indicators?period={PERIOD}": (indicator_list.draw, {"period": PERIOD}),
    f"/indicators/iso37122-2019:7.6?period={PERIOD}": (_sheet, {"period": PERIOD}),
}

Took = dict[str, list[tuple[float, float]]]
"""By path: wall and processor time of each round, ms."""


def asked(register: Register, rounds: int) -> dict[str, dict[str, Any]]:
    """Return for each path and page how long it takes.

    `first_ms` is the very first time, with its statements to be compiled and nothing kept; it
    is no part of the percentiles. `met` says whether the 95th percentile by wall is within the
    goal.
    """
    app = FastAPI()
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.state.register = register
    took = asyncio.run(_rounds(app, register, rounds))
    return {name: _told(rounds_of) for name, rounds_of in took.items()}


def p95(values: list[float]) -> float:
    """Return the 95th percentile."""
    return sorted(values)[min(int(len(values) * 0.95), len(values) - 1)]


def _told(rounds: list[tuple[float, float]]) -> dict[str, Any]:
    (first, _), *rest = rounds
    wall, worked = ([one[part] for one in rest] for part in (0, 1))
    return {
        "p95_ms": round(p95(wall), 1),
        "cpu_p95_ms": round(p95(worked), 1),
        "first_ms": round(first, 1),
        "goal_ms": GOAL_MS,
        "met": p95(wall) <= GOAL_MS,
    }


async def _rounds(app: FastAPI, register: Register, rounds: int) -> Took:
    calls: dict[str, Callable[[], Awaitable[None]]] = {}
    for path in GETS:
        calls[f"GET {path}"] = partial(_get, app, f"/api/v1{path}")
    for path, (draw, query) in PAGES.items():
        calls[f"page {path}"] = partial(_drawn, register, draw, query)
    took: Took = {name: [] for name in calls}
    for _ in range(rounds + 1):
        for name, call in calls.items():
            began, cpu = time.perf_counter(), time.process_time()
            await call()
            worked = (time.process_time() - cpu) * 1_000
            took[name].append(((time.perf_counter() - began) * 1_000, worked))
    return took


async def _drawn(register: Register, draw: Draw, query: Mapping[str, str]) -> None:
    draw(register, query)


async def _get(app: FastAPI, path: str) -> None:
    where, _, query = path.partition("?")
    status = 0
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "path": where, "raw_path": where.encode(), "query_string": query.encode(),
        "headers": [(b"host", b"127.0.0.1")], "scheme": "http", "root_path": "",
        "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:  # noqa: ANN401 - an ASGI message
        nonlocal status
        status = message.get("status", status)

    await app(scope, receive, send)
    if status != 200:
        raise RuntimeError(f"{path} answered {status}")
