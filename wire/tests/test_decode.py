import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.wire.datatypes import DataType
from lamppost.wire.decode import DecodeError, decode, signed, typed
from lamppost.wire.encode import encode
from lamppost.wire.payload import (
    MAX_COLUMNS,
    MAX_DEPTH,
    MAX_METRICS,
    DataSet,
    MetaData,
    Metric,
    Payload,
    Property,
    Template,
)
from lamppost.wire.scalars import FIXED32, FIXED64, LEN, VARINT, sized, tag, varint

from .oracle import parse, read


def field(number: int, content: bytes) -> bytes:
    """Return a length-delimited field."""
    return sized(tag(number, LEN), content)


def number(number: int, value: int) -> bytes:
    """Return a varint field."""
    return tag(number, VARINT) + varint(value)


def metric(*parts: bytes) -> bytes:
    """Return a payload of one metric made of these fields."""
    return field(2, b"".join(parts))


def only(data: bytes) -> Metric:
    """Return the one metric of a payload, which protobuf reads alike."""
    payload = decode(data)
    assert repr(payload) == repr(read(parse(data)))
    (found,) = payload.metrics
    return found


@given(st.binary(max_size=200))
def test_any_bytes_are_a_payload_or_a_decode_error(data: bytes) -> None:
    """Arbitrary bytes never raise anything but DecodeError."""
    try:
        payload = decode(data)
    except DecodeError as error:
        offset = error.offset
        assert 0 <= offset <= len(data)
        return
    assert isinstance(payload, Payload)


def test_no_bytes_are_an_empty_payload() -> None:
    """Nothing on the wire is a payload that says nothing."""
    assert decode(b"") == Payload()


@pytest.mark.parametrize(
    ("data", "problem", "offset"),
    [
        (b"\x18", "the bytes end inside a number", 1),
        (b"\x18\x80", "the bytes end inside a number", 1),
        (b"\x18" + b"\x80" * 10 + b"\x01", "a number of more than 10 bytes", 1),
        (b"\x18" + b"\xff" * 9 + b"\x02", "a number of more than 64 bits", 1),
        (b"\x98\x80\x80\x80\x80\x00\x00", "a number of more than 5 bytes", 0),
        (b"\x2a\x80\x80\x80\x80\x80\x00", "a number of more than 5 bytes", 1),
        (b"\x98\x80\x80\x80\x7f\x00", "field number 4261412867 is not allowed", 0),
        (b"\x00\x00", "field number 0 is not allowed", 0),
        (b"\x2a\x05abc", "5 bytes announced where 3 are left", 0),
        (b"\x18\x01\x09abc", "8 bytes announced where 3 are left", 2),
        (b"\x0d\x00", "4 bytes announced where 1 are left", 0),
        (b"\x33\x34", "wire type 3 is not allowed", 0),
        (b"\x34", "wire type 4 is not allowed", 0),
        (b"\x0e", "wire type 6 is not allowed", 0),
        (b"\x0f", "wire type 7 is not allowed", 0),
        (b"\x22\x03a\xffb", "a text that is not UTF-8", 3),
        (b"\x22\x03\xed\xa0\x80", "a text that is not UTF-8", 2),
        (b"\x12\x04\x0a\x02\xc3\x28", "a text that is not UTF-8", 4),
    ],
)
def test_what_is_wrong_is_told_with_its_place(data: bytes, problem: str, offset: int) -> None:
    """The error says what is wrong and at which byte, as text and as attributes."""
    with pytest.raises(DecodeError) as caught:
        decode(data)
    assert caught.value.problem.startswith(problem)
    assert caught.value.offset == offset
    assert str(caught.value) == f"{caught.value.problem}, at byte {offset}"


def test_a_field_never_reads_past_its_message() -> None:
    """A number that begins in a metric must end in it, though bytes of the payload follow."""
    with pytest.raises(DecodeError, match="end inside a number"):
        decode(b"\x12\x02\x10\x80" + b"\x01\x01\x01")


def test_unknown_fields_are_skipped() -> None:
    """Fields that a later Sparkplug may add are passed over, whatever their kind."""
    extra = (
        number(100, 5) + field(101, b"\xff") + tag(102, FIXED64) + bytes(8) + tag(103, FIXED32)
    )
    extra += bytes(4)
    data = extra + metric(extra, field(1, b"a"), extra) + extra + number(3, 9)
    assert decode(data) == Payload(metrics=(Metric("a"),), seq=9) == read(parse(data))


def test_a_known_number_of_another_kind_is_an_unknown_field() -> None:
    """A field whose wire type is not its own is passed over, as protobuf does."""
    data = field(3, b"x") + number(3, 1) + tag(3, FIXED32) + bytes(4)
    assert decode(data) == Payload(seq=1) == read(parse(data))


def test_the_last_of_a_single_value_wins() -> None:
    """A repeated single field counts as it came last, also across the kinds of a value."""
    found = only(metric(field(1, b"a"), number(10, 1), field(1, b"b"), field(15, b"text")))
    assert found == Metric("b", "text")
    assert only(metric(field(15, b"text"), number(11, 7))).value == 7


def test_a_foreign_kind_of_value_is_no_value() -> None:
    """An extension value takes the place of an earlier value and reads as none."""
    assert only(metric(number(10, 1), field(19, number(1, 1)))).value is None
    with pytest.raises(DecodeError, match="announced"):
        decode(metric(field(19, b"\x0a\x05")))


def test_parts_of_one_message_are_merged() -> None:
    """Metadata, properties and a table that come in two parts are one, as protobuf has it."""
    entry = number(1, 3) + number(3, 1)
    found = only(
        metric(
            field(8, number(3, 5)),
            field(9, field(1, b"a") + field(2, entry)),
            field(8, field(2, b"text/csv")),
            field(9, field(2, entry) + field(1, b"b")),
            field(17, field(2, b"x")),
            field(17, number(3, 1) + number(1, 1)),
        )
    )
    assert found.metadata == MetaData(size=5, content_type="text/csv")
    assert found.properties == dict.fromkeys("ab", Property(1, DataType.INT32))
    assert found.value == DataSet(("x",), (DataType.INT8,))


def test_a_value_between_two_parts_begins_anew() -> None:
    """A table, then a number, then a table: only the last table counts."""
    table = number(1, 0)
    found = only(metric(field(17, field(2, b"lost")), number(10, 1), field(17, table)))
    assert found.value == DataSet((), ())


def test_a_value_of_another_kind_begins_anew() -> None:
    """A table, then a template, and the other way round: the two are not mixed."""
    table, template = field(17, number(1, 0)), field(18, field(1, b"1.0"))
    assert only(metric(table, template)).value == Template("1.0")
    assert only(metric(template, table)).value == DataSet((), ())


def test_column_types_may_be_packed() -> None:
    """Column types count alike one by one, packed, and in a mixture."""
    columns = field(2, b"x") * 3
    packed = field(3, varint(1) + varint(2))
    found = only(metric(field(17, columns + packed + number(3, 3))))
    assert isinstance(found.value, DataSet)
    assert found.value.types == (DataType.INT8, DataType.INT16, DataType.INT32)
    with pytest.raises(DecodeError, match="the bytes end inside a number"):
        decode(metric(field(17, field(3, b"\x80"))))
    with pytest.raises(DecodeError, match=f"more than {MAX_COLUMNS} column types"):
        decode(metric(field(17, field(3, b"\1" * (MAX_COLUMNS + 1)))))


def test_numbers_longer_than_32_bits_are_cut_as_protobuf_does() -> None:
    """A 32-bit field keeps the low bits of a longer number; a boolean is any but zero."""
    found = only(metric(number(10, 2**40 + 5), number(4, 2**32 + 7), number(5, 2**63)))
    assert found == Metric(value=5, datatype=DataType.UINT32, is_historical=True)


def test_floats_keep_every_bit() -> None:
    """A NaN's bits and the sign of zero survive decoding and encoding."""
    for bits in (0x7FF8_0000_0000_1234, 0xFFF8_0000_0000_0001, 0x8000_0000_0000_0000):
        data = metric(tag(13, FIXED64) + struct.pack("<Q", bits))
        assert encode(decode(data)) == data


def test_an_unknown_datatype_leaves_the_value_raw() -> None:
    """A type number from a later Sparkplug does not make the metric unreadable."""
    assert only(metric(number(4, 99), number(10, 5))) == Metric(
        value=5, datatype=DataType.UNKNOWN
    )


def test_a_null_has_no_value() -> None:
    """is_null wins over a value that stands beside it."""
    found = only(metric(number(7, 1), number(10, 5)))
    assert found == Metric(is_null=True)
    assert only(metric(number(7, 0), number(10, 5))).value == 5


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (number(1, 2) + field(2, b"x") + number(3, 1), "2 columns, 1 names and 1 types"),
        (number(1, 1) + field(2, b"x"), "1 columns, 1 names and 0 types"),
        (field(2, b"x") + number(3, 1) + field(4, field(1, b"") * 2), "2 cells for 1 columns"),
    ],
)
def test_a_table_must_be_rectangular(table: bytes, problem: str) -> None:
    """Counts that contradict each other are refused, not guessed at."""
    with pytest.raises(DecodeError, match=problem):
        decode(metric(field(17, table)))


def test_every_property_key_needs_its_value() -> None:
    """A property set with more keys than values is refused."""
    with pytest.raises(DecodeError, match="2 property keys for 1 values"):
        decode(metric(field(9, field(1, b"a") + field(1, b"b") + field(2, b""))))


def nested_bytes(kind: str, levels: int) -> bytes:
    """Return a payload with that many templates or property sets inside each other."""
    inner = b""
    for _ in range(levels - 1):
        if kind == "templates":
            inner = field(2, field(18, inner))
        else:
            inner = field(1, b"k") + field(2, field(9, inner))
    return metric(field(18 if kind == "templates" else 9, inner))


@pytest.mark.parametrize("kind", ["templates", "sets"])
def test_nesting_is_bounded(kind: str) -> None:
    """The deepest allowed nesting is read; one level more, or a thousand, is refused."""
    assert decode(nested_bytes(kind, MAX_DEPTH)) == read(parse(nested_bytes(kind, MAX_DEPTH)))
    for levels in (MAX_DEPTH + 1, 1_000):
        with pytest.raises(DecodeError, match=f"more than {MAX_DEPTH} levels of nesting"):
            decode(nested_bytes(kind, levels))


def test_counts_are_bounded() -> None:
    """More metrics than allowed are refused, though a few bytes can announce them."""
    assert len(decode(metric() * MAX_METRICS).metrics) == MAX_METRICS
    with pytest.raises(DecodeError, match=f"more than {MAX_METRICS} metrics"):
        decode(metric() * (MAX_METRICS + 1))


@pytest.mark.parametrize(
    ("raw", "datatype", "meant"),
    [
        (255, DataType.INT8, -1),
        (0xFFFFFFFF, DataType.INT8, -1),
        (2**64 - 1, DataType.INT8, -1),
        (128, DataType.INT8, -128),
        (127, DataType.INT8, 127),
        (0xFFFF, DataType.INT16, -1),
        (0xFFFFFFFE, DataType.INT32, -2),
        (2**64 - 2, DataType.INT32, -2),
        (2**63, DataType.INT64, -(2**63)),
        (2**63, DataType.UINT64, 2**63),
        (2**63, DataType.DATETIME, 2**63),
        (0x1FF, DataType.UINT8, 0xFF),
        (5, DataType.DOUBLE, 5),
        (5, DataType.UNKNOWN, 5),
    ],
    ids=str,
)
def test_integers_are_read_in_the_bits_of_their_type(
    raw: int, datatype: DataType, meant: int
) -> None:
    """However wide another encoder wrote a number, only the type's own bits count."""
    assert signed(raw, datatype) == meant


def test_data_without_types_is_read_raw() -> None:
    """Without a birth to ask, an integer comes as it stands on the wire."""
    data = encode(Payload(metrics=(Metric(alias=4, value=-1),)))
    assert decode(data).metrics[0].value == 2**64 - 1


def test_a_births_types_complete_the_data() -> None:
    """A metric without a type is looked up by name and alias and read accordingly."""
    asked = []

    def born(name: str | None, alias: int | None) -> DataType | None:
        asked.append((name, alias))
        return DataType.INT64 if alias == 4 else None

    payload = Payload(
        metrics=(
            Metric(alias=4, value=-1, timestamp=8, is_historical=True),
            Metric("n", -1),
            Metric("own", -1, DataType.INT8, alias=4),
        )
    )
    decoded = decode(encode(payload), born)
    assert decoded.metrics == (
        Metric(None, -1, DataType.INT64, 4, 8, is_historical=True),
        Metric("n", 2**64 - 1),
        Metric("own", -1, DataType.INT8, alias=4),
    )
    assert asked == [(None, 4), ("n", None)]


def test_a_type_changes_only_the_type_and_the_value() -> None:
    """`typed` keeps every other field of the metric."""
    full = Metric(
        "n", 255, None, 1, 2, True, True, False, {"p": Property(1, DataType.INT8)}, MetaData()
    )
    assert typed(full, DataType.INT8) == Metric(
        "n",
        -1,
        DataType.INT8,
        1,
        2,
        True,
        True,
        False,
        {"p": Property(1, DataType.INT8)},
        MetaData(),
    )
    assert typed(Metric(value=True), DataType.INT8).value is True
