"""What stands in the time-series database: databases, measurements, tags, fields and types.

The one place that names them. Stores build their lines and queries from it and dashboards their
panels. Three rules hold for every measurement, because no database takes them back later:

- A tag is what one groups by. Ids of events, text and states are fields, never tags: each new
  value of a tag makes a new series, for as long as the database keeps it.
- A field never changes its type, and no field shares its name with a tag of its measurement.
- States one counts or sums are integers, 0 or 1: InfluxQL can neither sum nor average booleans.

Each database has a retention of its own. No query names a retention policy or a database in its
FROM, which the versions of InfluxDB understand differently.
"""

from dataclasses import dataclass
from enum import Enum


class FieldType(Enum):
    """The types InfluxDB has, by their names in SHOW FIELD KEYS."""

    FLOAT = "float"
    INTEGER = "integer"
    STRING = "string"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class Database:
    """One of the databases (InfluxDB 2.x: buckets) of a city.

    Attributes:
        role: what it is for, in one word.
        suffix: what follows the city's name in its name.
        retain_days: how long it keeps what is written to it.
    """

    role: str
    suffix: str
    retain_days: int

    def named(self, city: str) -> str:
        """Return its name in a city: "city", "city_ops"."""
        return city + self.suffix


@dataclass(frozen=True, slots=True)
class Field:
    """A field.

    Attributes:
        name: its name.
        type: its type, for ever.
        unit: UCUM unit; empty when it has none, or that of the channel.
    """

    name: str
    type: FieldType
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Measurement:
    """A measurement: its rows have these tags, and some or all of these fields.

    Attributes:
        name: its name.
        database: where it is.
        tags: in the order in which lines carry them, which is the fastest one for InfluxDB.
        fields: a field without a value is left out of its row.
    """

    name: str
    database: Database
    tags: tuple[str, ...]
    fields: tuple[Field, ...]

    def names(self, *types: FieldType) -> tuple[str, ...]:
        """Return the names of the fields of these types, of all fields without any."""
        return tuple(field.name for field in self.fields if not types or field.type in types)


def _fields(kind: FieldType, *names: str) -> tuple[Field, ...]:
    """Fields of one type; "name:unit" gives a unit."""
    return tuple(
        Field(name, kind, unit) for name, _, unit in (text.partition(":") for text in names)
    )


RAW = Database("raw", "", 30)
OPS = Database("ops", "_ops", 730)
ROLLUP = Database("rollup", "_rollup", 1826)
DATABASES = (RAW, OPS, ROLLUP)

FLOAT, INTEGER = FieldType.FLOAT, FieldType.INTEGER
STRING, BOOLEAN = FieldType.STRING, FieldType.BOOLEAN

READING = Measurement(
    "reading",
    RAW,
    ("device", "group", "metric", "node"),
    (
        *_fields(FLOAT, "value", "expected", "low", "high", "score", "severity", "p"),
        *_fields(INTEGER, "flags"),
    ),
)
"""A judged reading at its own time; `device` is absent for a metric of the node itself."""

TEXT = Measurement("text", RAW, READING.tags, _fields(STRING, "text"))
"""A reading whose value is text."""

EVENT = Measurement(
    "event",
    OPS,
    ("channel", "class", "device", "group", "kind", "node"),
    (
        *_fields(STRING, "id"),
        *_fields(BOOLEAN, "open"),
        *_fields(INTEGER, "detected_ms:ms", "end_ms:ms"),
        *_fields(STRING, "unit", "reason"),
        *_fields(FLOAT, "severity", "value", "expected", "low", "high"),
        *_fields(STRING, "incident"),
    ),
)
"""An event at its onset, written again whenever it changes; `incident` is the id of its one."""

NODE_HEALTH = Measurement(
    "node_health",
    OPS,
    ("group", "node"),
    (
        *_fields(INTEGER, "online", "acks", "buffer_full", "disk_full"),
        *_fields(INTEGER, "pending", "evicted"),
        *_fields(FLOAT, "silent_s:s", "autonomy_h:h", "clock_offset_ms:ms"),
        *_fields(STRING, "version", "drivers"),
    ),
)
"""How a node is, sampled also while it is offline: `online` is then 0, never absent."""

PIPELINE = Measurement(
    "pipeline",
    OPS,
    ("host",),
    (
        *_fields(INTEGER, "received", "judged", "stored", "quarantined", "dropped"),
        *_fields(INTEGER, "rebirths_asked", "seq_gaps", "warnings"),
        *_fields(INTEGER, "broker_ok", "store_ok", "spool_ok"),
        *_fields(INTEGER, "nodes", "nodes_online", "channels", "channels_stale", "open_events"),
        *_fields(FLOAT, "uptime_s:s", "latency_p50_ms:ms", "latency_p99_ms:ms"),
    ),
)
"""How the aggregator is, sampled; readings, messages and requests count from its start."""

MEASUREMENTS = (READING, TEXT, EVENT, NODE_HEALTH, PIPELINE)
