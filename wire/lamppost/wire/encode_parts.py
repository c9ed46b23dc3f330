"""The parts of a metric that hold no metrics themselves: properties, metadata and tables."""

from collections.abc import Mapping, Sequence

from lamppost.wire.datatypes import DataType
from lamppost.wire.payload import (
    MAX_COLUMNS,
    MAX_DEPTH,
    MAX_PROPERTIES,
    MAX_ROWS,
    DataSet,
    MetaData,
    Property,
    Template,
    Value,
)
from lamppost.wire.scalars import (
    LEN,
    EncodeError,
    Writer,
    bool_writer,
    int_writer,
    misfit,
    scalar_writers,
    sized,
    tag,
    text_writer,
    uint_writer,
)

# Whole numbers are missing: their size decides.
_NATURAL: dict[type, DataType] = {
    bool: DataType.BOOLEAN,
    float: DataType.DOUBLE,
    str: DataType.STRING,
    bytes: DataType.BYTES,
    DataSet: DataType.DATASET,
    Template: DataType.TEMPLATE,
    Mapping: DataType.PROPERTY_SET,
    tuple: DataType.PROPERTY_SET_LIST,
}

_METADATA_FIELDS: dict[str, Writer] = {
    "is_multi_part": bool_writer(1),
    "content_type": text_writer(2),
    "size": uint_writer(3),
    "seq": uint_writer(4),
    "file_name": text_writer(5),
    "file_type": text_writer(6),
    "md5": text_writer(7),
    "description": text_writer(8),
}

_KEY, _PROPERTY = text_writer(1), tag(2, LEN)
_PROPERTY_TYPE, _PROPERTY_NULL = uint_writer(1, bits=32, cached=64), bool_writer(2)(True)
_PROPERTY_VALUE = scalar_writers(3)
_NESTED_SET, _NESTED_SETS, _SET_OF_LIST = tag(9, LEN), tag(10, LEN), tag(1, LEN)

_WIDTH, _COLUMN, _COLUMN_TYPE = uint_writer(1), text_writer(2), int_writer(3, 0, 2**32 - 1)
_ROW, _CELL, _CELL_VALUE = tag(4, LEN), tag(1, LEN), scalar_writers(1)


def named(what: str, writer: Writer, value: object) -> bytes:
    """Return what the writer makes of a value, its error beginning with `what`."""
    try:
        return writer(value)
    except EncodeError as error:
        raise EncodeError(f"{what}: {error}") from None


def bound(what: str, came: Sequence[object] | Mapping[str, Property], most: int) -> None:
    """Raise `EncodeError` when more came than allowed."""
    if len(came) > most:
        raise EncodeError(f"came {len(came)} {what}, allowed: {most}")


def natural(value: Value) -> DataType:
    """Return the type that a value has when nobody named one."""
    datatype = _NATURAL.get(value.__class__)
    if datatype is not None:
        return datatype
    for kind, datatype in _NATURAL.items():
        if isinstance(value, kind):
            return datatype
    if isinstance(value, int):
        return DataType.INT64 if value < 2**63 else DataType.UINT64
    raise misfit(value, "a value of a Sparkplug type")


def scalar(writers: dict[DataType, Writer], value: Value, datatype: DataType) -> bytes:
    """Return a single value's bytes; `DataType.UNKNOWN` takes the value's natural type."""
    writer = writers.get(datatype or natural(value))
    if writer is None:
        raise misfit(value, f"no value of type {datatype.name} here")
    return writer(value)


def metadata(about: MetaData) -> bytes:
    """Return the content of a metric's metadata."""
    out = b""
    for name, writer in _METADATA_FIELDS.items():
        value = getattr(about, name)
        if value is not None:
            out += named(f"metadata {name}", writer, value)
    return out


def property_set(properties: object, depth: int) -> bytes:
    """Return the content of a property set: all keys, then all values."""
    if not isinstance(properties, Mapping):
        raise misfit(properties, "a mapping of names to properties")
    if depth == 0:
        raise EncodeError(f"property sets nested deeper than {MAX_DEPTH} levels")
    bound("properties", properties, MAX_PROPERTIES)
    out = [_KEY(key) for key in properties]
    for key, item in properties.items():
        try:
            out.append(sized(_PROPERTY, _property(item, depth - 1)))
        except EncodeError as error:
            raise EncodeError(f"property {key!r} ({item.datatype.name}): {error}") from None
    return b"".join(out)


def _property(item: Property, depth: int) -> bytes:
    out = _PROPERTY_TYPE(item.datatype) if item.datatype else b""
    if item.is_null:
        if item.value is not None:
            raise misfit(item.value, "no value beside is_null")
        out += _PROPERTY_NULL
    if item.value is None:
        return out
    datatype = item.datatype or natural(item.value)
    if datatype is DataType.PROPERTY_SET:
        return out + sized(_NESTED_SET, property_set(item.value, depth))
    if datatype is DataType.PROPERTY_SET_LIST:
        return out + sized(_NESTED_SETS, _property_sets(item.value, depth))
    return out + scalar(_PROPERTY_VALUE, item.value, datatype)


def _property_sets(value: Value, depth: int) -> bytes:
    if not isinstance(value, tuple):
        raise misfit(value, "a tuple of property sets")
    bound("property sets", value, MAX_PROPERTIES)
    return b"".join(sized(_SET_OF_LIST, property_set(item, depth)) for item in value)


def dataset(value: object) -> bytes:
    """Return the content of a table."""
    if not isinstance(value, DataSet):
        raise misfit(value, "a DataSet")
    if len(value.types) != len(value.columns):
        raise EncodeError(f"came {len(value.types)} types for {len(value.columns)} columns")
    bound("columns", value.columns, MAX_COLUMNS)
    bound("rows", value.rows, MAX_ROWS)
    out = [_WIDTH(len(value.columns))]
    out += [_COLUMN(name) for name in value.columns]
    out += [_COLUMN_TYPE(datatype) for datatype in value.types]
    for number, row in enumerate(value.rows):
        try:
            out.append(sized(_ROW, _row(row, value)))
        except EncodeError as error:
            raise EncodeError(f"row {number}, {error}") from None
    return b"".join(out)


def _row(row: tuple[Value, ...], table: DataSet) -> bytes:
    if len(row) != len(table.columns):
        raise EncodeError(f"came {len(row)} cells, allowed: one for each column")
    out = b""
    for cell, name, datatype in zip(row, table.columns, table.types, strict=True):
        try:
            content = b"" if cell is None else scalar(_CELL_VALUE, cell, datatype)
        except EncodeError as error:
            raise EncodeError(f"column {name!r} ({datatype.name}): {error}") from None
        out += sized(_CELL, content)
    return out
