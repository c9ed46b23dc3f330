"""Warming: all kernels compiled, or loaded from the cache, before the first reading.

A cold start compiles for tens of seconds on a small machine; `progress` is there to say so.
Processes that start together wait for one another, because Numba does not expect two of them
to compile into one cache at the same time.
"""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from lamppost.aggregator import columns as c
from lamppost.aggregator import jit
from lamppost.aggregator.alarms.transitions import WIDTH, find_transitions
from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.decode.payloads import decode_batch, join
from lamppost.aggregator.decode.resolve import FIRST_CAPACITY, AliasTable, gather, resolve
from lamppost.aggregator.judge.group_hours import Hours
from lamppost.aggregator.judge.groups import Groups
from lamppost.aggregator.judge.judge import Judge
from lamppost.aggregator.nodes.series import SeriesInfo
from lamppost.aggregator.pipeline.latest import Latest
from lamppost.aggregator.rollup.windows import State
from lamppost.aggregator.spool.frames import COLUMNS
from lamppost.aggregator.store.lineprotocol import Lines
from lamppost.aggregator.store.seam import StoreBatch
from lamppost.wire.datatypes import DataType

Progress = Callable[[int, int, str], None]

LOCK = "warming.lock"
TIME_MS = 1_700_000_000_000
PAYLOAD = bytes([0x12, 0x04, 0x10, 0x01, 0x58, 0x07, 0x18, 0x00])  # one metric, and seq 0


def warm(progress: Progress | None = None) -> float:
    """Compile or load all kernels; safe when several processes start at once.

    Args:
        progress: called with (done, of how many, what comes next).

    Returns:
        Seconds it took.
    """
    began = time.monotonic()
    steps = (
        ("decoder", _decoder),
        ("alias table", _aliases),
        ("judge", _judge),
        ("transitions", _transitions),
        ("lines", _lines),
        ("windows", _windows),
        ("last values", _latest),
    )
    with _alone(jit.cache_dir()):
        for done, (name, step) in enumerate(steps):
            if progress is not None:
                progress(done, len(steps), name)
            step()
    if progress is not None:
        progress(len(steps), len(steps), "")
    return time.monotonic() - began


@contextmanager
def _alone(directory: Path | None) -> Iterator[None]:
    if directory is None:
        yield
        return
    with (directory / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _decoder() -> None:
    joined, offsets = join([PAYLOAD])
    rows = np.empty((1, c.WIDTH), np.int64)
    messages = np.empty((1, c.MSG_WIDTH), np.int64)
    decode_batch(joined, offsets, rows, messages)


def _aliases() -> None:
    table = AliasTable()
    for alias in range(1, FIRST_CAPACITY):  # until it has to grow
        table.put(0, alias, 0)
    table.put_name(0, "warm", 0)
    table.get(0, 1)
    joined, offsets = join([PAYLOAD])
    rows = np.empty((1, c.WIDTH), np.int64)
    messages = np.empty((1, c.MSG_WIDTH), np.int64)
    decode_batch(joined, offsets, rows, messages)
    resolve(rows, 1, np.zeros(1, np.int32), joined, table.cells, table.seed)
    gather(
        rows,
        1,
        np.empty(1, np.int32),
        np.empty(1, np.int64),
        np.empty(1),
        np.empty(1, np.int16),
        np.empty(1, np.uint8),
        np.empty(1, np.int64),
    )


def _judge() -> None:
    judge = Judge()
    judge.add_series(0, None, None, None, c.NUMERIC)
    judge.update(
        np.zeros(1, np.int32),
        np.full(1, TIME_MS),
        np.ones(1),
        np.full(1, c.QUALITY_GOOD, np.int16),
        np.zeros(1, np.uint8),
        TIME_MS,
        Verdicts.empty(1),
    )
    judge.sweep(TIME_MS)
    groups, hours = Groups(), Hours()
    groups.join(groups.add_group(), 0)
    hours.add(0)
    for learner in (groups, hours):
        learner.update(
            np.zeros(1, np.int32), np.full(1, TIME_MS), np.ones(1), np.zeros(1, np.uint32)
        )


def _lines() -> None:
    info = SeriesInfo(0, "g", "n", "d", "m", DataType.DOUBLE)
    columns: dict[str, Any] = {name: np.zeros(1, kind) for name, kind in COLUMNS}
    del columns["series"]
    Lines().of(StoreBatch({0: info}, np.zeros(1, np.int32), **columns))


def _latest() -> None:
    latest = Latest()
    latest.grow(1)
    latest.take(np.zeros(1, np.int32), np.full(1, TIME_MS), np.ones(1), Verdicts.empty(1))


def _windows() -> None:
    state = State(1)
    none = np.zeros(1, np.uint32)
    state.take(np.zeros(1, np.int32), np.full(1, TIME_MS), np.ones(1), none)
    state.close(TIME_MS)


def _transitions() -> None:
    verdicts = Verdicts.empty(1)
    find_transitions(
        np.zeros(1, np.int32),
        np.ones(1),
        verdicts.flags,
        verdicts.severity,
        np.zeros((1, WIDTH)),
        np.empty(1, np.int64),
        np.empty(1),
    )
