"""What a schema is made of: databases, measurements, fields and their types."""

import re
from dataclasses import dataclass
from enum import Enum

CITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
CITY_ALLOWED = "up to 64 letters, digits, dots, dashes and underscores"
"""What the name of a city may be: it begins the names of databases, tokens and accounts."""


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


def fields_of(kind: FieldType, *names: str) -> tuple[Field, ...]:
    """Return fields of one type; "name:unit" gives a unit."""
    return tuple(
        Field(name, kind, unit) for name, _, unit in (text.partition(":") for text in names)
    )


RAW = Database("raw", "", 30)
OPS = Database("ops", "_ops", 730)
ROLLUP = Database("rollup", "_rollup", 1826)
DATABASES = (RAW, OPS, ROLLUP)

FLOAT, INTEGER = FieldType.FLOAT, FieldType.INTEGER
STRING, BOOLEAN = FieldType.STRING, FieldType.BOOLEAN
