"""One session's talk: births, batches, the node's own report, deaths; one task says it all."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from lamppost.edge.board import Board
from lamppost.edge.buffer.recorder import Recorder
from lamppost.edge.buffer.rows import Batch
from lamppost.edge.config.file import Config, DeviceConfig
from lamppost.edge.uplink import births
from lamppost.edge.uplink.inbox import Inbox
from lamppost.edge.uplink.link import Link
from lamppost.edge.uplink.nodereport import NodeReport
from lamppost.edge.uplink.window import Road, Step, Window
from lamppost.wire.delivery import Ack, Header

REBIRTH_EVERY_S: Final = 1.0
"""A host that asks for births without end gets them no faster."""

LAG_FACTOR: Final = 1.5
"""Live data that lags so many times the ordered backlog's age is backfilled from then on."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Wishes:
    """What the rest of the node asks of the uplink."""

    wake: asyncio.Event
    drain_until_s: float | None = None


@dataclass(frozen=True, slots=True)
class Clocks:
    """Wall clock in UTC ms, and seconds that never jump."""

    now_ms: Callable[[], int]
    now_s: Callable[[], float]


class Pump:
    """Sends all there is to send, in one session, until its host leaves or the node stops."""

    def __init__(
        self,
        config: Config,
        recorder: Recorder,
        board: Board,
        window: Window,
        wishes: Wishes,
        clocks: Clocks,
    ) -> None:
        self._config, self._recorder, self._board = config, recorder, board
        self._window, self._wishes, self._clocks = window, wishes, clocks
        self._report = NodeReport(recorder.buffer, board)
        self._order_ms = config.buffer.backlog_order_min * 60_000
        self._devices = {device.name: device for device in config.devices}
        self._epoch = 0
        self._born_s = float("-inf")
        self._begun = False
        self.link: Link
        self.inbox: Inbox

    def acked(self, ack: Ack) -> None:
        """Take an acknowledgement, at any time."""
        if not self._recorder.ack(ack):
            return
        if self._window.acked(ack, self._clocks.now_s()):
            # The host acknowledges after all: what it may have missed is sent again.
            self._begun = False
        self._wishes.wake.set()

    async def talk(self, link: Link, inbox: Inbox) -> bool:
        """Talk until the host goes offline (False) or the node's stop is complete (True)."""
        self.link, self.inbox = link, inbox
        await link.subscribe()
        while True:
            self._wishes.wake.clear()
            if self._wishes.drain_until_s is not None and self._drained():
                await self._take_leave()
                return True
            if not inbox.host_online:
                if link.is_born:
                    await link.node_death(self._clocks.now_ms())
                    return False
                await self._wait(float("inf"))
            elif self._births_due():
                await self._births_when_allowed()
            elif not await self._say_something():
                await self._wait(min(self._window.due_s, self._report.due_s()))

    async def _say_something(self) -> bool:
        """Say the next thing, if there is any."""
        return await self._tell_news() or await self._send_batch() or await self._tend_devices()

    def _births_due(self) -> bool:
        return (
            self.inbox.rebirth
            or not self.link.is_born
            or self._epoch != self._recorder.buffer.epoch
        )

    async def _births_when_allowed(self) -> None:
        wait_s = self._born_s + REBIRTH_EVERY_S - self._clocks.now_s()
        if self.link.is_born and wait_s > 0:
            await self._wait(self._born_s + REBIRTH_EVERY_S)
            return
        self.inbox.rebirth = False
        buffer = self._recorder.buffer
        if self._epoch != buffer.epoch:
            self._epoch, self._begun = buffer.epoch, False
        metrics = self._report.birth(self._clocks.now_ms(), self._clocks.now_s())
        await self.link.node_birth(metrics, self._clocks.now_ms())
        for device in (*self._devices, *self._former_devices()):
            await self._device_birth(device)
        if self._window.acking or not self._begun:
            await self._begin()
        self._born_s = self._clocks.now_s()

    def _former_devices(self) -> list[str]:
        """Devices that are configured no more but may have batches in the buffer."""
        if self._recorder.buffer.extent.batches == 0:
            return []
        known = {one.device for one in self._recorder.buffer.book.entries}
        return sorted(known - self._devices.keys())

    async def _device_birth(self, name: str) -> None:
        device = self._devices.get(name) or DeviceConfig(name, "", ())
        book = self._recorder.buffer.book.of_device(name)
        if self._recorder.buffer.extent.batches == 0:
            configured = {channel.name for channel in device.channels}
            book = tuple(one for one in book if one.metric in configured)
        now_ms = self._clocks.now_ms()
        metrics = births.device_metrics(device, book, self._board.values(name), now_ms)
        await self.link.device_birth(name, metrics, now_ms)

    async def _begin(self) -> None:
        """Set the window to the oldest batch that this host may not have."""
        buffer, now_s = self._recorder.buffer, self._clocks.now_s()
        oldest = buffer.extent.oldest
        if not self._window.acking:
            oldest = max(oldest, buffer.sent + 1)
        first = await self._recorder.after(oldest - 1)
        short = first is None or self._age_ms(first) <= self._order_ms
        self._window.begin(oldest, buffer.extent.last, now_s, short=short)
        self._begun = True

    async def _tell_news(self) -> bool:
        metrics = self._report.news(self._clocks.now_ms(), self._clocks.now_s())
        if metrics:
            await self.link.node_data(metrics, self._clocks.now_ms())
        return bool(metrics)

    async def _send_batch(self) -> bool:
        """Send or skip one batch; False when there is nothing that may go."""
        if not self._begun:
            await self._begin()
        last, now_s = self._recorder.buffer.extent.last, self._clocks.now_s()
        step = self._window.choose(last, now_s)
        if step is None:
            if self._window.give_up_if_stalled(now_s):
                _log.warning("uplink: no acknowledgement; going on as a plain Sparkplug node")
            return False
        if step.road is Road.AGAIN:
            batch = await self._recorder.read(step.number)
        else:
            batch = await self._recorder.after(step.number)
        if batch is None or self._is_beside(step, batch):
            self._pass_over(step, batch, last)
        elif self._lags(step, batch, last):
            self._window.fall_behind(last)
        else:
            await self._send(step, batch)
        return True

    def _is_beside(self, step: Step, batch: Batch) -> bool:
        """Whether a batch is not to be sent on this road: damaged, in flight, or beyond."""
        if not batch.draft.blob:
            _log.error("buffer: batch %d is damaged on the disk; given up", batch.number)
            self._recorder.give_up(batch.number)
            return True
        if step.road is Road.AGAIN:
            return False
        beyond = step.road is Road.BACKFILL and batch.number > self._window.back_end
        return beyond or batch.number in self._window.in_flight

    def _pass_over(self, step: Step, batch: Batch | None, last: int) -> None:
        if step.road is Road.AGAIN:
            self._window.gone(step.number)
        elif step.road is Road.BACKFILL:
            end = self._window.back_end
            self._window.passed(step, min(batch.number, end) if batch else end)
        else:
            self._window.passed(step, batch.number if batch else last)

    def _lags(self, step: Step, batch: Batch, last: int) -> bool:
        late = self._age_ms(batch) > LAG_FACTOR * self._order_ms
        return step.road is Road.LIVE and late and batch.number < last

    def _age_ms(self, batch: Batch) -> int:
        return self._clocks.now_ms() - batch.stored_ms

    async def _send(self, step: Step, batch: Batch) -> None:
        buffer, device = self._recorder.buffer, batch.draft.device
        if not self.link.has_born(device):
            await self._device_birth(device)
        historical = step.road is not Road.LIVE or batch.number <= buffer.sent
        header = Header(buffer.epoch, batch.number, min(buffer.extent.oldest, batch.number))
        # Noted first: the acknowledgement may be here before the publishing returns.
        buffer.mark_sent(batch.number)
        self._window.sent(step, batch.number, device, self._clocks.now_s())
        await self.link.batch(batch, header, self._clocks.now_ms(), historical=historical)

    async def _tend_devices(self) -> bool:
        """Bury devices that are lost once their last readings are out; revive the others."""
        buffer = self._recorder.buffer
        quiet = self._window.is_idle(buffer.extent.last) and not buffer.waiting
        for device in self._devices:
            down, born = self._board.is_down(device), self.link.has_born(device)
            if down and born and quiet and not self._window.carries(device):
                await self.link.device_death(device, self._clocks.now_ms())
                return True
            if not down and not born:
                await self._device_birth(device)
                return True
        return False

    def _drained(self) -> bool:
        deadline = self._wishes.drain_until_s
        if deadline is None or not self.link.is_born or not self.inbox.host_online:
            return True
        if self._clocks.now_s() >= deadline:
            return True
        buffer = self._recorder.buffer
        if buffer.dirty or self._births_due() or not self._begun:
            return False
        if self._window.acking:
            return buffer.extent.batches == 0
        return self._window.is_idle(buffer.extent.last)

    async def _take_leave(self) -> None:
        if not self.link.is_born:
            return
        await self._recorder.flush()
        now_ms, now_s = self._clocks.now_ms(), self._clocks.now_s()
        await self.link.node_data(self._report.news(now_ms, now_s, all_of_it=True), now_ms)
        await self.link.node_death(now_ms)

    async def _wait(self, until_s: float) -> None:
        if self._wishes.drain_until_s is not None:
            until_s = min(until_s, self._wishes.drain_until_s)
        timeout_s = max(0.0, until_s - self._clocks.now_s())
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s if timeout_s < float("inf") else None):
                await self._wishes.wake.wait()
