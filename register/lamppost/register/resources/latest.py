"""The map as it is now, kept in memory, and made anew only as far as the records have changed.

A large city's field takes a second or two to read, and the map is asked for click by click.
Every change is in the audit trail, so the ends of the trail, kind by kind, say what of the map
that was made last still holds: alarms and work change nothing, a review only what people say,
and the field is read again when something is born or ends.
"""

import gc
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

from lamppost.register.records import audit
from lamppost.register.records.store import Register
from lamppost.register.resources import loading
from lamppost.register.resources.graph import Graph
from lamppost.register.resources.loading import Field, Stranger, World
from lamppost.register.resources.places import Place, places
from lamppost.register.resources.values import Resource

BORN = ("node", "device", "channel", "stream")
PLACED = ("asset", "link")
TOLD = ("resource", "flow")
LARGE = 10_000
"""Streams of a map that is set aside from the collector."""

KEPT_MAX = 8
"""Maps of one register: of the whole city, and of as many choices of districts."""

Ends = tuple[int, ...]
Gathers = tuple[tuple[str, str | None, str | None], ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A map, the parts it is made of, and the ends of the trail these are of."""

    born: Ends
    placed: Ends
    told: Ends
    gathers: Gathers
    field: Field
    unknown: tuple[Stranger, ...]
    places: Mapping[str, Place]
    gathering: Graph
    world: World


_lock = threading.Lock()
_kept: WeakKeyDictionary[Register, OrderedDict[frozenset[str], _Kept]] = WeakKeyDictionary()


def latest(register: Register) -> World:
    """Return what there is now; may be called from any thread."""
    inside = frozenset() if register.boundary is None else register.boundary.districts
    with _lock:
        # The ends before the records: what is entered between both is read again next time.
        born, placed, told = ends(register.whole)
        if inside:  # what is linked to an asset inside is what is there
            born += placed
        there = _kept.setdefault(register.whole, OrderedDict())
        known = there.pop(inside, None)
        if known is None or (known.born, known.placed, known.told) != (born, placed, told):
            with register.database.reading() as connection:
                known = _made(connection, known, born, placed, told)
        there[inside] = known
        if len(there) > KEPT_MAX:
            there.popitem(last=False)
        return known.world


def ends(register: Register) -> tuple[Ends, Ends, Ends]:
    """Return the ends of the trail of what the map is made of: born, placed, and told."""
    with register.database.reading() as connection:
        return (
            audit.ends(connection, BORN),
            audit.ends(connection, PLACED),
            audit.ends(connection, TOLD),
        )


def _made(
    connection: Connection, known: _Kept | None, born: Ends, placed: Ends, told: Ends
) -> _Kept:
    """Make what has changed, on top of what has not."""
    if known is not None and known.born != born:
        known = None
    field = loading.born(connection) if known is None else known.field
    if known is not None and known.placed == placed:
        unknown, where = known.unknown, known.places
    else:
        unknown, where = loading.strangers(connection), places(connection)
    resources = loading.resources(connection)
    gathers = _gathers(resources)
    if known is not None and known.gathers == gathers:
        gathering, is_new = known.gathering, False
    else:
        gathering, is_new = loading.gathering(field, resources), True
    world = loading.peopled(connection, resources, gathering, field, unknown, where)
    if is_new and len(field.streams) >= LARGE:
        _set_aside()
    return _Kept(born, placed, told, gathers, field, unknown, where, gathering, world)


def _set_aside() -> None:
    """Set all that is there aside from the collector, after a large map was made.

    A large field and what gathers it are a million objects without circles. Left to the
    collector, each of its full rounds looks at all of them, and whatever runs then stands still
    for 0.3 s. What else is set aside with them is looked at again at the next map.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _gathers(resources: Sequence[Resource]) -> Gathers:
    return tuple(
        (one.id, one.gathers_class, one.gathers_group)
        for one in resources
        if one.kind == "dataset"
    )
