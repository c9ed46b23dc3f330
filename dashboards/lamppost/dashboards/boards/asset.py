"""Asset detail: what happens at this asset, is it the sensor, the asset or the network?"""

from lamppost.dashboards.board import Board
from lamppost.dashboards.boards import pages, uids
from lamppost.dashboards.boards.common import (
    CLASSES,
    DISTRICT,
    IN_DISTRICT,
    STATE_CODES,
    color_of,
    freshness,
    incidents,
    maintenance,
)
from lamppost.dashboards.charts import banded, colored, line, strip, timeseries
from lamppost.dashboards.influxql import (
    Column,
    Condition,
    Statement,
    Step,
    call,
    chosen,
    last,
    select,
)
from lamppost.dashboards.links import cell, to_board
from lamppost.dashboards.looks import EXPECTED, ONLINE, TRUE_FALSE, steps
from lamppost.dashboards.panel import Panel
from lamppost.dashboards.tables import column as heading
from lamppost.dashboards.tables import rows, table
from lamppost.dashboards.tiles import stat
from lamppost.dashboards.variables import Choice, console
from lamppost.wire.series import ASSET_STATE, EVENT, NODE_HEALTH, PEERS, READING

ASSET, GROUP, NODE, DEVICE = map(chosen, ("asset", "group", "node", "device"))
PLACE = (GROUP, NODE, DEVICE)
METRIC = chosen("metric")
STATE_NOW = "25m"
"""A state is written when it changes and every ten minutes: two may be late."""
BEATS = Step("15m", "a state is written every ten minutes: a step without one is a gap")
NODE_NOW = "5m"
NODE_LINES = {"silent_s": "silent for", "pending": "backlog"}


def board(console_url: str) -> Board:
    """Return the board."""
    return Board(
        uid=uids.ASSET,
        title="Asset detail",
        question="What happens at this asset: is it the sensor, the asset or the network?",
        folder=uids.OPERATE,
        variables=(*_variables(), console(console_url)),
        notes=(incidents(*PLACE), maintenance(GROUP, NODE)),
        rows=(
            (_state(), _open_events(), _condition(), _node(), _newest()),
            (_value(), _sensors()),
            (_states(), _neighbours()),
            (_events(), _node_health()),
        ),
    )


def _variables() -> tuple[Choice, ...]:
    """An asset, where its readings come from, and one of its sensors.

    Readings do not carry the asset, since a sensor may be bound to another one tomorrow; links
    from other boards say where they come from.
    """
    return (
        DISTRICT,
        Choice("asset", "Asset", ASSET_STATE, conditions=(IN_DISTRICT,), several=False),
        _follows("group", "Group", ASSET),
        _follows("node", "Node", ASSET, GROUP),
        _follows("device", "Device", ASSET, GROUP, NODE),
        _follows("asset_class", "", ASSET, hidden=True),
        _follows("asset_district", "", ASSET, tag="district", hidden=True),
        Choice("metric", "Sensor", READING, conditions=PLACE, several=False),
    )


def _follows(
    name: str, label: str, *conditions: Condition, tag: str = "", hidden: bool = False
) -> Choice:
    return Choice(
        name, label, ASSET_STATE, tag=tag, conditions=conditions, several=False, hidden=hidden
    )


def _asset(*columns: Column | str) -> Statement:
    return select(ASSET_STATE, *columns).where(ASSET)


def _reading(*columns: Column | str) -> Statement:
    return select(READING, *columns).where(*PLACE)


def _state() -> Panel:
    return stat(
        "State",
        "How is the asset now? Without a word of it in 25 minutes nobody knows.",
        rows(_asset(last("code").named("state")).within(STATE_NOW)),
        no_data="not known",
        meanings=STATE_CODES,
    ).sized(5, 4).cornered(pages.asset("${asset:percentencode}"))  # fmt: skip


def _open_events() -> Panel:
    return stat(
        "Open events",
        "How many conditions are open here?",
        rows(_asset(last("open_events").named("open")).within(STATE_NOW)),
        no_data="not known",
        thresholds=steps((1, color_of("warning"))),
    ).sized(5, 4)


def _condition() -> Panel:
    return stat(
        "Condition",
        "How worn is it, by the register's grade: 1 is new, 5 worn out?",
        rows(_asset(last("condition"))),
        no_data="not graded",
        silence=False,
        decimals=1,
        thresholds=steps((4, color_of("warning")), (4.75, color_of("critical"))),
    ).sized(4, 4)


def _node() -> Panel:
    to_fleet = to_board(uids.FLEET, "The node", keep=("district", "node"))
    return stat(
        "Its node",
        "Is it the network? Whether the node that reads this asset is online.",
        rows(select(NODE_HEALTH, last("online")).where(GROUP, NODE).within(NODE_NOW)),
        no_data="not known",
        meanings=ONLINE,
    ).sized(5, 4).linked(to_fleet)  # fmt: skip


def _newest() -> Panel:
    return freshness(READING, "flags", *PLACE).sized(5, 4)


def _value() -> Panel:
    columns = [call("mean", name).named(name) for name in ("low", "high", "expected", "value")]
    panel = timeseries(
        "Value, expected value and band",
        "Does this sensor read what it should? The band is what was expected.",
        line(_reading(*columns).where(METRIC).every(), "$col"),
        unit="short",
    )
    return panel.overridden(*banded("value", "expected")).sized(14, 10)


def _sensors() -> Panel:
    this = to_board(
        uids.ASSET,
        "Show this sensor",
        {"metric": cell("metric")},
        keep=("district", "asset", "group", "node", "device"),
    )
    severity = steps((0.3, color_of("advisory")), (0.6, color_of("warning")),
                     (0.9, color_of("critical")))  # fmt: skip
    return table(
        "All its sensors",
        "Is it one sensor or all of them? The last reading of each, and when it was.",
        rows(_reading(last("value"), "expected", "low", "high", "severity").by("metric")),
        columns={
            "metric": heading("Sensor", links=(this,)),
            "value": heading("Value", "short", width=80),
            "expected": heading("Expected", "short", width=85),
            "low": heading("Low", "short", width=70),
            "high": heading("High", "short", width=70),
            "severity": heading("Severity", decimals=2, thresholds=severity, width=80),
        },
        sort="Severity",
        no_data="no reading in this range",
        show_time=True,
    ).sized(10, 10)


def _states() -> Panel:
    return strip(
        "State over time",
        "Since when, and how often before? A gap is a time nobody knows about.",
        line(_asset(call("max", "code").named("state")).every(BEATS), "state"),
        meanings=STATE_CODES,
    ).sized(12, 7)


def _neighbours() -> Panel:
    like_it = (
        chosen("asset_class"),
        chosen("district", "asset_district"),
        METRIC,
    )
    columns = [call("mean", name).named(name) for name in ("low", "median", "high")]
    panel = timeseries(
        "Beside its neighbours",
        "Does it differ from others of its kind here? Median and the middle 80 %.",
        line(_reading(call("mean", "value").named("this asset")).where(METRIC).every(), "$col"),
        line(select(PEERS, *columns).where(*like_it).every(), "$col"),
        unit="short",
    )
    return panel.overridden(*banded("this asset", "median")).sized(12, 7)


def _events() -> Panel:
    return table(
        "Events",
        "What was noticed here, and why? The newest fifty in this range.",
        rows(
            select(EVENT, "class", "kind", "channel", "severity", "open", "reason")
            .where(*PLACE)
            .newest(50)
        ),
        columns={
            "class": heading("What", meanings=CLASSES, width=130),
            "kind": heading("Kind", width=90),
            "channel": heading("Sensor", width=100),
            "severity": heading("Severity", decimals=2, width=80),
            "open": heading("Open", meanings=TRUE_FALSE, width=70),
            "reason": heading("Reason"),
        },
        sort="Severity",
        no_data="no event in this range",
        show_time=True,
    ).sized(14, 9)


def _node_health() -> Panel:
    columns = [call("max", name).named(heading) for name, heading in NODE_LINES.items()]
    panel = timeseries(
        "Its node: silence and backlog",
        "Is it the network? How long the node was silent, and what it still holds.",
        line(select(NODE_HEALTH, *columns).where(GROUP, NODE).every(), "$col"),
        unit="s",
        minimum=0,
    )
    backlog = colored("backlog", EXPECTED, axisPlacement="right")
    return panel.overridden(
        colored("silent for", color_of("stale")),
        type(backlog)("byName", "backlog", {**backlog.properties, "unit": "short"}),
    ).sized(10, 9)
