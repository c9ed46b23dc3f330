"""The buffer at the event loop: one thread does its disk work, group commit by time.

A commit starts `flush_s` after the first thing there is to write, so a hundred readings cost
one fsync. Nobody in the event loop ever waits for the disk.
"""

import asyncio
import logging
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from lamppost.edge.buffer.aliases import AliasBook
from lamppost.edge.buffer.buffer import Buffer, Trouble
from lamppost.edge.buffer.rows import Batch, Row
from lamppost.wire.delivery import Ack

T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Run:
    """Batches read ahead: all there are from beyond `start` to the last of them."""

    start: int
    batches: list[Batch]


class Recorder:
    """Owns a buffer, its thread and its flush loop.

    `committed` is called after every commit, in the event loop; `in_flight` tells which batches
    must not be evicted, because the receiver may be storing them right now.
    """

    def __init__(
        self,
        open_buffer: Callable[[], Buffer],
        flush_s: float,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._open, self._flush_s, self._sleep = open_buffer, flush_s, sleep
        self._thread = ThreadPoolExecutor(1, "buffer")
        self._something = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._runs: list[_Run] = []
        self._trouble: Trouble | None = None
        self._full = False
        self.committed: Callable[[], None] = lambda: None
        self.in_flight: Callable[[], frozenset[int]] = frozenset
        self.buffer: Buffer

    async def open(self) -> None:
        """Open the file in its thread; raises what `Buffer` raises."""
        self.buffer = await self._in_thread(self._open)
        if self.buffer.moved is not None:
            self._tell_moved()

    async def aliases(self, needed: Sequence[tuple[str, str, int]]) -> AliasBook:
        """The numbers of all metrics."""
        return await self._in_thread(lambda: self.buffer.aliases(needed))

    async def next_bdseq(self) -> int:
        """The number of the next session, durable before it is used."""
        return await self._in_thread(self.buffer.next_bdseq)

    def append(self, device: str, priority: int, rows: Iterable[Row]) -> None:
        """Take readings in; they are durable after the next commit."""
        self.buffer.append(device, priority, rows)
        self._something.set()

    def ack(self, ack: Ack) -> bool:
        """Take an acknowledgement; False when it is of another epoch."""
        taken = self.buffer.ack(ack)
        if taken:
            self._something.set()
        return taken

    def give_up(self, number: int) -> None:
        """Declare a batch with damaged rows lost."""
        self.buffer.mark_broken(number)
        self._something.set()

    async def run(self) -> None:
        """Commit for ever, `flush_s` after there is something to commit."""
        while True:
            await self._something.wait()
            await self._sleep(self._flush_s)
            # A cancelled flush would leave the disk ahead of what is known here.
            await asyncio.shield(self.flush())

    async def flush(self) -> None:
        """Commit now; what the disk refuses stays in memory for the next time."""
        async with self._one_at_a_time:
            self._something.clear()
            self.buffer.protected = self.in_flight()
            change = self.buffer.prepare()
            outcome = await self._in_thread(lambda: self.buffer.write(change))
            self.buffer.settle(change, outcome)
            if outcome.evicted:
                self._runs = []
            if self.buffer.dirty:
                self._something.set()
        self._tell_changes(anew=outcome.anew is not None)
        self.committed()

    async def after(self, number: int) -> Batch | None:
        """The next batch after that number, or None when it is the last."""
        buffer = self.buffer
        if number >= buffer.extent.last:
            return None
        if (batch := buffer.tail_after(number)) is not None:
            return batch
        number = max(number, buffer.extent.oldest - 1)
        for run in self._runs:
            if run.start <= number < run.batches[-1].number:
                at = bisect_right(run.batches, number, key=lambda batch: batch.number)
                return run.batches[at]
        batches = await self._in_thread(lambda: buffer.read_after(number))
        if not batches:
            return None
        self._runs = [*self._runs[-1:], _Run(number, batches)]
        return batches[0]

    async def read(self, number: int) -> Batch | None:
        """One batch, or None when it is gone."""
        return await self._in_thread(lambda: self.buffer.read(number))

    async def close(self) -> None:
        """Close the file and end the thread; flush first."""
        await self._in_thread(self.buffer.close)
        self._thread.shutdown()

    def _tell_changes(self, *, anew: bool) -> None:
        trouble, full = self.buffer.trouble, self.buffer.full
        if anew:
            self._tell_moved()
        elif trouble is not None and self._trouble is None:
            _log.error(
                "buffer: the disk refuses: %s; readings are kept in memory", trouble.text
            )
        elif trouble is None and self._trouble is not None:
            _log.info("buffer: the disk takes writes again")
        if full and not self._full:
            _log.warning("buffer: full; the oldest of the lowest priority are given up")
        elif self._full and not full:
            _log.info("buffer: no longer full")
        self._trouble, self._full = trouble, full

    def _tell_moved(self) -> None:
        _log.error(
            "buffer: the file was broken (%s); moved to %s, a new epoch begins",
            self.buffer.moved_reason,
            self.buffer.moved,
        )

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)
