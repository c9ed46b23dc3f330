"""Rules on the city: what an operator acts on."""

from lamppost.dashboards.alerting.rule import ADVISORY, CRITICAL, WARNING, Group, Rule
from lamppost.dashboards.boards import uids
from lamppost.dashboards.influxql import call, compared, equals, last, outer, select
from lamppost.wire.series import (
    CAPACITY,
    INCIDENT,
    INDICATOR,
    LEVELS,
    QUALITY,
    ROLLUP_CITY,
    ROLLUP_DISTRICT,
)

NOW_INTERVAL_S = 10
MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
STORM_INCIDENTS = 20
STALE_SHARE = 0.2
MIN_SCORE = 0.8
MIN_DAYS_LEFT = 14

CRITICAL_INCIDENTS = Rule(
    "critical-incidents",
    "Critical incidents that nobody has taken",
    {
        "A": select(INCIDENT, call("sum", "open"))
        .where(
            equals("open", 1),
            equals("level", LEVELS.index("critical")),
            equals("acked", 0),
            equals("shelved", 0),
        )
        .by("group", "node", "device")
    },
    "$A > 0",
    7 * DAY_S,
    CRITICAL,
    "Critical incident at {{ $labels.group }}/"
    "{{ $labels.node }}{{ if $labels.device }}/{{ $labels.device }}{{ end }}",
    "Open the city overview, take the incident with the highest priority and acknowledge it "
    "before you act: what is acknowledged or shelved is not told again.",
    uids.CITY,
    hold="0s",
    acts=True,
)
"""Incidents, not rollups: a row stands there as soon as one opens, not a minute later.

A device each, because whoever is told of one must be told of the next one too: Grafana sends
again when an alert joins its group, never because the number of one grew. The sentence has no
number: an alert that ends because its rows are gone is told with the last one it had.
"""

STORM = Rule(
    "district-storm",
    "Many new incidents in one district",
    {"A": select(ROLLUP_DISTRICT, call("sum", "opened")).by("district")},
    f"$A > {STORM_INCIDENTS}",
    10 * MINUTE_S,
    CRITICAL,
    "{{ $values.ALast.Value }} incidents opened within 10 minutes in {{ $labels.district }}",
    "Look for one cause (mains, network, weather) before you look at single assets; declare "
    "maintenance or a feeder if it is known.",
    uids.TRIAGE,
    hold="0s",
    acts=True,
)


STALE = Rule(
    "stale-share",
    "Many assets are silent",
    {
        "A": select(ROLLUP_CITY, last("stale")).by("host"),
        "B": select(ROLLUP_CITY, last("assets")).by("host"),
    },
    f"$A > {STALE_SHARE} * $B",
    5 * MINUTE_S,
    WARNING,
    "{{ $values.ALast.Value }} of {{ $values.BLast.Value }} assets send nothing that counts",
    "Open the node fleet: if nodes are offline together, it is the network; if not, ask the "
    "field.",
    uids.CITY,
    hold="5m",
    acts=True,
)

QUALITY_DROP = Rule(
    "quality-drop",
    "Data quality fell",
    {
        "A": outer(
            select(QUALITY, last("score")).by("district", "node"),
            call("mean", "score"),
        ).by("district")
    },
    f"$A < {MIN_SCORE}",
    2 * HOUR_S,
    WARNING,
    "The sources of {{ $labels.district }} score {{ $values.ALast.Value }} of 1",
    "Open the data resource map, sort by score and look which part fell: completeness is "
    "the network's, validity the sensor's.",
    uids.RESOURCES,
    hold="30m",
    acts=True,
)

CAPACITY_DAYS = Rule(
    "capacity-days",
    "A resource runs out soon",
    {
        "A": outer(
            select(CAPACITY, last("days_left")).by("resource", "asset"),
            call("min", "days_left"),
        ).by("resource")
    },
    f"$A < {MIN_DAYS_LEFT}",
    6 * HOUR_S,
    WARNING,
    "{{ $labels.resource }} is forecast to run out in {{ $values.ALast.Value }} days",
    "Open capacity and resources, see which asset it is and how sure the forecast is, and "
    "plan relief.",
    uids.CAPACITY,
    hold="30m",
    acts=True,
)

INDICATOR_MISSED = Rule(
    "indicator-off-target",
    "Indicators off target",
    {
        "A": outer(
            select(INDICATOR, last("met"))
            .where(equals("reported", 1))
            .by("indicator", "district"),
            call("count", "met"),
        )
        .where(compared("met", "<", 1))
        .by("indicator")
    },
    "$A > 0",
    62 * DAY_S,
    ADVISORY,
    "{{ $labels.indicator }} against its target",
    "Open the indicators, check completeness first, then what the number is made of.",
    uids.INDICATORS,
    hold="0s",
)

NOW = Group("lamppost now", uids.OPERATE, NOW_INTERVAL_S, (CRITICAL_INCIDENTS,))
CITY = Group("lamppost city", uids.OPERATE, MINUTE_S, (STORM, STALE))
DATA = Group(
    "lamppost data", uids.DATA, 5 * MINUTE_S, (QUALITY_DROP, CAPACITY_DAYS, INDICATOR_MISSED)
)
