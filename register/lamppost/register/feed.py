"""One reader of the live view for all pages, with a short memory for the small curves."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable

from lamppost.register.live import ChannelView, LiveView, Snapshot

POLL_S = 1.0
RECENT_POINTS = 120
RECENT_CHANNELS_MAX = 2_000
SILENT_MS = 5_000
"""Longer than this without an answer, and the page says that it shows the past."""

ChannelKey = tuple[str, str, str, str]

log = logging.getLogger(__name__)


def wall_ms() -> int:
    """Return the time now, UTC milliseconds."""
    return time.time_ns() // 1_000_000


def key_of(channel: ChannelView) -> ChannelKey:
    """Return what names a channel everywhere."""
    return (channel.group, channel.node, channel.device, channel.metric)


class Feed:
    """Polls a live view once a second, however many pages are open.

    Args:
        live: What the aggregator hands over.
        now_ms: The console's clock.
    """

    def __init__(self, live: LiveView, now_ms: Callable[[], int] = wall_ms) -> None:
        self.live = live
        self.now_ms = now_ms
        self.latest: Snapshot | None = None
        self.trouble = ""
        self._started_ms = now_ms()
        self._answered_ms = self._started_ms
        self._recent: dict[ChannelKey, deque[float | None]] = {}

    @property
    def silent_ms(self) -> int:
        """How long the aggregator has not answered; 0 while it does."""
        silent = self.now_ms() - self._answered_ms
        return silent if silent > SILENT_MS else 0

    def recent(self, key: ChannelKey) -> tuple[float | None, ...]:
        """Return the last values of a channel, one a second, None where it was stale."""
        return tuple(self._recent.get(key, ()))

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            await self.poll()
            await asyncio.sleep(POLL_S)

    async def poll(self) -> None:
        """Take one snapshot in a worker thread, so that a slow one never holds up a page."""
        try:
            snapshot = await asyncio.to_thread(self.live.snapshot)
        except Exception as error:
            if not self.trouble:
                log.exception("the live view gave no snapshot")
            self.trouble = f"{type(error).__name__}: {error}"
            return
        self.trouble = ""
        self.take(snapshot)

    def take(self, snapshot: Snapshot) -> None:
        """Make a snapshot the present one."""
        self.latest = snapshot
        self._answered_ms = self.now_ms()
        before, self._recent = self._recent, {}
        for channel in snapshot.channels[:RECENT_CHANNELS_MAX]:
            key = key_of(channel)
            values = before.get(key) or deque(maxlen=RECENT_POINTS)
            values.append(_plotted(channel))
            self._recent[key] = values


def _plotted(channel: ChannelView) -> float | None:
    if channel.stale or channel.value is None or isinstance(channel.value, str):
        return None
    return float(channel.value)
