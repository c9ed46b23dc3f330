"""The Numenta Anomaly Benchmark's corpus as arrays: series, windows, labels."""

import argparse
import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PROBATION_SHARE = 0.15
PROBATION_ROWS = 5_000  # beyond so many rows the probation grows no longer
WINDOWS = Path("labels") / "combined_windows.json"
LABELS = Path("labels") / "combined_labels.json"


@dataclass(frozen=True, slots=True)
class Series:
    """One file: its readings, the row windows to find (last row included), and the labels."""

    name: str
    stamps: tuple[str, ...]
    time_ms: NDArray[np.int64]
    value: NDArray[np.float64]
    windows: tuple[tuple[int, int], ...]
    labels: tuple[int, ...]

    @property
    def probation(self) -> int:
        """Rows at the start that are not scored."""
        return int(PROBATION_SHARE * min(len(self.value), PROBATION_ROWS))


def corpus_with(*needed: Path) -> Callable[[str], Path]:
    """For argparse: a folder that has these files of the corpus."""

    def folder(text: str) -> Path:
        for path in needed:
            if not (Path(text) / path).is_file():
                raise argparse.ArgumentTypeError(
                    f"came {text}, which has no {path}; allowed: a folder in NAB's layout"
                )
        return Path(text)

    return folder


def load(root: Path) -> list[Series]:
    """Read the corpus, from a checkout of NAB or from its `data` with `labels` beside.

    Raises:
        FileNotFoundError: no NAB corpus there.
        ValueError: a file that is none of its own.
    """
    windows = json.loads((root / WINDOWS).read_text())
    labels = json.loads((root / LABELS).read_text())
    base = root / "data" if (root / "data").is_dir() else root
    return [_series(base, name, windows[name], labels[name]) for name in sorted(windows)]


def _series(root: Path, name: str, windows: list[list[str]], labels: list[str]) -> Series:
    with (root / name).open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    time_ms = np.array([_ms(row[0]) for row in rows], np.int64)
    return Series(
        name,
        tuple(row[0] for row in rows),
        time_ms,
        np.array([float(row[1]) for row in rows]),
        tuple(_rows(time_ms, _ms(first), _ms(last)) for first, last in windows),
        tuple(int(np.argmax(time_ms >= _ms(stamp))) for stamp in labels),
    )


def _rows(time_ms: NDArray[np.int64], first: int, last: int) -> tuple[int, int]:
    inside = np.flatnonzero((time_ms >= first) & (time_ms <= last))
    return int(inside[0]), int(inside[-1])


def _ms(stamp: str) -> int:
    return int(datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp() * 1000)
