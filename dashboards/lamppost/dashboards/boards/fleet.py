"""Node fleet, for the phone in the field: which node do I visit, with which part?"""

from lamppost.dashboards.board import Board
from lamppost.dashboards.boards import pages, uids
from lamppost.dashboards.boards.common import color_of
from lamppost.dashboards.charts import bars, line, strip, timeseries
from lamppost.dashboards.influxql import (
    Column,
    Statement,
    call,
    chosen,
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
from lamppost.dashboards.panel import Override, Panel
from lamppost.dashboards.tiles import column as heading
from lamppost.dashboards.tiles import counted, rows, stat, table, worldmap
from lamppost.dashboards.variables import Choice, console
from lamppost.wire.series import NODE_HEALTH

CHOSEN = (chosen("district"), chosen("node"))
NOW = "5m"
"""A sample is taken every 30 seconds, also of a node that is offline."""
WIDE = 24
"""One column: a phone shows each panel as wide as it is."""


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
        rows=(
            (_online(), _offline(), _autonomy(), _backlog()),
            (_visit(),),
            (_strip(),),
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


def _strip() -> Panel:
    panel = strip(
        "Online over time",
        "Which node comes and goes? A gap is a time nobody knows about.",
        line(_nodes(call("min", "online").named("online")).by("node").every(fill="none"),
             "$tag_node"),
        meanings=ONLINE,
    )  # fmt: skip
    return panel.sized(WIDE, 8)


def _over_time(title: str, question: str, name: str, unit: str, how: str = "mean") -> Panel:
    statement = _nodes(call(how, name).named(name)).by("node").every()
    return timeseries(title, question, line(statement, "$tag_node"), unit=unit).sized(12, 7)


def _pending() -> Panel:
    question = "Does the backlog drain, or does it grow?"
    return _over_time("Backlog over time", question, "pending", "short", "max")


def _power() -> Panel:
    question = "Which battery is on its way out?"
    return _over_time("Battery", question, "battery_v", "volt", "min")


def _heat() -> Panel:
    question = "Which node is too hot, and will slow down?"
    return _over_time("Temperature", question, "temperature_cel", "celsius", "max")


def _clock() -> Panel:
    question = "Whose clock is wrong, so that its readings stand at the wrong time?"
    return _over_time("Clock against ours", question, "clock_offset_ms", "ms")


def _firmware() -> Panel:
    panel = bars(
        "Firmware",
        "Which versions are out there, on how many nodes?",
        rows(_now(last("online"), "version")),
        category="version",
        no_data="no version is known",
        transformations=(counted("version", "node"),),
    )
    return panel.overridden(Override("byRegexp", "/node.*/", {"displayName": "nodes"})).sized(
        12, 9
    )


def _map() -> Panel:
    return worldmap(
        "Where they are",
        "Where do I drive to? Nodes that are offline stand out.",
        rows(_now(last("online"), "lat", "lon", "name", "silent_s", "autonomy_h")),
        color_field="online",
        thresholds=steps((1, color_of("ok")), base=STALE),
        meanings=ONLINE,
    ).sized(12, 9)
