"""From what should be and what is to what is done: pure, so that all of it can be tested.

Nothing is done at all when one thing of ours stands where somebody else's is. What is deleted
is what carries our mark and is no longer wanted, nothing else.
"""

from collections.abc import Iterable

from lamppost.dashboards.arguments import Failed
from lamppost.dashboards.push.things import NATIVE, Action, Kind, Thing, Verb, covers

DELETED_IN_ORDER = (Kind.RULE, Kind.POINT, Kind.MUTE, Kind.BOARD, Kind.SOURCE, Kind.FOLDER)
"""A contact point goes after the policies that named it were changed."""

TOLD = 8
"""How many conflicts are told; the rest is counted."""


class InTheWay(Failed):
    """Somebody else's things stand where ours should be; nothing was changed.

    Attributes:
        conflicts: one sentence each.
    """

    def __init__(self, conflicts: Iterable[str]) -> None:
        self.conflicts = tuple(conflicts)
        more = len(self.conflicts) - TOLD
        lines = [
            *self.conflicts[:TOLD],
            *([f"and {more} more of the kind"] if more > 0 else []),
        ]
        super().__init__("nothing was changed, because:\n" + "\n".join(lines))


def plan(wanted: Iterable[Thing], found: Iterable[Thing]) -> list[Action]:
    """Return the changes in their order; none when all is as it should be.

    Raises:
        InTheWay: a thing of somebody else is in the way.
    """
    wanted, found = tuple(wanted), tuple(found)
    known = {(one.kind, one.key): one for one in found}
    conflicts = [told for one in wanted if (told := _conflict(one, known, found))]
    if conflicts:
        raise InTheWay(conflicts)
    kept = {(one.kind, one.key) for one in wanted}
    changes = [change for one in wanted if (change := _change(one, known))]
    changes.sort(key=lambda change: list(Kind).index(change.thing.kind))
    deleted = [
        Action(Verb.DELETE, one)
        for kind in DELETED_IN_ORDER
        for one in found
        if one.kind is kind and one.ours and (kind, one.key) not in kept
    ]
    return changes + [one for one in deleted if one.thing.origin in NATIVE]


def _conflict(one: Thing, known: dict[tuple[Kind, str], Thing], found: Iterable[Thing]) -> str:
    same = known.get((one.kind, one.key))
    if same and same.origin not in NATIVE:
        way = "change it there, or delete it there before you push"
        return f"{same.told} comes from a provisioning {same.origin}: {way}"
    if same and not same.ours:
        return f"{same.told} has the key of ours but is not ours: give it another one"
    for other in found:
        twin = other.kind is one.kind and other.key != one.key and not other.ours
        if twin and (other.title, other.place) == (one.title, one.place):
            return f"{other.told} has the name of ours: rename or move it"
    return ""


def _change(one: Thing, known: dict[tuple[Kind, str], Thing]) -> Action | None:
    before = known.get((one.kind, one.key))
    if before is None:
        return Action(Verb.CREATE, one)
    moved = (before.title, before.place) != (one.title, one.place)
    return Action(Verb.UPDATE, one) if moved or not covers(before.body, one.body) else None
