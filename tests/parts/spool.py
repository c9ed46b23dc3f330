"""Reads an aggregator's spool from outside, to count what was judged."""

from pathlib import Path

from lamppost.aggregator.columns import UNJUDGED
from lamppost.aggregator.frames import DataFrame, FrameKind
from lamppost.aggregator.spool import Spool


def judged_rows(data_dir: Path) -> list[tuple[int, int]]:
    """(series, time) of each reading in the spool that went through the judges."""
    rows: list[tuple[int, int]] = []
    spool = Spool(data_dir / "spool")
    for kind, payload, _ in spool.read(spool.first_position):
        if kind is FrameKind.DATA:
            frame = DataFrame.unpack(payload)
            judged = (frame.flags & UNJUDGED) == 0
            rows += zip(
                frame.series[judged].tolist(), frame.time_ms[judged].tolist(), strict=True
            )
    return rows
