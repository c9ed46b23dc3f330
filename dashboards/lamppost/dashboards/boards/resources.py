"""Data resource map and quality: which data do we have, from where, how good?"""

from collections.abc import Iterable
from typing import Any

from lamppost.dashboards.board import Board
from lamppost.dashboards.boards import pages, uids
from lamppost.dashboards.boards.common import maintenance
from lamppost.dashboards.charts import bars, line, shaded, timeseries
from lamppost.dashboards.influxql import (
    Column,
    Condition,
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
OF_STREAMS = Condition("metric", "\"metric\" != ''")
KEPT = "50h"
"""A day of a stream lies at its midnight and is kept some minutes after its end."""
WRONGS = {"bad_n": "not to be trusted", "late_n": "late", "gaps": "gaps"}
PARTS = ("completeness", "validity", "timeliness")
"""What can be said of a device within a quarter of an hour."""
OF_A_DAY = (*PARTS, "consistency", "uniqueness", "accuracy")
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
        notes=(maintenance(NODE),),
        rows=(
            (_channels(), _fresh(), _score(), _bad(), _gaps()),
            (_catalogue().cornered(pages.resource_map()),),
            (_streams(),),
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
        "Minutes not to be trusted",
        "In how many minutes of this range did the newest reading of a channel fail a check?",
        rows(_devices(call("sum", "bad_n").named("minutes"))),
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
    more = (*PARTS, "age_s", "series", "n", "bad_n")
    source = pages.source()
    return table(
        "Sources",
        "Which data do we have, from where, how good? A row for each device, as last graded: "
        "over a quarter of an hour, in which a channel is looked at once a minute.",
        rows(_now(last("score"), *more)),
        columns={
            "node": heading("Node", links=(to_board(uids.FLEET, "The node",
                                                    {"node": cell("node")}), source)),
            "device": heading("Device", links=(source,)),
            "score": _grade("Quality", width=80),
            **_shares(PARTS),
            "age_s": heading("Newest is", "s", decimals=0, width=90),
            "series": heading("Channels", "short", width=80),
            "n": heading("Minutes with readings", "short", width=165),
            "bad_n": heading("Not to be trusted", "short", width=130),
            "group": heading("Group", hidden=True),
        },
        sort="Quality",
        descending=False,
        no_data="nothing is graded here",
    ).sized(24, 10)  # fmt: skip


def _streams() -> Panel:
    lowest = ranked("bottom", "score", 20, "node", "device", "metric")
    streams = select(QUALITY, lowest, *OF_A_DAY).where(DISTRICT, NODE, OF_STREAMS)
    return table(
        "The worst streams of the last days",
        "Which channels would I mend first, and what is wrong with them? Days are graded when "
        "they are over; a part of which nothing can be said has no figure.",
        rows(streams.within(KEPT)),
        columns={
            "node": heading("Node"),
            "device": heading("Device"),
            "metric": heading("Channel"),
            "score": _grade("Quality", width=80),
            **_shares(OF_A_DAY),
        },
        sort="Quality",
        descending=False,
        no_data="no day is graded yet: the first one is when it is over",
    ).sized(24, 8)


def _shares(parts: Iterable[str]) -> dict[str, Any]:
    """Return the columns of parts of a grade."""
    return {
        name: heading(name.capitalize(), "percentunit", decimals=1, width=110,
                      thresholds=SHARE_OF_GOOD)
        for name in parts
    }  # fmt: skip


def _grade(title: str, width: int) -> dict[str, Any]:
    return heading(title, decimals=2, width=width, thresholds=SHARE_OF_GOOD)


def _trend() -> Panel:
    columns = [call("mean", name).named(name) for name in ("score", *PARTS)]
    panel = timeseries(
        "Quality over time",
        "Does it get better, and which part of it does not?",
        line(_devices(*columns).every(), "$col"),
        unit="percentunit",
        minimum=0,
        maximum=1,
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
            "score": _grade("Quality", width=90),
        },
        sort="Quality",
        descending=False,
        no_data="nothing is graded here",
        show_time=True,
    ).sized(10, 9)


def _volume() -> Panel:
    inner = _devices(call("sum", "n").named("minutes")).by("node")
    return bars(
        "Minutes with readings, by node",
        "Who delivers most of it? In this range, all channels of a node together.",
        rows(inner),
        named=1,
        unit="short",
        no_data="nothing is graded here",
    ).sized(12, 9)


def _refused() -> Panel:
    columns = [call("sum", name).named(heading) for name, heading in WRONGS.items()]
    panel = timeseries(
        "What went wrong",
        "Are there gaps, and minutes with late or bad readings, and when did it begin?",
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
