"""A slow, obvious decoder: protobuf parses, a loop writes the rows.

What our decoder only steps over (UTF-8, DataSets, Templates, metadata, values of properties) is
`bytes` here as well, so that both must agree on every byte string. Protobuf reads groups and
cuts numbers of more than 64 bits, ours refuses them; `refused_by_choice` tells.
"""

import struct
from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from lamppost.aggregator import columns as c

_F = descriptor_pb2.FieldDescriptorProto
_U32, _U64, _BOOL, _BYTES = _F.TYPE_UINT32, _F.TYPE_UINT64, _F.TYPE_BOOL, _F.TYPE_BYTES
_TABLE: dict[str, list[tuple[int, str, Any, bool]]] = {
    "Free": [(1, "is_multi_part", _BOOL, False)],  # protobuf skips into messages without fields
    "Value": [
        (1, "type", _U32, False),
        (2, "is_null", _BOOL, False),
        (3, "int_value", _U32, True),
        (4, "long_value", _U64, True),
        (5, "float_value", _F.TYPE_FLOAT, True),
        (6, "double_value", _F.TYPE_DOUBLE, True),
        (7, "boolean_value", _BOOL, True),
        (8, "string_value", _BYTES, True),
        (9, "set_value", _BYTES, True),
        (10, "sets_value", _BYTES, True),
        (11, "extension_value", _BYTES, True),
    ],
    "Set": [(1, "keys", "*bytes", False), (2, "values", "*Value", False)],
    "Metric": [
        (1, "name", _BYTES, False),
        (2, "alias", _U64, False),
        (3, "timestamp", _U64, False),
        (4, "datatype", _U32, False),
        (5, "is_historical", _BOOL, False),
        (6, "is_transient", _BOOL, False),
        (7, "is_null", _BOOL, False),
        (8, "metadata", "Free", False),
        (9, "properties", "Set", False),
        (10, "int_value", _U32, True),
        (11, "long_value", _U64, True),
        (12, "float_value", _F.TYPE_FLOAT, True),
        (13, "double_value", _F.TYPE_DOUBLE, True),
        (14, "boolean_value", _BOOL, True),
        (15, "string_value", _BYTES, True),
        (16, "bytes_value", _BYTES, True),
        (17, "dataset_value", _BYTES, True),
        (18, "template_value", _BYTES, True),
        (19, "extension_value", _BYTES, True),
    ],
    "Payload": [
        (1, "timestamp", _U64, False),
        (2, "metrics", "*Metric", False),
        (3, "seq", _U64, False),
        (4, "uuid", _BYTES, False),
        (5, "body", _BYTES, False),
    ],
}
KINDS = {"string_value": c.TEXT, "bytes_value": c.BYTES, "boolean_value": c.BOOLEAN}
NUMBERS = ("int_value", "long_value", "float_value", "double_value")


def _make() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="twin.proto", package="twin")
    for message, fields in _TABLE.items():
        entry = file.message_type.add(name=message)
        if any(member for *_, member in fields):
            entry.oneof_decl.add(name="value")
        for number, name, kind, member in fields:
            repeated = isinstance(kind, str) and kind.startswith("*")
            field = entry.field.add(name=name, number=number, label=3 if repeated else 1)
            if kind == "*bytes":
                field.type = _BYTES
            elif isinstance(kind, str):
                field.type, field.type_name = _F.TYPE_MESSAGE, f".twin.{kind.lstrip('*')}"
            else:
                field.type = kind
            if member:
                field.oneof_index = 0
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("twin.Payload"))


_PAYLOAD = _make()


def twin(data: bytes) -> tuple[list[dict[str, Any]], dict[str, Any]] | None:
    """The metrics and the header of a payload as plain values; None when it is refused."""
    try:
        payload = _PAYLOAD.FromString(data)
    except DecodeError:
        return None
    if any(len(m.properties.keys) != len(m.properties.values) for m in payload.metrics):
        return None
    header: dict[str, Any] = {
        "seq": _signed(payload.seq) if payload.HasField("seq") else -1,
        "time": _signed(payload.timestamp) if payload.HasField("timestamp") else -1,
        "body": payload.body if payload.HasField("body") else None,
    }
    return [_metric(metric, header["time"]) for metric in payload.metrics], header


def _metric(metric: Any, payload_time: int) -> dict[str, Any]:
    member = None if metric.is_null else metric.WhichOneof("value")
    value: Any = None if member is None else getattr(metric, member)
    if member in NUMBERS:
        kind, value = c.NUMERIC, float(value)
    else:
        kind = c.NULL if member is None else KINDS.get(member, c.COMPLEX)
    own_time = metric.HasField("timestamp")
    return {
        "alias": _signed(metric.alias) if metric.HasField("alias") else None,
        "time": _signed(metric.timestamp) if own_time else payload_time,
        "has_time": own_time or payload_time != -1,
        "datatype": metric.datatype if metric.HasField("datatype") else None,
        "historical": metric.is_historical,
        "null": metric.is_null,
        "name": metric.name if metric.HasField("name") else None,
        "quality": _quality(metric.properties),
        "kind": kind,
        "value": value,
    }


def _quality(properties: Any) -> int | None:
    found = None
    for key, value in zip(properties.keys, properties.values, strict=True):
        if key == b"Quality":
            found = value
    if found is None or found.is_null:
        return None
    member = found.WhichOneof("value")
    if member not in {"int_value", "long_value"}:
        return None
    low = getattr(found, member) & 0xFFFFFFFF
    return int(low - (1 << 32) if low >= 1 << 31 else low)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def read_row(row: NDArray[np.int64], joined: bytes) -> dict[str, Any]:
    """A row of our decoder in the twin's terms."""
    flags, kind = int(row[c.FLAGS]), int(row[c.KIND])
    value: Any = None
    if kind == c.NUMERIC:
        (value,) = struct.unpack("<d", struct.pack("<q", int(row[c.BITS])))
    elif kind == c.BOOLEAN:
        (number,) = struct.unpack("<d", struct.pack("<q", int(row[c.BITS])))
        value = {0.0: False, 1.0: True}[number]
    elif kind != c.NULL:
        value = joined[row[c.OFF] : row[c.OFF] + row[c.LEN]]
    name = joined[row[c.NAME_OFF] : row[c.NAME_OFF] + row[c.NAME_LEN]]
    return {
        "alias": int(row[c.ALIAS]) if flags & c.HAS_ALIAS else None,
        "time": int(row[c.TIME]),
        "has_time": bool(flags & c.HAS_TIME),
        "datatype": int(row[c.DATATYPE]) if flags & c.HAS_DATATYPE else None,
        "historical": bool(flags & c.HISTORICAL),
        "null": bool(flags & c.IS_NULL),
        "name": name if flags & c.HAS_NAME else None,
        "quality": int(row[c.QUALITY]) if flags & c.HAS_QUALITY else None,
        "kind": kind,
        "value": value,
    }


def read_header(line: NDArray[np.int64], joined: bytes) -> dict[str, Any]:
    """A message's line in the twin's terms."""
    length, offset = int(line[c.BODY_LEN]), int(line[c.BODY_OFF])
    return {
        "seq": int(line[c.SEQ]),
        "time": int(line[c.MSG_TIME]),
        "body": None if length < 0 else joined[offset : offset + length],
    }


def refused_by_choice(data: bytes) -> bool:
    """Whether the bytes hold a group, or a number of more than 64 bits, which protobuf cuts."""
    at = 0
    while at < len(data):
        tag, at, cut = _varint(data, at)
        if cut or tag & 7 in {3, 4}:
            return True
        size, after = {1: 8, 5: 4}.get(tag & 7, 0), at
        if tag & 7 == 0:
            _, after, cut = _varint(data, at)
        elif tag & 7 == 2:
            size, after, cut = _varint(data, at)
        inner = data[after : after + size]
        if cut or (tag >> 3 in {2, 8, 9} and tag & 7 == 2 and refused_by_choice(inner)):
            return True
        at = after + size
    return False


def _varint(data: bytes, at: int) -> tuple[int, int, bool]:
    value, shift = 0, 0
    while at < len(data) and shift < 70:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            break
    return value, at, value >> 64 > 0
