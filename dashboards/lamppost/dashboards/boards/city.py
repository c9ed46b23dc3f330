"""City overview: is anything wrong, where, getting worse, can I trust the picture?"""

from lamppost.dashboards.board import Board
from lamppost.dashboards.boards import pages, uids
from lamppost.dashboards.boards.common import (
    CLASSES,
    DISTRICT,
    IN_DISTRICT,
    LEVEL_CODES,
    LEVEL_STEPS,
    LIVE,
    MINUTELY,
    color_of,
    freshness,
    incidents,
    maintenance,
    open_asset,
)
from lamppost.dashboards.charts import colored, line, timeseries
from lamppost.dashboards.influxql import Statement, call, formula, last, outer, select
from lamppost.dashboards.links import cell, to_board
from lamppost.dashboards.looks import (
    ANY_IS_STALE,
    NONE_IS_CRITICAL,
    SHARE_OF_GOOD,
    Thresholds,
    steps,
)
from lamppost.dashboards.panel import Panel
from lamppost.dashboards.tables import column as heading
from lamppost.dashboards.tables import rows, table
from lamppost.dashboards.tiles import alert_list, stat, worldmap
from lamppost.dashboards.variables import console
from lamppost.wire.series import ALARM, ROLLUP_CITY, ROLLUP_DISTRICT

ABNORMAL = ("advisory", "warning", "critical", "stale")


def board(console_url: str) -> Board:
    """Return the board."""
    to_triage = to_board(uids.TRIAGE, "Which one first?", keep=("district",))
    return Board(
        uid=uids.CITY,
        title="City overview",
        question="Is anything wrong, where, is it getting worse, can I trust the picture?",
        folder=uids.OPERATE,
        variables=(DISTRICT, console(console_url)),
        notes=(incidents(), maintenance()),
        rows=(
            (
                _count("ok", "Assets that are well", NONE_IS_CRITICAL).sized(4, 4),
                _abnormal("critical").cornered(to_triage),
                _abnormal("warning").cornered(to_triage),
                _count("stale", "Silent assets", ANY_IS_STALE).sized(3, 4),
                _unacked().cornered(pages.alarms()),
                _reporting(),
                freshness(ROLLUP_DISTRICT, "assets", IN_DISTRICT).sized(4, 4),
            ),
            (_map(), _incidents().cornered(to_triage, pages.alarms())),
            (_trend(), _districts(), _alerts()),
        ),
        tags=("overview",),
    )


def _now(*names: str) -> Statement:
    """The newest minute of each district."""
    newest = [last(name).named(name) for name in names]
    return (
        select(ROLLUP_DISTRICT, *newest)
        .where(IN_DISTRICT)
        .within(MINUTELY)
        .by("district", "host")
    )


def _sum(*names: str) -> Statement:
    return outer(_now(*names), *(call("sum", name).named(name) for name in names))


def _count(state: str, title: str, thresholds: Thresholds) -> Panel:
    return stat(
        title,
        f"How many assets are {state} now? Counted, never concluded from silence.",
        rows(_sum(state)),
        no_data="not known",
        thresholds=thresholds,
    )


def _abnormal(state: str) -> Panel:
    return _count(state, state.capitalize(), steps((1, color_of(state)))).sized(3, 4)


def _unacked() -> Panel:
    return stat(
        "Nobody has it",
        "How many open incidents has nobody acknowledged?",
        rows(_sum("unacked")),
        no_data="not known",
        thresholds=steps((1, color_of("warning"))),
    ).sized(3, 4)


def _reporting() -> Panel:
    share = formula("share", "1 - sum({}) / sum({})", "channels_stale", "channels")
    return stat(
        "Channels that report",
        "Can I trust the picture? The share of known channels with fresh readings.",
        rows(outer(_now("channels", "channels_stale"), share)),
        unit="percentunit",
        decimals=1,
        no_data="not known",
        thresholds=SHARE_OF_GOOD,
    ).sized(4, 4)


def _open(*names: str) -> Statement:
    return (
        select(ALARM, last("level"), *names)
        .where(IN_DISTRICT)
        .within(LIVE)
        .by("asset", "asset_class", "class", "device", "district", "group", "node")
    )


def _map() -> Panel:
    return (
        worldmap(
            "Abnormal assets whose place is known",
            "Where is something wrong? A marker for each asset with an open incident; one "
            "whose place the register does not know stands in the list only.",
            rows(_open("severity", "lat", "lon", "name", "kind", "reason", "incident")),
            color_field="level",
            thresholds=LEVEL_STEPS,
            meanings=LEVEL_CODES,
        )
        .linked(open_asset(), pages.incident())
        .sized(10, 13)
    )


def _incidents() -> Panel:
    return table(
        "Open incidents",
        "What is wrong now, is it the sensor or the asset, and who has it?",
        rows(_open("name", "kind", "reason", "age_s", "acked", "incident")),
        columns={
            "level": heading("Level", thresholds=LEVEL_STEPS, meanings=LEVEL_CODES, width=75),
            "name": heading("Asset", width=130, links=(open_asset(),)),
            "class": heading("What", meanings=CLASSES, width=125),
            "reason": heading("Reason", links=(pages.incident(), pages.alarm_record())),
            "age_s": heading("Open for", "s", width=80, decimals=0),
            "acked": heading("Seen", "bool_yes_no", width=60),
            "district": heading("District", width=100),
            **{name: heading(name, hidden=True) for name in _UNSEEN},
        },
        sort="Level",
        no_data="no open incident in the last two minutes",
    ).sized(14, 13)


_UNSEEN = ("asset", "asset_class", "device", "group", "node", "kind", "incident")


def _trend() -> Panel:
    # Twenty districts a minute over a day are ten times the work of the city's own rows.
    most = [call("max", name).named(name) for name in ABNORMAL]
    statement = select(ROLLUP_CITY, *most).by("host").every(fill="none")
    panel = timeseries(
        "Abnormal assets over time, whole city",
        "Is it getting worse? The most in each step, whichever districts are chosen.",
        line(statement, "$col"),
        minimum=0,
        fill=30,
        stacked=True,
    )
    return panel.overridden(*(colored(name, color_of(name)) for name in ABNORMAL)).sized(8, 9)


def _districts() -> Panel:
    names = ("critical", "warning", "stale", "ok", "assets")
    here = to_board(uids.CITY, "Only this district", {"district": cell("district")})
    counts = {
        name: heading(name.capitalize(), thresholds=steps((1, color_of(name))), width=75)
        for name in ("critical", "warning", "stale")
    }
    return table(
        "Districts",
        "Which district has how much of it?",
        rows(select(ROLLUP_DISTRICT, last("critical"), *names[1:]).where(IN_DISTRICT)
             .within(MINUTELY).by("district")),
        columns={
            "district": heading("District", links=(here,)),
            **counts,
            "ok": heading("Ok", width=60),
            "assets": heading("Assets", width=70),
        },
        sort="Critical",
        no_data="no district reports",
    ).sized(10, 9)  # fmt: skip


def _alerts() -> Panel:
    return alert_list("Alerts", "What has Grafana told people, or is about to tell?").sized(
        6, 9
    )
