"""The map as it is now, read again only when the records have changed.

A large city's map takes seconds to read and is asked for click by click. Every change is in the
audit trail, so the end of the trail says whether the map that was read last still is the map.
"""

import threading
from weakref import WeakKeyDictionary

from sqlalchemy import func, select

from lamppost.register.records.store import Register
from lamppost.register.records.tables import audit
from lamppost.register.resources.loading import World, world

_lock = threading.Lock()
_read: WeakKeyDictionary[Register, tuple[int, World]] = WeakKeyDictionary()


def latest(register: Register) -> World:
    """Return what there is now; may be called from any thread."""
    with _lock, register.database.reading() as connection:
        end = connection.execute(select(func.max(audit.c.seq))).scalar() or 0
        known = _read.get(register)
        if known is None or known[0] != end:
            _read[register] = known = (end, world(connection))
        return known[1]
