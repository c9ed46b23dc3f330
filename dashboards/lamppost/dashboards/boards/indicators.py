"""Indicators: do we meet the targets, and what stands behind each number?"""

from lamppost.dashboards.board import Board
from lamppost.dashboards.boards import pages, uids
from lamppost.dashboards.charts import colored, gauges, line, shaded, timeseries
from lamppost.dashboards.influxql import (
    Column,
    Statement,
    call,
    chosen,
    compared,
    formula,
    last,
    outer,
    select,
)
from lamppost.dashboards.links import cell, to_board
from lamppost.dashboards.looks import (
    EXPECTED,
    NONE_IS_CRITICAL,
    SHARE_OF_GOOD,
    VALUE,
    WARNING,
    Meaning,
    Meanings,
    steps,
)
from lamppost.dashboards.panel import Panel
from lamppost.dashboards.tables import column as heading
from lamppost.dashboards.tables import rows, table
from lamppost.dashboards.tiles import stat
from lamppost.dashboards.variables import Choice, console
from lamppost.wire.series import INDICATOR

DISTRICT, ONE = chosen("district"), chosen("indicator")
REPORTED: Meanings = {"0": Meaning("NR", WARNING), "1": Meaning("reported")}
MET: Meanings = {"0": Meaning("missed", WARNING), "1": Meaning("met")}
MONTHS = 100 * 24 * 60
"""A period may be a quarter: a gap is what is longer."""
ENOUGH = 0.75
"""The completeness below which most standards take no value."""


def board(console_url: str) -> Board:
    """Return the board."""
    return Board(
        uid=uids.INDICATORS,
        title="Indicators",
        question="Do we meet the targets, and can each number be traced to its data?",
        folder=uids.DATA,
        variables=(
            Choice("district", "District", INDICATOR, why="Which districts to look at."),
            Choice("indicator", "Indicator", INDICATOR, several=False,
                   why="The one that is drawn over time."),
            console(console_url),
        ),
        rows=(
            (_reported(), _met(), _missing(), _thin()),
            (_sheet(),),
            (_trend(), _completeness()),
            (_by_district(), _sample()),
        ),
        span="now-2y",
        refresh="15m",
        tags=("indicators",),
    )  # fmt: skip


def _values(*columns: Column | str) -> Statement:
    return select(INDICATOR, *columns).where(DISTRICT)


def _newest(*columns: Column) -> Statement:
    """The newest period of each: an indicator that is not reported has a row too."""
    inner = _values(last("reported").named("reported"), "met", "completeness")
    return outer(inner.by("district", "indicator"), *columns)


def _reported() -> Panel:
    return stat(
        "Reported",
        "Of how many indicators is there a value, in the newest period?",
        rows(_newest(call("sum", "reported").named("indicators"))),
        no_data="none is computed",
        thresholds=NONE_IS_CRITICAL,
    ).sized(6, 4)


def _met() -> Panel:
    return stat(
        "Targets met",
        "How many of them are as good as they were meant to be?",
        rows(_newest(call("sum", "met").named("indicators"))),
        no_data="none is computed",
    ).sized(6, 4)


def _missing() -> Panel:
    missing = formula("indicators", "count({}) - sum({})", "reported", "reported")
    return stat(
        "Not reported (NR)",
        "For how many is there no value? Missing is never zero.",
        rows(_newest(missing)),
        no_data="none is computed",
        thresholds=steps((1, WARNING)),
    ).sized(6, 4)


def _thin() -> Panel:
    few = call("count", "reported").named("indicators")
    return stat(
        "Of too few data",
        f"How many stand on less than {ENOUGH:.0%} of the data they should have?",
        rows(_newest(few).where(compared("completeness", "<", ENOUGH))),
        no_data="none of the computed",
        silence=False,
        thresholds=steps((1, WARNING)),
    ).sized(6, 4)


def _sheet() -> Panel:
    more = ("met", "value", "target", "baseline", "unit", "completeness", "n", "name",
            "status", "period", "quality_class", "computed_ms", "lineage")  # fmt: skip
    this = to_board(
        uids.INDICATORS, "Over time", {"indicator": cell("indicator")}, keep=("district",)
    )
    lineage = pages.indicator()
    return table(
        "The newest period",
        "Do we meet the targets, and can each number be traced to its data?",
        rows(_values(last("reported"), *more).by("district", "indicator")),
        columns={
            "indicator": heading("Id", links=(this,), width=150),
            "name": heading("Indicator", links=(this, lineage)),
            "district": heading("District", width=95),
            "period": heading("Period", width=80),
            "reported": heading("Is", meanings=REPORTED, width=75),
            "value": heading("Value", "short", width=75, missing="NR"),
            "unit": heading("Unit", width=60),
            "target": heading("Target", "short", width=70),
            "met": heading("Target is", meanings=MET, width=75),
            "baseline": heading("Baseline", "short", width=75),
            "completeness": heading("Data", "percentunit", decimals=0, width=60,
                                    thresholds=SHARE_OF_GOOD),
            "n": heading("Sample", "short", width=70),
            "quality_class": heading("Quality", width=70),
            "computed_ms": heading("Computed", "dateTimeFromNow", width=125),
            "lineage": heading("Lineage", links=(lineage,), width=100),
            "status": heading("Status", width=75),
        },
        sort="Id",
        descending=False,
        no_data="no indicator has been computed in this range",
    ).sized(24, 11)  # fmt: skip


def _trend() -> Panel:
    names = ("value", "target", "baseline")
    columns = [call("mean", name).named(name) for name in names]
    panel = timeseries(
        "Value against target",
        "Where is it heading? The chosen indicator, mean of the chosen districts.",
        line(_values(*columns).where(ONE).every(fill="none"), "$col"),
        unit="short",
        no_data="not reported in this range",
        stepped=True,
        gap_min=MONTHS,
    )
    return panel.overridden(
        colored("value", VALUE, lineWidth=2),
        colored("target", EXPECTED, lineStyle={"dash": [6, 4], "fill": "dash"}),
    ).sized(14, 9)


def _completeness() -> Panel:
    statement = _values(last("completeness").named("completeness")).by("indicator")
    return gauges(
        "How complete the data are",
        "Which numbers stand on thin ice?",
        line(statement, "$tag_indicator"),
        unit="percentunit",
        thresholds=SHARE_OF_GOOD,
        maximum=1,
    ).sized(10, 9)


def _by_district() -> Panel:
    statement = _values(call("mean", "value").named("value")).where(ONE).by("district")
    return timeseries(
        "By district",
        "Which district differs? The chosen indicator.",
        line(statement.every(fill="none"), "$tag_district"),
        unit="short",
        no_data="not reported in this range",
        stepped=True,
        gap_min=MONTHS,
    ).sized(14, 8)


def _sample() -> Panel:
    columns = [call("sum", "n").named("sample")]
    panel = timeseries(
        "Sample",
        "On how many readings does the chosen indicator stand?",
        line(_values(*columns).where(ONE).every(fill="none"), "$col"),
        unit="short",
        minimum=0,
        no_data="not reported in this range",
        stepped=True,
        gap_min=MONTHS,
    )
    return panel.overridden(*shaded("sample")).sized(10, 8)
