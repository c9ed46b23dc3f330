"""Data resource map and quality: which data do we have, from where, how good?"""

from lamppost.dashboards.board import Board
from lamppost.dashboards.boards import pages, uids
from lamppost.dashboards.charts import bars, line, shaded, timeseries
from lamppost.dashboards.influxql import (
    Column,
    Statement,
    call,
    chosen,
    equals,
    formula,
    last,
    outer,
    ranked,
    select,
)
from lamppost.dashboards.links import cell, to_board
from lamppost.dashboards.looks import (
    NONE_IS_CRITICAL,
    SHARE_OF_GOOD,
    WARNING,
    steps,
)
from lamppost.dashboards.panel import Panel
from lamppost.dashboards.tables import column as heading
from lamppost.dashboards.tables import rows, table
from lamppost.dashboards.tiles import stat, text
from lamppost.dashboards.variables import Choice, console
from lamppost.wire.series import QUALITY, ROLLUP_DISTRICT

DISTRICT, NODE = chosen("district"), chosen("node")
OF_DEVICES = equals("metric", "")
"""The grade of a whole device has no metric; that of a stream has."""
GRADED = "35m"
"""Devices are graded every 15 minutes: two may be late."""
WRONGS = {"bad_n": "not to be trusted", "late_n": "late", "dup": "repeated", "gaps": "gaps"}
PARTS = ("completeness", "validity", "timeliness", "consistency", "uniqueness", "accuracy")
GAP_MIN = 40
MINUTELY = "5m"


def board(console_url: str) -> Board:
    """Return the board."""
    return Board(
        uid=uids.RESOURCES,
        title="Data resource map and quality",
        question="Which data do we have, from where, how good are they, who uses them? (B13)",
        folder=uids.DATA,
        variables=(
            Choice(
                "district",
                "District",
                ROLLUP_DISTRICT,
                several=False,
                why="One at a time: a city has too many streams for one table.",
            ),
            Choice("node", "Node", QUALITY, conditions=(DISTRICT,)),
            console(console_url),
        ),
        rows=(
            (_channels(), _fresh(), _score(), _bad(), _gaps()),
            (_catalogue().cornered(pages.resource_map()),),
            (_trend(), _worst()),
            (_volume(), _refused()),
            (_lineage(),),
        ),
        span="now-24h",
        refresh="5m",
        tags=("b13",),
    )


def _devices(*columns: Column | str) -> Statement:
    return select(QUALITY, *columns).where(DISTRICT, NODE, OF_DEVICES)


def _now(*columns: Column | str) -> Statement:
    return _devices(*columns).within(GRADED).by("group", "node", "device")


def _rollup(*names: str) -> Statement:
    newest = [last(name).named(name) for name in names]
    return (
        select(ROLLUP_DISTRICT, *newest).where(DISTRICT).within(MINUTELY).by("district", "host")
    )


def _channels() -> Panel:
    return stat(
        "Channels",
        "How many streams of data do we have here?",
        rows(outer(_rollup("channels"), call("sum", "channels").named("channels"))),
        unit="short",
        no_data="not known",
        thresholds=NONE_IS_CRITICAL,
    ).sized(5, 4)


def _fresh() -> Panel:
    share = formula("fresh", "1 - sum({}) / sum({})", "channels_stale", "channels")
    return stat(
        "That report",
        "How many of them are alive?",
        rows(outer(_rollup("channels", "channels_stale"), share)),
        unit="percentunit",
        decimals=1,
        no_data="not known",
        thresholds=SHARE_OF_GOOD,
    ).sized(5, 4)


def _score() -> Panel:
    inner = _now(last("score").named("score"))
    return stat(
        "Quality",
        "How good are the data, all in all? 1 is perfect.",
        rows(outer(inner, call("mean", "score").named("score"))),
        decimals=2,
        no_data="not graded",
        thresholds=SHARE_OF_GOOD,
    ).sized(5, 4)


def _bad() -> Panel:
    return stat(
        "Readings not to be trusted",
        "How many readings of this range failed a check?",
        rows(_devices(call("sum", "bad_n").named("readings"))),
        unit="short",
        no_data="not graded",
        thresholds=steps((1, WARNING)),
    ).sized(5, 4)


def _gaps() -> Panel:
    return stat(
        "Gaps",
        "How often did somebody not report when they should have, in this range?",
        rows(_devices(call("sum", "gaps").named("gaps"))),
        unit="short",
        no_data="not graded",
        thresholds=steps((1, WARNING)),
    ).sized(4, 4)


def _catalogue() -> Panel:
    more = (*PARTS, "late_s", "age_s", "series", "n", "bytes")
    shares = {
        name: heading(name.capitalize(), "percentunit", decimals=1, width=110,
                      thresholds=SHARE_OF_GOOD)
        for name in PARTS
    }  # fmt: skip
    source = pages.source()
    return table(
        "Sources",
        "Which data do we have, from where, how good? A row for each device, as last graded.",
        rows(_now(last("score"), *more)),
        columns={
            "node": heading("Node", links=(to_board(uids.FLEET, "The node",
                                                    {"node": cell("node")}), source)),
            "device": heading("Device", links=(source,)),
            "score": heading("Quality", decimals=2, width=80, thresholds=SHARE_OF_GOOD),
            **shares,
            "late_s": heading("Late", "s", decimals=1, width=80),
            "age_s": heading("Newest is", "s", decimals=0, width=90),
            "series": heading("Channels", "short", width=80),
            "n": heading("Readings", "short", width=85),
            "bytes": heading("Bytes", "bytes", width=85),
            "group": heading("Group", hidden=True),
        },
        sort="Quality",
        descending=False,
        no_data="nothing is graded here",
    ).sized(24, 10)  # fmt: skip


def _trend() -> Panel:
    columns = [call("mean", name).named(name) for name in ("score", *PARTS)]
    panel = timeseries(
        "Quality over time",
        "Does it get better, and which part of it does not?",
        line(_devices(*columns).every(), "$col"),
        unit="percentunit",
        gap_min=GAP_MIN,
    )
    return panel.overridden(*shaded("score", *PARTS)).sized(14, 9)


def _worst() -> Panel:
    lowest = ranked("bottom", "score", 10, "node", "device")
    return table(
        "The worst in this range",
        "Where would mending help most?",
        rows(_devices(lowest)),
        columns={
            "node": heading("Node"),
            "device": heading("Device"),
            "score": heading("Quality", decimals=2, width=90, thresholds=SHARE_OF_GOOD),
        },
        sort="Quality",
        descending=False,
        no_data="nothing is graded here",
        show_time=True,
    ).sized(10, 9)


def _volume() -> Panel:
    inner = _devices(call("sum", "bytes").named("bytes")).by("node")
    return bars(
        "Volume by node",
        "What does keeping it cost? Bytes of this range.",
        rows(inner),
        named=1,
        unit="bytes",
        no_data="nothing is graded here",
    ).sized(12, 9)


def _refused() -> Panel:
    columns = [call("sum", name).named(heading) for name, heading in WRONGS.items()]
    panel = timeseries(
        "What went wrong",
        "Are there gaps, repetitions, late or bad readings, and when did it begin?",
        line(_devices(*columns).every(), "$col"),
        unit="short",
        minimum=0,
        gap_min=GAP_MIN,
    )
    return panel.overridden(*shaded(*WRONGS.values())).sized(12, 9)


def _lineage() -> Panel:
    return text(
        "From source to indicator",
        "Where do data come from and who uses them?",
        "Source → node → stream → dataset → service → consumer → indicator. Who owns a source, "
        "under which licence and who uses it stands in the [register](${console:raw}/).",
    ).sized(24, 3)
