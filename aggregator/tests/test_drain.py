"""The drain: everything committed reaches the store, whatever the store does meanwhile."""

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.nodes.series import SeriesInfo, SeriesKey
from lamppost.aggregator.spool.frames import FrameKind, TextRow, pack_json
from lamppost.aggregator.spool.segments import segment_path
from lamppost.aggregator.spool.spool import Spool
from lamppost.aggregator.store.backoff import Backoff
from lamppost.aggregator.store.drain import Drain
from lamppost.aggregator.store.seam import (
    Sample,
    StoreBatch,
    StoreRefused,
    StoreUnreachable,
)
from lamppost.wire.series import PIPELINE
from parts.batches import T0, batch, event, frame, random_batch, series
from parts.shelf import Shelf
from parts.waiting import wait_for

QUICK = Backoff(base_s=0.001, cap_s=0.01)
INFOS = [series(i) for i in range(3)]


@pytest.fixture
def shelf() -> Shelf:
    """An empty store."""
    return Shelf()


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    """A spool with small segments, whose store is the only reader."""
    with Spool(tmp_path / "spool", 10_000, 1_000_000, readers=("store",)) as made:
        yield made


@contextmanager
def draining(spool: Spool, shelf: Shelf, path: Path, **options: Any) -> Iterator[Drain]:
    """A running drain with its cursor in a directory."""
    given = {"unreachable": QUICK, "refused": QUICK} | options
    drain = Drain(spool, shelf, path / "store.cursor", **given)
    drain.start()
    try:
        yield drain
    finally:
        shelf.gate.set()
        assert drain.stop(60.0)


def tell(spool: Spool, *infos: SeriesInfo) -> None:
    """Put series into the spool."""
    for info in infos:
        spool.append(FrameKind.SERIES, pack_json(info.to_json()))


def put(spool: Spool, given: StoreBatch) -> None:
    """Commit a batch's readings as one frame."""
    spool.append(FrameKind.DATA, frame(given).pack())
    spool.commit()


def expected(*given: StoreBatch) -> dict[tuple[SeriesKey, int], float]:
    """What a shelf holds after these batches."""
    rows = itertools.chain.from_iterable(
        zip(one.index.tolist(), one.time_ms.tolist(), one.value.tolist(), strict=True)
        for one in given
    )
    return {(INFOS[index].key, time): value for index, time, value in rows}


def raising(kind: Callable[[str], Exception], count: int) -> list[Exception]:
    """So many exceptions."""
    return [kind(f"no {i}") for i in range(count)]


def test_everything_committed_arrives(spool: Spool, shelf: Shelf, tmp_path: Path) -> None:
    """Readings, texts and events of the spool are in the store, and the figures say so."""
    tell(spool, *INFOS)
    written = random_batch(INFOS, 300)
    with draining(spool, shelf, tmp_path) as drain:
        put(spool, written)
        one = event("e")
        spool.append(FrameKind.EVENT, pack_json({"series": 0} | as_json(one)))
        put(spool, batch(INFOS, texts=[TextRow(1, T0, "on")]))
        assert drain.flush(60.0)
        assert shelf.readings == expected(written)
        assert shelf.texts == ["on"]
        assert shelf.found == {"e": one}
        assert drain.state == "ok"
        assert drain.lag_bytes == 0
        assert drain.stored_readings == 301
        assert drain.stored_events == 1


def as_json(row: Event) -> dict[str, Any]:
    """An event as the pipeline writes it."""
    return {name: getattr(row, name) for name in Event.__dataclass_fields__}


def test_an_event_without_group_gets_its_series_group(
    spool: Spool, shelf: Shelf, tmp_path: Path
) -> None:
    """An event that names only its series is still found under its group."""
    tell(spool, *INFOS)
    document = as_json(event("e"))
    del document["group"]
    with draining(spool, shelf, tmp_path) as drain:
        spool.append(FrameKind.EVENT, pack_json(document | {"series": 2}))
        spool.commit()
        assert drain.flush(60.0)
    assert shelf.found["e"].group == "riverside"


def test_small_frames_are_written_together(spool: Spool, shelf: Shelf, tmp_path: Path) -> None:
    """A backlog of small frames needs few writes, none far beyond the bound."""
    tell(spool, *INFOS)
    for i in range(100):
        put(spool, random_batch(INFOS, 10, T0 + i * 10_000))
    with draining(spool, shelf, tmp_path, max_rows=250) as drain:
        assert drain.flush(60.0)
    assert sum(shelf.batches) == 1000
    assert max(shelf.batches) == 250
    assert len(shelf.batches) == 4


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (StoreUnreachable, "unreachable: no 0"),
        (StoreRefused, "refused: no 0"),
        (RuntimeError, "failing: RuntimeError('no 0')"),
    ],
)
def test_trouble_is_shown_and_outlasted(
    spool: Spool, shelf: Shelf, tmp_path: Path, kind: Callable[[str], Exception], state: str
) -> None:
    """While the store says no the state tells why; when it says yes all is there, once."""
    tell(spool, *INFOS)
    written = random_batch(INFOS, 30)
    put(spool, written)
    shelf.trouble = raising(kind, 50)
    shown: list[str] = []
    running: list[Drain] = []

    def draw() -> float:
        shown.extend(drain.state for drain in running)
        return 0.5

    shelf.gate.clear()
    with draining(spool, shelf, tmp_path, draw=draw) as drain:
        running.append(drain)
        shelf.gate.set()
        assert drain.flush(60.0)
        assert drain.state == "ok"
        assert drain.failures == 0
    assert shown[0] == state
    assert len(shown) == 50
    assert shelf.readings == expected(written)
    assert shelf.batches == [30]


def test_a_store_that_hangs_holds_up_nobody(spool: Spool, shelf: Shelf, tmp_path: Path) -> None:
    """While a write is stuck the spool takes commits, and the lag shows it."""
    tell(spool, *INFOS)
    shelf.gate.clear()
    written = [random_batch(INFOS, 30, T0 + i * 30_000) for i in range(20)]
    with draining(spool, shelf, tmp_path) as drain:
        for one in written:
            put(spool, one)
        assert drain.lag_bytes > 0
        assert not drain.flush(0.0)
        shelf.gate.set()
        assert drain.flush(60.0)
    assert shelf.readings == expected(*written)


def test_a_stopped_drain_goes_on_where_it_was(
    spool: Spool, shelf: Shelf, tmp_path: Path
) -> None:
    """After a restart nothing is missing and what was done is not done again."""
    tell(spool, *INFOS)
    first, second = random_batch(INFOS, 30), random_batch(INFOS, 60, T0 + 10**6)
    with draining(spool, shelf, tmp_path) as drain:
        put(spool, first)
        assert drain.flush(60.0)
    assert drain.state == "stopped"
    put(spool, second)
    with draining(spool, shelf, tmp_path) as drain:
        assert drain.flush(60.0)
    assert shelf.readings == expected(first, second)
    assert shelf.batches == [30, 60]


def test_a_cursor_that_lags_writes_again(spool: Spool, shelf: Shelf, tmp_path: Path) -> None:
    """A killed drain may not have saved its last steps; repeating them changes nothing."""
    tell(spool, *INFOS)
    written = random_batch(INFOS, 30)
    with draining(spool, shelf, tmp_path) as drain:
        put(spool, written)
        assert drain.flush(60.0)
    (tmp_path / "store.cursor").write_text('{"position": 0}')
    with draining(spool, shelf, tmp_path) as drain:
        assert drain.flush(60.0)
    assert shelf.batches == [30, 30]
    assert shelf.readings == expected(written)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"position": -1}', '{"position": "x"}', "\x00" * 20]
)
def test_an_unreadable_cursor_begins_at_the_start(
    spool: Spool, shelf: Shelf, tmp_path: Path, content: str
) -> None:
    """Rather everything twice than anything not at all."""
    tell(spool, *INFOS)
    written = random_batch(INFOS, 30)
    put(spool, written)
    (tmp_path / "store.cursor").write_text(content)
    with draining(spool, shelf, tmp_path) as drain:
        assert drain.flush(60.0)
    assert shelf.readings == expected(written)


def test_a_cursor_beyond_the_end_comes_back(spool: Spool, shelf: Shelf, tmp_path: Path) -> None:
    """With a new spool the old cursor must not make the drain skip what is written next."""
    (tmp_path / "store.cursor").write_text('{"position": 1000000}')
    written = random_batch(INFOS, 30)
    with draining(spool, shelf, tmp_path) as drain:
        tell(spool, *INFOS)
        put(spool, written)
        assert drain.flush(60.0)
    assert shelf.readings == expected(written)


def test_what_is_stored_may_be_dropped(spool: Spool, shelf: Shelf, tmp_path: Path) -> None:
    """Segments go when the store has them and the cursor is on the disk, not before."""
    tell(spool, *INFOS)
    for i in range(20):
        put(spool, random_batch(INFOS, 30, T0 + i * 30_000))
    shelf.gate.clear()
    with draining(spool, shelf, tmp_path) as drain:
        assert spool.first_position == 0
        shelf.gate.set()
        assert drain.flush(60.0)
        wait_for(lambda: spool.first_position > 0, "the spool to be trimmed")
        cursor = json.loads((tmp_path / "store.cursor").read_text())
        assert spool.first_position <= cursor["position"]


def test_series_are_known_after_their_frames_are_gone(
    spool: Spool, shelf: Shelf, tmp_path: Path
) -> None:
    """A drain that starts in the middle of the spool still knows the names of all series."""
    tell(spool, *INFOS)
    for i in range(20):
        put(spool, random_batch(INFOS, 30, T0 + i * 30_000))
    with draining(spool, shelf, tmp_path) as drain:
        assert drain.flush(60.0)
    assert spool.first_position > 0
    late = random_batch(INFOS, 30, T0 + 10**7)
    put(spool, late)
    with draining(spool, shelf, tmp_path) as drain:
        assert drain.flush(60.0)
        assert drain.unknown_rows == 0
    assert expected(late).items() <= shelf.readings.items()


def test_a_series_that_changes_is_kept_as_it_is_now(
    spool: Spool, shelf: Shelf, tmp_path: Path
) -> None:
    """The record of series is compacted at a start, and its newest line counts."""
    with draining(spool, shelf, tmp_path) as drain:
        for high in range(10):
            tell(spool, series(0, high=float(high)))
            spool.commit()
            assert drain.flush(60.0)
    book = tmp_path / "store.cursor.series"
    with book.open("ab") as file:
        file.write(b'\n{"index": 1, "gro')  # cut short by a crash
    Drain(spool, shelf, tmp_path / "store.cursor").stop()
    (line,) = book.read_text().splitlines()
    assert json.loads(line)["high"] == 9.0


def test_a_frame_nobody_understands_is_passed_over(
    spool: Spool, shelf: Shelf, tmp_path: Path
) -> None:
    """Frames of another kind or version are counted, and the ones around them arrive."""
    tell(spool, *INFOS)
    written = random_batch(INFOS, 30)
    for kind in (FrameKind.DATA, FrameKind.EVENT, FrameKind.SERIES):
        spool.append(kind, b"\x09nonsense")
    spool.append(FrameKind.EVENT, pack_json({"id": "e", "onset_ms": "soon"}))
    spool.append(FrameKind.NODE, b"not for stores")
    spool.append(FrameKind.BIRTH, b"not for stores either")
    put(spool, written)
    with draining(spool, shelf, tmp_path) as drain:
        assert drain.flush(60.0)
        assert drain.bad_frames == 4
    assert shelf.readings == expected(written)


def test_readings_without_a_name_are_counted(
    spool: Spool, shelf: Shelf, tmp_path: Path
) -> None:
    """A series whose frame was damaged has no name; its rows are counted, others stored."""
    tell(spool, *INFOS[:2])
    written = random_batch(INFOS, 30)
    put(spool, written)
    put(spool, batch(INFOS, texts=[TextRow(2, T0, "lost"), TextRow(0, T0, "kept")]))
    with draining(spool, shelf, tmp_path) as drain:
        assert drain.flush(60.0)
        assert drain.unknown_rows == 11
        assert drain.stored_readings == 21
    assert shelf.texts == ["kept"]
    assert {key.metric for key, _ in shelf.readings} == {"flow-0", "flow-1"}


def test_a_stop_does_not_wait_for_a_store_that_is_away(
    spool: Spool, shelf: Shelf, tmp_path: Path
) -> None:
    """A drain in the middle of a long wait ends at once, and what it held is still there."""
    tell(spool, *INFOS)
    written = random_batch(INFOS, 30)
    put(spool, written)
    shelf.trouble = raising(StoreUnreachable, 1)
    long = Backoff(base_s=1000.0, cap_s=1000.0)
    with draining(spool, shelf, tmp_path, unreachable=long, draw=lambda: 1.0) as drain:
        wait_for(lambda: drain.failures, "the first failure")
        assert drain.stop(60.0)
    assert shelf.readings == {}
    with draining(spool, shelf, tmp_path) as drain:
        assert drain.flush(60.0)
    assert shelf.readings == expected(written)


def test_a_cursor_that_cannot_be_saved_loses_nothing(
    spool: Spool, shelf: Shelf, tmp_path: Path
) -> None:
    """On a full disk the store is fed all the same, and no segment is dropped."""
    tell(spool, *INFOS)
    (tmp_path / "store.cursor.new").mkdir()  # in the way
    for i in range(20):
        put(spool, random_batch(INFOS, 30, T0 + i * 30_000))
    with draining(spool, shelf, tmp_path) as drain:
        assert drain.flush(60.0)
        assert drain.state == "ok"
    assert len(shelf.readings) == 600
    assert spool.first_position == 0


def test_a_spool_that_cannot_be_read_is_tried_again(
    spool: Spool, shelf: Shelf, tmp_path: Path
) -> None:
    """A read error of the spool's own disk is shown and outlasted like the store's."""
    tell(spool, *INFOS)
    written = random_batch(INFOS, 30)
    put(spool, written)
    path = segment_path(tmp_path / "spool", 0)
    aside = path.rename(tmp_path / "aside")
    path.mkdir()
    with draining(spool, shelf, tmp_path) as drain:
        wait_for(lambda: drain.failures > 3, "some tries")
        assert drain.state.startswith("failing: IsADirectoryError")
        path.rmdir()
        aside.rename(path)
        assert drain.flush(60.0)
        assert drain.state == "ok"
    assert shelf.readings == expected(written)


@given(st.integers(1, 10_000), st.floats(0, 1), st.floats(0, 1e6))
def test_waits_are_jittered_and_capped(failures: int, draw: float, asked_s: float) -> None:
    """A wait is between nothing and the cap, never more, and heeds the server up to the cap."""
    backoff = Backoff(base_s=0.5, cap_s=30.0)
    delay_s = backoff.delay_s(failures, draw, asked_s)
    assert min(asked_s, 30.0) <= delay_s <= 30.0
    assert [backoff.delay_s(n, 1.0) for n in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert backoff.delay_s(failures, 0.0) == 0.0


def test_samples_are_taken_now_and_then(spool: Spool, shelf: Shelf, tmp_path: Path) -> None:
    """Samples go to the store while the spool is idle and between its frames, when due."""
    drain = Drain(spool, shelf, tmp_path / "cursor", unreachable=QUICK)
    taken = itertools.count()
    sample = Sample(PIPELINE, T0, {"host": "h"}, {"nodes": 1})

    def samples() -> list[Sample]:
        next(taken)
        return [sample]

    drain.watch(samples, every_s=0.01)
    drain.start()
    try:
        wait_for(lambda: len(shelf.samples) >= 2, "two samples")
        tell(spool, *INFOS)
        put(spool, random_batch(INFOS, 30))
        assert drain.flush(60.0)
    finally:
        assert drain.stop(60.0)
    assert drain.stored_readings == 30
    assert shelf.samples == [sample] * next(taken)


def test_a_sample_goes_again(spool: Spool, shelf: Shelf, tmp_path: Path) -> None:
    """A store that is away is seen by its samples too, and they come with the next ones."""
    shelf.trouble.append(StoreUnreachable("gone"))
    drain = Drain(spool, shelf, tmp_path / "cursor", unreachable=QUICK)
    numbers = itertools.count()
    drain.watch(lambda: [Sample(PIPELINE, T0, {}, {"nodes": next(numbers)})], every_s=0.001)
    drain.start()
    try:
        wait_for(lambda: shelf.samples != [], "a sample")
        assert [one.fields["nodes"] for one in shelf.samples[:2]] == [0, 1]
        wait_for(lambda: drain.state == "ok", "the store to be well again")
    finally:
        assert drain.stop(60.0)


def test_samples_wait_until_they_are_due(spool: Spool, shelf: Shelf, tmp_path: Path) -> None:
    """However much there is to drain, the next sample is taken when its time has come."""
    drain = Drain(spool, shelf, tmp_path / "cursor", unreachable=QUICK)
    drain.watch(lambda: [Sample(PIPELINE, T0, {}, {"nodes": 1})], every_s=3600.0)
    tell(spool, *INFOS)
    drain.start()
    try:
        for _ in range(3):
            put(spool, random_batch(INFOS, 30))
            assert drain.flush(60.0)
    finally:
        assert drain.stop(60.0)
    assert len(shelf.samples) == 1
