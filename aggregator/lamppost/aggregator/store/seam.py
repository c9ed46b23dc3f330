"""The store seam: what a house for readings must be able to do.

One `Drain` thread calls `write`, never twice at once; `read` and `events` come from any thread,
also while a write is under way. `write` is all or nothing to its caller: when it returns, the
batch is durable (lines the database refuses for good are in the dead-letter file); when it
raises, the same batch comes again, so writing the same series and time, or the same event id,
again must overwrite.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.alarms.incident import Incident
from lamppost.aggregator.nodes.series import SeriesInfo, SeriesKey
from lamppost.aggregator.spool.frames import COLUMNS, TextRow
from lamppost.wire.series import Measurement

MAX_READ_ROWS = 10_000
MAX_READ_EVENTS = 1_000


class StoreError(Exception):
    """A store did not do what it was asked; the same call may succeed later."""

    def __init__(self, message: str, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class StoreUnreachable(StoreError):  # noqa: N818 - a state of the store, not a mistake
    """The store is away or busy: try again soon, no earlier than `retry_after_s`."""


class StoreRefused(StoreError):  # noqa: N818 - a state of the store, not a mistake
    """The store answers and says no (credentials, rights, a missing bucket): tell a person."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One row of a measurement that is not judged: how a node or the aggregator was.

    Attributes:
        measurement: what it is a row of; names that are not in it raise ValueError.
        time_ms: when it was taken, UTC.
        tags: an empty one is left out.
        fields: one that is None, or no finite number, is left out.
    """

    measurement: Measurement
    time_ms: int
    tags: Mapping[str, str]
    fields: Mapping[str, float | str | None]

    def __post_init__(self) -> None:
        known = {*self.measurement.tags}, {*self.measurement.names()}
        for came, allowed in zip((self.tags, self.fields), known, strict=True):
            if came.keys() - allowed:
                raise ValueError(
                    f"{self.measurement.name}: {min(came.keys() - allowed)!r} came, allowed: "
                    + ", ".join(sorted(allowed))
                )


@dataclass(frozen=True, slots=True, eq=False)
class WindowRows:
    """Closed windows of one width.

    Attributes:
        measurement: one of `lamppost.wire.series.WINDOWS`.
        index: int32 (n,), index of the series.
        start_ms: int64 (n,), when each began.
        columns: a column (n,) of each field.
    """

    measurement: Measurement
    index: NDArray[np.int32]
    start_ms: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]]

    def of(self, index: int, before_ms: int) -> Self:
        """Return those that began before a time, as rows of another series."""
        some = self.start_ms < before_ms
        series = np.full(int(some.sum()), index, np.int32)
        columns = {name: column[some] for name, column in self.columns.items()}
        return type(self)(self.measurement, series, self.start_ms[some], columns)


@dataclass(frozen=True, slots=True, eq=False)
class StoreBatch:
    """What one write carries; columns as in `lamppost.aggregator.spool.frames.DataFrame`.

    Attributes:
        series: every series the rows and texts speak of, by index.
        index: int32 column, index of the series.
        texts: text values.
        events: events, the latest row of an id last.
        incidents: the same for incidents; a store may leave them out.
        samples: for dashboards; a store that no dashboard reads leaves them out.
        windows: the same; the series they speak of are in `series`.
    """

    series: Mapping[int, SeriesInfo]
    index: NDArray[np.int32]
    time_ms: NDArray[np.int64]
    value: NDArray[np.float64]
    flags: NDArray[np.uint32]
    expected: NDArray[np.float32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    score: NDArray[np.float32]
    severity: NDArray[np.float32]
    p: NDArray[np.float32]
    texts: Sequence[TextRow] = ()
    events: Sequence[Event] = ()
    samples: Sequence[Sample] = ()
    incidents: Sequence[Incident] = ()
    windows: Sequence[WindowRows] = ()

    def __len__(self) -> int:
        return len(self.index)

    @classmethod
    def of_samples(cls, samples: Sequence[Sample]) -> Self:
        """Return a batch of nothing else."""
        columns: dict[str, Any] = {
            name: np.empty(0, kind) for name, kind in COLUMNS if name != "series"
        }
        return cls({}, np.empty(0, np.int32), **columns, samples=samples)

    @classmethod
    def of_windows(cls, rows: Sequence[WindowRows], series: Mapping[int, SeriesInfo]) -> Self:
        """Return a batch of nothing else."""
        return replace(cls.of_samples(()), series=series, windows=rows)


@dataclass(frozen=True, slots=True, eq=False)
class SeriesColumns:
    """Readings of one series in order of time, NaN where there is no number.

    Attributes:
        time_ms: int64; of a bucket, its start.
        value: float64; of a bucket, the mean; so are `expected`, `low` and `high`.
        flags: uint32; of a bucket, all bits that occur in it.
        texts: (time_ms, text) of text values, never bucketed.
        truncated: more rows or texts lie in the window than `MAX_READ_ROWS`.
    """

    time_ms: NDArray[np.int64]
    value: NDArray[np.float64]
    expected: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    flags: NDArray[np.uint32]
    texts: tuple[tuple[int, str], ...] = ()
    truncated: bool = False

    def __len__(self) -> int:
        return len(self.time_ms)


class Store(Protocol):
    """A house for readings and events."""

    def write(self, batch: StoreBatch) -> None:
        """Keep a batch, durably.

        Raises:
            StoreUnreachable: try again soon.
            StoreRefused: try again slowly, and tell a person.
        """

    def read(self, series: SeriesKey, from_ms: int, to_ms: int, step_ms: int) -> SeriesColumns:
        """Return the readings of `from_ms <= time < to_ms`, the oldest `MAX_READ_ROWS`.

        Args:
            series: the series by name; one that was never written has no rows.
            from_ms: first time, UTC.
            to_ms: first time beyond the window, UTC.
            step_ms: width of the buckets, which start at multiples of it; 0 for raw readings.

        Raises:
            ValueError: the window is not one, or has more than `MAX_READ_ROWS` buckets.
            StoreError: the store could not answer.
        """

    def events(self, from_ms: int, to_ms: int) -> tuple[Event, ...]:
        """Return the events with an onset in `from_ms <= onset < to_ms`, latest first.

        At most `MAX_READ_EVENTS` come back.

        Raises:
            StoreError: the store could not answer.
        """

    def close(self) -> None:
        """Let go of files and connections."""


def check_window(from_ms: int, to_ms: int, step_ms: int) -> None:
    """Raise ValueError when `read` cannot answer for this window."""
    if to_ms < from_ms:
        raise ValueError(
            f"a window from {from_ms} to {to_ms} came, it must not end before it starts"
        )
    if step_ms < 0:
        raise ValueError(f"step_ms {step_ms} came, allowed: 0 (raw) or more")
    if step_ms and (to_ms - from_ms) // step_ms > MAX_READ_ROWS:
        least = -(-(to_ms - from_ms) // MAX_READ_ROWS)
        raise ValueError(f"step_ms {step_ms} came, allowed for this window: {least} or more")
