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

from lamppost.wire.series.city import (
    ALARM_SYSTEM,
    CAPACITY,
    INDICATOR,
    PEERS,
    QUALITY,
    RESOURCE_USE,
    ROLLUP_CELL,
    ROLLUP_CITY,
    ROLLUP_CLASS,
    ROLLUP_DISTRICT,
    ROLLUPS,
)
from lamppost.wire.series.operations import (
    ALARM,
    ASSET_STATE,
    CANARY,
    EVENT,
    INCIDENT,
    LEVELS,
    MAINTENANCE,
    NODE_HEALTH,
    PIPELINE,
    SLO,
    STAGE,
    STATES,
)
from lamppost.wire.series.readings import (
    READING,
    READING_1H,
    READING_1M,
    READING_15M,
    TEXT,
    WINDOWS,
)
from lamppost.wire.series.schema import (
    CITY,
    CITY_ALLOWED,
    DATABASES,
    OPS,
    RAW,
    ROLLUP,
    Database,
    Field,
    FieldType,
    Measurement,
)

MEASUREMENTS = (
    *(READING, TEXT, *WINDOWS.values()),
    *(EVENT, INCIDENT, ALARM, ASSET_STATE, MAINTENANCE, NODE_HEALTH),
    *(PIPELINE, STAGE, SLO, CANARY),
    *(*ROLLUPS, PEERS, QUALITY, INDICATOR, CAPACITY, RESOURCE_USE, ALARM_SYSTEM),
)

__all__ = [
    "ALARM",
    "ALARM_SYSTEM",
    "ASSET_STATE",
    "CANARY",
    "CAPACITY",
    "CITY",
    "CITY_ALLOWED",
    "DATABASES",
    "EVENT",
    "INCIDENT",
    "INDICATOR",
    "LEVELS",
    "MAINTENANCE",
    "MEASUREMENTS",
    "NODE_HEALTH",
    "OPS",
    "PEERS",
    "PIPELINE",
    "QUALITY",
    "RAW",
    "READING",
    "READING_1H",
    "READING_1M",
    "READING_15M",
    "RESOURCE_USE",
    "ROLLUP",
    "ROLLUPS",
    "ROLLUP_CELL",
    "ROLLUP_CITY",
    "ROLLUP_CLASS",
    "ROLLUP_DISTRICT",
    "SLO",
    "STAGE",
    "STATES",
    "TEXT",
    "WINDOWS",
    "Database",
    "Field",
    "FieldType",
    "Measurement",
]
