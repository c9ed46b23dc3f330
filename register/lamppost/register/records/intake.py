"""Takes births off the ingest thread and enters them in the register, whatever it takes.

The aggregator must not wait for a database, and a city that comes back after a power cut is
born all at once. So births wait here, one per device (a later one replaces it), and a thread
enters them in rounds. A database that is away is tried for ever, with capped full jitter.
"""

import logging
import random
import threading
from collections.abc import Callable, Iterable

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from lamppost.register.records.births import BirthSeen
from lamppost.register.records.store import Register

log = logging.getLogger(__name__)

WAITING_MAX = 20_000
"""Devices whose births may wait."""

ROUND_MAX = 100
"""Births entered at once: short enough that other writers get their turn."""

AWAY = (OperationalError, InterfaceError, PoolTimeoutError)
"""The database cannot be reached, is busy or is full: another attempt may work."""

RETRY_FIRST_S = 0.5
RETRY_MAX_S = 30.0
STOP_S = 5.0


class Intake:
    """A `BirthObserver` in front of a register.

    Args:
        register: Where the births go; it is migrated here, before the first of them.
        jitter: A number from 0 to 1, anew at each call.
        known: The births that are known already; asked for, on the thread, when the register
            turns out to be new.
    """

    def __init__(
        self,
        register: Register,
        jitter: Callable[[], float] = random.random,
        known: Callable[[], Iterable[BirthSeen]] = tuple,
    ) -> None:
        self.dropped = 0
        self.entered = 0
        self.trouble = ""
        self._register = register
        self._jitter = jitter
        self._known = known
        self._waiting: dict[tuple[str, str, str], BirthSeen] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._busy = True  # until the register is there
        self._alone = 0
        self._thread = threading.Thread(target=self._run, name="births", daemon=True)

    def start(self) -> None:
        """Make the register ready, then enter what waits; returns at once."""
        self._thread.start()

    def observe(self, birth: BirthSeen) -> None:
        """Take note of a birth; at the bound the newcomer is dropped and counted."""
        with self._changed:
            known = self._waiting.pop(birth.key, None)
            if known is None and len(self._waiting) >= WAITING_MAX:
                self.dropped += 1
                return
            self._waiting[birth.key] = birth
            self._changed.notify_all()

    def settle(self, timeout_s: float) -> bool:
        """Wait until nothing waits; returns False when that took too long."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._waiting and not self._busy, timeout_s
            )

    def stop(self, timeout_s: float = STOP_S) -> None:
        """Enter what waits, unless the database is away, and end. May be repeated."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def warnings(self) -> tuple[str, ...]:
        """What a person should know."""
        told = []
        if self.trouble:
            told.append(f"the register does not take births: {self.trouble}")
        if self.dropped:
            told.append(f"{self.dropped} births were dropped before the register took them")
        return tuple(told)

    def _run(self) -> None:
        if not self._ready():
            return
        failures = 0
        while (births := self._next()) is not None:
            try:
                self._enter(births)
                failures, self.trouble = 0, ""
            except AWAY as error:
                failures += 1
                self.trouble = _short(error)
                self._put_back(births)
                if self._rest(failures):
                    return
            except Exception:  # noqa: BLE001 - our mistake must not end the thread
                self._spare(births)
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _ready(self) -> bool:
        """Migrate the register, however often it takes; returns False when told to stop."""
        failures = 0
        while True:
            try:
                is_new = self._register.migrate().before is None
                break
            except Exception as error:  # noqa: BLE001 - whatever it is, a person may mend it
                failures += 1
                self.trouble = _short(error)
                if self._rest(failures):
                    return False
        self.trouble = ""
        for birth in self._known() if is_new else ():
            with self._changed:
                self._waiting.setdefault(birth.key, birth)
        with self._changed:
            self._busy = False
            self._changed.notify_all()
        return True

    def _enter(self, births: list[BirthSeen]) -> None:
        observed = self._register.observe_births(births)
        self.entered += observed.births
        for refused in observed.refused:
            log.warning("a channel is not in the register: %s", refused)

    def _spare(self, births: list[BirthSeen]) -> None:
        """Leave out the one birth that cannot be entered, not the round it came in."""
        if len(births) > 1:
            self._alone = len(births)
            self._put_back(births)
            return
        log.exception("a birth that the register cannot take was left out: %s", births[0].key)
        self.dropped += 1

    def _next(self) -> list[BirthSeen] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopping)
            if not self._waiting:
                return None
            keys = list(self._waiting)[: 1 if self._alone else ROUND_MAX]
            self._alone = max(self._alone - 1, 0)
            self._busy = True
            return [self._waiting.pop(key) for key in keys]

    def _put_back(self, births: list[BirthSeen]) -> None:
        with self._changed:
            self._waiting = {birth.key: birth for birth in births} | self._waiting

    def _rest(self, failures: int) -> bool:
        """Wait before the next attempt; returns True when there shall be none."""
        most = min(RETRY_FIRST_S * 2 ** min(failures - 1, 10), RETRY_MAX_S)
        with self._changed:
            return self._changed.wait_for(lambda: self._stopping, most * self._jitter())


def _short(error: Exception) -> str:
    """The first line of a database's complaint; the rest repeats the statement."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0][:200]
