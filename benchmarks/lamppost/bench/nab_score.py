"""NAB's scorer, written from its published rules.

Every row at or above a threshold is a detection. The best in a window earns up to one
point, more the earlier; a missed window costs; a detection outside costs, more the further it
lies behind the last window. 100 is perfect, 0 is what silence earns.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lamppost.bench.nab_data import Series

Floats = NDArray[np.float64]

STEEPNESS = 5.0
FAR = 3.0  # window widths behind a window: from here on a false alarm costs all
ONSET_SLACK = 3  # readings before the label at which an alarm still tells of it
WEEK_MS = 604_800_000


@dataclass(frozen=True, slots=True)
class Costs:
    """Weights of an application profile."""

    false_positive: float
    false_negative: float


PROFILES = {
    "standard": Costs(0.11, 1.0),
    "reward_low_FP_rate": Costs(0.22, 1.0),
    "reward_low_FN_rate": Costs(0.11, 2.0),
}


def relative(position: Floats) -> Floats:
    """Value of a detection at a position in window widths; 0 is the window's last row."""
    near = 2.0 / (1.0 + np.exp(STEEPNESS * np.minimum(position, FAR))) - 1.0
    return np.where(position > FAR, -1.0, near)


@dataclass(frozen=True, slots=True)
class Rows:
    """What a detection on each row is worth: `hit` inside windows, `miss` outside."""

    hit: Floats
    miss: Floats
    window: NDArray[np.int64]  # -1 outside


def rows_of(series: Series) -> Rows:
    """Weigh the rows of a series."""
    count = len(series.value)
    hit, miss = np.zeros(count), np.full(count, -1.0)
    window = np.full(count, -1, np.int64)
    best = float(relative(np.array([-1.0]))[0])
    for number, (first, last) in enumerate(series.windows):
        width = last - first + 1
        inside = np.arange(first, last + 1)
        hit[inside] = relative(-(last - inside + 1) / width) / best
        window[inside] = number
        behind = np.arange(last + 1, count)
        miss[behind] = relative((behind - last) / max(1.0, width - 1.0))
    return Rows(hit, miss, window)


@dataclass(frozen=True, slots=True)
class Curve:
    """Score gained as the threshold falls: at each of `thresholds`, above a silent detector."""

    thresholds: Floats
    gains: Floats
    windows: int


def curve(series: Series, rows: Rows, score: Floats, costs: Costs) -> Curve:
    """Sweep the threshold over one series' scores."""
    judged = np.arange(len(score)) >= series.probation
    steps: list[tuple[float, float]] = [
        (float(score[row]), costs.false_positive * float(rows.miss[row]))
        for row in np.flatnonzero(judged & (rows.window < 0) & (score > 0.0))
    ]
    for first, last in series.windows:
        best = -costs.false_negative
        inside = np.arange(max(first, series.probation), last + 1)
        for row in inside[np.argsort(-score[inside], kind="stable")]:
            if score[row] > 0.0 and rows.hit[row] > best:
                steps.append((float(score[row]), float(rows.hit[row]) - best))
                best = float(rows.hit[row])
    steps.sort(reverse=True)
    array = np.array(steps).reshape(-1, 2)
    return Curve(array[:, 0], array[:, 1], len(series.windows))


def best_threshold(curves: Sequence[Curve]) -> float:
    """The threshold that earns most over these series; infinity when silence does."""
    thresholds = np.concatenate([one.thresholds for one in curves])
    gains = np.concatenate([one.gains for one in curves])
    order = np.argsort(-thresholds, kind="stable")
    thresholds, total = thresholds[order], np.cumsum(gains[order])
    ends = np.flatnonzero(np.append(thresholds[1:] != thresholds[:-1], True)[: len(thresholds)])
    if not len(ends) or total[ends].max() <= 0.0:
        return np.inf
    return float(thresholds[ends[np.argmax(total[ends])]])


def points(curves: Sequence[Curve], threshold: float, costs: Costs) -> float:
    """The normalised score of these series at a threshold; without a window, as for one."""
    gained = sum(float(one.gains[one.thresholds >= threshold].sum()) for one in curves)
    windows = max(sum(one.windows for one in curves), 1)
    return 100.0 * gained / (windows * (1.0 + costs.false_negative))


def counts(
    corpus: Sequence[Series], scores: Sequence[Floats], threshold: float
) -> dict[str, float]:
    """Windows hit at all, hit at their onset, and false alarms, at a threshold."""
    hits = strict = false = windows = 0
    weeks = 0.0
    for series, score in zip(corpus, scores, strict=True):
        alarm = (score >= threshold) & (np.arange(len(score)) >= series.probation)
        outside = rows_of(series).window < 0
        false += int((alarm & outside).sum())
        weeks += float(series.time_ms[-1] - series.time_ms[series.probation]) / WEEK_MS
        for first, last in series.windows:
            onset = min((row for row in series.labels if first <= row <= last), default=first)
            windows += 1
            hits += bool(alarm[first : last + 1].any())
            strict += bool(alarm[max(onset - ONSET_SLACK, first) : last + 1].any())
    return {
        "windows": windows,
        "hits": hits,
        "strict_hits": strict,
        "false_alarms": false,
        "sensor_weeks": round(weeks, 1),
        "false_alarms_per_sensor_week": round(false / weeks, 3) if weeks else 0.0,
    }


def quiet_threshold(
    corpus: Sequence[Series], scores: Sequence[Floats], false_a_week: float
) -> float:
    """The lowest threshold with at most so many false alarms a sensor-week."""
    weeks = sum(
        float(series.time_ms[-1] - series.time_ms[series.probation]) / WEEK_MS
        for series in corpus
    )
    told = [
        score[series.probation :][rows_of(series).window[series.probation :] < 0]
        for series, score in zip(corpus, scores, strict=True)
    ]
    false = np.sort(np.concatenate(told))[::-1]
    allowed = int(false_a_week * weeks)
    most = float(false[allowed]) if allowed < len(false) else 0.0
    return float(np.nextafter(most, np.inf))
