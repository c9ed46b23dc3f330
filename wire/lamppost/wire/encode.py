"""Payloads to bytes, in the same order of fields as every protobuf encoder writes them.

Field numbers are those of the table in Sparkplug B 3.0, section 6.4. Whatever `decode` would
refuse for its size is refused here too, so that nothing leaves that cannot be read.
"""

from lamppost.wire.datatypes import DataType
from lamppost.wire.encode_parts import (
    bound,
    dataset,
    metadata,
    named,
    natural,
    property_set,
    scalar,
)
from lamppost.wire.payload import (
    MAX_DEPTH,
    MAX_METRICS,
    MAX_PARAMETERS,
    MAX_PAYLOAD_BYTES,
    Metric,
    Parameter,
    Payload,
    Template,
)
from lamppost.wire.scalars import (
    LEN,
    EncodeError,
    bool_writer,
    bytes_writer,
    misfit,
    scalar_writers,
    sized,
    tag,
    text_writer,
    uint_writer,
)

__all__ = ["EncodeError", "encode"]

# Aliases and times repeat; a kept result costs a tenth of a new one.
_CACHED_ALIASES = 4_096
_CACHED_TIMES = 64

_PAYLOAD_TIME, _PAYLOAD_SEQ = uint_writer(1, cached=_CACHED_TIMES), uint_writer(3)
_PAYLOAD_UUID, _PAYLOAD_BODY, _PAYLOAD_METRIC = text_writer(4), bytes_writer(5), tag(2, LEN)

_NAME, _ALIAS = text_writer(1), uint_writer(2, cached=_CACHED_ALIASES)
_TIME, _TYPE = uint_writer(3, cached=_CACHED_TIMES), uint_writer(4, bits=32, cached=64)
_HISTORICAL, _TRANSIENT, _NULL = bool_writer(5), bool_writer(6), bool_writer(7)
_METADATA, _PROPERTIES, _DATASET, _TEMPLATE = (tag(n, LEN) for n in (8, 9, 17, 18))
_METRIC_VALUE = scalar_writers(10)
_METRIC_VALUE |= {
    DataType(number): bytes_writer(16)
    for number in (DataType.BYTES, DataType.FILE, *range(DataType.INT8_ARRAY, 35))
}

_VERSION, _MEMBER, _PARAMETER = text_writer(1), tag(2, LEN), tag(3, LEN)
_REFERENCE, _DEFINITION = text_writer(4), bool_writer(5)
_PARAMETER_NAME, _PARAMETER_TYPE = text_writer(1), uint_writer(2, bits=32)
_PARAMETER_VALUE = scalar_writers(3)


def encode(payload: Payload, *, with_datatypes: bool = True) -> bytes:
    """Return the message's bytes.

    Args:
        payload: What to say.
        with_datatypes: False leaves the metrics' types off the wire, as data messages should,
            while they still choose the field and check the value.

    Raises:
        EncodeError: A value does not fit its type, or something exceeds a bound of `payload`;
            the text names the metric, what came and what is allowed. A ValueError.
    """
    out: list[bytes] = []
    if payload.timestamp is not None:
        out.append(named("payload timestamp", _PAYLOAD_TIME, payload.timestamp))
    bound("metrics", payload.metrics, MAX_METRICS)
    out += [
        sized(_PAYLOAD_METRIC, _metric(metric, MAX_DEPTH, with_datatypes))
        for metric in payload.metrics
    ]
    if payload.seq is not None:
        out.append(named("seq", _PAYLOAD_SEQ, payload.seq))
    if payload.uuid is not None:
        out.append(named("uuid", _PAYLOAD_UUID, payload.uuid))
    if payload.body is not None:
        out.append(named("body", _PAYLOAD_BODY, payload.body))
    data = b"".join(out)
    if len(data) > MAX_PAYLOAD_BYTES:
        raise EncodeError(
            f"came {len(data)} bytes, allowed: {MAX_PAYLOAD_BYTES} in one payload"
        )
    return data


def _metric(metric: Metric, depth: int, with_datatypes: bool) -> bytes:
    try:
        out = b"" if metric.name is None else _NAME(metric.name)
        if metric.alias is not None:
            out += _ALIAS(metric.alias)
        if metric.timestamp is not None:
            out += _TIME(metric.timestamp)
        if metric.datatype is not None and with_datatypes:
            out += _TYPE(metric.datatype)
        if metric.is_historical is not None:
            out += _HISTORICAL(metric.is_historical)
        out += _rarely(metric, depth)
        if metric.value is not None:
            out += _metric_value(metric, depth)
    except EncodeError as error:
        label = f"alias {metric.alias}" if metric.name is None else repr(metric.name)
        kind = "" if metric.datatype is None else f" ({metric.datatype.name})"
        raise EncodeError(f"metric {label}{kind}: {error}") from None
    return out


def _rarely(metric: Metric, depth: int) -> bytes:
    out = b"" if metric.is_transient is None else _TRANSIENT(metric.is_transient)
    if metric.is_null is not None:
        if metric.is_null and metric.value is not None:
            raise misfit(metric.value, "no value beside is_null")
        out += _NULL(metric.is_null)
    if metric.metadata is not None:
        out += sized(_METADATA, metadata(metric.metadata))
    if metric.properties is not None:
        out += sized(_PROPERTIES, property_set(metric.properties, depth))
    return out


def _metric_value(metric: Metric, depth: int) -> bytes:
    value = metric.value
    datatype = metric.datatype or natural(value)
    writer = _METRIC_VALUE.get(datatype)
    if writer is not None:
        return writer(value)
    if datatype is DataType.DATASET:
        return sized(_DATASET, dataset(value))
    if datatype is DataType.TEMPLATE:
        return sized(_TEMPLATE, _template(value, depth))
    raise misfit(value, f"no value of type {datatype.name} in a metric")


def _template(value: object, depth: int) -> bytes:
    if not isinstance(value, Template):
        raise misfit(value, "a Template")
    if depth == 0:
        raise EncodeError(f"templates nested deeper than {MAX_DEPTH} levels")
    bound("metrics", value.metrics, MAX_METRICS)
    bound("parameters", value.parameters, MAX_PARAMETERS)
    out = [] if value.version is None else [_VERSION(value.version)]
    out += [sized(_MEMBER, _metric(metric, depth - 1, True)) for metric in value.metrics]
    out += [sized(_PARAMETER, _parameter(item)) for item in value.parameters]
    if value.template_ref is not None:
        out.append(_REFERENCE(value.template_ref))
    if value.is_definition is not None:
        out.append(_DEFINITION(value.is_definition))
    return b"".join(out)


def _parameter(item: Parameter) -> bytes:
    try:
        out = b"" if item.name is None else _PARAMETER_NAME(item.name)
        if item.datatype:
            out += _PARAMETER_TYPE(item.datatype)
        if item.value is not None:
            out += scalar(_PARAMETER_VALUE, item.value, item.datatype)
    except EncodeError as error:
        raise EncodeError(f"parameter {item.name!r} ({item.datatype.name}): {error}") from None
    return out
