"""Values of indicators, kept in memory for as long as what they follow from stays the same.

All indicators of a large city take a second or two, the history of one as long, and both are
looked at more than once. A value of a period that is over follows from assets, links, channels,
days and the facts of the city, and from nothing else; so the ends of the trail of these, and
the time of the newest day, say whether it still holds. A period that runs ends with the moment
of asking: its values are at most a minute old.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from weakref import WeakKeyDictionary

from sqlalchemy import func, select

from lamppost.register.days.tables import channel_day
from lamppost.register.indicators import desk
from lamppost.register.indicators.values import Definition, Period, Value
from lamppost.register.records import audit
from lamppost.register.records.store import Register

KINDS = ("asset", "link", "channel")
RUNNING_MS = 60_000
KEPT_MAX = 1_000

Wanted = tuple[Definition, Period]
Known = tuple[int, Value]
"""When it was computed, and what came of it."""

_Key = tuple[frozenset[str], str, str]
_Version = tuple[object, ...]

_lock = threading.Lock()
_kept: WeakKeyDictionary[Register, OrderedDict[_Key, tuple[_Version, Known]]] = (
    WeakKeyDictionary()
)


def values(
    register: Register, wanted: Sequence[Wanted], facts: Mapping[str, float]
) -> list[Known]:
    """Return indicators in periods, in the order they were asked for, from any thread.

    Args:
        register: Where the records are; as far as who asks may see them.
        wanted: Definitions with their periods.
        facts: What is known of the city.
    """
    inside = frozenset() if register.boundary is None else register.boundary.districts
    now_ms = register.now_ms()
    with _lock:
        # Before the records are read: what is entered between both is computed again next time.
        version = (*_version(register.whole), tuple(sorted(facts.items())))
        there = _kept.setdefault(register.whole, OrderedDict())
        found = []
        with register.database.reading() as connection:
            for one, of in wanted:
                running = now_ms // RUNNING_MS if now_ms < of.to_ms else None
                key, here = (inside, one.id, of.name), (*version, running)
                known = there.pop(key, None)
                if known is None or known[0] != here:
                    made = now_ms, desk.value(connection, one, of, facts, now_ms)
                    known = here, made
                there[key] = known
                found.append(known[1])
        while len(there) > KEPT_MAX:
            there.popitem(last=False)
    return found


def _version(register: Register) -> _Version:
    newest = select(func.max(channel_day.c.made_ms)).scalar_subquery()
    oldest = select(func.min(channel_day.c.day_ms)).scalar_subquery()
    with register.database.reading() as connection:
        days = tuple(connection.execute(select(newest, oldest)).one())
        return (*audit.ends(connection, KINDS), *days)
