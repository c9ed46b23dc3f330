"""Panels that show the present: numbers, tables, maps, lists, text."""

from lamppost.dashboards.alerting.rule import SIGN
from lamppost.dashboards.looks import GREY, Meanings, Thresholds
from lamppost.dashboards.panel import Panel, Target
from lamppost.dashboards.sources import OPS_SOURCE


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


MAP_PADDING_PCT = 20
"""A marker at the edge is whole."""


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
            "view": {
                "allLayers": True,
                "id": "fit",
                "lat": 0,
                "lon": 0,
                "padding": MAP_PADDING_PCT,
                "zoom": 15,
            },
        },
    )


FOR_PEOPLE = f'{{severity!="{SIGN}"}}'
"""Alerts that machines listen to fire while all is well."""


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
            "alertInstanceLabelFilter": FOR_PEOPLE,
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
