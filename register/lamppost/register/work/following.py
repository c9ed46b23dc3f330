"""Verifies work by the readings that follow it, without anybody asking."""

import logging

from lamppost.register.live import LiveView, Snapshot
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register
from lamppost.register.work import desk

WHO = "readings"

log = logging.getLogger(__name__)


def follow(register: Register, live: LiveView, _snapshot: Snapshot) -> int:
    """Look at orders whose hour after the work is over; returns how many were looked at."""
    with register.database.reading() as connection:
        orders = desk.due(connection, register.now_ms())
    for one in orders:
        try:
            desk.verify(register, one, live, WHO)
        except (OSError, RefusedError) as error:  # the store is away, or somebody acted
            log.info("work order %s was not verified now: %s", one, error)
    return len(orders)
