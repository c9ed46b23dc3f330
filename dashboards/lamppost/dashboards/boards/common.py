"""What several boards have alike."""

from dataclasses import replace

from lamppost.dashboards.board import Notes
from lamppost.dashboards.boards import uids
from lamppost.dashboards.influxql import (
    Condition,
    Statement,
    Step,
    call,
    chosen,
    compared,
    last,
    select,
)
from lamppost.dashboards.links import Link, cell, to_board
from lamppost.dashboards.looks import (
    ADVISORY,
    CRITICAL,
    NORMAL,
    STALE,
    WARNING,
    Meaning,
    Meanings,
    steps,
)
from lamppost.dashboards.panel import Override, Panel
from lamppost.dashboards.tables import rows
from lamppost.dashboards.tiles import stat
from lamppost.dashboards.variables import Choice
from lamppost.wire.series import (
    INCIDENT,
    LEVELS,
    MAINTENANCE,
    ROLLUP_CLASS,
    ROLLUP_DISTRICT,
    STATES,
    Measurement,
)

LIVE = "2m"
"""An alarm is written each minute while its incident is open."""
MINUTELY = "5m"
"""How old a rollup, written each minute, may be and still tell what is."""

DISTRICT = Choice("district", "District", ROLLUP_DISTRICT, why="Which districts to look at.")
ASSET_CLASS = Choice(
    "asset_class", "Class of asset", ROLLUP_CLASS, why="Which kinds of assets to look at."
)
IN_DISTRICT = chosen("district")
OF_CLASS = chosen("asset_class")

_COLORS = dict(zip(STATES, (NORMAL, ADVISORY, WARNING, CRITICAL, STALE, ADVISORY), strict=True))
STATE_CODES: Meanings = {
    str(code): Meaning(word, _COLORS[word]) for code, word in enumerate(STATES)
}
LEVEL_CODES: Meanings = {
    str(code): Meaning(word, _COLORS[word]) for code, word in enumerate(LEVELS)
}
LEVEL_STEPS = steps(*((code, _COLORS[word]) for code, word in enumerate(LEVELS) if code))
CLASSES: Meanings = {
    "sensor_fault": Meaning("sensor fault"),
    "process_anomaly": Meaning("process anomaly"),
    "communication": Meaning("communication"),
}


EACH_MINUTE = Step(
    "1m", "a row a minute stands in each rollup: a longer step would count assets twice"
)


def over_time(*names: str) -> Statement:
    """Return counts of the chosen districts, added up, minute by minute."""
    columns = [call("sum", name).named(name.replace("_", " ")) for name in names]
    return select(ROLLUP_DISTRICT, *columns).where(IN_DISTRICT).every(EACH_MINUTE, "none")


def color_of(state: str) -> str:
    """Return the colour of a state."""
    return _COLORS[state]


def open_asset() -> Link:
    """Return the link from a row with the tags of an asset to the board of that asset."""
    names = ("asset", "group", "node", "device")
    return to_board(
        uids.ASSET, "Open the asset", {name: cell(name) for name in names}, keep=("district",)
    )


def freshness(measurement: Measurement, field: str, *conditions: Condition) -> Panel:
    """Return the tile that says when the newest row was written, however long ago."""
    newest = select(measurement, last(field)).where(*conditions)
    tile = stat(
        "Newest data",
        "Can I trust this picture? How long ago the newest row was written.",
        rows(newest),
        unit="dateTimeFromNow",
        no_data="nothing in this range",
    )
    options = {**tile.options}
    options["reduceOptions"] = {"calcs": ["last"], "fields": "/^[Tt]ime$/", "values": False}
    from_now = Override("byType", "time", {"unit": "dateTimeFromNow"})
    return replace(tile, options=options).overridden(from_now)


def incidents(*conditions: Condition) -> Notes:
    """Return the incidents of level "warning" and above as annotations."""
    columns = ("reason", "class", "closed_ms")
    serious = compared("level", ">=", LEVELS.index("warning"))
    statement = select(INCIDENT, *columns).where(serious, *conditions).newest(100)
    return Notes("Incidents", statement, "reason", WARNING, tags=("class",), end="closed_ms")


def maintenance(*conditions: Condition) -> Notes:
    """Return work on nodes and devices as annotations."""
    columns = ("reason", "node", "device", "until_ms")
    statement = select(MAINTENANCE, *columns).where(*conditions).newest(100)
    return Notes(
        "Maintenance", statement, "reason", ADVISORY, tags=("node", "device"), end="until_ms"
    )
