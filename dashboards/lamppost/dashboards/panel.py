"""A panel as a value, and as Grafana's JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from lamppost.dashboards.influxql import Statement
from lamppost.dashboards.links import Link
from lamppost.dashboards.looks import (
    GREY,
    Meanings,
    Thresholds,
    mappings_json,
    silence_json,
    thresholds_json,
)
from lamppost.dashboards.sources import Source, source_of

MAX_WIDTH = 24
MIXED = {"type": "datasource", "uid": "-- Mixed --"}
REF_IDS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Target:
    """A query of a panel.

    Attributes:
        statement: what it asks.
        table: rows as they come; otherwise series over time.
        alias: the name of a series: "$tag_node", "$col".
    """

    statement: Statement
    table: bool = False
    alias: str = ""

    def as_json(self, ref_id: str) -> dict[str, Any]:
        """Return it as a panel has it."""
        return {
            "alias": self.alias,
            "datasource": source_of(self.statement.measurement).reference,
            "query": self.statement.text,
            "rawQuery": True,
            "refId": ref_id,
            "resultFormat": "table" if self.table else "time_series",
        }


@dataclass(frozen=True, slots=True)
class Override:
    """Properties of the fields that a matcher finds.

    Attributes:
        matcher: "byName", "byRegexp", "byType", "byFrameRefID".
        of: what it finds.
        properties: "unit", "custom.width", … and their values.
    """

    matcher: str
    of: str
    properties: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return it as a panel has it."""
        properties = [{"id": key, "value": value} for key, value in self.properties.items()]
        return {"matcher": {"id": self.matcher, "options": self.of}, "properties": properties}


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel, wherever it will stand.

    Attributes:
        kind: Grafana's type.
        title: what it shows.
        question: which question it answers; the description behind the "i".
        targets: its queries; none for text.
        unit: of its numbers, in Grafana's words; "none" where numbers count.
        no_data: what stands there without rows.
        width: in 24ths.
        height: in rows of 30 pixels.
        decimals: digits after the point; Grafana's choice by default.
        thresholds: colours.
        meanings: words for values.
        custom: Grafana's fieldConfig.defaults.custom.
        options: Grafana's options of this kind.
        overrides: what single fields have otherwise.
        links: of each value.
        panel_links: of the panel, in its corner.
        transformations: Grafana's.
        max_points: of a series over time; Grafana's choice by default.
        silence: a missing value is a state that stands out, not just nothing to tell.
        defaults: further fieldConfig.defaults, such as "min" and "max".
        source: of a panel that asks no query of ours.
    """

    kind: str
    title: str
    question: str
    targets: tuple[Target, ...] = ()
    unit: str = "none"
    no_data: str = "no data"
    width: int = 6
    height: int = 4
    decimals: int | None = None
    thresholds: Thresholds = GREY
    meanings: Meanings = field(default_factory=dict)
    custom: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    links: tuple[Link, ...] = ()
    panel_links: tuple[Link, ...] = ()
    transformations: tuple[Mapping[str, Any], ...] = ()
    max_points: int = 0
    silence: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict)
    source: Source | None = None

    def sized(self, width: int, height: int) -> Self:
        """Return it in this size."""
        return replace(self, width=width, height=height)

    def linked(self, *links: Link) -> Self:
        """Return it with links from each of its values."""
        return replace(self, links=(*self.links, *links))

    def cornered(self, *links: Link) -> Self:
        """Return it with links in its corner."""
        return replace(self, panel_links=(*self.panel_links, *links))

    def overridden(self, *overrides: Override) -> Self:
        """Return it with more overrides; the last one of a field counts."""
        return replace(self, overrides=(*self.overrides, *overrides))

    def as_json(self, panel_id: int, x: int, y: int) -> dict[str, Any]:
        """Return it as a board has it."""
        defaults: dict[str, Any] = {
            "color": {"mode": "thresholds"},
            "custom": dict(self.custom),
            "links": [link.as_json() for link in self.links],
            "mappings": mappings_json(self.meanings)
            + ([silence_json(self.no_data)] if self.silence else []),
            "noValue": self.no_data,
            "thresholds": thresholds_json(self.thresholds),
            "unit": self.unit,
            **self.defaults,
        }
        if self.decimals is not None:
            defaults["decimals"] = self.decimals
        panel: dict[str, Any] = {
            "description": self.question,
            "fieldConfig": {
                "defaults": defaults,
                "overrides": [override.as_json() for override in self.overrides],
            },
            "gridPos": {"h": self.height, "w": self.width, "x": x, "y": y},
            "id": panel_id,
            "links": [link.as_json() for link in self.panel_links],
            "options": dict(self.options),
            "targets": [
                target.as_json(REF_IDS[index]) for index, target in enumerate(self.targets)
            ],
            "title": self.title,
            "transformations": [dict(one) for one in self.transformations],
            "type": self.kind,
        }
        source = self._source()
        if source is not None:
            panel["datasource"] = dict(source)
        if self.max_points:
            panel["maxDataPoints"] = self.max_points
        return panel

    def _source(self) -> Mapping[str, str] | None:
        """Return the data source of all its queries, or Grafana's mixture of several."""
        sources = {source_of(target.statement.measurement) for target in self.targets}
        if len(sources) > 1:
            return MIXED
        source = sources.pop() if sources else self.source
        return source.reference if source else None
