"""After an outage: live readings first, the backlog beside them, and nothing lost or undone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lamppost.aggregator.nodes.series import SeriesInfo
from lamppost.aggregator.rollup.windows import HOUR_MS, Windows
from lamppost.aggregator.spool.frames import FrameKind, pack_json
from lamppost.aggregator.spool.spool import Spool
from lamppost.aggregator.store import collect
from lamppost.aggregator.store.backoff import Backoff
from lamppost.aggregator.store.cursor import Cursor
from lamppost.aggregator.store.drain import Drain
from lamppost.aggregator.store.seam import StoreBatch, StoreUnreachable, WindowRows
from lamppost.wire.series import WINDOWS
from parts.batches import T0, event, frame, random_batch, series
from parts.shelf import Shelf
from parts.waiting import wait_for

QUICK = Backoff(base_s=0.001, cap_s=0.01)
INFOS = [series(i) for i in range(3)]
BACKLOG = 40
LIVE = 10
ROWS = 30


class SlowShelf(Shelf):
    """A shelf that tells a test what it is about to keep.

    Attributes:
        told: called with each batch before it is kept.
    """

    def __init__(self) -> None:
        super().__init__()
        self.told: Callable[[StoreBatch], object] = len

    def write(self, given: StoreBatch) -> None:
        """Tell, then keep."""
        self.told(given)
        super().write(given)


@pytest.fixture
def shelf() -> SlowShelf:
    """An empty store."""
    return SlowShelf()


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    """A spool that keeps everything."""
    with Spool(tmp_path / "spool", 100_000, 50_000_000) as made:
        tell(made, *INFOS)
        yield made


def tell(spool: Spool, *infos: SeriesInfo) -> None:
    """Commit series."""
    for info in infos:
        spool.append(FrameKind.SERIES, pack_json(info.to_json()))
    spool.commit()


def readings(step: int) -> StoreBatch:
    """The readings of a stretch of time."""
    return random_batch(INFOS, ROWS, T0 + step * ROWS * 1000)


def put(spool: Spool, *steps: int) -> None:
    """Commit readings, a frame a step."""
    for step in steps:
        spool.append(FrameKind.DATA, frame(readings(step)).pack())
        spool.commit()


def put_event(spool: Spool, **facts: Any) -> None:
    """Commit an event."""
    spool.append(FrameKind.EVENT, pack_json(asdict(event("e", **facts))))
    spool.commit()


def made(spool: Spool, shelf: Shelf, path: Path, **options: Any) -> Drain:
    """A drain that goes ahead at once, and writes a frame at a time."""
    given: dict[str, Any] = {
        "unreachable": QUICK,
        "refused": QUICK,
        "max_rows": ROWS,
        "ahead_bytes": 3000,
    }
    return Drain(spool, shelf, path / "store.cursor", **(given | options))


@contextmanager
def draining(spool: Spool, shelf: Shelf, path: Path, **options: Any) -> Iterator[Drain]:
    """A running drain."""
    drain = made(spool, shelf, path, **options)
    drain.start()
    try:
        yield drain
    finally:
        assert drain.stop(60.0)


def drained(drain: Drain) -> None:
    """Wait until nothing is left, also of what comes during the drain."""
    wait_for(lambda: drain.lag_bytes == 0, "the end of the drain")


def step_of(given: StoreBatch) -> int:
    """Which step's readings these are; -1 without readings."""
    return int(given.time_ms[0] - T0) // (ROWS * 1000) if len(given) else -1


def whole(*steps: int) -> dict[Any, float]:
    """What a shelf holds after these steps."""
    found = {}
    for one in map(readings, steps):
        for index, time_ms, value in zip(one.index, one.time_ms, one.value, strict=True):
            found[INFOS[int(index)].key, int(time_ms)] = float(value)
    return found


def with_live(spool: Spool, shelf: SlowShelf) -> list[int]:
    """Let a live step come with each write of the backlog; return the list of all writes."""
    order: list[int] = []
    live = iter(range(BACKLOG, BACKLOG + LIVE))

    def told(given: StoreBatch) -> None:
        order.append(step_of(given))
        for step in live if step_of(given) < BACKLOG else ():
            put(spool, step)
            return

    shelf.told = told
    return order


def test_live_readings_wait_for_one_write(
    spool: Spool, shelf: SlowShelf, tmp_path: Path
) -> None:
    """What comes during a drain is written next, the backlog in order beside it, all once."""
    put(spool, *range(BACKLOG))
    order = with_live(spool, shelf)
    with draining(spool, shelf, tmp_path) as drain:
        drained(drain)
        assert drain.head == drain.position == spool.position
    backlog = [step for step in order if step < BACKLOG]
    live = [step for step in order if step >= BACKLOG]
    assert backlog == sorted(backlog) == list(range(BACKLOG))
    assert live == list(range(BACKLOG, BACKLOG + LIVE))
    # From the second write on, what came during one write is the one after it.
    ahead = order[order.index(BACKLOG) :]
    assert ahead.index(BACKLOG + LIVE - 1) <= 2 * LIVE
    assert shelf.readings == whole(*range(BACKLOG + LIVE))


def test_series_of_the_backlog_are_known(
    spool: Spool, shelf: SlowShelf, tmp_path: Path
) -> None:
    """Live readings of a series that only the backlog tells of have their name, the newest."""
    put(spool, *range(10))
    late = series(7, metric="late")
    tell(spool, late)
    put(spool, *range(10, BACKLOG))
    tell(spool, replace(late, high=9.0))
    order = with_live(spool, shelf)
    with draining(spool, shelf, tmp_path) as drain:
        wait_for(lambda: BACKLOG in order, "a live write")
        one = random_batch([late], ROWS, T0 + 10**9)
        spool.append(FrameKind.DATA, frame(one).pack())
        spool.commit()
        drained(drain)
        assert drain.unknown_rows == 0
    assert {key.metric for key, _ in shelf.readings} == {"flow-0", "flow-1", "flow-2", "late"}
    again = made(spool, shelf, tmp_path)
    assert again._book.get(7) == replace(late, high=9.0)


def test_an_outage_in_the_middle_of_a_drain(
    spool: Spool, shelf: SlowShelf, tmp_path: Path
) -> None:
    """A second outage leaves a second gap; in the end all is there, and nothing twice."""
    put(spool, *range(BACKLOG))
    order = with_live(spool, shelf)
    with draining(spool, shelf, tmp_path) as drain:
        wait_for(lambda: len(order) > 10, "some writes")
        shelf.trouble = [StoreUnreachable("gone")] * 30
        put(spool, *range(60, 90))
        drained(drain)
    assert shelf.readings == whole(*range(BACKLOG + LIVE), *range(60, 90))
    assert len(shelf.batches) == BACKLOG + LIVE + 30


def test_an_old_event_does_not_undo_a_new_one(
    spool: Spool, shelf: SlowShelf, tmp_path: Path
) -> None:
    """An event that began in the backlog and ended live is not opened again by the backlog."""
    put(spool, *range(BACKLOG - 1))
    put_event(spool)
    put(spool, BACKLOG - 1)
    ends: list[int | None] = []

    def told(given: StoreBatch) -> None:
        ends.extend(one.end_ms for one in given.events)
        if step_of(given) == 2:
            put_event(spool, end_ms=T0 + 99)

    shelf.told = told
    with draining(spool, shelf, tmp_path) as drain:
        drained(drain)
    assert ends == [T0 + 99]


@pytest.mark.parametrize("crowded", [False, True], ids=["recalled", "too many events"])
def test_a_restart_in_the_middle(
    spool: Spool,
    shelf: SlowShelf,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    crowded: bool,
) -> None:
    """Gaps are kept on disk: the rest is filled after a restart, new events stay as they are.

    When there are more events than a drain remembers, it goes in order, which needs no memory.
    """
    if crowded:
        monkeypatch.setattr(collect, "MAX_NEWER", 0)
    put(spool, *range(BACKLOG - 1))
    put_event(spool)
    put(spool, BACKLOG - 1)
    drain = made(spool, shelf, tmp_path)
    order: list[int] = []

    def told(given: StoreBatch) -> None:
        order.append(step_of(given))
        if len(order) == 3:
            put_event(spool, end_ms=T0 + 99)
            put(spool, BACKLOG)
        if step_of(given) == BACKLOG:
            drain._stopping.set()

    shelf.told = told
    drain.start()
    wait_for(lambda: drain.state == "stopped", "the stop")
    kept = Cursor(tmp_path / "store.cursor").load()
    assert [stop > start for start, stop in kept.gaps] == [True]
    before = len(shelf.batches)
    shelf.told = len
    with draining(spool, shelf, tmp_path) as again:
        assert again.position >= kept.position > 0
        drained(again)
    assert shelf.found["e"].end_ms == T0 + 99
    assert shelf.readings == whole(*range(BACKLOG + 1))
    if not crowded:
        assert len(shelf.batches) - before < BACKLOG


def of_windows(rows: list[WindowRows]) -> dict[tuple[str, int, int], tuple[float, ...]]:
    """Windows by measurement, series and start; each may come once."""
    found = {}
    for one in rows:
        for i, index in enumerate(one.index.tolist()):
            key = one.measurement.name, index, int(one.start_ms[i])
            assert key not in found
            found[key] = tuple(float(column[i]) for _, column in sorted(one.columns.items()))
    return found


def test_windows_see_all_in_order(spool: Spool, shelf: SlowShelf, tmp_path: Path) -> None:
    """Windows are the same as without an outage, though the store was filled live first."""
    day = 86_400_000
    hour = T0 + 10_000 * day  # of a far day, so that no clock but their own closes them
    parts = [random_batch(INFOS, 300, hour + step * 100_000) for step in range(60)]
    parts.append(random_batch(INFOS, 3, hour + 10 * HOUR_MS))
    for part in parts[:40]:
        spool.append(FrameKind.DATA, frame(part).pack())
        spool.commit()
    rest = iter(parts[40:])

    def told(given: StoreBatch) -> None:
        for part in rest if len(given) else ():
            spool.append(FrameKind.DATA, frame(part).pack())
            spool.commit()
            return

    shelf.told = told
    windows = Windows(tmp_path / "windows.npz", shelf.read)
    with draining(spool, shelf, tmp_path, windows=windows, max_rows=300) as drain:
        wait_for(lambda: len(shelf.batches) >= 60, "all to be there")
        drained(drain)
        wait_for(lambda: windows_end(shelf) == hour + HOUR_MS, "the windows")
    plain, wanted = Windows(tmp_path / "other.npz", shelf.read), []
    for part in parts:
        wanted += plain.take(part)
    assert of_windows(shelf.windows) == of_windows(wanted)


def windows_end(shelf: Shelf) -> int:
    """When the last window of an hour began that the shelf has; 0 without one."""
    hours = [one for one in shelf.windows if one.measurement is WINDOWS[HOUR_MS]]
    return int(np.concatenate([np.zeros(1), *(one.start_ms for one in hours)]).max())
