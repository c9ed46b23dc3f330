"""Node fleet, for the phone in the field: which node do I visit, with which part?"""

from dataclasses import replace

from lamppost.dashboards.board import Board
from lamppost.dashboards.boards import pages, uids
from lamppost.dashboards.boards.common import color_of, maintenance
from lamppost.dashboards.charts import bars, line, shaded, strip, timeseries
from lamppost.dashboards.influxql import (
    Column,
    Statement,
    call,
    chosen,
    equals,
    formula,
    last,
    outer,
    select,
)
from lamppost.dashboards.links import cell, to_board
from lamppost.dashboards.looks import (
    CRITICAL,
    NONE_IS_CRITICAL,
    ONLINE,
    STALE,
    WARNING,
    steps,
)
from lamppost.dashboards.panel import Panel
from lamppost.dashboards.tables import column as heading
from lamppost.dashboards.tables import counted, rows, table
from lamppost.dashboards.tiles import stat, worldmap
from lamppost.dashboards.variables import Choice, console
from lamppost.wire.series import NODE_HEALTH

CHOSEN = (chosen("district"), chosen("node"))
NOW = "5m"
"""A sample is taken every 30 seconds, also of a node that is offline."""
WIDE = 24
"""One column: a phone shows each panel as wide as it is."""
MAX_CELLS = 240


def board(console_url: str) -> Board:
    """Return the board."""
    return Board(
        uid=uids.FLEET,
        title="Node fleet",
        question="Which node do I visit, with which part?",
        folder=uids.FIELD,
        variables=(
            Choice("district", "District", NODE_HEALTH, why="Which districts to look at."),
            Choice(
                "node",
                "Node",
                NODE_HEALTH,
                conditions=(chosen("district"),),
                why="Which nodes to look at.",
            ),
            console(console_url),
        ),
        notes=(maintenance(chosen("node")),),
        rows=(
            (_online(), _offline(), _autonomy(), _backlog()),
            (_visit(),),
            (_outages(),),
            (_pending(), _power()),
            (_heat(), _clock()),
            (_firmware(), _map()),
        ),
        span="now-24h",
        tags=("field",),
    )


def _nodes(*columns: Column | str) -> Statement:
    return select(NODE_HEALTH, *columns).where(*CHOSEN)


def _now(*columns: Column | str) -> Statement:
    return _nodes(*columns).within(NOW).by("district", "group", "node")


def _online() -> Panel:
    online = outer(_now(last("online").named("online")), call("sum", "online").named("online"))
    return stat(
        "Online",
        "How many nodes are there? Counted by their last sample.",
        rows(online),
        no_data="none is known",
        thresholds=NONE_IS_CRITICAL,
    ).sized(6, 3)


def _offline() -> Panel:
    inner = _now(last("online").named("online"))
    away = formula("offline", "count({}) - sum({})", "online", "online")
    return stat(
        "Offline",
        "How many nodes are away?",
        rows(outer(inner, away)),
        no_data="not known",
        thresholds=steps((1, CRITICAL)),
    ).sized(6, 3)


def _autonomy() -> Panel:
    inner = _now(last("autonomy_h").named("autonomy"))
    return stat(
        "Shortest autonomy",
        "Which is the first to lose data? For how long it can hold what it takes.",
        rows(outer(inner, call("min", "autonomy").named("hours"))),
        unit="h",
        no_data="not known",
        decimals=1,
        thresholds=steps((6, WARNING), (24, color_of("ok")), base=CRITICAL),
    ).sized(6, 3)


def _backlog() -> Panel:
    inner = _now(last("pending").named("pending"))
    return stat(
        "Backlog",
        "How much is still on its way from the nodes?",
        rows(outer(inner, call("sum", "pending").named("readings"))),
        unit="short",
        no_data="not known",
    ).sized(6, 3)


def _visit() -> Panel:
    names = ("silent_s", "autonomy_h", "pending", "battery_v", "temperature_cel",
             "clock_offset_ms", "version", "last_seen_ms")  # fmt: skip
    this = to_board(uids.FLEET, "Only this node", {"node": cell("node")}, keep=("district",))
    card = pages.node(cell("node"))
    return table(
        "Visit next",
        "Which node do I visit? Offline ones first, then by how long they are silent.",
        rows(_now(last("online"), *names)),
        columns={
            "node": heading("Node", links=(this, card)),
            "online": heading("Is", meanings=ONLINE, width=70),
            "last_seen_ms": heading("Last seen", "dateTimeFromNow", width=145),
            "autonomy_h": heading("Autonomy", "h", decimals=1, width=90,
                                  thresholds=steps((6, WARNING), (24, color_of("ok")),
                                                   base=CRITICAL)),
            "pending": heading("Backlog", "short", width=80),
            "battery_v": heading("Battery", "volt", decimals=1, width=80),
            "clock_offset_ms": heading("Clock", "ms", decimals=0, width=80),
            "temperature_cel": heading("Heat", "celsius", decimals=0, width=70),
            "version": heading("Firmware", width=90),
            "district": heading("District", width=110),
            "silent_s": heading("Silent for", "s", decimals=0, width=100),
            "group": heading("Group", hidden=True),
        },
        sort="Silent for",
        no_data="no node is known here",
    ).sized(WIDE, 9)  # fmt: skip


def _outages() -> Panel:
    away = _nodes(call("min", "online").named("online")).where(equals("online", 0))
    panel = strip(
        "Outages",
        "Which node comes and goes? Only nodes that were away in this range have a row.",
        line(away.by("node").every(), "$tag_node"),
        meanings=ONLINE,
        no_data="no outage in this range",
    )
    return replace(panel, max_points=MAX_CELLS).sized(WIDE, 8)


def _extreme(title: str, question: str, how: str, name: str, heading: str, unit: str) -> Panel:
    """The worst of the chosen nodes: a line for each of a thousand would tell nothing."""
    statement = _nodes(call(how, name).named(heading)).every()
    panel = timeseries(title, question, line(statement, "$col"), unit=unit)
    return panel.overridden(*shaded(heading)).sized(12, 7)


def _pending() -> Panel:
    return _extreme(
        "Backlog over time",
        "Does the backlog drain, or does it grow? The largest of the chosen nodes.",
        *("max", "pending", "largest backlog", "short"),
    )


def _power() -> Panel:
    return _extreme(
        "Battery",
        "Is a battery on its way out? The lowest of the chosen nodes.",
        *("min", "battery_v", "lowest", "volt"),
    )


def _heat() -> Panel:
    return _extreme(
        "Temperature",
        "Does a node get so hot that it slows down? The hottest of the chosen nodes.",
        *("max", "temperature_cel", "hottest", "celsius"),
    )


def _clock() -> Panel:
    ends = {"most behind": "min", "most ahead": "max"}
    spread = [call(how, "clock_offset_ms").named(name) for name, how in ends.items()]
    panel = timeseries(
        "Clock against ours",
        "Is a clock wrong, so that readings stand at the wrong time?",
        line(_nodes(*spread).every(), "$col"),
        unit="ms",
    )
    return panel.overridden(*shaded(*ends)).sized(12, 7)


def _firmware() -> Panel:
    return bars(
        "Firmware",
        "Which versions are out there, on how many nodes?",
        rows(_now(last("online"), "version")),
        named=0,
        no_data="no version is known",
        transformations=(counted("version", "node"),),
    ).sized(12, 9)


def _map() -> Panel:
    return worldmap(
        "Where they are",
        "Where do I drive to? Nodes that are offline stand out.",
        rows(_now(last("online"), "lat", "lon", "name", "silent_s", "autonomy_h")),
        color_field="online",
        thresholds=steps((1, color_of("ok")), base=STALE),
        meanings=ONLINE,
    ).sized(12, 9)
