"""Anomaly triage: which anomaly next, and is it real?"""

from dataclasses import replace

from lamppost.dashboards.board import Board
from lamppost.dashboards.boards import pages, uids
from lamppost.dashboards.boards.common import (
    ASSET_CLASS,
    CLASSES,
    DISTRICT,
    IN_DISTRICT,
    LEVEL_CODES,
    LEVEL_STEPS,
    LIVE,
    MINUTELY,
    OF_CLASS,
    incidents,
    maintenance,
    open_asset,
    over_time,
)
from lamppost.dashboards.charts import bars, colored, line, strip, timeseries
from lamppost.dashboards.influxql import (
    Column,
    Statement,
    call,
    compared,
    equals,
    last,
    outer,
    select,
)
from lamppost.dashboards.looks import CRITICAL, EXPECTED, STALE, VALUE, WARNING, steps
from lamppost.dashboards.panel import Panel
from lamppost.dashboards.tables import column as heading
from lamppost.dashboards.tables import counted, rows, table
from lamppost.dashboards.tiles import stat
from lamppost.dashboards.variables import console
from lamppost.wire.series import (
    ALARM,
    ALARM_SYSTEM,
    EVENT,
    INCIDENT,
    LEVELS,
    ROLLUP_CELL,
)

BY_ASSET = ("asset", "asset_class", "class", "device", "district", "group", "node")
CAUSES = ("process_anomalies", "sensor_faults", "communication")
MEASURED = "2h"
"""How old a measure of the alarm system may be."""
MAX_CELLS = 60
"""A strip is read by eye: more columns are narrower than what one can tell apart."""


def board(console_url: str) -> Board:
    """Return the board."""
    return Board(
        uid=uids.TRIAGE,
        title="Anomaly triage",
        question="Which anomaly next, is it the sensor or the process, and is it real?",
        folder=uids.OPERATE,
        variables=(DISTRICT, ASSET_CLASS, console(console_url)),
        notes=(incidents(), maintenance()),
        rows=(
            (_standing(), _unacked(), _chattering(), _load(), _false_share()),
            (_ranked().cornered(pages.alarms()),),
            (_causes(), _persistence()),
            (_chatter_table(), _false_alarms(), _kinds()),
        ),
    )


def _alarms(*columns: Column | str) -> Statement:
    return select(ALARM, *columns).where(IN_DISTRICT, OF_CLASS)


def _now(*columns: Column | str) -> Statement:
    return _alarms(*columns).within(LIVE).by(*BY_ASSET)


def _counted(name: str) -> Statement:
    """A count of now, over the districts and classes that are chosen."""
    inner = select(ROLLUP_CELL, last(name).named(name)).where(IN_DISTRICT, OF_CLASS)
    cells = inner.within(MINUTELY).by("asset_class", "district", "host")
    return outer(cells, call("sum", name).named("open"))


def _standing() -> Panel:
    return stat(
        "Standing alarms",
        "How many incidents are open now?",
        rows(_counted("open_incidents")),
        no_data="not known",
        thresholds=steps((10, WARNING), (30, CRITICAL)),
    ).sized(5, 4)


def _unacked() -> Panel:
    return stat(
        "Nobody has it",
        "How many of them has nobody acknowledged?",
        rows(_counted("unacked")),
        no_data="not known",
        thresholds=steps((1, WARNING)),
    ).sized(5, 4)


def _system(*columns: Column) -> Statement:
    return select(ALARM_SYSTEM, *columns).where(IN_DISTRICT).within(MEASURED).by("district")


def _chattering() -> Panel:
    inner = _system(last("chattering").named("chattering"))
    return stat(
        "Chattering alarms",
        "How many alarms open and close again and again?",
        rows(outer(inner, call("sum", "chattering").named("chattering"))),
        no_data="not measured",
        thresholds=steps((1, WARNING)),
    ).sized(5, 4)


def _load() -> Panel:
    inner = _system(last("per_operator_10min").named("alarms"))
    return stat(
        "Alarms per operator and 10 min",
        "Can the people keep up? One is the aim of EEMUA 191, more than ten a flood.",
        rows(outer(inner, call("max", "alarms").named("alarms"))),
        no_data="not measured",
        decimals=1,
        thresholds=steps((1, WARNING), (10, CRITICAL)),
    ).sized(5, 4)


def _false_share() -> Panel:
    inner = _system(last("false_share").named("share"))
    return stat(
        "Judged false",
        "How often do we cry wolf? The share of alarms that operators judged to be false.",
        rows(outer(inner, call("mean", "share").named("share"))),
        unit="percentunit",
        no_data="not judged",
        silence=False,
        decimals=0,
        thresholds=steps((0.1, WARNING), (0.3, CRITICAL)),
    ).sized(4, 4)


def _ranked() -> Panel:
    more = (
        "score",
        "severity",
        "name",
        "kind",
        "reason",
        "age_s",
        "acked",
        "shelved",
        "incident",
    )
    hidden = ("asset", "device", "group", "node", "incident")
    return table(
        "Which one next",
        "Which anomaly next? The highest score first; process anomalies are about the asset,"
        " sensor faults about its sensor.",
        rows(_now(last("level"), *more)),
        columns={
            "level": heading("Level", thresholds=LEVEL_STEPS, meanings=LEVEL_CODES, width=80),
            "severity": heading("Severity", decimals=2, width=80),
            "score": heading("Score", decimals=2, width=70),
            "class": heading("What", meanings=CLASSES, width=130),
            "name": heading("Asset", links=(open_asset(),), width=180),
            "kind": heading("Kind", width=100),
            "reason": heading("Reason", links=(pages.incident(), pages.alarm_record())),
            "age_s": heading("Open for", "s", decimals=0, width=90),
            "acked": heading("Acknowledged", "bool_yes_no", width=115),
            "shelved": heading("Shelved", "bool_yes_no", width=80),
            "district": heading("District", width=110),
            "asset_class": heading("Class of asset", width=120),
            **{name: heading(name, hidden=True) for name in hidden},
        },
        sort="Score",
        no_data="no open incident in the last two minutes",
    ).sized(24, 10)  # fmt: skip


def _causes() -> Panel:
    panel = timeseries(
        "Sensor against process",
        "Do the assets misbehave, or what watches them? Open incidents of all classes.",
        line(over_time(*CAUSES), "$col"),
        minimum=0,
        stepped=True,
    )
    names = [name.replace("_", " ") for name in CAUSES]
    colors = map(colored, names, (VALUE, EXPECTED, STALE))
    return panel.overridden(*colors).sized(10, 9)


def _persistence() -> Panel:
    serious = compared("level", ">=", LEVELS.index("warning"))
    statement = _alarms(call("max", "level").named("level")).where(serious).by("asset")
    panel = strip(
        "Persistence",
        "Does it last, or come and go? Levels of alarms from warning on; a gap is a calm.",
        line(statement.every(), "$tag_asset"),
        meanings=LEVEL_CODES,
        no_data="no warning in this range",
    )
    return replace(panel, max_points=MAX_CELLS).sized(14, 9)


def _chatter_table() -> Panel:
    return table(
        "Chattering",
        "What opens and closes again and again, and wants its limits mended? All districts.",
        rows(
            select(EVENT, "group", "node", "device", "channel", "reason")
            .where(equals("kind", "chattering"))
            .newest(50)
        ),
        columns={
            "node": heading("Node", width=110),
            "device": heading("Device", width=110),
            "channel": heading("Sensor", width=90),
            "reason": heading("Reason"),
            "group": heading("Group", hidden=True),
        },
        sort="Node",
        descending=False,
        no_data="nothing chatters",
    ).sized(9, 9)


def _false_alarms() -> Panel:
    return table(
        "Judged false by operators",
        "Was it real? What people said was not, so that detection learns.",
        rows(
            select(INCIDENT, "class", "kind", "name", "reason")
            .where(equals("false_alarm", 1), IN_DISTRICT, OF_CLASS)
            .newest(50)
        ),
        columns={
            "name": heading("Asset", width=120),
            "class": heading("What", meanings=CLASSES, width=130),
            "kind": heading("Kind", width=80),
            "reason": heading("Reason"),
        },
        sort="Kind",
        descending=False,
        no_data="none was judged false in this range",
    ).sized(9, 9)


def _kinds() -> Panel:
    return bars(
        "Open incidents by kind",
        "Is it one kind of trouble, or many?",
        rows(_now(last("level"), "kind", "incident")),
        named=0,
        no_data="no open incident in the last two minutes",
        transformations=(counted("kind", "incident"),),
    ).sized(6, 9)
