"""Panels that draw over time or over categories: time series, strips, bars."""

from collections.abc import Mapping
from typing import Any

from lamppost.dashboards.influxql import Statement
from lamppost.dashboards.looks import (
    BAND,
    EXPECTED,
    GREY,
    NORMAL,
    SHADES,
    VALUE,
    Meanings,
    Thresholds,
)
from lamppost.dashboards.panel import Override, Panel, Target

LEGEND = {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True}
ALL_SERIES = {"mode": "multi", "sort": "desc"}
NAME_PIXELS, VALUE_PIXELS = 13, 16
"""Of bars: by themselves names grow with the panel until they shout."""
MAX_BARS = 12
MAX_CELLS = 100
"""Of a strip of cells: with more than one to two pixels, as on a phone, Grafana draws none."""


def line(statement: Statement, alias: str = "") -> Target:
    """Return a target whose answer is series over time."""
    return Target(statement, alias=alias)


def timeseries(
    title: str,
    question: str,
    *targets: Target,
    unit: str = "none",
    no_data: str = "no data in this range",
    fill: int = 0,
    stacked: bool = False,
    stepped: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
    thresholds: Thresholds = (),
    gap_min: int = 15,
) -> Panel:
    """Return lines over time.

    Args:
        title: what it shows.
        question: which question it answers.
        targets: its queries.
        unit: in Grafana's words.
        no_data: what stands there without rows.
        fill: opacity below the line, 0 to 100.
        stacked: one upon the other.
        stepped: a value holds until the next one.
        minimum: of the axis.
        maximum: of the axis.
        thresholds: drawn as lines when there are any.
        gap_min: a longer time without a value is drawn as a gap.
    """
    custom = {
        "axisPlacement": "auto",
        "drawStyle": "line",
        "fillOpacity": fill,
        "lineInterpolation": "stepAfter" if stepped else "linear",
        "lineWidth": 1,
        "pointSize": 4,
        "showPoints": "auto",
        "spanNulls": gap_min * 60_000,
        "stacking": {"group": "A", "mode": "normal" if stacked else "none"},
        "thresholdsStyle": {"mode": "line" if thresholds else "off"},
    }
    ends = {"min": minimum, "max": maximum}
    defaults: dict[str, Any] = {"color": {"mode": "palette-classic"}}
    defaults |= {end: value for end, value in ends.items() if value is not None}
    return Panel(
        "timeseries",
        title,
        question,
        targets,
        unit=unit,
        no_data=no_data,
        width=12,
        height=8,
        thresholds=thresholds or GREY,
        custom=custom,
        options={"legend": LEGEND, "tooltip": ALL_SERIES},
        defaults=defaults,
    )


def colored(series: str, color: str, **properties: object) -> Override:
    """Return the override that gives a series its colour, and more of `custom`."""
    more = {f"custom.{key}": value for key, value in properties.items()}
    return Override("byName", series, {"color": {"fixedColor": color, "mode": "fixed"}, **more})


def shaded(*names: str) -> tuple[Override, ...]:
    """Return the overrides of series that stand beside each other, whatever comes before.

    Grafana's own colours begin with green, yellow and orange, which here mean something.
    """
    return tuple(
        Override(
            "byRegexp", f"/(^| ){name}$/", {"color": {"fixedColor": shade, "mode": "fixed"}}
        )
        for name, shade in zip(names, SHADES, strict=False)
    )


def banded(value: str, middle: str) -> tuple[Override, ...]:
    """Return the overrides of a value that is drawn over a band from "low" to "high".

    Args:
        value: the series that matters.
        middle: the one in the middle of the band.
    """
    dashed = {"dash": [6, 4], "fill": "dash"}
    edge = {"lineWidth": 0, "showPoints": "never"}
    return (
        colored(value, VALUE, lineWidth=2),
        colored(middle, EXPECTED, lineStyle=dashed, showPoints="never"),
        colored("low", BAND, **edge),
        colored("high", BAND, **edge, fillBelowTo="low", fillOpacity=18),
    )


def strip(
    title: str,
    question: str,
    *targets: Target,
    meanings: Meanings,
    history: bool = False,
    unit: str = "none",
    no_data: str = "no state in this range",
    thresholds: Thresholds = (),
) -> Panel:
    """Return states over time, a row for each series.

    Args:
        title: what it shows.
        question: which question it answers.
        targets: its queries.
        meanings: words and colours of the states.
        history: a cell for each sample, so that a missing one shows; otherwise joined.
        unit: in Grafana's words.
        no_data: what stands there without rows.
        thresholds: instead of meanings, for numbers.
    """
    options: dict[str, Any] = {
        "legend": LEGEND,
        "rowHeight": 0.85,
        "showValue": "never" if history else "auto",
        "tooltip": {"mode": "single", "sort": "none"},
    }
    options |= {"colWidth": 0.9} if history else {"alignValue": "left", "mergeValues": True}
    return Panel(
        "status-history" if history else "state-timeline",
        title,
        question,
        targets,
        unit=unit,
        no_data=no_data,
        width=12,
        height=7,
        meanings=meanings,
        thresholds=thresholds or GREY,
        custom={"fillOpacity": 80, "lineWidth": 0},
        options=options,
        max_points=MAX_CELLS if history else 0,
        # By thresholds a timeline would join states and call them by ranges of numbers.
        defaults={"color": {"fixedColor": NORMAL, "mode": "fixed"}},
    )


def bars(
    title: str,
    question: str,
    *targets: Target,
    named: int,
    unit: str = "none",
    no_data: str = "no data",
    transformations: tuple[Mapping[str, Any], ...] = (),
) -> Panel:
    """Return a bar for each row of a table, from 0 on.

    Args:
        title: what it shows.
        question: which question it answers.
        targets: its query.
        named: place of the column with the name of a row; said, because Grafana leaves the
            name of a single bar out otherwise.
        unit: in Grafana's words.
        no_data: what stands there without rows.
        transformations: Grafana's.
    """
    return Panel(
        "bargauge",
        title,
        question,
        targets,
        unit=unit,
        no_data=no_data,
        width=8,
        height=8,
        options=_bar_options(values=True),
        transformations=transformations,
        defaults={
            "color": {"fixedColor": VALUE, "mode": "fixed"},
            "displayName": f"${{__cell_{named}}}",
            "min": 0,
        },
    )


def _bar_options(*, values: bool) -> dict[str, Any]:
    reduced = {"calcs": ["lastNotNull"], "fields": "", "values": values}
    return {
        "displayMode": "basic",
        "minVizHeight": 10,
        "minVizWidth": 0,
        "orientation": "horizontal",
        "reduceOptions": {**reduced, "limit": MAX_BARS} if values else reduced,
        "showUnfilled": True,
        "text": {"titleSize": NAME_PIXELS, "valueSize": VALUE_PIXELS},
    }


def gauges(
    title: str,
    question: str,
    *targets: Target,
    unit: str = "none",
    no_data: str = "no data",
    thresholds: Thresholds,
    maximum: float | None = None,
) -> Panel:
    """Return a bar gauge for each series, from 0 to `maximum`."""
    defaults: dict[str, Any] = {"min": 0}
    if maximum is not None:
        defaults["max"] = maximum
    return Panel(
        "bargauge",
        title,
        question,
        targets,
        unit=unit,
        no_data=no_data,
        width=8,
        height=8,
        thresholds=thresholds,
        silence=True,
        options=_bar_options(values=False),
        defaults=defaults,
    )
