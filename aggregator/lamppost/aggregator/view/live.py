"""The live view: what console and API read, made of the pipeline's board and the store."""

import math
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

from lamppost.aggregator import columns as c
from lamppost.aggregator.nodes.series import SeriesInfo
from lamppost.aggregator.pipeline.judging import VERDICT_MASK
from lamppost.aggregator.pipeline.pipeline import Pipeline
from lamppost.aggregator.store.seam import Store, StoreError
from lamppost.aggregator.view.board import Board, Views
from lamppost.register.live import ChannelView, HealthView, History, Snapshot
from lamppost.wire import canary
from lamppost.wire.datatypes import DataType

KEEP_S = 0.25
MAX_SHARE = 0.1
SILENT_HEARTBEATS = 3
SILENT_SLACK_MS = 5_000


class Outside(Protocol):
    """What the view asks of the parts around the pipeline."""

    def broker(self) -> str:
        """State of the host session: "ok", or the trouble in words."""

    def store(self) -> str:
        """State of the drain into the store: "ok", or the trouble in words."""

    def dropped(self) -> int:
        """Messages that the inbox had to drop."""

    def warnings(self) -> tuple[str, ...]:
        """Further conditions a person should act on."""


class Live:
    """Implements `lamppost.register.live.LiveView`; any thread may call it.

    Args:
        pipeline: whose last values are shown.
        board: its nodes, books and events.
        outside: broker, store and inbox.
        store: where history is read.
        clock_ms: UTC milliseconds.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        board: Board,
        outside: Outside,
        store: Store,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._pipeline = pipeline
        self._board = board
        self._outside = outside
        self._store = store
        self._clock_ms = clock_ms
        self._started_ms = clock_ms()
        self._lock = threading.Lock()
        self._kept: Snapshot | None = None
        self._keep_until_s = 0.0

    def snapshot(self) -> Snapshot:
        """Return the present state, built anew at most a few times a second."""
        with self._lock:
            start = time.monotonic()
            if self._kept is None or start >= self._keep_until_s:
                self._kept = self._build()
                took = time.monotonic() - start
                self._keep_until_s = start + max(KEEP_S, took / MAX_SHARE)
            return self._kept

    def history(
        self,
        group: str,
        node: str,
        device: str,
        metric: str,
        from_ms: int,
        to_ms: int,
        step_ms: int,
    ) -> History:
        """Return one channel over time, from the store.

        Raises:
            LookupError: there is no such channel.
            OSError: the store does not answer.
        """
        info = self._pipeline.index.find(group, node, device, metric)
        if info is None:
            raise LookupError(
                f"no channel {'/'.join(filter(None, (group, node, device, metric)))}"
            )
        try:
            rows = self._store.read(info.key, from_ms, to_ms, step_ms)
        except StoreError as error:
            raise OSError(str(error)) from error
        points: list[
            tuple[int, float | str | bool | None, float | None, float | None, float | None, int]
        ]
        points = [
            (time_ms, _shown(info, value), _some(expected), _some(low), _some(high), flags)
            for time_ms, value, expected, low, high, flags in zip(
                rows.time_ms.tolist(), rows.value.tolist(), rows.expected.tolist(),
                rows.low.tolist(), rows.high.tolist(), rows.flags.tolist(), strict=True,
            )
        ]  # fmt: skip
        points += [(time_ms, text, None, None, None, 0) for time_ms, text in rows.texts]
        points.sort(key=lambda point: point[0])
        return History(
            time_ms=tuple(point[0] for point in points),
            value=tuple(point[1] for point in points),
            expected=tuple(point[2] for point in points),
            low=tuple(point[3] for point in points),
            high=tuple(point[4] for point in points),
            flags=tuple(_words(point[5] & VERDICT_MASK) for point in points),
        )

    def _build(self) -> Snapshot:
        now_ms = self._clock_ms()
        views = self._board.views
        return Snapshot(
            now_ms,
            views.nodes,
            self._channels(views, now_ms),
            views.events,
            views.ledger,
            self._health(views),
            views.incidents,
            views.maintenance,
            views.hidden,
        )

    def _channels(self, views: Views, now_ms: int) -> tuple[ChannelView, ...]:
        columns, texts = self._pipeline.tools.judging.latest.copy()
        infos = list(self._pipeline.index)[: len(columns["time_ms"])]
        lists = [columns[name].tolist() for name in columns]
        rows = zip(infos, *lists, strict=False)
        channels = []
        for info, time_ms, value, flags, expected, low, high, severity, p in rows:
            if info.group == canary.GROUP:
                continue
            shown: float | str | bool | None = _shown(info, value)
            if info.index in texts:
                shown = texts[info.index][1]
            silent_ms = SILENT_HEARTBEATS * (info.heartbeat_ms or 0) + SILENT_SLACK_MS
            offline = (info.group, info.node, info.device) not in views.online
            silent = info.heartbeat_ms is not None and now_ms - time_ms > silent_ms
            channels.append(
                ChannelView(
                    info.group, info.node, info.device, info.metric, info.unit, shown,
                    time_ms, _some(expected), _some(low), _some(high),
                    _words(flags & VERDICT_MASK), severity, offline or silent, p,
                    info.latitude, info.longitude,
                )
            )  # fmt: skip
        return tuple(channels)

    def _health(self, views: Views) -> HealthView:
        pipeline, counters = self._pipeline, self._pipeline.counters
        return HealthView(
            started_ms=self._started_ms,
            broker=self._outside.broker(),
            store=self._outside.store(),
            spool=pipeline.outlet.trouble or "ok",
            received=counters.received,
            judged=counters.judged,
            stored=counters.stored,
            quarantined=pipeline.tools.quarantine.count,
            dropped=self._outside.dropped(),
            rebirths_asked=views.rebirths_asked,
            seq_gaps=views.seq_gaps,
            latency_p50_ms=views.latency_p50_ms,
            latency_p99_ms=views.latency_p99_ms,
            warnings=(*self._warnings(views), *self._outside.warnings()),
        )

    def _warnings(self, views: Views) -> list[str]:
        pipeline = self._pipeline
        outlet, tools = pipeline.outlet, pipeline.tools
        warnings = list(pipeline.notes)
        if outlet.trouble:
            held = outlet.waiting_bytes / 1e6
            warnings.append(
                f"the spool is {outlet.trouble}; {held:.1f} MB wait in memory, "
                "nothing new is acknowledged, the nodes keep their readings"
            )
        if outlet.trouble and outlet.dropped_readings:
            warnings.append(
                f"{outlet.dropped_readings} judged readings were not kept for want of room; "
                "their nodes will send them again"
            )
        if pipeline.checkpoint_trouble:
            warnings.append(pipeline.checkpoint_trouble)
        if tools.book.refused:
            warnings.append(
                f"{tools.book.refused} nodes or devices beyond the bound are ignored"
            )
        if views.capped:
            alarms = pipeline.settings.alarms
            warnings.append(
                f"{views.capped} incidents of the last hour were not notified: at most "
                f"{alarms.per_asset_per_h} of one asset and {alarms.total_per_h} in all an hour"
            )
        if pipeline.maintenance is not None and pipeline.maintenance.trouble:
            warnings.append(f"maintenance: {pipeline.maintenance.trouble}")
        warnings += [f"maintenance of {where}: nobody knows it" for where in views.unknown]
        if pipeline.failed is not None:
            warnings.append(f"the pipeline has stopped: {pipeline.failed!r}")
        return warnings


@lru_cache(maxsize=4096)
def _words(flags: int) -> tuple[str, ...]:
    return c.flag_names(flags)


def _some(number: float) -> float | None:
    return None if math.isnan(number) else number


def _shown(info: SeriesInfo, value: float) -> float | bool | None:
    if math.isnan(value):
        return None
    return value >= 0.5 if info.datatype is DataType.BOOLEAN else value
