"""Capacity and resources: what runs out first, and when?"""

from lamppost.dashboards.board import Board
from lamppost.dashboards.boards import pages, uids
from lamppost.dashboards.boards.common import ASSET_CLASS, DISTRICT, IN_DISTRICT, OF_CLASS
from lamppost.dashboards.charts import gauges, line, shaded, timeseries
from lamppost.dashboards.influxql import (
    Column,
    Statement,
    call,
    chosen,
    compared,
    formula,
    last,
    outer,
    ranked,
    select,
)
from lamppost.dashboards.links import cell, to_board
from lamppost.dashboards.looks import CRITICAL, NORMAL, SHARE_OF_FULL, WARNING, steps
from lamppost.dashboards.panel import Panel
from lamppost.dashboards.tables import column as heading
from lamppost.dashboards.tables import rows, table
from lamppost.dashboards.tiles import stat
from lamppost.dashboards.variables import Choice, console
from lamppost.wire.series import CAPACITY, PIPELINE, RESOURCE_USE

RESOURCE = chosen("resource")
KNOWN = "25h"
"""Capacity is computed at least once a day."""
DAY_MIN = 24 * 60
NOW = "5m"
FULL_PCT, TIGHT_PCT = 90, 70
SOON_DAYS = 90
OF_100 = steps((TIGHT_PCT, WARNING), (FULL_PCT, CRITICAL))
DAYS = steps((30, WARNING), (SOON_DAYS, NORMAL), base=CRITICAL)


def board(console_url: str) -> Board:
    """Return the board."""
    return Board(
        uid=uids.CAPACITY,
        title="Capacity and resources",
        question="How much is used, how much room is left, what runs out first? (B12)",
        folder=uids.DATA,
        variables=(
            DISTRICT,
            ASSET_CLASS,
            Choice("resource", "Resource", CAPACITY, why="Which resources to look at."),
            console(console_url),
        ),
        rows=(
            (_rated(), _full(), _soon(), _first()),
            (_runs_out(), _headroom()),
            (_utilisation(), _use()),
            (_platform(), _spool(), _disk()),
        ),
        span="now-7d",
        refresh="15m",
        tags=("b12",),
    )


def _capacity(*columns: Column | str) -> Statement:
    return select(CAPACITY, *columns).where(IN_DISTRICT, OF_CLASS, RESOURCE)


def _now(name: str) -> Statement:
    return _capacity(last(name).named(name)).within(KNOWN).by("asset", "resource")


def _counted(title: str, question: str, statement: Statement, no_data: str) -> Panel:
    return stat(title, question, rows(statement), unit="short", no_data=no_data).sized(6, 4)


def _rated() -> Panel:
    statement = outer(_now("utilisation_pct"), call("count", "utilisation_pct").named("rated"))
    return _counted(
        "Capacities that are known",
        "Of how many resources of assets do we know use and rating?",
        statement,
        "none is known",
    )


def _full() -> Panel:
    full = outer(_now("utilisation_pct"), call("count", "utilisation_pct").named("full"))
    panel = stat(
        f"Used beyond {FULL_PCT} %",
        "What has no room left today?",
        rows(full.where(compared("utilisation_pct", ">", FULL_PCT))),
        no_data="none of the known",
        silence=False,
        thresholds=steps((1, CRITICAL)),
    )
    return panel.sized(6, 4)


def _soon() -> Panel:
    soon = outer(_now("days_left"), call("count", "days_left").named("soon"))
    panel = stat(
        f"Run out within {SOON_DAYS} days",
        "What has to be decided this quarter? A forecast, not an observation.",
        rows(soon.where(compared("days_left", "<", SOON_DAYS))),
        no_data="none of the known",
        silence=False,
        thresholds=steps((1, WARNING)),
    )
    return panel.sized(6, 4)


def _first() -> Panel:
    return stat(
        "The first one in",
        "When does the first of them run out? A forecast, not an observation.",
        rows(outer(_now("days_left"), call("min", "days_left").named("days"))),
        unit="d",
        decimals=0,
        no_data="no forecast",
        silence=False,
        thresholds=DAYS,
    ).sized(6, 4)


def _runs_out() -> Panel:
    tags = ("asset", "resource", "district", "asset_class")
    first = _capacity(
        ranked("bottom", "days_left", 30, *tags), "name", "utilisation_pct", "headroom_pct",
        "runs_out_ms", "confidence", "basis",
    ).within(KNOWN)  # fmt: skip
    asset = to_board(uids.ASSET, "Open the asset", {"asset": cell("asset")}, keep=("district",))
    card = pages.asset(cell("asset"))
    return table(
        "What runs out first",
        "What runs out first, and when? Days and date are forecasts with their confidence.",
        rows(first),
        columns={
            "name": heading("Asset", links=(asset, card)),
            "resource": heading("Resource", width=85),
            "days_left": heading("Days left", decimals=0, thresholds=DAYS, width=80),
            "runs_out_ms": heading("Runs out on", "dateTimeAsIsoNoDateIfToday", width=150),
            "utilisation_pct": heading("Used", "percent", decimals=0, thresholds=OF_100,
                                       width=60),
            "headroom_pct": heading("Headroom", "percent", decimals=0, width=85),
            "confidence": heading("Confidence", "percentunit", decimals=0, width=90),
            "basis": heading("Rated by", width=90),
            "district": heading("District", width=90),
            "asset": heading("Id", hidden=True),
            "asset_class": heading("Class of asset", hidden=True),
        },
        sort="Days left",
        descending=False,
        no_data="no forecast",
    ).sized(15, 10)  # fmt: skip


def _headroom() -> Panel:
    inner = _capacity(last("headroom_pct").named("headroom"))
    by_class = inner.within(KNOWN).by("asset", "asset_class", "resource")
    statement = outer(by_class, call("min", "headroom").named("least")).by("asset_class")
    return gauges(
        "Least headroom by class of asset",
        "Which kind of asset is the tightest?",
        line(statement, "$tag_asset_class"),
        unit="percent",
        no_data="not known",
        thresholds=steps((10, WARNING), (30, NORMAL), base=CRITICAL),
        maximum=100,
    ).sized(9, 10)


def _utilisation() -> Panel:
    columns = [call("mean", "utilisation_pct").named("mean"),
               call("max", "p95_pct").named("highest P95"),
               call("max", "peak_pct").named("highest peak")]  # fmt: skip
    panel = timeseries(
        "Utilisation by resource",
        "Is it getting tighter? Mean use, and the highest P95 and peak of any asset.",
        line(_capacity(*columns).by("resource").every(), "$tag_resource $col"),
        unit="percent",
        minimum=0,
        thresholds=OF_100,
        gap_min=2 * DAY_MIN,
    )
    return panel.overridden(*shaded("mean", "highest P95", "highest peak")).sized(12, 9)


def _use() -> Panel:
    columns = [call("sum", name).named(name) for name in ("used", "baseline", "target")]
    statement = select(RESOURCE_USE, *columns).where(IN_DISTRICT, OF_CLASS).by("resource")
    panel = timeseries(
        "Resource use against baseline and target",
        "Do we use less energy and water than before, and as little as we meant to?",
        line(statement.every(), "$tag_resource $col"),
        unit="short",
        minimum=0,
        stepped=True,
        gap_min=2 * DAY_MIN,
    )
    return panel.overridden(*shaded("used", "baseline", "target")).sized(12, 9)


def _platform() -> Panel:
    statement = select(PIPELINE, call("max", "cpu_pct")).by("host").every()
    return timeseries(
        "Platform: processor",
        "How much room has the monitoring itself?",
        line(statement, "$tag_host"),
        unit="percent",
        minimum=0,
    ).sized(8, 7)


def _spool() -> Panel:
    inner = select(
        PIPELINE, last("spool_bytes").named("used"), last("spool_limit_bytes").named("limit")
    )
    share = formula("share", "max({}) / min({})", "used", "limit")
    statement = outer(inner.within(NOW).by("host"), share).by("host")
    return gauges(
        "Platform: spool",
        "For how long may the database be away before edges have to hold back?",
        line(statement, "$tag_host"),
        unit="percentunit",
        no_data="not known",
        thresholds=SHARE_OF_FULL,
        maximum=1,
    ).sized(8, 7)


def _disk() -> Panel:
    inner = select(
        PIPELINE, last("disk_free_bytes").named("free"), last("disk_bytes").named("size")
    )
    share = formula("share", "1 - max({}) / min({})", "free", "size")
    statement = outer(inner.within(NOW).by("host"), share).by("host")
    return gauges(
        "Platform: disk",
        "Does the platform itself run out of room?",
        line(statement, "$tag_host"),
        unit="percentunit",
        no_data="not known",
        thresholds=SHARE_OF_FULL,
        maximum=1,
    ).sized(8, 7)
