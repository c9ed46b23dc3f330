"""An alert rule: queries on few rows, one condition, and what helps the person it wakes.

Grafana 9.3 to 13 understand the same rule, in files and over the API. A query becomes a series
for each value of its tags; each is reduced to its last number, and one formula over these
decides. Nothing else is used, because nothing else means the same in all these versions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lamppost.dashboards.asked import RULE, Asked
from lamppost.dashboards.influxql import Statement
from lamppost.dashboards.sources import source_of

EXPRESSION = "__expr__"
"""The data source of expressions: Grafana itself."""
CONDITION = "Z"
REDUCED = "Last"
MAX_UID_CHARS = 40
PREFIX = "lamppost-"
"""What uids of everything of ours begin with."""

OK, ALERTING, KEEP_LAST = "OK", "Alerting", "KeepLast"
CRITICAL, WARNING, ADVISORY, SIGN = "critical", "warning", "advisory", "sign"
"""Severities; a sign is for machines that listen, never for people."""


@dataclass(frozen=True, slots=True)
class Rule:
    """An alert rule.

    Attributes:
        name: its uid without the prefix, and the label `lamppost`.
        title: what is wrong, as a person says it.
        queries: by a letter; the formula calls their last numbers `$A`, `$B`.
        formula: true (not 0) where it is wrong.
        range_s: how far back the queries look.
        severity: one of the four above.
        summary: one sentence, with Grafana's templates.
        runbook: what to do first.
        board: uid of the board that shows more.
        hold: how long it must be wrong before it is told.
        on_no_data: OK, or ALERTING where silence is what is wrong.
        on_error: the same for a query that fails.
        acts: whether someone acknowledges, shelves or assigns it in the register.
    """

    name: str
    title: str
    queries: Mapping[str, Statement]
    formula: str
    range_s: int
    severity: str
    summary: str
    runbook: str
    board: str
    hold: str = "2m"
    on_no_data: str = OK
    on_error: str = OK
    acts: bool = False

    @property
    def uid(self) -> str:
        """Return what Grafana knows it by."""
        return PREFIX + self.name

    def asked(self, group: str) -> tuple[Asked, ...]:
        """Return its queries as `lamppost dashboards check` executes them."""
        return tuple(
            Asked(group, RULE, self.title, ref, source_of(one.measurement).uid, one.text)
            for ref, one in self.queries.items()
        )

    def as_json(self, console_url: str, on_error: str | None = None) -> dict[str, Any]:
        """Return it as a file has it, and, but for folder and group, the API.

        Args:
            console_url: the register's console.
            on_error: what to do while a query fails, instead of what it says itself.
        """
        wanted = on_error if on_error and self.on_error == OK else self.on_error
        data = [part for ref in self.queries for part in self._part(ref)]
        math = self._expression(CONDITION, {"type": "math", "expression": self._math})
        return {
            "uid": self.uid,
            "title": self.title,
            "condition": CONDITION,
            "data": [*data, math],
            "noDataState": self.on_no_data,
            "execErrState": wanted,
            "for": self.hold,
            "annotations": self._annotations(console_url),
            "labels": {"lamppost": self.name, "severity": self.severity, "team": "operations"},
        }

    @property
    def _math(self) -> str:
        text = self.formula
        for ref in self.queries:
            text = text.replace(f"${ref}", f"${ref}{REDUCED}")
        return text

    def _annotations(self, console_url: str) -> dict[str, str]:
        told = {
            "summary": self.summary,
            "runbook": self.runbook,
            "board": f"{{{{ externalURL }}}}d/{self.board}",
        }
        if self.acts:
            told["act"] = f"{console_url}/alarms (acknowledge, shelve, assign)"
        return told

    def _part(self, ref: str) -> list[dict[str, Any]]:
        statement = self.queries[ref]
        source = source_of(statement.measurement)
        model = {
            "refId": ref,
            "datasource": source.reference,
            "query": statement.text,
            "rawQuery": True,
            "resultFormat": "time_series",
            "intervalMs": 60_000,
            "maxDataPoints": 1_000,
        }
        query = {
            "refId": ref,
            "datasourceUid": source.uid,
            "relativeTimeRange": {"from": self.range_s, "to": 0},
            "model": model,
        }
        reduce = {
            "type": "reduce",
            "expression": ref,
            "reducer": "last",
            "settings": {"mode": "dropNN"},
        }
        return [query, self._expression(ref + REDUCED, reduce)]

    def _expression(self, ref: str, told: Mapping[str, Any]) -> dict[str, Any]:
        source = {"type": EXPRESSION, "uid": EXPRESSION}
        return {
            "refId": ref,
            "datasourceUid": EXPRESSION,
            "relativeTimeRange": {"from": self.range_s, "to": 0},
            "model": {"refId": ref, "datasource": source, **told},
        }


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated together.

    Attributes:
        name: its name in its folder.
        folder: title of the folder.
        interval_s: seconds between evaluations; a multiple of 10, Grafana's own step.
        rules: in their order.
    """

    name: str
    folder: str
    interval_s: int
    rules: tuple[Rule, ...] = field(default=())
