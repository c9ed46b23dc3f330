"""The contract of the store seam, run on every house there is.

SQLite, a real InfluxDB 1.x, and the version 2 client on that same database behind a front that
speaks `/api/v2/write`. With LAMPPOST_INFLUX_URL, LAMPPOST_INFLUX_TOKEN, LAMPPOST_INFLUX_ORG and
LAMPPOST_INFLUX_BUCKET set, also the InfluxDB 2.x or 3 they name, on buckets that keep for ever:
`lamppost influx setup URL --org ORG --city BUCKET --raw-days 0 --ops-days 0` makes them.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from lamppost.aggregator.spool.frames import TextRow
from lamppost.aggregator.store.deadletter import DeadLetters
from lamppost.aggregator.store.http import Server
from lamppost.aggregator.store.influx1 import Influx1Store
from lamppost.aggregator.store.influx2 import Influx2Store
from lamppost.aggregator.store.retention import RetentionRule
from lamppost.aggregator.store.seam import MAX_READ_ROWS, Store
from lamppost.aggregator.store.sqlite import SqliteStore
from parts.batches import T0, batch, event, random_batch, series
from parts.influx_front import TOKEN, running_front

END = T0 + 10**10
NAN = float("nan")


HOUSES = ["sqlite", "influx1", "influx2"]
if "LAMPPOST_INFLUX_URL" in os.environ:
    HOUSES.append("server")


@pytest.fixture(params=HOUSES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    dead = DeadLetters(tmp_path / "dead")
    name = f"t{uuid.uuid4().hex}"
    if request.param == "sqlite":
        house = SqliteStore(tmp_path / "readings.db", RetentionRule(), clock_ms=lambda: T0)
        with closing(house) as made:
            yield made
    elif request.param == "influx1":
        url = request.getfixturevalue("influx").url
        with closing(Influx1Store(Server(url), name, dead)) as made:
            yield made
    elif request.param == "influx2":
        influx = request.getfixturevalue("influx")
        first = Influx1Store(Server(influx.url), name, dead)
        with closing(first):
            # Made with a reading and an event nobody asks for: the front makes no databases.
            maker = series(node="nobody at all")
            first.write(batch([maker], [0], [T0], [0.0], events=[event("maker", T0 - 10)]))
        with (
            running_front(influx.url) as front,
            closing(Influx2Store(Server(front.url), "o", name, TOKEN, dead)) as made,
        ):
            yield made
    else:
        yield from _server_of_the_environment(dead)
    assert dead.count == 0


def _server_of_the_environment(dead: DeadLetters) -> Iterator[Store]:
    url = os.environ["LAMPPOST_INFLUX_URL"]
    org = os.environ.get("LAMPPOST_INFLUX_ORG", "lamppost")
    bucket = os.environ.get("LAMPPOST_INFLUX_BUCKET", "lamppost")
    token = os.environ.get("LAMPPOST_INFLUX_TOKEN", "")
    with closing(Influx2Store(Server(url), org, bucket, token, dead)) as made:
        yield made


@pytest.fixture
def node() -> str:
    """A node name of this test alone, because a server of the environment is not emptied."""
    return f"node-{uuid.uuid4().hex}"


def test_what_was_written_is_read_back_exactly(store: Store, node: str) -> None:
    """Value, verdict and flags of each reading come back as the very numbers written."""
    infos = [series(i, node=node) for i in range(3)]
    written = random_batch(infos, 60)
    store.write(written)
    for info in infos:
        mine = written.index == info.index
        read = store.read(info.key, T0, END, 0)
        np.testing.assert_array_equal(read.time_ms, written.time_ms[mine])
        np.testing.assert_array_equal(read.flags, written.flags[mine])
        for name in ("value", "expected", "low", "high"):
            column = getattr(written, name)[mine]
            np.testing.assert_array_equal(getattr(read, name).astype(column.dtype), column)
        assert not read.truncated


@pytest.mark.parametrize(
    "value", [0.1, -0.0, 1e300, -1e-300, 5e-324, 2.0**53 + 2, 1.0, 123456789.123456789]
)
def test_values_are_lossless(store: Store, node: str, value: float) -> None:
    """No digit of a value is lost on the way."""
    info = series(node=node)
    store.write(batch([info], [0], [T0], [value]))
    assert store.read(info.key, T0, END, 0).value.tolist() == [value]


def test_what_is_no_number_is_absent(store: Store, node: str) -> None:
    """NaN and infinities read back as NaN, and a reading without any number is still a row."""
    info = series(node=node)
    values = [NAN, float("inf"), float("-inf"), 4.0]
    store.write(batch([info], [0] * 4, range(T0, T0 + 4), values, flags=[16, 1, 1, 0]))
    read = store.read(info.key, T0, END, 0)
    np.testing.assert_array_equal(read.value, [NAN, NAN, NAN, 4.0])
    assert np.isnan(read.expected).all()
    assert read.flags.tolist() == [16, 1, 1, 0]


def test_writing_again_changes_nothing(store: Store, node: str) -> None:
    """The same batch twice is the same store, so a drain may repeat what it is not sure of."""
    info = series(node=node)
    written = random_batch([info], 50)
    for _ in range(2):
        store.write(written)
    read = store.read(info.key, T0, END, 0)
    np.testing.assert_array_equal(read.time_ms, written.time_ms)
    np.testing.assert_array_equal(read.value, written.value)


def test_the_latest_write_wins(store: Store, node: str) -> None:
    """A reading of the same series and time replaces the one before, also within a batch."""
    info = series(node=node)
    expected = [1.0, 2.0]
    store.write(batch([info], [0, 0], [T0, T0], [10.0, 20.0], expected=expected, flags=[1, 2]))
    assert store.read(info.key, T0, END, 0).value.tolist() == [20.0]
    store.write(batch([info], [0], [T0], [30.0], expected=[3.0], flags=[4]))
    read = store.read(info.key, T0, END, 0)
    assert read.value.tolist() == [30.0]
    assert read.expected.tolist() == [3.0]
    assert read.flags.tolist() == [4]


def test_a_window_is_half_open(store: Store, node: str) -> None:
    """The first time belongs to the window, the last one does not."""
    info = series(node=node)
    store.write(batch([info], [0] * 4, range(T0, T0 + 4), [0.0, 1.0, 2.0, 3.0]))
    assert store.read(info.key, T0 + 1, T0 + 3, 0).value.tolist() == [1.0, 2.0]
    assert len(store.read(info.key, T0 + 1, T0 + 1, 0)) == 0


def test_rows_come_in_order_of_time(store: Store, node: str) -> None:
    """Late readings are sorted in, wherever they arrived."""
    info = series(node=node)
    store.write(batch([info], [0, 0], [T0 + 5, T0 + 1], [5.0, 1.0]))
    store.write(batch([info], [0], [T0 + 3], [3.0]))
    assert store.read(info.key, T0, END, 0).value.tolist() == [1.0, 3.0, 5.0]


def test_buckets(store: Store, node: str) -> None:
    """A bucket starts at a multiple of the step and has means and all flags; none is empty."""
    info = series(node=node)
    times = [T0 + 1, T0 + 500, T0 + 999, T0 + 3000, T0 + 3001]
    store.write(
        batch(
            [info],
            [0] * 5,
            times,
            [1.0, 2.0, 6.0, NAN, NAN],
            expected=[1.0, NAN, 3.0, NAN, NAN],
            low=[0.0, 1.0, 2.0, NAN, NAN],
            high=[2.0, 3.0, 4.0, NAN, NAN],
            flags=[1, 4, 1, 64, 16],
        )
    )
    read = store.read(info.key, T0 + 1, END - END % 1000, 2_000_000)
    assert read.time_ms.tolist() == [T0 - T0 % 2_000_000]
    read = store.read(info.key, T0 + 1, T0 + 5000, 1000)
    assert read.time_ms.tolist() == [T0, T0 + 3000]
    np.testing.assert_array_equal(read.value, [3.0, NAN])
    np.testing.assert_array_equal(read.expected, [2.0, NAN])
    np.testing.assert_array_equal(read.low, [1.0, NAN])
    np.testing.assert_array_equal(read.high, [3.0, NAN])
    assert read.flags.tolist() == [5, 80]


def test_reading_is_bounded(store: Store, node: str) -> None:
    """A window with too many rows gives the oldest and says that there are more."""
    info = series(node=node)
    store.write(random_batch([info], MAX_READ_ROWS + 1))
    read = store.read(info.key, T0, END, 0)
    assert len(read) == MAX_READ_ROWS
    assert read.truncated
    assert read.time_ms[0] == T0
    again = store.read(info.key, T0 + 1, END, 0)
    assert len(again) == MAX_READ_ROWS
    assert not again.truncated


@pytest.mark.parametrize("window", [(T0, T0 - 1, 0), (T0, T0 + 1, -1), (0, T0, 1000)])
def test_a_window_that_is_none_is_refused(store: Store, window: tuple[int, int, int]) -> None:
    """A window that ends before it starts, or has too many buckets, is a ValueError."""
    with pytest.raises(ValueError, match=r"came, .*(allowed|must)"):
        store.read(series().key, *window)


def test_an_unknown_series_is_empty(store: Store) -> None:
    """A series or a store that was never written has no rows, and that is no error."""
    key = series(node="nobody").key
    for step_ms in (0, 60_000):
        read = store.read(key, T0, T0 + 60_000, step_ms)
        assert len(read) == 0
        assert read.texts == ()
        assert not read.truncated
    assert store.events(0, 1) == ()


def test_texts(store: Store, node: str) -> None:
    """Text values are kept beside the numbers, in order, the latest of a time winning."""
    info = series(node=node)
    nasty = 'a "quoted", back\\slashed\\ line\nand ünïcode = 漢 \\'
    rows = [TextRow(0, T0 + 9, nasty), TextRow(0, T0, "off"), TextRow(0, T0, "on")]
    store.write(batch([info], texts=rows))
    read = store.read(info.key, T0, END, 0)
    assert read.texts == ((T0, "on"), (T0 + 9, nasty))
    assert len(read) == 0
    assert store.read(info.key, T0, T0 + 9, 1000).texts == ((T0, "on"),)


NASTY = [
    "a,b",
    "a b",
    "a=b",
    'a"b',
    "a'b",
    "a\\",
    "\\",
    "a\\,b",
    "a\nb",
    "#a",
    "Pumpe Süd 漢字 🏙",
    "100 %",
    "%41",
    "x" * 200,
    " lead and trail ",
    "a/b/c",
    "{a}%s%d",
    "time",
]


def test_names_of_any_kind(store: Store, node: str) -> None:
    """Names with separators, quotes, control characters or other scripts stay themselves."""
    infos = [
        series(i, node=node, group=name, device=name, metric=name)
        for i, name in enumerate(NASTY)
    ]
    rows = range(len(NASTY))
    store.write(batch(infos, rows, [T0] * len(NASTY), [float(i) for i in rows]))
    for info in infos:
        assert store.read(info.key, T0, END, 0).value.tolist() == [float(info.index)], info


def test_a_metric_of_the_node_itself(store: Store, node: str) -> None:
    """A series without a device is not mixed up with the same metric of a device."""
    own = series(0, node=node, device="", metric="m")
    other = series(1, node=node, device="d", metric="m")
    store.write(batch([own, other], [0, 1], [T0, T0], [1.0, 2.0]))
    assert store.read(own.key, T0, END, 0).value.tolist() == [1.0]
    assert store.read(other.key, T0, END, 0).value.tolist() == [2.0]


def test_numbers_of_series_may_change(store: Store, node: str) -> None:
    """Rows belong to a series' name; a new spool may number the series differently."""
    first, second = series(0, node=node, metric="a"), series(1, node=node, metric="b")
    store.write(batch([first, second], [0, 1], [T0, T0], [1.0, 2.0]))
    first, second = series(1, node=node, metric="a"), series(0, node=node, metric="b")
    store.write(batch([first, second], [1, 0], [T0 + 1, T0 + 1], [10.0, 20.0]))
    assert store.read(first.key, T0, END, 0).value.tolist() == [1.0, 10.0]
    assert store.read(second.key, T0, END, 0).value.tolist() == [2.0, 20.0]


def test_events_are_read_back_latest_first(store: Store) -> None:
    """An event comes back with all its facts, the latest onset first."""
    onset_ms = T0 + uuid.uuid4().int % 10**9 * 10  # a time of this test's own
    nasty = event(
        "b", onset_ms + 1, group="g, =", node="\\", device="", channel="a\nb", value=None
    )
    first = event(
        "a", onset_ms, expected=1.5, low=-1.0, high=2.0, incident="i-7", peak_ms=onset_ms + 5,
        of="apart", count=3, contributors=(('flow "a", b', 0.62), ("c", 0.3)),
    )  # fmt: skip
    rows = [first, nasty]
    store.write(batch([], events=rows))
    assert store.events(onset_ms, onset_ms + 2) == tuple(reversed(rows))
    assert store.events(onset_ms, onset_ms + 1) == (rows[0],)


def test_an_event_that_ends_is_one_event(store: Store) -> None:
    """The later state of an event replaces the earlier one, within a batch and after it."""
    onset_ms = T0 + 5 + uuid.uuid4().int % 10**9 * 10
    started = event("a", onset_ms, severity=0.5)
    worse = event("a", onset_ms, severity=0.9)
    ended = event(
        "a", onset_ms, severity=0.9, end_ms=onset_ms + 60_000, reason="it moves again"
    )
    store.write(batch([], events=[started, worse]))
    assert store.events(onset_ms, onset_ms + 1) == (worse,)
    store.write(batch([], events=[ended]))
    assert store.events(onset_ms, onset_ms + 1) == (ended,)


def test_an_event_that_comes_again_is_open(store: Store) -> None:
    """An end that was taken back is gone, although a database keeps fields it once had."""
    onset_ms = T0 + 7 + uuid.uuid4().int % 10**9 * 10
    again = event("a", onset_ms, severity=0.8)
    store.write(batch([], events=[event("a", onset_ms, end_ms=onset_ms + 1000)]))
    store.write(batch([], events=[again]))
    assert store.events(onset_ms, onset_ms + 1) == (again,)
