"""Which fields each Sparkplug message has, and the walk that collects them.

The walk knows protobuf's rules (unknown fields are skipped, the last of a repeated single value
wins, parts of one message are merged) and the bounds on nesting and counts. What the collected
fields mean is `decode`'s matter.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lamppost.wire.fields import MAX_VARINT_BYTES, DecodeError, fields, read_varint
from lamppost.wire.payload import (
    MAX_COLUMNS,
    MAX_DEPTH,
    MAX_METRICS,
    MAX_PARAMETERS,
    MAX_PROPERTIES,
    MAX_ROWS,
)
from lamppost.wire.scalars import FIXED32, FIXED64, LEN, VARINT

# (data, a, b, what the field held so far, levels of nesting left) -> what it holds now
Reader = Callable[[bytes, int, int, object, int], object]
_FLOAT, _DOUBLE = struct.Struct("<f").unpack_from, struct.Struct("<d").unpack_from


@dataclass(slots=True)
class Schema:
    """One kind of message: tag to field name and reader. A field name shared is a oneof."""

    name: str
    nests: bool = False
    fields: dict[int, tuple[str, Reader]] = field(default_factory=dict)


@dataclass(slots=True)
class Draft:
    """The fields of one message as collected so far; more parts of it may follow."""

    schema: Schema
    offset: int
    got: dict[str, Any] = field(default_factory=dict)


def collect(draft: Draft, data: bytes, pos: int, end: int, depth: int) -> None:
    """Read all fields between `pos` and `end` into the draft."""
    known, got = draft.schema.fields, draft.got
    for tag, a, b in fields(data, pos, end):
        entry = known.get(tag)
        if entry is not None:
            name, reader = entry
            got[name] = reader(data, a, b, got.get(name), depth)


def _uint64(_data: bytes, a: int, _b: int, _held: object, _depth: int) -> int:
    return a


def _uint32(_data: bytes, a: int, _b: int, _held: object, _depth: int) -> int:
    return a & 0xFFFFFFFF


def _boolean(_data: bytes, a: int, _b: int, _held: object, _depth: int) -> bool:
    return a != 0


def _float(data: bytes, a: int, _b: int, _held: object, _depth: int) -> object:
    return _FLOAT(data, a)[0]


def _double(data: bytes, a: int, _b: int, _held: object, _depth: int) -> object:
    return _DOUBLE(data, a)[0]


def _raw(data: bytes, a: int, b: int, _held: object, _depth: int) -> bytes:
    return data[a:b]


def _text(data: bytes, a: int, b: int, _held: object, _depth: int) -> str:
    try:
        return data[a:b].decode()
    except UnicodeDecodeError as error:
        raise DecodeError("a text that is not UTF-8", a + error.start) from None


def _extension(data: bytes, a: int, b: int, _held: object, _depth: int) -> None:
    """Take somebody's private kind of value for no value, if its bytes are sound."""
    for _ in fields(data, a, b):
        pass


def _message(schema: Schema) -> Reader:
    def read(data: bytes, a: int, b: int, held: object, depth: int) -> Draft:
        if schema.nests and depth == 0:
            raise DecodeError(f"more than {MAX_DEPTH} levels of nesting", a)
        # A draft of another kind under the same name is the previous member of a oneof.
        if not (isinstance(held, Draft) and held.schema is schema):
            held = Draft(schema, a)
        collect(held, data, a, b, depth - schema.nests)
        return held

    return read


def _repeated(read: Reader, most: int, what: str) -> Reader:
    def append(data: bytes, a: int, b: int, held: object, depth: int) -> list[object]:
        items: list[object] = held if isinstance(held, list) else []
        if len(items) == most:
            raise DecodeError(f"more than {most} {what}", a)
        items.append(read(data, a, b, None, depth))
        return items

    return append


def _packed_types(data: bytes, a: int, b: int, held: object, _depth: int) -> list[object]:
    items: list[object] = held if isinstance(held, list) else []
    while a < b:
        if len(items) == MAX_COLUMNS:
            raise DecodeError(f"more than {MAX_COLUMNS} column types", a)
        number, a = read_varint(data, a, b, MAX_VARINT_BYTES)
        items.append(number & 0xFFFFFFFF)
    return items


_WIRE: dict[Reader, int] = {
    _uint64: VARINT,
    _uint32: VARINT,
    _boolean: VARINT,
    _float: FIXED32,
    _double: FIXED64,
}


def _field(number: int, name: str, reader: Reader) -> dict[int, tuple[str, Reader]]:
    return {number << 3 | _WIRE.get(reader, LEN): (name, reader)}


def _value(first: int) -> dict[int, tuple[str, Reader]]:
    """Return the fields of a value, whose field for small integers has the number `first`."""
    readers = (_uint32, _uint64, _float, _double, _boolean, _text)
    return {
        tag: entry
        for step, reader in enumerate(readers)
        for tag, entry in _field(first + step, "value", reader).items()
    }


PAYLOAD, METRIC, METADATA = Schema("payload"), Schema("metric"), Schema("metadata")
PROPERTY, PROPERTY_SET = Schema("property"), Schema("property set", nests=True)
PROPERTY_SETS = Schema("property set list")
DATASET, ROW, CELL = Schema("dataset"), Schema("row"), Schema("cell")
TEMPLATE, PARAMETER = Schema("template", nests=True), Schema("parameter")

_metrics = _repeated(_message(METRIC), MAX_METRICS, "metrics")

PAYLOAD.fields = (
    _field(1, "timestamp", _uint64)
    | _field(2, "metrics", _metrics)
    | _field(3, "seq", _uint64)
    | _field(4, "uuid", _text)
    | _field(5, "body", _raw)
)
METRIC.fields = (
    _field(1, "name", _text)
    | _field(2, "alias", _uint64)
    | _field(3, "timestamp", _uint64)
    | _field(4, "datatype", _uint32)
    | _field(5, "is_historical", _boolean)
    | _field(6, "is_transient", _boolean)
    | _field(7, "is_null", _boolean)
    | _field(8, "metadata", _message(METADATA))
    | _field(9, "properties", _message(PROPERTY_SET))
    | _value(10)
    | _field(16, "value", _raw)
    | _field(17, "value", _message(DATASET))
    | _field(18, "value", _message(TEMPLATE))
    | _field(19, "value", _extension)
)
METADATA.fields = (
    _field(1, "is_multi_part", _boolean)
    | _field(2, "content_type", _text)
    | _field(3, "size", _uint64)
    | _field(4, "seq", _uint64)
    | _field(5, "file_name", _text)
    | _field(6, "file_type", _text)
    | _field(7, "md5", _text)
    | _field(8, "description", _text)
)
PROPERTY.fields = (
    _field(1, "datatype", _uint32)
    | _field(2, "is_null", _boolean)
    | _value(3)
    | _field(9, "value", _message(PROPERTY_SET))
    | _field(10, "value", _message(PROPERTY_SETS))
    | _field(11, "value", _extension)
)
PROPERTY_SET.fields = _field(
    1, "keys", _repeated(_text, MAX_PROPERTIES, "property keys")
) | _field(2, "values", _repeated(_message(PROPERTY), MAX_PROPERTIES, "properties"))
PROPERTY_SETS.fields = _field(
    1, "sets", _repeated(_message(PROPERTY_SET), MAX_PROPERTIES, "property sets")
)
DATASET.fields = (
    _field(1, "width", _uint64)
    | _field(2, "columns", _repeated(_text, MAX_COLUMNS, "columns"))
    | {3 << 3 | VARINT: ("types", _repeated(_uint32, MAX_COLUMNS, "column types"))}
    | {3 << 3 | LEN: ("types", _packed_types)}
    | _field(4, "rows", _repeated(_message(ROW), MAX_ROWS, "rows"))
)
ROW.fields = _field(1, "cells", _repeated(_message(CELL), MAX_COLUMNS, "cells in a row"))
CELL.fields = _value(1) | _field(7, "value", _extension)
TEMPLATE.fields = (
    _field(1, "version", _text)
    | _field(2, "metrics", _metrics)
    | _field(3, "parameters", _repeated(_message(PARAMETER), MAX_PARAMETERS, "parameters"))
    | _field(4, "template_ref", _text)
    | _field(5, "is_definition", _boolean)
)
PARAMETER.fields = (
    _field(1, "name", _text)
    | _field(2, "datatype", _uint32)
    | _value(3)
    | _field(9, "value", _extension)
)
