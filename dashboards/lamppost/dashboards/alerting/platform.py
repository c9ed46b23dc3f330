"""Rules on the platform itself: whether the picture is whole, in time, and seen at all."""

from lamppost.dashboards.alerting.rule import (
    ALERTING,
    CRITICAL,
    SIGN,
    WARNING,
    Group,
    Rule,
)
from lamppost.dashboards.boards import uids
from lamppost.dashboards.influxql import Condition, Statement, call, equals, last, select
from lamppost.wire.series import CANARY, PIPELINE, SLO

MINUTE_S, HOUR_S = 60, 3_600
OFFLINE_SHARE = 0.1
MAX_LAG_S = 120
SPOOL_SHARE = 0.8
DISK_SHARE = 0.1
FAST_BURN, SLOW_BURN = 14.4, 6


def _bytes(query: str) -> str:
    """A size in words; nothing before there is a row, which `humanize1024` cannot take."""
    return f"{{{{ with $values.{query}Last }}}}{{{{ humanize1024 .Value }}}}B{{{{ end }}}}"


def _now(name: str) -> Statement:
    return select(PIPELINE, last(name)).by("host")


def _grown(rule: str, title: str, counter: str, summary: str, runbook: str) -> Rule:
    """A rule on a counter that grew within its hour; after a restart it begins again."""
    return Rule(
        rule,
        title,
        {"A": _now(counter), "B": select(PIPELINE, call("first", counter)).by("host")},
        "$A - $B > 0",
        HOUR_S,
        WARNING,
        summary,
        runbook,
        uids.PIPELINE,
        hold="0s",
    )


def _share(rule: str, title: str, part: str, whole: str, formula: str, runbook: str) -> Rule:
    return Rule(
        rule,
        title,
        {"A": _now(part), "B": _now(whole)},
        formula,
        5 * MINUTE_S,
        WARNING,
        f"{{{{ $labels.host }}}}: {_bytes('A')} of {_bytes('B')}",
        runbook,
        uids.PIPELINE,
        hold="5m",
    )


NODES_OFFLINE = Rule(
    "nodes-offline",
    "Many nodes are offline",
    {"A": _now("nodes_online"), "B": _now("nodes")},
    f"$B - $A > {OFFLINE_SHARE} * $B",
    5 * MINUTE_S,
    WARNING,
    "{{ $values.ALast.Value }} of {{ $values.BLast.Value }} nodes are online",
    "Open the node fleet: what do they share (district, provider, firmware)? They keep their "
    "readings; the column autonomy says for how long.",
    uids.FLEET,
    hold="3m",
    acts=True,
)
LAG = Rule(
    "pipeline-lag",
    "Readings are late",
    {"A": _now("store_lag_s")},
    f"$A > {MAX_LAG_S}",
    5 * MINUTE_S,
    WARNING,
    "{{ $labels.host }} stores readings {{ $values.ALast.Value }} s after they came",
    "Open pipeline health: is it the database (store failures) or the machine (busy stages)? "
    "Nothing is lost while the spool has room.",
    uids.PIPELINE,
    hold="5m",
)
LOSS = _grown(
    "readings-dropped",
    "Readings were dropped",
    "dropped",
    "{{ $labels.host }} dropped messages that it could not take",
    "Open pipeline health and the aggregator's log; edges that are acknowledged send again, "
    "foreign nodes do not.",
)
DEAD_LETTERS = _grown(
    "dead-letters",
    "The database refuses lines",
    "dead_letters",
    "{{ $labels.host }} set lines aside that the database refuses for good",
    "Read the reasons in dead-letters.jsonl, mend the cause, and write the lines again "
    "(docs/stores.md says how).",
)
SPOOL = _share(
    "spool-filling",
    "The spool fills",
    "spool_bytes",
    "spool_limit_bytes",
    f"$A > {SPOOL_SHARE} * $B",
    "The database is away or too slow: bring it back before the spool is full; then edges "
    "hold their readings.",
)
DISK = _share(
    "disk-free",
    "The aggregator's disk fills",
    "disk_free_bytes",
    "disk_bytes",
    f"$A < {DISK_SHARE} * $B",
    "Free room or move the data folder; below the last bytes nothing is acknowledged any more.",
)
BROKER = Rule(
    "parts-broken",
    "The aggregator misses a part",
    {"A": _now("broker_ok"), "B": _now("spool_ok")},
    "$A < 1 || $B < 1",
    5 * MINUTE_S,
    CRITICAL,
    "{{ $labels.host }}: broker {{ $values.ALast.Value }}, spool {{ $values.BLast.Value }} "
    "(1 is well)",
    "Pipeline health tells of its `trouble`: which part, and why. Edges keep what is not "
    "acknowledged.",
    uids.PIPELINE,
)
SILENT = Rule(
    "pipeline-silent",
    "The aggregator is silent",
    {"A": select(PIPELINE, last("uptime_s"))},
    "$A < 0",
    3 * MINUTE_S,
    CRITICAL,
    "No aggregator has written a sample for three minutes: nothing here is known",
    "Is lamppost-aggregator running, can it reach the database? Until it is back, no board "
    "tells of now.",
    uids.PIPELINE,
    on_no_data=ALERTING,
)
SOURCE = Rule(
    "data-source",
    "The data source does not answer",
    {"A": select(PIPELINE, last("uptime_s"))},
    "$A < 0",
    5 * MINUTE_S,
    CRITICAL,
    "Grafana cannot ask the database: every other rule is blind until it answers",
    "Is InfluxDB running, is the token still good? Readings wait in the spool meanwhile.",
    uids.PIPELINE,
    on_error=ALERTING,
)
"""The one rule that tells of an outage; for all others a failing query is no news. A database
that is started anew is back before it is told."""

_PAGED = Condition("slo", "\"slo\" != 'store'")
"""Of the store SOURCE, SILENT and LAG tell; its broken promise would be told of the same outage
again, when that is over."""
_SPANS = {
    ref: select(SLO, last("burn")).where(_PAGED, equals("span", span)).by("host", "slo")
    for ref, span in (("A", "5m"), ("B", "1h"), ("C", "6h"))
}
BURN = Rule(
    "slo-burn",
    "A promise is being broken",
    _SPANS,
    f"($A > {FAST_BURN} && $B > {FAST_BURN}) || ($B > {SLOW_BURN} && $C > {SLOW_BURN})",
    10 * MINUTE_S,
    CRITICAL,
    "The error budget of {{ $labels.slo }} burns {{ $values.BLast.Value }} times too fast",
    "Open pipeline health and see since when; a release or an outage at that moment is the "
    "first suspect.",
    uids.PIPELINE,
    hold="0s",
)
CANARY_LATE = Rule(
    "canary-late",
    "The canary came late or not at all",
    {"A": select(CANARY, last("ok")).by("host")},
    "$A < 1",
    30 * MINUTE_S,
    CRITICAL,
    "A synthetic anomaly was not noticed, stored or notified in time",
    "Pipeline health says which step is `missing`; until it is mended, take silence for "
    "nothing.",
    uids.PIPELINE,
    hold="0s",
)
CANARY_SINGS = Rule(
    "canary",
    "The canary sings",
    {"A": select(CANARY, last("alarm")).by("host")},
    "$A > 0",
    15 * MINUTE_S,
    SIGN,
    "A synthetic anomaly; nobody needs to act",
    "Nothing: its arrival is measured.",
    uids.PIPELINE,
    hold="0s",
)
WATCHDOG = Rule(
    "watchdog",
    "Watchdog: Grafana can notify",
    {},
    "1 == 1",
    MINUTE_S,
    SIGN,
    "Sent for ever; who gets it raises the alarm when it stops",
    "Nothing: it is wrong when this does not come.",
    uids.PIPELINE,
    hold="0s",
)

PLATFORM = Group(
    "lamppost platform",
    uids.PLATFORM,
    MINUTE_S,
    (NODES_OFFLINE, LAG, LOSS, DEAD_LETTERS, SPOOL, DISK, BROKER, SILENT, SOURCE, BURN),
)
CANARIES = Group("lamppost canary", uids.PLATFORM, 10, (CANARY_LATE, CANARY_SINGS))
ALIVE = Group("lamppost watchdog", uids.PLATFORM, MINUTE_S, (WATCHDOG,))
