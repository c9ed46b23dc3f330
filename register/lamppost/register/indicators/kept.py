"""Values of indicators, kept in memory for as long as what they follow from stays the same.

All indicators of a large city take a second or two, the history of one as long, and both are
looked at more than once. A value of a period that is over follows from assets, links, channels,
days and the facts of the city, and from nothing else; so the ends of the trail of these, and
the time of the newest day, say whether it still holds. A period that runs ends with the moment
of asking: its values are at most a minute old. What is signed or handed out is computed anew.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from sqlalchemy import func, select

from lamppost.register.days.tables import channel_day
from lamppost.register.indicators import desk
from lamppost.register.indicators.computing import Inputs, compute
from lamppost.register.indicators.values import Definition, Period, Value
from lamppost.register.records import audit
from lamppost.register.records.store import Register

KINDS = ("asset", "link", "channel")
RUNNING_MS = 60_000
KEPT_MAX = 1_000

FIRST = 50
"""Inputs that are kept with a value: what a page shows of them."""

Wanted = tuple[Definition, Period]
Version = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """A value that is kept.

    Attributes:
        made_ms: When it was computed.
        value: What came of it.
        first: The first of its inputs, by asset; `value.assets` says how many there are.
    """

    made_ms: int
    value: Value
    first: Inputs


_Key = tuple[frozenset[str], str, str]

_lock = threading.Lock()
_kept: WeakKeyDictionary[Register, OrderedDict[_Key, tuple[Version, Known]]] = (
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
        ends = (*version(register.whole), tuple(sorted(facts.items())))
        there = _kept.setdefault(register.whole, OrderedDict())
        found = []
        with register.database.reading() as connection:
            for one, of in wanted:
                running = now_ms // RUNNING_MS if now_ms < of.to_ms else None
                key, here = (inside, one.id, of.name), (*ends, running)
                known = there.pop(key, None)
                if known is None or known[0] != here:
                    some = desk.found(connection, one, of, now_ms)
                    value = compute(one, of.name, facts, some)
                    known = here, Known(now_ms, value, some[:FIRST])
                there[key] = known
                found.append(known[1])
        while len(there) > KEPT_MAX:
            there.popitem(last=False)
    return found


def version(register: Register) -> Version:
    """Return what says whether values still hold: it changes with what they follow from."""
    newest = select(func.max(channel_day.c.made_ms)).scalar_subquery()
    oldest = select(func.min(channel_day.c.day_ms)).scalar_subquery()
    with register.database.reading() as connection:
        days = tuple(connection.execute(select(newest, oldest)).one())
        return (*audit.ends(connection, KINDS), *days)
