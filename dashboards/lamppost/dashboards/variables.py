"""Variables of a board: what a person chooses at its top, and what links carry."""

from dataclasses import dataclass
from typing import Any

from lamppost.dashboards.influxql import Condition, values_of
from lamppost.dashboards.links import CONSOLE
from lamppost.dashboards.sources import source_of
from lamppost.wire.series import Measurement

EVERY = ".*"
ON_LOAD, ON_RANGE = 1, 2
BY_NAME_ANY_CASE = 5
HIDDEN = 2


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice among the values of a tag.

    Attributes:
        name: of the variable.
        label: for people.
        measurement: whose tag.
        tag: the tag; the name by default.
        conditions: on variables that stand before it.
        several: several at once, and all; otherwise exactly one.
        why: one sentence for people.
        hidden: it follows from the others and only serves queries.
    """

    name: str
    label: str
    measurement: Measurement
    tag: str = ""
    conditions: tuple[Condition, ...] = ()
    several: bool = True
    why: str = ""
    hidden: bool = False

    @property
    def query(self) -> str:
        """The statement that lists its values."""
        return values_of(self.tag or self.name, self.measurement, *self.conditions)

    def as_json(self) -> dict[str, Any]:
        """Return it as a board has it."""
        every = {"selected": True, "text": ["All"], "value": ["$__all"]}
        return {
            "allValue": EVERY if self.several else None,
            "current": every if self.several else {},
            "datasource": source_of(self.measurement).reference,
            "definition": self.query,
            "description": self.why,
            "hide": HIDDEN if self.hidden else 0,
            "includeAll": self.several,
            "label": self.label,
            "multi": self.several,
            "name": self.name,
            "options": [],
            "query": self.query,
            "refresh": ON_LOAD,
            "regex": "",
            "skipUrlSync": False,
            "sort": BY_NAME_ANY_CASE,
            "type": "query",
        }


@dataclass(frozen=True, slots=True)
class Fixed:
    """A value that the board was rendered with; no URL changes it."""

    name: str
    value: str
    why: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as a board has it."""
        return {
            "description": self.why,
            "hide": HIDDEN,
            "label": "",
            "name": self.name,
            "query": self.value,
            "skipUrlSync": True,
            "type": "constant",
        }


Variable = Choice | Fixed


def console(url: str) -> Fixed:
    """Return the variable with the address of the register's console."""
    return Fixed(CONSOLE, url.rstrip("/"), "where links to the register's console lead")
