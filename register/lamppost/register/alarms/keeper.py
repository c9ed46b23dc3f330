"""Takes incidents off the aggregator's thread and keeps the alarms true by them and the clock.

As with births, the pipeline must not wait for a database: incidents wait here, the newest state
of each, and a thread enters them in rounds. A database that is away is tried for ever.
"""

import logging
import threading
from collections.abc import Callable, Sequence

from sqlalchemy.exc import SQLAlchemyError

from lamppost.register.alarms import desk
from lamppost.register.live import IncidentView, LiveView, Snapshot
from lamppost.register.records.store import Register

log = logging.getLogger(__name__)

WAITING_MAX = 20_000
"""Incidents that may wait; beyond it the oldest news go, and the next look at the live view
brings what is open again."""

ROUND_MAX = 500
TICK_S = 5.0
STOP_S = 5.0


Follower = Callable[[Register, LiveView, Snapshot], object]


class Keeper:
    """Keeps alarms; `observe` may be called from any thread and never blocks on I/O.

    Args:
        register: Where the alarms are; migrated already, or by somebody else meanwhile.
        tick_s: Seconds between two looks at the clock and the live view.
        also: Called after each look, on the keeper's thread: what else goes with time.
    """

    def __init__(
        self,
        register: Register,
        tick_s: float = TICK_S,
        also: Sequence[Follower] = (),
    ) -> None:
        self.dropped = 0
        self.trouble = ""
        self._register = register
        self._tick_s = tick_s
        self._also = also
        self._live: LiveView | None = None
        self._waiting: dict[str, IncidentView] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._rounds = 0
        self._thread = threading.Thread(target=self._run, name="alarms", daemon=True)

    def observe(self, incident: IncidentView) -> None:
        """Take note of an incident as it is now; one that still gathers is not told yet."""
        if incident.notified is None and incident.closed_ms is None:
            return
        with self._changed:
            self._waiting.pop(incident.id, None)
            if len(self._waiting) >= WAITING_MAX:
                self._waiting.pop(next(iter(self._waiting)))
                self.dropped += 1
            self._waiting[incident.id] = incident

    def start(self, live: LiveView) -> None:
        """Keep the alarms from now on; returns at once."""
        self._live = live
        self._thread.start()

    def settle(self, timeout_s: float) -> bool:
        """Wait for a whole round after now; returns False when that took too long."""
        with self._changed:
            goal = self._rounds + 2  # the round under way may have looked already
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._rounds >= goal, timeout_s)

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
            told.append(f"the register does not take alarms: {self.trouble}")
        if self.dropped:
            told.append(
                f"{self.dropped} states of incidents were dropped before they were kept"
            )
        return tuple(told)

    def _run(self) -> None:
        while True:
            self._round()
            with self._changed:
                self._rounds += 1
                self._changed.notify_all()
                if self._stopping:
                    return
                self._changed.wait(self._tick_s)

    def enter(self) -> None:
        """Enter what waits, on the caller's thread; what cannot be entered waits on.

        Raises:
            SQLAlchemyError: the database does not do it.
        """
        while taken := self._some():
            try:
                with self._register.changing(desk.WHO) as writer:
                    desk.observe(writer, taken)
            except SQLAlchemyError:
                self._put_back(taken)
                raise
            except Exception:
                self.dropped += len(taken)
                raise

    def _round(self) -> None:
        try:
            self.enter()
            self._look()
            self.trouble = ""
        except SQLAlchemyError as error:
            self.trouble = str(getattr(error, "orig", None) or error).partition("\n")[0][:200]
        except Exception as error:
            log.exception("alarms could not be kept")
            self.trouble = f"{type(error).__name__}: {error}"[:200]

    def _look(self) -> None:
        """Let time pass, and meet what the live view shows: after a restart, news are lost."""
        with self._register.changing(desk.CLOCK) as writer:
            desk.tick(writer)
        if self._live is None:
            return
        snapshot = self._live.snapshot()
        with self._register.changing(desk.WHO) as writer:
            desk.reconcile(writer, snapshot)
        for follow in self._also:
            follow(self._register, self._live, snapshot)

    def _some(self) -> list[IncidentView]:
        with self._changed:
            ids = list(self._waiting)[:ROUND_MAX]
            return [self._waiting.pop(one) for one in ids]

    def _put_back(self, taken: list[IncidentView]) -> None:
        with self._changed:
            for one in taken:
                self._waiting.setdefault(one.id, one)
