"""Things in a Grafana, as they should be or as they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

NATIVE = ("", "api", "none")
"""Where a thing may come from that the API may change; "file" and others may not."""


class Kind(Enum):
    """Kinds of things, in the order in which one needs the other."""

    FOLDER = "folder"
    SOURCE = "data source"
    BOARD = "board"
    MUTE = "mute timing"
    POINT = "contact point"
    POLICY = "policy"
    RULE = "rule"
    GROUP = "rule group"
    """Its interval only; it is there as soon as a rule is in it."""
    NOTE = "annotation"


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing.

    Attributes:
        kind: what it is.
        key: by which Grafana knows it: a uid, or a name where there is none.
        title: by which people know it, unique within its place.
        place: uid of its folder, where it has one.
        body: what the API takes and gives.
        ours: whether we made it, as far as can be told.
        origin: "file" when a provisioning file made it.
    """

    kind: Kind
    key: str
    title: str
    place: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    ours: bool = True
    origin: str = ""

    @property
    def told(self) -> str:
        """Return it in words."""
        where = f" in {self.place}" if self.place else ""
        return f"{self.kind.value} {self.title!r} ({self.key}){where}"


class Verb(Enum):
    """What is done with a thing."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Action:
    """One change."""

    verb: Verb
    thing: Thing

    @property
    def told(self) -> str:
        """Return it in words."""
        return f"{self.verb.value} {self.thing.told}"


def covers(found: object, wanted: object) -> bool:
    """Tell whether all that is wanted is so; what else Grafana has there is its own."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(
            key in found and covers(found[key], value) for key, value in wanted.items()
        )
    if isinstance(wanted, (list, tuple)):
        if not isinstance(found, (list, tuple)) or len(found) != len(wanted):
            return False
        return all(covers(*pair) for pair in zip(found, wanted, strict=True))
    return bool(found == wanted)
