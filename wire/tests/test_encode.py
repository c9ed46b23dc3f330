import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.wire.datatypes import DataType, Quality
from lamppost.wire.decode import DecodeError, decode
from lamppost.wire.encode import EncodeError, encode
from lamppost.wire.payload import (
    MAX_COLUMNS,
    MAX_DEPTH,
    MAX_METRICS,
    MAX_PARAMETERS,
    MAX_PAYLOAD_BYTES,
    MAX_PROPERTIES,
    MAX_ROWS,
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

INT_RANGES = {
    DataType.INT8: (-(2**7), 2**7 - 1),
    DataType.INT16: (-(2**15), 2**15 - 1),
    DataType.INT32: (-(2**31), 2**31 - 1),
    DataType.INT64: (-(2**63), 2**63 - 1),
    DataType.UINT8: (0, 2**8 - 1),
    DataType.UINT16: (0, 2**16 - 1),
    DataType.UINT32: (0, 2**32 - 1),
    DataType.UINT64: (0, 2**64 - 1),
    DataType.DATETIME: (0, 2**64 - 1),
}
SCALARS: dict[DataType, st.SearchStrategy[Value]] = {
    **{datatype: st.integers(low, high) for datatype, (low, high) in INT_RANGES.items()},
    DataType.FLOAT: st.floats(width=32, allow_nan=False),
    DataType.DOUBLE: st.floats(allow_nan=False),
    DataType.BOOLEAN: st.booleans(),
    DataType.STRING: st.text(st.characters(codec="utf-8")),
    DataType.TEXT: st.text(st.characters(codec="utf-8")),
    DataType.UUID: st.uuids().map(str),
}
UINT64 = st.integers(0, 2**64 - 1)


def one(metric: Metric) -> Payload:
    """Return a payload with nothing but this metric."""
    return Payload(metrics=(metric,))


@st.composite
def metrics(draw: st.DrawFn) -> Metric:
    """Draw a metric of a scalar type with properties."""
    datatype = draw(st.sampled_from(list(SCALARS)))
    return Metric(
        draw(st.none() | st.text(st.characters(codec="utf-8"), max_size=30)),
        draw(st.none() | SCALARS[datatype]),
        datatype,
        draw(st.none() | UINT64),
        draw(st.none() | UINT64),
        draw(st.none() | st.booleans()),
        draw(st.none() | st.booleans()),
        None,
        draw(
            st.none()
            | st.dictionaries(
                st.text(st.characters(codec="utf-8"), max_size=9),
                SCALARS[datatype].map(lambda value: Property(value, datatype)),
                max_size=3,
            )
        ),
    )


@given(st.lists(metrics(), max_size=5).map(tuple), st.none() | UINT64, st.binary(max_size=40))
def test_every_payload_comes_back(
    drawn: tuple[Metric, ...], seq: int | None, body: bytes
) -> None:
    """What was encoded is what is decoded."""
    payload = Payload(1, drawn, seq, None, body)
    assert decode(encode(payload)) == payload


@pytest.mark.parametrize("datatype", INT_RANGES, ids=lambda datatype: datatype.name)
def test_integers_keep_to_the_range_of_their_type(datatype: DataType) -> None:
    """Both ends of the range come back; one further is refused with metric, type and range."""
    low, high = INT_RANGES[datatype]
    for value in (low, high):
        metric = Metric("level", value, datatype)
        assert decode(encode(one(metric))).metrics == (metric,)
    for value in (low - 1, high + 1):
        with pytest.raises(EncodeError) as caught:
            encode(one(Metric("level", value, datatype)))
        assert str(caught.value) == (
            f"metric 'level' ({datatype.name}): came {value}, "
            f"allowed: a whole number in {low}..{high}"
        )


@pytest.mark.parametrize(
    ("datatype", "value"),
    [
        (DataType.INT32, True),
        (DataType.INT32, 1.0),
        (DataType.DOUBLE, True),
        (DataType.DOUBLE, "1"),
        (DataType.DOUBLE, 10**400),
        (DataType.FLOAT, 1e39),
        (DataType.BOOLEAN, 1),
        (DataType.STRING, b"a"),
        (DataType.STRING, "\ud800"),
        (DataType.BYTES, "a"),
        (DataType.DOUBLE_ARRAY, (1.0,)),
        (DataType.DATASET, 1),
        (DataType.TEMPLATE, 1),
        (DataType.PROPERTY_SET, {}),
        (None, {}),
        (None, [1]),
        (None, -(2**63) - 1),
        (None, 2**64),
        (None, 10**9_999),
    ],
    ids=lambda came: type(came).__name__,
)
def test_a_value_of_a_wrong_kind_is_refused(datatype: DataType | None, value: Value) -> None:
    """A value that its type does not allow is an EncodeError that names the metric."""
    with pytest.raises(EncodeError, match=r"^metric alias 7.*: came .*, allowed: "):
        encode(one(Metric(alias=7, value=value, datatype=datatype)))
    assert issubclass(EncodeError, ValueError)


def test_an_enumeration_counts_as_its_number() -> None:
    """A Quality may stand where an integer is due."""
    quality = {"Quality": Property(Quality.STALE, DataType.INT32)}
    (metric,) = decode(encode(one(Metric("a", properties=quality)))).metrics
    assert metric.properties == {"Quality": Property(500, DataType.INT32)}


def test_a_null_has_no_value_beside_it() -> None:
    """is_null together with a value is refused, for metrics and for properties."""
    with pytest.raises(
        EncodeError, match=r"metric 'a': came 1\.5, allowed: no value beside is_null"
    ):
        encode(one(Metric("a", 1.5, is_null=True)))
    contradiction = {"p": Property(1, DataType.INT8, is_null=True)}
    with pytest.raises(EncodeError, match=r"property 'p' \(INT8\): came 1, allowed: no value"):
        encode(one(Metric("a", properties=contradiction)))


@pytest.mark.parametrize(
    ("metric", "told"),
    [
        (Metric("a", alias=-1), "metric 'a': came -1"),
        (Metric("a", metadata=MetaData(size=-1)), "metric 'a': metadata size: came -1"),
        (
            Metric("a", DataSet(("x",), (DataType.INT8,), ((0,), (300,))), DataType.DATASET),
            "metric 'a' (DATASET): row 1, column 'x' (INT8): came 300",
        ),
        (
            Metric("a", DataSet(("x",), (DataType.INT8,), ((1, 2),)), DataType.DATASET),
            "metric 'a' (DATASET): row 0, came 2 cells",
        ),
        (
            Metric("a", DataSet(("x",), (), ()), DataType.DATASET),
            "metric 'a' (DATASET): came 0 types for 1 columns",
        ),
        (
            Metric("a", DataSet(("x",), (DataType.BYTES,), ((b"1",),)), DataType.DATASET),
            "row 0, column 'x' (BYTES): came b'1', allowed: no value of type BYTES here",
        ),
        (
            Metric(
                "a", Template(metrics=(Metric("b", 1, DataType.STRING),)), DataType.TEMPLATE
            ),
            "metric 'a' (TEMPLATE): metric 'b' (STRING): came 1, allowed: a text",
        ),
        (
            Metric("a", Template(parameters=(Parameter("p", 1, DataType.STRING),))),
            "metric 'a': parameter 'p' (STRING): came 1, allowed: a text",
        ),
        (
            Metric("a", properties={"p": Property(1, DataType.PROPERTY_SET)}),
            "property 'p' (PROPERTY_SET): came 1, allowed: a mapping",
        ),
        (
            Metric("a", properties={"p": Property(1, DataType.PROPERTY_SET_LIST)}),
            "property 'p' (PROPERTY_SET_LIST): came 1, allowed: a tuple of property sets",
        ),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_an_error_says_where_it_is(metric: Metric, told: str) -> None:
    """The error names every level down to the value that is wrong."""
    with pytest.raises(EncodeError) as caught:
        encode(one(metric))
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (Payload(timestamp=-1), "payload timestamp: came -1"),
        (Payload(seq=2**64), "seq: came 18446744073709551616"),
        (Payload(uuid="\udfff"), "uuid: came '\\udfff'"),
        (Payload(body="text"), "body: came 'text'"),  # type: ignore[arg-type]
    ],
    ids=["timestamp", "seq", "uuid", "body"],
)
def test_the_payloads_own_fields_are_checked(payload: Payload, told: str) -> None:
    """A wrong field of the payload itself is named too."""
    with pytest.raises(EncodeError) as caught:
        encode(payload)
    assert told in str(caught.value)


def test_a_number_kept_from_before_lets_no_other_kind_pass() -> None:
    """After alias 1 and time 1 were encoded, True and 1.0 are still refused in their place."""
    encode(one(Metric(alias=1, timestamp=1)))
    for wrong in (True, 1.0):
        for metric in (Metric(alias=wrong), Metric(timestamp=wrong)):  # type: ignore[arg-type]
            with pytest.raises(EncodeError, match="came"):
                encode(one(metric))


def test_a_long_value_is_shown_short() -> None:
    """An error stays readable when the value is not."""
    with pytest.raises(EncodeError) as caught:
        encode(one(Metric("a", "x" * 10_000, DataType.INT8)))
    assert len(str(caught.value)) < 200


def test_types_may_stay_off_the_wire() -> None:
    """Data of a Float or Int32 metric use its field although no type is sent."""
    payload = Payload(
        metrics=(
            Metric(alias=1, value=0.5, datatype=DataType.FLOAT),
            Metric(alias=2, value=-1, datatype=DataType.INT32),
        )
    )
    data = encode(payload, with_datatypes=False)
    assert data.hex() == "1207" + "1001650000003f" + "1208" + "100250ffffffff0f"
    types = {1: DataType.FLOAT, 2: DataType.INT32}
    assert decode(data, lambda _name, alias: types.get(alias or 0)) == payload


def properties_deep(levels: int) -> PropertySet:
    """Return property sets inside each other."""
    inner: PropertySet = {}
    for _ in range(levels - 1):
        inner = {"in": Property(inner, DataType.PROPERTY_SET)}
    return inner


def templates_deep(levels: int) -> Template:
    """Return templates inside each other."""
    inner = Template()
    for _ in range(levels - 1):
        inner = Template(metrics=(Metric("in", inner, DataType.TEMPLATE),))
    return inner


def lists_deep(levels: int) -> PropertySet:
    """Return lists of property sets inside each other."""
    inner: PropertySet = {}
    for _ in range(levels - 1):
        inner = {"in": Property((inner,), DataType.PROPERTY_SET_LIST)}
    return inner


def nested(kind: str, levels: int) -> Metric:
    """Return a metric with that many levels of one kind."""
    if kind == "templates":
        return Metric("a", templates_deep(levels), DataType.TEMPLATE)
    return Metric("a", properties=(properties_deep if kind == "sets" else lists_deep)(levels))


@pytest.mark.parametrize("kind", ["templates", "sets", "lists"])
def test_nesting_is_bounded_when_encoding(kind: str) -> None:
    """The deepest allowed nesting comes back; one level more is refused."""
    allowed = one(nested(kind, MAX_DEPTH))
    assert decode(encode(allowed)) == allowed
    with pytest.raises(EncodeError, match=f"nested deeper than {MAX_DEPTH} levels"):
        encode(one(nested(kind, MAX_DEPTH + 1)))


def many_metrics(count: int) -> Payload:
    """Return a payload of that many empty metrics."""
    return Payload(metrics=(Metric(),) * count)


def many_properties(count: int) -> Payload:
    """Return a metric with that many properties."""
    named = {str(number): Property(None, DataType.INT8) for number in range(count)}
    return one(Metric("a", properties=named))


def many_sets(count: int) -> Payload:
    """Return a property that is a list of that many sets."""
    sets = Property(({},) * count, DataType.PROPERTY_SET_LIST)
    return one(Metric("a", properties={"p": sets}))


def many_columns(count: int) -> Payload:
    """Return a table of that many columns."""
    return one(Metric("a", DataSet(("c",) * count, (DataType.INT8,) * count)))


def many_rows(count: int) -> Payload:
    """Return a table of that many rows."""
    return one(Metric("a", DataSet((), (), ((),) * count)))


def many_parameters(count: int) -> Payload:
    """Return a template of that many parameters."""
    return one(Metric("a", Template(parameters=(Parameter(),) * count)))


def many_members(count: int) -> Payload:
    """Return a template of that many metrics."""
    return one(Metric("a", Template(metrics=(Metric(),) * count)))


@pytest.mark.parametrize(
    ("make", "most"),
    [
        (many_metrics, MAX_METRICS),
        (many_properties, MAX_PROPERTIES),
        (many_sets, MAX_PROPERTIES),
        (many_columns, MAX_COLUMNS),
        (many_rows, MAX_ROWS),
        (many_parameters, MAX_PARAMETERS),
        (many_members, MAX_METRICS),
    ],
)
def test_counts_are_bounded_when_encoding(make: object, most: int) -> None:
    """The largest allowed count comes back; one more is refused with both numbers."""
    assert callable(make)
    allowed = make(most)
    assert decode(encode(allowed)) == allowed
    with pytest.raises(EncodeError, match=rf"came {most + 1} .*, allowed: {most}$"):
        encode(make(most + 1))


def test_the_size_of_a_payload_is_bounded_on_both_sides() -> None:
    """One byte more than allowed is neither encoded nor decoded."""
    room = MAX_PAYLOAD_BYTES - len(encode(Payload(body=bytes(MAX_PAYLOAD_BYTES // 2))))
    largest = Payload(body=bytes(MAX_PAYLOAD_BYTES // 2 + room))
    data = encode(largest)
    assert len(data) == MAX_PAYLOAD_BYTES
    assert decode(data) == largest
    with pytest.raises(EncodeError, match=f"allowed: {MAX_PAYLOAD_BYTES} in one payload"):
        encode(Payload(seq=1, body=largest.body))
    with pytest.raises(DecodeError, match=f"more than {MAX_PAYLOAD_BYTES} bytes"):
        decode(data + b"\x18\x01")
