"""From (node, alias or name) to series, beside a dict."""

import random

import numpy as np
import pytest
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.decode.payloads import decode_batch, join
from lamppost.aggregator.decode.resolve import AliasTable, TableFullError, gather, resolve
from lamppost.wire.datatypes import DataType, Quality
from lamppost.wire.decode import signed
from lamppost.wire.encode import encode
from lamppost.wire.payload import Metric, Payload, Property

Rows = NDArray[np.int64]


def rows_of(table: AliasTable, *messages: tuple[int, tuple[Metric, ...]]) -> tuple[Rows, int]:
    """Decode and resolve messages of nodes; rows and how many stayed unknown."""
    joined, offsets = join([encode(Payload(5, metrics)) for _, metrics in messages])
    rows = np.empty((256, c.WIDTH), np.int64)
    lines = np.empty((len(messages), c.MSG_WIDTH), np.int64)
    assert decode_batch(joined, offsets, rows, lines) == len(messages)
    count = int(lines[:, c.COUNT].sum())
    nodes = np.array([node for node, _ in messages], np.int32)
    unknown = resolve(rows, count, nodes, joined, table.cells, table.seed)
    return rows[:count], unknown


def test_many_births_and_drops_behave_like_a_dict() -> None:
    """Random puts, overwrites and drops over growing tables: the same answers as a dict."""
    rng = random.Random(1)
    table, truth = AliasTable(seed=1), dict[tuple[int, int], int]()
    for step in range(20_000):
        node, alias = rng.randrange(40), rng.choice((rng.randrange(400), 2**64 - 1 - step % 7))
        if rng.random() < 0.002:
            table.drop(node)
            truth = {key: series for key, series in truth.items() if key[0] != node}
        else:
            table.put(node, alias, step)
            truth[node, alias] = step
    assert len(table) == len(truth)
    for node in range(40):
        for alias in range(400):
            assert table.get(node, alias) == truth.get((node, alias), c.UNKNOWN)


def test_removed_cells_are_swept_away() -> None:
    """A node that is born again and again with new aliases does not grow the table for ever."""
    table = AliasTable(seed=2)
    for birth in range(300):
        table.drop(7)
        for alias in range(50):
            table.put(7, birth * 1000 + alias, alias)
    assert len(table) == 50
    assert len(table.cells) <= 1024


def test_the_table_is_bounded() -> None:
    """Beyond its bound it refuses and says the limit; what it holds may still change."""
    table = AliasTable(max_entries=100, seed=3)
    for alias in range(100):
        table.put(1, alias, alias)
    with pytest.raises(TableFullError, match="100"):
        table.put(1, 100, 100)
    table.put(1, 99, 7)
    assert table.get(1, 99) == 7


def test_aliases_of_other_nodes_are_not_mixed_up() -> None:
    """The same alias means another series at another node; an unknown node knows nothing."""
    table = AliasTable()
    table.put(0, 1, 10)
    table.put(3, 1, 30)
    metric = (Metric(value=1.0, alias=1),)
    rows, unknown = rows_of(table, (0, metric), (3, metric), (4, metric), (-1, metric))
    assert rows[:, c.SERIES].tolist() == [10, 30, c.UNKNOWN, c.UNKNOWN]
    assert unknown == 2


def test_metrics_without_alias_are_found_by_name() -> None:
    """By the node's own names only, and an alias goes before a name."""
    table = AliasTable()
    table.put_name(0, "pump/flow", 4)
    table.put(0, 1, 5)
    metrics = (
        Metric("pump/flow", 1.0),
        Metric("pump/flow", 1.0, alias=1),
        Metric("pump/flox", 1.0),
    )
    rows, _ = rows_of(table, (0, metrics), (1, metrics))
    assert rows[:, c.SERIES].tolist() == [4, 5, c.UNKNOWN, c.UNKNOWN, c.UNKNOWN, c.UNKNOWN]


@pytest.mark.parametrize("datatype", [DataType(number) for number in range(1, 9)], ids=str)
def test_integers_get_the_sign_of_their_birth(datatype: DataType) -> None:
    """Whatever an encoder writes into the unsigned field, the birth's type decides."""
    table = AliasTable()
    table.put(0, 1, 0, datatype)
    raws = [0, 1, 127, 128, 255, 32_768, 2**31, 2**32 - 1, 2**32, 2**63, 2**64 - 1]
    metrics = tuple(Metric(value=raw, alias=1, datatype=DataType.UINT64) for raw in raws)
    rows, _ = rows_of(table, (0, metrics))
    values = rows.view(np.float64)[:, c.BITS].tolist()
    assert values == [float(signed(raw, datatype)) for raw in raws]


def test_a_type_in_the_message_counts_when_the_birth_told_none() -> None:
    """A foreign node may repeat the type in its data."""
    table = AliasTable()
    table.put(0, 1, 0)
    rows, _ = rows_of(table, (0, (Metric(value=-2, alias=1, datatype=DataType.INT16),)))
    assert rows.view(np.float64)[0, c.BITS] == -2.0


def test_gather_takes_what_the_judge_can_judge() -> None:
    """Numbers, booleans and nulls of known series; a null is BAD even unsaid."""
    table = AliasTable()
    for alias in range(1, 6):
        table.put(0, alias, alias)
    stale = {"Quality": Property(int(Quality.STALE), DataType.INT32)}
    metrics = (
        Metric(value=1.5, alias=1, timestamp=9, is_historical=True),
        Metric(value=True, alias=2, properties=stale),
        Metric(value="text", alias=3),
        Metric(alias=4, is_null=True),
        Metric(value=1.0, alias=99),
    )
    rows, unknown = rows_of(table, (0, metrics))
    n = len(rows)
    series, quality = np.empty(n, np.int32), np.empty(n, np.int16)
    times, source, value = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n)
    historical = np.empty(n, np.uint8)
    count = gather(rows, n, series, times, value, quality, historical, source)
    assert (count, unknown) == (3, 1)
    assert series[:3].tolist() == [1, 2, 4]
    assert times[:3].tolist() == [9, 5, 5]
    assert repr(value[:3].tolist()) == "[1.5, 1.0, nan]"
    assert quality[:3].tolist() == [Quality.GOOD, Quality.STALE, Quality.BAD]
    assert historical[:3].tolist() == [1, 0, 0]
    assert source[:3].tolist() == [0, 1, 3]


def test_hostile_aliases_do_not_make_long_chains() -> None:
    """Aliases that fall into one chain for one seed are spread by another."""
    from lamppost.aggregator.decode.resolve import _slot

    together = [alias for alias in range(60_000) if _slot(1, alias, 1, 1023) == 5]
    spread = {_slot(1, alias, 2, 1023) for alias in together}
    assert len(together) > 30
    assert len(spread) > len(together) // 2
