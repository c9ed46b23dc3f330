"""Messages that `lamppost tail` cannot name yet: held for the birth that it has asked for."""

import time
from collections import deque
from collections.abc import Callable

MAX_HELD = 1_000
HOLD_S = 3.0

Message = tuple[str, bytes]


class Held:
    """A bounded queue of messages; each leaves when it can be named, or after `hold_s`."""

    def __init__(
        self,
        limit: int = MAX_HELD,
        hold_s: float = HOLD_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._hold_s = hold_s
        self._clock = clock
        self._messages: deque[tuple[float, Message]] = deque()

    def keep(self, message: Message) -> bool:
        """Hold a message; False when there is no room, so it must be shown as it is."""
        if len(self._messages) >= self._limit:
            return False
        self._messages.append((self._clock() + self._hold_s, message))
        return True

    def ready(self, named: Callable[[str], bool]) -> list[Message]:
        """Take out, in order, what `named(topic)` says can be shown, or what waited enough."""
        now = self._clock()
        free, waiting = [], deque[tuple[float, Message]]()
        for until, message in self._messages:
            if now >= until or named(message[0]):
                free.append(message)
            else:
                waiting.append((until, message))
        self._messages = waiting
        return free
