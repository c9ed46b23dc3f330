"""Stand-ins for what surrounds a pipeline."""

import numpy as np

from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.nodes.series import SeriesKey
from lamppost.aggregator.store.seam import (
    SeriesColumns,
    StoreBatch,
    StoreUnreachable,
)


class Quiet:
    """Broker, store and inbox without trouble."""

    def broker(self) -> str:
        """Well."""
        return "ok"

    def store(self) -> str:
        """Well."""
        return "ok"

    def dropped(self) -> int:
        """None."""
        return 0

    def warnings(self) -> tuple[str, ...]:
        """None."""
        return ()


class NoStore:
    """A store that is away."""

    def write(self, batch: StoreBatch) -> None:
        """Refuse."""
        raise StoreUnreachable(f"{len(batch)} rows")

    def read(self, series: SeriesKey, from_ms: int, to_ms: int, step_ms: int) -> SeriesColumns:
        """Refuse."""
        raise StoreUnreachable(f"{series.metric} from {from_ms} to {to_ms} by {step_ms}")

    def events(self, from_ms: int, to_ms: int) -> tuple[Event, ...]:
        """Refuse."""
        raise StoreUnreachable(f"events from {from_ms} to {to_ms}")

    def close(self) -> None:
        """Nothing is open."""


class OneSeries(NoStore):
    """A store with two readings and a text of whatever is asked for."""

    def read(self, series: SeriesKey, from_ms: int, to_ms: int, step_ms: int) -> SeriesColumns:
        """The two readings and the text."""
        assert series.metric
        assert to_ms >= from_ms + step_ms
        nan = float("nan")
        return SeriesColumns(
            np.array([from_ms, from_ms + 2], np.int64),
            np.array([1.0, nan]),
            np.array([1.5, nan]),
            np.array([1.0, nan]),
            np.array([2.0, nan]),
            np.array([1, 16 + (192 << 17)], np.uint32),
            ((from_ms + 1, "auto"),),
        )
