"""What faults are injected into: real series without their labelled windows, and flat ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamppost.bench.nab_data import WINDOWS, labelled, readings_of, spans_ms

Floats = NDArray[np.float64]
Times = NDArray[np.int64]

T0 = 1_700_000_000_000
STEP_MS = 300_000
DAYS = 28
PER_DAY = 288
WEEK_MS = 604_800_000
TEMPERATURES = ("temperature",)  # words in the names of series that are temperatures


@dataclass(frozen=True, slots=True)
class Series:
    """One series of readings, oldest first.

    Attributes:
        name: for the report.
        time_ms: UTC ms; a few real ones repeat or run backwards.
        value: the readings.
        windows: spans (UTC ms) in which something is labelled; nothing there counts.
        kind: "real", "counter" (a running sum of a real one) or "synthetic".
        temperature: in degrees Celsius or Fahrenheit.
        low: declared lowest value; None when none is declared.
        high: declared highest value.
        rate_per_s: declared largest change a second.
    """

    name: str
    time_ms: Times
    value: Floats
    windows: tuple[tuple[int, int], ...] = ()
    kind: str = "real"
    temperature: bool = False
    low: float | None = None
    high: float | None = None
    rate_per_s: float | None = None

    @property
    def weeks(self) -> float:
        """Sensor-weeks outside the windows."""
        inside = sum(last - first for first, last in self.windows)
        return float(self.time_ms.max() - self.time_ms.min() - inside) / WEEK_MS

    def is_clean(self, first_ms: int, last_ms: int) -> bool:
        """Whether a span touches no window."""
        return all(last_ms < first or first_ms > last for first, last in self.windows)


def real(data: Path) -> Iterator[Series]:
    """The series of a NAB checkout (its CSV files and `labels/combined_windows.json`).

    Raises:
        WrongDataError: the labels or a series are missing, or are none.
    """
    labels = labelled(data, WINDOWS)
    for name in sorted(labels):
        rows = readings_of(data, name)
        windows = spans_ms(data, name, labels[name])
        hot = any(word in name for word in TEMPERATURES)
        yield Series(name, rows.time_ms, rows.value, windows, temperature=hot)


def counter_of(series: Series) -> Series:
    """What a meter would show that adds the series up."""
    total = np.cumsum(np.abs(series.value))
    name = f"sum of {series.name}"
    return Series(name, series.time_ms, total, series.windows, "counter")


def synthetic(seed: int) -> Iterator[Series]:
    """Legitimately flat, quantised and counting series of four weeks each."""
    rng = np.random.default_rng(seed)
    count = DAYS * PER_DAY
    at = np.arange(count)
    times = T0 + at * STEP_MS
    day = np.sin(2 * np.pi * at / PER_DAY)
    wander = np.cumsum(rng.normal(0, 0.05, count))
    wander -= np.linspace(0, wander[-1], count)
    wet = np.convolve(rng.random(count) < 0.002, np.ones(12), "same") > 0
    load = np.maximum(2 + day + 0.3 * rng.standard_normal(count), 0)
    columns: dict[str, tuple[NDArray[Any], bool]] = {
        "rain gauge": (wet * rng.integers(0, 6, count) * 0.2, False),
        "rain gauge, dry": (np.zeros(count), False),
        "thermometer of 1 Cel": (np.round(15 + 6 * day + wander), True),
        "thermometer of 0.1 Cel": (np.round(15 + 6 * day + wander, 1), True),
        "cellar of 1 Cel": (np.round(11 + 0.3 * day + 0.05 * rng.standard_normal(count)), True),
        "lamp": (np.where(day > 0, 0.0, 60 + np.round(rng.normal(0, 0.5, count), 1)), False),
        "door": ((rng.random(count) < 0.05) * 1.0, False),
        "energy meter": (np.floor(np.cumsum(load)), False),
        "water meter": (np.floor(np.cumsum(load * (day > 0.5))), False),
    }
    for name, (value, hot) in columns.items():
        kind = "counter" if "meter" in name and "thermo" not in name else "synthetic"
        yield Series(name, times, value.astype(np.float64), (), kind, hot)


def noises(seed: int) -> Iterator[Series]:
    """Healthy series of eight weeks: several tails, alike for a while, or on a wave."""
    rng = np.random.default_rng([seed, 2])
    count = 2 * DAYS * PER_DAY
    at = np.arange(count)
    day = np.sin(2 * np.pi * at / PER_DAY)
    kicks = rng.standard_normal((6, count))
    alike = np.zeros(count)
    for row in range(1, count):
        alike[row] = 0.95 * alike[row - 1] + kicks[0, row]
    columns: dict[str, NDArray[Any]] = {
        "white": kicks[1],
        "Laplace": rng.laplace(size=count),
        "autocorrelated": alike,
        "wave": 10 * day + kicks[2],
        "wave, autocorrelated": 30 * day + alike,
        "pump": 5.0 * (at // 7 % 3 == 0) + 0.1 * kicks[3],
        "counter": np.cumsum(np.abs(kicks[4])),
        "quantised": np.round(20 + 6 * day + 0.5 * kicks[5]),
    }
    for name, value in columns.items():
        yield Series(name, T0 + at * STEP_MS, value.astype(np.float64), (), "noise")
