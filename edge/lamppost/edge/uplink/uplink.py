"""The way out: one broker connection after another, for ever, and a clean leave at the end."""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from typing import Final

import aiomqtt

from lamppost.edge.backoff import Backoff
from lamppost.edge.board import Board
from lamppost.edge.buffer.buffer import wall_ms
from lamppost.edge.buffer.recorder import Recorder
from lamppost.edge.config.file import Config
from lamppost.edge.uplink.connection import connection
from lamppost.edge.uplink.inbox import Inbox
from lamppost.edge.uplink.link import Link
from lamppost.edge.uplink.pump import Clocks, Pump, Wishes
from lamppost.edge.uplink.window import Window

BASE_S: Final = 0.5
CAP_S: Final = 30.0
STEADY_S: Final = 5.0
"""A session that lasted so long was a good one: the next failure is the first again."""

_log = logging.getLogger(__name__)


class Uplink:
    """Keeps the node connected and the buffer draining.

    Args:
        config: the node's configuration.
        recorder: the open buffer.
        board: the devices' last values and states.
        now_ms: wall clock, UTC ms.
        now_s: seconds that never jump.
        draw: numbers in [0, 1) for the jitter of reconnects.
    """

    def __init__(
        self,
        config: Config,
        recorder: Recorder,
        board: Board,
        now_ms: Callable[[], int] = wall_ms,
        now_s: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._config, self._recorder = config, recorder
        self._clocks = Clocks(now_ms, now_s)
        self._backoff = Backoff(BASE_S, CAP_S, draw)
        self._wishes = Wishes(asyncio.Event())
        plan = config.buffer
        self.window = Window(
            plan.window,
            plan.backfill_share,
            plan.ack_timeout_s,
            patient=bool(config.mqtt.primary_host),
        )
        self.window.acking = bool(config.mqtt.primary_host) or recorder.buffer.acked_once
        self._pump = Pump(config, recorder, board, self.window, self._wishes, self._clocks)
        self._said = ""
        self.connected = False
        recorder.committed = board.changed = self._wishes.wake.set
        recorder.in_flight = self._protected

    def stop(self, drain_s: float) -> None:
        """Ask for a clean leave: send the rest, wait for acks up to `drain_s`, say goodbye."""
        self._wishes.drain_until_s = self._clocks.now_s() + drain_s
        self._wishes.wake.set()

    async def run(self) -> None:
        """Connect, talk, reconnect; returns only after `stop`."""
        while True:
            began_s = self._clocks.now_s()
            finished, fault = await self._session()
            if finished or self._wishes.drain_until_s is not None:
                return
            if self._clocks.now_s() - began_s >= STEADY_S:
                self._backoff.reset()
            self._say(f"no connection to {self._broker}: {fault}; retrying" if fault else "")
            await self._pause(self._backoff.next_s())

    async def _session(self) -> tuple[bool, str]:
        """One connection; whether the node's stop is complete, and what ended it otherwise."""
        finished, faults = False, []
        try:
            finished = await self._connected()
        except* (aiomqtt.MqttError, OSError) as group:
            faults += [str(error) or type(error).__name__ for error in _leaves(group)]
        except* Exception as group:  # noqa: BLE001 - a defect here must not stop the sampling
            _log.exception("uplink: defect")
            faults += [type(error).__name__ for error in _leaves(group)]
        finally:
            self.connected = False
        return finished, "; ".join(dict.fromkeys(faults))

    async def _connected(self) -> bool:
        bdseq = await self._recorder.next_bdseq()
        inbox = Inbox(self._config, self._pump.acked, self._wishes.wake.set)
        async with connection(self._config, bdseq, self._clocks.now_ms()) as client:
            self.connected = True
            self._say(f"connected to {self._broker}")
            async with asyncio.TaskGroup() as tasks:
                listener = tasks.create_task(_listen(client, inbox), name="uplink listener")
                finished = await self._pump.talk(Link(client, self._config, bdseq), inbox)
                listener.cancel()
        if not finished:
            self._say(f"host {self._config.mqtt.primary_host} is offline; waiting for it")
        return finished

    async def _pause(self, seconds: float) -> None:
        deadline_s = self._clocks.now_s() + seconds
        while self._wishes.drain_until_s is None:
            left_s = deadline_s - self._clocks.now_s()
            if left_s <= 0:
                return
            self._wishes.wake.clear()
            try:
                async with asyncio.timeout(left_s):
                    await self._wishes.wake.wait()
            except TimeoutError:
                return

    def _protected(self) -> frozenset[int]:
        return self.window.in_flight if self.window.acking else frozenset()

    @property
    def _broker(self) -> str:
        return f"{self._config.mqtt.host}:{self._config.mqtt.port}"

    def _say(self, what: str) -> None:
        """Log a state when it changes, not every try."""
        if what and what != self._said:
            self._said = what
            _log.info("uplink: %s", what)


async def _listen(client: aiomqtt.Client, inbox: Inbox) -> None:
    async for message in client.messages:
        payload = message.payload
        inbox.take(str(message.topic), payload if isinstance(payload, bytes) else b"")


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    found: list[BaseException] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found
