"""All rows that are not readings, as the drain asks for them."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from lamppost.aggregator.rollup.city import City
from lamppost.aggregator.rollup.feeders import Feeders
from lamppost.aggregator.rollup.health import samples
from lamppost.aggregator.rollup.machine import Machine
from lamppost.aggregator.rollup.plan import Plan
from lamppost.aggregator.rollup.promises import Promises, Tally
from lamppost.aggregator.store.seam import Sample
from lamppost.register.live import LiveView
from lamppost.register.publish.publisher import Publisher
from lamppost.register.records.database import Database

HEALTH_EVERY_MS = 30_000


class Watch:
    """Looks at the live view; the drain's thread calls it.

    Args:
        live: what there is to see.
        database: the register's.
        data_dir: on the disk that matters.
        host: the aggregator's Sparkplug host id.
        figures: further fields of the aggregator's row.
        stage_ns: what the pipeline's thread was busy with since the start.
        publisher: what the register has to tell.
        on_plan: told what the register says of channels, whenever that has changed.
        on_feeders: the same of what feeds what.
        canary: what its last song has found.
        in_time: live readings since the start that were durable as soon as promised, and all.
    """

    def __init__(
        self,
        live: LiveView,
        database: Database,
        data_dir: Path,
        host: str,
        figures: Callable[[], Mapping[str, float]],
        stage_ns: Callable[[], Mapping[str, int]],
        publisher: Publisher | None = None,
        on_plan: Callable[[Plan], None] = lambda _: None,
        on_feeders: Callable[[Feeders], None] = lambda _: None,
        canary: Callable[[], Iterable[Sample]] = tuple,
        in_time: Callable[[], Tally] = lambda: (0, 0),
    ) -> None:
        self._live = live
        self._city = City(database, host, on_plan, on_feeders)
        self._machine = Machine(data_dir, host)
        self._host = host
        self._figures = figures
        self._stage_ns = stage_ns
        self._publisher = publisher
        self._canary = canary
        self._promises = Promises(host, in_time)
        self._health_ms = 0

    def samples(self) -> tuple[Sample, ...]:
        """Return what is new: health twice a minute, the city once, changes at once."""
        snapshot = self._live.snapshot()
        now_ms = snapshot.time_ms
        city = (
            *self._city.samples(snapshot),
            *self._published(now_ms),
            *self._canary(),
            *self._promises.samples(snapshot, self._figures().get("store_lag_s", 0.0)),
        )
        span_ms = now_ms - self._health_ms
        if 0 <= span_ms < HEALTH_EVERY_MS:
            return city
        self._health_ms = now_ms
        figures = {**self._machine.figures(), **self._figures()}
        return (
            *samples(snapshot, self._host, self._city.places, figures),
            *self._machine.stages(self._stage_ns(), now_ms, span_ms / 1000),
            *self._machine.capacity(_bounded(figures), now_ms),
            *city,
        )

    def _published(self, now_ms: int) -> tuple[Sample, ...]:
        if self._publisher is None or not self._city.ready:
            return ()
        rows = self._publisher.due(now_ms)
        return tuple(Sample(row.measurement, row.time_ms, row.tags, row.fields) for row in rows)


def _bounded(figures: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    disk = figures.get("disk_bytes", 0.0)
    return {
        "disk": (disk - figures.get("disk_free_bytes", disk), disk),
        "spool": (figures.get("spool_bytes", 0.0), figures.get("spool_limit_bytes", 0.0)),
    }
