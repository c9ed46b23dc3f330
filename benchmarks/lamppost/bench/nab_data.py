"""The Numenta Anomaly Benchmark's corpus as arrays: series, windows, labels."""

import argparse
import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamppost.bench.wrong import WrongDataError

PROBATION_SHARE = 0.15
PROBATION_ROWS = 5_000  # beyond so many rows the probation grows no longer
MIN_ROWS = 10  # fewer leave nothing behind the probation
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


@dataclass(frozen=True, slots=True)
class Readings:
    """The rows of one file: stamps as they are written, and as UTC ms."""

    stamps: tuple[str, ...]
    time_ms: NDArray[np.int64]
    value: NDArray[np.float64]


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
        WrongDataError: a label file or a series is missing, or is none.
    """
    windows, labels = labelled(root, WINDOWS), labelled(root, LABELS)
    for name in sorted(set(windows) ^ set(labels)):
        where, lacks = (WINDOWS, LABELS) if name in windows else (LABELS, WINDOWS)
        raise WrongDataError(
            f"{root / lacks}: came nothing for {name}, which {where.name} has; "
            "allowed: the same series in both"
        )
    return [_series(root, name, windows[name], labels[name]) for name in sorted(windows)]


def labelled(root: Path, which: Path) -> dict[str, Any]:
    """A file of labels: by series, a list.

    Raises:
        WrongDataError: it cannot be read, or names no series.
    """
    try:
        found: Any = json.loads((root / which).read_text())
    except (OSError, ValueError) as error:
        raise WrongDataError(f"{root / which}: came {error}; allowed: JSON") from error
    if not isinstance(found, dict) or not found:
        came = "no series" if found == {} else type(found).__name__
        raise WrongDataError(f"{root / which}: came {came}; allowed: an object of lists")
    if not all(isinstance(one, list) for one in found.values()):
        raise WrongDataError(f"{root / which}: came other values; allowed: an object of lists")
    return found


def readings_of(root: Path, name: str) -> Readings:
    """The rows of a series.

    Raises:
        WrongDataError: the file is missing, short, or holds no stamps and numbers.
    """
    base = root / "data" if (root / "data").is_dir() else root
    path = base / name
    try:
        with path.open(newline="") as file:
            rows = list(csv.reader(file))[1:]
    except OSError as error:
        raise WrongDataError(
            f"{path}: came no file; allowed: the series that the labels name"
        ) from error
    if len(rows) < MIN_ROWS:
        raise WrongDataError(f"{path}: came {len(rows)} rows; allowed: at least {MIN_ROWS}")
    time_ms, value = np.empty(len(rows), np.int64), np.empty(len(rows))
    for at, row in enumerate(rows):
        try:
            time_ms[at], value[at] = stamp_ms(row[0]), float(row[1])
        except (ValueError, IndexError) as error:
            raise WrongDataError(
                f"{path}, line {at + 2}: came {','.join(row)!r}; allowed: a stamp and a number"
            ) from error
    return Readings(tuple(row[0] for row in rows), time_ms, value)


def spans_ms(root: Path, name: str, windows: list[Any]) -> tuple[tuple[int, int], ...]:
    """The windows of a series in UTC ms.

    Raises:
        WrongDataError: one is no pair of stamps.
    """
    try:
        return tuple((stamp_ms(first), stamp_ms(last)) for first, last in windows)
    except (ValueError, TypeError) as error:
        raise WrongDataError(
            f"{root / WINDOWS}: came {windows} for {name}; allowed: pairs of stamps"
        ) from error


def stamp_ms(stamp: str) -> int:
    """A stamp of the corpus, which is UTC, in ms."""
    return round(datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp() * 1000)


def _series(root: Path, name: str, windows: list[Any], labels: list[Any]) -> Series:
    rows = readings_of(root, name)
    try:
        stamps = [stamp_ms(stamp) for stamp in labels]
    except (ValueError, TypeError) as error:
        raise WrongDataError(
            f"{root / LABELS}: came {labels} for {name}; allowed: stamps"
        ) from error
    inside = [_rows(rows.time_ms, *span) for span in spans_ms(root, name, windows)]
    return Series(
        name,
        rows.stamps,
        rows.time_ms,
        rows.value,
        tuple(span for span in inside if span is not None),
        tuple(int(np.argmax(rows.time_ms >= stamp)) for stamp in stamps),
    )


def _rows(time_ms: NDArray[np.int64], first: int, last: int) -> tuple[int, int] | None:
    """The rows of a window; None when it has none."""
    inside = np.flatnonzero((time_ms >= first) & (time_ms <= last))
    return (int(inside[0]), int(inside[-1])) if len(inside) else None
