"""A board: its panels laid out, its variables, its links, its annotations."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lamppost.dashboards.influxql import Statement
from lamppost.dashboards.panel import MAX_WIDTH, Panel
from lamppost.dashboards.sources import source_of
from lamppost.dashboards.variables import Variable

SCHEMA_VERSION = 37
"""That of Grafana 9.2 and 9.3: newer ones migrate forward, none of them back."""
TAG = "lamppost"
MAX_PANELS = 12
MAX_UID_CHARS = 40


class BadBoard(ValueError):  # noqa: N818 - says what is wrong with the board
    """A board cannot be laid out as it is described."""


@dataclass(frozen=True, slots=True)
class Notes:
    """Annotations that a query makes.

    Attributes:
        name: for people.
        statement: its rows.
        text: the column with the words.
        color: of the lines.
        tags: columns that become tags.
        end: the column with the end, where there is one.
        enabled: shown at first.
    """

    name: str
    statement: Statement
    text: str
    color: str
    tags: tuple[str, ...] = ()
    end: str = ""
    enabled: bool = True

    def as_json(self) -> dict[str, Any]:
        """Return them as a board has them."""
        return {
            "datasource": source_of(self.statement.measurement).reference,
            "enable": self.enabled,
            "hide": False,
            "iconColor": self.color,
            "name": self.name,
            "query": self.statement.text,
            "tagsColumn": ",".join(self.tags),
            "textColumn": self.text,
            "timeEndColumn": self.end,
            "titleColumn": "",
        }


@dataclass(frozen=True, slots=True)
class Board:
    """A board.

    Attributes:
        uid: fixed, so that links and pushes find it.
        title: for people.
        question: the one it answers.
        folder: where it stands.
        rows: panels from left to right, row after row.
        variables: in the order in which they depend on each other.
        notes: annotations.
        span: how far back it looks at first.
        refresh: how often, no faster than the data.
        tags: further ones than that of all boards.
    """

    uid: str
    title: str
    question: str
    folder: str
    rows: tuple[tuple[Panel, ...], ...]
    variables: tuple[Variable, ...] = ()
    notes: tuple[Notes, ...] = ()
    span: str = "now-6h"
    refresh: str = "1m"
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        panels = sum(map(len, self.rows))
        if panels > MAX_PANELS:
            raise BadBoard(f"{self.uid}: {panels} panels, allowed: up to {MAX_PANELS}")
        for row in self.rows:
            width = sum(panel.width for panel in row)
            if width > MAX_WIDTH:
                titles = ", ".join(panel.title for panel in row)
                raise BadBoard(f"{self.uid}: {titles} are {width} wide, allowed: {MAX_WIDTH}")

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All panels in reading order."""
        return tuple(panel for row in self.rows for panel in row)

    def as_json(self) -> dict[str, Any]:
        """Return it as Grafana reads it from a file."""
        return {
            "annotations": {"list": [_GRAFANA_NOTES, *(one.as_json() for one in self.notes)]},
            "description": self.question,
            "editable": False,
            "fiscalYearStartMonth": 0,
            "graphTooltip": 1,
            "links": [_OTHER_BOARDS],
            "liveNow": False,
            "panels": list(self._placed()),
            "refresh": self.refresh,
            "schemaVersion": SCHEMA_VERSION,
            "style": "dark",
            "tags": sorted({TAG, *self.tags}),
            "templating": {"list": [variable.as_json() for variable in self.variables]},
            "time": {"from": self.span, "to": "now"},
            "timepicker": {},
            "timezone": "browser",
            "title": self.title,
            "uid": self.uid,
            "weekStart": "",
        }

    def _placed(self) -> Iterator[dict[str, Any]]:
        panel_id, y = 0, 0
        for row in self.rows:
            x = 0
            for panel in row:
                panel_id += 1
                yield panel.as_json(panel_id, x, y)
                x += panel.width
            y += max(panel.height for panel in row)


_GRAFANA_NOTES = {
    "builtIn": 1,
    "datasource": {"type": "grafana", "uid": "-- Grafana --"},
    "enable": True,
    "hide": True,
    "iconColor": "rgba(0, 211, 255, 1)",
    "name": "Annotations & Alerts",
    "target": {"limit": 100, "matchAny": False, "tags": [], "type": "dashboard"},
    "type": "dashboard",
}
_OTHER_BOARDS = {
    "asDropdown": True,
    "icon": "external link",
    "includeVars": True,
    "keepTime": True,
    "tags": [TAG],
    "targetBlank": False,
    "title": "Boards",
    "tooltip": "The other boards, with this time range and these choices",
    "type": "dashboards",
    "url": "",
}
