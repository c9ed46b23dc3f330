"""Keeps conditions true while the aggregator runs."""

from lamppost.register.condition import desk
from lamppost.register.live import LiveView, Snapshot
from lamppost.register.records.store import Register

CONDITIONS_EVERY_MS = 60_000


class ConditionFollower:
    """Finds conditions anew each minute; called now and then, on one thread."""

    def __init__(self) -> None:
        self._next_ms = 0

    def __call__(self, register: Register, _live: LiveView, snapshot: Snapshot) -> None:
        """Do what is due."""
        now_ms = register.now_ms()
        if now_ms < self._next_ms:
            return
        self._next_ms = now_ms + CONDITIONS_EVERY_MS
        with register.database.reading() as connection:
            told = desk.conditions(connection, snapshot, now_ms)
        with register.database.writing() as connection:
            desk.keep_conditions(connection, told, now_ms)
