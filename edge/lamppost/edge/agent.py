"""The agent of a node: samplers feed the buffer, the uplink drains it, until told to stop.

All of it is one task group. A fault in one sampler is told and tried again; it stops neither
its neighbours nor the rest.
"""

import asyncio
import fcntl
import logging
import os
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from lamppost.edge.backoff import Backoff
from lamppost.edge.board import Board
from lamppost.edge.buffer import aliases, schema
from lamppost.edge.buffer.buffer import Buffer, max_bytes_of
from lamppost.edge.buffer.recorder import Recorder
from lamppost.edge.buffer.rows import Row
from lamppost.edge.config.file import Config, DeviceConfig
from lamppost.edge.drivers import registry
from lamppost.edge.drivers.seam import Driver, Reading
from lamppost.edge.sampling.sampler import Sampler
from lamppost.edge.uplink.uplink import Uplink

LOCK_NAME: Final = "node.lock"
LEAVE_S: Final = 5.0
"""What a goodbye may take beyond `drain_s`."""
CANCEL_AGAIN_S: Final = 2.0

_log = logging.getLogger(__name__)


class AgentError(Exception):
    """The agent cannot start; its text is shown to people."""


class Agent:
    """Runs one node.

    Args:
        config: the checked configuration.
        make_driver: makes a device's driver; called anew after every fault.
    """

    def __init__(
        self, config: Config, make_driver: Callable[[DeviceConfig], Driver] = registry.make
    ) -> None:
        self._config, self._make_driver = config, make_driver
        self._board = Board(config.devices)
        self._numbers: dict[tuple[str, str], int] = {}
        self._recorder = Recorder(self._open_buffer, config.buffer.flush_ms / 1000)

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set, then flush, hand over what can be, and say goodbye.

        Raises:
            AgentError: another agent holds the data folder, or it cannot be used at all.
        """
        folder = self._config.node.data_dir
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AgentError(f"data_dir {folder}: {error.strerror}") from None
        with _locked(folder / LOCK_NAME):
            if await self._open(stop):
                try:
                    await self._run_tasks(stop)
                finally:
                    await self._recorder.close()

    async def _open(self, stop: asyncio.Event) -> bool:
        """Open the buffer, waiting for a disk that takes no writes; False when told to stop."""
        backoff, told = Backoff(), False
        while not stop.is_set():
            try:
                await self._recorder.open()
                book = await self._recorder.aliases(aliases.wanted(self._config.devices))
            except schema.FormatError as error:
                raise AgentError(str(error)) from None
            except sqlite3.Error as error:
                if not told:
                    _log.error("buffer: cannot be opened: %s; retrying", error)
                told = True
                await _wait(stop, backoff.next_s())
            else:
                self._numbers = {(one.device, one.metric): one.alias for one in book.entries}
                return True
        return False

    async def _run_tasks(self, stop: asyncio.Event) -> None:
        uplink = Uplink(self._config, self._recorder, self._board)
        node = self._config.node
        _log.info("node %s/%s: %d devices", node.group, node.name, len(self._config.devices))
        async with asyncio.TaskGroup() as group:
            buffer = group.create_task(_kept("buffer", self._recorder.run), name="buffer")
            out = group.create_task(_kept("uplink", uplink.run), name="uplink")
            samplers = [
                group.create_task(
                    _kept(device.name, lambda device=device: self._sampler(device).run()),  # type: ignore[misc]
                    name=f"sampler {device.name}",
                )
                for device in self._config.devices
            ]
            await stop.wait()
            await self._stop(samplers, uplink, out)
            buffer.cancel()

    async def _stop(
        self, samplers: Sequence[asyncio.Task[None]], uplink: Uplink, out: asyncio.Task[None]
    ) -> None:
        _log.info("stopping: flushing, then waiting for acknowledgements")
        await ended(samplers)
        await self._recorder.flush()
        drain_s = self._config.buffer.drain_s if uplink.connected else 0.0
        uplink.stop(drain_s)
        if uplink.connected:
            await asyncio.wait([out], timeout=drain_s + LEAVE_S)
        await ended([out])
        await self._recorder.flush()
        total = self._recorder.buffer.total
        _log.info(
            "stopped: %d taken, %d acknowledged, %d evicted, %d kept for the next start",
            total.taken,
            total.acked,
            total.evicted,
            total.pending,
        )

    def _sampler(self, device: DeviceConfig) -> Sampler:
        return Sampler(device, self._make_driver, self._emit, report=self._report)

    def _emit(self, device: DeviceConfig, readings: Sequence[Reading]) -> None:
        """Take what passed the deadband.

        A lost device was told BAD once and then by its death; Sparkplug allows no data after
        that, so further signs of its absence are not taken.
        """
        if self._board.is_down(device.name):
            return
        self._board.note(device.name, readings)
        name, numbers = device.name, self._numbers
        rows = [
            Row(numbers[name, one.channel], max(0, one.time_ms), one.value, one.quality)
            for one in readings
        ]
        self._recorder.append(name, device.priority, rows)

    def _report(self, device: str, state: str) -> None:
        before = self._board.state(device)
        self._board.report(device, state)
        now = self._board.state(device)
        if now != before:
            level = logging.WARNING if self._board.is_down(device) else logging.INFO
            _log.log(level, "%s: %s", device, now)

    def _open_buffer(self) -> Buffer:
        folder, plan = self._config.node.data_dir, self._config.buffer
        return Buffer(folder / schema.FILE_NAME, max_bytes_of(plan))


async def _kept(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run a part again when a defect ends it; return when it returns."""
    backoff = Backoff()
    while True:
        try:
            return await run()
        except Exception:  # noqa: BLE001 - whatever it is, the neighbours go on
            _log.exception("%s: defect; starting it again", name)
        await asyncio.sleep(backoff.next_s())


async def ended(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel until all of them are over.

    Python 3.11's `wait_for`, by which clients connect, drops a cancellation that comes in the
    moment of its success: asked once, the task would talk on for ever.
    """
    left = {one for one in tasks if not one.done()}
    while left:
        for one in left:
            one.cancel()
        _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN_S)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the data folder; two agents on one buffer would send each other's batches."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise AgentError(f"{path}: {error.strerror}") from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AgentError(f"{path.parent} is in use by another agent") from None
        yield
    finally:
        os.close(handle)
