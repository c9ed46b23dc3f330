"""Counts from outside what an aggregator has judged and stored."""

import sqlite3
from contextlib import closing
from pathlib import Path

from lamppost.aggregator.columns import UNJUDGED
from lamppost.aggregator.spool.frames import DataFrame, FrameKind
from lamppost.aggregator.spool.spool import Spool


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


def rows_in_store(data_dir: Path) -> int:
    """Readings in the embedded store."""
    with closing(sqlite3.connect(f"file:{data_dir}/readings.db?mode=ro", uri=True)) as store:
        return int(store.execute("SELECT count(*) FROM readings").fetchone()[0])
