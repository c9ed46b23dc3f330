"""Executes every query of every board on a real InfluxDB and tells which failed."""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lamppost.dashboards.asked import RULE, VARIABLE, Asked, asked
from lamppost.dashboards.influx import Influx, InfluxError
from lamppost.dashboards.sources import BY_UID
from lamppost.dashboards.substitute import Scene, UnknownVariable, Value
from lamppost.dashboards.variables import EVERY

HOW_TO_MAKE = "; the aggregator makes it when it starts, `lamppost influx setup` at once"
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
SPANS_MS = {"h": HOUR_MS, "d": DAY_MS, "w": 7 * DAY_MS, "y": 365 * DAY_MS}
POINTS = 1_000
"""About as many as a panel is wide."""
STEPS_MS = tuple(
    minutes * MINUTE_MS for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1440)
)
"""Those Grafana chooses from, not below the minute of its data sources."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one query.

    Attributes:
        asked: the query and where it stands.
        sent: what was sent, variables filled in.
        rows: of all series of the answer.
        took_ms: from asking to the whole answer.
        error: what the database said; empty when it answered.
        series: the answer.
    """

    asked: Asked
    sent: str
    rows: int
    took_ms: float
    error: str = ""
    series: tuple[Mapping[str, Any], ...] = ()


def ask(influx: Influx, city: str, one: Asked, scene: Scene) -> Outcome:
    """Execute one query."""
    start = time.perf_counter()
    sent, error, series = one.text, "", []
    try:
        sent = scene.filled(one.text)
        series = influx.query(BY_UID[one.source].database.named(city), sent)
    except (InfluxError, UnknownVariable) as problem:
        error = str(problem)
        if "database not found" in error:
            error += HOW_TO_MAKE
    took_ms = (time.perf_counter() - start) * 1e3
    rows = sum(len(single.get("values", ())) for single in series)
    return Outcome(one, sent, rows, took_ms, error, tuple(series))


def check_board(
    influx: Influx, city: str, board: Mapping[str, Any], scene: Scene
) -> list[Outcome]:
    """Execute every query of a rendered board.

    Variables are asked first, in their order. What the scene does not choose is all values, or
    the first one where exactly one has to be chosen, as in a browser that opens the board.
    """
    values: dict[str, Value] = {**_constants(board), **scene.values}
    several = {one["name"]: one.get("multi", False) for one in board["templating"]["list"]}
    outcomes = []
    for one in asked(board):
        seen = Scene(scene.from_ms, scene.to_ms, scene.step, values)
        outcome = ask(influx, city, one, seen)
        outcomes.append(outcome)
        if one.kind == VARIABLE:
            values.setdefault(one.place, EVERY if several[one.place] else _first(outcome))
    return outcomes


def check(
    influx: Influx,
    city: str,
    boards: Iterable[Mapping[str, Any]],
    rules: Iterable[Asked] = (),
    told: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Execute every query of boards and rules, as of now.

    Args:
        influx: where.
        city: what the names of its databases begin with.
        boards: rendered.
        rules: queries of alert rules, which have no variables.
        told: is told of each board's and rule's outcomes as they come.
    """
    now_ms = time.time_ns() // 1_000_000
    outcomes = []
    for board in boards:
        for outcome in check_board(influx, city, board, opened(board, now_ms)):
            told(outcome)
            outcomes.append(outcome)
    scene = Scene(now_ms - HOUR_MS, now_ms)
    for rule in rules:
        outcomes.append(ask(influx, city, rule, scene))
        told(outcomes[-1])
    return outcomes


def opened(board: Mapping[str, Any], now_ms: int) -> Scene:
    """Return what a browser looks at that opens a rendered board: its own range until now."""
    count, unit = re.fullmatch(r"now-(\d+)([hdwy])", board["time"]["from"]).groups()  # type: ignore[union-attr]
    span_ms = int(count) * SPANS_MS[unit]
    wanted_ms = span_ms / POINTS
    step_ms = next((step for step in STEPS_MS if step >= wanted_ms), STEPS_MS[-1])
    return Scene(now_ms - span_ms, now_ms, f"{step_ms // MINUTE_MS}m")


def summary(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """Return the figures of a check, for scripts."""
    all_of_them = list(outcomes)
    failed = [outcome for outcome in all_of_them if outcome.error]
    slowest = max(all_of_them, key=lambda outcome: outcome.took_ms, default=None)
    return {
        "boards": len({one.asked.board for one in all_of_them if one.asked.kind != RULE}),
        "rules": len({one.asked.place for one in all_of_them if one.asked.kind == RULE}),
        "queries": len(all_of_them),
        "failed": len(failed),
        "empty": sum(not outcome.rows and not outcome.error for outcome in all_of_them),
        "slowest_ms": round(slowest.took_ms, 1) if slowest else 0.0,
        "slowest": slowest.asked.where if slowest else "",
        "failures": [
            {"where": one.asked.where, "query": one.sent, "answer": one.error} for one in failed
        ],
    }


def _constants(board: Mapping[str, Any]) -> dict[str, Value]:
    return {
        one["name"]: one["query"]
        for one in board["templating"]["list"]
        if one["type"] == "constant"
    }


def _first(outcome: Outcome) -> str:
    """The first choice in the order in which Grafana shows them; "" when there is none."""
    found = sorted(
        (str(row[1]) for single in outcome.series for row in single["values"]), key=str.lower
    )
    return found[0] if found else ""
