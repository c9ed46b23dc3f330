"""Pipeline health: is the monitoring alive and complete?"""

from lamppost.dashboards.board import Board
from lamppost.dashboards.boards import pages, uids
from lamppost.dashboards.charts import line, shaded, strip, timeseries
from lamppost.dashboards.influxql import (
    Column,
    Statement,
    call,
    chosen,
    last,
    outer,
    rate,
    select,
)
from lamppost.dashboards.looks import (
    CRITICAL,
    NONE_IS_CRITICAL,
    WARNING,
    WORKS,
    Meaning,
    Meanings,
    steps,
)
from lamppost.dashboards.panel import Panel
from lamppost.dashboards.tables import column as heading
from lamppost.dashboards.tables import rows, table
from lamppost.dashboards.tiles import stat
from lamppost.dashboards.variables import Choice, console
from lamppost.wire.series import CANARY, PIPELINE, SLO, STAGE

HOST = chosen("host")
STAGES = ("decode", "accept", "resolve", "judge", "events", "spool")
"""As the aggregator calls them, in their order."""
FLOW = ("received", "judged", "stored")
ASIDE = ("quarantined", "dropped", "seq_gaps", "dead_letters", "rebirths_asked")
SILENT: Meanings = {"": Meaning("nothing")}
CAME: Meanings = {"0": Meaning("got lost", CRITICAL), "1": Meaning("came through")}
SUNG = "30m"
"""A canary is made every ten minutes: two may be on their way."""
NOW = "5m"
"""A sample is taken every 30 seconds: what has none in ten times that is silent."""


def board(console_url: str) -> Board:
    """Return the board."""
    return Board(
        uid=uids.PIPELINE,
        title="Pipeline health",
        question="Is the monitoring alive and complete?",
        folder=uids.PLATFORM,
        variables=(
            Choice("host", "Aggregator", PIPELINE, why="Which aggregators to look at."),
            console(console_url),
        ),
        rows=(
            (_alive(), _works(), _lag(), _lost_now()),
            (_trouble(), _canary()),
            (_rate(), _loss()),
            (_latency(), _parts()),
            (_stages(), _budget()),
        ),
    )


def _pipeline(*columns: Column | str) -> Statement:
    return select(PIPELINE, *columns).where(HOST)


def _alive() -> Panel:
    inner = _pipeline(last("uptime_s").named("up")).within(NOW).by("host")
    return stat(
        "Aggregators that report",
        "Is the monitoring alive? Aggregators with a sample in the last five minutes.",
        rows(outer(inner, call("count", "up").named("reporting"))),
        no_data="none reports",
        thresholds=NONE_IS_CRITICAL,
    ).sized(6, 4).cornered(pages.ledger())  # fmt: skip


def _works() -> Panel:
    columns = [
        last(name).named(name.removesuffix("_ok"))
        for name in ("broker_ok", "spool_ok", "store_ok")
    ]
    inner = _pipeline(*columns).within(NOW).by("host")
    outermost = outer(
        inner, *(call("min", name).named(name) for name in ("broker", "spool", "store"))
    )
    return stat(
        "Broker, spool, store",
        "Does each part of the way work, on every aggregator?",
        rows(outermost),
        no_data="not known",
        meanings=WORKS,
    ).sized(6, 4)


def _lost_now() -> Panel:
    grown = [call("non_negative_difference", "dropped").named("dropped")]
    inner = _pipeline(*grown).by("host")
    return stat(
        "Dropped in this range",
        "Is the picture complete? Messages there was no room for; edges send them again.",
        rows(outer(inner, call("sum", "dropped").named("dropped"))),
        no_data="not known",
        thresholds=steps((1, WARNING)),
    ).sized(6, 4)


def _rates(*names: str) -> Statement:
    inner = (rate(name).named(name.replace("_", " ")) for name in names)
    return _pipeline(*inner).by("host").every()


def _rate() -> Panel:
    panel = timeseries(
        "Readings a second",
        "Does what arrives also leave? Received, judged and stored run together.",
        line(_rates(*FLOW), "$tag_host $col"),
        unit="cps",
        minimum=0,
    )
    return panel.overridden(*shaded(*FLOW))


def _loss() -> Panel:
    panel = timeseries(
        "Put aside a second",
        "What is put aside or asked for again on the way?",
        line(_rates(*ASIDE), "$tag_host $col"),
        unit="cps",
        minimum=0,
    )
    return panel.overridden(*shaded(*(name.replace("_", " ") for name in ASIDE)))


def _latency() -> Panel:
    names = {"P50": "latency_p50_ms", "P99": "latency_p99_ms"}
    columns = [call("max", name).named(share) for share, name in names.items()]
    panel = timeseries(
        "Latency",
        "Is the aggregator keeping up? From the arrival of a reading to its verdict.",
        line(_pipeline(*columns).by("host").every(), "$tag_host $col"),
        unit="ms",
        minimum=0,
    )
    return panel.overridden(*shaded(*names))


def _parts() -> Panel:
    columns = [call("min", f"{name}_ok").named(name) for name in ("broker", "spool", "store")]
    return strip(
        "Parts of the way",
        "When was which part down? A cell without colour had no sample.",
        line(_pipeline(*columns).by("host").every(), "$tag_host $col"),
        meanings=WORKS,
        history=True,
    ).sized(12, 8)


def _lag() -> Panel:
    return stat(
        "Behind in the database",
        "How old is what boards show? How far the database is behind the spool.",
        rows(_pipeline(call("max", "store_lag_s").named("lag")).within(NOW)),
        unit="s",
        no_data="not known",
        thresholds=steps((30, WARNING), (300, CRITICAL)),
    ).sized(6, 4)


def _trouble() -> Panel:
    return table(
        "What is wrong now",
        "Which part does the aggregator miss, and why? Its own warnings, in words.",
        rows(_pipeline(last("uptime_s"), "trouble").within(NOW).by("host")),
        columns={
            "host": heading("Aggregator", width=120),
            "trouble": heading("It says", meanings=SILENT, thresholds=steps(base=WARNING)),
            "uptime_s": heading("Runs for", "s", decimals=0, width=110),
        },
        sort="Aggregator",
        descending=False,
        no_data="no aggregator reports",
    ).sized(12, 4)


def _canary() -> Panel:
    told = steps((60_000, WARNING), (120_000, CRITICAL))
    steps_of_it = ("missing", "detect_ms", "stored_ms", "delivered_ms")
    return table(
        "Canary",
        "Would an alarm reach somebody? What became of the newest made-up anomaly, end to end.",
        rows(select(CANARY, last("ok"), *steps_of_it).where(HOST).within(SUNG).by("host")),
        columns={
            "host": heading("Aggregator", width=120),
            "ok": heading("It", meanings=CAME, width=110),
            "missing": heading("Not"),
            "detect_ms": heading("Noticed after", "ms", width=115),
            "stored_ms": heading("Stored after", "ms", width=105),
            "delivered_ms": heading("Notified after", "ms", thresholds=told, width=115),
        },
        sort="Aggregator",
        descending=False,
        no_data="no canary within half an hour",
    ).sized(12, 4)


def _stages() -> Panel:
    statement = select(STAGE, call("mean", "share_pct").named("share")).where(HOST)
    panel = timeseries(
        "What the pipeline is busy with",
        "Which stage is the bottleneck?",
        line(statement.by("stage").every(), "$tag_stage"),
        unit="percent",
        minimum=0,
        fill=30,
        stacked=True,
    )
    return panel.overridden(*shaded(*STAGES))


def _budget() -> Panel:
    statement = select(SLO, call("max", "burn").named("burn")).where(HOST)
    return timeseries(
        "How fast error budgets burn",
        "Do we keep our promises? At 1 the budget lasts just as long as it should.",
        line(statement.by("slo", "span").every(), "$tag_slo $tag_span"),
        unit="short",
        minimum=0,
        thresholds=steps((1, WARNING), (14.4, CRITICAL)),
    )
