"""Tables: rows as they come, and their columns."""

from collections.abc import Mapping
from typing import Any

from lamppost.dashboards.influxql import Statement
from lamppost.dashboards.links import Link
from lamppost.dashboards.looks import Meanings, Thresholds, mappings_json, thresholds_json
from lamppost.dashboards.panel import Override, Panel, Target


def rows(statement: Statement) -> Target:
    """Return a target whose answer is a table."""
    return Target(statement, table=True)


def table(
    title: str,
    question: str,
    *targets: Target,
    columns: Mapping[str, Mapping[str, Any]],
    sort: str,
    no_data: str = "nothing to show",
    descending: bool = True,
    show_time: bool = False,
) -> Panel:
    """Return a table; Grafana's time column is hidden unless it tells something.

    Args:
        title: what it shows.
        question: which question it answers.
        targets: its queries.
        columns: heading in the answer to its properties, see `column`.
        sort: the displayed heading by which rows are sorted.
        no_data: what stands there without rows.
        descending: the largest first.
        show_time: show when.
    """
    overrides = [Override("byName", name, properties) for name, properties in columns.items()]
    if not show_time:
        overrides.insert(0, Override("byType", "time", {"custom.hidden": True}))
    return Panel(
        "table",
        title,
        question,
        targets,
        no_data=no_data,
        width=12,
        height=9,
        custom={"align": "auto", "displayMode": "auto", "filterable": False},
        options={"showHeader": True, "sortBy": [{"desc": descending, "displayName": sort}]},
        overrides=tuple(overrides),
        transformations=(ordered(*columns),),
    )


def ordered(*names: str) -> dict[str, Any]:
    """Return the transformation that puts columns in this order, and others behind them.

    It must not name the column of time, which has another name in newer versions of Grafana.
    """
    places = {name: index for index, name in enumerate(names)}
    options = {"excludeByName": {}, "indexByName": places, "renameByName": {}}
    return {"id": "organize", "options": options}


def counted(by: str, what: str) -> dict[str, Any]:
    """Return the transformation that counts the rows of `what` for each value of `by`."""
    return {
        "id": "groupBy",
        "options": {
            "fields": {
                by: {"aggregations": [], "operation": "groupby"},
                what: {"aggregations": ["count"], "operation": "aggregate"},
            }
        },
    }


def column(
    heading: str,
    unit: str = "",
    *,
    width: int = 0,
    decimals: int | None = None,
    thresholds: Thresholds = (),
    meanings: Meanings | None = None,
    hidden: bool = False,
    missing: str = "-",
    links: tuple[Link, ...] = (),
) -> dict[str, Any]:
    """Return the properties of a column of a table."""
    properties: dict[str, Any] = {"displayName": heading, "noValue": missing}
    if unit:
        properties["unit"] = unit
    if width:
        properties["custom.width"] = width
    if decimals is not None:
        properties["decimals"] = decimals
    if thresholds:
        properties["thresholds"] = thresholds_json(thresholds)
    if meanings:
        properties["mappings"] = mappings_json(meanings)
    if not hidden:
        # Grafana writes "null" into a column that has no value yet, but for coloured text.
        properties["custom.displayMode"] = "color-text"
    if not (thresholds or meanings):
        properties["color"] = {"fixedColor": "text", "mode": "fixed"}
    if links:
        properties["links"] = [link.as_json() for link in links]
    if hidden:
        properties["custom.hidden"] = True
    return properties
