"""Panels that show the present: numbers, tables, maps, lists, text."""

from collections.abc import Mapping
from typing import Any

from lamppost.dashboards.influxql import Statement
from lamppost.dashboards.links import Link
from lamppost.dashboards.looks import GREY, Meanings, Thresholds, mappings_json, thresholds_json
from lamppost.dashboards.panel import Override, Panel, Target
from lamppost.dashboards.sources import OPS_SOURCE


def rows(statement: Statement) -> Target:
    """Return a target whose answer is a table."""
    return Target(statement, table=True)


def stat(
    title: str,
    question: str,
    *targets: Target,
    unit: str = "none",
    no_data: str = "no data",
    thresholds: Thresholds = GREY,
    meanings: Meanings | None = None,
    decimals: int | None = None,
    calc: str = "lastNotNull",
    spark: bool = False,
    silence: bool = True,
) -> Panel:
    """Return numbers.

    Args:
        title: what it shows.
        question: which question it answers.
        targets: its queries.
        unit: in Grafana's words.
        no_data: what stands there without rows.
        thresholds: colours of the number.
        meanings: words for values.
        decimals: digits after the point.
        calc: which value of a series.
        spark: the way there, as a line below the number.
        silence: having no number stands out, in the colour of what is not known.
    """
    return Panel(
        "stat",
        title,
        question,
        targets,
        unit=unit,
        no_data=no_data,
        width=4,
        height=4,
        decimals=decimals,
        thresholds=thresholds,
        meanings=meanings or {},
        silence=silence,
        options={
            "colorMode": "value",
            "graphMode": "area" if spark else "none",
            "justifyMode": "auto",
            "orientation": "auto",
            "reduceOptions": {"calcs": [calc], "fields": "", "values": False},
            "textMode": "auto",
        },
    )


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
    if thresholds or meanings:
        properties["custom.displayMode"] = "color-text"
    if links:
        properties["links"] = [link.as_json() for link in links]
    if hidden:
        properties["custom.hidden"] = True
    return properties


def worldmap(
    title: str,
    question: str,
    *targets: Target,
    color_field: str,
    latitude: str = "lat",
    longitude: str = "lon",
    thresholds: Thresholds,
    meanings: Meanings,
    size: int = 8,
) -> Panel:
    """Return a map with a marker for each row; it fits itself to them."""
    style = {
        "color": {"field": color_field, "fixed": "grey"},
        "opacity": 0.8,
        "rotation": {"fixed": 0, "max": 360, "min": -360, "mode": "mod"},
        "size": {"fixed": size, "max": 16, "min": 6},
        "symbol": {"fixed": "img/icons/marker/circle.svg", "mode": "fixed"},
    }
    layer = {
        "config": {"showLegend": False, "style": style},
        "location": {"latitude": latitude, "longitude": longitude, "mode": "coords"},
        "name": title,
        "tooltip": True,
        "type": "markers",
    }
    return Panel(
        "geomap",
        title,
        question,
        targets,
        no_data="nothing to put on the map",
        width=12,
        height=13,
        thresholds=thresholds,
        meanings=meanings,
        options={
            "basemap": {"config": {}, "name": "Basemap", "type": "default"},
            "controls": {
                "mouseWheelZoom": True,
                "showAttribution": True,
                "showDebug": False,
                "showScale": True,
                "showZoom": True,
            },
            "layers": [layer],
            "tooltip": {"mode": "details"},
            "view": {"allLayers": True, "id": "fit", "lat": 0, "lon": 0, "zoom": 15},
        },
    )


def alert_list(title: str, question: str) -> Panel:
    """Return the alerts of this Grafana that fire or are about to."""
    return Panel(
        "alertlist",
        title,
        question,
        no_data="no alert fires",
        width=8,
        height=8,
        options={
            "alertInstanceLabelFilter": "",
            "alertName": "",
            "dashboardAlerts": False,
            "groupBy": [],
            "groupMode": "default",
            "maxItems": 20,
            "sortOrder": 3,
            "stateFilter": {
                "error": True,
                "firing": True,
                "noData": True,
                "normal": False,
                "pending": True,
            },
            "viewMode": "list",
        },
        source=OPS_SOURCE,
    )


def annotation_list(title: str, question: str, tags: tuple[str, ...]) -> Panel:
    """Return the annotations of this Grafana that have these tags, the newest first."""
    return Panel(
        "annolist",
        title,
        question,
        no_data="none in this range",
        width=8,
        height=8,
        options={
            "limit": 20,
            "navigateAfter": "10m",
            "navigateBefore": "10m",
            "navigateToPanel": True,
            "onlyFromThisDashboard": False,
            "onlyInTimeRange": True,
            "showTags": True,
            "showTime": True,
            "showUser": False,
            "tags": list(tags),
        },
        source=OPS_SOURCE,
    )


def text(title: str, question: str, markdown: str) -> Panel:
    """Return words."""
    return Panel(
        "text",
        title,
        question,
        width=24,
        height=3,
        options={"content": markdown, "mode": "markdown"},
        source=OPS_SOURCE,
    )
