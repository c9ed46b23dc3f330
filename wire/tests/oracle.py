"""Sparkplug's messages in `protobuf`, and slow, obvious ways from our values to them and back.

The descriptor is built from the field table below (Sparkplug B 3.0, section 6.4): for every
message, its fields in the order of their numbers from 1 on; `!` marks members of the oneof.
"""

import ctypes
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError, Message

from lamppost.wire.datatypes import DataType
from lamppost.wire.payload import (
    DataSet,
    MetaData,
    Metric,
    Parameter,
    Payload,
    Property,
    Template,
)

SCALARS = "uint32 int! uint64 long! float float! double double! bool boolean! string string!"
TABLE = {
    "Payload": "uint64 timestamp, Metric* metrics, uint64 seq, string uuid, bytes body",
    "Metric": "string name, uint64 alias, uint64 timestamp, uint32 datatype,"
    " bool is_historical, bool is_transient, bool is_null, MetaData metadata,"
    " PropertySet properties,"
    f" {SCALARS} bytes bytes! DataSet dataset! Template template! Extension extension!",
    "MetaData": "bool is_multi_part, string content_type, uint64 size, uint64 seq,"
    " string file_name, string file_type, string md5, string description",
    "PropertySet": "string* keys, PropertyValue* values",
    "PropertyValue": f"uint32 type, bool is_null, {SCALARS} PropertySet set!"
    " PropertySetList sets! Extension extension!",
    "PropertySetList": "PropertySet* propertyset",
    "DataSet": "uint64 num_of_columns, string* columns, uint32* types, Row* rows",
    "Row": "Cell* elements",
    "Cell": f"{SCALARS} Extension extension!",
    "Template": "string version, Metric* metrics, Parameter* parameters, string template_ref,"
    " bool is_definition",
    "Parameter": f"string name, uint32 type, {SCALARS} Extension extension!",
    "Extension": "",
}
_FIELD = descriptor_pb2.FieldDescriptorProto
_TYPES = {
    "uint32": _FIELD.TYPE_UINT32,
    "uint64": _FIELD.TYPE_UINT64,
    "float": _FIELD.TYPE_FLOAT,
    "double": _FIELD.TYPE_DOUBLE,
    "bool": _FIELD.TYPE_BOOL,
    "string": _FIELD.TYPE_STRING,
    "bytes": _FIELD.TYPE_BYTES,
}
_INTS: dict[DataType, Any] = {
    DataType.INT8: ctypes.c_int8,
    DataType.INT16: ctypes.c_int16,
    DataType.INT32: ctypes.c_int32,
    DataType.INT64: ctypes.c_int64,
    DataType.UINT8: ctypes.c_uint8,
    DataType.UINT16: ctypes.c_uint16,
    DataType.UINT32: ctypes.c_uint32,
}
_SMALL = set(_INTS) - {DataType.INT64}


def _message_class() -> type[Message]:
    file = descriptor_pb2.FileDescriptorProto(name="oracle.proto", package="o", syntax="proto2")
    for name, listed in TABLE.items():
        message = file.message_type.add(name=name)
        words = listed.replace(",", "").split()
        for number, (kind, field) in enumerate(zip(words[::2], words[1::2], strict=True), 1):
            entry = message.field.add(name=field.rstrip("!"), number=number)
            repeated = kind.endswith("*")
            entry.label = _FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL
            plain = kind.rstrip("*")
            if plain in _TYPES:
                entry.type = _TYPES[plain]
            else:
                entry.type, entry.type_name = _FIELD.TYPE_MESSAGE, f".o.{plain}"
            if field.endswith("!"):
                entry.oneof_index = 0
                if not message.oneof_decl:
                    message.oneof_decl.add(name="value")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("o.Payload"))


PayloadMessage: Any = _message_class()


def parse(data: bytes) -> Any | None:
    """Return protobuf's reading of the bytes, or None when it refuses them."""
    message = PayloadMessage()
    try:
        message.ParseFromString(data)
    except DecodeError:
        return None
    return message


def serialize(payload: Payload, *, with_datatypes: bool = True) -> bytes:
    """Return protobuf's bytes of our payload."""
    message = PayloadMessage()
    _set(message, payload, "timestamp", "seq", "uuid", "body")
    for metric in payload.metrics:
        _metric_to(message.metrics.add(), metric, with_datatypes)
    return message.SerializeToString()  # type: ignore[no-any-return]


def _set(message: Any, value: object, *names: str) -> None:
    for name in names:
        if getattr(value, name) is not None:
            setattr(message, name, getattr(value, name))


def _scalar_to(message: Any, value: Any, datatype: DataType | None) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        message.boolean = value
    elif datatype is DataType.FLOAT:
        message.float = value
    elif datatype is DataType.DOUBLE or isinstance(value, float):
        message.double = value
    elif isinstance(value, str):
        message.string = value
    elif isinstance(value, bytes):
        message.bytes = value
    elif datatype in _SMALL:
        message.int = value % 2**32
    else:
        message.long = value % 2**64


def _metric_to(message: Any, metric: Metric, with_datatypes: bool = True) -> None:
    _set(
        message,
        metric,
        "name",
        "alias",
        "timestamp",
        "is_historical",
        "is_transient",
        "is_null",
    )
    if with_datatypes and metric.datatype is not None:
        message.datatype = metric.datatype
    if metric.metadata is not None:
        message.metadata.SetInParent()
        _set(message.metadata, metric.metadata, *MetaData.__slots__)
    if metric.properties is not None:
        _set_to(message.properties, metric.properties)
    if isinstance(metric.value, DataSet):
        _dataset_to(message.dataset, metric.value)
    elif isinstance(metric.value, Template):
        _template_to(message.template, metric.value)
    else:
        _scalar_to(message, metric.value, metric.datatype)


def _set_to(message: Any, properties: Any) -> None:
    message.SetInParent()
    for key, item in properties.items():
        message.keys.append(key)
        entry = message.values.add()
        if item.datatype is not DataType.UNKNOWN:
            entry.type = item.datatype
        if item.is_null:
            entry.is_null = True
        if isinstance(item.value, dict):
            _set_to(entry.set, item.value)
        elif isinstance(item.value, tuple):
            entry.sets.SetInParent()
            for one in item.value:
                _set_to(entry.sets.propertyset.add(), one)
        else:
            _scalar_to(entry, item.value, item.datatype)


def _dataset_to(message: Any, table: DataSet) -> None:
    message.num_of_columns = len(table.columns)
    message.columns.extend(table.columns)
    message.types.extend(int(datatype) for datatype in table.types)
    for row in table.rows:
        entry = message.rows.add()
        for cell, datatype in zip(row, table.types, strict=True):
            _scalar_to(entry.elements.add(), cell, datatype)


def _template_to(message: Any, template: Template) -> None:
    message.SetInParent()
    _set(message, template, "version", "template_ref", "is_definition")
    for metric in template.metrics:
        _metric_to(message.metrics.add(), metric)
    for item in template.parameters:
        entry = message.parameters.add()
        _set(entry, item, "name")
        if item.datatype is not DataType.UNKNOWN:
            entry.type = item.datatype
        _scalar_to(entry, item.value, item.datatype)


def read(message: Any) -> Payload:
    """Return a parsed message as our payload."""
    return Payload(
        _get(message, "timestamp"),
        tuple(_metric(item) for item in message.metrics),
        _get(message, "seq"),
        _get(message, "uuid"),
        _get(message, "body"),
    )


def _get(message: Any, name: str) -> Any:
    return getattr(message, name) if message.HasField(name) else None


def _datatype(number: int) -> DataType:
    return DataType(number) if number in set(DataType) else DataType.UNKNOWN


def _value(message: Any, datatype: DataType | None) -> Any:
    which = message.WhichOneof("value")
    if which is None or which == "extension":
        return None
    if "is_null" in message.DESCRIPTOR.fields_by_name and message.is_null:
        return None
    value = getattr(message, which)
    if which in {"int", "long"} and datatype in _INTS:
        return _INTS[datatype](value).value
    reader = {"dataset": _dataset, "template": _template, "set": _properties}.get(which)
    if reader is not None:
        return reader(value)
    if which == "sets":
        return tuple(_properties(item) for item in value.propertyset)
    return value


def _metric(message: Any) -> Metric:
    datatype = _datatype(message.datatype) if message.HasField("datatype") else None
    return Metric(
        name=_get(message, "name"),
        value=_value(message, datatype),
        datatype=datatype,
        alias=_get(message, "alias"),
        timestamp=_get(message, "timestamp"),
        is_historical=_get(message, "is_historical"),
        is_transient=_get(message, "is_transient"),
        is_null=_get(message, "is_null"),
        properties=_properties(message.properties) if message.HasField("properties") else None,
        metadata=_metadata(message.metadata) if message.HasField("metadata") else None,
    )


def _metadata(message: Any) -> MetaData:
    return MetaData(
        *(_get(message, name) for name in TABLE["MetaData"].replace(",", "").split()[1::2])
    )


def _properties(message: Any) -> dict[str, Property]:
    found = {}
    for key, item in zip(message.keys, message.values, strict=True):
        datatype = _datatype(item.type)
        found[key] = Property(_value(item, datatype), datatype, item.is_null)
    return found


def _dataset(message: Any) -> DataSet:
    types = tuple(_datatype(number) for number in message.types)
    return DataSet(
        tuple(message.columns),
        types,
        tuple(
            tuple(_value(cell, kind) for cell, kind in zip(row.elements, types, strict=True))
            for row in message.rows
        ),
    )


def _template(message: Any) -> Template:
    return Template(
        version=_get(message, "version"),
        metrics=tuple(_metric(item) for item in message.metrics),
        parameters=tuple(
            Parameter(
                _get(item, "name"), _value(item, _datatype(item.type)), _datatype(item.type)
            )
            for item in message.parameters
        ),
        template_ref=_get(message, "template_ref"),
        is_definition=_get(message, "is_definition"),
    )
