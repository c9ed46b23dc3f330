"""The values in a foreign node's birth: they are readings, for nothing else tells them.

Our own edges repeat in a birth what their numbered batches carry anyway; a foreign node reports
by exception, so the value at birth may be the only one for a long time.
"""

import math
from collections.abc import Sequence

import numpy as np

from lamppost.aggregator import columns as c
from lamppost.aggregator.nodes.births import Declared
from lamppost.aggregator.nodes.series import SeriesInfo
from lamppost.aggregator.pipeline.judging import Readings
from lamppost.aggregator.spool.frames import TextRow
from lamppost.wire.payload import Metric

MAX_TEXT_CHARS = 8_192
MAX_TIME_MS = 1 << 62


def birth_readings(
    born: Sequence[tuple[SeriesInfo, Declared]], payload_ms: int | None, arrival_ms: int
) -> tuple[Readings, list[TextRow]]:
    """Return the values of a birth as the columns the judge takes, and its texts."""
    rows: list[tuple[int, int, float, int, bool]] = []
    texts: list[TextRow] = []
    for info, declared in born:
        metric = declared.metric
        time_ms = _first_time(metric.timestamp, payload_ms, arrival_ms)
        value = metric.value
        if isinstance(value, str):
            texts.append(TextRow(info.index, time_ms, value[:MAX_TEXT_CHARS]))
        elif isinstance(value, (bool, int, float)):
            historical = bool(metric.is_historical)
            rows.append((info.index, time_ms, float(value), quality_of(metric), historical))
        elif metric.is_null:
            rows.append((info.index, time_ms, math.nan, c.QUALITY_BAD, False))
    columns = list(zip(*rows, strict=True)) if rows else [(), (), (), (), ()]
    readings = Readings(
        np.array(columns[0], np.int32),
        np.array(columns[1], np.int64),
        np.array(columns[2], np.float64),
        np.array(columns[3], np.int16),
        np.array(columns[4], np.uint8),
    )
    return readings, texts


def quality_of(metric: Metric) -> int:
    """The code of the `Quality` property, GOOD when there is none."""
    prop = (metric.properties or {}).get("Quality")
    value = None if prop is None else prop.value
    return min(max(value, 0), 32_767) if isinstance(value, int) else c.QUALITY_GOOD


def _first_time(*times: int | None) -> int:
    return next(t for t in times if t is not None and 0 <= t < MAX_TIME_MS)
