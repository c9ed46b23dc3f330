"""The peer of the decoder: protobuf's own parser and a plain loop over its objects."""

from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from numpy.typing import NDArray

_FIELD = descriptor_pb2.FieldDescriptorProto
_PAYLOAD = (
    (1, "timestamp", _FIELD.TYPE_UINT64),
    (2, "metrics", _FIELD.TYPE_MESSAGE),
    (3, "seq", _FIELD.TYPE_UINT64),
    (4, "uuid", _FIELD.TYPE_STRING),
    (5, "body", _FIELD.TYPE_BYTES),
)
_METRIC = (
    (1, "name", _FIELD.TYPE_STRING),
    (2, "alias", _FIELD.TYPE_UINT64),
    (3, "timestamp", _FIELD.TYPE_UINT64),
    (4, "datatype", _FIELD.TYPE_UINT32),
    (5, "is_historical", _FIELD.TYPE_BOOL),
    (6, "is_transient", _FIELD.TYPE_BOOL),
    (7, "is_null", _FIELD.TYPE_BOOL),
    (10, "int_value", _FIELD.TYPE_UINT32),
    (11, "long_value", _FIELD.TYPE_UINT64),
    (12, "float_value", _FIELD.TYPE_FLOAT),
    (13, "double_value", _FIELD.TYPE_DOUBLE),
    (14, "boolean_value", _FIELD.TYPE_BOOL),
    (15, "string_value", _FIELD.TYPE_STRING),
    (16, "bytes_value", _FIELD.TYPE_BYTES),
)
FIRST_VALUE = 10


def _payload_class() -> Any:  # noqa: ANN401 - protobuf makes the class at run time
    file = descriptor_pb2.FileDescriptorProto(name="bench.proto", package="bench")
    metric = file.message_type.add(name="Metric")
    metric.oneof_decl.add(name="value")
    for number, name, kind in _METRIC:
        field = metric.field.add(name=name, number=number, type=kind, label=1)
        if number >= FIRST_VALUE:
            field.oneof_index = 0
    payload = file.message_type.add(name="Payload")
    for number, name, kind in _PAYLOAD:
        if kind == _FIELD.TYPE_MESSAGE:
            payload.field.add(
                name=name, number=number, type=kind, label=3, type_name=".bench.Metric"
            )
        else:
            payload.field.add(name=name, number=number, type=kind, label=1)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("bench.Payload"))


PAYLOAD = _payload_class()
"""The protobuf message class of a Sparkplug payload; `FromString` parses."""


def decode_all(
    payloads: list[bytes],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Aliases, times, values and flags (1 historical, 2 null) of all metrics."""
    alias, time_ms, value, flags = [], [], [], []
    for data in payloads:
        message = PAYLOAD.FromString(data)
        for metric in message.metrics:
            alias.append(metric.alias)
            time_ms.append(metric.timestamp)
            member = metric.WhichOneof("value")
            value.append(getattr(metric, member) if member else np.nan)
            flags.append(metric.is_historical + 2 * metric.is_null)
    return (
        np.array(alias, np.int64),
        np.array(time_ms, np.int64),
        np.array(value, np.float64),
        np.array(flags, np.int64),
    )
