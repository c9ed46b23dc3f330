import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.wire.datatypes import DataType
from lamppost.wire.decode import decode
from lamppost.wire.delivery import (
    LEDGER,
    MAX_LEDGER_ROWS,
    DeliveryError,
    LedgerRow,
    ledger_metric,
    ledger_rows,
)
from lamppost.wire.encode import encode
from lamppost.wire.payload import DataSet, Metric, Payload, Value

UINT64 = st.integers(0, 2**64 - 1)
DAYS = st.dates(dt.date(1970, 1, 1), dt.date(2999, 12, 31)).map(dt.date.isoformat)
NAMES = ("Day", "Taken", "Evicted", "Pending")
TYPES = (DataType.STRING, DataType.UINT64, DataType.UINT64, DataType.UINT64)


@given(st.lists(st.builds(LedgerRow, DAYS, UINT64, UINT64, UINT64), max_size=MAX_LEDGER_ROWS))
def test_every_ledger_comes_back_from_the_wire(rows: list[LedgerRow]) -> None:
    """The rows survive the way through a metric, its bytes and back."""
    data = encode(Payload(metrics=(ledger_metric(rows, 5, alias=3),)))
    (metric,) = decode(data).metrics
    assert ledger_rows(metric) == tuple(rows)


def test_a_birth_names_the_ledger_and_data_do_not() -> None:
    """With its name the metric carries its type; by its alias it carries neither."""
    born = ledger_metric([], 5, alias=3)
    assert (born.name, born.alias, born.datatype) == (LEDGER, 3, DataType.DATASET)
    told = ledger_metric([], 5, name=None, alias=3)
    assert (told.name, told.alias, told.datatype, told.timestamp) == (None, 3, None, 5)


def test_too_many_days_are_refused() -> None:
    """The ledger is bounded on both sides."""
    rows = [LedgerRow("2025-01-01", 0, 0, 0)] * (MAX_LEDGER_ROWS + 1)
    with pytest.raises(
        DeliveryError, match=f"came {len(rows)} rows, allowed: {MAX_LEDGER_ROWS}"
    ):
        ledger_metric(rows, 5)
    table = DataSet(NAMES, TYPES, (("2025-01-01", 0, 0, 0),) * len(rows))
    with pytest.raises(
        DeliveryError, match=f"came {len(rows)} rows, allowed: {MAX_LEDGER_ROWS}"
    ):
        ledger_rows(Metric(value=table))


@pytest.mark.parametrize(
    "day", ["", "2025-1-1", "2025-01-01T00", "\uff12025-01-01", "yesterday"]
)
def test_a_day_has_one_form(day: str) -> None:
    """A day is YYYY-MM-DD and nothing else."""
    with pytest.raises(DeliveryError, match=r"ledger day: came .*, allowed: YYYY-MM-DD"):
        LedgerRow(day, 0, 0, 0)


@pytest.mark.parametrize("count", [-1, 2**64])
def test_counts_keep_to_64_bits(count: int) -> None:
    """No count is negative or larger than the wire can carry."""
    for counts in ((count, 0, 0), (0, count, 0), (0, 0, count)):
        with pytest.raises(DeliveryError, match=r"allowed: counts of 64 bits"):
            LedgerRow("2025-01-01", *counts)


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        DataSet((), ()),
        DataSet(NAMES[:3], TYPES[:3]),
        DataSet(NAMES, (DataType.STRING,) * 4),
        DataSet(NAMES, TYPES, ((None, 0, 0, 0),)),
        DataSet(NAMES, TYPES, (("2025-01-01", 0, None, 0),)),
        DataSet(NAMES, TYPES, (("2025-01-01", 0, True, 0),)),
        DataSet(NAMES, TYPES, (("2025", 0, 0, 0),)),
    ],
    ids=lambda value: str(value)[-40:],
)
def test_what_is_no_ledger_is_refused(value: Value) -> None:
    """Another value, other columns or empty cells are a DeliveryError."""
    with pytest.raises(DeliveryError, match=r"ledger.*: came .*, allowed: "):
        ledger_rows(Metric(value=value))
