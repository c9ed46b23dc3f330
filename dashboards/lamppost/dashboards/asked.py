"""Every query that a rendered board asks: of panels, variables and annotations."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lamppost.dashboards.sources import TYPE

PANEL, VARIABLE, ANNOTATION, RULE = "panel", "variable", "annotation", "rule"


@dataclass(frozen=True, slots=True)
class Asked:
    """A query and where it stands.

    Attributes:
        board: uid of the board, or of the group of rules.
        kind: PANEL, VARIABLE, ANNOTATION or RULE.
        place: title of the panel or rule, name of the variable or annotation.
        ref: refId where there are several.
        source: uid of its data source.
        text: InfluxQL with Grafana's variables in it.
    """

    board: str
    kind: str
    place: str
    ref: str
    source: str
    text: str

    @property
    def where(self) -> str:
        """Return where it stands, for people."""
        return f"{self.board}: {self.kind} {self.place!r} {self.ref}".rstrip()


def asked(board: Mapping[str, Any]) -> Iterator[Asked]:
    """Yield the queries of a rendered board."""
    uid = board["uid"]
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield Asked(uid, VARIABLE, variable["name"], "", _uid(variable), variable["query"])
    for notes in board["annotations"]["list"]:
        if notes["datasource"]["type"] == TYPE:
            yield Asked(uid, ANNOTATION, notes["name"], "", _uid(notes), notes["query"])
    for panel in board["panels"]:
        for target in panel["targets"]:
            where = panel["title"], target["refId"]
            yield Asked(uid, PANEL, *where, _uid(target), target["query"])


def _uid(thing: Mapping[str, Any]) -> str:
    uid: str = thing["datasource"]["uid"]
    return uid
