"""When births are asked for: per node with growing pauses, over all nodes with a token bucket.

A restart or an outage makes many nodes unknown at once; asking all of them at once would bring
all their births at once. Requests wait a random moment and then leave at a bounded rate.
"""

import heapq
import random
from collections.abc import Hashable
from typing import Generic, TypeVar

MAX_PAUSE_MS = 300_000
K = TypeVar("K", bound=Hashable)


class Rebirths(Generic[K]):
    """Collects wishes and says which are due.

    Args:
        per_node_ms: least pause between two requests to one node; doubles while it is silent.
        per_s: most requests a second over all nodes; also the size of a burst.
        jitter_ms: longest random wait before a request.
        rng: jitter.
    """

    def __init__(
        self, per_node_ms: int, per_s: float, jitter_ms: int, rng: random.Random | None = None
    ) -> None:
        self.asked = 0
        self._per_node_ms = per_node_ms
        self._per_s = per_s
        self._jitter_ms = jitter_ms
        self._rng = rng or random.Random()  # noqa: S311 - jitter
        self._tokens = max(1.0, per_s)
        self._filled_ms = 0
        self._queue: list[tuple[int, int, K]] = []
        self._wanted: set[K] = set()
        self._pause: dict[K, tuple[int, int]] = {}  # not before, next pause
        self._number = 0

    def want(self, node: K, now_ms: int) -> None:
        """A birth of the node is needed; asking again while one is wanted changes nothing."""
        if node in self._wanted:
            return
        not_before, _ = self._pause.get(node, (0, 0))
        due = max(not_before, now_ms) + self._rng.randint(0, self._jitter_ms)
        self._wanted.add(node)
        self._number += 1
        heapq.heappush(self._queue, (due, self._number, node))

    def born(self, node: K) -> None:
        """The node's birth came: nothing is wanted of it any more."""
        self._wanted.discard(node)
        not_before, _ = self._pause.get(node, (0, 0))
        if node in self._pause:
            self._pause[node] = (not_before, self._per_node_ms)

    def due(self, now_ms: int) -> list[K]:
        """The nodes to ask now."""
        elapsed_s = max(0, now_ms - self._filled_ms) / 1000
        self._filled_ms = now_ms
        self._tokens = min(max(1.0, self._per_s), self._tokens + elapsed_s * self._per_s)
        nodes = []
        while self._queue and self._queue[0][0] <= now_ms and self._tokens >= 1.0:
            _, _, node = heapq.heappop(self._queue)
            if node not in self._wanted:
                continue
            self._wanted.discard(node)
            _, pause = self._pause.get(node, (0, self._per_node_ms))
            self._pause[node] = (now_ms + pause, min(2 * pause, MAX_PAUSE_MS))
            self._tokens -= 1.0
            self.asked += 1
            nodes.append(node)
        return nodes
