"""Batches for stores, and what they must read back as."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.nodes.series import SeriesInfo
from lamppost.aggregator.spool.frames import DataFrame, TextRow
from lamppost.aggregator.store.seam import StoreBatch
from lamppost.wire.datatypes import DataType

T0 = 1_767_225_600_000  # 2026-01-01
COLUMNS = ("value", "flags", "expected", "low", "high", "score", "severity", "p")


def series(index: int = 0, **facts: Any) -> SeriesInfo:
    """A series of a pump station."""
    given: dict[str, Any] = {
        "group": "riverside",
        "node": "pump-station-1",
        "device": "pump-1",
        "metric": f"flow-{index}",
        "datatype": DataType.DOUBLE,
        "unit": "L/s",
    }
    return SeriesInfo(index=index, **(given | facts))


def event(event_id: str, onset_ms: int = T0, **facts: Any) -> Event:
    """An event of a pump."""
    given: dict[str, Any] = {
        "group": "riverside",
        "node": "pump-station-1",
        "device": "pump-1",
        "channel": "flow-0",
        "event_class": "sensor_fault",
        "kind": "stuck",
        "detected_ms": onset_ms + 500,
        "end_ms": None,
        "severity": 0.75,
        "value": 3.5,
        "expected": None,
        "low": None,
        "high": None,
        "unit": "L/s",
        "reason": 'flow-0 stood at 3.5 L/s; "stuck"',
    }
    return Event(id=event_id, onset_ms=onset_ms, **(given | facts))


def batch(
    infos: Sequence[SeriesInfo],
    index: Sequence[int] = (),
    time_ms: Sequence[int] = (),
    value: Sequence[float] = (),
    texts: Sequence[TextRow] = (),
    events: Sequence[Event] = (),
    **columns: Sequence[float],
) -> StoreBatch:
    """A batch of given values; verdict columns that are not given are NaN, and no flags."""
    rows = len(index)
    given: dict[str, Any] = {"value": value, "flags": [0] * rows} | columns
    filled: dict[str, Any] = {
        name: np.array(
            given.get(name, [np.nan] * rows),
            {"value": np.float64, "flags": np.uint32}.get(name, np.float32),
        )
        for name in COLUMNS
    }
    return StoreBatch(
        {info.index: info for info in infos},
        np.array(index, np.int32),
        np.array(time_ms, np.int64),
        **filled,
        texts=tuple(texts),
        events=tuple(events),
    )


def random_batch(infos: Sequence[SeriesInfo], rows: int, start_ms: int = T0) -> StoreBatch:
    """Readings of all series in turn, a second apart, with verdicts."""
    rng = np.random.default_rng(rows)
    count = len(infos)
    columns: dict[str, Any] = {
        name: rng.normal(size=rows) for name in COLUMNS if name not in ("value", "flags")
    }
    return batch(
        infos,
        [infos[row % count].index for row in range(rows)],
        [start_ms + row // count * 1000 for row in range(rows)],
        rng.normal(size=rows).tolist(),
        flags=rng.integers(0, 256, rows).tolist(),
        **columns,
    )


def frame(given: StoreBatch) -> DataFrame:
    """The data frame of a batch."""
    return DataFrame(
        deliveries=(),
        series=given.index,
        time_ms=given.time_ms,
        texts=tuple(given.texts),
        **{name: getattr(given, name) for name in COLUMNS},
    )
