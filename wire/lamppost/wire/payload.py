"""What a Sparkplug B message says, as frozen values, and how large it may be.

These are values of Python, not of the wire: signed integers are signed, a property set is a
mapping, a table is rows of cells. `encode` and `decode` turn them into bytes and back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from lamppost.wire.datatypes import DataType

MAX_PAYLOAD_BYTES = 8 * 1024 * 1024
MAX_METRICS = 65_536
MAX_PROPERTIES = 1_024
MAX_PARAMETERS = 1_024
MAX_COLUMNS = 1_024
MAX_ROWS = 65_536
MAX_DEPTH = 8
"""Levels of templates and property sets inside each other that one metric may have."""

MAX_UINT64 = 2**64 - 1


@dataclass(frozen=True, slots=True)
class DataSet:
    """A table: a type for each column, a tuple of cells for each row; None is an empty cell."""

    columns: tuple[str, ...]
    types: tuple[DataType, ...]
    rows: tuple[tuple["Value", ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named setting of a template."""

    name: str | None = None
    value: "Value" = None
    datatype: DataType = DataType.UNKNOWN


@dataclass(frozen=True, slots=True)
class Template:
    """A type made of metrics (`is_definition`), or one instance of it (`template_ref`)."""

    version: str | None = None
    metrics: tuple["Metric", ...] = ()
    parameters: tuple[Parameter, ...] = ()
    template_ref: str | None = None
    is_definition: bool | None = None


@dataclass(frozen=True, slots=True)
class Property:
    """What a metric says about itself, for example its unit.

    A nested set is a mapping with `DataType.PROPERTY_SET`, a list of sets a tuple of mappings
    with `DataType.PROPERTY_SET_LIST`. `DataType.UNKNOWN` means that the message names no type.
    """

    value: "Value"
    datatype: DataType
    is_null: bool = False


PropertySet: TypeAlias = Mapping[str, Property]


@dataclass(frozen=True, slots=True)
class MetaData:
    """About the content of a file, a text or a message in several parts."""

    is_multi_part: bool | None = None
    content_type: str | None = None
    size: int | None = None
    seq: int | None = None
    file_name: str | None = None
    file_type: str | None = None
    md5: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """One value of one name (in births) or of one alias (in data), at one time.

    Without `datatype`, as in data messages, the value's own Python type says which field of the
    message carries it: bool, int (64 bits), float (double), str, bytes, DataSet or Template.
    """

    name: str | None = None
    value: "Value" = None
    datatype: DataType | None = None
    alias: int | None = None
    timestamp: int | None = None
    is_historical: bool | None = None
    is_transient: bool | None = None
    is_null: bool | None = None
    properties: PropertySet | None = None
    metadata: MetaData | None = None


@dataclass(frozen=True, slots=True)
class Payload:
    """One whole message; `body` carries the delivery header (see `lamppost.wire.delivery`)."""

    timestamp: int | None = None
    metrics: tuple[Metric, ...] = ()
    seq: int | None = None
    uuid: str | None = None
    body: bytes | None = None


Value: TypeAlias = (
    bool
    | int
    | float
    | str
    | bytes
    | DataSet
    | Template
    | Mapping[str, Property]
    | tuple[Mapping[str, Property], ...]
    | None
)
