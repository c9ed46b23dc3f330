"""Bytes to payloads: whatever comes in ends as a payload or as a `DecodeError`.

It is stricter than protobuf: texts must be UTF-8, groups are not read, tags and lengths are at
most five bytes long, tables must be rectangular, and every property key needs its value.
"""

from collections.abc import Callable
from typing import Any

from lamppost.wire.datatypes import DataType
from lamppost.wire.fields import DecodeError
from lamppost.wire.payload import (
    MAX_DEPTH,
    MAX_PAYLOAD_BYTES,
    DataSet,
    MetaData,
    Metric,
    Parameter,
    Payload,
    Property,
    PropertySet,
    Template,
    Value,
)
from lamppost.wire.schema import DATASET, PAYLOAD, PROPERTY_SET, PROPERTY_SETS, Draft, collect

__all__ = ["DatatypeOf", "DecodeError", "decode", "signed", "typed"]

DatatypeOf = Callable[[str | None, int | None], DataType | None]

_DATATYPES = {int(datatype): datatype for datatype in DataType}
_SIGNED_BITS = {DataType.INT8: 8, DataType.INT16: 16, DataType.INT32: 32, DataType.INT64: 64}
_UNSIGNED_BITS = {DataType.UINT8: 8, DataType.UINT16: 16, DataType.UINT32: 32}


def decode(data: bytes, datatypes: DatatypeOf | None = None) -> Payload:
    """Return the payload that the bytes hold.

    Integers of a metric that carries no type come as they stand on the wire, without sign.

    Args:
        data: One whole message.
        datatypes: Asked with (name, alias) for the type of every metric that carries none; what
            it answers is used as if the metric carried it (see `typed`).

    Raises:
        DecodeError: The bytes are not a payload, or exceed a bound of `payload`.
    """
    if len(data) > MAX_PAYLOAD_BYTES:
        raise DecodeError(f"more than {MAX_PAYLOAD_BYTES} bytes", MAX_PAYLOAD_BYTES)
    draft = Draft(PAYLOAD, 0)
    collect(draft, bytes(data), 0, len(data), MAX_DEPTH)
    got = draft.got
    metrics = tuple(_metric(item) for item in got.get("metrics", ()))
    if datatypes is not None:
        metrics = tuple(_looked_up(metric, datatypes) for metric in metrics)
    return Payload(
        got.get("timestamp"), metrics, got.get("seq"), got.get("uuid"), got.get("body")
    )


def signed(value: int, datatype: DataType) -> int:
    """Return a raw integer from the wire as its type means it.

    Other encoders write -1 as Int8 in 8, 32 or 64 bits; only the type's own bits count. Types
    that are no integers, and those of 64 bits without sign, leave the number as it is.
    """
    bits = _SIGNED_BITS.get(datatype)
    if bits is not None:
        half = 1 << (bits - 1)
        return ((value + half) & ((1 << bits) - 1)) - half
    bits = _UNSIGNED_BITS.get(datatype)
    return value if bits is None else value & ((1 << bits) - 1)


def typed(metric: Metric, datatype: DataType) -> Metric:
    """Return the metric with this type, its value read accordingly."""
    return Metric(
        metric.name,
        _meant(metric.value, datatype),
        datatype,
        metric.alias,
        metric.timestamp,
        metric.is_historical,
        metric.is_transient,
        metric.is_null,
        metric.properties,
        metric.metadata,
    )


def _looked_up(metric: Metric, datatypes: DatatypeOf) -> Metric:
    if metric.datatype is not None:
        return metric
    datatype = datatypes(metric.name, metric.alias)
    return metric if datatype is None else typed(metric, datatype)


def _meant(value: Value, datatype: DataType | None) -> Value:
    if datatype is None or not isinstance(value, int) or isinstance(value, bool):
        return value
    return signed(value, datatype)


def _datatype(number: int | None) -> DataType:
    # A type of a later Sparkplug must not make the metrics around it unreadable.
    return DataType.UNKNOWN if number is None else _DATATYPES.get(number, DataType.UNKNOWN)


def _value(got: dict[str, Any], datatype: DataType | None) -> Value:
    """Return the value that the fields hold; a null has none, whatever stands beside it."""
    value = got.get("value")
    if got.get("is_null"):
        return None
    if value.__class__ is not Draft:
        return _meant(value, datatype)
    if value.schema is DATASET:
        return _dataset(value)
    if value.schema is PROPERTY_SET:
        return _property_set(value)
    if value.schema is PROPERTY_SETS:
        return tuple(_property_set(item) for item in value.got.get("sets", ()))
    return _template(value)


def _metric(draft: Draft) -> Metric:
    got = draft.got
    number = got.get("datatype")
    datatype = None if number is None else _datatype(number)
    properties, metadata = got.get("properties"), got.get("metadata")
    return Metric(
        got.get("name"),
        _value(got, datatype),
        datatype,
        got.get("alias"),
        got.get("timestamp"),
        got.get("is_historical"),
        got.get("is_transient"),
        got.get("is_null"),
        None if properties is None else _property_set(properties),
        None if metadata is None else MetaData(**metadata.got),
    )


def _property_set(draft: Draft) -> PropertySet:
    keys, values = draft.got.get("keys", ()), draft.got.get("values", ())
    if len(keys) != len(values):
        raise DecodeError(f"{len(keys)} property keys for {len(values)} values", draft.offset)
    return {key: _property(value.got) for key, value in zip(keys, values, strict=True)}


def _property(got: dict[str, Any]) -> Property:
    datatype = _datatype(got.get("datatype"))
    return Property(_value(got, datatype), datatype, got.get("is_null", False))


def _dataset(draft: Draft) -> DataSet:
    got = draft.got
    columns = tuple(got.get("columns", ()))
    types = tuple(_datatype(number) for number in got.get("types", ()))
    width = got.get("width", len(columns))
    if not width == len(columns) == len(types):
        problem = f"a table of {width} columns, {len(columns)} names and {len(types)} types"
        raise DecodeError(problem, draft.offset)
    return DataSet(columns, types, tuple(_row(row, types) for row in got.get("rows", ())))


def _row(draft: Draft, types: tuple[DataType, ...]) -> tuple[Value, ...]:
    cells = draft.got.get("cells", ())
    if len(cells) != len(types):
        raise DecodeError(f"{len(cells)} cells for {len(types)} columns", draft.offset)
    return tuple(
        _meant(cell.got.get("value"), datatype)
        for cell, datatype in zip(cells, types, strict=True)
    )


def _template(draft: Draft) -> Template:
    got = draft.got
    return Template(
        got.get("version"),
        tuple(_metric(item) for item in got.get("metrics", ())),
        tuple(_parameter(item.got) for item in got.get("parameters", ())),
        got.get("template_ref"),
        got.get("is_definition"),
    )


def _parameter(got: dict[str, Any]) -> Parameter:
    datatype = _datatype(got.get("datatype"))
    return Parameter(got.get("name"), _meant(got.get("value"), datatype), datatype)
