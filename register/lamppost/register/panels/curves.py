"""One channel's history as the options of an Apache ECharts chart."""

from typing import Any

from lamppost.register import words
from lamppost.register.live import History

Options = dict[str, Any]

LINES = ("value", "expected", "band")
VALUE, EXPECTED, BAND = "#3b82c4", "#8a97a5", "rgba(59,130,196,0.2)"
FLAG_COLOURS = {"process anomaly": "#d9483b", "sensor fault": "#d08700", "other": "#8a97a5"}
FLAG_SHAPES = {"process anomaly": "triangle", "sensor fault": "diamond", "other": "circle"}
SENSOR_FLAGS = frozenset({"range", "stuck", "spike", "gap", "bad"})
SILENT_FLAGS = frozenset({"learning", "late", "maintenance"})
INK, LINE = "#8593a1", "rgba(128,144,160,0.22)"
"""Middle tones: the chart is drawn on a canvas and must read on light and on dark ground."""

TOOLTIP = """(points) => {
  const at = new Date(points[0].value[0]).toISOString().slice(0, 19).replace('T', ' ') + 'Z';
  const lines = [at];
  const n = (x) => x === null || x === undefined ? '-' : Number(Number(x).toPrecision(5));
  for (const p of points) {
    if (p.seriesName === 'band') lines.push('band ' + n(p.value[2]) + ' to ' + n(p.value[3]));
    else if (p.seriesName === 'band edge') continue;
    else if (p.value[2]) lines.push(p.value[2]);
    else lines.push(p.seriesName + ' ' + n(p.value[1]));
  }
  return lines.join('\\n');
}"""
"""Formats the tip from numbers and flag words only; drawn as text, so nothing in it is HTML."""


def chart_options(history: History, unit_code: str, from_ms: int, to_ms: int) -> Options:
    """Return value, expected, band (as an area) and marked points over a window of time.

    The number of series is always the same, so the browser updates the chart in place.
    """
    marked = [mark for mark in map(marked_as, history.flags) if mark is not None]
    marked = [name for name in FLAG_COLOURS if name in marked]
    discrete = any(isinstance(value, bool) for value in history.value)
    return {
        "animation": False,
        "useUTC": True,
        "backgroundColor": "transparent",
        "textStyle": {"fontFamily": "inherit"},
        "grid": {"left": 8, "right": 16, "top": 40, "bottom": 8, "containLabel": True},
        "legend": {
            "top": 4,
            "textStyle": {"color": INK},
            "itemWidth": 14,
            "itemHeight": 8,
            "data": [{"name": name, "icon": "roundRect"} for name in LINES] + marked,
        },
        "tooltip": {
            "trigger": "axis",
            "renderMode": "richText",
            ":formatter": TOOLTIP,
            "confine": True,
            "backgroundColor": "#2a3642",
            "borderWidth": 0,
            "textStyle": {"color": "#e3eaf0", "fontSize": 12},
        },
        "xAxis": {
            "type": "time",
            "min": from_ms,
            "max": to_ms,
            "axisLabel": {"color": INK, "hideOverlap": True},
            "axisLine": {"lineStyle": {"color": LINE}},
        },
        "yAxis": {
            "type": "value",
            "scale": not discrete,
            "name": words.unit(unit_code),
            "nameTextStyle": {"color": INK, "align": "right"},
            "axisLabel": {"color": INK},
            "splitLine": {"lineStyle": {"color": LINE}},
        },
        "series": [*_band(history), *_lines(history, discrete), *_marks(history)],
    }


def plotted(value: float | str | bool | None) -> float | None:
    """Return a value as a number to draw; texts are not drawn."""
    return None if value is None or isinstance(value, str) else float(value)


def marked_as(flags: tuple[str, ...]) -> str | None:
    """Return which mark a point gets; None for a good point."""
    if SENSOR_FLAGS.intersection(flags):
        return "sensor fault"
    if "anomaly" in flags:
        return "process anomaly"
    return "other" if set(flags) - SILENT_FLAGS else None


def _band(history: History) -> list[Options]:
    rows = list(zip(history.time_ms, history.low, history.high, strict=True))
    height = [
        [t, None if low is None or high is None else high - low, low, high]
        for t, low, high in rows
    ]
    common: Options = {
        "type": "line",
        "stack": "band",
        "stackStrategy": "all",
        "symbol": "none",
        "lineStyle": {"opacity": 0},
        "silent": True,
    }
    return [
        common | {"name": "band edge", "data": [[t, low] for t, low, _ in rows]},
        common
        | {
            "name": "band",
            "data": height,
            "areaStyle": {"color": BAND},
            "itemStyle": {"color": BAND},
        },
    ]


def _lines(history: History, discrete: bool) -> list[Options]:
    expected = [list(pair) for pair in zip(history.time_ms, history.expected, strict=True)]
    values = [[t, plotted(v)] for t, v in zip(history.time_ms, history.value, strict=True)]
    return [
        {
            "name": "expected",
            "type": "line",
            "data": expected,
            "symbol": "none",
            "lineStyle": {"color": EXPECTED, "width": 1, "type": "dashed"},
            "itemStyle": {"color": EXPECTED},
        },
        {
            "name": "value",
            "type": "line",
            "data": values,
            "symbol": "none",
            "step": "end" if discrete else False,
            "lineStyle": {"color": VALUE, "width": 1.8},
            "itemStyle": {"color": VALUE},
        },
    ]


def _marks(history: History) -> list[Options]:
    points: dict[str, list[list[Any]]] = {name: [] for name in FLAG_COLOURS}
    for time_ms, value, flags in zip(
        history.time_ms, history.value, history.flags, strict=True
    ):
        name = marked_as(flags)
        number = plotted(value)
        if name is not None and number is not None:
            told = ", ".join(words.flag(word) for word in flags)
            points[name].append([time_ms, number, told])
    return [
        {
            "name": name,
            "type": "scatter",
            "data": found,
            "symbol": FLAG_SHAPES[name],
            "symbolSize": 6,
            "itemStyle": {"color": FLAG_COLOURS[name]},
        }
        for name, found in points.items()
    ]
