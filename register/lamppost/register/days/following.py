"""Keeps the days of channels while the aggregator runs, each once its day is over.

Late data make a day anew, once: when the books of a node say that it brought more of a past day
and holds nothing back, and an hour has passed, the days of its channels are read again.
"""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection

from lamppost.register.days import books, desk
from lamppost.register.days.day import DAY_MS, MINUTE_MS, Day, day_of
from lamppost.register.days.desk import Wanting
from lamppost.register.live import LiveView, Snapshot
from lamppost.register.records.store import Register

GRACE_MS = 10 * MINUTE_MS
"""After midnight the last readings of the day are still on their way."""

DAYS_BACK = 7
"""Days that are filled in after the aggregator was away, the newest first."""

KEPT_DAYS = 800
"""Two years and more: a year can be compared with the one before."""

LOOK_MAX = 200
LOOK_S = 1.0
REST_MS = 3_600_000
"""When every day is kept, or the store is away, so long nobody asks again."""

Then = Callable[[Connection, Sequence[str], int], object]

log = logging.getLogger(__name__)


class DayFollower:
    """Called now and then, on one thread; each call reads for a second at most.

    Args:
        then: Called with the channels of which a day was kept, in the same transaction.
        clock_s: Seconds, for the bound on a call.
    """

    def __init__(
        self, then: Then | None = None, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._then = then
        self._clock_s = clock_s
        self._next_ms = 0
        self._after: dict[int, str] = {}
        self._books = books.Books()

    def __call__(self, register: Register, live: LiveView, snapshot: Snapshot) -> None:
        """Do what is due."""
        now_ms = register.now_ms()
        self._books.follow(register, snapshot.ledger, now_ms)
        if now_ms < self._next_ms:
            return
        newest_ms = (now_ms - GRACE_MS) // DAY_MS * DAY_MS - DAY_MS
        if self._fill(register, live, newest_ms) or self._again(register, live, newest_ms):
            return
        with register.database.writing() as connection:
            desk.forget(connection, newest_ms - KEPT_DAYS * DAY_MS)
        self._after.clear()
        self._next_ms = min(now_ms + REST_MS, newest_ms + 2 * DAY_MS + GRACE_MS)

    def _fill(self, register: Register, live: LiveView, newest_ms: int) -> bool:
        """Keep days that are not there yet; returns False when there is nothing to do."""
        for day_ms in range(newest_ms, newest_ms - DAYS_BACK * DAY_MS, -DAY_MS):
            with register.database.reading() as connection:
                after = self._after.get(day_ms, "")
                wanted = desk.wanting(connection, day_ms, after, LOOK_MAX)
            if wanted:
                read = self._read(register, live, day_ms, wanted)
                self._after[day_ms] = read[-1] if read else after
                return bool(read)
        return False

    def _again(self, register: Register, live: LiveView, newest_ms: int) -> bool:
        """Make days anew of which more has come; returns False when there is none."""
        with register.database.writing() as connection:
            found = books.outdated(connection, register.now_ms(), newest_ms, LOOK_MAX)
        if found is None:
            return False
        return bool(self._read(register, live, *found))

    def _read(
        self, register: Register, live: LiveView, day_ms: int, wanted: Sequence[Wanting]
    ) -> list[str]:
        """Keep a day of some channels; returns those it came to before the time was up."""
        end_s, now_ms = self._clock_s() + LOOK_S, register.now_ms()
        days: dict[str, Day] = {}
        try:
            for one in wanted:
                days[one.channel] = read_day(live, one, day_ms)
                if self._clock_s() >= end_s:
                    break
        except OSError as error:
            day = datetime.fromtimestamp(day_ms / 1_000, UTC).date()
            log.info("%s cannot be read now: %s", day, error)
        if not days:
            return []
        with register.database.writing() as connection:
            desk.keep(connection, day_ms, days, now_ms)
            if self._then is not None:
                self._then(connection, list(days), now_ms)
        return list(days)


def read_day(live: LiveView, one: Wanting, day_ms: int) -> Day:
    """Return a day of a channel from the store; an empty one when nobody knows it.

    Raises:
        OSError: the store does not answer.
    """
    group, node, device, metric = one.channel.split("/", 3)
    try:
        history = live.history(group, node, device, metric, day_ms, day_ms + DAY_MS, MINUTE_MS)
    except LookupError:
        return Day(0)
    return day_of(history, day_ms, one.interval_ms)
